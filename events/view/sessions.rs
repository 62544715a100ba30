//! Every session there was, by id: where it worked, on what, and how it ended.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::agent::Dialect;
use crate::cause::Principal;
use crate::container::event::{Event, Exit};
use crate::holder::Role;
use crate::id::{Epoch, FeatureId, Generation, SessionId, SlotNo, Timestamp};
use crate::outcome::Outcome;
use crate::usage::Usage;

/// How often a tool is broken on one feature alone, and works beside it, before that is the
/// feature's doing.
const BROKEN_HERE_ALONE: u32 = 2;

/// One session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionRecord {
    /// Its slot.
    pub n: SlotNo,
    /// Its container; none before one was asked for.
    pub generation: Option<Generation>,
    /// What it was for.
    pub role: Role,
    /// The feature, for roles with one.
    pub feature: Option<FeatureId>,
    /// The claim, for roles with one.
    pub epoch: Option<Epoch>,
    /// How its agent is spoken to; none for verifiers.
    pub dialect: Option<Dialect>,
    /// When it was assigned.
    pub assigned: Timestamp,
    /// When its runner reported for work.
    pub began: Option<Timestamp>,
    /// When it was over, and how.
    pub ended: Option<(Timestamp, Outcome)>,
    /// What it said its work came to, if it said anything: handed in, given back, or a question.
    pub said: Option<Outcome>,
    /// Features that it brought into the backlog.
    pub brought: u32,
    /// What it said about features.
    pub comments: Comments,
    /// How its container ended.
    pub exit: Option<Exit>,
    /// What is kept of what it said.
    pub transcript: Option<Transcript>,
    /// What was metered of it, if anything was: most keep to their repository.
    metered: Option<Box<Metered>>,
}

/// What a session used and reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Metered {
    usage: Usage,
    egress: Egress,
}

impl SessionRecord {
    /// What it used of its models, all together.
    pub fn usage(&self) -> Usage {
        self.metered.as_ref().map(|m| m.usage).unwrap_or_default()
    }

    /// What it reached, or wanted to.
    pub fn egress(&self) -> Egress {
        self.metered.as_ref().map(|m| m.egress).unwrap_or_default()
    }

    fn metered(&mut self) -> &mut Metered {
        self.metered.get_or_insert_default()
    }
}

/// Comments of a session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comments {
    /// The number of times that it was seen.
    pub count: u32,
    /// Bytes of all of them.
    pub bytes: u64,
}

/// What a session reached beyond its repository and its model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Egress {
    /// Bytes that went out and came in.
    pub bytes: u64,
    /// Requests that were turned down.
    pub denied: u64,
}

/// The transcript of a session that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Transcript {
    /// It is there, with so many bytes.
    Kept(u64),
    /// It was there, and is beyond its time.
    Dropped,
}

/// The sessions of a project.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SessionsView {
    /// Boxed, so that a half-empty node of the map costs little: there is one for each session
    /// that ever was.
    by_id: BTreeMap<SessionId, Box<SessionRecord>>,
    /// The newest session of each slot: later facts of the slot are about it.
    newest: BTreeMap<SlotNo, SessionId>,
}

impl SessionsView {
    /// One session.
    pub fn get(&self, id: &SessionId) -> Option<&SessionRecord> {
        self.by_id.get(id).map(|record| &**record)
    }

    /// All sessions.
    pub fn iter(&self) -> impl Iterator<Item = (&SessionId, &SessionRecord)> {
        self.by_id.iter().map(|(id, record)| (id, &**record))
    }

    /// Whether a tool or a setup that came to nothing on this feature works beside it: twice it
    /// was broken here and nowhere else, and both times sessions on something else did their work
    /// afterwards. Once may be an outage that nobody else has met.
    pub fn worked_beside(&self, feature: &FeatureId) -> bool {
        let is_own = |record: &SessionRecord| record.feature.as_ref() == Some(feature);
        let mut ends: Vec<(Timestamp, &SessionRecord)> = self
            .iter()
            .filter_map(|(_, record)| Some((record.ended?.0, record)))
            .collect();
        ends.sort_by_key(|(at, _)| *at);

        let (mut broken_here, mut worked_since) = (0, false);
        for (_, record) in ends {
            let is_broken = record
                .ended
                .is_some_and(|(_, how)| how == Outcome::ToolBroken);
            if is_broken && !is_own(record) {
                broken_here = 0;
            } else if is_broken {
                // Without work between two of them they are one outage.
                broken_here += u32::from(broken_here == 0 || worked_since);
                worked_since = false;
            } else if !is_own(record) && record.dialect.is_some() && record.said.is_some() {
                worked_since = true;
            }
        }
        broken_here >= BROKEN_HERE_ALONE && worked_since
    }

