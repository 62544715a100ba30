//! The tables of the claim rules: each refusal and each case that is allowed, for both ways in.

use super::allowance::{COMMENT_BYTES_MAX, COMMENTS_MAX, may_bring, may_comment};
use super::*;
use crate::aggregate;
use crate::aggregate::Refusal as _;
use crate::cause::Principal;
use crate::feature::event as f;
use crate::holder::{Holder, Role};
use crate::id::{Digest, Epoch, SlotNo};
use crate::outcome::Outcome;
use crate::scene::{Scene, feature, job, session};
use crate::{backlog, container};

/// Holders that come up below: a coder, a reviewer of the same feature, the session before it in
/// the coder's slot, the coder in another slot, a session that is nowhere, and people.
fn holder(who: &str) -> Holder {
    let at = |n, session_n| Holder::Slot {
        n: SlotNo(n),
        session: session(session_n),
    };

    match who {
        "coder" => at(1, 1),
        "reviewer" => at(2, 2),
        "nobody" => at(3, 9),
        "moved" => at(2, 1),
        "earlier" => at(1, 9),
        person => Holder::Outside {
            principal: person.to_owned(),
        },
    }
}

fn claim(id: &str, epoch: u64) -> Claim {
    Claim {
        feature: feature(id),
        epoch: Epoch(epoch),
    }
}

fn claimed(epoch: u64, who: &str) -> f::Claimed {
    f::Claimed {
        epoch: Epoch(epoch),
        holder: holder(who),
    }
}

fn released(epoch: u64) -> f::Released {
    f::Released {
        epoch: Epoch(epoch),
        outcome: Outcome::GivenBack,
        detail: String::new(),
    }
}

/// `mine` is the coder's, `hers` is Ann's, `past` was Ann's and is Bob's, `free` is nobody's.
fn scene() -> Scene {
    let mut scene = Scene::running(2);

    for id in ["mine", "hers", "past", "free"] {
        scene.feature(id, 2);
    }

    scene.of("mine", claimed(1, "coder"));
    scene.of("hers", claimed(1, "ann"));
    scene.of("past", claimed(1, "ann")).of("past", released(1));
    scene.of("past", claimed(2, "bob"));
    scene.of("free", claimed(1, "ann")).of("free", released(1));
    for (n, role) in [(1, Role::Coder), (2, Role::Reviewer)] {
        let session = session(u8::try_from(n).expect("small"));
        let assignment = job(&session, role, Some("mine"));
        scene.slot(n, container::event::Assigned { assignment });
    }

    scene
}

/// The coder's claim is over: given back, or taken by Bob after that.
fn over(next: Option<&str>) -> Scene {
    let mut scene = scene();
    scene.of("mine", released(1));
    if let Some(next) = next {
        scene.of("mine", claimed(2, next));
    }
    scene
}

const OK: &str = "ok";

fn code<T, R: aggregate::Refusal>(answer: Result<T, R>) -> &'static str {
    answer.map_or_else(|refusal| refusal.code(), |_| OK)
}

#[test]
fn a_push_goes_to_the_branch_of_an_open_claim_of_ones_own() {
    let scene = scene();

    for (who, reference, expected) in [
        ("coder", "refs/heads/work/mine/1", OK),
        ("coder", "refs/rescue/mine/1", OK),
        ("coder", "refs/heads/work/mine/0", "stale_epoch"),
        ("coder", "refs/heads/work/mine/2", "stale_epoch"),
        ("coder", "refs/heads/work/mine/01", "foreign_ref"),
        ("coder", "refs/heads/work/hers/1", "foreign_ref"),
        ("coder", "refs/rescue/mine/2", "foreign_ref"),
        ("coder", "refs/rescue/hers/1", "foreign_ref"),
        ("coder", "refs/heads/main", "foreign_ref"),
        ("coder", "refs/supercargo/submitted/mine/1", "foreign_ref"),
        ("coder", "refs/supercargo/candidates/1", "foreign_ref"),
        ("coder", "refs/supercargo/kept/mine/1", "foreign_ref"),
        ("reviewer", "refs/heads/work/mine/1", "no_claim"),
        ("reviewer", "refs/rescue/mine/1", "no_claim"),
        ("nobody", "refs/heads/work/mine/1", "no_claim"),
        ("moved", "refs/heads/work/mine/1", "no_claim"),
        ("earlier", "refs/heads/work/mine/1", "no_claim"),
        ("earlier", "refs/rescue/mine/1", "no_claim"),
        ("ann", "refs/heads/work/hers/1", OK),
        ("ann", "refs/heads/work/hers/2", "unknown_epoch"),
        ("ann", "refs/heads/work/past/1", "stale_epoch"),
        ("ann", "refs/heads/work/past/2", "held"),
        ("ann", "refs/heads/work/free/1", "no_claim"),
        ("ann", "refs/heads/work/none/1", "no_claim"),
        ("ann", "refs/heads/work/mine/1", "held"),
        ("ann", "refs/rescue/hers/1", "foreign_ref"),
        ("ann", "refs/heads/main", "foreign_ref"),
        ("ann", "refs/supercargo/submitted/hers/1", "foreign_ref"),
        ("slot 1", "refs/heads/work/mine/1", "held"),
        ("bob", "refs/heads/work/past/2", OK),
        ("bob", "refs/heads/work/hers/1", "held"),
    ] {
        let said = may_push(scene.view(), &holder(who), reference);
        assert_eq!(code(said), expected, "{who} pushes {reference}");
    }
}

