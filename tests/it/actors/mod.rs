//! What the actors promise about one stream: one command at a time, nothing believed before it is recorded, nothing kept after a panic.

mod hosts;
