//! The projections from the log: from the beginning, or from where a snapshot ends.

use std::sync::Arc;

use events::envelope::Envelope;
use events::id::Digest;
use events::log::{EventLog, ReadError};
use events::stream::Position;
use events::view::{Projections, snapshot};
use futures::{StreamExt, TryStreamExt};

use crate::follower::BATCH;
use crate::ports::snapshots::Snapshots;

/// Batches that are read while one is folded: the reading takes several times as long as the
/// folding.
const READ_AHEAD: usize = 3;

/// Folds what the log holds after these projections, through a position that it has.
pub async fn fold(
    log: &Arc<dyn EventLog>,
    mut projections: Projections,
    through: Position,
) -> Result<Projections, ReadError> {
    let starts = (projections.position.0..through.0).step_by(BATCH);
    let reads = futures::stream::iter(starts).map(|after| {
        let wanted = BATCH.min(usize::try_from(through.0 - after).unwrap_or(BATCH));
        let log = log.clone();
        async move { log.read_all(Position(after), wanted).await }
    });

    let mut batches = reads.buffered(READ_AHEAD);
    while let Some(batch) = batches.try_next().await? {
        for envelope in &batch {
            fold_next(&mut projections, envelope)?;
        }
    }

    if projections.position < through {
        return Err(missing(projections.position));
    }
    Ok(projections)
}

/// The error that the log has lost the event after a position.
fn missing(after: Position) -> ReadError {
    let next = after.0 + 1;
    ReadError(format!(
        "position {next} is missing; `log verify` says more"
    ))
}

/// Folds the event that comes next.
///
/// # Errors
/// It is another one: the log has lost what is between; or it cannot be folded.
pub fn fold_next(projections: &mut Projections, envelope: &Envelope) -> Result<(), ReadError> {
    let found = envelope.position;
    if found.0 != projections.position.0 + 1 {
        return Err(missing(projections.position));
    }

    match projections.apply(envelope) {
        Ok(_) => Ok(()),
        Err(error) => Err(ReadError(format!("position {found}: {error}"))),
    }
}

/// The projections of the kept snapshot, when they are of this log as it is; empty ones otherwise.
pub async fn restored(
    log: &Arc<dyn EventLog>,
    snapshots: &dyn Snapshots,
) -> Result<Projections, ReadError> {
    let bytes = match snapshots.load().await {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Ok(Projections::default()),
        Err(error) => {
            tracing::warn!(%error, "the snapshot cannot be read; the log is folded from the \
                                    beginning");
            return Ok(Projections::default());
        }
    };
    let projections = match snapshot::decode(&log.id(), &bytes) {
        Ok(projections) => projections,
        Err(why) => {
            tracing::warn!(%why, "the snapshot is not used; the log is folded from the beginning");
            return Ok(Projections::default());
        }
    };
    if digest_at(log, projections.position).await? == Some(projections.digest) {
        return Ok(projections);
    }

    tracing::warn!(position = %projections.position, "the log does not hold what the snapshot was \
                                                made of; it is folded from the beginning");
    Ok(Projections::default())
}

pub(crate) async fn digest_at(
    log: &Arc<dyn EventLog>,
    position: Position,
) -> Result<Option<Digest>, ReadError> {
    let Some(before) = position.0.checked_sub(1) else {
        return Ok(None);
    };
    let found = log.read_all(Position(before), 1).await?;
    Ok(found
        .first()
        .filter(|envelope| envelope.position == position)
        .map(|envelope| envelope.digest))
}
