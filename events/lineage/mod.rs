//! Lineage: from a commit on the trunk back to the work that brought it, and from a session, an
//! agent or a model to everything that it touched and what became of that.
//!
//! Nothing but events is joined here; which commit a line goes back to, and which commit of the
//! trunk brought that, is what git says. A commit that no event names is somebody else's.

mod claim;
mod entry;
mod session;
#[cfg(test)]
mod tests;

pub use claim::{Claims, Fate, OfClaim, Verdict};
pub use entry::{Entries, OfEntry};
pub use session::{Filter, OfSession, Sessions};
