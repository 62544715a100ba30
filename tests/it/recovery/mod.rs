//! The server ends at any instant and starts again: same end, nothing twice.

mod crash_points;
mod killed;
mod snapshots;
