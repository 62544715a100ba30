//! Replay: every question about the past is answered from the log, as it would have been then.

mod laws;
mod step;
mod terminal;
mod verbs;
mod walks;
