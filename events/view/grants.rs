//! Grants: work that somebody at a berth was given. The grant is recorded at the thing worked on;
//! the berth follows.

use crate::feature::Stage;
use crate::holder::{Holder, Role, Seat};
use crate::id::{Epoch, FeatureId, SessionId};
use crate::project::Initialization;
use crate::trunk;
use crate::view::books::ProjectBook;

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
    /// The verification of a trunk entry.
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
    /// What about.
    pub subject: Subject,
    /// Which berth, for which session.
    pub seat: Seat,
}

impl ProjectBook {
    /// Every open grant of the project.
    pub fn grants(&self) -> Vec<Grant> {
        let mut grants = Vec::new();
        for (id, known, _) in self.underway() {
            match &known.stage {
                Stage::Claimed {
                    holder: Holder::Berth { n, session },
                    ..
                } => {
                    let seat = Seat {
                        n: *n,
                        session: session.clone(),
                    };
                    grants.push(Grant {
                        subject: Subject::Claim(id.clone(), known.epoch),
                        seat,
                    });
                }
                Stage::Submitted {
                    submission,
                    review: Some(seat),
                } => {
                    grants.push(Grant {
                        subject: Subject::Review(id.clone(), submission.epoch),
                        seat: seat.clone(),
                    });
                }
                _ => {}
            }
        }
        if let Some(registered) = self.registered() {
            if let Initialization::Underway { seat, .. } = &registered.initialization {
                grants.push(Grant {
                    subject: Subject::Initialization,
                    seat: seat.clone(),
                });
            }
            if let Some(run) = &registered.progress.oversight {
                grants.push(Grant {
                    subject: Subject::Oversight,
                    seat: run.seat.clone(),
                });
            }
        }
        if let Some(trunk::Entry {
            number,
            stage: trunk::Stage::Verifying { seat, .. },
            ..
        }) = self.trunk.state.tip()
        {
            grants.push(Grant {
                subject: Subject::Verification(*number),
                seat: seat.clone(),
            });
        }
        if let Some(checking) = &self.trunk.state.health.checking {
            grants.push(Grant {
                subject: Subject::Head,
                seat: checking.seat.clone(),
            });
        }
        grants
    }

    /// The open grant of a session, if its work is not over.
    pub fn grant_of(&self, session: &SessionId) -> Option<Grant> {
        self.grants()
            .into_iter()
            .find(|grant| grant.seat.session == *session)
    }
}
