//! What was recorded of a project from an instant on, put in order for other courses of it: who did
//! what, how long it took, and what came of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use events::cause::{Cause, Principal};
use events::codec::CodecError;
use events::envelope::Envelope;
use events::feature;
use events::holder::Role;
use events::id::{CommandId, Epoch, FeatureId, ProjectName, SessionId, Sha, Timestamp};
use events::merge_queue::{self, Candidate, EntryKind};
use events::outcome::Outcome;
use events::policy::AnyCommand;
use events::redo::command_behind;
use events::stream::{Position, StreamId};
use events::view::Projections;

use super::sessions::{Key, Script};
use crate::ports::repo::Built;

/// Who brought events about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A policy told a stream.
    Policy,
    /// An effect that a policy owed came to this.
    Effect,
    /// The engine showed it.
    Engine,
    /// A session did it.
    Session(SessionId),
    /// A person, or whatever else is outside.
    Given,
    /// Another project, or the server itself.
    Foreign,
}

impl Source {
    fn of(envelope: &Envelope, project: &ProjectName) -> Self {
        if envelope.stream.project() != Some(project) {
            return Self::Foreign;
        }

        match &envelope.cause.principal {
            Principal::Session(session) => Self::Session(session.clone()),
            Principal::Node(name) if **name == *"engine" => Self::Engine,
            Principal::Policy(name) => match &**name {
                "effects" => Self::Effect,
                "dispatch" if matches!(envelope.stream, StreamId::Feature(..)) => Self::Effect,
                // Looks at upstream and the end of transcripts come by the clock of whoever was
                // there.
                "watch" | "retain" => Self::Given,
                _ => Self::Policy,
            },
            Principal::Node(_) | Principal::Operator(_) => Self::Given,
        }
    }
}

/// Events that one command recorded.
#[derive(Debug, Clone)]
pub(super) struct Act {
    /// The position of the first one.
    pub(super) position: Position,
    /// When it was recorded.
    pub(super) at: Timestamp,
    pub(super) stream: StreamId,
    pub(super) id: CommandId,
    pub(super) cause: Cause,
    pub(super) source: Source,
    /// The command, where these rules know one that records the same; none of what is foreign.
    pub(super) command: Option<AnyCommand>,
    pub(super) events: Vec<Envelope>,
}

/// The record of a project.
pub struct Record {
    /// The project.
    pub project: ProjectName,
    /// The projections that it begins after.
    pub start: Projections,
    /// The time of that.
    pub since: Timestamp,
    /// The projections that it ends with.
    pub end: Projections,
    pub(super) acts: Vec<Act>,
    pub(super) scripts: BTreeMap<SessionId, Script>,
    pub(super) built: HashMap<String, Vec<Built>>,
    pub(super) made: BTreeMap<FeatureId, feature::Command>,
    /// When the holders of claims that expired had been heard of last.
    pub(super) silent: BTreeMap<(FeatureId, Epoch), Timestamp>,
    /// When the server is known to have begun to hear of anybody.
    pub(super) begun: BTreeSet<Timestamp>,
    /// How long things took, by the event that they ended with, in microseconds: the usual.
    pub(super) usual: BTreeMap<String, i64>,
}

/// A record that is being read.
pub struct Reading {
    record: Record,
    group: Vec<Envelope>,
    took: BTreeMap<String, Vec<i64>>,
    newest: HashMap<StreamId, Timestamp>,
}

impl Record {
    /// Begins to read a record, after these projections of this time.
    pub fn read(project: ProjectName, start: Projections, since: Timestamp) -> Reading {
        let mut record = Self {
            since,
            end: start.clone(),
            acts: vec![],
            scripts: BTreeMap::new(),
            built: HashMap::new(),
            made: BTreeMap::new(),
            silent: BTreeMap::new(),
            begun: BTreeSet::new(),
            usual: BTreeMap::new(),
            project,
            start,
        };
        record.scripts = Script::under_way(&record.start, &record.project);

        Reading {
            record,
            group: vec![],
            took: BTreeMap::new(),
            newest: HashMap::new(),
        }
    }

