//! State and command to events or refusal. What is observed twice is recorded once: the second time
//! nothing is left to record.

use crate::aggregate::{Aggregate, Moment};
use crate::container::class::Class;
use crate::container::event::{self, Assignment, Event, Exit};
use crate::container::state::{Container, Duty, Slot, SlotState, Unstarted};
use crate::container::{Command, ENDED_EARLY_MAX, FAILURES_MAX, Refusal};
use crate::id::{Digest, Generation, SessionId, Timestamp};
use crate::outcome::{Fault, Outcome};

type Decision = Result<Vec<Event>, Refusal>;

impl Aggregate for Container {
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn rules(&self, command: &Command, _now: Timestamp) -> Decision {
        match (self, command) {
            (Self::Enlisted(_) | Self::Dismissed { .. }, Command::DropTranscript { session }) => {
                Ok(vec![
                    event::TranscriptDropped {
                        session: session.clone(),
                    }
                    .into(),
                ])
            }
            (Self::Unknown | Self::Dismissed { .. }, Command::Enlist) => {
                Ok(vec![event::Enlisted {}.into()])
            }
            (Self::Unknown | Self::Dismissed { .. }, _) => Err(Refusal::Unknown),
            (Self::Enlisted(_), Command::Enlist) => Err(Refusal::Exists),
            (Self::Enlisted(slot), command) => slot.decide(command),
        }
    }

    fn evolve(&mut self, event: &Event, moment: Moment) {
        match (&mut *self, event) {
            (Self::Unknown, Event::Enlisted(_)) => {
                *self = Self::Enlisted(Box::new(Slot::new(Generation(0))))
            }
            (Self::Dismissed { generation }, Event::Enlisted(_)) => {
                *self = Self::Enlisted(Box::new(Slot::new(*generation)))
            }
            (Self::Enlisted(slot), Event::Dismissed(_)) => {
                *self = Self::Dismissed {
                    generation: slot.generation,
                }
            }
            (Self::Enlisted(slot), event) => slot.evolve(event, moment),
            (Self::Unknown | Self::Dismissed { .. }, _) => {}
        }
    }
}

impl Slot {
    fn decide(&self, command: &Command) -> Decision {
        match command {
            Command::Enlist => Err(Refusal::Exists),
            Command::KeepTranscript {
                session,
                chunks,
                bytes,
                digest,
            } => {
                self.keeps_transcript_of(session)?;
                Ok(vec![
                    event::TranscriptKept {
                        session: session.clone(),
                        chunks: *chunks,
                        bytes: *bytes,
                        digest: *digest,
                    }
                    .into(),
                ])
            }
            Command::DropTranscript { session } => Ok(vec![
                event::TranscriptDropped {
                    session: session.clone(),
                }
                .into(),
            ]),
            Command::MeterUsage { session, models } => self.meter_usage(session, models),
            Command::RecordEgress {
                session,
                bytes,
                denied,
            } => self.record_egress(session, *bytes, denied),
            Command::Assign { assignment } => self.assign(assignment),
            Command::RequestStart { generation } => self.request_start(*generation),
            Command::RecordStarted {
                generation,
                engine_id,
            } => self.started(*generation, engine_id),
            Command::RecordStartFailed {
                generation,
                class,
                detail,
            } => self.start_failed(*generation, class, detail),
            Command::BeginSession { session } => self.begin_session(session),
            Command::EndSession {
                session,
                outcome,
                exit_code,
                evidence,
                detail,
            } => {
                let outcome = self.judged(*outcome);
                self.end_session(
                    session,
                    ended(session, outcome, *exit_code, *evidence, detail),
                )
            }
            Command::RecordExited { generation, exit } => self.exited(*generation, exit),
            Command::RecordLost { generation, reason } => self.lost(*generation, reason),
            Command::RecordRemoved { generation } => self.removed(*generation),
            Command::Withhold { by } => self.withhold(by),
            Command::Interrupt { by } => self.interrupt(by),
            Command::Reinstate { by } => self.reinstate(by),
            Command::Dismiss => match &self.state {
                SlotState::Idle | SlotState::Quarantined { .. } => {
                    Ok(vec![event::Dismissed {}.into()])
                }
                _ => Err(Refusal::NotIdle),
            },
        }
    }

    /// A slot that is idle and in service takes an assignment.
    fn assign(&self, assignment: &Assignment) -> Decision {
        match (&self.state, &self.duty) {
            (SlotState::Idle, Duty::Withhold { by }) => Err(Refusal::Withheld { by: by.clone() }),
            (SlotState::Idle, _) if has_long_agent(assignment) => Err(Refusal::AgentTooLong),
            (SlotState::Idle, _) => Ok(vec![
                event::Assigned {
                    assignment: assignment.clone(),
                }
                .into(),
            ]),
            (SlotState::Quarantined { why }, _) => Err(Refusal::Quarantined { why: why.clone() }),
            _ => Err(Refusal::Busy),
        }
    }

    /// Each container of a slot has the number after that of the one before it.
    fn request_start(&self, generation: Generation) -> Decision {
        match &self.state {
            SlotState::Assigned { .. } if self.is_interrupted() => Err(Refusal::WrongState),
            SlotState::Assigned { .. } if generation.0 == self.generation.0 + 1 => {
                Ok(vec![event::StartRequested { generation }.into()])
            }
            SlotState::Assigned { .. } => Err(Refusal::StaleGeneration {
                given: generation,
                current: self.generation,
            }),
            _ => Err(Refusal::WrongState),
        }
    }

