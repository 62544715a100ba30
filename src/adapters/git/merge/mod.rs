//! Merges by git's own engine (`git merge-tree`), without a work tree.
//!
//! libgit2 pairs files of the same content by their paths' order, so that an edit lands silently in
//! another file when several of them move. Git's own engine looks at names first and is right more
//! often, not always. Where files of the same content moved and one of them was edited, `equals`
//! says by their names which is which before anything is merged; what the names leave open is not
//! merged at all.

mod equals;
mod trees;

pub use trees::too_old;
pub(in crate::adapters::git) use trees::{Merged, Sides};
