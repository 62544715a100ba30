//! The log: one conformance suite for every implementation, and what only a file can go through.

mod conformance;
mod sqlite;
