//! Replay: every question about the past is answered from the log, as it would have been then.

mod beside;
mod breaches;
mod bundle;
mod checkpoints;
mod forged;
mod fork;
mod incident;
mod laws;
mod lineage;
mod report;
mod step;
mod terminal;
mod verbs;
mod walks;
mod what_if;
