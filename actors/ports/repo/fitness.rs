//! Whether an upstream can be worked with: asked before a project is registered, and by whoever wants to know why not.

use async_trait::async_trait;
use events::id::ProjectName;

use super::Copied;
use crate::ports::PortError;

/// Questions to an upstream; nothing is changed there.
#[async_trait]
pub trait Fitness: Send + Sync {
    /// Asks whether upstream is there, and changes nothing there.
    async fn probe(&self, project: &ProjectName, url: &str) -> Result<Copied, PortError>;
    /// Says what keeps an upstream that answered so from being copied or published to, as far as
    /// that is seen without a push.
    async fn check(&self, project: &ProjectName, url: &str, seen: &Copied)
    -> Result<(), PortError>;
    /// One spelling for all URLs of one upstream, so that two projects on it are seen.
    fn one_spelling(&self, url: &str) -> String;
    /// Says why the host of an upstream takes no push from this server, if it takes none; nothing
    /// of an upstream in a folder. Rules of a branch show at the first push and not before.
    async fn check_push(&self, project: &ProjectName, url: &str) -> Result<(), PortError>;
}