    fn transcript(&mut self, session: &SessionId, transcript: Transcript) {
        if let Some(record) = self.by_id.get_mut(session) {
            record.transcript = Some(transcript);
        }
    }

    /// Takes what somebody said; only a session's own word about its own work counts.
    pub(crate) fn hear(&mut self, principal: &Principal, said: Option<Outcome>) {
        if let (Principal::Session(session), Some(said)) = (principal, said)
            && let Some(record) = self.by_id.get_mut(session)
        {
            record.said = Some(said);
        }
    }

    /// Takes that somebody brought features into the backlog.
    pub(crate) fn brought(&mut self, principal: &Principal, features: usize) {
        if let Principal::Session(session) = principal
            && let Some(record) = self.by_id.get_mut(session)
        {
            record.brought = record
                .brought
                .saturating_add(u32::try_from(features).unwrap_or(u32::MAX));
        }
    }

    /// Takes that somebody said something about a feature.
    pub(crate) fn commented(&mut self, principal: &Principal, bytes: usize) {
        if let Principal::Session(session) = principal
            && let Some(record) = self.by_id.get_mut(session)
        {
            record.comments.count = record.comments.count.saturating_add(1);
            record.comments.bytes = record.comments.bytes.saturating_add(bytes as u64);
        }
    }

    /// Takes a fact of a slot.
    pub(crate) fn apply(&mut self, n: SlotNo, event: &Event, at: Timestamp) {
        if let Event::Assigned(e) = event {
            let job = &e.assignment;
            let record = SessionRecord {
                n,
                generation: None,
                role: job.role,
                feature: job.feature.clone(),
                epoch: job.epoch,
                dialect: job.agent.as_ref().map(|agent| agent.dialect),
                assigned: at,
                began: None,
                ended: None,
                said: None,
                brought: 0,
                comments: Comments::default(),
                exit: None,
                transcript: None,
                metered: None,
            };
            self.by_id.insert(job.session.clone(), Box::new(record));
            self.newest.insert(n, job.session.clone());
            return;
        }

        self.told(event);
        if let Some(id) = self.newest.get(&n)
            && let Some(record) = self.by_id.get_mut(id)
        {
            record.went(event, at);
        }
    }

    /// Takes what is told of a session by its name, which may be over for long.
    fn told(&mut self, event: &Event) {
        match event {
            Event::TranscriptKept(e) => self.transcript(&e.session, Transcript::Kept(e.bytes)),
            Event::TranscriptDropped(e) => self.transcript(&e.session, Transcript::Dropped),
            Event::UsageMetered(e) => {
                if let Some(record) = self.by_id.get_mut(&e.session) {
                    let used = record.metered();
                    for model in &e.models {
                        used.usage.add(&model.usage);
                    }
                }
            }
            Event::EgressRecorded(e) => {
                if let Some(record) = self.by_id.get_mut(&e.session) {
                    let egress = &mut record.metered().egress;
                    egress.bytes = egress.bytes.saturating_add(e.bytes);
                    for denied in &e.denied {
                        egress.denied = egress.denied.saturating_add(denied.count);
                    }
                }
            }
            // What happens to the slot concerns the session that it has.
            Event::Enlisted(_)
            | Event::Assigned(_)
            | Event::StartRequested(_)
            | Event::Started(_)
            | Event::StartFailed(_)
            | Event::SessionStarted(_)
            | Event::SessionEnded(_)
            | Event::Exited(_)
            | Event::Lost(_)
            | Event::Removed(_)
            | Event::Idle(_)
            | Event::Quarantined(_)
            | Event::Withheld(_)
            | Event::InterruptRequested(_)
            | Event::Reinstated(_)
            | Event::Dismissed(_) => {}
        }
    }
}

