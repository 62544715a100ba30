//! What may happen and what did.
#[cfg(test)]
mod grid;
pub mod aggregate;
pub mod cause;
pub mod codec;
pub mod envelope;
pub mod evidence;
pub mod feature;
pub mod holder;
pub mod id;
pub mod log;
pub mod memory;
pub mod outcome;
pub mod settings;
pub mod stream;
pub mod verdict;
