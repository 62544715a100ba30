//! What a holder may do under a claim: push, hand in, give back, ask, bring features. One set of
//! rules for both ways in: a session of the fleet comes through its door, a person or a person's
//! own agent over HTTP.
//!
//! The rules look at a view of the project, which may be behind the log. That is enough: the holder
//! of a claim never changes, since each claim of a feature has a number of its own, so that a view
//! that knows the claim knows whose it is; and whether it is open still is asked again by the
//! feature's own rules, of which `held` here is the same function.

pub mod allowance;
pub mod pick;
pub mod refs;
mod rules;
#[cfg(test)]
mod tests;

pub use rules::{Claim, NotAllowed, Refusal, Standing, given, held, may_push, standing};