    fn current(&self, generation: Generation) -> Result<(), Refusal> {
        let current = self.generation;
        if generation == current {
            Ok(())
        } else {
            Err(Refusal::StaleGeneration {
                given: generation,
                current,
            })
        }
    }

    fn started(&self, generation: Generation, engine_id: &str) -> Decision {
        self.current(generation)?;
        match &self.state {
            SlotState::Requested { .. } => Ok(vec![
                event::Started {
                    generation,
                    engine_id: engine_id.to_owned(),
                }
                .into(),
            ]),
            SlotState::Running { .. } => Ok(vec![]),
            _ => Err(Refusal::WrongState),
        }
    }

    fn start_failed(&self, generation: Generation, class: &Class, detail: &str) -> Decision {
        self.current(generation)?;
        let SlotState::Requested { job, .. } = &self.state else {
            return Err(Refusal::WrongState);
        };

        let failed = event::StartFailed {
            generation,
            class: class.clone(),
            detail: detail.to_owned(),
        };
        let mut events = vec![failed.into()];

        if self.failures + 1 >= FAILURES_MAX {
            events.push(ended(
                &job.session,
                Outcome::NeverStarted,
                None,
                None,
                detail,
            ));
            events.push(
                event::Quarantined {
                    why: format!("{FAILURES_MAX} failures in a row, the last: {class}: {detail}"),
                }
                .into(),
            );
        }

        Ok(events)
    }

    /// What is recorded of a container that is gone before its session began: its slot has the job
    /// still, as after a start that failed.
    fn ended_early(&self, job: &Assignment, gone: Event) -> Vec<Event> {
        let of_session = |failed: &&Unstarted| {
            failed.class == Class::EndedEarly && failed.session == job.session
        };
        let times = self.unstarted.iter().filter(of_session).count() + 1;
        let worn = self.failures + 1 >= FAILURES_MAX;
        if !worn && times < ENDED_EARLY_MAX {
            return vec![gone];
        }

        let detail = format!("containers that ended before the session began: {times}");
        let over = ended(&job.session, Outcome::NeverStarted, None, None, &detail);
        let next = match worn {
            true => event::Quarantined {
                why: format!("{FAILURES_MAX} failures in a row, the last: {detail}"),
            }
            .into(),
            false => event::Idle {}.into(),
        };
        vec![gone, over, next]
    }

    /// An exit without a report is the runner's or the engine's failure, never the agent's success.
    fn exited(&self, generation: Generation, exit: &Exit) -> Decision {
        self.current(generation)?;
        let exited = event::Exited {
            generation,
            exit: exit.clone(),
        };

        match &self.state {
            SlotState::Running { job, begun, .. } if !begun && !self.is_interrupted() => {
                Ok(self.ended_early(job, exited.into()))
            }
            SlotState::Running { job, .. } => {
                let detail = "the container ended without a report";
                Ok(vec![
                    ended(
                        &job.session,
                        self.judged(Outcome::Lost),
                        exit.code,
                        None,
                        detail,
                    ),
                    exited.into(),
                ])
            }
            SlotState::Ended(e) if !e.gone => Ok(vec![exited.into()]),
            SlotState::Ended(_) => Ok(vec![]),
            _ => Err(Refusal::WrongState),
        }
    }

    fn lost(&self, generation: Generation, reason: &str) -> Decision {
        self.current(generation)?;
        let lost = event::Lost {
            generation,
            reason: reason.to_owned(),
        };

        match &self.state {
            SlotState::Running { job, begun, .. } if !begun && !self.is_interrupted() => {
                Ok(self.ended_early(job, lost.into()))
            }
            SlotState::Running { job, .. } => Ok(vec![
                ended(&job.session, self.judged(Outcome::Lost), None, None, reason),
                lost.into(),
            ]),
            SlotState::Ended(e) if !e.gone => Ok(vec![lost.into()]),
            SlotState::Ended(_) => Ok(vec![]),
            _ => Err(Refusal::WrongState),
        }
    }

    fn removed(&self, generation: Generation) -> Decision {
        self.current(generation)?;

        match &self.state {
            SlotState::Ended(e) if e.gone => {
                let removed = event::Removed { generation }.into();
                Ok(if self.failures >= FAILURES_MAX {
                    vec![
                        removed,
                        event::Quarantined {
                            why: format!("{} failures in a row: {}", self.failures, e.detail),
                        }
                        .into(),
                    ]
                } else {
                    vec![removed, event::Idle {}.into()]
                })
            }
            _ => Err(Refusal::WrongState),
        }
    }
}

/// Longest command line of an assignment: as long as settings take, and what they took before they
/// had a bound.
const AGENT_COMMAND_MAX: usize = 60 * 1024;

fn has_long_agent(assignment: &Assignment) -> bool {
    let Some(agent) = &assignment.agent else {
        return false;
    };
    match &agent.command {
        Some(line) => line.len() > AGENT_COMMAND_MAX,
        None => false,
    }
}

fn ended(
    session: &SessionId,
    outcome: Outcome,
    exit_code: Option<i32>,
    evidence: Option<Digest>,
    detail: &str,
) -> Event {
    event::SessionEnded {
        session: session.clone(),
        outcome,
        exit_code,
        evidence,
        detail: detail.to_owned(),
    }
    .into()
}

mod session;
#[cfg(test)]
mod tests;
