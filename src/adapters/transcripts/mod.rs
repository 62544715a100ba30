//! Transcripts as one file per session: chunks with their number and length, appended in order.
//!
//! A chunk is framed as `number u64, length u32, bytes`, little-endian. A torn tail after a crash
//! is cut off when the session speaks again; the runner holds unacknowledged chunks and sends them
//! once more. Secrets are masked before they are written; one whose first half was written with the
//! chunk before is masked there as well, before the second half is stored.

mod carried;
mod folder;
mod packed;
mod redact;

pub(crate) use carried::Frames;
pub use folder::{TRANSCRIPT_MAX, TranscriptFolder};
pub(crate) use redact::Redactor;
