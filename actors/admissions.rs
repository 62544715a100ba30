//! Batches on their way into a backlog: drawn once, and answered the same when the same request
//! comes again.

use std::time::Duration;

use events::backlog::{self, Batch, BatchRefusal};
use events::codec::EventCodec;
use events::id::{CommandId, Digest, FeatureId, ProjectName};
use events::log::{EVENTS_PER_APPEND_MAX, EventLog, ReadError, Receipt};
use events::stream::Position;
use events::view::ProjectView;

use crate::projector::Projector;

/// An answer waits so long for the features that it names: each is an event of its own.
const MADE_WITHIN: Duration = Duration::from_secs(10);

/// Returns when these features can be read, or after a while: what was admitted stays admitted.
pub async fn made(projector: &Projector, project: &ProjectName, ids: &[FeatureId]) {
    let all = projector.wait_until(|projections| {
        let view = projections.projects.get(project)?;
        let made = ids.iter().all(|id| view.feature(id).is_some());
        made.then_some(())
    });
    if tokio::time::timeout(MADE_WITHIN, all).await.is_err() {
        tracing::debug!(%project, "features that were admitted do not exist yet");
    }
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

/// The admission of a checked batch as the backlog stands: its ids, drawn; its edges, resolved.
pub fn admission(
    view: &ProjectView,
    digest: Digest,
    batch: &Batch,
) -> Result<backlog::Command, BatchRefusal> {
    let taken = |id: &FeatureId| view.backlog.state.ids.contains_key(id);
    let ids = batch.draw_ids(digest, taken);
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
    log: &dyn EventLog,
    command: CommandId,
) -> Result<Option<AdmittedBefore>, ReadError> {
    let Some(known) = log.remembered(command).await? else {
        return Ok(None);
    };

    // The answer names the last part; those before it lie right in front of it, in the same append.
    let last = known.receipt.position.0;
    let before = Position(last.saturating_sub(EVENTS_PER_APPEND_MAX as u64));
    let recorded = log.read_all(before, EVENTS_PER_APPEND_MAX).await?;

    let mut found = None;
    for envelope in recorded
        .iter()
        .filter(|envelope| envelope.command == command)
    {
        let event = backlog::Event::decode(&envelope.kind, envelope.schema, &envelope.payload);
        let Ok(backlog::Event::Admitted(part)) = event else {
            return Ok(None);
        };
        let admitted = found.get_or_insert_with(|| AdmittedBefore {
            receipt: known.receipt.clone(),
            batch: part.batch,
            ids: vec![],
        });
        admitted.ids.extend(part.ids);
    }
    Ok(found)
}
