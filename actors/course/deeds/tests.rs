//! Given what a recorded session did, when another one does it, then it is its own deed.

mod evidence;

use std::collections::BTreeSet;

use events::cause::Cause;
use events::container::{Assignment, ModelUsage, event as c};
use events::feature::event as f;
use events::holder::{Holder, Role};
use events::id::{CommandId, Digest, Generation, Timestamp};
use events::outcome::Outcome;
use events::project::Thing;
use events::stream::Position;
use events::usage::Usage;
use events::verdict::{Judgement, Verdict};

use super::*;
use crate::course::record::Source;
use crate::scene::{Scene, feature as feature_id, job, session, sha};

/// The recorded session, and the one that does what it did.
const THEIRS: u8 = 1;
const MINE: u8 = 2;

/// Slot 1 works on `a` at its fourth claim, which is handed in as `5`.
fn scene() -> Scene {
    let mut scene = Scene::running(2);
    scene.feature("a", 2).feature("b", 2);
    scene.claimed("a", &session(MINE));
    let assignment = Assignment {
        epoch: Some(Epoch(4)),
        ..job(&session(MINE), Role::Coder, Some("a"))
    };
    scene.slot(1, c::Assigned { assignment });
    scene
}

fn submitted(scene: &mut Scene) {
    let epoch = Epoch(4);
    let base = Some(sha('0'));
    let sha = sha('5');
    let n = SlotNo(1);
    let holder = Holder::Slot {
        n,
        session: session(MINE),
    };
    scene.of("a", f::Claimed { epoch, holder });
    scene.of("a", f::Submitted { epoch, sha, base });
}

fn act(stream: &str, command: impl Into<Option<AnyCommand>>) -> Act {
    let id = CommandId([1; 16]);
    let by = Principal::Session(session(THEIRS));
    Act {
        position: Position(1),
        at: Timestamp(1),
        stream: stream.parse().expect("a stream"),
        id,
        cause: Cause::first(by, id),
        source: Source::Session(session(THEIRS)),
        command: command.into(),
        events: vec![],
    }
}

/// What slot 1 makes of an act of a session of a feature, done so often before.
fn done(scene: &Scene, act: &Act, of: &str, times: usize) -> Option<(StreamId, AnyCommand)> {
    let actor = Actor {
        view: scene.view(),
        n: SlotNo(1),
        session: &session(MINE),
        of: Some(&feature_id(of)),
        times,
    };
    assert_eq!(actor.principal(), Principal::Session(session(MINE)));
    actor.does(act)
}

/// Checks what each act of a session of `b` becomes, with the stream that it is sent to.
fn becomes(scene: &Scene, rows: Vec<(&str, AnyCommand, &str, Option<AnyCommand>)>) {
    for (stream, command, to, expected) in rows {
        let told = format!("{command:?}");
        let found = done(scene, &act(stream, command), "b", 0);
        let to: StreamId = to.parse().expect("a stream");
        let expected = expected.map(|command| (to, command));
        assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{told}");
    }
}

fn models() -> Vec<ModelUsage> {
    vec![ModelUsage {
        provider: "acme".into(),
        model: "m".into(),
        usage: Usage::default(),
    }]
}

fn of_slot(of: u8) -> Vec<container::Command> {
    use container::Command as C;
    let session = session(of);
    let denied = vec![];
    vec![
        C::BeginSession {
            session: session.clone(),
        },
        C::EndSession {
            session: session.clone(),
            outcome: Outcome::Stuck,
            exit_code: Some(3),
            evidence: Some(Digest::of(b"e")),
            detail: "why".into(),
        },
        C::MeterUsage {
            session: session.clone(),
            models: models(),
        },
        C::RecordEgress {
            session,
            bytes: 7,
            denied,
        },
    ]
}

#[test]
fn what_is_done_to_a_slot_is_done_to_its_own_as_its_own_session() {
    let scene = scene();
    let theirs = of_slot(THEIRS).into_iter().map(AnyCommand::Container);
    let mine = of_slot(MINE).into_iter().map(AnyCommand::Container);
    let rows = theirs.zip(mine);
    let rows = rows.map(|(theirs, mine)| ("container-z/2", theirs, "container-z/1", Some(mine)));
    becomes(&scene, rows.collect());
}

