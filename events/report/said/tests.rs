//! Every kind of sentence, with an event that shows it and the words that it is told in.

use crate::agent::Dialect;
use crate::container::event as c;
use crate::envelope::Envelope;
use crate::feature::event as f;
use crate::holder::Role;
use crate::id::{Digest, Epoch, FeatureId, Generation, SlotNo, Timestamp};
use crate::merge_queue::event as q;
use crate::node;
use crate::outcome::Outcome;
use crate::own_time::Gap;
use crate::project::{Thing, event as p};
use crate::report::tests::{lines, of_kind, reported};
use crate::report::{Kind, Scope, Sentence};
use crate::scene::{Scene, job, session, sha};
use crate::settings::{AgentSpec, Settings};
use crate::stream::{Position, Version};
use crate::usage::Usage;
use crate::why::tests::{
    assign, by, ended, evidence, halted, handed_in, held, merging, one, parked, rejected, trouble,
};

/// A log, and how many of its last events show the sentence.
type Case = (Kind, Scene, u64, &'static str);

fn with(mut scene: Scene, adds: impl FnOnce(&mut Scene)) -> Scene {
    adds(&mut scene);
    scene
}

fn of_feature(event: impl Into<f::Event>) -> Scene {
    with(one(), |scene| {
        scene.of("a", event);
    })
}

fn of_project(event: impl Into<p::Event>) -> Scene {
    with(one(), |scene| {
        scene.project(event);
    })
}

fn of_queue(event: impl Into<q::Event>) -> Scene {
    with(one(), |scene| {
        scene.queue(event);
    })
}

fn of_slot(event: impl Into<c::Event>) -> Scene {
    with(one(), |scene| {
        scene.slot(1, event);
    })
}

fn of_node(event: impl Into<node::Event>) -> Scene {
    let event = event.into();
    with(one(), |scene| {
        scene.add::<node::Event>("node-n", event);
    })
}

fn why() -> String {
    "no luck.".to_owned()
}

fn usage(requests: u64, micro_usd: u64, unpriced: u64) -> Usage {
    Usage {
        requests,
        input: 1_000,
        output: 20,
        cache_read: 5,
        micro_usd,
        unpriced,
        ..Usage::default()
    }
}

/// A coder whose agent used these models.
fn metered(models: Vec<c::ModelUsage>) -> Scene {
    let mut scene = one();
    let assignment = c::Assignment {
        agent: Some(AgentSpec::of(Dialect::Claude)),
        ..job(&session(1), Role::Coder, Some("a"))
    };
    scene.slot(1, c::Assigned { assignment });
    let session = session(1);
    scene.slot(1, c::UsageMetered { session, models });
    scene
}

fn model(name: &str, usage: Usage) -> c::ModelUsage {
    c::ModelUsage {
        provider: "anthropic".into(),
        model: name.into(),
        usage,
    }
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn of_features() -> Vec<Case> {
    use Kind::*;
    let merged = f::Closed {
        closing: f::Closing::Merged { sha: sha('c') },
        by: by(),
    };
    let closed = f::Closed {
        closing: f::Closing::DoneElsewhere,
        by: by(),
    };
    let merge_rejected = f::MergeRejected {
        epoch: Epoch(1),
        fault: f::MergeFault::Conflict,
        paths: vec!["a.rs".into(), "b.rs".into()],
        detail: String::new(),
    };
    let lost = f::WorkLost {
        epoch: Epoch(1),
        last_sha: None,
        why: why(),
    };
    let denied = f::PushDenied {
        epoch: Epoch(1),
        by: by(),
        why: why(),
    };
    let expired = f::ClaimExpired {
        epoch: Epoch(1),
        last_seen: 1,
        up_since: 1,
    };
    let asked = f::QuestionAsked {
        epoch: Epoch(1),
        question: "which one?".into(),
    };
    let lapsed = f::ReviewLapsed {
        session: session(2),
        outcome: Outcome::Lost,
    };
    let reopened = f::Reopened {
        why: why(),
        by: by(),
    };

    vec![
        (
            Merged,
            of_feature(merged),
            1,
            "a “a” was merged as cccccccccccc.",
        ),
        (
            ReviewRejected,
            with(handed_in(), |scene| {
                scene.of("a", rejected());
            }),
            1,
            "a “a” was sent back by its reviewer with 1 finding: no test.",
        ),
        (
            MergeRejected,
            of_feature(merge_rejected),
            1,
            "a “a” was sent back: it does not merge with upstream in a.rs and b.rs.",
        ),
        (
            Quarantined,
            of_feature(f::Quarantined { why: why() }),
            1,
            "a “a” was quarantined: no luck.",
        ),
        (
            WorkLost,
            of_feature(lost),
            1,
            "Work on a “a” may be lost: no luck.",
        ),
        (
            SetAside,
            of_feature(f::SetAside { why: why() }),
            1,
            "What a “a” had brought was taken out: no luck.",
        ),
        (Added, one(), 1, "1 feature was added."),
        (
            ClosedOtherwise,
            of_feature(closed),
            1,
            "a “a” was closed by me: it is done elsewhere.",
        ),
        (
            Withdrawn,
            of_feature(f::Withdrawn { by: by() }),
            1,
            "a “a” was withdrawn by me.",
        ),
        (
            Reopened,
            of_feature(reopened),
            1,
            "a “a” was reopened by me: no luck.",
        ),
        (
            Requeued,
            of_feature(f::Requeued { by: by() }),
            1,
            "me gave a “a” a fresh start.",
        ),
        (
            Asked,
            of_feature(asked),
            1,
            "a “a” had a question: “which one?”.",
        ),
        (
            Answered,
            of_feature(f::QuestionAnswered { by: by() }),
            1,
            "me answered the question of a “a”.",
        ),
        (
            ClaimsExpired,
            of_feature(expired),
            1,
            "1 claim expired: nothing was heard of the holder.",
        ),
        (
            ReviewsLapsed,
            of_feature(lapsed),
            1,
            "1 review ended without a verdict.",
        ),
        (
            PushesDenied,
            of_feature(denied),
            1,
            "1 push was turned down: the claim was over, or somebody else's.",
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn of_projects() -> Vec<Case> {
    use Kind::*;
    let registered = p::Registered {
        git_url: "/up".into(),
        kind: p::ProjectKind::Existing,
    };
    let proposed = p::BacklogProposed {
        session: session(1),
        digest: Digest::of(b"b"),
        count: 3,
    };
    let due = p::MilestoneDue {
        step: 30,
        as_of: Position(1),
        closed: 3,
        total: 10,
    };
    let settled = p::MilestoneSettled {
        session: session(1),
        covers: vec![10, 20, 30],
        report: Digest::of(b"r"),
        findings: 1,
    };
    let last = p::FinalVerificationDue {
        as_of: Position(1),
        trunk_head: None,
        closed: 10,
    };
    let completed = p::Completed {
        as_of: Position(1),
        trunk_head: None,
    };
    let (session, outcome) = (session(1), Outcome::Failed);
    let initializer = p::InitializationLapsed {
        session: session.clone(),
        outcome,
    };
    let overseer = p::OversightLapsed { session, outcome };
    let settings = Box::new(Settings::default());
    let troubled = with(one(), |scene| {
        trouble(scene, Thing::Setup);
        trouble(scene, Thing::Setup);
    });
    let well = p::TroubleEnded {
        thing: Thing::Engine,
        why: why(),
    };

    vec![
        (
            Registered,
            with(Scene::new(), |scene| {
                scene.project(registered);
            }),
            1,
            "The project was registered.",
        ),
        (
            Started,
            of_project(p::Started { by: by() }),
            1,
            "me started the project.",
        ),
        (
            Drained,
            of_project(p::DrainRequested { by: by() }),
            1,
            "me had the project drain.",
        ),
        (
            Stopped,
            of_project(p::Stopped { by: by() }),
            1,
            "The project was stopped by me.",
        ),
        (
            Deleted,
            of_project(p::Deleted { by: by() }),
            1,
            "me deleted the project.",
        ),
        (
            SettingsChanged,
            of_project(p::SettingsChanged { settings }),
            1,
            "The settings were changed twice.",
        ),
        (
            TargetSet,
            of_project(p::TargetSet { count: 4 }),
            1,
            "4 slots were wanted from then on.",
        ),
        (
            CopyFailed,
            of_project(p::CloneFailed { reason: why() }),
            1,
            "Upstream could not be copied, in one try: no luck.",
        ),
        (
            BacklogProposed,
            of_project(proposed),
            1,
            "An initializer handed in a backlog of 3 features.",
        ),
        (
            Initialized,
            of_project(p::Initialized { count: 1 }),
            1,
            "The backlog is there: 1 feature.",
        ),
        (
            MilestoneReached,
            of_project(due),
            1,
            "30 % was passed: 3 of 10 features were closed.",
        ),
        (
            OverseerReported,
            of_project(settled),
            1,
            "An overseer reported on 10 %, 20 % and 30 %: 1 finding.",
        ),
        (
            AllClosed,
            of_project(last),
            1,
            "Everything that counts was closed: 10 features. The final verification was due.",
        ),
        (
            Completed,
            of_project(completed),
            1,
            "The project was completed: the final verification found nothing.",
        ),
        (
            Resumed,
            of_project(p::Resumed { why: why() }),
            1,
            "The project went on: no luck.",
        ),
        (
            InitializersLapsed,
            of_project(initializer),
            1,
            "1 initializer ended without a backlog.",
        ),
        (
            OverseersLapsed,
            of_project(overseer),
            1,
            "1 overseer ended without a report.",
        ),
        (
            Trouble,
            troubled,
            2,
            "The setup command was seen in trouble twice: exit code 1.",
        ),
        (
            TroubleEnded,
            of_project(well),
            1,
            "The engine worked again: no luck.",
        ),
        (
            MoreTrouble,
            with(one(), |scene| {
                for n in 0..52 {
                    let name = format!("p{n}");
                    trouble(scene, Thing::Provider { name });
                }
            }),
            2,
            "Further things were seen in trouble twice.",
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn of_queues() -> Vec<Case> {
    use Kind::*;
    let moved = q::UpstreamMoved {
        entry: 1,
        seen: Some(sha('d')),
        files: vec![],
    };
    let followed = |accepted: Option<String>| q::Followed {
        from: None,
        to: sha('e'),
        files: vec![],
        accepted,
    };
    let twice = with(of_queue(moved), |scene| {
        scene.queue(followed(None));
    });
    let branch = q::BranchFollowed {
        branch: "main".into(),
        by: by(),
    };
    let refused = q::ChangeRefused {
        entry: 4,
        by: by(),
        why: why(),
    };
    let red = q::HeadFailed {
        head: sha('0'),
        evidence: evidence(1),
    };
    let lapsed = q::HeadVerificationLapsed {
        session: session(3),
        outcome: Outcome::Lost,
    };
    let green = with(parked(), |scene| {
        let head = sha('0');
        let slot_session = crate::why::tests::slot_session(1, 5);
        let terms = Digest::of(b"t");
        scene.queue(q::HeadVerificationStarted {
            head: head.clone(),
            slot_session,
            terms,
        });
        let evidence = evidence(0);
        scene.queue(q::HeadVerified { head, evidence });
    });

    vec![
        (
            Waits,
            held(),
            1,
            "Entry 1 of a changes Makefile: `queue approve` or `queue refuse` it. It waits \
             since 1970-01-01 00:00 UTC.",
        ),
        (
            Halted,
            halted(merging()),
            1,
            "The merge queue was halted, in one try: upstream did not answer (no route to host).",
        ),
        (
            WentOn,
            with(halted(merging()), |scene| {
                scene.queue(q::Unhalted {});
            }),
            1,
            "The merge queue went on.",
        ),
        (
            TrunkRed,
            of_queue(red),
            1,
            "The trunk itself was red at 000000000000 (exit code 1).",
        ),
        (
            TrunkGreen,
            green,
            1,
            "The trunk was green again, at 000000000000.",
        ),
        (
            UpstreamMoved,
            twice,
            2,
            "Somebody else moved upstream twice, to eeeeeeeeeeee in the end.",
        ),
        (
            UpstreamAccepted,
            of_queue(followed(Some(by()))),
            1,
            "me accepted a rewritten upstream at eeeeeeeeeeee.",
        ),
        (
            BranchFollowed,
            of_queue(branch),
            1,
            "me said that upstream's branch is called “main” now.",
        ),
        (
            Held,
            held(),
            1,
            "Entry 1 was held: it changes protected paths.",
        ),
        (
            Approved,
            of_queue(q::ChangeApproved { entry: 4, by: by() }),
            1,
            "me let entry 4 through.",
        ),
        (
            Refused,
            of_queue(refused),
            1,
            "me refused entry 4: no luck.",
        ),
        (
            VerificationsLapsed,
            of_queue(lapsed),
            1,
            "1 verification ended without evidence.",
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn of_slots() -> Vec<Case> {
    use Kind::*;
    let begun = with(one(), |scene| {
        assign(scene, 1, 1, Role::Coder, Some("a"));
        assign(scene, 1, 2, Role::Coder, Some("a"));
        assign(scene, 1, 3, Role::Verifier, None);
    });
    let over = with(one(), |scene| {
        scene.slot(1, ended(1, Outcome::Completed));
        scene.slot(1, ended(2, Outcome::Completed));
        scene.slot(1, ended(3, Outcome::TimedOut));
    });
    let denied = c::EgressRecorded {
        session: session(1),
        bytes: 5,
        denied: vec![c::DeniedTarget {
            target: "x".into(),
            count: 3,
        }],
    };
    let failed = c::StartFailed {
        generation: Generation(1),
        class: crate::container::Class::Image,
        detail: why(),
    };
    let lost = c::Lost {
        generation: Generation(1),
        reason: why(),
    };
    let many = (0..51).map(|n| model(&format!("m{n}"), usage(1, 10_000, 0)));
    let two = vec![
        model("m1", usage(1, 12_340_000, 0)),
        model("m2", usage(2, 0, 2)),
    ];

    vec![
        (
            SessionsBegun,
            begun,
            3,
            "3 sessions were given work: 2 coders and 1 verifier.",
        ),
        (
            SessionsEnded,
            over,
            3,
            "3 sessions ended: 2 completed and 1 at the time limit.",
        ),
        (
            EgressDenied,
            of_slot(denied),
            1,
            "Sessions were kept 3 times from what they may not reach.",
        ),
        (
            StartsFailed,
            of_slot(failed),
            1,
            "1 start of a container failed.",
        ),
        (ContainersLost, of_slot(lost), 1, "1 container vanished."),
        (
            SlotQuarantined,
            of_slot(c::Quarantined { why: why() }),
            1,
            "Slot 1 was quarantined: no luck.",
        ),
        (
            SlotWithheld,
            of_slot(c::Withheld { by: by() }),
            1,
            "me took slot 1 out of service.",
        ),
        (
            SlotReinstated,
            of_slot(c::Reinstated { by: by() }),
            1,
            "me put slot 1 back into service.",
        ),
        (
            Used,
            metered(vec![model("m1", usage(4, 4_000, 1))]),
            1,
            "m1 of anthropic, used by claude: 4 requests, 1005 tokens read, 20 written; less than \
             0.01 USD without 1 request that has no price.",
        ),
        (
            UsedOthers,
            metered(many.collect()),
            1,
            "Other models: 1 request, 1005 tokens read, 20 written; 0.01 USD.",
        ),
        (
            UsedInAll,
            metered(two),
            1,
            "In all: 3 requests, 2010 tokens read, 40 written; 12.34 USD without 2 requests that \
             have no price.",
        ),
    ]
}

fn of_nodes() -> Vec<Case> {
    use Kind::*;
    let started = node::Started {
        epoch: 2,
        build: "b".into(),
        last: Some(Timestamp(0)),
    };
    let gap = |before: i64, after: i64| {
        let (before, after) = (Timestamp(before * 1_000_000), Timestamp(after * 1_000_000));
        node::StoodStill {
            epoch: 2,
            gap: Gap { before, after },
        }
    };
    let diverged = node::Diverged {
        at: Position(3),
        through: Position(9),
        kept: Digest::of(b"k"),
        folded: Digest::of(b"f"),
    };

    vec![
        (
            ServerStarted,
            of_node(started),
            1,
            "The server started (run 2); it was last known to be up 10 s before.",
        ),
        (
            ServerStopped,
            of_node(node::Stopped { epoch: 2 }),
            1,
            "The server ended in order (run 2).",
        ),
        (
            StoodStill,
            of_node(gap(60, 60 + 2 * 3_600 + 5 * 60)),
            1,
            "The server stood still, or its clock was set ahead, for 2 h 05 from 1970-01-01 00:01 \
             UTC.",
        ),
        (
            StoodStill,
            of_node(gap(120, 60)),
            1,
            "The server's clock was set back by 1 min, at 1970-01-01 00:02 UTC.",
        ),
        (
            Diverged,
            of_node(diverged),
            1,
            "The projections differed from the log from position 3 on, seen at 9; they were \
             replaced.",
        ),
    ]
}

fn cases() -> Vec<Case> {
    let parts = [
        of_features(),
        of_projects(),
        of_queues(),
        of_slots(),
        of_nodes(),
    ];
    parts.into_iter().flatten().collect()
}

/// Logs in which everything happens that there is, one after another.
pub(crate) fn everything() -> Scene {
    let mut all = one();
    for (_, scene, shown, _) in cases() {
        let own = usize::try_from(scene.position - shown).expect("small");
        for envelope in &scene.log[own..] {
            again(&mut all, envelope);
        }
    }
    all
}

/// The same event once more, at the end of a log.
fn again(scene: &mut Scene, envelope: &Envelope) {
    scene.position += 1;
    let envelope = Envelope {
        position: Position(scene.position),
        version: Version(scene.projections.version_of(&envelope.stream).0 + 1),
        at: scene.now(),
        ..envelope.clone()
    };
    scene.projections.apply(&envelope).expect("a known event");
    scene.log.push(envelope);
}

#[test]
fn each_kind_is_said_where_its_event_is_and_not_without_it() {
    let mut said: Vec<Kind> = Vec::new();
    for (kind, scene, shown, text) in cases() {
        let (before, end) = (scene.position - shown, scene.position);
        let report = reported(&scene.log, (0, end), Scope::All);
        let found = of_kind(&report, kind);
        let own = found.iter().rev().find(|one| one.text() == text);
        let own = own.unwrap_or_else(|| panic!("{kind:?} in {:#?}", lines(&report)));
        assert_eq!(own.shown.positions.last(), Some(&Position(end)), "{kind:?}");

        let without = reported(&scene.log, (0, before), Scope::All);
        let events =
            |found: &[&Sentence]| -> u64 { found.iter().map(|one| one.shown.count()).sum() };
        let fewer = of_kind(&without, kind);
        assert_eq!(events(&found) - events(&fewer), shown, "{kind:?}");
        said.push(kind);
    }

    // Their own tests show these two.
    said.extend([Kind::More, Kind::Nothing]);
    said.sort_unstable();
    said.dedup();
    assert_eq!(said, Kind::ALL, "every kind has a log");
}

#[test]
fn kinds_and_words_are_told_apart() {
    let mut names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Kind::ALL.len());

    let id: FeatureId = "feat-x".parse().expect("an id");
    let what = crate::report::Named { id, title: None };
    assert_eq!(what.to_string(), "feat-x");
    assert_eq!(SlotNo(3).to_string(), "3");
}
