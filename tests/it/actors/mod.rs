//! What the actors promise about one stream: one command at a time, nothing believed before it is
//! recorded, nothing kept after a panic, no command lost to a host that ends.

mod followers;
mod hosts;
mod idle;
