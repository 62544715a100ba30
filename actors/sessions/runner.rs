//! The control voice: assignment, heartbeat, output, end.

use std::time::Duration;

use events::claims::refs;
use events::container::{self, Assignment, SlotState};
use events::evidence::Evidence;
use events::feature::Command as FeatureCommand;
use events::holder::Role;
use events::id::SessionId;
use events::merge_queue;
use events::outcome::Outcome;
use events::policy::AnyCommand;
use events::project::Thing;
use events::stream::StreamId;
use events::view::Subject;

use super::clues::Found;
use super::wire::{Beat, Ending, ModelApi, SessionBrief, Verification};
use super::{Place, Sessions, place};
use crate::rejection::Rejection;

/// A runner may be faster than the record of its own start; it waits this long for it.
const START_RECORDED_WITHIN: Duration = Duration::from_secs(20);

impl Sessions {
    /// The runner reports for work.
    pub async fn hello(&self, session: &SessionId) -> Result<SessionBrief, Rejection> {
        let recorded = self.projector.wait_until(|projections| {
            let place = place(projections, session)?;
            let slot = projections.projects.get(&place.project)?.slot(place.n)?;
            match slot.state {
                SlotState::Requested { .. } => None,
                SlotState::Idle
                | SlotState::Assigned { .. }
                | SlotState::Running { .. }
                | SlotState::Ended(_)
                | SlotState::Quarantined { .. } => Some(place),
            }
        });
        let place = tokio::time::timeout(START_RECORDED_WITHIN, recorded).await;
        let place = place.map_err(|_| {
            Rejection::later("later", "the start of this session is not recorded yet")
        })?;
        let begin = container::Command::BeginSession {
            session: session.clone(),
        };

        self.command(
            session,
            place.slot.clone(),
            AnyCommand::Container(begin),
            &["begin"],
        )
        .await?;
        self.liveness.session(session, self.now());

        self.brief(session, &place).await
    }

    async fn brief(&self, session: &SessionId, place: &Place) -> Result<SessionBrief, Rejection> {
        let job = &place.job;
        let prompt = self.blobs.get(job.prompt_digest).await?;
        let settings = self.settings(&place.project);
        let (fetch, branch) = refs_of(place);
        let (models, trouble) = match self.models_of(job) {
            Ok(models) => (models, None),
            Err(why) => (None, Some(why)),
        };

        Ok(SessionBrief {
            session: session.clone(),
            role: job.role,
            project: place.project.clone(),
            feature: job.feature.clone(),
            epoch: job.epoch,
            sha: job.sha.clone(),
            fetch,
            branch,
            agent: job.agent.clone(),
            models,
            trouble,
            setup: settings.setup,
            prompt: String::from_utf8_lossy(&prompt).into_owned(),
            verify: settings.verify,
            rescue_ms: settings.rescue_ms,
            wall_ms: place.wall_ms,
        })
    }

    /// How the provider of its agent is spoken to; none when it asks no provider.
    fn models_of(&self, job: &Assignment) -> Result<Option<ModelApi>, String> {
        let Some(agent) = &job.agent else {
            return Ok(None);
        };
        let Some(provider) = agent.provider() else {
            return Ok(None);
        };

        let protocol = self.models.protocol(provider)?;
        let provider = provider.to_owned();
        Ok(Some(ModelApi { provider, protocol }))
    }

    /// A sign of life.
    pub fn beat(&self, session: &SessionId) -> Result<Beat, Rejection> {
        let place = self.place(session)?;
        self.liveness.session(session, self.now());
        Ok(Beat {
            open: place.grant.is_some(),
            full: self.tallies.is_full(session),
        })
    }

    /// A chunk of output; answers the last stored number.
    pub async fn output(
        &self,
        session: &SessionId,
        seq: u64,
        bytes: &[u8],
    ) -> Result<u64, Rejection> {
        self.place(session)?;
        self.liveness.session(session, self.now());
        Ok(self.transcripts.append(session, seq, bytes).await?)
    }

