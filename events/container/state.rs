//! What a slot is at a point of the log, and how each event changes it.

use serde::{Deserialize, Serialize};

use crate::aggregate::Moment;
use crate::container::FAILURES_MAX;
use crate::container::class::Class;
use crate::container::event::{self, Assignment, Event, Exit};
use crate::id::{Generation, SessionId, Timestamp};
use crate::outcome::Outcome;
use crate::stream::Position;

/// The state of a container stream.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub enum Container {
    /// A stream that has no event yet.
    #[default]
    Unknown,
    /// It is in service.
    Enlisted(Box<Slot>),
    /// It is not wanted any more; enlisting brings it back, with its generations counted on.
    Dismissed {
        /// The newest generation.
        generation: Generation,
    },
}

/// A slot in service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slot {
    /// The newest generation; 0 before the first.
    pub generation: Generation,
    /// What it is doing.
    pub state: SlotState,
    /// What a person wants of it.
    pub duty: Duty,
    /// Failures in a row: containers that did not start, or vanished before they reported.
    pub failures: u32,
    /// When the last of them was.
    pub failed_at: Option<Timestamp>,
    /// The newest starts in a row that led to no session here, oldest first.
    pub unstarted: Vec<Unstarted>,
    /// Where in the log its newest job was given to it.
    pub assigned_at: Position,
    /// When its newest start was asked for.
    pub asked_at: Timestamp,
    /// Where in the log a session began here last.
    pub begun_at: Position,
    /// The last session that is over, and how it ended.
    pub last: Option<(SessionId, Outcome)>,
}

/// A start that led to no session: the engine did not do it, or the container ended at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unstarted {
    /// Why, in a stable word: what makes two of them equal.
    pub class: Class,
    /// The reason, in words for people.
    pub detail: String,
    /// The session that waited for it.
    pub session: SessionId,
    /// Where in the log it is.
    pub at: Position,
    /// When its start was asked for.
    pub asked: Timestamp,
}

/// What a person wants of a slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Duty {
    /// To work.
    Serve,
    /// To end this session and go on with the next job.
    Interrupt {
        /// The session that this is about.
        session: SessionId,
    },
    /// To end what runs and to take nothing.
    Withhold {
        /// The name of whoever withheld it.
        by: String,
    },
}

/// What a slot is doing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum SlotState {
    /// Nothing.
    Idle,
    /// It has a job and no container.
    Assigned {
        /// The job that it works on.
        job: Assignment,
    },
    /// A container was asked for.
    Requested {
        /// The job that it works on.
        job: Assignment,
        /// The time since when it holds.
        at: Timestamp,
    },
    /// A container runs.
    Running {
        /// The job that it works on.
        job: Assignment,
        /// How the engine names it.
        engine_id: String,
        /// The time since when it holds.
        at: Timestamp,
        /// Whether the runner took its assignment.
        begun: bool,
    },
    /// The session is over; the container is to be removed.
    Ended(Box<Ended>),
    /// Out of service.
    Quarantined {
        /// The reason, in words for people.
        why: String,
    },
}

/// A session that is over, whose container is still there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// The job that it works on.
    pub job: Assignment,
    /// How the session ended.
    pub outcome: Outcome,
    /// The message, for people to read.
    pub detail: String,
    /// The time since when it holds.
    pub at: Timestamp,
    /// How the container ended; none while it still runs or after it was lost.
    pub exit: Option<Exit>,
    /// Whether the engine has recorded an end: exited or lost.
    pub gone: bool,
    /// Whether the runner reported it.
    pub reported: bool,
}

impl Container {
    /// The slot, if it is in service.
    pub fn slot(&self) -> Option<&Slot> {
        match self {
            Self::Enlisted(slot) => Some(slot),
            Self::Unknown | Self::Dismissed { .. } => None,
        }
    }
}

impl Slot {
    pub(super) fn new(generation: Generation) -> Self {
        Self {
            generation,
            state: SlotState::Idle,
            duty: Duty::Serve,
            failures: 0,
            failed_at: None,
            unstarted: vec![],
            assigned_at: Position(0),
            asked_at: Timestamp(0),
            begun_at: Position(0),
            last: None,
        }
    }

    /// The job it holds, running or not.
    pub fn job(&self) -> Option<&Assignment> {
        match &self.state {
            SlotState::Assigned { job }
            | SlotState::Requested { job, .. }
            | SlotState::Running { job, .. } => Some(job),
            SlotState::Ended(ended) => Some(&ended.job),
            SlotState::Idle | SlotState::Quarantined { .. } => None,
        }
    }

    /// Whether the session is at work here: assigned and not over.
    pub fn works_for(&self, session: &SessionId) -> bool {
        match &self.state {
            SlotState::Assigned { job }
            | SlotState::Requested { job, .. }
            | SlotState::Running { job, .. } => job.session == *session,
            SlotState::Ended(_) | SlotState::Idle | SlotState::Quarantined { .. } => false,
        }
    }

    /// Whether a person wants what runs in it to end.
    pub fn is_interrupted(&self) -> bool {
        match &self.duty {
            Duty::Serve => false,
            Duty::Interrupt { session } => self.works_for(session),
            Duty::Withhold { .. } => true,
        }
    }

    fn failed(&mut self, moment: Moment) {
        self.failures += 1;
        self.failed_at = Some(moment.at);
    }

    /// Whether a container runs whose session has not begun.
    fn is_unbegun(&self) -> bool {
        matches!(self.state, SlotState::Running { begun: false, .. })
    }

