//! Sessions, read off the events of the slots: what each was for, with which agent, model and
//! prompt, how it ended, what it used, and where its transcript is.

use std::collections::{BTreeMap, BTreeSet};

use crate::agent::AgentSpec;
use crate::codec::{CodecError, EventCodec};
use crate::container::event::{Assignment, Event, UsageMetered};
use crate::envelope::Envelope;
use crate::holder::Role;
use crate::id::{Digest, Epoch, FeatureId, SessionId, SlotNo};
use crate::outcome::Outcome;
use crate::stream::{Position, StreamId};
use crate::usage::Usage;

/// One session.
#[derive(Debug, Clone, PartialEq)]
pub struct OfSession {
    /// Its id.
    pub session: SessionId,
    /// The slot that it ran in.
    pub n: SlotNo,
    /// What it was for.
    pub role: Role,
    /// The feature and the claim that it was about.
    pub feature: Option<FeatureId>,
    /// The number of that claim.
    pub epoch: Option<Epoch>,
    /// Its agent; none of verifiers.
    pub agent: Option<AgentSpec>,
    /// Its prompt or, of verifiers, the command line: the digest of a blob.
    pub prompt: Digest,
    /// Where it was given its work.
    pub assigned: Position,
    /// Where it ended, and how.
    pub ended: Option<(Position, Outcome)>,
    /// The models that were metered, as their providers named them.
    pub models: BTreeSet<String>,
    /// What it used of them.
    pub usage: Usage,
    /// Where its transcript was kept, with its chunks and bytes; none while it is at work or when
    /// it is beyond its time.
    pub transcript: Option<(Position, u64, u64)>,
}

impl OfSession {
    /// A session that was just given its work.
    fn begun(n: SlotNo, at: Position, job: Assignment) -> Self {
        Self {
            session: job.session,
            n,
            role: job.role,
            feature: job.feature,
            epoch: job.epoch,
            agent: job.agent,
            prompt: job.prompt_digest,
            assigned: at,
            ended: None,
            models: BTreeSet::new(),
            usage: Usage::default(),
            transcript: None,
        }
    }
}

/// Whose sessions are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// One session.
    Session(SessionId),
    /// Those of an agent: the name of its dialect, or its command line.
    Agent(String),
    /// Those that were to use a model, or were metered with it.
    Model(String),
}

impl Filter {
    /// Whether this session is looked for.
    pub fn fits(&self, session: &OfSession) -> bool {
        match self {
            Self::Session(id) => session.session == *id,
            Self::Agent(name) => match &session.agent {
                Some(agent) => agent.dialect.name() == name || agent.command.as_ref() == Some(name),
                None => false,
            },
            Self::Model(name) => {
                let asked = session.agent.as_ref();
                let asked = asked.and_then(|agent| agent.model.as_ref());
                asked == Some(name) || session.models.contains(name)
            }
        }
    }
}

/// The events of slots, read for sessions.
#[derive(Debug, Default)]
pub struct Sessions {
    sessions: BTreeMap<SessionId, OfSession>,
}

impl Sessions {
    /// Takes the next event; of other streams than slots' nothing is taken.
    ///
    /// # Errors
    /// This build does not know the event.
    pub fn take(&mut self, envelope: &Envelope) -> Result<(), CodecError> {
        let StreamId::Container(_, n) = &envelope.stream else {
            return Ok(());
        };
        let at = envelope.position;
        match Event::decode(&envelope.kind, envelope.schema, &envelope.payload)? {
            Event::Assigned(e) => {
                let session = OfSession::begun(*n, at, e.assignment);
                self.sessions.insert(session.session.clone(), session);
            }
            Event::SessionEnded(e) => {
                self.with(&e.session, |session| session.ended = Some((at, e.outcome)));
            }
            Event::UsageMetered(e) => self.metered(&e),

            Event::TranscriptKept(e) => {
                let kept = Some((at, e.chunks, e.bytes));
                self.with(&e.session, |session| session.transcript = kept);
            }
            Event::TranscriptDropped(e) => {
                self.with(&e.session, |session| session.transcript = None);
            }
            _ => {}
        }
        Ok(())
    }

    fn metered(&mut self, metered: &UsageMetered) {
        self.with(&metered.session, |session| {
            for model in &metered.models {
                session.models.insert(model.model.clone());
                session.usage.add(&model.usage);
            }
        });
    }

    fn with(&mut self, id: &SessionId, does: impl FnOnce(&mut OfSession)) {
        if let Some(session) = self.sessions.get_mut(id) {
            does(session);
        }
    }

    /// The sessions that are looked for, in the order in which they were given work.
    pub fn done(self, filter: &Filter) -> Vec<OfSession> {
        let mut sessions: Vec<_> = self.sessions.into_values().collect();
        sessions.retain(|session| filter.fits(session));
        sessions.sort_by_key(|session| session.assigned);
        sessions
    }
}
