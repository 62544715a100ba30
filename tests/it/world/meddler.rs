//! A log before which something else is done first, once: the moment between a decision and its
//! append, made as long as it takes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use events::log::{Append, AppendError, EventLog, Receipt};
use futures::future::BoxFuture;

use super::below::reads_below;

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

impl MeddlingLog {
    async fn appended(&self, append: Append) -> Result<Receipt, AppendError> {
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
}

reads_below!(MeddlingLog);
