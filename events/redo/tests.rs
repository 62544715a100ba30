//! Given any state and any command that is accepted on it, then the command that is found behind
//! its events records the same.

use super::{Redo, command_behind};
use crate::aggregate::Aggregate;
use crate::backlog::{self, Backlog, Born, Edge, Remark};
use crate::container::{self, Container};
use crate::envelope::Envelope;
use crate::evidence::Evidence;
use crate::feature::event::Closing;
use crate::feature::{self, Content, Feature};
use crate::holder::{Holder, Role, SlotSession};
use crate::id::{Digest, Epoch, FeatureId, Generation, SessionId, Sha, SlotNo, Timestamp};
use crate::merge_queue::event::{Candidate, Changes, EntryKind};
use crate::merge_queue::{self, Fault, MergeQueue};
use crate::outcome::Outcome;
use crate::project::{self, Project, ProjectKind};
use crate::scene::Scene;
use crate::settings::{AgentSpec, Dialect, Settings};
use crate::view::Projections;
use crate::ways::folded;

/// Walks a table of states and commands; answers how many cells were found again.
fn every_cell<A: Redo>(
    states: &[(&str, A)],
    commands: &[(&str, A::Command)],
) -> (usize, Vec<String>) {
    let now = Timestamp(1_000_000_000);
    let (mut found, mut missing) = (0, vec![]);

    for (state, known) in states {
        for (name, command) in commands {
            let Ok(events) = known.decide(command, now) else {
                continue;
            };
            if events.is_empty() {
                continue;
            }
            match known.redo(&events, now) {
                Some(_) => found += 1,
                None => missing.push(format!("{name} on {state}: {events:?}")),
            }
        }
    }
    (found, missing)
}

#[test]
fn the_command_behind_every_event_is_found_again() {
    let all = [
        every_cell(
            &crate::feature::tests::states(),
            &crate::feature::tests::commands(),
        ),
        every_cell(
            &crate::project::tests::states(),
            &crate::project::tests::commands(),
        ),
        every_cell(
            &crate::container::tests::states(),
            &crate::container::tests::commands(),
        ),
        every_cell(
            &crate::merge_queue::tests::states(),
            &crate::merge_queue::tests::commands(),
        ),
    ];
    let missing: Vec<_> = all.iter().flat_map(|(_, missing)| missing).collect();
    assert!(missing.is_empty(), "{missing:#?}");
    let found: Vec<usize> = all.iter().map(|(found, _)| *found).collect();
    assert!(found.iter().all(|found| *found > 20), "{found:?}");

    let (found, missing) = every_cell(
        &crate::backlog::tests::states(),
        &crate::backlog::tests::commands(),
    );
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(found > 8, "{found}");
}

const NOW: Timestamp = Timestamp(1_000_000_000);

/// What is found behind the events of a command on a state.
fn behind<A: Redo>(state: &A, command: &A::Command) -> A::Command {
    let events = state.decide(command, NOW).expect("accepted");
    assert!(!events.is_empty(), "{command:?} records something");
    let found = state.redo(&events, NOW);
    found.unwrap_or_else(|| panic!("{command:?} is found"))
}

/// Holds that a command is found as it was given.
fn same<A: Redo>(what: &str, state: &A, command: &A::Command) {
    let (found, given) = (behind(state, command), format!("{command:?}"));
    assert_eq!(format!("{found:?}"), given, "{what}");
}

fn feature_id(name: &str) -> FeatureId {
    name.parse().expect("a feature's id")
}

fn ids(count: usize) -> Vec<FeatureId> {
    (0..count).map(|n| feature_id(&format!("f{n}"))).collect()
}

fn sha(c: char) -> Sha {
    c.to_string().repeat(40).parse().expect("a commit")
}

#[test]
fn an_admission_is_found_whole_from_its_parts() {
    for (count, parts) in [(1, 1), (400, 2), (402, 3), (1_201, 6)] {
        let ids = ids(count);
        let mut edges = vec![];
        for pair in ids.windows(2) {
            let (on, feature) = (pair[0].clone(), pair[1].clone());
            edges.push(Edge { feature, on });
        }
        let admit = backlog::Command::Admit {
            batch: Digest::of(b"b"),
            ids,
            edges,
        };
        let empty = Backlog::default();
        let events = empty.decide(&admit, NOW).expect("admitted");
        assert_eq!(events.len(), parts, "{count}");
        same("an admission", &empty, &admit);
        // A part is no admission: without the last one nothing of it counts.
        let cut = empty.redo(&events[..parts - 1], NOW);
        assert!(cut.is_none(), "{count}");
    }
}

