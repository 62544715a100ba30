//! Walks the chain and names the first position where it does not hold, and what kind of damage
//! that is. Walks seals along with it.

use std::collections::HashMap;

use events::codec::EventCodec;
use events::envelope::{Envelope, genesis};
use events::id::Digest;
use events::log::{EventLog, ReadError};
use events::node::{self, Sealed};
use events::seal::Statement;
use events::stream::{Position, StreamId, Version};

use super::seal::key::check_signature;

/// Events read at once.
pub const BATCH: usize = 4096;

/// Where a walk begins and whom it trusts.
#[derive(Debug, Clone, Default)]
pub struct Walk {
    /// The seal whose end is where it begins; the beginning of the log without one.
    pub from: Option<Sealed>,
    /// The public key that has to be that of every seal.
    pub key: Option<String>,
}

/// What a walk over the chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verified {
    /// Everything holds up to here.
    Sound {
        /// The last position.
        head: Position,
        /// Its digest, to be compared with one kept elsewhere: a chain alone does not show a cut
        /// tail.
        digest: Digest,
        /// The last position under a seal.
        sealed: Position,
    },
    /// The first position that does not hold.
    Broken {
        /// The first position that does not hold.
        at: Position,
        /// In which way.
        damage: Damage,
    },
}

/// A kind of damage.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// No event has this position.
    #[error("missing")]
    Missing,
    /// The event is not the one that was recorded: its payload or a column of it.
    #[error("altered")]
    Altered,
    /// The event may be, but its link of the chain is not the one that was recorded.
    #[error("altered in its digest")]
    Relinked,
    /// It is not the next of its stream.
    #[error("out of order in {stream}: version {found} after {before}")]
    Order {
        /// Its stream.
        stream: StreamId,
        /// Its version.
        found: Version,
        /// The version before it.
        before: Version,
    },
    /// It cannot be read from the file.
    #[error("not readable: {0}")]
    Unreadable(String),
    /// It is a seal that does not fit what it seals.
    #[error("a seal that does not hold: {0}")]
    Seal(String),
}

/// Verifies the chain.
///
/// # Errors
/// The log cannot be read where each event of it can be.
pub async fn verify(log: &dyn EventLog, walk: &Walk) -> Result<Verified, ReadError> {
    verify_telling(log, walk, &|_| ()).await
}

/// The same; it is told now and then up to where the chain holds.
///
/// # Errors
/// As [`verify`].
pub async fn verify_telling(
    log: &dyn EventLog,
    walk: &Walk,
    told: &(dyn Fn(Position) + Sync),
) -> Result<Verified, ReadError> {
    let mut walker = Walker::new(log.id(), walk);
    let Ok(mut batch) = log.read_all(walker.head, BATCH).await else {
        return unreadable(log, walker).await;
    };

    while let Some(last) = batch.last() {
        // The next events are read, on a thread of the log's, while these are walked.
        let (next, walked) = tokio::join!(log.read_all(last.position, BATCH), async {
            walker.walk(&batch)
        });
        if let Err(damage) = walked {
            return Ok(Verified::Broken {
                at: Position(walker.head.0 + 1),
                damage,
            });
        }
        told(walker.head);
        match next {
            Ok(next) => batch = next,
            Err(_) => return unreadable(log, walker).await,
        }
    }

    Ok(Verified::Sound {
        head: walker.head,
        digest: walker.digest,
        sealed: walker.sealed,
    })
}

/// Goes on event by event, after many could not be read at once: which one cannot.
async fn unreadable(log: &dyn EventLog, mut walker: Walker<'_>) -> Result<Verified, ReadError> {
    for _ in 0..BATCH {
        let (at, read) = (
            Position(walker.head.0 + 1),
            log.read_all(walker.head, 1).await,
        );
        let damage = match read {
            Ok(one) => walker.walk(&one).err(),
            Err(ReadError(why)) => Some(Damage::Unreadable(why)),
        };
        if let Some(damage) = damage {
            return Ok(Verified::Broken { at, damage });
        }
    }

    let after = walker.head;
    Err(ReadError(format!(
        "what comes after position {after} could not be read, and then it could"
    )))
}

