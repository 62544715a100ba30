//! What keeps work of a feature from being begun: its own premises, its place among others, and
//! then the hands.

use crate::feature::{self, Stage};
use crate::holder::Role;
use crate::id::{Digest, FeatureId};
use crate::lapses::Lapses;
use crate::policy::{Effect, Owed, until};
use crate::project::utc;
use crate::stream::{Position, StreamId};
use crate::why::feature::Subject;
use crate::why::kind::Kind;
use crate::why::telling::Telling;
use crate::why::words::counted;
use crate::why::{hands, slot};

/// What brings a feature from one stage to another, as far as its dependants care.
pub(super) const STAGING: &[&str] = &[
    "feature.created",
    "feature.claimed",
    "feature.released",
    "feature.claim_expired",
    "feature.question_asked",
    "feature.question_answered",
    "feature.submitted",
    "feature.review_passed",
    "feature.review_rejected",
    "feature.merge_begun",
    "feature.merge_aborted",
    "feature.merge_rejected",
    "feature.closed",
    "feature.reopened",
    "feature.quarantined",
    "feature.requeued",
    "feature.withdrawn",
];

/// What a feature that is open and asks nothing waits for.
pub(super) fn tell(telling: &mut Telling<'_>, subject: &Subject<'_>) {
    let before = telling.said.len();
    own(telling, subject);
    let stream = &subject.stream;
    let tells = |owed: &Owed| slot::tells(owed, stream, "");
    telling.due(stream, tells);

    if telling.said.len() == before && subject.known.is_ready() {
        turn(telling, subject);
    }
}

/// Premises of a claim that lie in the feature, its batch and the merge queue.
fn own(telling: &mut Telling<'_>, subject: &Subject<'_>) {
    let (id, known, stream) = (subject.id, subject.known, &subject.stream);

    for on in &known.blockers {
        blocked(telling, subject, on);
    }
    if !telling.view.is_whole(known.batch) {
        batch(telling, id, known.batch);
    }
    if telling.view.is_being_restored(id, known) {
        let queue = telling.merge_queue();
        let at = telling.seen(&queue, &["trunk.queued", "trunk.advanced"]);
        let text = format!("what was taken out of {id} is on its way back onto the trunk");
        telling.say(Kind::AwaitsReturn, text, &queue, at);
    }

    let rests = telling.view.rests_until(id);
    if let Some(until) = rests.filter(|until| *until > telling.now()) {
        let gone = telling.seen(stream, &["feature.released", "feature.claim_expired"]);
        let (gone_so, when) = (counted(known.tally.gone as usize, "session"), utc(until));
        let text = format!("{id} is left alone until {when}: {gone_so} of it vanished");
        telling.say(Kind::Rests, text, stream, gone).until = Some(until);
    }
}

/// The event that made a feature wait for another: its own, or the one that created it.
fn blocked(telling: &mut Telling<'_>, subject: &Subject<'_>, on: &FeatureId) {
    let names = ["feature.blocked", "feature.created"];
    let waits = |event: &feature::Event| match event {
        feature::Event::Blocked(event) => event.by == *on,
        feature::Event::Created(event) => event.blockers.contains(on),
        _ => false,
    };
    let at = telling.found(&subject.stream, &names, waits);

    let stands = match telling.view.feature(on) {
        Some(other) => stage(&other.stage),
        None => "not created yet",
    };
    let text = format!("{} waits for {on}, which is {stands}", subject.id);
    let other = telling.seen(&telling.feature(on), STAGING);
    let at = at.map(|(at, _)| at).into_iter().chain(other);
    telling.say(Kind::AwaitsFeature, text, &subject.stream, at);
}

/// A stage in a word or two.
pub(super) fn stage(stage: &Stage) -> &'static str {
    match stage {
        Stage::Open { question: None } => "open",
        Stage::Open { question: Some(_) } => "waiting for an answer",
        Stage::Claimed { .. } => "claimed",
        Stage::Submitted { .. } => "handed in",
        Stage::Approved { .. } => "approved",
        Stage::Merging { .. } => "being published",
        Stage::Closed { .. } => "closed",
        Stage::Quarantined { .. } => "quarantined",
        Stage::Withdrawn => "withdrawn",
    }
}

