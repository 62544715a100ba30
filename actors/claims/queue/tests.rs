//! Claims over hosts and a log in memory: who gets which feature, what a repetition is answered,
//! and that no reservation is left behind.

use events::feature::event as f;
use events::id::SlotNo;
use events::outcome::Outcome;
use events::project::event as p;

use super::*;
use crate::scene::feature;
use crate::testbed_tests::{Testbed, cause, code, command_id, holder, with_hosts, zoo};

fn queue(bed: &Testbed) -> ClaimQueue {
    ClaimQueue::new(bed.directory.clone(), bed.projector.clone())
}

fn asking(id: u8, by: &str, wanted: Option<&str>) -> Asking {
    Asking {
        project: zoo(),
        feature: wanted.map(feature),
        holder: holder(by),
        id: command_id(id),
        cause: cause(),
        preconditions: vec![],
    }
}

/// The feature and the number of the claim, or why not.
async fn claim(queue: &ClaimQueue, asking: Asking) -> String {
    match queue.claim(asking).await {
        Ok(Some(granted)) => format!("{} {}", granted.feature, granted.epoch),
        Ok(None) => "nothing".to_owned(),
        Err(error) => code::<()>(Err(error)),
    }
}

/// The claim of `a` ends, and everybody sees it.
async fn release(bed: &Testbed, epoch: Epoch) {
    let release = feature::Command::Release {
        epoch,
        outcome: Outcome::Stopped,
        detail: String::new(),
    };
    let done = bed.send::<Feature>("feature-z/a", 90, release).await;
    done.expect("accepted");
    bed.seen().await;
}

#[test]
fn each_claimant_gets_the_best_that_is_left() {
    with_hosts(async {
        let bed = Testbed::with(&["a", "b"]).await;
        let queue = queue(&bed);
        assert_eq!(claim(&queue, asking(1, "ann", None)).await, "a 1");
        assert_eq!(claim(&queue, asking(2, "bob", None)).await, "b 1");
        assert_eq!(claim(&queue, asking(3, "eve", None)).await, "nothing");
        assert_eq!(queue.reserved(&zoo()), BTreeSet::new());
    });
}

#[test]
fn claimants_at_once_get_a_feature_each() {
    with_hosts(async {
        let ids = ["a", "b", "c", "d", "e", "f"];
        let bed = Testbed::with(&ids).await;
        let queue = queue(&bed);
        let claims = (1..=8).map(|n| {
            let by = format!("claimant {n}");
            let (queue, asking) = (queue.clone(), asking(n, &by, None));
            async move { claim(&queue, asking).await }
        });
        let mut granted = futures::future::join_all(claims).await;
        granted.sort();
        let expected = [
            "a 1", "b 1", "c 1", "d 1", "e 1", "f 1", "nothing", "nothing",
        ];
        assert_eq!(granted, expected);
        assert_eq!(queue.reserved(&zoo()), BTreeSet::new());
    });
}

#[test]
fn a_repetition_is_answered_with_the_first_claim() {
    with_hosts(async {
        let bed = Testbed::with(&["a", "b"]).await;
        let queue = queue(&bed);
        assert_eq!(claim(&queue, asking(1, "ann", None)).await, "a 1");
        assert_eq!(claim(&queue, asking(1, "ann", None)).await, "a 1");
        assert_eq!(queue.reserved(&zoo()), BTreeSet::new());
        assert_eq!(claim(&queue, asking(2, "bob", None)).await, "b 1");
        // Nothing is left, and what was granted is still its own.
        assert_eq!(claim(&queue, asking(1, "ann", None)).await, "a 1");
        assert_eq!(claim(&queue, asking(2, "eve", None)).await, "id_reused");
    });
}

#[test]
fn an_id_that_was_used_for_something_else_claims_nothing() {
    with_hosts(async {
        let bed = Testbed::with(&["a", "b"]).await;
        let queue = queue(&bed);
        let (by, text) = ("ann".to_owned(), "x".to_owned());
        let comment = feature::Command::Comment { by, text };
        bed.send::<Feature>("feature-z/a", 7, comment)
            .await
            .expect("accepted");
        bed.seen().await;
        let answer = claim(&queue, asking(7, "ann", None)).await;
        assert_eq!(answer, "id_reused");
        assert_eq!(queue.reserved(&zoo()), BTreeSet::new());
        assert_eq!(claim(&queue, asking(1, "ann", None)).await, "a 1");
    });
}

