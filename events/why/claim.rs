//! Whether a feature would be claimed: the claim queue's pick, the feature's own rules and, for the
//! fleet, whether `dispatch` owes a slot that claim.

use crate::claims::pick::{Pick, pick};
use crate::holder::{Holder, Role};
use crate::id::{FeatureId, SessionId, SlotNo};
use crate::policy::{AnyCommand, Effect, Owed};
use crate::stream::{StreamId, Version};
use crate::view::ProjectView;
use crate::why::decided::{decided, refused};
use crate::why::question::About;
use crate::why::record::Record;
use crate::why::sentence::Sentence;
use crate::why::telling::Telling;
use crate::why::why_not::{gone, owed_now};
use crate::why::wish::{Answer, Claimant, Prospect};
use crate::why::{Kind, Part, Question, hands, slot, why};
use crate::{claims, feature};

/// What a claim of this feature would come to.
pub(super) fn would(
    record: Record<'_>,
    view: &ProjectView,
    id: &FeatureId,
    by: &Claimant,
) -> Answer {
    let because = why(
        &Question {
            project: view.name.clone(),
            about: About::Feature(id.clone()),
        },
        record,
    );
    if let Some(gone) = gone(view) {
        let prospect = Prospect::Refused(refused(&gone));
        return Answer { prospect, because };
    }

    let observed = record.observed;
    match pick(view, Some(id), &observed.taken, observed.now) {
        Err(refusal) => not_picked(record, view, &refusal, because),
        Ok(Pick::Wait | Pick::Nothing) => Answer {
            prospect: Prospect::Missing,
            because,
        },
        Ok(Pick::Feature(_)) => ruled(record, view, id, by, because),
    }
}

/// What the claim queue refuses, and the premise that it is about.
fn not_picked(
    record: Record<'_>,
    view: &ProjectView,
    refusal: &claims::NotAllowed,
    because: Vec<Sentence>,
) -> Answer {
    let mut telling = Telling::new(record, view);
    hands::tell(&mut telling, Role::Coder);
    let (state, waits): (Vec<_>, Vec<_>) = because
        .into_iter()
        .partition(|one| one.part == Part::Stands);
    let about = |one: &Sentence| match refusal {
        claims::NotAllowed::NotRunning => one.kind == Kind::NotRunning,
        claims::NotAllowed::NoBacklog => one.kind == Kind::NoBacklog,
        claims::NotAllowed::NotWhole => one.kind == Kind::AwaitsBatch,
        _ => true,
    };

    let mut because = state;
    for one in waits.into_iter().chain(telling.done()) {
        if about(&one) && !because.contains(&one) {
            because.push(one);
        }
    }
    Answer {
        prospect: Prospect::Refused(refused(refusal)),
        because,
    }
}

/// What the feature's own rules say, and then the policies.
fn ruled(
    record: Record<'_>,
    view: &ProjectView,
    id: &FeatureId,
    by: &Claimant,
    because: Vec<Sentence>,
) -> Answer {
    let stream = StreamId::Feature(view.name.clone(), id.clone());
    let holder = holder(view, by);
    let command = AnyCommand::Feature(feature::Command::Claim { holder });
    let foreseen = match decided(view, &stream, &command, record.observed.now) {
        Ok(foreseen) => foreseen,
        Err(refused) => {
            let prospect = Prospect::Refused(refused);
            return Answer { prospect, because };
        }
    };

    match by {
        Claimant::Outside(_) => Answer {
            prospect: Prospect::Accepted(foreseen),
            because,
        },
        Claimant::Fleet => given(record, view, id, None, because),
        Claimant::Slot(n) => given(record, view, id, Some(*n), because),
    }
}

/// Whoever would hold the claim. The session of a slot is the one that it would be granted for.
fn holder(view: &ProjectView, by: &Claimant) -> Holder {
    let n = match by {
        Claimant::Outside(principal) => {
            let principal = principal.clone();
            return Holder::Outside { principal };
        }
        Claimant::Fleet => SlotNo(1),
        Claimant::Slot(n) => *n,
    };

    let stream = StreamId::Container(view.name.clone(), n);
    let version = match view.slots.get(&n) {
        Some(slot) => slot.version,
        None => Version(0),
    };
    let session = SessionId::granted(&stream.to_string(), version.0, n);
    Holder::Slot { n, session }
}

/// Whether a slot is owed the claim: each takes the best that those before it left.
fn given(
    record: Record<'_>,
    view: &ProjectView,
    id: &FeatureId,
    to: Option<SlotNo>,
    because: Vec<Sentence>,
) -> Answer {
    let telling = Telling::new(record, view);
    let observed = record.observed;
    let free = view.rested(observed.now);
    let free: Vec<_> = free.filter(|id| !observed.taken.contains(*id)).collect();
    let mut place = 0;

    for (owed, _) in &telling.agenda.owed {
        let Owed::Do(Effect::ClaimFor { n, feature, .. }) = owed else {
            continue;
        };
        let gets = feature.as_ref().or(free.get(place).copied());
        place += 1;
        if gets == Some(id) && to.is_none_or(|to| to == *n) {
            let prospect = owed_now(record, view, owed);
            return Answer { prospect, because };
        }
    }
    missing(telling, to, because)
}

/// The premises of a claim by the fleet that do not hold.
fn missing(mut telling: Telling<'_>, to: Option<SlotNo>, mut because: Vec<Sentence>) -> Answer {
    if let Some(n) = to {
        slot::tell(&mut telling, n);
    }
    for one in telling.done() {
        if !because.contains(&one) {
            because.push(one);
        }
    }
    let prospect = Prospect::Missing;
    Answer { prospect, because }
}
