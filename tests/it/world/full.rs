//! A log whose disk is full while the story says so: nothing is recorded, and everything can be
//! read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use events::log::{Append, AppendError, EventLog, Receipt};

use super::below::reads_below;

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

impl FullLog {
    async fn appended(&self, append: Append) -> Result<Receipt, AppendError> {
        if self.is_full.load(Ordering::SeqCst) {
            return Err(AppendError::NotNow("the disk is full".to_owned()));
        }
        self.inner.append(append).await
    }
}

reads_below!(FullLog);