    /// The session is over. The work is recorded before the end is: that is rule 3 of the design.
    pub async fn end(&self, session: &SessionId, ending: &Ending) -> Result<(), Rejection> {
        let place = self.place(session)?;

        if let Some(verification) = &ending.verification {
            self.verified(session, &place, verification).await?;
        }

        if place.job.role == Role::Coder {
            self.secure(session, &place).await?;
        }

        self.settle_tally(session).await;
        let found = self.outside(session, &place, ending).await?;
        let judged = self.outcome(session, ending)?;
        let outcome = match &found {
            Some(found) if is_excused(judged, found) => {
                self.report_trouble(session, &place, found).await?;
                found.outcome
            }
            Some(_) | None => {
                self.worked(session, &place, judged).await?;
                judged
            }
        };
        let evidence = serde_json::to_vec(ending).map_err(|e| Rejection::invalid(e.to_string()))?;
        let evidence = Some(self.blobs.put(evidence).await?);
        let detail = match found.filter(|found| found.outcome == outcome) {
            Some(found) => format!("{}: {}", outcome.name(), found.detail),
            None => detail(ending, outcome),
        };
        let end = container::Command::EndSession {
            session: session.clone(),
            outcome,
            exit_code: ending.exit_code,
            evidence,
            detail,
        };

        match self
            .command(session, place.slot, AnyCommand::Container(end), &["end"])
            .await
        {
            Ok(_) => {}
            Err(rejection) if rejection.code == "session_over" => {}
            Err(other) => return Err(other),
        }
        Ok(())
    }

    /// Records what the gate holds of this claim, unless a submission already did.
    async fn secure(&self, session: &SessionId, place: &Place) -> Result<(), Rejection> {
        let (Some(feature), Some(epoch)) = (place.job.feature.clone(), place.job.epoch) else {
            return Ok(());
        };

        let secured = self.projector.read(|projections| {
            let known = projections
                .projects
                .get(&place.project)?
                .feature(&feature)?;
            Some(known.secured.contains_key(&epoch))
        });
        // A feature that is not there has no claim that could hold anything.
        if secured.unwrap_or(true) {
            return Ok(());
        }

        let sha = self.work.work_head(&place.project, &feature, epoch).await?;
        let stream = StreamId::Feature(place.project.clone(), feature);
        let command = FeatureCommand::SecureWork { epoch, sha };

        self.command(session, stream, AnyCommand::Feature(command), &["secure"])
            .await
            .map(|_| ())
    }

    async fn verified(
        &self,
        session: &SessionId,
        place: &Place,
        verification: &Verification,
    ) -> Result<(), Rejection> {
        let Some(command) = evidence(session, place, verification) else {
            return Ok(());
        };
        let stream = StreamId::MergeQueue(place.project.clone());
        let command = AnyCommand::MergeQueue(command);

        let recorded = self.command(session, stream, command, &["evidence"]).await;
        match recorded {
            // Evidence that is not taken is no reason to keep the session: its verification lapses
            // and another starts.
            Ok(_) => Ok(()),
            Err(rejection) if rejection.is_passing() => Err(rejection),
            Err(_) => Ok(()),
        }
    }

    /// Judged from what was handed in: a session that settled its grant did its work, whatever its
    /// exit code says.
    fn outcome(&self, session: &SessionId, ending: &Ending) -> Result<Outcome, Rejection> {
        let place = self.place(session)?;
        if place.grant.is_some() {
            return Ok(self.ended(&place, ending));
        }
        if ending.verification.is_some() {
            return Ok(Outcome::Completed);
        }

        // Without a word of its own its work was ended from outside: a lease that ran out, a
        // person, a stop.
        let said = self.projector.read(|projections| {
            let view = projections.projects.get(&place.project)?;
            view.sessions.get(session)?.said
        });
        Ok(said.unwrap_or(Outcome::Interrupted))
    }

    /// How a session ended that did not settle its grant.
    fn ended(&self, place: &Place, ending: &Ending) -> Outcome {
        let own = self.own_time();
        if let Some(at) = place.running_since
            && own.now >= own.since(at).plus_ms(place.wall_ms)
        {
            return Outcome::TimedOut;
        }

        match ending {
            Ending {
                context_full: true, ..
            } => Outcome::ContextFull,
            Ending {
                interrupted: true, ..
            } => Outcome::Interrupted,
            // The agent never ran: that is the infrastructure's failure and uses none of the
            // feature's tries.
            Ending {
                trouble: Some(_),
                exit_code: None,
                signal: None,
                ..
            } => Outcome::Lost,
            Ending {
                exit_code: Some(0),
                failure: None,
                ..
            } => Outcome::NoWork,
            _ => Outcome::Failed,
        }
    }
}

