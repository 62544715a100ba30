//! Claims by people and their own agents: the same claim, epoch and submit as a slot's, from
//! outside. The holder is a principal; what it does under a claim names the epoch and is refused
//! when that is over.

use events::cause::{Cause, Principal};
use events::claims::refs::claim_of;
use events::claims::{self, Claim};
use events::feature;
use events::holder::Holder;
use events::id::{CommandId, FeatureId, ProjectName, Sha};
use events::log::Receipt;

use crate::claims::protocol::{Protocol, UnderClaim};
use crate::claims::queue::{Asking, Granted};
use crate::rejection::Rejection;
use crate::supervisor::Core;

/// An outside holder who asks: who it is, and under which id it is answered once.
#[derive(Debug, Clone)]
pub struct OutsideCaller {
    /// Whose claims they are.
    pub holder: String,
    /// The principal that asks.
    pub principal: Principal,
    /// The request.
    pub id: CommandId,
}

impl OutsideCaller {
    fn holder(&self) -> Holder {
        Holder::Outside {
            principal: self.holder.clone(),
        }
    }

    /// A request under a claim.
    fn under(&self, project: &ProjectName, claim: Claim) -> UnderClaim {
        UnderClaim {
            project: project.clone(),
            holder: self.holder(),
            claim,
            cause: Cause::first(self.principal.clone(), self.id),
            id: self.id,
            secure: CommandId::derived(&["part", &self.id.to_string(), "secure"]),
        }
    }
}

/// Serves holders outside. Clones share the core.
#[derive(Clone)]
pub struct Outside {
    core: Core,
    protocol: Protocol,
}

type Done<T> = Result<T, Rejection>;

impl Outside {
    /// Serves the holders of this core.
    pub fn new(core: Core) -> Self {
        let protocol = Protocol::new(
            core.directory.clone(),
            core.projector.clone(),
            core.world.repo.clone(),
        );
        Self { core, protocol }
    }

    /// Claims a certain feature, or the best; none when nothing is ready.
    pub async fn claim(
        &self,
        caller: &OutsideCaller,
        project: &ProjectName,
        feature: Option<FeatureId>,
    ) -> Done<Option<Granted>> {
        let asking = Asking {
            project: project.clone(),
            feature,
            holder: caller.holder(),
            id: caller.id,
            cause: Cause::first(caller.principal.clone(), caller.id),
            preconditions: vec![],
        };
        let granted = self.core.claim_queue.claim(asking).await?;
        if granted.is_some() {
            self.heard(&caller.holder);
        }

        Ok(granted)
    }

    /// A sign of life: the claim's lease begins anew.
    pub fn heartbeat(
        &self,
        caller: &OutsideCaller,
        project: &ProjectName,
        claim: &Claim,
    ) -> Done<()> {
        let holder = caller.holder();
        self.core
            .projector
            .view(project, |view| claims::held(view, &holder, claim))?
            .map_err(|refusal| Rejection::refused(&refusal))?;
        self.heard(&caller.holder);
        Ok(())
    }

    /// Gives a claim back. What was pushed is recorded as safe first.
    pub async fn release(
        &self,
        caller: &OutsideCaller,
        project: &ProjectName,
        claim: Claim,
        reason: &str,
    ) -> Done<Receipt> {
        let asked = caller.under(project, claim);
        self.protocol.release(&asked, reason.to_owned()).await
    }

    /// Hands in a pushed commit.
    pub async fn submit(
        &self,
        caller: &OutsideCaller,
        project: &ProjectName,
        claim: Claim,
        sha: Sha,
    ) -> Done<Receipt> {
        self.protocol
            .submit(&caller.under(project, claim), sha)
            .await
    }

    /// Whether this holder may push to this ref now; a push is a sign of life.
    pub fn may_push(&self, holder: &str, project: &ProjectName, reference: &str) -> Done<()> {
        let outside = Holder::Outside {
            principal: holder.to_owned(),
        };
        self.core
            .projector
            .view(project, |view| claims::may_push(view, &outside, reference))?
            .map_err(|refusal| Rejection::refused(&refusal))?;
        self.heard(holder);
        Ok(())
    }

    /// Records that a push to a claim's ref was turned down: once for each holder, claim and
    /// reason. What no claim ever had is not recorded: names without bound could be made up.
    pub async fn denied(
        &self,
        caller: &OutsideCaller,
        project: &ProjectName,
        reference: &str,
        why: &str,
    ) -> Done<()> {
        let Some(claim) = claim_of(reference) else {
            return Ok(());
        };

        let key = [
            "push denied",
            project.as_str(),
            reference,
            &caller.holder,
            why,
        ];
        let caller = OutsideCaller {
            id: CommandId::derived(&key),
            ..caller.clone()
        };
        let command = feature::Command::DenyPush {
            epoch: claim.epoch,
            by: caller.holder.clone(),
            why: why.to_owned(),
        };

        let asked = caller.under(project, claim);
        match self.protocol.tell(&asked, asked.id, command).await {
            Err(rejection) if !rejection.is_passing() => Ok(()),
            told => told.map(|_| ()),
        }
    }

    fn heard(&self, holder: &str) {
        let now = self.core.world.clock.now();
        self.core.liveness.outside(holder, now);
    }
}