#[test]
fn what_only_the_recorded_session_could_do_is_none() {
    let scene = scene();
    let generation = Generation(1);
    let by = || "ann".to_owned();
    let assignment = Box::new(job(&session(THEIRS), Role::Coder, Some("b")));
    let started = container::Command::RequestStart { generation };
    let removed = container::Command::RecordRemoved { generation };
    let assigned = container::Command::Assign { assignment };

    for (stream, command) in [
        ("container-z/2", AnyCommand::Container(assigned)),
        ("container-z/2", AnyCommand::Container(started)),
        ("container-z/2", AnyCommand::Container(removed)),
        (
            "container-z/2",
            AnyCommand::Container(container::Command::Dismiss),
        ),
        (
            "project-z",
            AnyCommand::Project(project::Command::Stop { by: by() }),
        ),
        (
            "project-z",
            AnyCommand::Project(project::Command::AskInitialization),
        ),
        (
            "trunk-z",
            AnyCommand::MergeQueue(merge_queue::Command::Unhalt),
        ),
        (
            "trunk-z",
            AnyCommand::MergeQueue(merge_queue::Command::RecordAdvanced { entry: 1 }),
        ),
        // No feature has that stream.
        (
            "backlog-z",
            AnyCommand::Feature(feature::Command::Requeue { by: by() }),
        ),
    ] {
        let told = format!("{command:?}");
        let found = done(&scene, &act(stream, command), "b", 0);
        assert!(found.is_none(), "{told}");
    }
    assert!(done(&scene, &act("feature-z/b", None), "b", 0).is_none());
}

#[test]
fn what_is_done_to_a_feature_is_done_to_its_own_under_its_own_claim() {
    use feature::Command as F;
    let scene = scene();
    let (theirs, mine) = (Epoch(1), Epoch(4));
    let ask = |epoch| F::Ask {
        epoch,
        question: "which?".into(),
    };
    let release = |epoch| F::Release {
        epoch,
        outcome: Outcome::Stuck,
        detail: "why".into(),
    };
    let nothing = |epoch| F::SecureWork { epoch, sha: None };
    let comment = || F::Comment {
        by: "s".into(),
        text: "see".into(),
    };

    let row = |stream, command, to, expected| {
        let expected = Some(AnyCommand::Feature(expected));
        (stream, AnyCommand::Feature(command), to, expected)
    };
    becomes(
        &scene,
        vec![
            row("feature-z/b", ask(theirs), "feature-z/a", ask(mine)),
            row("feature-z/b", release(theirs), "feature-z/a", release(mine)),
            row("feature-z/b", nothing(theirs), "feature-z/a", nothing(mine)),
            row("feature-z/b", comment(), "feature-z/a", comment()),
            // What was said about another feature is said about that one.
            row("feature-z/c", comment(), "feature-z/c", comment()),
            row("feature-z/a", comment(), "feature-z/a", comment()),
            row("feature-z/c", ask(theirs), "feature-z/c", ask(theirs)),
        ],
    );
}

#[test]
fn without_a_job_nothing_is_done_to_its_feature() {
    let mut idle = Scene::running(2);
    idle.feature("a", 2).feature("b", 2);
    let by = "s".to_owned();
    let command = feature::Command::Requeue { by };
    let command = AnyCommand::Feature(command);
    let its_own = done(&idle, &act("feature-z/b", command.clone()), "b", 0);
    assert!(its_own.is_none());
    let other = done(&idle, &act("feature-z/a", command), "b", 0);
    assert!(other.is_some(), "another feature needs no job");
}

