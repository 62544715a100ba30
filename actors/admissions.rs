//! Batches on their way into a backlog: drawn once, and answered the same when the same request
//! comes again.

use std::time::Duration;

use events::backlog::{self, Backlog, Batch, BatchRefusal};
use events::id::{CommandId, Digest, FeatureId, ProjectName};
use events::log::Receipt;
use events::view::ProjectView;

use crate::directory::Directory;
use crate::executed::Executed;
use crate::host::ExecuteError;
use crate::projector::Projector;

/// An answer waits so long for the features that it names: each is an event of its own.
const MADE_WITHIN: Duration = Duration::from_secs(10);

/// Returns when these features can be read, or after a while: what was admitted stays admitted.
pub async fn made(projector: &Projector, project: &ProjectName, ids: &[FeatureId]) {
    let all = all_made(projector, project, ids);
    if tokio::time::timeout(MADE_WITHIN, all).await.is_err() {
        tracing::debug!(%project, "features that were admitted do not exist yet");
    }
}

/// Returns when these features can be read, however long that takes.
pub async fn all_made(projector: &Projector, project: &ProjectName, ids: &[FeatureId]) {
    // What was there once stays: with thousands of them, each change looks at the rest alone.
    let mut rest = ids;
    let all = projector.wait_until(|projections| {
        let view = projections.projects.get(project)?;
        while let [next, others @ ..] = rest
            && view.feature(next).is_some()
        {
            rest = others;
        }
        rest.is_empty().then_some(())
    });
    all.await;
}

/// Returns when the dependencies of a feature are those of the backlog, or after a while.
pub async fn linked(projector: &Projector, project: &ProjectName, id: &FeatureId) {
    let linked = projector.wait_until(|projections| {
        let view = projections.projects.get(project)?;
        let known = view.feature(id)?;
        let mut wanted = view.backlog.state.dependencies(id);
        let blocked = wanted.all(|on| known.blockers.contains(on) || view.is_settled(on));
        let listed = |on: &FeatureId| view.backlog.state.dependencies(id).any(|other| other == on);
        let freed = known.blockers.iter().all(listed);
        (known.is_settled() || (blocked && freed)).then_some(())
    });
    if tokio::time::timeout(MADE_WITHIN, linked).await.is_err() {
        tracing::debug!(%project, %id, "dependencies are not those of the backlog yet");
    }
}

/// What the ids of a batch are drawn from: two requests that bring the same draw different ones,
/// and neither has to see the other's.
pub fn seed(batch: Digest, request: CommandId, attempt: u32) -> Digest {
    let parts = [&batch.0[..], &request.0, &attempt.to_le_bytes()];
    Digest::of(&parts.concat())
}

/// The admission of a checked batch as the backlog stands: its ids, drawn from the seed; its edges,
/// resolved.
pub fn admission(
    view: &ProjectView,
    digest: Digest,
    batch: &Batch,
    seed: Digest,
) -> Result<backlog::Command, BatchRefusal> {
    let taken = |id: &FeatureId| view.backlog.state.ids.contains_key(id);
    let ids = batch.draw_ids(seed, taken);
    let edges = batch.edges(&ids, taken)?;
    Ok(backlog::Command::Admit {
        batch: digest,
        ids,
        edges,
    })
}

/// A batch that was admitted.
pub struct AdmittedBefore {
    /// Where its last part is recorded.
    pub receipt: Receipt,
    /// Its content, in the blob store.
    pub batch: Digest,
    /// Its ids, in its order.
    pub ids: Vec<FeatureId>,
}

/// What was admitted under this command id, if it was: a repeated request would draw other ids,
/// because its own are taken now.
pub async fn admitted_before(
    directory: &Directory,
    command: CommandId,
) -> Result<Option<AdmittedBefore>, ExecuteError> {
    let Some(answered) = directory.answered::<Backlog>(command).await? else {
        return Ok(None);
    };

    let Executed { receipt, events } = answered.executed;
    let mut batch = None;
    let mut ids = Vec::new();
    for event in events {
        // Every part of an admission names the batch; what is no admission was something else.
        let backlog::Event::Admitted(part) = event else {
            return Ok(None);
        };
        batch = Some(part.batch);
        ids.extend(part.ids);
    }
    Ok(batch.map(|batch| AdmittedBefore {
        receipt,
        batch,
        ids,
    }))
}
