//! Given events, when a command, then events or a refusal: every cell of `docs/states/project.md`,
//! and the milestones.

use super::event::{self, OversightKind};
use super::*;
use crate::aggregate::Aggregate;
use crate::grid::{assert_documented, given};
use crate::holder::SlotSession;
use crate::id::{Digest, SessionId, SlotNo, Timestamp};
use crate::outcome::Outcome;
use crate::settings::{AgentSpec, Dialect, Settings};
use crate::stream::Position;

fn slot_session(n: u8) -> SlotSession {
    SlotSession {
        n: SlotNo(1),
        session: SessionId::from_bytes([n; 10]),
    }
}
fn by() -> String {
    "me".into()
}
fn registered() -> Vec<Event> {
    vec![
        event::Registered {
            git_url: "/srv/up.git".into(),
            kind: ProjectKind::New,
        }
        .into(),
    ]
}
fn spec() -> Event {
    event::SpecWritten {
        digest: Digest::of(b"spec"),
        bytes: 4,
    }
    .into()
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
        trunk_head: None,
        closed: 4,
    }
    .into()
}
fn oversight(n: u8, oversight: OversightKind) -> Event {
    event::OversightStarted {
        slot_session: slot_session(n),
        oversight,
    }
    .into()
}
fn settled(n: u8, covers: &[u8], findings: u32) -> Event {
    event::MilestoneSettled {
        session: slot_session(n).session,
        covers: covers.to_vec(),
        report: Digest::of(b"r"),
        findings,
    }
    .into()
}
fn with(base: &[Event], more: Vec<Event>) -> Vec<Event> {
    [base.to_vec(), more].concat()
}
fn running() -> Vec<Event> {
    let cloned = event::Cloned {
        branch: "main".into(),
        head: None,
        setup: None,
    }
    .into();
    let set = event::SettingsChanged {
        settings: Box::new(with_setup()),
    };

    with(
        &registered(),
        vec![
            set.into(),
            cloned,
            spec(),
            event::Started { by: by() }.into(),
        ],
    )
}

fn with_setup() -> Settings {
    Settings {
        setup: Some("make deps".into()),
        ..chosen()
    }
}

fn chosen() -> Settings {
    Settings {
        agent: AgentSpec::of(Dialect::Script),
        ..Settings::default()
    }
}

#[test]
fn nothing_is_started_without_an_agent_that_somebody_chose() {
    let now = Timestamp(1);
    let start = Command::Start {
        by: by(),
        has_features: true,
    };
    let fresh = registered();
    let refused = given::<Project>(&fresh).decide(&start, now);
    assert_eq!(refused, Err(Refusal::NoAgent));

    // With no slot at all people from outside may do the work; the first slot needs an agent.
    let bare = with(&fresh, vec![event::TargetSet { count: 0 }.into()]);
    let events = given::<Project>(&bare)
        .decide(&start, now)
        .expect("started");
    let running = with(&bare, events);
    let one = Command::SetTarget { count: 1 };
    let refused = given::<Project>(&running).decide(&one, now);
    assert_eq!(refused, Err(Refusal::NoAgent));
    let none = Command::SetTarget { count: 0 };
    assert_eq!(given::<Project>(&running).decide(&none, now), Ok(vec![]));

    // Settings that say nothing of an agent choose none.
    let verified = event::SettingsChanged {
        settings: Box::new(Settings {
            verify: Some("make test".into()),
            ..Settings::default()
        }),
    };
    let verified = with(&fresh, vec![verified.into()]);
    let refused = given::<Project>(&verified).decide(&start, now);
    assert_eq!(refused, Err(Refusal::NoAgent));

    let choose = Command::ChangeSettings {
        settings: Box::new(chosen()),
    };
    let events = given::<Project>(&fresh).decide(&choose, now);
    let events = events.expect("chosen");
    assert_eq!(events.len(), 1, "the scripted one is a choice as well");
    let ready: Project = given(&with(&fresh, events));
    assert!(ready.decide(&start, now).is_ok());
}

#[test]
fn a_start_that_was_recorded_without_a_choice_runs_the_scripted_agent() {
    let started = event::Started { by: by() }.into();
    let old: Project = given(&with(&registered(), vec![started]));
    let settings = &old.registered().expect("registered").settings;
    assert_eq!(settings.agent.dialect, Dialect::Script);
}