#[test]
fn a_creation_is_found_with_all_that_was_recorded_with_it() {
    let remark = |n: usize| Remark {
        by: format!("ann {n}"),
        text: format!("text {n}"),
    };
    let remarks = |count: usize| (0..count).map(remark).collect::<Vec<_>>();
    let create = |blockers: usize, born: Born, comments: usize| feature::Command::Create {
        content: Content::titled("A part"),
        batch: Digest::of(b"b"),
        blockers: ids(blockers),
        born,
        comments: remarks(comments),
    };
    let aside = || Born::Aside("not now".into());

    // The first event holds a hundred blockers; the others follow it.
    for (what, command, events) in [
        ("as it is", create(0, Born::Open, 0), 1),
        ("with blockers", create(100, Born::Open, 0), 1),
        (
            "with more than one event holds",
            create(101, Born::Open, 0),
            2,
        ),
        ("with many more", create(250, Born::Open, 0), 151),
        ("with comments", create(2, Born::Open, 2), 3),
        ("closed", create(1, Born::Closed, 1), 3),
        ("withdrawn", create(0, Born::Withdrawn, 0), 2),
        ("set aside", create(101, aside(), 1), 4),
    ] {
        let decided = Feature::Unknown.decide(&command, NOW);
        assert_eq!(decided.expect("created").len(), events, "{what}");
        same(what, &Feature::Unknown, &command);
    }

    // Beyond what one append takes nothing is recorded, and so nothing is found.
    let found = behind(&Feature::Unknown, &create(300, Born::Open, 0));
    let feature::Command::Create { blockers, .. } = found else {
        panic!("{found:?} is no creation");
    };
    assert_eq!(blockers, ids(254));
}

fn created() -> feature::Command {
    feature::Command::Create {
        content: Content::titled("A part"),
        batch: Digest::of(b"b"),
        blockers: vec![],
        born: Born::Open,
        comments: vec![],
    }
}

fn claim() -> feature::Command {
    let holder = Holder::Outside {
        principal: "ann".into(),
    };
    feature::Command::Claim { holder }
}

fn release(epoch: u64) -> feature::Command {
    feature::Command::Release {
        epoch: Epoch(epoch),
        outcome: Outcome::Failed,
        detail: "exit code 1".into(),
    }
}

#[test]
fn events_that_begin_alike_lead_to_different_commands() {
    use feature::Command as C;
    let by = || "ann".to_owned();
    let close = || C::Close {
        closing: Closing::Restored { commit: sha('c') },
        by: by(),
    };
    let ask = C::Ask {
        epoch: Epoch(1),
        question: "which?".into(),
    };
    let (comment, answer) = (
        C::Comment {
            by: by(),
            text: "this".into(),
        },
        C::Answer {
            by: by(),
            text: "this".into(),
        },
    );
    let (reopen, out) = (
        C::Reopen {
            why: "red".into(),
            by: by(),
        },
        C::TakeOut {
            why: "red".into(),
            by: by(),
        },
    );
    let withdraw = C::Withdraw { by: by() };
    let claimed = vec![created(), claim()];
    let asked = [claimed.clone(), vec![ask]].concat();
    let closed = vec![created(), close()];
    let tried = [
        claimed.clone(),
        vec![release(1), claim(), release(2), claim()],
    ]
    .concat();

    for (what, before, command, events) in [
        ("a comment", &asked, comment, 1),
        ("an answer", &asked, answer, 2),
        ("taken up again", &closed, reopen, 1),
        ("taken out", &closed, out, 2),
        ("given back", &claimed, release(1), 1),
        ("given back for the last time", &tried, release(3), 2),
        ("withdrawn under a claim", &claimed, withdraw.clone(), 2),
        ("withdrawn", &vec![created()], withdraw, 1),
    ] {
        let state: Feature = folded(&Feature::default(), before);
        let decided = state.decide(&command, NOW).expect("accepted");
        assert_eq!(decided.len(), events, "{what}");
        same(what, &state, &command);
    }
}

