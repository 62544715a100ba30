//! Smart HTTP to a project's gate: git's own backend behind our check of who may push what. Doors
//! and the main port both end here.

mod incoming;
mod pack;
mod serve;
mod unpacked;

pub use serve::{GateAnswer, GateBody, GateError, GateRequest, REQUEST_MAX, serve};
