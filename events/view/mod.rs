//! Views: folds of the whole log for those who read. Rebuilt from zero they are equal to what they
//! were.

pub mod grants;
pub mod need;
pub mod projections;
mod proof;
mod queue;
mod said;
pub mod sessions;
mod similar;
pub mod snapshot;
mod stale;
pub mod standing;
mod waiting;

pub use grants::{Grant, Subject};
pub use need::{Need, NeedKind, Remedy};
pub use projections::{ProjectView, Projections, Tracked};
pub use sessions::{SessionRecord, SessionsView, Transcript};
pub use standing::{Standing, Tallied};