    /// A start that led to nothing: the job is still here.
    fn unstarted(&mut self, job: Assignment, (class, detail): (Class, String), moment: Moment) {
        self.failed(moment);
        self.unstarted.push(Unstarted {
            class,
            detail,
            session: job.session.clone(),
            at: moment.position,
            asked: self.asked_at,
        });
        let beyond = self.unstarted.len().saturating_sub(FAILURES_MAX as usize);
        self.unstarted.drain(..beyond);
        self.state = SlotState::Assigned { job };
    }

    fn gone_early(&mut self, job: Assignment, how: &str, moment: Moment) {
        let seconds = match self.state {
            SlotState::Running { at, .. } => moment.at.0.saturating_sub(at.0) / 1_000_000,
            SlotState::Idle
            | SlotState::Assigned { .. }
            | SlotState::Requested { .. }
            | SlotState::Ended(_)
            | SlotState::Quarantined { .. } => 0,
        };
        let detail = format!(
            "the container ended {seconds} s after its start and before its session began: {how}"
        );
        self.unstarted(job, (Class::EndedEarly, detail), moment);
    }

    pub(super) fn evolve(&mut self, event: &Event, moment: Moment) {
        match event {
            Event::Assigned(e) => {
                self.assigned_at = moment.position;
                self.state = SlotState::Assigned {
                    job: e.assignment.clone(),
                };
            }
            Event::StartRequested(e) => self.start_requested(e, moment),
            Event::Started(e) => self.has_started(e, moment),
            Event::StartFailed(e) => {
                if let Some(job) = self.job().cloned() {
                    self.unstarted(job, (e.class.clone(), e.detail.clone()), moment);
                }
            }
            Event::SessionStarted(_) => {
                self.begun_at = moment.position;
                self.unstarted.clear();
                if let SlotState::Running { begun, .. } = &mut self.state {
                    *begun = true;
                }
            }
            Event::SessionEnded(e) => self.session_ended(e, moment),
            Event::Exited(e) => self.has_exited(e, moment),
            Event::Lost(e) => self.was_lost(e, moment),
            Event::Quarantined(e) => self.state = SlotState::Quarantined { why: e.why.clone() },
            Event::Idle(_) => {
                self.state = SlotState::Idle;
                if matches!(self.duty, Duty::Interrupt { .. }) {
                    self.duty = Duty::Serve;
                }
            }
            Event::Withheld(e) => self.duty = Duty::Withhold { by: e.by.clone() },
            Event::InterruptRequested(e) => {
                self.duty = Duty::Interrupt {
                    session: e.session.clone(),
                };
            }
            Event::Reinstated(_) => self.reinstated(),
            // The container's own record says that it is gone; what is known of sessions is kept
            // in a view; a slot that comes or goes is its aggregate's matter.
            Event::Removed(_)
            | Event::TranscriptKept(_)
            | Event::TranscriptDropped(_)
            | Event::UsageMetered(_)
            | Event::EgressRecorded(_)
            | Event::Enlisted(_)
            | Event::Dismissed(_) => {}
        }
    }

    fn start_requested(&mut self, e: &event::StartRequested, moment: Moment) {
        if let Some(job) = self.job().cloned() {
            self.generation = e.generation;
            self.asked_at = moment.at;
            self.state = SlotState::Requested { job, at: moment.at };
        }
    }

    fn has_started(&mut self, e: &event::Started, moment: Moment) {
        if let Some(job) = self.job().cloned() {
            self.state = SlotState::Running {
                job,
                engine_id: e.engine_id.clone(),
                at: moment.at,
                begun: false,
            };
        }
    }

    fn session_ended(&mut self, e: &event::SessionEnded, moment: Moment) {
        let Some(job) = self.job().cloned() else {
            return;
        };
        self.last = Some((e.session.clone(), e.outcome));
        if e.outcome == Outcome::Lost {
            self.failed(moment);
        } else if e.outcome == Outcome::EngineRefused {
            // What it saw is the engine's: the slot begins anew.
            self.failures = 0;
            self.unstarted.clear();
        } else if !matches!(e.outcome, Outcome::NeverStarted | Outcome::Stopped) {
            self.failures = 0;
        }

        let gone = !matches!(self.state, SlotState::Running { .. });
        let ended = Ended {
            job,
            outcome: e.outcome,
            detail: e.detail.clone(),
            at: moment.at,
            exit: None,
            gone,
            reported: e.evidence.is_some(),
        };
        self.state = SlotState::Ended(Box::new(ended));
    }

    fn has_exited(&mut self, e: &event::Exited, moment: Moment) {
        if self.is_unbegun()
            && let Some(job) = self.job().cloned()
        {
            self.gone_early(job, &told(&e.exit), moment);
        } else if let SlotState::Ended(ended) = &mut self.state {
            ended.exit = Some(e.exit.clone());
            ended.gone = true;
        }
    }

    fn was_lost(&mut self, e: &event::Lost, moment: Moment) {
        if self.is_unbegun()
            && let Some(job) = self.job().cloned()
        {
            self.gone_early(job, &e.reason, moment);
        } else if let SlotState::Ended(ended) = &mut self.state {
            ended.gone = true;
        }
    }

    fn reinstated(&mut self) {
        self.duty = Duty::Serve;
        if matches!(self.state, SlotState::Quarantined { .. }) {
            self.failures = 0;
            self.unstarted.clear();
            self.state = SlotState::Idle;
        }
    }
}

/// How a container ended, for people.
fn told(exit: &Exit) -> String {
    let how = match (exit.code, exit.signal) {
        (_, Some(signal)) => format!("ended by signal {signal}"),
        (Some(code), None) => format!("exit code {code}"),
        (None, None) => "the engine does not say how".to_owned(),
    };
    match exit.oom {
        true => format!("{how}, its memory ran out"),
        false => how,
    }
}

#[cfg(test)]
mod tests;
