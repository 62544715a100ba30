//! Why, and why not: what a thing waits for and what a command would come to, in sentences that
//! cite the log.
//!
//! Nothing here decides. A sentence is read off the folded state, off what the policies owe
//! (`policy::owed`), off the premises that they ask (`policy::hold`, `policy::until`) and off the
//! refusals of `decide`; the events of the streams concerned show it.

mod answer;
mod claim;
mod decided;
mod feature;
mod given;
mod hands;
mod kind;
mod line;
mod merge;
mod needs;
mod owing;
mod project;
mod publish;
mod question;
mod queued;
mod record;
mod sentence;
mod session;
mod slot;
mod slots;
mod telling;
#[cfg(test)]
pub(crate) mod tests;
mod why_not;
mod wish;
pub(crate) mod words;

pub use answer::why;
pub use kind::{Kind, Part};
pub use needs::needs;
pub use question::{About, Question, streams};
pub use record::Record;
pub use sentence::{Sentence, Shown};
pub use why_not::{streams_of_wish, why_not};
pub use wish::{Answer, Claimant, Deed, Foreseen, Prospect, Refused, Wish};
