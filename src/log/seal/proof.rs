//! A proof that one event is in a log under a seal: everything that is needed to check it is in the
//! proof and in the reader's trust in the key. Neither the log nor this installation is needed for
//! that.

use anyhow::{Context, bail};
use events::codec::EventCodec;
use events::envelope::{Envelope, genesis};
use events::id::Digest;
use events::log::EventLog;
use events::node::{self, Sealed};
use events::seal::{self, root_by_path};
use events::stream::Position;
use serde::{Deserialize, Serialize};

use super::key::check_signature;
use crate::log::archive::Line;

/// A proof.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Proof {
    /// The log's own id.
    pub log: String,
    /// The event, whole.
    pub event: Line,
    /// Digest of the event before it.
    pub before: Digest,
    /// Siblings from the event to the root of the seal.
    pub path: Vec<Digest>,
    /// The seal over it.
    pub seal: Sealed,
}

/// The first seal at or after this position, in the order of the log.
pub async fn seal_over(log: &dyn EventLog, position: Position) -> anyhow::Result<Option<Sealed>> {
    let mut after = position;

    loop {
        let batch = log.read_all(after, super::super::verify::BATCH).await?;
        let Some(last) = batch.last() else {
            return Ok(None);
        };
        after = last.position;
        for envelope in batch.iter().filter(|e| e.kind == "node.sealed") {
            if let node::Event::Sealed(seal) =
                node::Event::decode(&envelope.kind, envelope.schema, &envelope.payload)?
                && (seal.statement.first..=seal.statement.last).contains(&position)
            {
                return Ok(Some(seal));
            }
        }
    }
}

/// Proves the event at `position`.
pub async fn prove(log: &dyn EventLog, position: Position) -> anyhow::Result<Proof> {
    if position.0 == 0 || position > log.head().await?.position {
        bail!(
            "there is no event at position {position}; the newest is at {}",
            log.head().await?.position
        );
    }

    let seal = seal_over(log, position).await?;
    let seal = seal.with_context(|| {
        format!(
            "position {position} is not under a seal yet; a running server seals within a minute"
        )
    })?;
    let first = seal.statement.first;
    let length = seal.statement.last.0 - first.0 + 1;
    let events = log
        .read_all(Position(first.0 - 1), usize::try_from(length)?)
        .await?;
    let digests: Vec<Digest> = events.iter().map(|e| e.digest).collect();
    let index = usize::try_from(position.0 - first.0)?;
    let before = match position.0 {
        1 => genesis(&log.id()),
        n => {
            log.read_all(Position(n - 2), 1)
                .await?
                .first()
                .context("the event before it")?
                .digest
        }
    };
    let event = Line::of(events.get(index).context("the event")?, None);

    Ok(Proof {
        log: log.id(),
        event,
        before,
        path: seal::path(&digests, index),
        seal,
    })
}

/// Checks a proof, with nothing else at hand; `key` is the public key that is trusted, if one is.
pub fn check(proof: &Proof, key: Option<&str>) -> anyhow::Result<Envelope> {
    let envelope = proof.event.envelope()?;

    if let Some(key) = key
        && key != proof.seal.key
    {
        bail!("it is sealed by the key {}, not by {key}", proof.seal.key);
    }
    if envelope.chained(proof.before) != envelope.digest {
        bail!("the event is not the one that its digest was made of");
    }

    let statement = &proof.seal.statement;

    let range = statement.first..=statement.last;
    if !range.contains(&envelope.position) {
        bail!(
            "the seal is over positions {} to {}, the event is at {}",
            statement.first,
            statement.last,
            envelope.position
        );
    }

    let index = usize::try_from(envelope.position.0 - statement.first.0)?;

    let length = usize::try_from(statement.last.0 - statement.first.0 + 1)?;
    if root_by_path(envelope.digest, index, length, &proof.path) != Some(statement.root) {
        bail!("the path does not lead from the event to the root of the seal");
    }

    check_signature(&proof.seal, &proof.log)?;
    Ok(envelope)
}
