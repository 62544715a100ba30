//! Batches on their way into a backlog: drawn once, and answered the same when the same request comes again.

use events::backlog::{self, Batch, BatchRefusal};
use events::codec::EventCodec;
use events::id::{CommandId, Digest, FeatureId};
use events::log::{EventLog, ReadError, Receipt};
use events::stream::Position;
use events::view::ProjectBook;

/// The admission of a batch as the backlog stands: its ids, drawn; its edges, resolved.
pub fn admission(
    book: &ProjectBook,
    digest: Digest,
    batch: &Batch,
) -> Result<backlog::Command, BatchRefusal> {
    batch.check()?;
    let taken = |id: &FeatureId| book.backlog.state.ids.contains_key(id);
    let ids = batch.draw_ids(digest, taken);
    let edges = batch.edges(&ids, taken)?;
    Ok(backlog::Command::Admit {
        batch: digest,
        ids,
        edges,
    })
}

/// What was admitted under this command id, if it was: a repeated request would draw other ids, because its own are taken now.
pub async fn admitted_before(
    log: &dyn EventLog,
    command: CommandId,
) -> Result<Option<(Receipt, backlog::event::Admitted)>, ReadError> {
    let Some(known) = log.remembered(command).await? else {
        return Ok(None);
    };
    let before = Position(known.receipt.position.0 - 1);
    let recorded = log.read_all(before, 1).await?;
    let Some(envelope) = recorded.first() else {
        return Ok(None);
    };
    match backlog::Event::decode(&envelope.kind, envelope.schema, &envelope.payload) {
        Ok(backlog::Event::Admitted(admitted)) => Ok(Some((known.receipt, admitted))),
        _ => Ok(None),
    }
}
