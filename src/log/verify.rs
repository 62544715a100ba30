//! Walks the whole chain and names the first position where it does not hold.

use events::envelope::genesis;
use events::log::{EventLog, ReadError};
use events::stream::Position;

/// Events read at once.
const BATCH: usize = 4096;

/// What a walk over the chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verified {
    /// Every digest holds up to here.
    Sound {
        /// The last position.
        head: Position,
        /// Its digest, to be compared with one kept elsewhere: a chain alone does not show a cut tail.
        digest: events::id::Digest,
    },
    /// The first position that does not hold.
    Broken {
        /// Which.
        at: Position,
        /// In which way.
        how: &'static str,
    },
}

/// Verifies the chain from the beginning.
pub async fn verify(log: &dyn EventLog) -> Result<Verified, ReadError> {
    let mut digest = genesis(&log.id());
    let mut head = Position(0);
    loop {
        let batch = log.read_all(head, BATCH).await?;
        if batch.is_empty() {
            return Ok(Verified::Sound { head, digest });
        }
        for envelope in batch {
            let due = Position(head.0 + 1);
            if envelope.position != due {
                return Ok(Verified::Broken { at: due, how: "missing" });
            }
            if envelope.chained(digest) != envelope.digest {
                return Ok(Verified::Broken { at: due, how: "altered" });
            }
            digest = envelope.digest;
            head = due;
        }
    }
}
