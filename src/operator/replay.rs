//! Reasons and reports, of now and of any instant. Of now everything is known that the policies
//! know, signs of life among it.

use events::policy::{self, Observed};
use events::report::Scope;
use events::view::Projections;
use events::why::{Question, Wish};

use super::{Done, Operator};
use crate::api::{ReportShape, WhyNotShape, WhyShape};

impl Operator {
    /// Why something is as it is, or was at an instant.
    pub async fn why(&self, question: &Question, at: Option<&str>) -> Done<WhyShape> {
        let recorded = self.recorded();
        if at.is_none() {
            let now = |projections: &Projections| self.observed(projections);
            return recorded.why_in(question, &self.core.projector, &now).await;
        }

        let moment = recorded.moment(at, self.core.world.clock.now()).await?;
        recorded.why(question, moment).await
    }

    /// What a wish comes to, or would have come to at an instant.
    pub async fn why_not(&self, wish: &Wish, at: Option<&str>) -> Done<WhyNotShape> {
        let recorded = self.recorded();
        if at.is_none() {
            let now = |projections: &Projections| self.observed(projections);
            return recorded.why_not_in(wish, &self.core.projector, &now).await;
        }

        let moment = recorded.moment(at, self.core.world.clock.now()).await?;
        recorded.why_not(wish, moment).await
    }

    /// What happened between two instants, as they are named on the wire.
    pub async fn report(
        &self,
        scope: Scope,
        since: &str,
        until: Option<&str>,
    ) -> Done<ReportShape> {
        let recorded = self.recorded();
        let now = self.core.world.clock.now();
        let asked = recorded.span(since, until, now).await?;
        recorded.report(scope, asked).await
    }

    /// What the policies observe now.
    fn observed(&self, projections: &Projections) -> Observed {
        let clock = &self.core.world.clock;
        let (now, noticed) = (clock.now(), clock.gaps());
        let recorded = &projections.node.state.gaps;
        let base = self.core.liveness.observed(now, recorded, &noticed);

        Observed {
            accounts: policy::accounts(projections, &base.own),
            ..base
        }
    }
}
