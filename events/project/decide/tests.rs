//! The course of a project at its edges: bounds from both sides, what is given up and tried anew,
//! steps and settled steps, troubles that come back.

use crate::aggregate::{Aggregate, Moment};
use crate::bounds::Bounded;
use crate::grid::given;
use crate::holder::SlotSession;
use crate::id::{Digest, FeatureId, SessionId, Sha, SlotNo, Timestamp};
use crate::lapses::{GONE_MAX, OWN_MAX};
use crate::outcome::Outcome;
use crate::own_time::OwnTime;
use crate::project::event::{self, OversightKind};
use crate::project::*;
use crate::settings::{AgentSpec, COMMAND_MAX, Dialect, Settings};
use crate::stream::{Position, Version};

const NOW: Timestamp = Timestamp(1);

fn by() -> String {
    "me".into()
}

fn session(n: u8) -> SessionId {
    SessionId::from_bytes([n; 10])
}

fn slot_session(n: u8) -> SlotSession {
    let session = session(n);
    SlotSession {
        n: SlotNo(1),
        session,
    }
}

fn sha(c: char) -> Sha {
    c.to_string().repeat(40).parse().expect("a commit")
}

fn registered(kind: ProjectKind) -> Event {
    let git_url = "/srv/up.git".into();
    event::Registered { git_url, kind }.into()
}

fn with(change: impl FnOnce(&mut Settings)) -> Settings {
    let mut settings = Settings {
        agent: AgentSpec::of(Dialect::Script),
        ..Settings::default()
    };
    change(&mut settings);
    settings
}

fn changed(settings: Settings) -> Event {
    let settings = Box::new(settings);
    event::SettingsChanged { settings }.into()
}

fn started() -> Event {
    event::Started { by: by() }.into()
}

fn spec() -> Event {
    let digest = Digest::of(b"spec");
    event::SpecWritten { digest, bytes: 4 }.into()
}

fn target(count: u16) -> Event {
    event::TargetSet { count }.into()
}

/// A new project with a spec, that runs.
fn running() -> Vec<Event> {
    vec![
        registered(ProjectKind::New),
        changed(with(|_| ())),
        spec(),
        started(),
    ]
}

fn after(more: Vec<Event>) -> Project {
    given(&[running(), more].concat())
}

fn is(project: &Project) -> &Registered {
    project.registered().expect("registered")
}

/// The names of what a command records, or the code of its refusal.
fn told(project: &Project, command: &Command) -> Vec<&'static str> {
    use crate::aggregate::Refusal as _;
    use crate::codec::EventCodec as _;
    match project.decide(command, NOW) {
        Ok(events) => events.iter().map(|event| event.kind().name).collect(),
        Err(refusal) => vec![refusal.code()],
    }
}

#[test]
fn an_address_and_a_branch_are_as_long_as_their_bounds() {
    let register = |length: usize| Command::Register {
        git_url: format!("/{}", "a".repeat(length - 1)),
        kind: ProjectKind::New,
    };
    assert_eq!(
        told(&Project::Unknown, &register(2048)),
        ["project.registered"]
    );
    assert_eq!(told(&Project::Unknown, &register(2049)), ["invalid"]);

    let fresh: Project = given(&[registered(ProjectKind::New)]);
    let clone = |branch: usize, setup: usize| Command::RecordClone {
        branch: "b".repeat(branch),
        head: Some(sha('1')),
        setup: Some("s".repeat(setup)),
    };
    for (branch, setup, name) in [
        (BRANCH_MAX, COMMAND_MAX, "project.cloned"),
        (BRANCH_MAX, COMMAND_MAX + 1, "project.cloned"),
        (BRANCH_MAX + 1, 1, "project.clone_failed"),
    ] {
        let command = clone(branch, setup);
        assert_eq!(told(&fresh, &command), [name], "{branch}, {setup}");
        let events = fresh.decide(&command, NOW).expect("accepted");
        if let [Event::Cloned(cloned)] = events.as_slice() {
            assert_eq!(cloned.setup.is_some(), setup <= COMMAND_MAX);
        }
    }

    // Half a command is another one: what a log holds of one that is too long is none.
    for (length, kept) in [(COMMAND_MAX, true), (COMMAND_MAX + 1, false)] {
        let cloned = event::Cloned {
            branch: "main".into(),
            head: None,
            setup: Some("s".repeat(length)),
        };
        let Event::Cloned(cloned) = Event::from(cloned).bounded() else {
            panic!("another event");
        };
        assert_eq!(cloned.setup.is_some(), kept, "{length}");
    }
}

