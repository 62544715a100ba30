//! What recorded sessions did, as scripts for sessions of another course: what, and how long after
//! their container started.

use std::collections::BTreeMap;

use events::container::{self, Slot, SlotState};
use events::holder::Role;
use events::id::{FeatureId, ProjectName, SessionId, SlotNo, Timestamp};
use events::outcome::Outcome;
use events::policy::AnyCommand;
use events::stream::StreamId;
use events::view::Projections;

use super::record::{Act, Source};

/// The kind of work that a session did: a session does what another one of the same did.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) role: Role,
    pub(super) feature: Option<FeatureId>,
}

/// Something that a session did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Deed {
    /// How long after its container had started, in microseconds.
    pub(super) after: i64,
    /// The place of what it recorded, among the acts of the record.
    pub(super) act: usize,
}

/// The way in which a container went.
#[derive(Debug, Clone)]
pub(super) struct Gone {
    /// How long after its start, in microseconds.
    pub(super) after: i64,
    /// What was recorded of it.
    pub(super) command: container::Command,
}

/// What a session did.
#[derive(Debug, Clone)]
pub(super) struct Script {
    pub(super) key: Key,
    /// When its container had started; the beginning of time before that is recorded.
    pub(super) started: Timestamp,
    pub(super) deeds: Vec<Deed>,
    /// How it ended by its own word.
    pub(super) outcome: Option<Outcome>,
    /// How its container went.
    pub(super) gone: Option<Gone>,
}

impl Script {
    fn of(role: Role, feature: Option<FeatureId>) -> Self {
        Self {
            key: Key { role, feature },
            started: Timestamp(0),
            deeds: vec![],
            outcome: None,
            gone: None,
        }
    }

    /// Whether the record has all of it, to its end.
    pub(super) fn is_whole(&self) -> bool {
        self.started.0 > 0 && (self.outcome.is_some() || self.gone.is_some())
    }

    /// Whether somebody ended it, so that nobody knows what it would have come to.
    pub(super) fn was_cut_off(&self) -> bool {
        matches!(
            self.outcome,
            Some(Outcome::Interrupted | Outcome::Stopped) | None
        )
    }

    /// Scripts of the sessions that are at work where a record begins.
    pub(super) fn under_way(
        projections: &Projections,
        project: &ProjectName,
    ) -> BTreeMap<SessionId, Self> {
        let Some(view) = projections.projects.get(project) else {
            return BTreeMap::new();
        };

        let jobs = view.enlisted().filter_map(|(_, slot, _)| {
            let job = slot.job()?;
            let mut script = Self::of(job.role, job.feature.clone());
            script.started = started(slot);
            Some((job.session.clone(), script))
        });
        jobs.collect()
    }

    /// Notes something that was recorded, before the projections hold it.
    pub(super) fn note(
        scripts: &mut BTreeMap<SessionId, Self>,
        projections: &Projections,
        project: &ProjectName,
        (place, act): (usize, &Act),
    ) {
        if let Some(AnyCommand::Container(container::Command::Assign { assignment })) = &act.command
        {
            let script = Self::of(assignment.role, assignment.feature.clone());
            scripts.insert(assignment.session.clone(), script);
            return;
        }

        let session = match (&act.source, &act.stream) {
            (Source::Session(session), _) => Some(session.clone()),
            (_, StreamId::Container(_, n)) => session_in(projections, project, *n),
            _ => None,
        };
        let Some(script) = session.and_then(|session| scripts.get_mut(&session)) else {
            return;
        };
        script.add(place, act);
    }

    fn add(&mut self, place: usize, act: &Act) {
        let after = act.at.0 - self.started.0;

        match &act.command {
            Some(AnyCommand::Container(command)) => match command {
                container::Command::RecordStarted { .. } => self.started = act.at,
                container::Command::RecordExited { .. } | container::Command::RecordLost { .. } => {
                    let command = command.clone();
                    self.gone = Some(Gone { after, command });
                }
                container::Command::EndSession { outcome, .. } => {
                    self.outcome = Some(*outcome);
                    self.deeds.push(Deed { after, act: place });
                }
                container::Command::BeginSession { .. }
                | container::Command::MeterUsage { .. }
                | container::Command::RecordEgress { .. } => {
                    self.deeds.push(Deed { after, act: place });
                }
                // Asked for by others, or left to whoever keeps the container.
                _ => {}
            },
            Some(_) if matches!(act.source, Source::Session(_)) => {
                self.deeds.push(Deed { after, act: place });
            }
            Some(_) | None => {}
        }
    }
}

fn started(slot: &Slot) -> Timestamp {
    match &slot.state {
        SlotState::Running { at, .. } => *at,
        _ => Timestamp(0),
    }
}

fn session_in(projections: &Projections, project: &ProjectName, n: SlotNo) -> Option<SessionId> {
    let slot = projections.projects.get(project)?.slot(n)?;
    Some(slot.job()?.session.clone())
}

#[cfg(test)]
mod tests;
