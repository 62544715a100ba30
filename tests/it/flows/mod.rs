//! Flows that read as stories, in the World. The audit runs at the end of each.

mod batches;
mod claims;
mod refusals;
mod work;
