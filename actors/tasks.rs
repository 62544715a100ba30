//! The tasks of a running core: a task that panics is started again, within limits; an orderly end
//! waits until every one has ended, so that nothing of them is under way when the last event and
//! the snapshot are written.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Ends of one task within [`WINDOW`] that are answered by another start.
const RESTARTS_MAX: usize = 3;
/// The window of [`RESTARTS_MAX`].
const WINDOW: Duration = Duration::from_secs(60);

/// Tasks that end together.
pub struct Tasks {
    handles: Vec<JoinHandle<()>>,
    ending: watch::Sender<bool>,
    failed: watch::Sender<Option<String>>,
}

impl Default for Tasks {
    fn default() -> Self {
        Self {
            handles: Vec::new(),
            ending: watch::Sender::new(false),
            failed: watch::Sender::new(None),
        }
    }
}

impl Tasks {
    /// Keeps a task alive, within limits.
    pub fn keep<F, T>(&mut self, name: &'static str, start: F)
    where
        F: Fn() -> T + Send + 'static,
        T: Future<Output = ()> + Send + 'static,
    {
        let failed = self.failed.clone();
        let mut ending = self.ending.subscribe();

        self.handles.push(tokio::spawn(async move {
            let mut ends: Vec<tokio::time::Instant> = Vec::new();
            loop {
                let mut task = Guarded(tokio::spawn(start()));
                let ended = tokio::select! {
                    ended = &mut task.0 => ended,
                    () = told(&mut ending) => {
                        task.0.abort();
                        // It was told to end: how it did says nothing.
                        drop((&mut task.0).await);
                        return;
                    }
                };
                let Err(error) = ended else { return };
                tracing::error!(task = name, %error, "a task ended by panic; it is started again");
                let now = tokio::time::Instant::now();
                ends.retain(|end| now.duration_since(*end) < WINDOW);
                ends.push(now);
                if ends.len() > RESTARTS_MAX {
                    failed.send_replace(Some(format!(
                        "{name} ended {} times within a minute: {error}",
                        ends.len()
                    )));
                    return;
                }
            }
        }));
    }

    /// Runs a task whose first error is the end of the core: nothing built on it may be served.
    pub fn run(&mut self, task: impl Future<Output = Result<(), String>> + Send + 'static) {
        let failed = self.failed.clone();
        let mut ending = self.ending.subscribe();
        self.handles.push(tokio::spawn(async move {
            tokio::select! {
                ended = task => if let Err(error) = ended { failed.send_replace(Some(error)); },
                () = told(&mut ending) => {}
            }
        }));
    }

    /// Says why the core cannot go on, once it cannot.
    pub fn failed(&self) -> watch::Receiver<Option<String>> {
        self.failed.subscribe()
    }

    /// Ends the tasks, and returns when they have ended.
    pub async fn end(&mut self) {
        self.ending.send_replace(true);
        for handle in self.handles.drain(..) {
            if let Err(error) = handle.await {
                tracing::warn!(%error, "a task did not end in order");
            }
        }
    }

    /// Ends the tasks at once, and waits for none.
    pub fn abort(&self) {
        for handle in &self.handles {
            handle.abort();
        }
    }
}

/// Returns when the end was asked for, or nobody is left to ask.
async fn told(ending: &mut watch::Receiver<bool>) {
    drop(ending.wait_for(|ending| *ending).await);
}

/// A spawned task that ends with whoever holds this.
struct Guarded(JoinHandle<()>);

impl Drop for Guarded {
    fn drop(&mut self) {
        self.0.abort();
    }
}
