//! Who acts. Makes happen what `events` allows, one stream at a time.
//!
//! ```text
//!   caller ─► Directory ─► Host (one actor, one stream) ─► decide ─► append ─► evolve ─► Receipt
//!                                                             │
//!                                  Feed: "the log grew" ◄─────┘
//!      Projector ◄── Follower (pulls by position) ──► the books ◄─ Keeper: snapshot, and check from zero
//!          │ changed
//!          ├─► Policies:    owed(books) → commands to Hosts, effects through ports, claims through the Lane
//!          └─► Reconciler:  wanted (books) against observed (Engine) → steps
//! ```
//!
//! Only a Host appends. Everything else pulls from the log at its own pace, and a notification is a
//! hint. actix lives in `host`, `directory` and `supervisor` alone; the ports say what is needed of
//! the world and know no product.

pub mod admissions;
pub mod briefs;
pub mod caretaker;
pub mod chores;
pub mod containers;
pub mod directory;
#[cfg(test)]
mod driver;
pub mod effects;
pub mod faults;
pub mod feed;
pub mod follower;
pub mod host;
pub mod janitor;
pub mod keeper;
pub mod lane;
pub mod nudges;
pub mod outside;
pub mod policies;
pub mod ports;
pub mod projector;
pub mod pulse;
pub mod rebuild;
pub mod refs;
pub mod ring;
pub mod sessions;
pub mod signs;
pub mod supervisor;
pub mod tasks;
pub mod watcher;