#[test]
fn a_trouble_of_what_nobody_needs_is_none() {
    let tool = Command::ReportTrouble {
        thing: Thing::Tool {
            name: "nobody's".into(),
        },
        detail: "exit code 1".into(),
        retry_at: None,
        session: slot_session(1).session,
        feature: None,
        since: Timestamp(1),
    };
    let now = Timestamp(2_000_000);
    let project: Project = given(&running());
    assert_eq!(project.decide(&tool, now).expect("accepted"), vec![]);

    // A change of the settings ends what nothing would show to be mended.
    let reported = project.decide(&trouble(1, 1), now).expect("reported");
    let troubled: Project = given(&with(&running(), reported));
    let unset = Command::ChangeSettings {
        settings: Box::new(chosen()),
    };
    let changed = troubled.decide(&unset, now).expect("changed");
    assert!(matches!(
        changed.as_slice(),
        [Event::SettingsChanged(_), Event::TroubleEnded(_)]
    ));
}

#[test]
fn a_probe_that_is_asked_for_already_is_asked_for() {
    let now = Timestamp(2_000_000);
    let reported = given::<Project>(&running()).decide(&trouble(1, 1), now);
    let troubled = with(&running(), reported.expect("reported"));
    let ask = Command::AskProbe { by: by() };
    let asked = given::<Project>(&troubled)
        .decide(&ask, now)
        .expect("asked");
    assert_eq!(asked.len(), 1);
    let again = given::<Project>(&with(&troubled, asked)).decide(&ask, now);
    assert_eq!(again.expect("a repeat"), vec![]);
}

