//! Projects whose upstream somebody says has moved: looked at soon, each once however often it is
//! said.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use events::id::ProjectName;
use tokio::sync::Notify;

/// Names for one reader.
#[derive(Default)]
struct Names {
    waiting: Mutex<BTreeSet<ProjectName>>,
    more: Notify,
}

impl Names {
    fn add(&self, name: ProjectName) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.insert(name);
        self.more.notify_one();
    }

    fn all(&self) -> BTreeSet<ProjectName> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *waiting)
    }

    async fn taken(&self) -> BTreeSet<ProjectName> {
        loop {
            let names = self.all();
            if !names.is_empty() {
                return names;
            }
            self.more.notified().await;
        }
    }
}

/// Names that wait to be looked at, and those that were. Clones share them.
#[derive(Clone, Default)]
pub struct PollRequests {
    wanted: Arc<Names>,
    looked: Arc<Names>,
}

impl PollRequests {
    /// Asks for a look at this project's upstream.
    pub fn add(&self, name: ProjectName) {
        self.wanted.add(name);
    }

    /// Waits for names, and takes all there are.
    pub async fn taken(&self) -> BTreeSet<ProjectName> {
        self.wanted.taken().await
    }

    /// Says that this project's upstream was looked at: whoever keeps more of it than its trunk
    /// looks as well.
    pub fn looked(&self, name: ProjectName) {
        self.looked.add(name);
    }

    /// Waits for projects that were looked at, and takes all there are.
    pub async fn looked_at(&self) -> BTreeSet<ProjectName> {
        self.looked.taken().await
    }
}