#[test]
fn what_no_command_records_has_none_behind_it() {
    let open: Feature = folded(&Feature::default(), &[created()]);
    let claimed: Feature = folded(&open, &[claim()]);
    let events = open.decide(&claim(), NOW).expect("claimed");
    let aside = feature::event::SetAside { why: "out".into() };
    let withdrawn = feature::event::Withdrawn { by: "ann".into() };
    let pair = [events.clone(), vec![withdrawn.into()]].concat();

    for (what, state, events) in [
        ("nothing", &open, vec![]),
        ("a claim of nothing", &Feature::Unknown, events.clone()),
        ("a second claim", &claimed, events),
        (
            "what follows from something else",
            &open,
            vec![aside.into()],
        ),
        ("two that no command records together", &open, pair),
    ] {
        assert!(state.redo(&events, NOW).is_none(), "{what}");
    }
    assert!(Backlog::default().redo(&[], NOW).is_none());
    assert!(Project::Unknown.redo(&[], NOW).is_none());
    assert!(Container::default().redo(&[], NOW).is_none());
    assert!(MergeQueue::default().redo(&[], NOW).is_none());
}

fn work(name: &str) -> merge_queue::Command {
    let kind = EntryKind::Feature {
        feature: feature_id(name),
        epoch: Epoch(1),
        sha: sha('a'),
        title: name.to_owned(),
    };
    merge_queue::Command::Enqueue { kind, priority: 2 }
}

fn build(entry: u64, base: char, to: char, protected: &[&str]) -> merge_queue::Command {
    let candidate = Candidate {
        base: Some(sha(base)),
        sha: sha(to),
        tree: sha(to),
    };
    let protected = protected.iter().map(|path| (*path).to_owned()).collect();
    let changes = Changes {
        protected,
        ..Changes::default()
    };
    merge_queue::Command::RecordCandidate {
        entry,
        candidate,
        changes,
        asked: true,
    }
}

/// Two features queued on a trunk at `0`.
fn trunk() -> MergeQueue {
    let open = merge_queue::Command::Open {
        branch: "main".into(),
        head: Some(sha('0')),
    };
    folded(&MergeQueue::default(), &[open, work("f"), work("g")])
}

#[test]
fn what_leaves_the_merge_queue_is_told_apart() {
    use merge_queue::Command as C;
    let trunk = trunk();
    let drop = |entry| C::Drop {
        entry,
        why: "out".into(),
    };
    let conflict = C::RecordConflict {
        entry: 1,
        base: Some(sha('0')),
        paths: vec!["a".into()],
        why: "out".into(),
    };
    let nothing = C::RecordNothing {
        entry: 1,
        base: Some(sha('0')),
    };

    same("taken out at the front", &trunk, &drop(1));
    same("taken out behind it", &trunk, &drop(2));
    same("it does not merge", &trunk, &conflict);
    same("it brings nothing", &trunk, &nothing);
}

#[test]
fn what_is_seen_of_upstream_is_told_apart() {
    use merge_queue::Command as C;
    let trunk = trunk();
    let idle = folded(
        &MergeQueue::default(),
        &[C::Open {
            branch: "main".into(),
            head: Some(sha('0')),
        }],
    );
    let halt = |fault: Fault| C::Halt {
        reason: "r".into(),
        fault,
    };
    let rewritten = halt(Fault::Rewritten {
        lost: sha('0'),
        seen: sha('9'),
    });
    let follow = |seen: char, files: Vec<String>| C::Follow {
        from: Some(sha('0')),
        seen: Some(sha(seen)),
        files,
    };
    let accept = C::AcceptRewrite {
        seen: sha('9'),
        by: "ann".into(),
    };
    let moved = C::RecordMoved {
        entry: 1,
        from: Some(sha('0')),
        seen: Some(sha('9')),
        files: vec!["a".into()],
    };
    let renamed = C::FollowBranch {
        branch: "trunk".into(),
        by: "ann".into(),
    };
    let after = |state: &MergeQueue, command| folded(state, &[command]);

    same("somebody pushed", &idle, &follow('9', vec!["a".into()]));
    same("it moved below an entry", &trunk, &moved);
    same("it is halted", &trunk, &halt(Fault::Missing));
    same(
        "it was taken as it is",
        &after(&trunk, rewritten.clone()),
        &accept,
    );
    same(
        "its branch has another name",
        &after(&trunk, halt(Fault::BranchGone)),
        &renamed,
    );
    same(
        "a person lets it go on",
        &after(&trunk, halt(Fault::Missing)),
        &C::Unhalt,
    );
    // What was lost is there again: a person's word would not do.
    let lost = after(&trunk, rewritten);
    assert!(lost.decide(&C::Unhalt, NOW).is_err());
    same("what was lost is back", &lost, &follow('0', vec![]));
}

