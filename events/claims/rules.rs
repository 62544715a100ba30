//! Whose claim it is, and what may be pushed under it.

use super::refs;
use crate::aggregate::{self, RefusalKind};
use crate::feature;
use crate::holder::{Holder, Role};
use crate::id::{Epoch, FeatureId};
use crate::refusal_enum;
use crate::view::ProjectView;

/// A claim: the feature, and the number of the claim among all that this feature had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The feature.
    pub feature: FeatureId,
    /// The number.
    pub epoch: Epoch,
}

/// How a claim stands that is the holder's, or nobody's any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is open, and the holder's.
    Open,
    /// It is over, or there never was one: the feature's rules say which, and answer a repetition
    /// of what they accepted as the first time.
    Over,
}

refusal_enum! {
    /// Why a session or a holder may not do something, beside what the feature's own rules say.
    pub enum NotAllowed {
        NoneGiven = "no_claim", "this session was given no claim: only a coder pushes, hands in, \
                                 gives back or asks";
        OtherClaim { given: Epoch, push_to: String } = "stale_epoch", "claim {given} is not the \
            one you hold: stop working on it and push to {push_to}";
        ForeignRef { reference: String, push_to: String } = "foreign_ref", "{reference} is not \
            yours to push: push to {push_to}";
        NobodysRef { reference: String, work: &'static str } = "foreign_ref", "{reference} is \
            nobody's to push: claim a feature and push to {work}FEATURE/CLAIM";
        NoFeature = "no_feature", "this session has no feature at hand";
        NotRunning = "not_running", "nothing is claimed while the project is not running or is \
                                     being edited; `project start` lets it run";
        NoBacklog = "no_backlog", "nothing is claimed before the spec is made a backlog; see \
                                   `project show`";
        NotWhole = "not_whole", "the feature's batch is still being created; try again";
        Brought { count: u32 } = "too_many", "this session has brought {count} features, which is \
            as many as one may: say the rest in a comment";
        Commented { count: u32, bytes: u64, most: u32, most_bytes: u64 } = "too_many", "this \
            session has written {count} comments of {bytes} bytes: {most} of together \
            {most_bytes} bytes are as many as one may";
    }
}

/// Why something is not done under a claim.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The feature's own rules.
    #[error(transparent)]
    Feature(#[from] feature::Refusal),
    /// Who may do what.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
}

impl aggregate::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Feature(refusal) => refusal.code(),
            Self::NotAllowed(refusal) => refusal.code(),
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::Feature(refusal) => refusal.kind(),
            Self::NotAllowed(refusal) => refusal.kind(),
        }
    }
}

/// Whether this claim is open and this holder's.
pub fn held(view: &ProjectView, holder: &Holder, claim: &Claim) -> Result<(), feature::Refusal> {
    let Some(known) = view.feature(&claim.feature) else {
        return Err(feature::Refusal::NoClaim);
    };

    let by = known.held(claim.epoch)?;
    if by == holder {
        Ok(())
    } else {
        Err(feature::Refusal::NotYours {
            by: by.to_string(),
            you: holder.to_string(),
        })
    }
}

/// How a claim stands for this holder. One that is another's is refused here; one that is over is
/// for the feature's rules to refuse.
pub fn standing(
    view: &ProjectView,
    holder: &Holder,
    claim: &Claim,
) -> Result<Standing, feature::Refusal> {
    match held(view, holder, claim) {
        Ok(()) => Ok(Standing::Open),
        Err(refusal @ feature::Refusal::NotYours { .. }) => Err(refusal),
        Err(_) => Ok(Standing::Over),
    }
}

/// The claim that a session was given, whether or not it is open still.
pub fn given(view: &ProjectView, holder: &Holder) -> Result<Claim, NotAllowed> {
    let Holder::Slot { n, session } = holder else {
        return Err(NotAllowed::NoneGiven);
    };

    let job = view.slot(*n).and_then(|slot| slot.job());
    let Some(job) = job.filter(|job| job.session == *session && job.role == Role::Coder) else {
        return Err(NotAllowed::NoneGiven);
    };
    match (&job.feature, job.epoch) {
        (Some(feature), Some(epoch)) => Ok(Claim {
            feature: feature.clone(),
            epoch,
        }),
        _ => Err(NotAllowed::NoneGiven),
    }
}

/// Whether this holder may push to this ref now: to the branch of a claim that is open and its own.
/// A session has one claim, and is told where to push; what is rescued of it may come late, since
/// it goes nowhere but to its own place.
pub fn may_push(view: &ProjectView, holder: &Holder, reference: &str) -> Result<(), Refusal> {
    match holder {
        Holder::Slot { .. } => session_may_push(view, holder, reference),
        Holder::Outside { .. } => match refs::claim_of(reference) {
            Some(claim) => Ok(held(view, holder, &claim)?),
            None => Err(NotAllowed::NobodysRef {
                reference: reference.to_owned(),
                work: refs::WORK,
            }
            .into()),
        },
    }
}

fn session_may_push(view: &ProjectView, holder: &Holder, reference: &str) -> Result<(), Refusal> {
    let own = given(view, holder)?;
    if reference == refs::rescue(&own.feature, own.epoch) {
        return Ok(());
    }

    held(view, holder, &own)?;
    let push_to = refs::work(&own.feature, own.epoch);
    if reference == push_to {
        return Ok(());
    }

    match refs::claim_of(reference) {
        Some(claim) if claim.feature == own.feature => Err(NotAllowed::OtherClaim {
            given: claim.epoch,
            push_to,
        }
        .into()),
        _ => Err(NotAllowed::ForeignRef {
            reference: reference.to_owned(),
            push_to,
        }
        .into()),
    }
}
