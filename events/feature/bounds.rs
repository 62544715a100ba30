//! Bounds of a feature's events. What a feature asks for is never cut: `Content::check` refuses it.

use crate::bounds::{Bounded, PATHS_BYTES_MAX, cut, cut_name, cut_reason, cut_shown_paths};
use crate::feature::command::COMMENT_MAX;
use crate::feature::event::Event;
use crate::holder::Holder;
use crate::merge_queue::event::FILES_MAX;

/// Dependencies that the first event of a feature names; further ones are events of their own.
pub const BLOCKERS_MAX: usize = 100;

impl Bounded for Event {
    fn bounded(mut self) -> Self {
        match &mut self {
            Self::Created(e) => e.blockers.truncate(BLOCKERS_MAX),
            Self::Commented(e) => {
                cut_name(&mut e.by);
                cut(&mut e.text, COMMENT_MAX);
            }
            Self::PushDenied(e) => {
                cut_name(&mut e.by);
                cut_reason(&mut e.why);
            }
            Self::Claimed(e) => match &mut e.holder {
                Holder::Outside { principal } => cut_name(principal),
                Holder::Slot { .. } => {}
            },
            Self::Released(e) => cut(&mut e.detail, COMMENT_MAX),
            Self::QuestionAsked(e) => cut(&mut e.question, COMMENT_MAX),
            Self::QuestionAnswered(e) => cut_name(&mut e.by),
            Self::ReviewPassed(e) => e.verdict.cut(),
            Self::ReviewRejected(e) => e.verdict.cut(),
            Self::MergeAborted(e) => cut_reason(&mut e.why),
            Self::MergeRejected(e) => {
                cut_shown_paths(&mut e.paths, FILES_MAX, PATHS_BYTES_MAX);
                cut_reason(&mut e.detail);
            }
            Self::Closed(e) => cut_name(&mut e.by),
            Self::Reopened(e) => {
                cut(&mut e.why, COMMENT_MAX);
                cut_name(&mut e.by);
            }
            Self::Quarantined(e) => cut_reason(&mut e.why),
            Self::SetAside(e) => cut(&mut e.why, COMMENT_MAX),
            Self::Requeued(e) => cut_name(&mut e.by),
            Self::WorkLost(e) => cut_reason(&mut e.why),
            Self::Withdrawn(e) => cut_name(&mut e.by),
            Self::Edited(_)
            | Self::Ranked(_)
            | Self::Blocked(_)
            | Self::Unblocked(_)
            | Self::ClaimExpired(_)
            | Self::Submitted(_)
            | Self::ReviewStarted(_)
            | Self::ReviewLapsed(_)
            | Self::MergeBegun(_)
            | Self::WorkSecured(_) => {}
        }

        self
    }
}
