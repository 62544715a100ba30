//! Walks over the whole log while the server runs, line by line as they go: whether its chain and
//! its seals hold, and whether what it tells keeps the invariants.

use actors::rejection::Rejection;
use events::stream::Position;
use futures::Stream;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::api::{BreachShape, WalkStep};
use crate::data::DataFolder;
use crate::log::audit::audit_telling;
use crate::log::verify::{Verified, Walk, verify_telling};
use crate::operator::Operator;

/// Lines that wait for whoever reads them; the rest of the way is not told to a slow one.
const LINES_MAX: usize = 64;

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WalkKind {
    /// Whether every event is the one that was recorded.
    Verify,
    /// Whether the events keep the invariants.
    Audit,
}

/// Told now and then how far a walk is.
type Told<'a> = &'a (dyn Fn(Position) + Sync);

/// Walks over the whole log, on a thread of its own. The last line says what was found.
///
/// # Errors
/// Somebody else's walk is under way, or the log cannot be read.
pub(super) async fn walk(
    operator: &Operator,
    kind: WalkKind,
) -> Result<impl Stream<Item = WalkStep> + use<>, Rejection> {
    let turn = operator.walk()?;
    let head = operator.core.world.log.head().await;
    let of = head.map_err(|error| Rejection::later("log_unavailable", error))?;
    let of = of.position.0;
    let (said, heard) = mpsc::channel(LINES_MAX);
    let operator = operator.clone();
    let runtime = tokio::runtime::Handle::current();

    spawn_blocking(move || {
        let told = |looked: Position| {
            let looked = looked.0.min(of);
            // One that is not taken is followed by others.
            let _passed = said.try_send(WalkStep::Going { looked, of });
        };
        let walked = while_heard(&said, found(&operator, kind, &told));
        if let Some(found) = runtime.block_on(walked) {
            let found = found.unwrap_or_else(|error| WalkStep::Failed {
                detail: format!("{error:#}"),
            });
            // Nobody may be there any more to hear it.
            let _heard = said.blocking_send(found);
        }
        drop(turn);
    });

    Ok(futures::stream::unfold(heard, |mut heard| async {
        let step = heard.recv().await?;
        Some((step, heard))
    }))
}

/// What this comes to, or nothing once nobody hears it any more: the turn is for others then.
async fn while_heard<S, T>(said: &mpsc::Sender<S>, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        found = work => Some(found),
        () = said.closed() => None,
    }
}

async fn found(operator: &Operator, kind: WalkKind, told: Told<'_>) -> anyhow::Result<WalkStep> {
    match kind {
        WalkKind::Verify => verified(operator, told).await,
        WalkKind::Audit => audited(operator, told).await,
    }
}

async fn verified(operator: &Operator, told: Told<'_>) -> anyhow::Result<WalkStep> {
    let log = operator.core.world.log.as_ref();
    Ok(match verify_telling(log, &Walk::default(), told).await? {
        Verified::Sound {
            head,
            digest,
            sealed,
        } => WalkStep::Sound {
            head: head.0,
            digest: digest.to_string(),
            sealed: sealed.0,
        },
        Verified::Broken { at, damage } => WalkStep::Broken {
            at: at.0,
            damage: damage.to_string(),
        },
    })
}

async fn audited(operator: &Operator, told: Told<'_>) -> anyhow::Result<WalkStep> {
    let log = operator.core.world.log.as_ref();
    let report = audit_telling(&DataFolder::at(&operator.deps.data)?, log, told).await?;

    let breaches = report.breaches.iter().map(BreachShape::of);
    Ok(WalkStep::Audited {
        events: log.head().await?.position.0,
        breaches: breaches.collect(),
        unverified: report.waived,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_walk_ends_when_nobody_hears_it_any_more() {
        let (said, heard) = mpsc::channel::<WalkStep>(1);
        let found = while_heard(&said, async { 7 }).await;
        assert_eq!(found, Some(7));

        drop(heard);
        let endless = std::future::pending::<u8>();
        assert_eq!(while_heard(&said, endless).await, None);
    }
}
