//! Sealing: a key of this node signs ranges of the log, each seal is an event of the node's stream,
//! and the newest is kept outside the log as its anchor, so that a log whose end was cut off or
//! whose history was rewritten is noticed.

pub mod anchor;
pub mod key;
pub mod proof;
pub mod sealer;

pub use anchor::Anchor;
pub use key::SealKey;
