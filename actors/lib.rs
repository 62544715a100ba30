//! Who acts. Makes happen what `events` allows, one stream at a time.
//!
//! ```text
//!   caller ─► Directory ─► Host (one actor, one stream) ─► decide ─► append ─► evolve ─► Receipt
//!                                                             │
//!                                  Feed: "the log grew" ◄─────┘
//!      Projector ◄── Follower (pulls by position) ──► projections ◄─ Snapshots: keep, check from zero
//!          │ changed
//!          ├─► Policies:    owed(projections) → commands to Hosts, effects through ports, claims
//!          └─► Reconciler:  wanted (projections) against observed (Engine) → steps
//! ```
//!
//! Only a Host appends. Everything else pulls from the log at its own pace, and a notification is a
//! hint. actix lives in `host`, `directory` and `supervisor` alone; the ports say what is needed of
//! the world and know no product.

pub mod admissions;
mod batches;
pub mod chores;
pub mod claims;
pub mod containers;
pub mod course;
pub mod directory;
#[cfg(test)]
mod driver;
pub mod effects;
pub mod executed;
pub mod faults;
pub mod feed;
pub mod follower;
pub mod host;
pub mod instants;
pub mod liveness;
pub mod policies;
pub mod poll_requests;
pub mod ports;
pub mod projector;
pub mod prompt_context;
pub mod pulse;
pub mod rebuild;
pub mod rejection;
pub mod repository_maintenance;
pub mod ring;
#[cfg(test)]
#[path = "../events/scene.rs"]
mod scene;
pub mod sessions;
pub mod snapshots;
pub mod supervisor;
pub mod tasks;
#[cfg(test)]
mod testbed_tests;
pub mod transcript_retention;
pub mod upstream_poller;
