//! Bundles: a log up to an instant, with what it takes to look at it elsewhere, in one file. It
//! has the events with their chain, the proof of the last one under a seal, a digest of every
//! state, the blobs that the events name, and what sessions printed. It holds no gate and no
//! credential.
//!
//! The file is a header, which is a line of JSON; then the parts that the header lists, one after
//! the other in one gzip stream; then 32 bytes, the BLAKE3 digest of all that comes before. Parts
//! have no paths: what a bundle is unpacked to is named by this build.

mod header;
mod named;
mod pack;
mod unpack;

pub use header::{FORMAT, Header, LeftOut, Part, PartName};
pub use pack::{Wanted, pack};
pub use unpack::Bundle;