impl SessionRecord {
    /// Takes what happens to the slot while it has this session.
    fn went(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::StartRequested(e) => self.generation = Some(e.generation),
            Event::SessionStarted(_) => self.began = Some(at),
            Event::SessionEnded(e) => self.ended = Some((at, e.outcome)),
            Event::Exited(e) => self.exit = Some(e.exit.clone()),
            // The slot's own state, or told of a session by its name.
            Event::Enlisted(_)
            | Event::Assigned(_)
            | Event::Started(_)
            | Event::StartFailed(_)
            | Event::Lost(_)
            | Event::Removed(_)
            | Event::Idle(_)
            | Event::Quarantined(_)
            | Event::Withheld(_)
            | Event::InterruptRequested(_)
            | Event::Reinstated(_)
            | Event::Dismissed(_)
            | Event::TranscriptKept(_)
            | Event::TranscriptDropped(_)
            | Event::UsageMetered(_)
            | Event::EgressRecorded(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::AgentSpec;
    use crate::container::event;
    use crate::id::Digest;

    /// There is one for each session that ever was, and one for each feature: what they hold is
    /// what memory grows by (docs/performance.md).
    #[test]
    fn what_is_kept_for_good_is_small() {
        let (session, feature) = (
            size_of::<SessionRecord>(),
            size_of::<crate::feature::Known>(),
        );
        assert!(session <= 192, "a session takes {session} bytes");
        assert!(feature <= 448, "a feature takes {feature} bytes");
    }

    /// A session that is over: its feature, its outcome, and whether it said anything.
    type Ended = (&'static str, Outcome, bool);

    /// What a session on a feature found broken, and what others did since.
    #[test]
    fn a_tool_that_works_beside_a_feature_is_not_broken() {
        let (own, other) = ("feat-a", "feat-b");
        let broken = (own, Outcome::ToolBroken, false);
        let done = |feature| (feature, Outcome::Completed, true);
        let elsewhere = (other, Outcome::ToolBroken, false);
        let idle = (other, Outcome::NoWork, false);
        let twice = vec![broken, done(other), broken, done(other)];

        let table: [(&str, Vec<Ended>, bool); 9] = [
            ("nothing was broken", vec![done(other)], false),
            ("once", vec![broken, done(other)], false),
            ("twice, and others worked", twice.clone(), true),
            (
                "nobody worked between",
                vec![broken, broken, done(other)],
                false,
            ),
            (
                "nobody worked since",
                vec![broken, done(other), broken],
                false,
            ),
            (
                "work on the same feature",
                vec![broken, done(own), broken, done(own)],
                false,
            ),
            (
                "others with nothing to show for it",
                vec![broken, idle, broken, idle],
                false,
            ),
            (
                "elsewhere as well",
                vec![broken, elsewhere, done(other), broken, done(other)],
                false,
            ),
            (
                "elsewhere, long before",
                [vec![elsewhere, done(other)], twice].concat(),
                true,
            ),
        ];
        for (what, sessions, expected) in table {
            let mut view = SessionsView::default();
            for ((feature, outcome, said), n) in sessions.into_iter().zip(1..) {
                let id = SessionId::from_bytes([u8::try_from(n).expect("few"); 10]);
                let assignment = event::Assignment {
                    session: id.clone(),
                    role: Role::Coder,
                    feature: feature.parse().ok(),
                    epoch: Some(Epoch(1)),
                    sha: None,
                    agent: Some(AgentSpec::of(Dialect::Command)),
                    prompt_digest: Digest::of(b"p"),
                };
                let assigned = event::Assigned { assignment }.into();
                view.apply(SlotNo(1), &assigned, Timestamp(n));
                let record = view.by_id.get_mut(&id).expect("assigned");
                record.ended = Some((Timestamp(n), outcome));
                record.said = said.then_some(outcome);
            }
            let feature = own.parse().expect("id");
            assert_eq!(view.worked_beside(&feature), expected, "{what}");
        }
    }

    #[test]
    fn facts_of_a_slot_are_about_its_newest_session() {
        let id = |n: u8| SessionId::from_bytes([n; 10]);
        let assigned = |n| {
            let (feature, epoch) = ("feat-a".parse().ok(), Some(Epoch(1)));
            let (role, prompt_digest) = (Role::Coder, Digest::of(b"p"));
            let assignment = event::Assignment {
                session: id(n),
                role,
                feature,
                epoch,
                sha: None,
                agent: None,
                prompt_digest,
            };
            event::Assigned { assignment }.into()
        };
        let ended = |n, outcome| {
            let detail = String::new();
            event::SessionEnded {
                session: id(n),
                outcome,
                exit_code: None,
                evidence: None,
                detail,
            }
            .into()
        };
        let mut view = SessionsView::default();

        let facts: Vec<Event> = vec![
            assigned(1),
            event::StartRequested {
                generation: Generation(4),
            }
            .into(),
            event::SessionStarted { session: id(1) }.into(),
            ended(1, Outcome::Completed),
            assigned(2),
        ];
        for (fact, n) in facts.iter().zip(1..) {
            view.apply(SlotNo(3), fact, Timestamp(n));
        }

        let first = view.get(&id(1)).expect("the first");
        assert_eq!(
            (first.generation, first.began),
            (Some(Generation(4)), Some(Timestamp(3)))
        );
        assert_eq!(first.ended, Some((Timestamp(4), Outcome::Completed)));
        assert_eq!(
            view.get(&id(2)).map(|r| (r.n, r.ended)),
            Some((SlotNo(3), None))
        );
    }
}