#[test]
fn a_batch_is_found_up_to_its_last_entry() {
    use merge_queue::Command as C;
    let slot_session = SlotSession {
        n: SlotNo(1),
        session: SessionId::from_bytes([7; 10]),
    };
    let evidence = Evidence::Ran {
        tree: sha('2'),
        command: Digest::of(b"c"),
        exit: 0,
        log: Digest::of(b"l"),
        session: slot_session.session.clone(),
        tail: "ok".into(),
    };
    let first = folded(&trunk(), &[build(1, '0', '1', &[])]);
    same("the next one joins", &first, &build(2, '1', '2', &[]));

    // One that a person has to see closes the batch below it, as a word of its own would.
    let found = behind(&first, &build(2, '1', '2', &["Cargo.lock"]));
    assert!(
        matches!(&found, C::CloseBatch { entry: 1, why } if why.starts_with("entry 2 ")),
        "{found:?}"
    );

    let verify = C::StartVerification {
        entry: 2,
        slot_session: slot_session.clone(),
        terms: Digest::of(b"t"),
    };
    let verified = C::RecordVerification {
        entry: 2,
        session: Some(slot_session.session),
        evidence,
    };
    let mut batch = folded(&first, &[build(2, '1', '2', &[])]);
    for command in [verify, verified, C::IntendPublish { entry: 2 }] {
        same("on its way", &batch, &command);
        batch = folded(&batch, &[command]);
    }
    let advanced = C::RecordAdvanced { entry: 2 };
    assert_eq!(batch.decide(&advanced, NOW).expect("published").len(), 2);
    same("published", &batch, &advanced);
}

#[test]
fn nothing_verified_and_a_scaffold_are_found_as_well() {
    use merge_queue::Command as C;
    let built = folded(&trunk(), &[build(1, '0', '1', &[])]);
    let unverified = C::RecordVerification {
        entry: 1,
        session: None,
        evidence: Evidence::NoneConfigured,
    };
    same("nothing verifies here", &built, &unverified);

    let scaffold = C::Enqueue {
        kind: EntryKind::Scaffold,
        priority: 2,
    };
    let empty = folded(
        &MergeQueue::default(),
        &[
            C::Open {
                branch: "main".into(),
                head: None,
            },
            scaffold,
        ],
    );
    let C::RecordCandidate {
        mut candidate,
        changes,
        ..
    } = build(1, '0', '1', &[])
    else {
        panic!("no candidate");
    };
    candidate.base = None;
    for asked in [true, false] {
        let first = C::RecordCandidate {
            entry: 1,
            candidate: candidate.clone(),
            changes: changes.clone(),
            asked,
        };
        let found = behind(&empty, &first);
        assert!(matches!(found, C::RecordCandidate { asked: true, .. }));
    }
}

/// The name of the stream of each event of a log, with what is found behind it.
fn found_in(log: &[Envelope]) -> Vec<(String, Option<String>)> {
    let mut projections = Projections::default();
    let mut found = vec![];
    for envelope in log {
        let one = std::slice::from_ref(envelope);
        let command = command_behind(&projections, one).expect("an event of ours");
        found.push((
            envelope.kind.to_string(),
            command.map(|command| command.name()),
        ));
        projections.apply(envelope).expect("an event of ours");
    }
    found
}

#[test]
fn every_event_of_a_log_is_led_back_to_what_asked_for_it() {
    let (id, session) = ("f", crate::scene::session(1));
    let mut scene = Scene::running(2);
    scene.feature(id, 1).claimed(id, &session);
    let assignment = crate::scene::job(&session, Role::Coder, Some(id));
    scene.slot(1, container::event::Assigned { assignment });
    let generation = Generation(1);
    scene.slot(1, container::event::StartRequested { generation });
    scene.of(
        id,
        feature::event::Submitted {
            epoch: Epoch(1),
            sha: sha('a'),
            base: Some(sha('0')),
        },
    );

    let found = found_in(&scene.log);
    let lost: Vec<&str> = found
        .iter()
        .filter(|(_, command)| command.is_none())
        .map(|(kind, _)| kind.as_str())
        .collect();
    // It was started before somebody had to choose an agent: these rules would not.
    assert_eq!(lost, ["project.started"]);
    for (kind, command) in [
        ("project.registered", "register"),
        ("trunk.opened", "open"),
        ("container.enlisted", "enlist"),
        ("backlog.admitted", "admit"),
        ("feature.created", "create"),
        ("feature.claimed", "claim"),
        ("container.assigned", "assign"),
        ("container.start_requested", "request start"),
        ("feature.submitted", "submit"),
    ] {
        let named = (kind.to_owned(), Some(command.to_owned()));
        assert!(found.contains(&named), "{kind}: {found:?}");
    }
}