#[test]
fn a_certain_feature_is_granted_or_refused_for_its_own_reason() {
    with_hosts(async {
        let bed = Testbed::with(&["a", "b"]).await;
        let queue = queue(&bed);
        for (id, wanted, expected) in [
            (1, "b", "b 1"),
            (2, "b", "held"),
            (3, "none", "unknown_feature"),
            (4, "a", "a 1"),
        ] {
            let answer = claim(&queue, asking(id, "ann", Some(wanted))).await;
            assert_eq!(answer, expected, "{wanted}");
            assert_eq!(queue.reserved(&zoo()), BTreeSet::new(), "{wanted}");
        }
    });
}

#[test]
fn nothing_is_claimed_of_a_project_that_is_not_there_or_does_not_run() {
    with_hosts(async {
        let bed = Testbed::empty().await;
        let queue = queue(&bed);
        let answer = claim(&queue, asking(1, "ann", None)).await;
        assert_eq!(answer, "unknown_project");

        let bed = Testbed::with(&["a"]).await;
        let queue = self::queue(&bed);
        let stopped = p::Stopped { by: "me".into() };
        bed.record::<project::Event>("project-z", stopped).await;
        bed.seen().await;
        for wanted in [None, Some("a")] {
            let answer = claim(&queue, asking(1, "ann", wanted)).await;
            assert_eq!(answer, "not_running");
        }
    });
}

/// The projections are behind the log: what they picked is found to be gone, and the next is
/// picked.
#[test]
fn who_sees_what_was_looks_again_at_what_is() {
    with_hosts(async {
        let bed = Testbed::with(&["a", "b"]).await;
        let queue = queue(&bed);
        let (epoch, holder) = (Epoch(1), holder("bob"));
        bed.of("a", f::Claimed { epoch, holder }).await;
        assert_eq!(claim(&queue, asking(1, "ann", None)).await, "b 1");

        let settings = Box::new(events::settings::Settings::default());
        let changed = p::SettingsChanged { settings };
        release(&bed, epoch).await;
        bed.record::<project::Event>("project-z", changed).await;
        assert_eq!(claim(&queue, asking(2, "eve", None)).await, "a 2");
        assert_eq!(queue.reserved(&zoo()), BTreeSet::new());
    });
}

/// The project was stopped, and the projections have not seen it: nothing is granted on what they
/// say.
#[test]
fn a_claim_holds_only_while_the_project_is_as_it_was() {
    with_hosts(async {
        let bed = Testbed::with(&["a"]).await;
        let queue = queue(&bed);
        let stopped = p::Stopped { by: "me".into() };
        bed.record::<project::Event>("project-z", stopped).await;
        let answer = claim(&queue, asking(1, "ann", None)).await;
        assert_eq!(answer, "not_running");
        assert_eq!(queue.reserved(&zoo()), BTreeSet::new());
    });
}

#[test]
fn a_claim_holds_only_while_its_slot_is_as_it_was() {
    with_hosts(async {
        let bed = Testbed::with(&["a"]).await;
        let queue = queue(&bed);
        let slot: StreamId = "container-z/1".parse().expect("a stream");
        for (version, expected) in [(7, "stale container-z/1"), (1, "a 1")] {
            let asking = Asking {
                preconditions: vec![(slot.clone(), Version(version))],
                ..asking(1, "ann", None)
            };
            assert_eq!(claim(&queue, asking).await, expected);
            assert_eq!(queue.reserved(&zoo()), BTreeSet::new());
        }
    });
}

/// Another claim of the same slot on the same feature is another session.
#[test]
fn a_slot_that_lost_its_claim_gets_another_one() {
    with_hosts(async {
        let bed = Testbed::with(&["a"]).await;
        let queue = queue(&bed);
        let at_slot = || Asking {
            holder: Holder::Slot {
                n: SlotNo(1),
                session: crate::scene::session(1),
            },
            ..asking(1, "nobody", None)
        };
        assert_eq!(claim(&queue, at_slot()).await, "a 1");
        release(&bed, Epoch(1)).await;
        assert_eq!(claim(&queue, at_slot()).await, "a 2");
        let stage = bed.projector.read(|projections| {
            let known = projections.projects[&zoo()].feature(&feature("a"));
            known.expect("it exists").stage.clone()
        });
        let again = matches!(
            &stage,
            events::feature::Stage::Claimed { holder: Holder::Slot { session, .. }, .. }
                if *session != crate::scene::session(1)
        );
        assert!(again, "{stage:?}");
    });
}