fn trouble(n: u8, second: i64) -> Command {
    Command::ReportTrouble {
        thing: Thing::Setup,
        detail: "exit code 1".into(),
        retry_at: None,
        session: slot_session(n).session,
        feature: None,
        since: Timestamp(second * 1_000_000),
    }
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub(crate) fn logs() -> Vec<(&'static str, Vec<Event>)> {
    let running = running();
    let initializing = with(
        &running,
        vec![
            event::InitializationDue {
                spec: Digest::of(b"spec"),
            }
            .into(),
            event::InitializationStarted {
                slot_session: slot_session(1),
            }
            .into(),
        ],
    );
    let proposed = event::BacklogProposed {
        session: slot_session(1).session,
        digest: Digest::of(b"b"),
        count: 3,
    };
    let proposed = with(&initializing, vec![proposed.into()]);
    let overseen = with(
        &running,
        vec![due(20), oversight(2, OversightKind::Milestone { step: 20 })],
    );
    let last = with(
        &running,
        vec![final_due(), oversight(2, OversightKind::Final)],
    );
    let completed = with(
        &last,
        vec![
            settled(2, &[10, 100], 0),
            event::Completed {
                as_of: Position(9),
                trunk_head: None,
            }
            .into(),
        ],
    );
    let troubled = event::TroubleReported {
        thing: Thing::Setup,
        detail: "exit code 1".into(),
        retry_at: None,
        session: slot_session(1).session,
        feature: None,
        probe: false,
    };
    let troubled = with(&running, vec![troubled.into()]);

    vec![
        ("new", vec![]),
        ("registered", registered()),
        (
            "clone failed",
            with(
                &registered(),
                vec![
                    event::CloneFailed {
                        reason: "no such path".into(),
                    }
                    .into(),
                ],
            ),
        ),
        (
            "stopped",
            with(&running, vec![event::Stopped { by: by() }.into()]),
        ),
        ("running", running.clone()),
        (
            "editing",
            with(&running, vec![event::EditOpened { by: by() }.into()]),
        ),
        (
            "draining",
            with(&running, vec![event::DrainRequested { by: by() }.into()]),
        ),
        ("initializing", initializing.clone()),
        ("proposed", proposed.clone()),
        ("milestone due", with(&running, vec![due(20)])),
        ("overseen", overseen.clone()),
        ("final", last.clone()),
        ("troubled", troubled.clone()),
        ("completed", completed.clone()),
        (
            "deleted",
            with(&registered(), vec![event::Deleted { by: by() }.into()]),
        ),
    ]
}

pub(crate) fn states() -> Vec<(&'static str, Project)> {
    let logs = logs().into_iter();
    logs.map(|(name, log)| (name, given(&log))).collect()
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub(crate) fn commands() -> Vec<(&'static str, Command)> {
    use Command as C;
    let settings = Settings {
        verify: Some("make test".into()),
        ..chosen()
    };
    let bad = AgentSpec::of(Dialect::Command);
    let wrong = Settings {
        agent: bad,
        ..Settings::default()
    };
    let session = |n: u8| slot_session(n).session;

    vec![
        (
            "register",
            C::Register {
                git_url: "/srv/up.git".into(),
                kind: ProjectKind::New,
            },
        ),
        (
            "relocate",
            C::Relocate {
                git_url: "/srv/moved.git".into(),
                by: "me".into(),
            },
        ),
        (
            "relocate to where it is",
            C::Relocate {
                git_url: "/srv/up.git".into(),
                by: "me".into(),
            },
        ),
        (
            "relocate nowhere",
            C::Relocate {
                git_url: "-oops".into(),
                by: "me".into(),
            },
        ),
        (
            "record clone",
            C::RecordClone {
                branch: "main".into(),
                head: None,
                setup: None,
            },
        ),
        (
            "fail clone",
            C::FailClone {
                reason: "gone".into(),
            },
        ),
        (
            "write spec",
            C::WriteSpec {
                digest: Digest::of(b"other"),
                bytes: 5,
            },
        ),
        (
            "change settings",
            C::ChangeSettings {
                settings: Box::new(settings),
            },
        ),
        (
            "change settings (no agent)",
            C::ChangeSettings {
                settings: Box::new(Settings::default()),
            },
        ),
        (
            "change settings (wrong)",
            C::ChangeSettings {
                settings: Box::new(wrong),
            },
        ),
        ("set target", C::SetTarget { count: 3 }),
        ("set target (above the limit)", C::SetTarget { count: 11 }),
        (
            "start",
            C::Start {
                by: by(),
                has_features: true,
            },
        ),
        (
            "start (no feature)",
            C::Start {
                by: by(),
                has_features: false,
            },
        ),
        ("drain", C::Drain { by: by() }),
        ("stop", C::Stop { by: by() }),
        ("open edit", C::OpenEdit { by: by() }),
        ("save edit", C::SaveEdit { by: by() }),
        ("discard edit", C::DiscardEdit { by: by() }),
        ("due initialization", C::DueInitialization),
        ("ask initialization", C::AskInitialization),
        (
            "start initialization",
            C::StartInitialization {
                slot_session: slot_session(1),
            },
        ),
        (
            "lapse initialization",
            C::LapseInitialization {
                session: session(1),
                outcome: Outcome::Failed,
            },
        ),
        (
            "propose backlog",
            C::ProposeBacklog {
                session: session(1),
                digest: Digest::of(b"b"),
                count: 3,
            },
        ),
        (
            "propose backlog (wrong session)",
            C::ProposeBacklog {
                session: session(9),
                digest: Digest::of(b"b"),
                count: 3,
            },
        ),
        (
            "finish initialization",
            C::FinishInitialization { count: 3 },
        ),
        (
            "due milestone 30",
            C::DueMilestone {
                step: 30,
                as_of: Position(9),
                closed: 4,
                total: 12,
            },
        ),
        (
            "due milestone 30 (too early)",
            C::DueMilestone {
                step: 30,
                as_of: Position(9),
                closed: 3,
                total: 12,
            },
        ),
        (
            "due milestone 20",
            C::DueMilestone {
                step: 20,
                as_of: Position(9),
                closed: 4,
                total: 12,
            },
        ),
        (
            "due final",
            C::DueFinal {
                as_of: Position(9),
                trunk_head: None,
                closed: 12,
            },
        ),
        (
            "start oversight",
            C::StartOversight {
                slot_session: slot_session(2),
            },
        ),
        (
            "lapse oversight",
            C::LapseOversight {
                session: session(2),
                outcome: Outcome::Lost,
            },
        ),
        (
            "settle oversight",
            C::SettleOversight {
                session: session(2),
                report: Digest::of(b"r"),
                findings: 0,
            },
        ),
        (
            "settle oversight (findings)",
            C::SettleOversight {
                session: session(2),
                report: Digest::of(b"r"),
                findings: 2,
            },
        ),
        (
            "settle oversight (wrong session)",
            C::SettleOversight {
                session: session(9),
                report: Digest::of(b"r"),
                findings: 0,
            },
        ),
        (
            "resume",
            C::Resume {
                why: "a new feature".into(),
            },
        ),
        ("report trouble", trouble(1, 1)),
        ("report trouble (a probe)", trouble(2, 99)),
        (
            "end trouble",
            C::EndTrouble {
                thing: Thing::Setup,
                why: "it worked".into(),
            },
        ),
        ("ask probe", C::AskProbe { by: by() }),
        ("delete", C::Delete { by: by() }),
    ]
}

#[test]
fn grid() {
    assert_documented("project", &states(), &commands());
}

#[test]
fn credentials_in_a_url_never_reach_the_log() {
    for url in [
        "https://ann:secret@host/x.git",
        "https://token@host/x.git",
        "ssh://ann:pw@host/x",
        "",
        "-x",
        "a\nb",
    ] {
        let register = Command::Register {
            git_url: url.into(),
            kind: ProjectKind::New,
        };
        assert!(
            matches!(
                Project::Unknown.decide(&register, Timestamp(0)),
                Err(Refusal::Invalid { .. })
            ),
            "{url}"
        );
    }

    for url in [
        "/srv/x.git",
        "file:///srv/x.git",
        "https://host/x.git",
        "ssh://git@host/x",
        "git@host:x.git",
    ] {
        let register = Command::Register {
            git_url: url.into(),
            kind: ProjectKind::New,
        };
        assert!(
            Project::Unknown.decide(&register, Timestamp(0)).is_ok(),
            "{url}"
        );
    }
}

#[test]
fn several_steps_at_once_are_one_run_that_covers_them() {
    let state = given::<Project>(&with(
        &running(),
        vec![due(30), oversight(2, OversightKind::Milestone { step: 30 })],
    ));

    let settle = Command::SettleOversight {
        session: slot_session(2).session,
        report: Digest::of(b"r"),
        findings: 0,
    };
    assert_eq!(
        state.decide(&settle, Timestamp(0)),
        Ok(vec![settled(2, &[10, 20, 30], 0)])
    );
}

#[test]
fn the_final_run_covers_what_is_unsettled_and_completes() {
    let events = vec![
        due(10),
        oversight(1, OversightKind::Milestone { step: 10 }),
        settled(1, &[10], 0),
        final_due(),
    ];
    let state = given::<Project>(&with(
        &running(),
        [events, vec![oversight(2, OversightKind::Final)]].concat(),
    ));
    let settle = Command::SettleOversight {
        session: slot_session(2).session,
        report: Digest::of(b"r"),
        findings: 0,
    };

    let completed = event::Completed {
        as_of: Position(9),
        trunk_head: None,
    }
    .into();
    let covers = [20, 30, 40, 50, 60, 70, 80, 90, 100];
    assert_eq!(
        state.decide(&settle, Timestamp(0)),
        Ok(vec![settled(2, &covers, 0), completed])
    );
}

#[test]
fn findings_keep_the_project_open_and_five_rounds_are_the_bound() {
    let mut events = running();
    for n in 1..=5 {
        events.extend([
            final_due(),
            oversight(n, OversightKind::Final),
            settled(n, &[100], 1),
        ]);
    }
    let state = given::<Project>(&with(&events, vec![final_due()]));
    let registered = state.registered().expect("registered");
    assert_eq!(registered.progress.rounds, 5);
    assert_eq!(registered.next_oversight(), None);
}

#[test]
fn a_settled_step_is_never_due_again() {
    let state = given::<Project>(&with(
        &running(),
        vec![
            due(50),
            oversight(1, OversightKind::Milestone { step: 50 }),
            settled(1, &[50], 0),
        ],
    ));

    let again = Command::DueMilestone {
        step: 50,
        as_of: Position(20),
        closed: 60,
        total: 100,
    };
    assert_eq!(
        state.decide(&again, Timestamp(0)),
        Err(Refusal::StepSettled { step: 50 })
    );
}

/// The setup command that lock files suggest holds where nobody set one, and can be taken out for
/// good.
#[test]
fn a_suggested_setup_never_stands_in_for_one_that_was_set() {
    let set = |setup: Option<&str>| -> Event {
        let settings = Settings {
            setup: setup.map(str::to_owned),
            ..Settings::default()
        };
        let settings = Box::new(settings);
        event::SettingsChanged { settings }.into()
    };
    let copied = |setup: Option<String>| -> Event {
        let (branch, head) = ("main".into(), None);
        event::Cloned {
            branch,
            head,
            setup,
        }
        .into()
    };
    let suggested = || copied(Some("npm ci".into()));

    for (history, expected) in [
        (vec![copied(None)], None),
        (vec![suggested()], Some("npm ci")),
        (vec![set(Some("make deps")), suggested()], Some("make deps")),
        (vec![suggested(), set(Some("make deps"))], Some("make deps")),
        (vec![suggested(), set(None)], None),
    ] {
        let state = given::<Project>(&with(&registered(), history));
        let settings = &state.registered().expect("registered").settings;
        assert_eq!(settings.setup.as_deref(), expected);
    }

    // An upstream that was empty suggests once, when it has files.
    let begun = |setup: &str| Command::RecordClone {
        branch: "main".into(),
        head: "1".repeat(40).parse().ok(),
        setup: Some(setup.to_owned()),
    };
    let empty = with(&registered(), vec![copied(None)]);
    let first = given::<Project>(&empty).decide(&begun("npm ci"), Timestamp(1));
    let first = first.expect("it has files now");

    for (history, more) in [
        (with(&empty, first), "yarn install"),
        (with(&empty, vec![set(Some("make deps"))]), "npm ci"),
    ] {
        let decided = given::<Project>(&history).decide(&begun(more), Timestamp(1));
        assert_eq!(decided, Err(Refusal::AlreadyCloned));
    }

    let long = Command::RecordClone {
        branch: "main".into(),
        head: None,
        setup: Some("x".repeat(10_000)),
    };
    let decided = given::<Project>(&registered()).decide(&long, Timestamp(1));
    assert_eq!(decided.expect("accepted"), vec![copied(None)]);
}
