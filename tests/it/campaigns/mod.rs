//! Campaigns: what takes many minutes, each a command of its own in the justfile; CI has the short
//! versions.

mod backups;
mod pauses;
mod trouble;
mod upgrade;
