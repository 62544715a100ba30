//! Files and folders that somebody else may have written: read without following a link, without
//! waiting and to a bound; removed and measured with a bounded number of descriptors, however deep
//! they are.
//!
//! Whoever can write in a folder chooses what lies there: a FIFO makes a reader wait for ever, a
//! link leads elsewhere, a device has no end, and a chain of folders longer than a path may be
//! takes a descriptor for each. Everything of ours that looks into such a folder goes through here.

mod files;
mod removal;
mod size;

use files::FOLDER;
pub use files::{read, read_below, write};
pub use removal::{empty, remove};
pub use size::{Size, size};
