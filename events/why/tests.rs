//! The test kit of why and why not: questions asked of a log and nothing else, and the logs that
//! the tables begin with.

use crate::container::{self, event as c};
use crate::envelope::Envelope;
use crate::feature::{Content, FeatureType, event as f};
use crate::holder::{Holder, Role, SlotSession};
use crate::id::Timestamp;
use crate::id::{Digest, Epoch, FeatureId, Generation, SessionId, SlotNo};
use crate::merge_queue::{Changes, Fault, event as q};
use crate::outcome::Outcome;
use crate::own_time::OwnTime;
use crate::policy::{Observed, accounts};
use crate::project::{Thing, event as p};
use crate::scene::{Scene, feature, job, session, sha};
use crate::settings::Settings;
use crate::stream::Position;
use crate::verdict::{Finding, Judgement, Verdict};
use crate::view::Projections;
use crate::why::{About, Kind, Question, Record, Sentence, streams, why};

pub(crate) use crate::why::answer::tests::{State, features, projects, queues, slots, told};

/// The projections of a log.
pub(crate) fn folded(log: &[Envelope]) -> Projections {
    let mut projections = Projections::default();
    for envelope in log {
        projections.apply(envelope).expect("a known event");
    }
    projections
}

/// What is observed so many seconds after the epoch.
pub(crate) fn at(seconds: i64, projections: &Projections) -> Observed {
    let now = Timestamp(seconds * 1_000_000);
    let own = OwnTime::new(now, &[], &[]);
    Observed {
        now,
        accounts: accounts(projections, &own),
        own,
        ..Observed::default()
    }
}

pub(crate) fn question(about: About) -> Question {
    Question {
        project: "z".parse().expect("a name"),
        about,
    }
}

/// The events of a log that a question has to be answered from.
pub(crate) fn concerned(
    log: &[Envelope],
    question: &Question,
    projections: &Projections,
) -> Vec<Envelope> {
    let streams = streams(question, projections);
    let concerned = log.iter().filter(|event| streams.contains(&event.stream));
    concerned.cloned().collect()
}

/// The answer from a log and nothing else.
pub(crate) fn asked(log: &[Envelope], about: &About, seconds: i64) -> Vec<Sentence> {
    answered(log, &folded(log), about, seconds)
}

/// The same, where it is folded already.
pub(crate) fn answered(
    log: &[Envelope],
    projections: &Projections,
    about: &About,
    seconds: i64,
) -> Vec<Sentence> {
    let question = question(about.clone());
    let observed = at(seconds, projections);
    let events = concerned(log, &question, projections);
    let record = Record {
        projections,
        observed: &observed,
        events: &events,
    };
    why(&question, record)
}

/// The names of the events at these positions.
pub(crate) fn names(log: &[Envelope], positions: &[Position]) -> Vec<String> {
    let cited = log
        .iter()
        .filter(|event| positions.contains(&event.position));
    cited.map(|event| event.kind.to_string()).collect()
}

/// What is said, for a failed assertion.
pub(crate) fn listed(said: &[Sentence]) -> String {
    let line = |one: &Sentence| format!("{:?} {:?} {}\n", one.kind, one.positions, one.text);
    said.iter().map(line).collect()
}

/// The first sentence of a kind.
pub(crate) fn of_kind(said: &[Sentence], kind: Kind) -> Option<&Sentence> {
    said.iter().find(|sentence| sentence.kind == kind)
}

pub(crate) const GENERATION: Generation = Generation(1);

pub(crate) fn by() -> String {
    "me".to_owned()
}

/// A running project with one slot and the feature `a`.
pub(crate) fn one() -> Scene {
    let mut scene = Scene::running(1);
    scene.feature("a", 2);
    scene
}

pub(crate) fn slot_session(n: u16, of: u8) -> SlotSession {
    SlotSession {
        n: SlotNo(n),
        session: session(of),
    }
}

/// Session 1 in slot 1 was given a claim of `a`.
pub(crate) fn claimed() -> Scene {
    let mut scene = one();
    scene.claimed("a", &session(1));
    scene
}