/// What a session's runner fetches beside the trunk, and the branch that it works on.
fn refs_of(place: &Place) -> (Option<String>, Option<String>) {
    let claim = place.job.claim();

    match place.job.role {
        Role::Coder => {
            let branch = claim.map(|(feature, epoch)| refs::branch(feature, epoch));
            (None, branch)
        }
        Role::Reviewer => {
            let fetch = claim.map(|(feature, epoch)| refs::submitted(feature, epoch));
            (fetch, None)
        }
        Role::Verifier => (entry_of(place).map(refs::candidate), None),
        Role::Initializer | Role::Overseer => (None, None),
    }
}

/// What a verification tells the merge queue; nothing when its grant is over.
fn evidence(
    session: &SessionId,
    place: &Place,
    verification: &Verification,
) -> Option<merge_queue::Command> {
    let evidence = Evidence::Ran {
        tree: verification.tree.clone(),
        command: place.job.prompt_digest,
        exit: verification.exit,
        log: verification.log,
        session: session.clone(),
        tail: last_bytes(&verification.tail, TAIL_MAX),
    };

    match place.grant.as_ref()?.subject {
        Subject::Verification(entry) => Some(merge_queue::Command::RecordVerification {
            entry,
            session: Some(session.clone()),
            evidence,
        }),
        Subject::Head => Some(merge_queue::Command::RecordHeadVerification {
            session: session.clone(),
            evidence,
        }),
        Subject::Claim(..) | Subject::Review(..) | Subject::Initialization | Subject::Oversight => {
            None
        }
    }
}

/// Whether an end that looks like this is the fault of what was found outside. Time runs out on an
/// agent whose provider does not answer.
fn is_excused(judged: Outcome, found: &Found) -> bool {
    match judged {
        Outcome::Failed | Outcome::NoWork | Outcome::Lost => true,
        Outcome::TimedOut => matches!(found.thing, Thing::Provider { .. }),
        Outcome::Completed
        | Outcome::Stuck
        | Outcome::ContextFull
        | Outcome::Interrupted
        | Outcome::ProviderLimited
        | Outcome::ProviderRefused
        | Outcome::ToolBroken
        | Outcome::EngineRefused
        | Outcome::OverBudget
        | Outcome::NeverStarted
        | Outcome::Asked
        | Outcome::GivenBack
        | Outcome::Stopped => false,
    }
}

/// Most bytes of a verification's log that are kept in the event.
const TAIL_MAX: usize = 4096;

fn last_bytes(text: &str, max: usize) -> String {
    let from = (text.len().saturating_sub(max)..text.len())
        .find(|i| text.is_char_boundary(*i))
        .unwrap_or(text.len());
    text[from..].to_owned()
}

fn detail(ending: &Ending, outcome: Outcome) -> String {
    let how = match (ending.exit_code, ending.signal) {
        (Some(code), _) => format!("the agent ended with exit code {code}"),
        (None, Some(signal)) => format!("the agent was ended by signal {signal}"),
        (None, None) => "no agent ran".to_owned(),
    };
    let more = [&ending.trouble, &ending.failure]
        .into_iter()
        .flatten()
        .map(|why| format!("; {why}"));
    let mut more: String = more.collect();
    if let Some(left) = &ending.unsecured {
        more += &format!("; of its work this could not be brought to safety: {left}");
    }

    format!("{}: {how}{more}", outcome.name())
}

/// The entry of the merge queue that a session verifies, if it does.
fn entry_of(place: &Place) -> Option<u64> {
    match &place.grant.as_ref()?.subject {
        Subject::Verification(entry) => Some(*entry),
        Subject::Claim(..)
        | Subject::Review(..)
        | Subject::Initialization
        | Subject::Oversight
        | Subject::Head => None,
    }
}

#[cfg(test)]
mod tests {
    use super::last_bytes;

    #[test]
    fn a_tail_is_cut_at_a_character() {
        assert_eq!(last_bytes("añb", 2), "b");
        assert_eq!(last_bytes("añb", 3), "ñb");
        assert_eq!(last_bytes("ab", 9), "ab");
    }
}