#[test]
fn an_upstream_that_was_empty_is_taken_once_more() {
    let copied = |head: Option<char>| -> Event {
        let (branch, head) = ("main".into(), head.map(sha));
        event::Cloned {
            branch,
            head,
            setup: None,
        }
        .into()
    };
    let record = |head: Option<char>, setup: Option<&str>| Command::RecordClone {
        branch: "main".into(),
        head: head.map(sha),
        setup: setup.map(str::to_owned),
    };
    let set = changed(with(|settings| settings.setup = Some("make deps".into())));

    for (what, history, command, wanted) in [
        (
            "files that suggest",
            vec![copied(None)],
            record(Some('1'), Some("npm ci")),
            true,
        ),
        (
            "files that suggest nothing",
            vec![copied(None)],
            record(Some('1'), None),
            false,
        ),
        (
            "no files",
            vec![copied(None)],
            record(None, Some("npm ci")),
            false,
        ),
        (
            "it had files",
            vec![copied(Some('1'))],
            record(Some('2'), Some("npm ci")),
            false,
        ),
        (
            "somebody set one",
            vec![copied(None), set],
            record(Some('1'), Some("npm ci")),
            false,
        ),
    ] {
        let history = [vec![registered(ProjectKind::New)], history].concat();
        let state: Project = given(&history);
        let name = if wanted {
            "project.cloned"
        } else {
            "already_cloned"
        };
        assert_eq!(told(&state, &command), [name], "{what}");
    }
}

#[test]
fn a_spec_that_is_there_is_not_written_again() {
    let state = after(vec![]);
    let write = |text: &[u8], bytes| Command::WriteSpec {
        digest: Digest::of(text),
        bytes,
    };
    for (what, command, wanted) in [
        ("the same", write(b"spec", 4), vec![]),
        ("another", write(b"other", 5), vec!["project.spec_written"]),
        (
            "the same, and empty",
            write(b"spec", 0),
            vec!["project.spec_written"],
        ),
    ] {
        assert_eq!(told(&state, &command), wanted, "{what}");
    }
}

