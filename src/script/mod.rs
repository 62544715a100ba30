//! The script dialect: a deterministic agent inside the binary. It does real edits and real commits
//! from a small script in the feature's text, and can misbehave on purpose: crash, hang, flood, end
//! without work, conflict, ignore SIGTERM.
//!
//! ```text
//! write PATH TEXT      append PATH TEXT     commit MESSAGE     submit          comment TEXT     sleep MS
//! root                 ask QUESTION         release WHY        exit CODE       crash            hang
//! flood KIB            deaf                 say TEXT           reject WHY      run COMMAND      pass
//! ```
//!
//! A line may begin with `@2` (only under claim 2) or `@2+` (from claim 2 on). `\n` in a text is a
//! line break. `root` goes back to the first commit, as an agent would that worked on something
//! outdated.

mod lines;
mod play;

pub use lines::{BACKLOG_FENCE, Line, REVIEW_FENCE, SCRIPT_FENCE, fenced, parse};
pub use play::run;
