//! Idle berths + work → grants, in this order: initialize, overseer, review, verify, code by priority, rank, age.
//!
//! A grant is conditioned on the project (running, not editing) and on the berth (idle). Code goes through the claim lane, which
//! picks the feature; everything else is granted here.

use std::collections::BTreeSet;

use crate::container::{Berth, Duty, Slot};
use crate::feature::{self, Stage};
use crate::holder::Seat;
use crate::id::{BerthNo, SessionId};
use crate::outcome::Outcome;
use crate::policy::integrate::verification;
use crate::policy::{Agenda, Effect, INITIALIZERS_MAX, Observed, Reserves, Teller};
use crate::project::{self, Initialization, Registered};
use crate::stream::{StreamId, Version};
use crate::trunk::{self, VERIFIERS_MAX};
use crate::view::books::ProjectBook;

/// A berth whose session was turned down by its provider's limit rests for so long.
const LIMITED_PAUSE_MS: u64 = 60_000;

pub(super) fn owed(
    book: &ProjectBook,
    registered: &Registered,
    observed: &Observed,
    agenda: &mut Agenda,
) {
    if !registered.is_running() || book.trunk.state.head.is_none() {
        return;
    }
    let granted: BTreeSet<_> = book
        .grants()
        .into_iter()
        .map(|grant| grant.seat.n)
        .collect();
    let free = |n: &BerthNo| {
        n.0 <= registered.target && !granted.contains(n) && !observed.busy.contains(n)
    };
    // A provider that makes everybody wait is not asked again by a session that begins at once.
    let mut rested = |berth: &Berth| match berth.last.as_ref() {
        Some((session, Outcome::ProviderLimited)) => {
            let ended = book
                .sessions
                .get(session)
                .and_then(|record| record.ended)
                .map_or(observed.now, |(at, _)| at);
            agenda.reached(observed.now, ended.plus_ms(LIMITED_PAUSE_MS))
        }
        _ => true,
    };
    let mut serves =
        |berth: &Berth| berth.slot == Slot::Idle && berth.duty == Duty::Serve && rested(berth);
    let idle = book
        .enlisted()
        .filter(|(n, berth, _)| serves(berth) && free(n));
    let mut berths: Vec<_> = idle
        .map(|(n, _, tracked)| (n, tracked.version))
        .rev_sorted();
    // The lowest numbers stay: they are taken first.
    berths.drain(
        ..berths
            .len()
            .saturating_sub(observed.room.unwrap_or(usize::MAX)),
    );
    initialize(book, registered, agenda, &mut berths);
    oversee(book, registered, agenda, &mut berths);
    review(book, observed, agenda, &mut berths);
    verify(book, registered, agenda, &mut berths);
    code(book, observed, agenda, &mut berths);
}

type Berths = Vec<(BerthNo, Version)>;

trait RevSorted {
    fn rev_sorted(self) -> Berths;
}
impl<I: Iterator<Item = (BerthNo, Version)>> RevSorted for I {
    /// Highest number first, so that `pop` takes the lowest.
    fn rev_sorted(self) -> Berths {
        let mut berths: Berths = self.collect();
        berths.sort_by(|a, b| b.cmp(a));
        berths
    }
}

fn teller(book: &ProjectBook) -> Teller<'_> {
    Teller {
        policy: "dispatch",
        project: &book.name,
    }
}

fn seat(stream: &StreamId, version: Version, n: BerthNo) -> Seat {
    Seat {
        n,
        session: SessionId::granted(&stream.to_string(), version.0, n),
    }
}

fn reserve(n: BerthNo) -> Reserves {
    Reserves {
        berth: Some(n),
        feature: None,
    }
}

fn berth_stream(book: &ProjectBook, n: BerthNo) -> StreamId {
    StreamId::Container(book.name.clone(), n)
}

fn initialize(
    book: &ProjectBook,
    registered: &Registered,
    agenda: &mut Agenda,
    berths: &mut Berths,
) {
    let due = matches!(registered.initialization, Initialization::Due { lapses } if lapses < INITIALIZERS_MAX);
    if let Some((n, version)) = due.then(|| berths.pop()).flatten() {
        let seat = seat(
            &StreamId::Project(book.name.clone()),
            book.project.version,
            n,
        );
        let tell = teller(book).project(
            book,
            "initializer",
            project::Command::StartInitialization { seat },
        );
        agenda.tell_reserving(tell.given(berth_stream(book, n), version), reserve(n));
    }
}

fn oversee(book: &ProjectBook, registered: &Registered, agenda: &mut Agenda, berths: &mut Berths) {
    let due = registered.next_oversight().is_some();
    if let Some((n, version)) = due.then(|| berths.pop()).flatten() {
        let seat = seat(
            &StreamId::Project(book.name.clone()),
            book.project.version,
            n,
        );
        let tell =
            teller(book).project(book, "overseer", project::Command::StartOversight { seat });
        agenda.tell_reserving(tell.given(berth_stream(book, n), version), reserve(n));
    }
}

fn review(book: &ProjectBook, observed: &Observed, agenda: &mut Agenda, berths: &mut Berths) {
    let waiting =
        |known: &feature::Known| matches!(known.stage, Stage::Submitted { review: None, .. });
    let mut due: Vec<_> = book
        .known()
        .filter(|(id, known, _)| waiting(known) && !observed.taken.contains(*id))
        .collect();
    due.sort_by_key(|(_, known, tracked)| {
        (known.content.priority, known.content.rank, tracked.position)
    });
    for (id, _, tracked) in due {
        let Some((n, version)) = berths.pop() else {
            return;
        };
        let stream = StreamId::Feature(book.name.clone(), id.clone());
        let command = feature::Command::StartReview {
            seat: seat(&stream, tracked.version, n),
        };
        let tell = teller(book)
            .feature(book, id, "reviewer", command)
            .given_project(book);
        let reserves = Reserves {
            berth: Some(n),
            feature: Some(id.clone()),
        };
        agenda.tell_reserving(tell.given(berth_stream(book, n), version), reserves);
    }
}

fn verify(book: &ProjectBook, registered: &Registered, agenda: &mut Agenda, berths: &mut Berths) {
    let trunk = &book.trunk.state;
    let Some(tip) = trunk.tip() else { return };
    let whole = trunk.joins(registered.settings.batch_max).is_none();
    let built = matches!(tip.stage, trunk::Stage::Built { .. }) && !tip.needs_approval() && whole;
    if !built || tip.lapses >= VERIFIERS_MAX || verification(registered, tip).is_none() {
        return;
    }
    if let Some((n, version)) = berths.pop() {
        let seat = seat(&StreamId::Trunk(book.name.clone()), book.trunk.version, n);
        let command = trunk::Command::StartVerification {
            entry: tip.number,
            seat,
        };
        let tell = teller(book)
            .trunk(book, "verifier", command)
            .given_project(book);
        agenda.tell_reserving(tell.given(berth_stream(book, n), version), reserve(n));
    }
}

fn code(book: &ProjectBook, observed: &Observed, agenda: &mut Agenda, berths: &mut Berths) {
    let ready = book
        .ready()
        .into_iter()
        .filter(|id| !observed.taken.contains(*id))
        .count();
    for _ in 0..ready {
        let Some((n, version)) = berths.pop() else {
            return;
        };
        agenda.act_reserving(Effect::ClaimFor { n, version }, reserve(n));
    }
}
