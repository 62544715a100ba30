//! What a holder does under its claim: it hands in, gives back, asks. The same for a session of the
//! fleet and for somebody outside; what each may do is said in `events::claims`.
//!
//! A claim that is over is asked for all the same: the feature's rules say why it is refused, and a
//! repetition of what they accepted is answered as the first time.

use std::sync::Arc;

use events::cause::Cause;
use events::claims::{self, Claim, Standing};
use events::feature::{self, Feature};
use events::holder::Holder;
use events::id::{CommandId, ProjectName, Sha};
use events::log::Receipt;
use events::outcome::Outcome;
use events::stream::StreamId;

use crate::directory::Directory;
use crate::host::{Execute, ExecuteError, Request};
use crate::ports::repo::ClaimWork;
use crate::projector::Projector;
use crate::rejection::Rejection;

/// A request under a claim.
#[derive(Debug, Clone)]
pub struct UnderClaim {
    /// The project.
    pub project: ProjectName,
    /// The holder that asks.
    pub holder: Holder,
    /// The claim it names.
    pub claim: Claim,
    /// In whose name it is recorded, and why.
    pub cause: Cause,
    /// The id under which it is answered once.
    pub id: CommandId,
    /// The id under which the work is recorded as safe before.
    pub secure: CommandId,
}

/// Carries out what holders ask. Clones share everything.
#[derive(Clone)]
pub struct Protocol {
    directory: Directory,
    projector: Projector,
    work: Arc<dyn ClaimWork>,
}

type Done<T> = Result<T, Rejection>;

impl Protocol {
    /// Serves holders over these hosts, projections and gates.
    pub fn new(directory: Directory, projector: Projector, work: Arc<dyn ClaimWork>) -> Self {
        Self {
            directory,
            projector,
            work,
        }
    }

    /// Gives a claim back. What was pushed is recorded as safe first.
    pub async fn release(&self, asked: &UnderClaim, reason: String) -> Done<Receipt> {
        self.secure(asked).await?;
        let command = feature::Command::Release {
            epoch: asked.claim.epoch,
            outcome: Outcome::GivenBack,
            detail: reason,
        };
        self.tell(asked, asked.id, command).await
    }

    /// Gives a claim back with a question to people. What was pushed is recorded as safe first.
    pub async fn ask(&self, asked: &UnderClaim, question: String) -> Done<Receipt> {
        self.secure(asked).await?;
        let epoch = asked.claim.epoch;
        self.tell(asked, asked.id, feature::Command::Ask { epoch, question })
            .await
    }

    /// Hands in a pushed commit. It is pinned in the gate before the fact is recorded: what is
    /// acknowledged is safe.
    pub async fn submit(&self, asked: &UnderClaim, sha: Sha) -> Done<Receipt> {
        let Claim { feature, epoch } = &asked.claim;
        if self.standing(asked)? == Standing::Over {
            return self.submitted_before(asked, sha).await;
        }

        let pinned = self.work.pin(&asked.project, feature, *epoch, &sha).await?;
        if let Some(why) = pinned.refusal(&sha) {
            return Err(Rejection::conflict("nothing_to_submit", why));
        }
        let command = feature::Command::Submit {
            epoch: *epoch,
            sha,
            base: pinned.base,
        };
        self.tell(asked, asked.id, command).await
    }

    /// The answer to a submission whose claim is over. Where the commit branched off was found in
    /// the gate and is not asked for, so that a repetition is one when it names the same commit.
    async fn submitted_before(&self, asked: &UnderClaim, sha: Sha) -> Done<Receipt> {
        let epoch = asked.claim.epoch;
        let Some(before) = self.directory.answered::<Feature>(asked.id).await? else {
            let base = None;
            let command = feature::Command::Submit { epoch, sha, base };
            return self.tell(asked, asked.id, command).await;
        };

        let executed = before.executed;
        let same = executed.events.iter().any(|event| {
            matches!(event, feature::Event::Submitted(first)
                if first.epoch == epoch && first.sha == sha)
        });
        if same && executed.receipt.stream == asked.stream() {
            Ok(executed.receipt)
        } else {
            Err(ExecuteError::IdReused.into())
        }
    }

    /// Records what the gate holds of an open claim.
    async fn secure(&self, asked: &UnderClaim) -> Done<()> {
        let Claim { feature, epoch } = &asked.claim;
        if self.standing(asked)? == Standing::Over {
            return Ok(());
        }

        let sha = self.work.work_head(&asked.project, feature, *epoch).await?;
        let command = feature::Command::SecureWork { epoch: *epoch, sha };
        self.tell(asked, asked.secure, command).await?;
        Ok(())
    }

    fn standing(&self, asked: &UnderClaim) -> Done<Standing> {
        let standing = self.projector.view(&asked.project, |view| {
            claims::standing(view, &asked.holder, &asked.claim)
        })?;
        standing.map_err(|refusal| Rejection::refused(&refusal))
    }

    /// Sends a command about the feature in the holder's name, and waits until it can be read.
    pub(super) async fn tell(
        &self,
        asked: &UnderClaim,
        id: CommandId,
        command: feature::Command,
    ) -> Done<Receipt> {
        let request = Request {
            id,
            cause: asked.cause.clone(),
            preconditions: vec![],
        };
        let command = Execute::<Feature>::new(command, request);
        let executed = self.directory.carry_out(&asked.stream(), command).await?;
        self.projector.wait_for(executed.receipt.position).await;

        Ok(executed.receipt)
    }
}

impl UnderClaim {
    fn stream(&self) -> StreamId {
        StreamId::Feature(self.project.clone(), self.claim.feature.clone())
    }
}

#[cfg(test)]
mod tests;