/// Ann has the first claim of `a`.
pub(crate) fn anns() -> Scene {
    let mut scene = one();
    let holder = Holder::Outside {
        principal: "ann".into(),
    };
    let epoch = Epoch(1);
    scene.of("a", f::Claimed { epoch, holder });
    scene
}

pub(crate) fn assign(scene: &mut Scene, n: u16, of: u8, role: Role, id: Option<&str>) {
    let assignment = job(&session(of), role, id);
    scene.slot(n, c::Assigned { assignment });
}

/// The same, and its slot has the job.
pub(crate) fn assigned() -> Scene {
    let mut scene = claimed();
    assign(&mut scene, 1, 1, Role::Coder, Some("a"));
    scene
}

pub(crate) fn requested() -> Scene {
    let mut scene = assigned();
    let generation = GENERATION;
    scene.slot(1, c::StartRequested { generation });
    scene
}

pub(crate) fn started() -> Scene {
    let mut scene = requested();
    let engine_id = "e1".to_owned();
    let generation = GENERATION;
    scene.slot(
        1,
        c::Started {
            generation,
            engine_id,
        },
    );
    scene
}

/// Session 1 works on `a` in slot 1.
pub(crate) fn working() -> Scene {
    let mut scene = started();
    let session = session(1);
    scene.slot(1, c::SessionStarted { session });
    scene
}

pub(crate) fn ended(of: u8, outcome: Outcome) -> c::SessionEnded {
    c::SessionEnded {
        session: session(of),
        outcome,
        exit_code: Some(1),
        evidence: None,
        detail: "it gave up".into(),
    }
}

/// Session 1 is over, and its container is there.
pub(crate) fn over() -> Scene {
    let mut scene = working();
    scene.slot(1, ended(1, Outcome::Failed));
    scene
}

/// A container failed to start for session 1.
pub(crate) fn failed() -> Scene {
    let mut scene = requested();
    let (generation, class) = (GENERATION, container::Class::Image);
    let detail = "there is no such image".to_owned();
    scene.slot(
        1,
        c::StartFailed {
            generation,
            class,
            detail,
        },
    );
    scene
}

pub(crate) fn released(outcome: Outcome) -> f::Released {
    f::Released {
        epoch: Epoch(1),
        outcome,
        detail: "the session was lost".into(),
    }
}

/// `a` was handed in by Ann.
pub(crate) fn handed_in() -> Scene {
    let mut scene = one();
    scene.handed_in("a", 1);
    scene
}

pub(crate) fn rejected() -> f::ReviewRejected {
    let finding = Finding {
        path: None,
        line: None,
        why: "no test".into(),
    };
    let verdict = Verdict {
        judgement: Judgement::Reject,
        findings: vec![finding],
        ran: vec![],
    };
    f::ReviewRejected {
        session: session(2),
        verdict,
    }
}

/// Session 2 in slot 1 reviews `a`.
pub(crate) fn reviewed() -> Scene {
    let mut scene = handed_in();
    let slot_session = slot_session(1, 2);
    scene.of("a", f::ReviewStarted { slot_session });
    scene
}

/// `a` is approved.
pub(crate) fn approved() -> Scene {
    let mut scene = one();
    scene.approved("a", 1);
    scene
}

/// `a` is in the merge queue as entry 1.
pub(crate) fn entered() -> Scene {
    let mut scene = approved();
    scene.entered(1, "a", 1);
    scene
}

pub(crate) fn built() -> Scene {
    let mut scene = entered();
    scene.built(1, '0', 'c');
    scene
}

pub(crate) fn verifying() -> Scene {
    let mut scene = built();
    let started = q::VerificationStarted {
        entry: 1,
        slot_session: slot_session(1, 3),
        terms: Some(Digest::of(b"t")),
    };
    scene.queue(started);
    scene
}

pub(crate) fn evidence(exit: i32) -> crate::evidence::Evidence {
    crate::evidence::Evidence::Ran {
        tree: sha('e'),
        command: Digest::of(b"make test"),
        exit,
        log: Digest::of(b"log"),
        session: session(3),
        tail: "1 failed".into(),
    }
}

pub(crate) fn doubted() -> Scene {
    let mut scene = verifying();
    let evidence = evidence(1);
    scene.queue(q::VerificationDoubted { entry: 1, evidence });
    scene
}

