//! Replay: what was so at any instant of a log and why, what changed between two of them and by
//! which event, where something became true, and what happened in a span. All of it is answered
//! from the log alone: by a server about its own, and by the command line about any log that can
//! be read.

mod asked;
mod bisect;
mod blame;
mod compare;
mod digests;
mod document;
mod expression;
mod lineage;
mod look;
mod otherwise;
mod reasons;
mod recorded;
mod report;
mod walk;
mod what_if;

pub use asked::{AboutKind, DeedKind, question, wish};
pub use bisect::{Breaches, Flip};
pub use digests::{Checked, Digests};
pub use document::{Subject, View};
pub use expression::Expression;
pub use lineage::LineOf;
pub use look::{
    Alternative, Changed, Condition, Consequence, EventLine, Interest, Look, Story, Viewer, Watched,
};
pub use otherwise::Otherwise;
pub use reasons::Moment;
pub use recorded::Recorded;
pub use report::Asked;
pub use walk::{Found, Sought, Way};
pub use what_if::WhatIf;