/// A batch of which features do not exist yet.
pub(super) fn batch(telling: &mut Telling<'_>, id: &FeatureId, batch: Digest) {
    let stream = telling.backlog();
    let ids = &telling.view.backlog.state.ids;
    let missing = telling.view.missing().filter(|missing| {
        let origin = ids.get(*missing);
        origin.is_some_and(|origin| origin.batch == batch)
    });
    let missing = missing.count();

    let admitted = ids.get(id).map(|origin| origin.admitted);
    let missing = counted(missing, "feature");
    let text = format!("{id} waits for its batch: of it, {missing} have yet to be created");
    telling.say(Kind::AwaitsBatch, text, &stream, admitted);
}

/// Its turn among what is ready, and the hands for it.
fn turn(telling: &mut Telling<'_>, subject: &Subject<'_>) {
    let (id, stream) = (subject.id, &subject.stream);
    let (view, observed) = (telling.view, telling.record.observed);
    let before = |other: &&FeatureId| !observed.taken.contains(*other);
    let ahead: Vec<_> = view.rested(observed.now).filter(before).collect();
    let place = ahead.iter().position(|other| *other == id);

    let claims = telling.agenda.owed.iter().filter(|(owed, _)| match owed {
        Owed::Do(Effect::ClaimFor { feature, .. }) => match feature {
            Some(wanted) => wanted == id,
            None => true,
        },
        Owed::Do(_) | Owed::Tell(_) => false,
    });
    let claims = claims.count();
    let ranked = telling.seen(
        stream,
        &["feature.ranked", "feature.edited", "feature.created"],
    );

    match place {
        Some(place) if place < claims => {
            let text = format!("a free slot is about to be given {id}");
            telling.say(Kind::Due, text, stream, ranked);
        }
        Some(place) if !hands::tell(telling, Role::Coder) => {
            let first = ahead.first().copied().unwrap_or(id);
            others_first(telling, subject, (place, first), ranked);
        }
        Some(_) => {}
        None => {
            let text = format!("{id} is being given to somebody at this moment");
            telling.say(Kind::Due, text, stream, ranked);
        }
    }
}

/// Slots are free, and other work is given to them.
fn others_first(
    telling: &mut Telling<'_>,
    subject: &Subject<'_>,
    (place, first): (usize, &FeatureId),
    ranked: Option<Position>,
) {
    let id = subject.id;

    let text = match place {
        0 => format!("{id} is next: the free slots are given more pressing work first"),
        _ => {
            let others = counted(place, "feature");
            format!("{id} waits for its turn behind {others}: {first} is the first")
        }
    };
    telling.say(Kind::AwaitsTurn, text, &subject.stream, ranked);
}

/// What work that was handed in waits for.
pub(super) fn review(telling: &mut Telling<'_>, subject: &Subject<'_>) {
    let (id, stream) = (subject.id, &subject.stream);
    let tells = |owed: &Owed| slot::tells(owed, stream, "");
    if telling.due(stream, tells) {
        return;
    }

    let at = telling.seen(stream, &["feature.submitted"]);
    let text = format!("{id} waits for a reviewer");
    telling.say(Kind::AwaitsReviewer, text, stream, at);
    rests(
        telling,
        subject.known.tally.reviewers,
        stream,
        "feature.review_lapsed",
    );
    hands::tell(telling, Role::Reviewer);
}

/// The pause after sessions that vanished from something; answers whether there is one.
pub(super) fn rests(
    telling: &mut Telling<'_>,
    lapses: Lapses,
    stream: &StreamId,
    lapsed: &str,
) -> bool {
    let until = until::retry(telling.record.observed, lapses);
    if lapses.gone == 0 || until <= telling.now() {
        return false;
    }

    let at = telling.seen(stream, &[lapsed]);
    let text = format!(
        "of its sessions, {lapses}: the next is tried {}",
        utc(until)
    );
    telling.say(Kind::TriesRest, text, stream, at).until = Some(until);
    true
}
