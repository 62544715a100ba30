//! What is verified next: the front of the merge queue, or the bare head, where an entry is red and
//! nobody knows whether the head is green, and where it was red and the pause before the next look
//! is over.

use crate::codec::to_named;
use crate::holder::{Role, SlotSession};
use crate::id::{Digest, Timestamp};
use crate::merge_queue::{self, MergeQueue};
use crate::own_time::OwnTime;
use crate::policy::dispatch::{Hands, reserve, slot_session, slot_stream, teller};
use crate::policy::integrate::verification;
use crate::project::Registered;
use crate::settings::Settings;
use crate::stream::StreamId;
use crate::view::projections::ProjectView;

/// Digest of everything in the settings that decides what a verification runs, and where: what was
/// green is known to be green as long as none of it changes.
fn terms(settings: &Settings, command: &str) -> Digest {
    let parts = (
        command,
        &settings.setup,
        &settings.container,
        &settings.egress,
    );
    Digest::of(&to_named(&parts))
}

/// The command that the bare head is verified with: the project's, else what the work suggests that
/// waits for it.
pub fn of_head<'a>(registered: &'a Registered, merge_queue: &'a MergeQueue) -> Option<&'a str> {
    let suggested = |entry: &'a merge_queue::Entry| entry.changes.detected.as_deref();
    let tip = merge_queue.tip().filter(|_| merge_queue.is_head_in_doubt());
    let waiting = tip.into_iter().chain(&merge_queue.parked);
    let own = registered.settings.verify.as_deref();
    own.or_else(|| waiting.into_iter().find_map(suggested))
}

/// Grants a slot to the next verifier.
pub(super) fn verify(hands: &mut Hands<'_>) {
    let merge_queue = &hands.view.merge_queue.state;
    let tip = merge_queue.tip();
    let stage = tip.map(|tip| &tip.stage);
    let busy = matches!(stage, Some(merge_queue::Stage::Verifying { .. }));
    if busy || merge_queue.health.checking.is_some() {
        return;
    }
    if merge_queue.is_head_in_doubt() || is_due(hands) {
        check_head(hands);
    } else if let Some(tip) = tip {
        check_entry(hands, tip);
    }
}

/// When a red head is to be looked at again, if it is red and something verifies it. On other terms
/// it is at once: what was seen is not what would be seen.
pub fn next_look(
    registered: &Registered,
    merge_queue: &MergeQueue,
    own: &OwnTime,
) -> Option<Timestamp> {
    let red = merge_queue.health.red.as_ref()?;
    let command = of_head(registered, merge_queue)?;
    let is_same = red.terms == terms(&registered.settings, command);
    Some(if is_same { red.next_probe(own) } else { red.at })
}

/// Whether a red head is to be looked at again.
fn is_due(hands: &mut Hands<'_>) -> bool {
    let (merge_queue, observed) = (&hands.view.merge_queue.state, hands.observed);
    match next_look(hands.registered, merge_queue, &observed.own) {
        Some(at) => hands.agenda.reached(observed.now, at),
        None => false,
    }
}

fn check_head(hands: &mut Hands<'_>) {
    let (view, registered) = (hands.view, hands.registered);
    let merge_queue = &view.merge_queue.state;
    let Some(command) = of_head(registered, merge_queue) else {
        return;
    };

    let terms = terms(&registered.settings, command);

    if !hands.may_try(merge_queue.health.lapses) {
        return;
    }

    grant(hands, "head verifier", |slot_session| {
        merge_queue::Command::StartHeadVerification {
            slot_session,
            terms,
        }
    });
}

fn check_entry(hands: &mut Hands<'_>, tip: &merge_queue::Entry) {
    let (view, registered) = (hands.view, hands.registered);
    let whole = view.merge_queue.state.joins(registered.settings.batch_max);
    let built = matches!(tip.stage, merge_queue::Stage::Built { .. })
        && !tip.needs_approval()
        && whole.is_none();
    let Some(command) = verification(registered, tip).filter(|_| built) else {
        return;
    };

    let (entry, terms) = (tip.number, terms(&registered.settings, command));

    if !hands.may_try(tip.lapses) {
        return;
    }

    grant(hands, "verifier", |slot_session| {
        merge_queue::Command::StartVerification {
            entry,
            slot_session,
            terms,
        }
    });
}

fn grant(
    hands: &mut Hands<'_>,
    purpose: &str,
    command: impl FnOnce(SlotSession) -> merge_queue::Command,
) {
    let view: &ProjectView = hands.view;
    let Some((n, version)) = hands.slots.pop() else {
        return;
    };

    let stream = StreamId::MergeQueue(view.name.clone());
    let command = command(slot_session(&stream, view.merge_queue.version, n));
    let tell = teller(view)
        .merge_queue(view, purpose, command)
        .given_project(view);
    let tell = tell.given(slot_stream(view, n), version);
    let reserves = reserve(n, Role::Verifier);
    hands.agenda.tell_reserving(tell, reserves);
}

#[cfg(test)]
mod tests;
