//! Claims by people and their own agents.

use actors::chores::Chore;
use actors::claims::outside::{Outside, OutsideCaller};
use events::cause::Principal;
use events::claims::{Claim, refs};
use events::feature::COMMENT_MAX;
use events::holder::Holder;
use events::id::{Epoch, ProjectName};
use tracing::instrument;

use super::{Done, Operator, RequestContext, said, written};
use crate::api::{ClaimShape, Leased, Written};
use actors::rejection::Rejection;

/// A claim as its holder names it.
#[derive(Debug, Clone)]
pub struct Holding<'a> {
    /// The project that the feature belongs to.
    pub project: &'a str,
    /// The feature that is held.
    pub feature: &'a str,
    /// The number of the claim.
    pub epoch: u64,
    /// Whose claim; the caller's, if nothing is said.
    pub holder: Option<&'a str>,
}

fn holder(context: &RequestContext, named: Option<&str>) -> Done<String> {
    let name = named.unwrap_or(&context.by);
    Holder::outside(name).map_err(Rejection::invalid)?;
    Ok(name.to_owned())
}

impl Operator {
    fn caller(context: &RequestContext, named: Option<&str>) -> Done<OutsideCaller> {
        Ok(OutsideCaller {
            holder: holder(context, named)?,
            principal: Principal::Operator(context.by.as_str().into()),
            id: context.id,
        })
    }

    fn outside(&self) -> Outside {
        Outside::new(self.core.clone())
    }

    fn held(
        &self,
        context: &RequestContext,
        holding: &Holding<'_>,
    ) -> Done<(OutsideCaller, ProjectName, Claim)> {
        let caller = Self::caller(context, holding.holder)?;
        let project = Self::name(holding.project)?;
        let claim = Claim {
            feature: Self::id(holding.feature)?,
            epoch: Epoch(holding.epoch),
        };
        self.feature(holding.project, holding.feature)?;
        Ok((caller, project, claim))
    }

    /// Claims a certain feature, or the best; none when nothing is ready.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn claim(
        &self,
        context: &RequestContext,
        name: &str,
        id: Option<&str>,
        named: Option<&str>,
    ) -> Done<Option<ClaimShape>> {
        let (project, feature) = (Self::name(name)?, id.map(Self::id).transpose()?);

        if let Some(id) = id {
            self.feature(name, id)?;
        }

        let caller = Self::caller(context, named)?;
        let Some(granted) = self.outside().claim(&caller, &project, feature).await? else {
            return Ok(None);
        };

        let base = self.read(&project, |view| {
            Some(
                view.merge_queue
                    .state
                    .head
                    .as_ref()
                    .map(ToString::to_string),
            )
        })?;

        Ok(Some(ClaimShape {
            feature: granted.feature.to_string(),
            epoch: granted.epoch.0,
            holder: caller.holder,
            branch: refs::branch(&granted.feature, granted.epoch),
            base,
            gate: format!("/git/{project}.git"),
            position: granted.receipt.position.0,
            version: granted.receipt.version.0,
        }))
    }

    /// A sign of life of a holder.
    pub fn heartbeat(&self, context: &RequestContext, holding: &Holding<'_>) -> Done<Leased> {
        let (caller, project, claim) = self.held(context, holding)?;
        self.outside().heartbeat(&caller, &project, &claim)?;
        let lease_ms = self.read(&project, |view| {
            Some(view.registered()?.settings.outside_lease_ms)
        })?;
        Ok(Leased { lease_ms })
    }

    /// Gives a claim back.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn release(
        &self,
        context: &RequestContext,
        holding: &Holding<'_>,
        reason: &str,
    ) -> Done<Written> {
        let (caller, project, claim) = self.held(context, holding)?;
        let reason = said("reason", reason, COMMENT_MAX)?;

        Ok(written(
            &self
                .outside()
                .release(&caller, &project, claim, &reason)
                .await?,
        ))
    }

    /// Hands a pushed commit in.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn submit(
        &self,
        context: &RequestContext,
        holding: &Holding<'_>,
        sha: &str,
    ) -> Done<Written> {
        let (caller, project, claim) = self.held(context, holding)?;
        let sha = sha.parse().map_err(Rejection::invalid)?;
        Ok(written(
            &self.outside().submit(&caller, &project, claim, sha).await?,
        ))
    }

    /// Records pushes that were turned down, as far as they were for a claim's ref.
    pub async fn denied(&self, holder: &str, project: &ProjectName, denied: &[(String, String)]) {
        if Holder::outside(holder).is_err() {
            return;
        }

        let context = RequestContext::fresh(holder);
        let caller = OutsideCaller {
            holder: holder.to_owned(),
            principal: Principal::Operator(holder.into()),
            id: context.id,
        };

        for (reference, why) in denied {
            if refs::claim_of(reference).is_none() {
                self.deps.noises.refused_push(project);
                continue;
            }
            let recorded = self
                .outside()
                .denied(&caller, project, reference, why)
                .await;
            if recorded.as_ref().is_err_and(|why| !why.is_passing()) {
                self.deps.noises.refused_push(project);
                continue;
            }
            let recorded = recorded.map_err(|error| format!("{reference}: {error}"));
            let faults = &self.core.faults;
            faults.went(Some(project), Chore::RecordDenied, recorded);
        }
    }

    /// Whether this holder may push to this ref of a project's gate now.
    pub fn may_push(
        &self,
        holder: &str,
        project: &ProjectName,
        reference: &str,
    ) -> Result<(), String> {
        let may = self.outside().may_push(holder, project, reference);
        may.map_err(|rejection| rejection.to_string())
    }
}
