//! Flows that read as stories, in the World. The audit runs at the end of each.

mod batches;
mod claims;
mod engine;
mod faults;
mod issues;
mod looks;
mod own_time;
mod red;
mod refusals;
mod work;
