//! The log in memory: the reference that the other logs are tested against, and the log of the
//! World in tests.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::envelope::{Envelope, genesis};
use crate::id::{CommandId, Timestamp};
use crate::log::{Append, AppendError, EventLog, Head, ReadError, Receipt, Remembered};
use crate::stream::{Position, StreamId, Version};

/// An [`EventLog`] that forgets everything with the process.
pub struct MemoryLog {
    id: String,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    events: Vec<Envelope>,
    streams: HashMap<StreamId, Vec<usize>>,
    commands: HashMap<CommandId, Remembered>,
}

impl MemoryLog {
    /// An empty log with this id.
    pub fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            inner: Mutex::default(),
        }
    }

    fn with<T>(&self, f: impl FnOnce(&mut Inner) -> T) -> T {
        // A panic while the lock was held can only come from an allocation failure; the data is
        // whole.
        f(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Inner {
    fn head(&self, id: &str) -> Head {
        match self.events.last() {
            Some(last) => Head {
                position: last.position,
                digest: last.digest,
            },
            None => Head {
                position: Position(0),
                digest: genesis(id),
            },
        }
    }

    fn append(&mut self, id: &str, append: &Append) -> Result<Receipt, AppendError> {
        append.check_bounds()?;
        if let Some(known) = self.commands.get(&append.command) {
            return Err(AppendError::Repeated {
                receipt: known.receipt.clone(),
                same_body: known.body == append.body,
            });
        }

        append
            .check_expectations(|s| Version(self.streams.get(s).map_or(0, |v| v.len() as u64)))?;
        let last_at = self.events.last().map_or(Timestamp(0), |e| e.at);
        let recorded = append.envelopes(self.head(id), last_at);
        let index = self.streams.entry(append.stream.clone()).or_default();
        index.extend(self.events.len()..self.events.len() + recorded.len());
        self.events.extend(recorded);
        let receipt = Receipt {
            stream: append.stream.clone(),
            version: Version(index.len() as u64),
            position: Position(self.events.len() as u64),
        };

        self.commands.insert(
            append.command,
            Remembered {
                receipt: receipt.clone(),
                body: append.body,
            },
        );
        Ok(receipt)
    }
}

#[async_trait]
impl EventLog for MemoryLog {
    fn id(&self) -> String {
        self.id.clone()
    }

    async fn append(&self, append: Append) -> Result<Receipt, AppendError> {
        self.with(|inner| inner.append(&self.id, &append))
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Envelope>, ReadError> {
        Ok(self.with(|inner| {
            let index = inner.streams.get(stream).map_or(&[][..], Vec::as_slice);
            index
                .iter()
                .skip(usize::try_from(after.0).unwrap_or(usize::MAX))
                .take(limit)
                .map(|i| inner.events[*i].clone())
                .collect()
        }))
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<Envelope>, ReadError> {
        let skip = usize::try_from(after.0).unwrap_or(usize::MAX);
        Ok(self.with(|inner| {
            inner
                .events
                .iter()
                .skip(skip)
                .take(limit)
                .cloned()
                .collect()
        }))
    }

    async fn head(&self) -> Result<Head, ReadError> {
        Ok(self.with(|inner| inner.head(&self.id)))
    }

    async fn remembered(&self, command: CommandId) -> Result<Option<Remembered>, ReadError> {
        Ok(self.with(|inner| inner.commands.get(&command).cloned()))
    }
}

#[cfg(test)]
mod tests;
