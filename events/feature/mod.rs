//! A feature: one piece of work, from the backlog to upstream's branch.
//!
//! ```text
//!            claim            submit            pass            begin_merge        close
//!   Open ───────────► Claimed ──────► Submitted ────► Approved ────────────► Merging ─────► Closed
//!    ▲ ▲  release,expire │               │ reject         ▲ │  abort_merge      │             │
//!    │ └─────────────────┘◄──────────────┘                └─┼───────────────────┤             │
//!    │◄─────────────────── reject_merge ────────────────────┴───────────────────┘             │
//!    │◄──────────────────────────────── reopen ────────────────────────────────────────────────┘
//!    └─ a bound used up: Quarantined ── requeue ─► Open          Withdrawn: from all but Merging and Closed
//! ```
//!
//! A claim carries an epoch. It ends at the first of submitted, released, claim_expired; whatever
//! arrives under an older epoch is refused. Blockers exist in every state and stop claims, not
//! running work. `docs/states/feature.md` is the whole table.

pub mod bounds;
pub mod command;
pub mod content;
mod decide;
pub mod event;
mod secured;
mod state;
#[cfg(test)]
pub(crate) mod tests;
#[cfg(test)]
pub(crate) mod ways;

pub use command::{COMMENT_MAX, Command, Refusal};
pub use content::{Content, FeatureType};
pub use event::Event;
pub use secured::Secured;
pub use state::{Feature, Known, Note, Stage, Submission, Tally};
