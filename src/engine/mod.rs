//! Engines: what runs containers. `docker` for real fleets; `process` for machines without Docker,
//! for the demo and for tests. `choice` takes one of them and says why.

pub mod caches;
pub mod choice;
pub mod docker;
pub mod limits;
pub mod owner;
pub(crate) mod pidfd;
pub mod process;
pub mod seek;
pub(crate) mod stat;

use std::path::{Path, PathBuf};

use events::id::SessionId;

/// The door folder of a session.
pub fn door_path(folder: &Path, session: &SessionId) -> PathBuf {
    folder.join(session.as_str())
}