    /// Every event of the record.
    pub fn events(&self) -> impl Iterator<Item = &Envelope> {
        self.acts.iter().flat_map(|act| &act.events)
    }

    /// Whether the events that begin at a position came from somebody outside, so that they can be
    /// left out.
    pub fn can_leave_out(&self, position: Position) -> bool {
        let found = self.acts.iter().find(|act| act.position == position);
        found.is_some_and(|act| act.source == Source::Given)
    }

    /// How long something usually took that ended with this event, in microseconds; nothing, where
    /// it never happened.
    pub(super) fn usual(&self, kind: &str) -> i64 {
        self.usual.get(kind).copied().unwrap_or(0)
    }

    /// The session that did work of this kind as the next one after so many others; where there
    /// were no more, it goes on as it went in the end.
    pub(super) fn donor(&self, key: &Key, used: usize) -> Option<(SessionId, Script)> {
        let mut of_key = self.whole(|script| script.key == *key);
        match used < of_key.len() {
            true => Some(of_key.swap_remove(used)),
            false => usable(of_key).pop(),
        }
    }

    /// A session of a role, one after the other.
    pub(super) fn any_of(&self, role: Role, used: usize) -> Option<(SessionId, Script)> {
        let mut of_role = usable(self.whole(|script| script.key.role == role));
        match of_role.len() {
            0 => None,
            all => Some(of_role.swap_remove(used % all)),
        }
    }

    /// Sessions that had begun before an act of the record, of those that others may do as.
    pub(super) fn begun_before(&self, place: usize) -> impl Iterator<Item = &Script> {
        let at = match self.acts.get(place) {
            Some(act) => act.at,
            None => Timestamp(i64::MAX),
        };
        let whole = self.scripts.values().filter(|script| script.is_whole());
        whole.filter(move |script| script.started < at)
    }

    /// Sessions that are recorded to their end, in the order in which they began.
    fn whole(&self, is_wanted: impl Fn(&Script) -> bool) -> Vec<(SessionId, Script)> {
        let wanted = self.scripts.iter();
        let wanted = wanted.filter(|(_, script)| script.is_whole() && is_wanted(script));
        let mut found: Vec<_> = wanted
            .map(|(session, script)| (session.clone(), script.clone()))
            .collect();
        found.sort_by_key(|(_, script)| script.started);
        found
    }
}

/// Those of some sessions that others may do as: all that did their work, or, where none did, all
/// that nobody cut off. What was in the way of the rest is over by the end of the record.
fn usable(sessions: Vec<(SessionId, Script)>) -> Vec<(SessionId, Script)> {
    let (done, others): (Vec<_>, Vec<_>) = sessions
        .into_iter()
        .filter(|(_, script)| !script.was_cut_off())
        .partition(|(_, script)| script.outcome == Some(Outcome::Completed));
    match done.is_empty() {
        true => others,
        false => done,
    }
}

