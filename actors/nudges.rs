//! Projects whose upstream somebody says has moved: looked at soon, each once however often it is said.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use events::id::ProjectName;
use tokio::sync::Notify;

/// Names that wait to be looked at. Clones share them.
#[derive(Clone, Default)]
pub struct Nudges(Arc<(Mutex<BTreeSet<ProjectName>>, Notify)>);

impl Nudges {
    /// Asks for a look at this project's upstream.
    pub fn nudge(&self, name: ProjectName) {
        self.0
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name);
        self.0.1.notify_one();
    }

    /// Waits for names, and takes all there are.
    pub async fn taken(&self) -> BTreeSet<ProjectName> {
        loop {
            let names =
                std::mem::take(&mut *self.0.0.lock().unwrap_or_else(PoisonError::into_inner));
            if !names.is_empty() {
                return names;
            }
            self.0.1.notified().await;
        }
    }
}
