//! Commands behind the events of a project.

use super::Redo;
use crate::id::Timestamp;
use crate::project::event::Event;
use crate::project::{Command, Project};

impl Redo for Project {
    fn candidates(&self, events: &[Event]) -> Vec<Command> {
        let Some(first) = events.first() else {
            return vec![];
        };

        // At most one of these knows it.
        let known = [intended, given, initialized, overseen];
        let mut commands: Vec<_> = known.iter().filter_map(|of| of(first)).collect();
        if matches!(first, Event::InitializationDue(_)) {
            commands.push(Command::AskInitialization);
        }
        commands
    }
}

/// What somebody wants of the project.
fn intended(event: &Event) -> Option<Command> {
    Some(match event {
        // Where it starts without features, it has a spec.
        Event::Started(started) => Command::Start {
            by: started.by.clone(),
            has_features: true,
        },
        Event::Renewed(renewed) => Command::Start {
            by: renewed.by.clone(),
            has_features: true,
        },
        Event::DrainRequested(asked) => Command::Drain {
            by: asked.by.clone(),
        },
        Event::Stopped(stopped) => Command::Stop {
            by: stopped.by.clone(),
        },
        Event::Deleted(deleted) => Command::Delete {
            by: deleted.by.clone(),
        },

        Event::Resumed(resumed) => Command::Resume {
            why: resumed.why.clone(),
        },
        Event::EditOpened(opened) => Command::OpenEdit {
            by: opened.by.clone(),
        },
        Event::EditSaved(saved) => Command::SaveEdit {
            by: saved.by.clone(),
        },
        Event::EditDiscarded(discarded) => Command::DiscardEdit {
            by: discarded.by.clone(),
        },
        _ => return None,
    })
}

/// What the project is given, and what is seen of what it needs.
fn given(event: &Event) -> Option<Command> {
    Some(match event {
        Event::Registered(registered) => Command::Register {
            git_url: registered.git_url.clone(),
            kind: registered.kind,
        },
        Event::Relocated(relocated) => Command::Relocate {
            git_url: relocated.git_url.clone(),
            by: relocated.by.clone(),
        },
        Event::Cloned(cloned) => Command::RecordClone {
            branch: cloned.branch.clone(),
            head: cloned.head.clone(),
            setup: cloned.setup.clone(),
        },
        Event::CloneFailed(failed) => Command::FailClone {
            reason: failed.reason.clone(),
        },
        Event::SpecWritten(written) => Command::WriteSpec {
            digest: written.digest,
            bytes: written.bytes,
        },
        Event::SettingsChanged(changed) => Command::ChangeSettings {
            settings: changed.settings.clone(),
        },

        Event::TargetSet(set) => Command::SetTarget { count: set.count },
        Event::TroubleReported(reported) => Command::ReportTrouble {
            thing: reported.thing.clone(),
            detail: reported.detail.clone(),
            retry_at: reported.retry_at,
            session: reported.session.clone(),
            feature: reported.feature.clone(),
            since: since(reported.probe),
        },
        Event::TroubleEnded(ended) => Command::EndTrouble {
            thing: ended.thing.clone(),
            why: ended.why.clone(),
        },
        Event::ProbeAsked(asked) => Command::AskProbe {
            by: asked.by.clone(),
        },
        _ => return None,
    })
}

/// When a session that reports trouble began: after what was known, if it was its probe.
fn since(is_probe: bool) -> Timestamp {
    match is_probe {
        true => Timestamp(i64::MAX),
        false => Timestamp(i64::MIN),
    }
}

fn initialized(event: &Event) -> Option<Command> {
    Some(match event {
        Event::InitializationDue(_) => Command::DueInitialization,
        Event::InitializationStarted(started) => Command::StartInitialization {
            slot_session: started.slot_session.clone(),
        },
        Event::InitializationLapsed(lapsed) => Command::LapseInitialization {
            session: lapsed.session.clone(),
            outcome: lapsed.outcome,
        },

        Event::BacklogProposed(proposed) => Command::ProposeBacklog {
            session: proposed.session.clone(),
            digest: proposed.digest,
            count: proposed.count,
        },
        Event::Initialized(initialized) => Command::FinishInitialization {
            count: initialized.count,
        },
        _ => return None,
    })
}

fn overseen(event: &Event) -> Option<Command> {
    Some(match event {
        Event::MilestoneDue(due) => Command::DueMilestone {
            step: due.step,
            as_of: due.as_of,
            closed: due.closed,
            total: due.total,
        },
        Event::FinalVerificationDue(due) => Command::DueFinal {
            as_of: due.as_of,
            trunk_head: due.trunk_head.clone(),
            closed: due.closed,
        },
        Event::OversightStarted(started) => Command::StartOversight {
            slot_session: started.slot_session.clone(),
        },

        Event::OversightLapsed(lapsed) => Command::LapseOversight {
            session: lapsed.session.clone(),
            outcome: lapsed.outcome,
        },
        Event::MilestoneSettled(settled) => Command::SettleOversight {
            session: settled.session.clone(),
            report: settled.report,
            findings: settled.findings,
        },
        _ => return None,
    })
}
