//! Replay: what was so at any instant of a log and why, what changed between two of them and by
//! which event, where something became true, and what happened in a span. All of it is answered
//! from the log alone: by a server about its own, and by the command line about any log that can
//! be read.

mod asked;
mod bisect;
mod blame;
mod document;
mod expression;
mod lineage;
mod reasons;
mod recorded;
mod report;

pub use asked::{AboutKind, DeedKind, question, wish};
pub use bisect::Flip;
pub use document::{Subject, View};
pub use expression::Expression;
pub use lineage::LineOf;
pub use reasons::Moment;
pub use recorded::Recorded;
pub use report::Asked;
