//! A report: what happened between two instants, in sentences that cite the log.
//!
//! The events between the two are read once, one by one; what is kept of them is bounded, however
//! long the span is. A sentence says what an event of the span shows, and nothing is guessed. What
//! waits for a person is told as it stands at the end, with the event that it goes back to.

mod account;
mod figures;
mod of_feature;
mod of_node;
mod of_project;
mod of_queue;
mod of_slot;
mod said;
mod shown;
mod span;
#[cfg(test)]
mod tests;
mod text;
mod waits;
mod words;

pub use figures::Figures;
pub use said::{Kind, Named, Said, Section};
pub use shown::{POSITIONS_MAX, Sentence, Shown};
pub use span::{OfProject, Report, Scope, Span, Waiting};
pub use waits::waits;
