//! What an operator can do: commands to the hosts, and the projections to read. Used by HTTP and by
//! the demo alike.

mod adopt;
mod answers;
mod attempt;
mod beads;
mod beads_sync;
mod claims;
mod context;
mod copied;
mod deps;
mod diffs;
mod evidence;
mod exchange;
mod features;
mod fitness;
mod fleet;
mod ground;
pub mod hook_key;
mod integrity;
mod issues;
mod merge_queue;
pub mod noise;
mod past;
mod projects;
mod readers;
mod replay;
mod settle;
mod subscriptions;
mod tell;
mod upstream;
mod usage;

use answers::{Done, said, unknown_feature, unknown_project, written};
pub use claims::Holding;
pub use context::RequestContext;
pub use deps::{Operator, OperatorDeps};
pub use diffs::HowMuch;
pub use evidence::About;
pub use exchange::Exchange;
pub use ground::Ground;
pub use integrity::Walks;
pub use issues::IssueNames;
pub use past::Past;
pub use projects::Wanted;
pub use readers::Readers;
pub use subscriptions::Asked;
