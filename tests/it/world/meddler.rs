//! A log before which something else is done first, once: the moment between a decision and its
//! append, made as long as it takes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use events::envelope::Envelope;
use events::id::CommandId;
use events::log::{Append, AppendError, EventLog, Head, ReadError, Receipt, Remembered};
use events::stream::{Position, StreamId, Version};
use futures::future::BoxFuture;

type Meddle = Box<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

pub(crate) struct MeddlingLog {
    inner: Arc<dyn EventLog>,
    /// Before the first event of this kind.
    kind: &'static str,
    meddled: AtomicBool,
    /// What is done then.
    pub(crate) meddle: OnceLock<Meddle>,
}

impl MeddlingLog {
    pub(crate) fn new(inner: Arc<dyn EventLog>, kind: &'static str) -> Arc<Self> {
        Arc::new(Self {
            inner,
            kind,
            meddled: AtomicBool::new(false),
            meddle: OnceLock::new(),
        })
    }
}

#[async_trait]
impl EventLog for MeddlingLog {
    fn id(&self) -> String {
        self.inner.id()
    }

    async fn append(&self, append: Append) -> Result<Receipt, AppendError> {
        let due = append
            .events
            .first()
            .is_some_and(|event| event.kind.name == self.kind);
        if due && !self.meddled.swap(true, Ordering::SeqCst) {
            let meddle = self
                .meddle
                .get()
                .expect("the story says what is done first");
            meddle().await;
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
