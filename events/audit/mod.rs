//! The audit: an independent second reducer that checks a log against the invariants, event by
//! event.
//!
//! It shares no code with the aggregates: it reads payloads as plain values and keeps its own plain
//! tables, so that a rule that is wrong in `decide` is not wrong here in the same way. Which
//! invariant is checked on which of our events:
//!
//! | id | holds | checked at |
//! |---|---|---|
//! | L3 | positions and versions are gapless | every event |
//! | L4 | every digest follows from the one before, and time never goes back | every event |
//! | L5 | a replay is deterministic, also through a snapshot | [`Replay`], every 10 000 positions; `node.books_diverged` is one found live |
//! | L11 | a cause lies before its effect | every event |
//! | I1 | a command is carried out once, for as long as answers are remembered | the first event of every command |
//! | I2 | a session is assigned, starts, hands in and ends once, in this order, and in its slot | `container.assigned`, `session_*`, `feature.review_passed`, `review_rejected`, `project.backlog_proposed`, `milestone_settled` |
//! | I4 | a command wrote one stream, from the version it expected: its events are one run | every event |
//! | C1 | a feature has at most one open claim | `feature.claimed` |
//! | C2 | what carries an epoch lies within that claim | `feature.submitted`, `released`, `claim_expired`, `question_asked`, `work_*` |
//! | C3 | every claim ends once; none is left open in a completed project | the same, and the end of the log |
//! | C4 | what is closed as merged was handed in, passed a review and was verified, in one claim | `feature.closed` |
//! | C6 | a claim was allowed: open, unblocked, project running and not edited | `feature.claimed`, `feature.unblocked` |
//! | C7 | claims of slots stay within the target, one each, of slots in service | `feature.claimed` |
//! | C8 | no claim after 3 tries, 5 rejections or 5 conflicts since the last requeue or reopening | `feature.claimed` |
//! | C10 | dependencies are acyclic; what is closed moves only after `reopened`, and nothing is created twice | `backlog.admitted`, `dependency_added`, every `feature.*` |
//! | C11 | after a stop nothing is claimed or started | `feature.claimed`, `container.start_requested` |
//! | K1 | every requested start ends as started or failed | `container.start*`, the end of the log |
//! | K2 | every started container ends as exited or lost, once | `container.exited`, `lost`, the end of the log |
//! | K7 | an exit carries code, memory and signal; *completed* means that something was handed in | `container.exited`, `session_ended` |
//! | G2 | every intended push has its end before the next: advanced, upstream moved, or dequeued | `trunk.publish_intended`, the end of the log |
//! | G3 | upstream's first-parent chain has our merges in the log's order | the gate's branch |
//! | G4 | what was published is what was verified, on the base it was verified on | `trunk.publish_intended`, `advanced`, the branch |
//! | G6 | one merge per closed feature, and its trailer names it | `feature.closed`, the branch |
//! | S-E1 | runs of a server are counted without a hole, and only the current one ends | `node.started`, `node.stopped` |
//! | T-3 | a slot's claim ends within wall limit, lease and half an hour, of time in which a server was up | the end of every claim |
//! | X1 | what is kept of a transcript is what was recorded of it: chunks without hole or overlap, size and digest | `container.transcript_kept`, the files |
//!
//! The audit reads the log once, in order. It keeps a row per feature, slot and open session, and
//! the ids of the commands whose answers are still remembered: up to 250 000 of them.

mod chain;
mod feature;
mod fleet;
mod found;
mod merge;
mod outside;
mod reducer;
mod replay;
mod session;
mod tables;
#[cfg(test)]
mod tests;

pub use found::Breach;
use found::{Found, Now};
pub use outside::{Landed, Spoken};
pub use reducer::Audit;
pub use replay::Replay;
