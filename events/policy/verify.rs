//! What is verified next: the front of the merge queue, or the bare head, where an entry is red and
//! nobody knows whether the head is green, and where it was red and the pause before the next look
//! is over.

use crate::codec::to_named;
use crate::holder::{Role, Seat};
use crate::id::Digest;
use crate::policy::dispatch::{Hands, berth_stream, reserve, seat, teller};
use crate::policy::integrate::verification;
use crate::project::Registered;
use crate::settings::Settings;
use crate::stream::StreamId;
use crate::trunk::{self, Trunk};
use crate::view::books::ProjectBook;

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
pub fn of_head<'a>(registered: &'a Registered, trunk: &'a Trunk) -> Option<&'a str> {
    let suggested = |entry: &'a trunk::Entry| entry.changes.detected.as_deref();
    let tip = trunk.tip().filter(|_| trunk.is_head_in_doubt());
    let waiting = tip.into_iter().chain(&trunk.parked);
    let own = registered.settings.verify.as_deref();
    own.or_else(|| waiting.into_iter().find_map(suggested))
}

/// Grants a slot to the next verifier.
pub(super) fn verify(hands: &mut Hands<'_>) {
    let trunk = &hands.book.trunk.state;
    let tip = trunk.tip();
    let busy = tip.is_some_and(|tip| matches!(tip.stage, trunk::Stage::Verifying { .. }));
    if busy || trunk.health.checking.is_some() {
        return;
    }
    if trunk.is_head_in_doubt() || is_due(hands) {
        check_head(hands);
    } else if let Some(tip) = tip {
        check_entry(hands, tip);
    }
}

/// Whether a red head is to be looked at again. On other terms it is at once: what was seen is not
/// what would be seen.
fn is_due(hands: &mut Hands<'_>) -> bool {
    let (registered, trunk) = (hands.registered, &hands.book.trunk.state);
    let command = of_head(registered, trunk);
    let (Some(red), Some(command)) = (&trunk.health.red, command) else {
        return false;
    };
    let other = red.terms != terms(&registered.settings, command);
    let at = red.next_probe(&hands.observed.own);
    other || hands.agenda.reached(hands.observed.now, at)
}

fn check_head(hands: &mut Hands<'_>) {
    let (book, registered) = (hands.book, hands.registered);
    let trunk = &book.trunk.state;
    let Some(command) = of_head(registered, trunk) else {
        return;
    };
    let terms = terms(&registered.settings, command);
    if !hands.may_try(trunk.health.lapses) {
        return;
    }
    grant(hands, "head verifier", |seat| {
        trunk::Command::StartHeadVerification { seat, terms }
    });
}

fn check_entry(hands: &mut Hands<'_>, tip: &trunk::Entry) {
    let (book, registered) = (hands.book, hands.registered);
    let whole = book.trunk.state.joins(registered.settings.batch_max);
    let built =
        matches!(tip.stage, trunk::Stage::Built { .. }) && !tip.needs_approval() && whole.is_none();
    let Some(command) = verification(registered, tip).filter(|_| built) else {
        return;
    };
    let (entry, terms) = (tip.number, terms(&registered.settings, command));
    if !hands.may_try(tip.lapses) {
        return;
    }
    grant(hands, "verifier", |seat| {
        trunk::Command::StartVerification { entry, seat, terms }
    });
}

fn grant(hands: &mut Hands<'_>, purpose: &str, command: impl FnOnce(Seat) -> trunk::Command) {
    let book: &ProjectBook = hands.book;
    let Some((n, version)) = hands.berths.pop() else {
        return;
    };
    let stream = StreamId::Trunk(book.name.clone());
    let command = command(seat(&stream, book.trunk.version, n));
    let tell = teller(book)
        .trunk(book, purpose, command)
        .given_project(book);
    let tell = tell.given(berth_stream(book, n), version);
    let reserves = reserve(n, Role::Verifier);
    hands.agenda.tell_reserving(tell, reserves);
}
