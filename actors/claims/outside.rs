//! Claims by people and their own agents: the same claim, epoch and submit as a slot's, from
//! outside. The holder is a principal; what it does under a claim names the epoch and is refused
//! when that is over.

use events::cause::{Cause, Principal};
use events::feature::{self, Stage};
use events::holder::Holder;
use events::id::{CommandId, Epoch, FeatureId, ProjectName, Sha};
use events::log::Receipt;
use events::outcome::Outcome;
use events::policy::AnyCommand;
use events::stream::StreamId;

use crate::claims::queue::{Asking, Granted};
use crate::refs::{WORK, claim_of};
use crate::rejection::Rejection;
use crate::supervisor::Core;

/// The code for a claim that is somebody else's.
const HELD: &str = "held";

/// An outside holder who asks: who it is, and under which id it is answered once.
#[derive(Debug, Clone)]
pub struct OutsideCaller {
    /// Whose claims they are.
    pub holder: String,
    /// Who asks.
    pub principal: Principal,
    /// The request.
    pub id: CommandId,
}

/// Serves holders outside. Clones share the core.
#[derive(Clone)]
pub struct Outside {
    core: Core,
}

type Done<T> = Result<T, Rejection>;

impl Outside {
    /// Serves the holders of this core.
    pub fn new(core: Core) -> Self {
        Self { core }
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
            holder: Holder::Outside {
                principal: caller.holder.clone(),
            },
            id: caller.id,
            cause: Cause::first(caller.principal.clone(), caller.id),
            preconditions: vec![],
        };
        let granted = self.core.claim_queue.claim(asking).await?;
        if granted.is_some() {
            self.core
                .liveness
                .outside(&caller.holder, self.core.world.clock.now());
        }
        Ok(granted)
    }

    /// A sign of life: the claim's lease begins anew.
    pub fn heartbeat(
        &self,
        caller: &OutsideCaller,
        project: &ProjectName,
        feature: &FeatureId,
        epoch: Epoch,
    ) -> Done<()> {
        self.held(&caller.holder, project, feature, epoch)?;
        self.core
            .liveness
            .outside(&caller.holder, self.core.world.clock.now());
        Ok(())
    }

    /// Gives a claim back. What was pushed is recorded as safe first.
    pub async fn release(
        &self,
        caller: &OutsideCaller,
        project: &ProjectName,
        feature: &FeatureId,
        epoch: Epoch,
        reason: &str,
    ) -> Done<Receipt> {
        if self.is_open(caller, project, feature, epoch)? {
            let sha = self
                .core
                .world
                .repo
                .work_head(project, feature, epoch)
                .await?;
            self.tell(
                caller,
                project,
                feature,
                "secure",
                feature::Command::SecureWork { epoch, sha },
            )
            .await?;
        }
        let command = feature::Command::Release {
            epoch,
            outcome: Outcome::GivenBack,
            detail: reason.to_owned(),
        };
        self.tell(caller, project, feature, "", command).await
    }

    /// Hands in a pushed commit. It is pinned in the gate before the fact is recorded: what is
    /// acknowledged is safe.
    pub async fn submit(
        &self,
        caller: &OutsideCaller,
        project: &ProjectName,
        feature: &FeatureId,
        epoch: Epoch,
        sha: Sha,
    ) -> Done<Receipt> {
        if !self.is_open(caller, project, feature, epoch)? {
            // The rules say why, and a repetition of what was accepted is answered as the first
            // time.
            let command = feature::Command::Submit {
                epoch,
                sha,
                base: None,
            };
            return self.tell(caller, project, feature, "", command).await;
        }
        let handed = self
            .core
            .world
            .repo
            .pin(project, feature, epoch, &sha)
            .await?;
        if let Some(why) = handed.refusal(&sha) {
            return Err(Rejection::conflict("nothing_to_submit", why));
        }
        let command = feature::Command::Submit {
            epoch,
            sha,
            base: handed.base,
        };
        self.tell(caller, project, feature, "", command).await
    }

    /// Whether this holder may push to this ref now; a push is a sign of life.
    pub fn may_push(
        &self,
        holder: &str,
        project: &ProjectName,
        reference: &str,
    ) -> Result<(), String> {
        let Some((feature, epoch)) = claim_of(reference) else {
            return Err(format!(
                "{reference} is nobody's to push: claim a feature and push to {WORK}FEATURE/CLAIM"
            ));
        };
        self.held(holder, project, &feature, epoch)
            .map_err(|error| error.to_string())?;
        self.core
            .liveness
            .outside(holder, self.core.world.clock.now());
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
        let Some((feature, epoch)) = claim_of(reference) else {
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
            epoch,
            by: caller.holder.clone(),
            why: why.to_owned(),
        };
        match self.tell(&caller, project, &feature, "", command).await {
            Err(rejection) if !rejection.is_passing() => Ok(()),
            told => told.map(|_| ()),
        }
    }

    /// Whether the claim at hand is open. One that is somebody else's is refused here; one that is
    /// over is for the rules to refuse, which answer a repetition of what they accepted as the
    /// first time.
    fn is_open(
        &self,
        caller: &OutsideCaller,
        project: &ProjectName,
        feature: &FeatureId,
        epoch: Epoch,
    ) -> Done<bool> {
        match self.held(&caller.holder, project, feature, epoch) {
            Ok(()) => Ok(true),
            Err(rejection) if rejection.code == HELD => Err(rejection),
            Err(_) => Ok(false),
        }
    }

    /// Whether this claim is open and this holder's.
    fn held(
        &self,
        holder: &str,
        project: &ProjectName,
        feature: &FeatureId,
        epoch: Epoch,
    ) -> Done<()> {
        let open = self.core.projector.read(|projections| {
            let known = projections.projects.get(project)?.feature(feature)?;
            match &known.stage {
                Stage::Claimed { holder, .. } => Some((known.epoch, holder.clone())),
                _ => None,
            }
        });
        match open {
            None => Err(Rejection::conflict(
                "no_claim",
                format!("no claim is open on {feature}: it ended, stop working on it"),
            )),
            Some((current, _)) if current != epoch => Err(Rejection::conflict(
                "stale_epoch",
                format!(
                    "claim {epoch} has ended, {feature} is at claim {current}: stop working on it"
                ),
            )),
            Some((_, Holder::Outside { principal })) if principal == holder => Ok(()),
            Some((_, other)) => {
                let by = match other {
                    Holder::Outside { principal } => principal,
                    Holder::Slot { n, .. } => format!("slot {n}"),
                };
                Err(Rejection::conflict(
                    HELD,
                    format!("{feature} is claimed by {by}, not by {holder}"),
                ))
            }
        }
    }

    async fn tell(
        &self,
        caller: &OutsideCaller,
        project: &ProjectName,
        feature: &FeatureId,
        part: &str,
        command: feature::Command,
    ) -> Done<Receipt> {
        let id = match part {
            "" => caller.id,
            part => CommandId::derived(&["part", &caller.id.to_string(), part]),
        };
        let cause = Cause {
            principal: caller.principal.clone(),
            correlation: caller.id,
            causation: None,
        };
        let stream = StreamId::Feature(project.clone(), feature.clone());
        let receipt = self
            .core
            .directory
            .execute(&stream, AnyCommand::Feature(command), id, cause, vec![])
            .await?;
        self.core.projector.wait_for(receipt.position).await;
        Ok(receipt)
    }
}