/// The trunk is red by itself, and entry 1 waits beside the queue.
pub(crate) fn parked() -> Scene {
    let mut scene = doubted();
    scene.queue(q::HeadVerificationStarted {
        head: sha('0'),
        slot_session: slot_session(1, 4),
        terms: Digest::of(b"t"),
    });
    let head = sha('0');
    scene.queue(q::HeadFailed {
        head,
        evidence: evidence(1),
    });
    let evidence = evidence(1);
    scene.queue(q::Parked { entry: 1, evidence });
    scene
}

pub(crate) fn verified() -> Scene {
    let mut scene = verifying();
    let evidence = evidence(0);
    scene.queue(q::Verified { entry: 1, evidence });
    scene
}

/// `a` is locked for its candidate.
pub(crate) fn merging() -> Scene {
    let mut scene = verified();
    let candidate = sha('c');
    scene.of("a", f::MergeBegun { candidate });
    scene
}

pub(crate) fn publishing() -> Scene {
    let mut scene = merging();
    let (from, to) = (Some(sha('0')), sha('c'));
    scene.queue(q::PublishIntended { entry: 1, from, to });
    scene
}

pub(crate) fn merged() -> Scene {
    let mut scene = publishing();
    let (from, to) = (Some(sha('0')), sha('c'));
    scene.queue(q::Advanced { entry: 1, from, to });
    scene
}

pub(crate) fn closed() -> Scene {
    let mut scene = merged();
    let closing = f::Closing::Merged { sha: sha('c') };
    scene.of(
        "a",
        f::Closed {
            closing,
            by: "trunk".into(),
        },
    );
    scene
}

pub(crate) fn delicate() -> Changes {
    Changes {
        protected: vec!["Makefile".into()],
        ..Changes::default()
    }
}

pub(crate) fn held() -> Scene {
    let mut scene = entered();
    scene.built_with(1, '0', 'c', delicate());
    scene.queue(q::Held { entry: 1 });
    scene
}

pub(crate) fn halted(mut scene: Scene) -> Scene {
    let (reason, fault) = ("no route to host".to_owned(), Fault::Unreachable);
    scene.queue(q::Halted { reason, fault });
    scene
}

pub(crate) fn trouble(scene: &mut Scene, thing: Thing) {
    scene.project(p::TroubleReported {
        thing,
        detail: "exit code 1".into(),
        retry_at: None,
        session: session(9),
        feature: None,
        probe: false,
    });
}

/// A project whose setup is in trouble.
pub(crate) fn troubled() -> Scene {
    let mut scene = one();
    let settings = Settings {
        setup: Some("npm ci".into()),
        ..Settings::default()
    };
    let settings = Box::new(settings);
    scene.project(p::SettingsChanged { settings });
    trouble(&mut scene, Thing::Setup);
    scene
}

pub(crate) fn typed(scene: &mut Scene, id: &str, kind: FeatureType, blockers: &[&str]) {
    let content = Content {
        kind,
        ..Content::titled(id)
    };
    let batch = Digest::of(id.as_bytes());
    let blockers = blockers.iter().map(|id| feature(id)).collect();
    scene.admitted(id).of(
        id,
        f::Created {
            content,
            batch,
            blockers,
        },
    );
}

pub(crate) fn oversight(scene: &mut Scene) {
    let (as_of, trunk_head, closed) = (crate::stream::Position(1), None, 1);
    scene.project(p::FinalVerificationDue {
        as_of,
        trunk_head,
        closed,
    });
}

pub(crate) fn id(text: &str) -> FeatureId {
    feature(text)
}

pub(crate) fn s(n: u8) -> SessionId {
    session(n)
}

pub(crate) fn settings(scene: &mut Scene, settings: Settings) {
    let settings = Box::new(settings);
    scene.project(p::SettingsChanged { settings });
}

/// The work of `a` and `b`, one candidate on the other.
pub(crate) fn batched() -> Scene {
    let mut scene = entered();
    settings(
        &mut scene,
        Settings {
            verify: Some("make test".into()),
            batch_max: 2,
            ..Settings::default()
        },
    );
    scene.feature("b", 2).approved("b", 1).entered(2, "b", 1);
    scene.built(1, '0', 'c').built(2, 'c', 'd');
    scene
}
