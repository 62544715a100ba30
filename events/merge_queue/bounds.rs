//! Bounds of a merge queue's events: lists of paths above all, which are as long as whoever wrote
//! the commits likes.

use crate::bounds::{
    Bounded, NAME_MAX, PATHS_BYTES_MAX, REASON_MAX, cut, cut_front, cut_name, cut_paths,
    cut_reason, cut_shown_paths,
};
use crate::evidence::Evidence;
use crate::merge_queue::event::{Changes, Collision, EntryKind, Event, FILES_MAX};

/// Most bytes of the paths of everything that a candidate changes.
const FILES_BYTES_MAX: usize = 24 * 1024;
/// Longest command line that a tree may suggest.
const SUGGESTION_MAX: usize = 1024;
/// Works that one look ahead names. It is a hint: those beyond are tried when their turn comes.
const COLLISIONS_MAX: usize = 100;
/// Most bytes of the paths of one of them.
const COLLISION_BYTES_MAX: usize = 300;
/// Files of the verification that are named.
const CHECKS_MAX: usize = 50;
/// Longest title of a commit, in bytes.
const TITLE_BYTES_MAX: usize = 4 * NAME_MAX;

impl Changes {
    /// The same within the bounds of an event. What is protected keeps its meaning: a list that was
    /// cut says how many paths are left out, and with which digest, so that an approval holds for
    /// exactly those.
    #[must_use]
    pub fn cut(mut self) -> Self {
        let rest = cut_paths(&mut self.files, FILES_MAX, FILES_BYTES_MAX);
        let rest = u32::try_from(rest.len()).unwrap_or(u32::MAX);

        self.more = self.more.saturating_add(rest);
        cut_shown_paths(&mut self.protected, FILES_MAX, PATHS_BYTES_MAX);
        cut_shown_paths(&mut self.checks, CHECKS_MAX, COLLISION_BYTES_MAX);
        self.detected = self.detected.filter(|line| line.len() <= SUGGESTION_MAX);
        self
    }
}

fn cut_kind(kind: &mut EntryKind) {
    match kind {
        EntryKind::Scaffold => {}
        EntryKind::Feature { title, .. } | EntryKind::Revert { title, .. } => {
            cut(title, TITLE_BYTES_MAX);
        }
    }
}

fn cut_evidence(evidence: &mut Evidence) {
    match evidence {
        Evidence::Ran { tail, .. } => cut_front(tail, REASON_MAX),
        Evidence::NoneConfigured | Evidence::Scaffold => {}
    }
}

fn cut_collisions(collisions: &mut Vec<Collision>) {
    collisions.truncate(COLLISIONS_MAX);
    for collision in collisions {
        cut_shown_paths(&mut collision.paths, FILES_MAX, COLLISION_BYTES_MAX);
    }
}

impl Bounded for Event {
    fn bounded(mut self) -> Self {
        match &mut self {
            Self::Opened(e) => cut(&mut e.branch, crate::project::BRANCH_MAX),
            Self::Queued(e) => cut_kind(&mut e.kind),
            Self::CandidateBuilt(e) => e.changes = std::mem::take(&mut e.changes).cut(),
            Self::ChangeApproved(e) => cut_name(&mut e.by),
            Self::ChangeRefused(e) => {
                cut_name(&mut e.by);
                cut_reason(&mut e.why);
            }
            Self::Dequeued(e) => {
                cut_shown_paths(&mut e.paths, FILES_MAX, PATHS_BYTES_MAX);
                cut_reason(&mut e.why);
            }
            Self::BatchClosed(e) => cut_reason(&mut e.why),
            Self::Verified(e) => cut_evidence(&mut e.evidence),
            Self::VerificationFailed(e) => cut_evidence(&mut e.evidence),
            Self::VerificationDoubted(e) => cut_evidence(&mut e.evidence),
            Self::Parked(e) => cut_evidence(&mut e.evidence),
            Self::HeadVerified(e) => cut_evidence(&mut e.evidence),
            Self::HeadFailed(e) => cut_evidence(&mut e.evidence),
            Self::RedEnded(e) => cut_reason(&mut e.why),
            Self::UpstreamMoved(e) => {
                cut_paths(&mut e.files, FILES_MAX, FILES_BYTES_MAX);
            }
            Self::Followed(e) => {
                cut_paths(&mut e.files, FILES_MAX, FILES_BYTES_MAX);
                e.accepted.iter_mut().for_each(cut_name);
            }
            Self::BranchFollowed(e) => {
                cut(&mut e.branch, crate::project::BRANCH_MAX);
                cut_name(&mut e.by);
            }
            Self::Probed(e) => cut_collisions(&mut e.collisions),
            Self::Halted(e) => cut_reason(&mut e.reason),
            Self::Held(_)
            | Self::FoundEmpty(_)
            | Self::VerificationStarted(_)
            | Self::VerificationLapsed(_)
            | Self::HeadVerificationStarted(_)
            | Self::HeadVerificationLapsed(_)
            | Self::PublishIntended(_)
            | Self::Advanced(_)
            | Self::Unhalted(_) => {}
        }

        self
    }
}
