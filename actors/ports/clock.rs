//! The time, and waiting for it.

use async_trait::async_trait;
use events::id::Timestamp;

/// A clock that tests can hold in their hands.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
    /// Returns when `at` has been reached.
    async fn sleep_until(&self, at: Timestamp);
}
