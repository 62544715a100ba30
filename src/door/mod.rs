//! The door of a session: two Unix sockets in a folder of its own. `control` hears the container's
//! main process and nobody else; `agent` is for everything that runs inside. Identity is the
//! socket, so there is no token to steal.

mod bodies;
mod doors;
mod features;
mod git;
mod mcp;
mod models;
mod serve;

use doors::{Behind, Voice};
pub use doors::{DoorSet, Rooms, check_length};
