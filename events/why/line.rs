//! What an entry in the merge queue waits for: those before it, upstream, the trunk itself, a
//! verifier, or a person.

use crate::holder::Role;
use crate::merge_queue::{Entry, Stage};
use crate::policy::integrate::verification;
use crate::policy::{Owed, until};
use crate::project::{Registered, utc};
use crate::view::standing::waits_for_a_command;
use crate::view::{NeedKind, Remedy};
use crate::why::kind::Kind;
use crate::why::telling::Telling;
use crate::why::words::{counted, short};
use crate::why::{hands, merge, queued, slot};

/// What an entry in the line waits for; of one behind the batch, what the front waits for.
pub(super) fn tell(telling: &mut Telling<'_>, entry: &Entry) {
    let merge_queue = &telling.view.merge_queue.state;
    let batched = merge_queue.batched().max(1);
    let place = merge_queue
        .queue
        .iter()
        .position(|e| e.number == entry.number);
    let Some(front) = merge_queue.front() else {
        return;
    };

    if let Some(place) = place.filter(|place| *place >= batched) {
        behind(telling, entry, (place, front));
    }
    moves(telling, front);
}

fn behind(telling: &mut Telling<'_>, entry: &Entry, (place, front): (usize, &Entry)) {
    let stream = telling.merge_queue();
    let (number, first) = (entry.number, front.number);
    let others = counted(place, "other");
    let text = format!("entry {number} waits behind {others}: entry {first} is at the front");
    let names = ["trunk.queued", "trunk.change_approved"];
    let at = names.into_iter();
    let at: Vec<_> = at
        .filter_map(|name| merge::seen(telling, first, name))
        .collect();
    telling.say(Kind::AwaitsEntries, text, &stream, at);
}

/// What the front and its batch wait for.
fn moves(telling: &mut Telling<'_>, front: &Entry) {
    let merge_queue = &telling.view.merge_queue.state;
    let tip = merge_queue.tip().unwrap_or(front);
    let stream = telling.merge_queue();
    halted(telling, front);

    // Features are locked one by one before the queue is told to publish.
    let locks = |owed: &Owed| match owed {
        Owed::Tell(tell) => tell.stream == stream || tell.command.name() == "begin merge",
        Owed::Do(_) => merge::moves(owed),
    };
    let is_due = telling.due(&stream, locks);
    if is_due || !matches!(tip.stage, Stage::Built { .. }) {
        return;
    }
    if let Some(registered) = telling.view.registered() {
        unverified(telling, registered, tip);
    }
}

/// Upstream's trouble, and when it is tried again.
fn halted(telling: &mut Telling<'_>, front: &Entry) {
    let (view, stream) = (telling.view, telling.merge_queue());
    let merge_queue = &view.merge_queue.state;
    let until = until::halted(merge_queue, front, telling.record.observed);
    let (Some(halt), Some(until)) = (&merge_queue.halt, until) else {
        return;
    };

    let standing = view.standing();
    let mut needs = standing.needs_you.into_iter();
    let need = needs.find(|need| need.kind == NeedKind::Upstream);
    let at = telling.seen(&stream, &["trunk.halted"]);
    let text = format!("the merge queue is halted: {}", halt.fault.advice());
    let next = match until > telling.now() {
        true => format!("the next try is {}", utc(until)),
        false => "it is to be tried again".to_owned(),
    };
    let text = format!("{text} ({}); {next}", halt.reason);
    let said = telling.say(Kind::Halted, text, &stream, at);
    said.until = Some(until);
    said.remedy = need.map(|need| need.remedy);
}

/// A candidate that is built, and what keeps its verification.
fn unverified(telling: &mut Telling<'_>, registered: &Registered, tip: &Entry) {
    let (view, stream, number) = (telling.view, telling.merge_queue(), tip.number);
    let merge_queue = &view.merge_queue.state;

    if waits_for_a_command(registered, tip) {
        let at = merge::seen(telling, number, "trunk.candidate_built");
        let text = "there is nothing to verify it with, and merging without is not accepted";
        return telling.ask(Remedy::SetVerification, text, &stream, at);
    }
    if merge_queue.is_head_in_doubt() || merge_queue.health.checking.is_some() {
        return trunk(telling);
    }

    let command = verification(registered, tip).unwrap_or_default();
    let at = merge::seen(telling, number, "trunk.candidate_built");
    let text = format!("entry {number} waits for a verifier that runs `{command}`");
    telling.say(Kind::AwaitsVerifier, text, &stream, at);
    if tip.lapses.is_spent() {
        let at = merge::seen(telling, number, "trunk.verification_lapsed");
        let text = format!("of its verifiers, {}", tip.lapses);
        return telling.ask(Remedy::ResumeQueue, text, &stream, at);
    }
    queued::rests(telling, tip.lapses, &stream, "trunk.verification_lapsed");
    hands::tell(telling, Role::Verifier);
}

/// The verification of the trunk itself: at work, due, resting, or given up.
pub(super) fn trunk(telling: &mut Telling<'_>) {
    let (view, stream) = (telling.view, telling.merge_queue());
    let health = &view.merge_queue.state.health;

    if let Some(checking) = &health.checking {
        let at = telling.seen(&stream, &["trunk.head_verification_started"]);
        let (n, head) = (checking.slot_session.n, short(&checking.head));
        let text = format!("slot {n} verifies the trunk itself at {head}");
        telling.say(Kind::AwaitsTrunk, text, &stream, at);
        return slot::given(telling, &checking.slot_session);
    }

    let names = ["trunk.head_failed", "trunk.verification_doubted"];
    let at = telling.seen(&stream, &names);
    let registered = view.registered();
    let next = registered.and_then(|registered| hands::looked_at(telling, registered));
    let text = match (next, &health.red) {
        (Some(next), _) => format!("the trunk is red by itself: it is looked at {}", utc(next)),
        (None, Some(_)) => "the trunk is red by itself, and to be looked at again".to_owned(),
        (None, None) => "the trunk itself has to be verified before the work is judged".to_owned(),
    };
    telling.say(Kind::AwaitsTrunk, text, &stream, at).until = next;

    let looks = |owed: &Owed| match owed {
        Owed::Tell(tell) => tell.command.name() == "start head verification",
        Owed::Do(_) => false,
    };
    if telling.due(&stream, looks) {
        return;
    }
    let lapsed = "trunk.head_verification_lapsed";
    if health.lapses.is_spent() {
        let at = telling.seen(&stream, &[lapsed]);
        let text = format!("of the verifiers of the trunk itself, {}", health.lapses);
        return telling.ask(Remedy::ResumeQueue, text, &stream, at);
    }
    queued::rests(telling, health.lapses, &stream, lapsed);
    hands::tell(telling, Role::Verifier);
}
