//! A log whose disk is full while the story says so: nothing is recorded, and everything can be
//! read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use events::envelope::Envelope;
use events::id::CommandId;
use events::log::{Append, AppendError, EventLog, Head, ReadError, Receipt, Remembered};
use events::stream::{Position, StreamId, Version};

pub(crate) struct FullLog {
    inner: Arc<dyn EventLog>,
    is_full: AtomicBool,
}

impl FullLog {
    pub(crate) fn new(inner: Arc<dyn EventLog>) -> Arc<Self> {
        let is_full = AtomicBool::new(false);
        Arc::new(Self { inner, is_full })
    }

    pub(crate) fn set_full(&self, is_full: bool) {
        self.is_full.store(is_full, Ordering::SeqCst);
    }
}

#[async_trait]
impl EventLog for FullLog {
    fn id(&self) -> String {
        self.inner.id()
    }

    async fn append(&self, append: Append) -> Result<Receipt, AppendError> {
        if self.is_full.load(Ordering::SeqCst) {
            return Err(AppendError::NotNow("the disk is full".to_owned()));
        }
        self.inner.append(append).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Envelope>, ReadError> {
        self.inner.read_stream(stream, after, limit).await
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<Envelope>, ReadError> {
        self.inner.read_all(after, limit).await
    }

    async fn head(&self) -> Result<Head, ReadError> {
        self.inner.head().await
    }

    async fn remembered(&self, command: CommandId) -> Result<Option<Remembered>, ReadError> {
        self.inner.remembered(command).await
    }
}