#[test]
fn a_claim_that_is_over_pushes_nothing_but_what_was_rescued() {
    for (next, expected) in [
        (None, "no_claim"),
        (Some("bob"), "stale_epoch"),
        (Some("reviewer"), "stale_epoch"),
    ] {
        let scene = over(next);
        let push = |reference| code(may_push(scene.view(), &holder("coder"), reference));
        assert_eq!(push("refs/heads/work/mine/1"), expected, "{next:?}");
        assert_eq!(push("refs/heads/work/mine/2"), expected, "{next:?}");
        assert_eq!(push("refs/rescue/mine/1"), OK, "{next:?}");
        assert_eq!(push("refs/rescue/mine/2"), expected, "{next:?}");
    }
}

#[test]
fn a_claim_is_open_over_or_anothers() {
    let scene = scene();

    for (who, at, expected) in [
        ("coder", claim("mine", 1), Ok(Standing::Open)),
        ("coder", claim("mine", 2), Ok(Standing::Over)),
        ("ann", claim("hers", 1), Ok(Standing::Open)),
        ("ann", claim("hers", 2), Ok(Standing::Over)),
        ("ann", claim("past", 1), Ok(Standing::Over)),
        ("ann", claim("free", 1), Ok(Standing::Over)),
        ("ann", claim("none", 1), Ok(Standing::Over)),
        ("ann", claim("past", 2), Err("held")),
        ("ann", claim("mine", 1), Err("held")),
        ("coder", claim("hers", 1), Err("held")),
        ("moved", claim("mine", 1), Err("held")),
    ] {
        let said = standing(scene.view(), &holder(who), &at).map_err(|refusal| refusal.code());
        assert_eq!(said, expected, "{who} at {at:?}");
    }
}

#[test]
fn only_a_coder_was_given_a_claim_and_it_keeps_it_when_it_is_over() {
    for scene in [scene(), over(None), over(Some("bob"))] {
        for (who, expected) in [
            ("coder", Some(claim("mine", 1))),
            ("reviewer", None),
            ("nobody", None),
            ("moved", None),
            ("earlier", None),
            ("ann", None),
        ] {
            assert_eq!(given(scene.view(), &holder(who)).ok(), expected, "{who}");
        }
    }
}

#[test]
fn what_is_refused_says_whose_it_is_and_where_to_push() {
    let scene = scene();

    for (who, reference, words) in [
        (
            "ann",
            "refs/heads/work/mine/1",
            "claimed by slot 1, not by ann",
        ),
        (
            "bob",
            "refs/heads/work/hers/1",
            "claimed by ann, not by bob",
        ),
        (
            "ann",
            "refs/heads/main",
            "push to refs/heads/work/FEATURE/CLAIM",
        ),
        ("ann", "refs/heads/work/past/1", "at claim 2: stop working"),
        ("coder", "refs/heads/main", "push to refs/heads/work/mine/1"),
        (
            "coder",
            "refs/heads/work/mine/3",
            "push to refs/heads/work/mine/1",
        ),
        ("reviewer", "refs/heads/work/mine/1", "only a coder pushes"),
    ] {
        let refused = may_push(scene.view(), &holder(who), reference).expect_err(reference);
        assert!(refused.to_string().contains(words), "{who}: {refused}");
    }
}

#[test]
fn a_session_brings_and_says_so_much_and_no_more() {
    let mut scene = scene();
    let (coder, other) = (session(1), session(2));
    scene.by(Principal::Session(coder.clone()));
    let ids = ["b1", "b2"].map(feature).to_vec();
    scene.add::<backlog::Event>(
        "backlog-z",
        backlog::event::Admitted {
            batch: Digest::of(b"bugs"),
            ids,
            edges: vec![],
            more: false,
        },
    );
    for (who, most, expected) in [
        (&coder, 3, OK),
        (&coder, 2, "too_many"),
        (&coder, 1, "too_many"),
        (&other, 1, OK),
        (&other, 0, "too_many"),
    ] {
        let said = may_bring(scene.view(), who, most);
        assert_eq!(code(said), expected, "{who} of {most}");
    }

    let text = "x".repeat(16 * 1024);
    for said in 0..16 {
        let room = usize::try_from(COMMENT_BYTES_MAX).expect("small") - said * text.len();
        assert_eq!(code(may_comment(scene.view(), &coder, room)), OK, "{said}");
        let more = may_comment(scene.view(), &coder, room + 1);
        assert_eq!(code(more), "too_many", "{said}");
        let (by, text) = ("coder".to_owned(), text.clone());
        scene.of("mine", f::Commented { by, text });
    }
    assert_eq!(code(may_comment(scene.view(), &other, 1)), OK);

    scene.by(Principal::Session(other.clone()));
    for n in 0..COMMENTS_MAX {
        assert_eq!(code(may_comment(scene.view(), &other, 1)), OK, "{n}");
        let (by, text) = ("reviewer".to_owned(), "x".to_owned());
        scene.of("mine", f::Commented { by, text });
    }
    let said = may_comment(scene.view(), &other, 1);
    assert_eq!(code(said), "too_many");
}
