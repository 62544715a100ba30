//! Samples of what happens to a project.

use super::parts::*;
use crate::id::Timestamp;
use crate::outcome::Outcome;
use crate::project;
use crate::project::event as p;
use crate::stream::Position;

#[expect(clippy::too_many_lines, reason = "a sample of each kind")]
pub(crate) fn projects() -> Vec<project::Event> {
    let by = || text("ann");

    vec![
        p::Registered {
            git_url: text("/srv/up.git"),
            kind: p::ProjectKind::New,
        }
        .into(),
        p::Cloned {
            branch: text("main"),
            head: Some(sha('a')),
            setup: None,
        }
        .into(),
        p::CloneFailed {
            reason: text("gone"),
        }
        .into(),
        p::SpecWritten {
            digest: digest(),
            bytes: 120,
        }
        .into(),
        p::SettingsChanged {
            settings: Box::new(settings()),
        }
        .into(),
        p::TargetSet { count: 3 }.into(),
        p::Started { by: by() }.into(),
        p::Renewed { by: by() }.into(),
        p::Relocated {
            git_url: "https://example.org/moved.git".into(),
            by: by(),
        }
        .into(),
        p::DrainRequested { by: by() }.into(),
        p::Stopped { by: by() }.into(),
        p::EditOpened { by: by() }.into(),
        p::EditSaved { by: by() }.into(),
        p::EditDiscarded { by: by() }.into(),
        p::InitializationDue { spec: digest() }.into(),
        p::InitializationStarted {
            slot_session: slot_session(),
        }
        .into(),
        p::InitializationLapsed {
            session: session(),
            outcome: Outcome::Lost,
        }
        .into(),
        p::BacklogProposed {
            session: session(),
            digest: digest(),
            count: 12,
        }
        .into(),
        p::Initialized { count: 12 }.into(),
        p::MilestoneDue {
            step: 30,
            as_of: Position(88),
            closed: 4,
            total: 12,
        }
        .into(),
        p::OversightStarted {
            slot_session: slot_session(),
            oversight: p::OversightKind::Milestone { step: 30 },
        }
        .into(),
        p::OversightLapsed {
            session: session(),
            outcome: Outcome::TimedOut,
        }
        .into(),
        p::MilestoneSettled {
            session: session(),
            covers: vec![10, 20, 30],
            report: digest(),
            findings: 1,
        }
        .into(),
        p::FinalVerificationDue {
            as_of: Position(99),
            trunk_head: Some(sha('b')),
            closed: 12,
        }
        .into(),
        p::Completed {
            as_of: Position(99),
            trunk_head: None,
        }
        .into(),
        p::Resumed {
            why: text("1 of 13 features are open again"),
        }
        .into(),
        p::Deleted { by: by() }.into(),
        p::TroubleReported {
            thing: project::Thing::Provider {
                name: text("anthropic"),
            },
            detail: text("it answered 429"),
            retry_at: Some(Timestamp(7)),
            session: session(),
            feature: Some(id("feat-a")),
            probe: true,
        }
        .into(),
        p::TroubleEnded {
            thing: project::Thing::Tool {
                name: text("claude"),
            },
            why: text("it worked"),
        }
        .into(),
        p::ProbeAsked { by: by() }.into(),
    ]
}
