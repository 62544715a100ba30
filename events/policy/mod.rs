//! Policies: whenever the folded state looks like this, that is owed. Pure and level-triggered.
//!
//! `owed` is recomputed from the projections whenever they changed, a deadline passed or the server
//! started; nothing remembers what was "already sent" but the reservations of the caller. A
//! command's id is derived from its purpose, subject and version, so a repetition is harmless: the
//! log answers it as the first time.

mod accounts;
mod admit;
mod agenda;
mod assign;
mod at_work;
mod backoff;
mod command;
mod dispatch;
mod effect;
mod engine;
mod expire;
mod fleet;
pub mod foresee;
mod gate;
pub mod hold;
pub mod integrate;
pub mod issues;
mod milestone;
mod owed;
pub mod retain;
pub mod room;
mod supervise;
#[cfg(test)]
mod tests;
mod unblock;
pub mod until;
pub mod upkeep;
pub mod verify;

pub use accounts::{Account, accounts, provider};
pub use agenda::{Agenda, Errand, Observed, Owed, Reserves};
pub use backoff::{BACKOFF_MS_MAX, BACKOFF_MS_MIN, backoff_ms};
use command::Teller;
pub use command::{AnyCommand, Tell};
pub use effect::Effect;
pub use owed::owed;