/// An event of an earlier schema is as good as one of now.
#[test]
fn earlier_schemas_are_led_back_too() {
    let mut log = Scene::running(2).log;
    for envelope in &mut log {
        if envelope.kind == "project.settings_changed" {
            assert_eq!(envelope.schema, 2);
            envelope.schema = 1;
        }
    }
    let changed = (
        "project.settings_changed".to_owned(),
        Some("change settings".to_owned()),
    );
    assert!(found_in(&log).contains(&changed));

    let unreadable = |change: fn(&mut Envelope)| {
        let mut first = log[0].clone();
        change(&mut first);
        command_behind(&Projections::default(), &[first]).is_err()
    };
    assert!(!unreadable(|_| ()));
    assert!(unreadable(|e| e.schema = 9));
    assert!(unreadable(|e| e.kind = "project.eaten".into()));
    assert!(unreadable(|e| e.payload.clear()));
}

#[test]
fn streams_that_nobody_commands_have_nothing_behind_them() {
    let projections = Projections::default();
    assert!(matches!(command_behind(&projections, &[]), Ok(None)));
    for stream in ["node-n", "subscription-s"] {
        let mut envelope = Scene::running(2).log.remove(0);
        envelope.stream = stream.parse().expect("a stream");
        let found = command_behind(&projections, &[envelope]);
        assert!(matches!(found, Ok(None)), "{stream}");
    }
}

/// A new project with a spec and an agent, that runs, after these commands.
fn project(more: &[project::Command]) -> Project {
    use project::Command as C;
    let settings = Settings {
        agent: AgentSpec::of(Dialect::Script),
        ..Settings::default()
    };
    let begun = [
        C::Register {
            git_url: "/up".into(),
            kind: ProjectKind::New,
        },
        C::ChangeSettings {
            settings: Box::new(settings),
        },
        C::WriteSpec {
            digest: Digest::of(b"spec"),
            bytes: 4,
        },
        C::Start {
            by: "ann".into(),
            has_features: true,
        },
    ];
    folded(&folded(&Project::Unknown, &begun), more)
}

fn initializer(n: u8) -> SlotSession {
    SlotSession {
        n: SlotNo(1),
        session: SessionId::from_bytes([n; 10]),
    }
}

#[test]
fn a_start_a_fresh_start_and_what_a_person_asks_for_are_told_apart() {
    use project::Command as C;
    let by = || "ann".to_owned();
    let start = |has_features| C::Start {
        by: by(),
        has_features,
    };
    let begin = |n| C::StartInitialization {
        slot_session: initializer(n),
    };
    let lapse = |n| C::LapseInitialization {
        session: initializer(n).session,
        outcome: Outcome::Failed,
    };
    let mut tried = vec![C::DueInitialization];
    for n in 1..=3 {
        tried.extend([begin(n), lapse(n)]);
    }

    let due = project(&[C::DueInitialization]);
    same("the spec is due", &project(&[]), &C::DueInitialization);
    same("an initializer begins", &due, &begin(1));
    same("it ends", &folded(&due, &[begin(1)]), &lapse(1));
    let spent = project(&tried);
    // It runs, and what was given up is to be tried anew.
    same("a fresh start", &spent, &start(true));
    same("a person asks for a backlog", &spent, &C::AskInitialization);
    let stopped = folded(&spent, &[C::Stop { by: by() }]);
    assert_eq!(stopped.decide(&start(true), NOW).expect("started").len(), 2);
    same("both", &stopped, &start(true));

    // Without features it starts because it has a spec: to that state it is the same command.
    let found = behind(&project(&[C::Stop { by: by() }]), &start(false));
    assert!(matches!(
        found,
        C::Start {
            has_features: true,
            ..
        }
    ));
    let report = |since: i64| C::ReportTrouble {
        thing: project::Thing::Engine,
        detail: "no image".into(),
        retry_at: None,
        session: initializer(1).session,
        feature: None,
        since: Timestamp(since),
    };
    let known = folded(&project(&[]), &[report(0)]);
    for (state, since, probe) in [(&project(&[]), 0, false), (&known, i64::MAX, true)] {
        let C::ReportTrouble { since: found, .. } = behind(state, &report(since)) else {
            panic!("a report is found");
        };
        assert_eq!(found > Timestamp(0), probe, "begun {found:?}");
    }
}