#[test]
fn targets_reach_up_to_their_limit() {
    let set = changed(with(|settings| settings.target_max = 4));
    let state = after(vec![set]);
    for (count, wanted) in [
        (0, vec!["project.target_set"]),
        (1, vec![]),
        (4, vec!["project.target_set"]),
        (5, vec!["invalid"]),
    ] {
        let command = Command::SetTarget { count };
        assert_eq!(told(&state, &command), wanted, "{count}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn an_agent_is_asked_for_where_slots_begin_to_work_and_nowhere_else() {
    let unset = || changed(Settings::default());
    let new = || registered(ProjectKind::New);
    let start = |has_features| Command::Start {
        by: by(),
        has_features,
    };
    let change = |settings: Settings| Command::ChangeSettings {
        settings: Box::new(settings),
    };
    let verified = Settings {
        verify: Some("make".into()),
        ..Settings::default()
    };

    for (what, history, command, wanted) in [
        (
            "nothing to do",
            vec![new()],
            start(false),
            vec!["nothing_to_do"],
        ),
        (
            "features, no agent",
            vec![new()],
            start(true),
            vec!["no_agent"],
        ),
        (
            "a spec, no agent",
            vec![new(), spec()],
            start(false),
            vec!["no_agent"],
        ),
        (
            "no slot",
            vec![new(), target(0)],
            start(true),
            vec!["project.started"],
        ),
        // It runs already: nothing is asked of it again.
        (
            "at work without one",
            vec![new(), started(), unset()],
            start(true),
            vec![],
        ),
        (
            "at work without features",
            vec![new(), started()],
            start(false),
            vec![],
        ),
        // Whoever chose none may go on without one.
        (
            "other settings",
            vec![new()],
            change(verified),
            vec!["project.settings_changed"],
        ),
        (
            "an agent is unset",
            vec![new(), changed(with(|_| ()))],
            change(Settings::default()),
            vec!["invalid"],
        ),
    ] {
        let state: Project = given(&history);
        assert_eq!(told(&state, &command), wanted, "{what}");
    }

    // Logs hold projects that worked without one: those ran the scripted one.
    for (what, history, dialect) in [
        ("started", vec![new(), started()], Dialect::Script),
        (
            "resumed",
            vec![new(), event::Resumed { why: by() }.into()],
            Dialect::Script,
        ),
        ("not started", vec![new(), target(3)], Dialect::Unset),
        ("no slot", vec![new(), target(0), started()], Dialect::Unset),
        (
            "a first slot",
            vec![new(), target(0), started(), target(1)],
            Dialect::Script,
        ),
        (
            "one that was chosen",
            vec![
                new(),
                changed(with(|settings| {
                    settings.agent = AgentSpec::of(Dialect::Claude)
                })),
                started(),
            ],
            Dialect::Claude,
        ),
    ] {
        let state: Project = given(&history);
        assert_eq!(is(&state).settings.agent.dialect, dialect, "{what}");
    }
}

#[test]
fn a_backlog_is_whole_when_no_spec_waits_to_be_one() {
    let due: Event = event::InitializationDue {
        spec: Digest::of(b"spec"),
    }
    .into();
    let begun: Event = event::InitializationStarted {
        slot_session: slot_session(1),
    }
    .into();
    let done: Event = event::Initialized { count: 3 }.into();
    let (new, existing) = (ProjectKind::New, ProjectKind::Existing);

    for (what, kind, more, wanted) in [
        ("without a spec", new, vec![], true),
        ("with a spec", new, vec![spec()], false),
        ("with a life before", existing, vec![spec()], true),
        ("asked for one", existing, vec![spec(), due.clone()], false),
        ("under way", new, vec![spec(), due.clone(), begun], false),
        ("done", new, vec![spec(), due, done], true),
    ] {
        let state: Project = given(&[vec![registered(kind)], more].concat());
        assert_eq!(is(&state).has_backlog(), wanted, "{what}");
    }
}

/// An initializer is due, and so many ended like this.
fn initializers(outcome: Outcome, count: u32) -> Vec<Event> {
    let mut events = vec![
        event::InitializationDue {
            spec: Digest::of(b"spec"),
        }
        .into(),
    ];
    for _ in 0..count {
        let slot_session = slot_session(1);
        let session = slot_session.session.clone();
        events.push(event::InitializationStarted { slot_session }.into());
        events.push(event::InitializationLapsed { session, outcome }.into());
    }
    events
}

#[test]
fn initializers_are_given_up_and_tried_anew_when_a_person_says_so() {
    let begin = Command::StartInitialization {
        slot_session: slot_session(2),
    };
    let start = Command::Start {
        by: by(),
        has_features: true,
    };
    let begins = "project.initialization_started";

    for (outcome, most) in [(Outcome::Failed, OWN_MAX), (Outcome::Lost, GONE_MAX)] {
        let before = after(initializers(outcome, most - 1));
        assert_eq!(told(&before, &begin), [begins]);
        assert_eq!(
            told(&before, &Command::AskInitialization),
            Vec::<&str>::new()
        );
        assert_eq!(told(&before, &start), Vec::<&str>::new());
        assert!(!is(&before).gave_up());

        let spent = after(initializers(outcome, most));
        assert!(is(&spent).gave_up());
        assert_eq!(told(&spent, &begin), ["not_due"]);
        assert_eq!(
            told(&spent, &Command::AskInitialization),
            ["project.initialization_due"]
        );
        assert_eq!(told(&spent, &start), ["project.renewed"]);

        // Either word is a fresh start.
        let renewed: Event = event::Renewed { by: by() }.into();
        let asked: Event = event::InitializationDue {
            spec: Digest::of(b"spec"),
        }
        .into();
        for word in [renewed, asked] {
            let mut events = initializers(outcome, most);
            events.push(word);
            let anew = after(events);
            assert!(!is(&anew).gave_up());
            assert_eq!(told(&anew, &begin), [begins]);
        }
    }

    // Nothing begins in a project that does not run.
    for pause in [
        event::EditOpened { by: by() }.into(),
        event::DrainRequested { by: by() }.into(),
        event::Stopped { by: by() }.into(),
    ] {
        let mut events = initializers(Outcome::Failed, 0);
        events.push(pause);
        assert_eq!(told(&after(events), &begin), ["not_due"]);
    }
}

fn due(step: u8) -> Event {
    event::MilestoneDue {
        step,
        as_of: Position(9),
        closed: u32::from(step),
        total: 100,
    }
    .into()
}

fn final_due() -> Event {
    event::FinalVerificationDue {
        as_of: Position(9),
        trunk_head: Some(sha('7')),
        closed: 4,
    }
    .into()
}

fn overseen(n: u8, oversight: OversightKind) -> Event {
    event::OversightStarted {
        slot_session: slot_session(n),
        oversight,
    }
    .into()
}

fn lapsed(n: u8) -> Event {
    event::OversightLapsed {
        session: session(n),
        outcome: Outcome::Failed,
    }
    .into()
}

fn settled(n: u8, covers: &[u8], findings: u32) -> Event {
    event::MilestoneSettled {
        session: session(n),
        covers: covers.to_vec(),
        report: Digest::of(b"r"),
        findings,
    }
    .into()
}

#[test]
fn a_step_is_a_tenth_that_was_reached() {
    let state = after(vec![]);
    let ask = |step, closed, total| Command::DueMilestone {
        step,
        as_of: Position(9),
        closed,
        total,
    };
    for (step, closed, total, wanted) in [
        (30, 3, 10, "project.milestone_due"),
        (30, 299, 1_000, "not_due"),
        (30, 300, 1_000, "project.milestone_due"),
        (10, 1, 10, "project.milestone_due"),
        (90, 10, 10, "project.milestone_due"),
        (0, 10, 10, "not_due"),
        (100, 10, 10, "not_due"),
        (35, 10, 10, "not_due"),
    ] {
        let found = told(&state, &ask(step, closed, total));
        assert_eq!(found, [wanted], "{step} at {closed} of {total}");
    }

    let asked_for = after(vec![due(30)]);
    for (step, wanted) in [
        (20, "step_settled"),
        (30, "step_settled"),
        (40, "project.milestone_due"),
    ] {
        assert_eq!(told(&asked_for, &ask(step, 10, 10)), [wanted], "{step}");
    }
}

#[test]
fn a_report_settles_the_steps_that_it_covers() {
    let milestone = |step| OversightKind::Milestone { step };
    let open = |events: Vec<Event>| {
        let state = after(events);
        let progress = is(&state).progress.clone();
        let due = progress.milestone.map(|due| due.step);
        (progress.settled, due, progress.rounds)
    };

    for (what, events, wanted) in [
        (
            "what was due",
            vec![
                due(20),
                overseen(1, milestone(20)),
                settled(1, &[10, 20], 3),
            ],
            (20, None, 0),
        ),
        (
            "less than is due by now",
            vec![
                due(20),
                overseen(1, milestone(20)),
                due(30),
                settled(1, &[10, 20], 0),
            ],
            (20, Some(30), 0),
        ),
        (
            "all of it, without findings",
            vec![
                due(30),
                final_due(),
                overseen(1, OversightKind::Final),
                settled(1, &[30, 100], 0),
            ],
            (90, None, 0),
        ),
        (
            "all of it, with findings",
            vec![
                final_due(),
                overseen(1, OversightKind::Final),
                settled(1, &[100], 1),
            ],
            (90, None, 1),
        ),
        (
            "nothing",
            vec![due(20), overseen(1, milestone(20)), settled(1, &[], 0)],
            (0, Some(20), 0),
        ),
    ] {
        assert_eq!(open(events), wanted, "{what}");
    }

    let looked = after(vec![
        due(20),
        overseen(1, milestone(20)),
        settled(1, &[20], 0),
    ]);
    let last = running().len() as u64 + 3;
    assert_eq!(is(&looked).progress.looked, Position(last));
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn oversight_is_given_up_after_its_bounds_and_taken_up_by_a_persons_word() {
    let start = Command::StartOversight {
        slot_session: slot_session(9),
    };
    let tried = |first: Event, kind: OversightKind, count: u32| {
        let mut events = vec![first];
        for _ in 0..count {
            events.extend([overseen(1, kind), lapsed(1)]);
        }
        events
    };
    let rounds = |count: u32, more: Vec<Event>| {
        let mut events = vec![];
        for _ in 0..count {
            events.extend([
                final_due(),
                overseen(1, OversightKind::Final),
                settled(1, &[100], 1),
            ]);
        }
        [events, more].concat()
    };
    let milestone = OversightKind::Milestone { step: 20 };
    let last = OversightKind::Final;

    for (what, events, gave_up, begins) in [
        ("a milestone", tried(due(20), milestone, 0), false, true),
        (
            "tried twice",
            tried(due(20), milestone, OWN_MAX - 1),
            false,
            true,
        ),
        (
            "tried thrice",
            tried(due(20), milestone, OWN_MAX),
            true,
            false,
        ),
        (
            "the end, twice",
            tried(final_due(), last, OWN_MAX - 1),
            false,
            true,
        ),
        (
            "the end, thrice",
            tried(final_due(), last, OWN_MAX),
            true,
            false,
        ),
        ("four rounds", rounds(4, vec![final_due()]), false, true),
        ("five rounds", rounds(5, vec![final_due()]), true, false),
        (
            "five rounds, and nothing due",
            rounds(5, vec![]),
            false,
            false,
        ),
        (
            "five rounds, and a step due",
            rounds(5, vec![due(90)]),
            false,
            true,
        ),
    ] {
        let state = after(events.clone());
        assert_eq!(is(&state).gave_up(), gave_up, "{what}");
        let begun = told(&state, &start) == ["project.oversight_started"];
        assert_eq!(begun, begins, "{what}");

        let word = event::Renewed { by: by() }.into();
        let anew = after([events, vec![word]].concat());
        assert!(!is(&anew).gave_up(), "{what}");
        assert_eq!(is(&anew).progress.rounds, 0, "{what}");
        let begins = begins || gave_up;
        let begun = told(&anew, &start) == ["project.oversight_started"];
        assert_eq!(begun, begins, "{what}, anew");
    }

    let one_runs = after(vec![due(20), overseen(1, milestone)]);
    assert_eq!(told(&one_runs, &start), ["underway"]);
    let edited = after(vec![due(20), event::EditOpened { by: by() }.into()]);
    assert_eq!(told(&edited, &start), ["not_due"]);
    // Of two the end comes first.
    let both = after(vec![due(20), final_due()]);
    assert_eq!(is(&both).next_oversight(), Some(OversightKind::Final));
}

fn trouble(retry_at: Option<i64>, probe: bool) -> Event {
    event::TroubleReported {
        thing: Thing::Setup,
        detail: "exit code 1".into(),
        retry_at: retry_at.map(Timestamp),
        session: session(1),
        feature: Some("f1".parse::<FeatureId>().expect("an id")),
        probe,
    }
    .into()
}

/// With a setup command, the trouble of that.
fn troubled(more: Vec<Event>) -> Project {
    let set = changed(with(|settings| settings.setup = Some("make deps".into())));
    after([vec![set], more].concat())
}

#[test]
fn a_trouble_that_is_seen_again_is_the_same_trouble() {
    let state = troubled(vec![
        trouble(None, false),
        trouble(Some(5), true),
        trouble(None, true),
    ]);
    let known = is(&state).trouble_of(&Thing::Setup).expect("in trouble");
    let first = i64::try_from(running().len() + 2).expect("small") * 1_000_000;
    assert_eq!(known.since, Timestamp(first), "since it was seen first");
    assert_eq!(
        known.at,
        Timestamp(first + 2_000_000),
        "when it was seen last"
    );
    assert_eq!(known.probes, 2);
    assert_eq!(is(&state).troubles.len(), 1);

    let ended = event::TroubleEnded {
        thing: Thing::Setup,
        why: "it worked".into(),
    };
    let over = troubled(vec![
        trouble(None, false),
        ended.into(),
        trouble(None, false),
    ]);
    let known = is(&over).trouble_of(&Thing::Setup).expect("in trouble");
    assert_eq!(known.since, known.at, "another one");
}

#[test]
fn what_a_person_changes_is_tried_at_once() {
    let own = OwnTime::new(Timestamp(99_000_000), &[], &[]);
    let next = |more: Vec<Event>| {
        let state = troubled([vec![trouble(Some(50_000_000), false)], more].concat());
        let known = is(&state).trouble_of(&Thing::Setup).expect("in trouble");
        (known.next_probe(&own), known.at)
    };
    let other = changed(with(|settings| settings.setup = Some("make all".into())));
    let (waits, _) = next(vec![]);
    assert_eq!(waits, Timestamp(50_000_000));
    for word in [other, event::ProbeAsked { by: by() }.into()] {
        let (at_once, seen) = next(vec![word]);
        assert_eq!(at_once, seen);
    }
}

#[test]
fn a_trouble_says_whose_it_may_be_and_how_long_it_takes() {
    let said = |event: Event| {
        let state = troubled(vec![event]);
        is(&state).trouble_of(&Thing::Setup).expect("one").told()
    };
    let whole = said(trouble(Some(1_700_000_000_000_000), false));
    for part in [
        "`project set --setup`",
        "exit code 1",
        " on f1, which may be edited or withdrawn",
        "; it says to wait until 2023-11-14 22:13 UTC",
    ] {
        assert!(whole.contains(part), "{part}: {whole}");
    }
    let bare = said(trouble(None, false));
    assert!(!bare.contains("to wait until"), "{bare}");
}

#[test]
fn days_are_counted_over_months_and_leap_years() {
    let day = |n: i64| utc(Timestamp(n * 86_400_000_000));
    for (days, wanted) in [
        (0, "1970-01-01 00:00 UTC"),
        (-1, "1969-12-31 00:00 UTC"),
        (58, "1970-02-28 00:00 UTC"),
        (59, "1970-03-01 00:00 UTC"),
        (89, "1970-03-31 00:00 UTC"),
        (90, "1970-04-01 00:00 UTC"),
        (120, "1970-05-01 00:00 UTC"),
        (151, "1970-06-01 00:00 UTC"),
        (181, "1970-07-01 00:00 UTC"),
        (212, "1970-08-01 00:00 UTC"),
        (243, "1970-09-01 00:00 UTC"),
        (273, "1970-10-01 00:00 UTC"),
        (304, "1970-11-01 00:00 UTC"),
        (334, "1970-12-01 00:00 UTC"),
        (789, "1972-02-29 00:00 UTC"),
        (790, "1972-03-01 00:00 UTC"),
        (11_016, "2000-02-29 00:00 UTC"),
        (11_017, "2000-03-01 00:00 UTC"),
        (47_540, "2100-02-28 00:00 UTC"),
        (47_541, "2100-03-01 00:00 UTC"),
    ] {
        assert_eq!(day(days), wanted, "{days}");
    }
}

#[test]
fn a_report_is_news_once_for_those_who_were_at_work() {
    let report = |retry_at: Option<i64>, since: i64| Command::ReportTrouble {
        thing: Thing::Setup,
        detail: "exit code 1".into(),
        retry_at: retry_at.map(Timestamp),
        session: session(2),
        feature: None,
        since: Timestamp(since),
    };
    let state = troubled(vec![trouble(Some(5), false)]);
    let seen = is(&state).trouble_of(&Thing::Setup).expect("one").at.0;
    let probe = |command: &Command| match state.decide(command, NOW).expect("taken").as_slice() {
        [] => None,
        [Event::TroubleReported(reported)] => Some(reported.probe),
        other => panic!("{other:?}"),
    };

    for (what, command, wanted) in [
        (
            "begun before, the same wait",
            report(Some(5), seen - 1),
            None,
        ),
        ("begun before, no wait", report(None, seen - 1), None),
        (
            "begun before, a longer wait",
            report(Some(6), seen - 1),
            Some(false),
        ),
        ("begun right then", report(Some(5), seen), Some(true)),
        ("begun since", report(None, seen + 1), Some(true)),
    ] {
        assert_eq!(probe(&command), wanted, "{what}");
    }
}

/// Whatever is folded before a project is there, or after it is gone, changes nothing.
#[test]
fn nothing_happens_to_what_is_not_there() {
    let moment = Moment {
        position: Position(1),
        version: Version(1),
        at: NOW,
    };
    for event in [started(), spec(), event::Deleted { by: by() }.into()] {
        let mut unknown = Project::Unknown;
        unknown.evolve(&event, moment);
        assert_eq!(unknown, Project::Unknown);
    }
    let mut deleted = Project::Deleted;
    deleted.evolve(&registered(ProjectKind::New), moment);
    assert_eq!(deleted, Project::Deleted);
}
