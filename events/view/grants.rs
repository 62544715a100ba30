//! Grants: work that somebody at a slot was given. The grant is recorded at the thing worked on;
//! the slot follows.

use crate::feature::{Known, Stage};
use crate::holder::{Holder, Role, SlotSession};
use crate::id::{Epoch, FeatureId, SessionId};
use crate::merge_queue::{self, MergeQueue};
use crate::project::{Initialization, Registered};
use crate::view::projections::ProjectView;

/// What a grant is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The claim of a feature.
    Claim(FeatureId, Epoch),
    /// The review of a submission.
    Review(FeatureId, Epoch),
    /// The project's initialization.
    Initialization,
    /// A milestone or the final verification.
    Oversight,
    /// The verification of an entry of the merge queue.
    Verification(u64),
    /// The verification of the bare head.
    Head,
}

impl Subject {
    /// The role that works on it.
    pub fn role(&self) -> Role {
        match self {
            Self::Claim(..) => Role::Coder,
            Self::Review(..) => Role::Reviewer,
            Self::Initialization => Role::Initializer,
            Self::Oversight => Role::Overseer,
            Self::Verification(_) | Self::Head => Role::Verifier,
        }
    }

    /// The feature it concerns, for coders and reviewers.
    pub fn feature(&self) -> Option<(&FeatureId, Epoch)> {
        match self {
            Self::Claim(id, epoch) | Self::Review(id, epoch) => Some((id, *epoch)),
            Self::Initialization | Self::Oversight | Self::Verification(_) | Self::Head => None,
        }
    }
}

/// An open grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The subject that was granted.
    pub subject: Subject,
    /// Which slot, for which session.
    pub slot_session: SlotSession,
}

impl ProjectView {
    /// Every open grant of the project.
    pub fn grants(&self) -> Vec<Grant> {
        let mut grants = Vec::new();
        for (id, known, _) in self.underway() {
            grants.extend(of_feature(id, known));
        }
        grants.extend(self.registered().into_iter().flat_map(of_project));
        grants.extend(of_queue(&self.merge_queue.state));

        grants
    }

    /// The open grant of a session, if its work is not over.
    pub fn grant_of(&self, session: &SessionId) -> Option<Grant> {
        self.grants()
            .into_iter()
            .find(|grant| grant.slot_session.session == *session)
    }
}

/// The grant of a feature that a session of ours works on or looks at.
fn of_feature(id: &FeatureId, known: &Known) -> Option<Grant> {
    match &known.stage {
        Stage::Claimed {
            holder: Holder::Slot { n, session },
            ..
        } => Some(Grant {
            subject: Subject::Claim(id.clone(), known.epoch),
            slot_session: SlotSession {
                n: *n,
                session: session.clone(),
            },
        }),
        Stage::Submitted {
            submission,
            review: Some(slot_session),
        } => Some(Grant {
            subject: Subject::Review(id.clone(), submission.epoch),
            slot_session: slot_session.clone(),
        }),
        Stage::Claimed {
            holder: Holder::Outside { .. },
            ..
        }
        | Stage::Submitted { review: None, .. }
        | Stage::Open { .. }
        | Stage::Approved { .. }
        | Stage::Merging { .. }
        | Stage::Closed { .. }
        | Stage::Quarantined { .. }
        | Stage::Withdrawn => None,
    }
}

/// The grants of a project's own: its initialization, and a look at the whole.
fn of_project(registered: &Registered) -> Vec<Grant> {
    let mut grants = Vec::new();
    if let Initialization::Underway { slot_session, .. } = &registered.initialization {
        grants.push(Grant {
            subject: Subject::Initialization,
            slot_session: slot_session.clone(),
        });
    }
    if let Some(run) = &registered.progress.oversight {
        grants.push(Grant {
            subject: Subject::Oversight,
            slot_session: run.slot_session.clone(),
        });
    }
    grants
}

/// The grants of verifiers: of the entry in front, and of the bare head.
fn of_queue(queue: &MergeQueue) -> Vec<Grant> {
    let mut grants = Vec::new();
    if let Some(merge_queue::Entry {
        number,
        stage: merge_queue::Stage::Verifying { slot_session, .. },
        ..
    }) = queue.tip()
    {
        grants.push(Grant {
            subject: Subject::Verification(*number),
            slot_session: slot_session.clone(),
        });
    }
    if let Some(checking) = &queue.health.checking {
        grants.push(Grant {
            subject: Subject::Head,
            slot_session: checking.slot_session.clone(),
        });
    }
    grants
}