impl Reading {
    /// Takes the next event of the log.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn take(&mut self, envelope: Envelope) -> Result<(), CodecError> {
        let goes_on = self
            .group
            .last()
            .is_some_and(|last| last.command == envelope.command && last.stream == envelope.stream);
        if !goes_on {
            self.end_group()?;
        }
        self.group.push(envelope);
        Ok(())
    }

    /// The whole record.
    ///
    /// # Errors
    /// The last events cannot be read.
    pub fn end(mut self) -> Result<Record, CodecError> {
        self.end_group()?;
        for (kind, mut took) in self.took {
            took.sort_unstable();
            self.record.usual.insert(kind, took[took.len() / 2]);
        }
        Ok(self.record)
    }

    fn end_group(&mut self) -> Result<(), CodecError> {
        let events = std::mem::take(&mut self.group);
        let Some(first) = events.first() else {
            return Ok(());
        };

        let source = Source::of(first, &self.record.project);
        let command = match source {
            Source::Foreign => None,
            _ => command_behind(&self.record.end, &events)?,
        };
        let act = Act {
            position: first.position,
            at: first.at,
            stream: first.stream.clone(),
            id: first.command,
            cause: first.cause.clone(),
            source,
            command,
            events,
        };

        if act.source != Source::Foreign {
            self.measure(&act);
            self.note(&act);
        }
        for envelope in &act.events {
            self.record.end.apply(envelope)?;
        }
        self.record.acts.push(act);
        Ok(())
    }

    /// How long it took, since the event before it in its stream.
    fn measure(&mut self, act: &Act) {
        let before = self.newest.insert(act.stream.clone(), act.at);
        if let (Some(before), Some(first)) = (before, act.events.first()) {
            let took = self.took.entry(first.kind.to_string()).or_default();
            took.push((act.at.0 - before.0).max(0));
        }
    }

    /// Keeps what came of it where it is found again.
    fn note(&mut self, act: &Act) {
        let place = self.record.acts.len();
        let record = &mut self.record;
        Script::note(
            &mut record.scripts,
            &record.end,
            &record.project,
            (place, act),
        );

        match &act.command {
            Some(AnyCommand::Feature(command @ feature::Command::Create { .. })) => {
                if let StreamId::Feature(_, id) = &act.stream {
                    record.made.insert(id.clone(), command.clone());
                }
            }
            Some(AnyCommand::Feature(feature::Command::Expire {
                epoch,
                last_seen,
                up_since,
            })) => {
                if let StreamId::Feature(_, id) = &act.stream {
                    record.silent.insert((id.clone(), *epoch), *last_seen);
                }
                record.begun.insert(*up_since);
            }
            Some(AnyCommand::MergeQueue(command)) => {
                if let Some((work, built)) = built(&record.end, &record.project, command) {
                    record.built.entry(work).or_default().push(built);
                }
            }
            _ => {}
        }
    }
}

/// What building the candidate of an entry came to, and of which work.
fn built(
    projections: &Projections,
    project: &ProjectName,
    command: &merge_queue::Command,
) -> Option<(String, Built)> {
    let (entry, built) = match command {
        merge_queue::Command::RecordCandidate {
            entry,
            candidate,
            changes,
            ..
        } => (*entry, Built::Candidate(candidate.clone(), changes.clone())),
        merge_queue::Command::RecordConflict {
            entry, paths, why, ..
        } => {
            let (paths, why) = (paths.clone(), why.clone());
            (*entry, Built::Conflict { paths, why })
        }
        merge_queue::Command::RecordNothing { entry, .. } => (*entry, Built::Nothing),
        _ => return None,
    };

    let queue = &projections.projects.get(project)?.merge_queue.state;
    let entry = queue.waiting().find(|one| one.number == entry)?;
    Some((work(&entry.kind), built))
}

/// The name of the work of an entry.
pub(super) fn work(kind: &EntryKind) -> String {
    match kind {
        EntryKind::Scaffold => "scaffold".to_owned(),
        EntryKind::Feature { sha, .. } => sha.to_string(),
        EntryKind::Revert { commit, .. } => format!("revert {commit}"),
    }
}

/// A commit that nobody made, told from others by what it stands for.
pub(super) fn imagined(what: &str) -> Option<Sha> {
    let digest = events::id::Digest::of(what.as_bytes()).to_string();
    let hex: String = digest.chars().take(40).collect();
    hex.parse().ok()
}

/// A recorded candidate on another base.
pub(super) fn rebased(candidate: &Candidate, base: Option<&Sha>) -> Option<Candidate> {
    if candidate.base.as_ref() == base {
        return Some(candidate.clone());
    }

    candidate_of(candidate.sha.as_str(), base)
}

/// A candidate of some work on a base.
pub(super) fn candidate_of(work: &str, base: Option<&Sha>) -> Option<Candidate> {
    let on = base.map(ToString::to_string).unwrap_or_default();
    let sha = imagined(&format!("{on} {work}"))?;
    Some(Candidate {
        base: base.cloned(),
        tree: sha.clone(),
        sha,
    })
}

#[cfg(test)]
mod tests;
