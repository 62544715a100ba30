//! What git is to us: a gate per project, candidates without a work tree, and an upstream that is
//! moved with an expected old value. One port for each need; who needs one names no more than that.

mod contents;
mod credentials;
mod fitness;
mod merges;
mod side_files;
mod upkeep;
mod upstream;
mod work;

pub use contents::{Against, Blame, Blamed, Contents, DiffForm, DiffSpec, LineAt, Survey};
pub use credentials::{Credential, Credentials};
pub use fitness::Fitness;
pub use merges::{Base, Built, MergeSpec, Merges, Work};
pub use side_files::{Onto, SideFile, SideFiles, SideFound};
pub use upkeep::{Gone, Upkeep};
pub use upstream::{Copied, Looked, Published, Upstream};
pub use work::{ClaimWork, Handed};

/// All ports to the repositories of all projects, as an installation has them.
pub trait Repo: Fitness + Upstream + ClaimWork + Merges + Contents + SideFiles + Upkeep {}

impl<T: Fitness + Upstream + ClaimWork + Merges + Contents + SideFiles + Upkeep> Repo for T {}