/// The commit that is handed in for `3`.
fn commit(scene: &Scene, of: &str, times: usize) -> Sha {
    let submit = feature::Command::Submit {
        epoch: Epoch(1),
        sha: sha('3'),
        base: Some(sha('9')),
    };
    let secure = feature::Command::SecureWork {
        epoch: Epoch(1),
        sha: Some(sha('3')),
    };
    let stream = format!("feature-z/{of}");
    let of_act = |command| {
        done(
            scene,
            &act(&stream, AnyCommand::Feature(command)),
            of,
            times,
        )
    };

    let Some((to, AnyCommand::Feature(feature::Command::Submit { epoch, sha, base }))) =
        of_act(submit)
    else {
        panic!("no submission");
    };
    assert_eq!(to.to_string(), "feature-z/a");
    assert_eq!(
        (epoch, base),
        (Epoch(4), Some(self::sha('0'))),
        "on the head"
    );

    let Some((
        _,
        AnyCommand::Feature(feature::Command::SecureWork {
            sha: Some(kept), ..
        }),
    )) = of_act(secure)
    else {
        panic!("nothing secured");
    };
    assert_eq!(kept, sha, "what is kept is what is handed in");
    sha
}

#[test]
fn a_commit_made_once_is_the_recorded_one_and_any_other_has_another_name() {
    let scene = scene();
    assert_eq!(commit(&scene, "a", 0), sha('3'));

    let mut commits = BTreeSet::new();
    for (of, times) in [("a", 0), ("a", 1), ("a", 2), ("b", 0), ("c", 1)] {
        let made = commit(&scene, of, times);
        assert_eq!(made, commit(&scene, of, times), "asked twice");
        commits.insert(made);
    }
    // Whose work it was does not matter, only that it is done here and how often.
    assert_eq!(commits.len(), 4);
}

#[test]
fn a_verdict_is_about_what_is_handed_in_now() {
    use feature::Command as F;
    let verdict = || Verdict {
        judgement: Judgement::Pass,
        findings: vec![],
        ran: vec![],
    };
    let pass = |of, epoch, c| F::PassReview {
        session: session(of),
        epoch: Epoch(epoch),
        sha: sha(c),
        verdict: verdict(),
    };
    let reject = |of, epoch, c| F::RejectReview {
        session: session(of),
        epoch: Epoch(epoch),
        sha: sha(c),
        verdict: verdict(),
    };
    let (mut scene, of) = (scene(), "feature-z/b");
    let (passed, rejected) = (pass(THEIRS, 1, '9'), reject(THEIRS, 1, '9'));
    for command in [passed.clone(), rejected.clone()] {
        let command = AnyCommand::Feature(command);
        let found = done(&scene, &act(of, command), "b", 0);
        assert!(found.is_none(), "nothing is handed in");
    }

    submitted(&mut scene);
    let row = |command, expected| {
        let expected = Some(AnyCommand::Feature(expected));
        (of, AnyCommand::Feature(command), "feature-z/a", expected)
    };
    becomes(
        &scene,
        vec![
            row(passed, pass(MINE, 4, '5')),
            row(rejected, reject(MINE, 4, '5')),
        ],
    );
}

#[test]
fn what_is_done_to_the_project_is_done_in_its_own_name() {
    use project::Command as P;
    let scene = scene();
    let digest = Digest::of(b"d");
    let propose = |of| P::ProposeBacklog {
        session: session(of),
        digest,
        count: 3,
    };
    let settle = |of| P::SettleOversight {
        session: session(of),
        report: digest,
        findings: 2,
    };
    let report = |of, since| P::ReportTrouble {
        thing: Thing::Setup,
        detail: "why".into(),
        retry_at: Some(Timestamp(5)),
        session: session(of),
        feature: Some(feature_id("b")),
        since,
    };
    let end = || P::EndTrouble {
        thing: Thing::Setup,
        why: "it works".into(),
    };

    let changed = scene.view().project.changed;
    assert_ne!(changed, Timestamp(0));
    let row = |command, expected| {
        let expected = Some(AnyCommand::Project(expected));
        (
            "project-z",
            AnyCommand::Project(command),
            "project-z",
            expected,
        )
    };
    becomes(
        &scene,
        vec![
            row(propose(THEIRS), propose(MINE)),
            row(settle(THEIRS), settle(MINE)),
            row(report(THEIRS, Timestamp(0)), report(MINE, changed)),
            row(end(), end()),
        ],
    );
}

#[test]
fn what_is_done_to_the_backlog_is_done_as_it_was() {
    let id = feature_id("b");
    let command = AnyCommand::Backlog(events::backlog::Command::Withdraw { id });
    let row = ("backlog-z", command.clone(), "backlog-z", Some(command));
    becomes(&scene(), vec![row]);
}
