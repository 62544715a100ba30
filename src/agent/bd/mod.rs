//! `bd` in the slot of a session: the verbs that agents know from Beads, spoken to our door.
//! `close` hands the claimed feature in, `update --status in_progress` says yes to the claim that
//! the session holds, `sync` has nothing to do: what is said is recorded at once.
//!
//! Exit codes are those of Beads' tools: 0, 1 for a failure, 4 for a claim that is not to be had.

mod act;
mod args;
mod look;
mod run;
mod session;
mod shown;
#[cfg(test)]
mod tests;

pub use args::Bd;
pub use run::run;
