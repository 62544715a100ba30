//! The time, and waiting for it.

use async_trait::async_trait;
use events::id::Timestamp;
use events::own_time::Gap;

/// A clock that tests can hold in their hands.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now. It never goes back.
    fn now(&self) -> Timestamp;
    /// Returns when `at` has been reached, or when a gap was noticed meanwhile: what is due has to
    /// be looked at anew then.
    async fn sleep_until(&self, at: Timestamp);
    /// The same for a time that may not be there: without one it never returns.
    async fn sleep_until_some(&self, at: Option<Timestamp>) {
        match at {
            Some(at) => self.sleep_until(at).await,
            None => std::future::pending().await,
        }
    }
    /// Gaps in this server's own time since this clock began, oldest first. One is noticed at the
    /// latest when the time is asked for.
    fn gaps(&self) -> Vec<Gap>;
    /// Begins no earlier than this, where time was before: a clock that was set back while nobody
    /// looked is behind it.
    fn begin_after(&self, at: Timestamp);
}
