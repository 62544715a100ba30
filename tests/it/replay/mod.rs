//! Replay: every question about the past is answered from the log, as it would have been then.

mod laws;
mod lineage;
mod report;
mod verbs;