struct Walker<'a> {
    log_id: String,
    key: Option<&'a str>,
    head: Position,
    digest: Digest,
    sealed: Position,
    /// Digests after the last seal.
    open: Vec<Digest>,
    versions: HashMap<StreamId, Version>,
    /// Whether the walk began at the beginning, so that every stream has to begin with version 1.
    whole: bool,
}

impl<'a> Walker<'a> {
    fn new(log_id: String, walk: &'a Walk) -> Self {
        let (head, digest) = match &walk.from {
            Some(seal) => (seal.statement.last, seal.statement.digest),
            None => (Position(0), genesis(&log_id)),
        };
        let (key, whole) = (walk.key.as_deref(), walk.from.is_none());

        Self {
            log_id,
            key,
            head,
            digest,
            sealed: head,
            open: vec![],
            versions: HashMap::new(),
            whole,
        }
    }

    fn walk(&mut self, batch: &[Envelope]) -> Result<(), Damage> {
        batch
            .iter()
            .enumerate()
            .try_for_each(|(n, envelope)| self.step(envelope, batch.get(n + 1)))
    }

    fn step(&mut self, envelope: &Envelope, next: Option<&Envelope>) -> Result<(), Damage> {
        if envelope.position.0 != self.head.0 + 1 {
            return Err(Damage::Missing);
        }

        let due = envelope.chained(self.digest);
        if due != envelope.digest {
            // The next link tells whether the event or its own link is the one that was changed.
            let relinked = next.is_some_and(|next| next.chained(due) == next.digest);
            return Err(if relinked {
                Damage::Relinked
            } else {
                Damage::Altered
            });
        }

        self.check_order(envelope)?;
        if envelope.kind == "node.sealed" {
            self.check_seal(envelope)?;
        }

        self.open.push(envelope.digest);
        (self.head, self.digest) = (envelope.position, envelope.digest);

        Ok(())
    }

    fn check_order(&mut self, envelope: &Envelope) -> Result<(), Damage> {
        let found = envelope.version;

        match self.versions.get_mut(&envelope.stream) {
            Some(before) if found.0 == before.0 + 1 => *before = found,
            None if found.0 == 1 || !self.whole => {
                self.versions.insert(envelope.stream.clone(), found);
            }
            before => {
                let before = before.copied().unwrap_or(Version(0));
                return Err(Damage::Order {
                    stream: envelope.stream.clone(),
                    found,
                    before,
                });
            }
        }

        Ok(())
    }

    fn check_seal(&mut self, envelope: &Envelope) -> Result<(), Damage> {
        let seal = node::Event::decode(&envelope.kind, envelope.schema, &envelope.payload);
        let Ok(node::Event::Sealed(seal)) = seal else {
            return Err(Damage::Seal("it cannot be read".to_owned()));
        };

        let Statement { first, last, .. } = seal.statement;
        if !self.whole && first.0 <= self.sealed.0 {
            // The seal that the walk began with, or one before it: what it seals was not walked.
            return Ok(());
        }

        let length = usize::try_from(last.0.saturating_sub(self.sealed.0)).unwrap_or(usize::MAX);
        let range = self
            .open
            .get(..length)
            .filter(|_| first.0 == self.sealed.0 + 1);

        let range = range.ok_or_else(|| {
            Damage::Seal(format!(
                "it is over {first} to {last}, and {} comes next",
                self.sealed.0 + 1
            ))
        })?;
        if Statement::over(first, range).as_ref() != Some(&seal.statement) {
            return Err(Damage::Seal(format!(
                "positions {first} to {last} are not what was sealed"
            )));
        }

        if self.key.is_some_and(|key| key != seal.key) {
            return Err(Damage::Seal(format!(
                "it is signed by the key {}",
                seal.key
            )));
        }

        check_signature(&seal, &self.log_id).map_err(|e| Damage::Seal(format!("{e:#}")))?;
        self.sealed = last;
        self.open.drain(..length);

        Ok(())
    }
}
