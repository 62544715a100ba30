//! A log in memory, with what a host does: a command is decided on its stream's state, its
//! preconditions are looked at, and what it comes to is folded. The same id is taken once.

use std::collections::HashSet;

use events::aggregate::{Aggregate, Refusal};
use events::cause::Cause;
use events::codec::{CodecError, EventCodec, Kind};
use events::envelope::Envelope;
use events::id::{CommandId, Digest, ProjectName, Timestamp};
use events::policy::AnyCommand;
use events::stream::{Position, StreamId, Version};
use events::view::{Projections, Tracked};

use super::change::Change;

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// It recorded these events, now.
    Recorded(Vec<Envelope>),
    /// There was nothing to record, or it was recorded before.
    Nothing,
    /// It was turned down: the code of the refusal, or the stream that had moved.
    Refused(String),
}

/// A command on its way to a stream.
#[derive(Debug, Clone)]
pub(super) struct Letter {
    pub(super) stream: StreamId,
    pub(super) command: AnyCommand,
    pub(super) id: CommandId,
    pub(super) cause: Cause,
    pub(super) preconditions: Vec<(StreamId, Version)>,
}

/// The log.
pub(super) struct Ledger {
    pub(super) projections: Projections,
    pub(super) now: Timestamp,
    /// The project in which something is otherwise.
    project: ProjectName,
    change: Change,
    taken: HashSet<CommandId>,
}

/// Events that a stream's own rules come to.
pub(super) struct Decided {
    /// What is stored of each.
    pub(super) events: Vec<(Kind, Vec<u8>)>,
    /// The version that they follow.
    version: Version,
}

impl Ledger {
    /// A log that goes on after these projections, in which something of a project is otherwise.
    pub(super) fn after(
        project: ProjectName,
        (projections, now): (Projections, Timestamp),
        change: Change,
    ) -> Self {
        let mut ledger = Self {
            projections,
            now,
            project,
            change,
            taken: HashSet::new(),
        };
        ledger.amend();
        ledger
    }

    /// Takes an event as it was recorded elsewhere, at its time.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn take(&mut self, envelope: &Envelope) -> Result<(), CodecError> {
        self.projections.apply(envelope)?;
        if self.is_set_up_in(&envelope.stream) {
            self.amend();
        }
        self.now = Timestamp(self.now.0.max(envelope.at.0));
        Ok(())
    }

    /// What is otherwise stays so, whatever was recorded of it.
    fn amend(&mut self) {
        if let Some(view) = self.projections.projects.get_mut(&self.project) {
            self.change.amend(view);
        }
    }

    /// Whether a stream is the one in which it is recorded how the project is set up.
    fn is_set_up_in(&self, stream: &StreamId) -> bool {
        matches!(stream, StreamId::Project(name) if *name == self.project)
    }

    /// What the rules of a stream come to now.
    ///
    /// # Errors
    /// They turn it down: the code of the refusal.
    pub(super) fn decide(&self, letter: &Letter) -> Result<Decided, String> {
        let project = letter.stream.project();
        let view = project.and_then(|name| self.projections.projects.get(name));

        match (&letter.command, &letter.stream) {
            (AnyCommand::Project(c), StreamId::Project(_)) => {
                self.rules(view.map(|view| &view.project), c)
            }
            (AnyCommand::Backlog(c), StreamId::Backlog(_)) => {
                self.rules(view.map(|view| &view.backlog), c)
            }
            (AnyCommand::MergeQueue(c), StreamId::MergeQueue(_)) => {
                self.rules(view.map(|view| &view.merge_queue), c)
            }
            (AnyCommand::Feature(c), StreamId::Feature(_, id)) => {
                self.rules(view.and_then(|view| view.features.get(id)), c)
            }
            (AnyCommand::Container(c), StreamId::Container(_, n)) => {
                self.rules(view.and_then(|view| view.slots.get(n)), c)
            }
            _ => Err("no_such_command".to_owned()),
        }
    }

    fn rules<A: Aggregate>(
        &self,
        known: Option<&Tracked<A>>,
        command: &A::Command,
    ) -> Result<Decided, String> {
        let unknown = A::default();
        let state = match known {
            Some(tracked) => &tracked.state,
            None => &unknown,
        };
        let decided = state.decide(command, self.now);
        let decided = decided.map_err(|refusal| refusal.code().to_owned())?;

        let stored = decided.iter().map(|event| (event.kind(), event.encode()));
        Ok(Decided {
            events: stored.collect(),
            version: known.map(|tracked| tracked.version).unwrap_or_default(),
        })
    }

    /// Decides a command, and records what it comes to.
    pub(super) fn send(&mut self, letter: &Letter) -> Answer {
        if self.taken.contains(&letter.id) {
            return Answer::Nothing;
        }
        let decided = match self.decide(letter) {
            Ok(decided) if decided.events.is_empty() => return Answer::Nothing,
            Ok(decided) => decided,
            Err(code) => return Answer::Refused(code),
        };
        for (stream, expected) in &letter.preconditions {
            if self.projections.version_of(stream) != *expected {
                return Answer::Refused(format!("stale {stream}"));
            }
        }

        self.taken.insert(letter.id);
        let mut recorded = Vec::with_capacity(decided.events.len());
        for ((kind, payload), n) in decided.events.into_iter().zip(1..) {
            let envelope = Envelope {
                position: Position(self.projections.position.0 + 1),
                stream: letter.stream.clone(),
                version: Version(decided.version.0 + n),
                kind: kind.name.into(),
                schema: kind.schema,
                at: self.now,
                cause: letter.cause.clone(),
                command: letter.id,
                trace: None,
                payload,
                digest: Digest::default(),
            };
            if let Err(error) = self.projections.apply(&envelope) {
                return Answer::Refused(error.to_string());
            }
            if self.is_set_up_in(&letter.stream) {
                self.amend();
            }
            recorded.push(envelope);
            // The log takes no two events at one instant.
            self.now = Timestamp(self.now.0 + 1);
        }
        Answer::Recorded(recorded)
    }
}

#[cfg(test)]
mod tests;
