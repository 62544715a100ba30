//! Idle berths + work → grants, in this order: initialize, overseer, review, verify, code by
//! priority, rank, age.
//!
//! A grant is conditioned on the project (running, not editing) and on the berth (idle). Code goes
//! through the claim lane, which picks the feature; everything else is granted here.

use std::collections::BTreeSet;

use crate::container::{Berth, Duty, Slot};
use crate::feature::{self, Stage};
use crate::holder::{Role, Seat};
use crate::id::{BerthNo, FeatureId, SessionId};
use crate::lapses::Lapses;
use crate::policy::gate::{Gate, Leave};
use crate::policy::{Agenda, Effect, Observed, Reserves, Teller, backoff_ms, verify};
use crate::project::{self, Initialization, OversightKind, Registered};
use crate::stream::{StreamId, Version};
use crate::view::books::ProjectBook;

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
        n.0 <= registered.target && !granted.contains(n) && !observed.busy.contains_key(n)
    };
    let serves = |berth: &Berth| berth.slot == Slot::Idle && berth.duty == Duty::Serve;
    let idle = book
        .enlisted()
        .filter(|(n, berth, _)| serves(berth) && free(n));
    let mut berths: Vec<_> = idle
        .map(|(n, _, tracked)| (n, tracked.version))
        .rev_sorted();
    // What a lowered target left at work still counts: together they stay within it.
    let at_work = book.enlisted().filter(|(n, berth, _)| {
        berth.job().is_some() || granted.contains(n) || observed.busy.contains_key(n)
    });
    let within = usize::from(registered.target).saturating_sub(at_work.count());
    let room = within.min(observed.room.unwrap_or(usize::MAX));
    // The lowest numbers stay: they are taken first.
    berths.drain(..berths.len().saturating_sub(room));
    let mut hands = Hands {
        book,
        registered,
        observed,
        agenda,
        berths,
        except: None,
    };
    let mut gate = Gate::new(book, registered, observed);
    hands.give(Role::Initializer, &mut gate, initialize);
    hands.give(Role::Overseer, &mut gate, oversee);
    hands.give(Role::Reviewer, &mut gate, review);
    hands.give(Role::Verifier, &mut gate, verify::verify);
    hands.give(Role::Coder, &mut gate, code);
}

/// What is given out, and from what.
pub(super) struct Hands<'a> {
    pub(super) book: &'a ProjectBook,
    pub(super) registered: &'a Registered,
    pub(super) observed: &'a Observed,
    pub(super) agenda: &'a mut Agenda,
    pub(super) berths: Berths,
    /// A feature that is not taken for a probe where there is another.
    except: Option<FeatureId>,
}

impl<'a> Hands<'a> {
    /// Whether another may be tried: not after too many, and after those that vanished not at once.
    pub(super) fn may_try(&mut self, lapses: Lapses) -> bool {
        let observed = self.observed;
        let from = observed.own_ms_after(lapses.gone_at, backoff_ms(lapses.gone));
        !lapses.is_spent() && self.agenda.reached(observed.now, from)
    }

    /// Takes the lowest free slot, but for this one where there is another.
    fn one_but(&mut self, slot: Option<BerthNo>) -> Option<(BerthNo, Version)> {
        let other = |(n, _): &(BerthNo, Version)| Some(*n) != slot;
        let place = self.berths.iter().rposition(other);
        match place {
            Some(place) => Some(self.berths.remove(place)),
            None => self.berths.pop(),
        }
    }

    /// Grants work of a role as far as the things it needs let it.
    fn give(&mut self, role: Role, gate: &mut Gate<'a>, grant: fn(&mut Self)) {
        match gate.leave(role, self.agenda) {
            Leave::All => grant(self),
            Leave::Nothing => {}
            Leave::Probe(except, slot) => {
                let one = self.one_but(slot).into_iter().collect();
                let rest = std::mem::replace(&mut self.berths, one);
                self.except = except;
                grant(self);
                let unused = std::mem::replace(&mut self.berths, rest);
                gate.probing |= unused.is_empty();
                self.berths.extend(unused);
                self.except = None;
            }
        }
    }
}

pub(super) type Berths = Vec<(BerthNo, Version)>;

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

pub(super) fn teller(book: &ProjectBook) -> Teller<'_> {
    Teller {
        policy: "dispatch",
        project: &book.name,
    }
}

pub(super) fn seat(stream: &StreamId, version: Version, n: BerthNo) -> Seat {
    Seat {
        n,
        session: SessionId::granted(&stream.to_string(), version.0, n),
    }
}

pub(super) fn reserve(n: BerthNo, role: Role) -> Reserves {
    Reserves {
        berth: Some((n, role)),
        feature: None,
    }
}

pub(super) fn berth_stream(book: &ProjectBook, n: BerthNo) -> StreamId {
    StreamId::Container(book.name.clone(), n)
}

fn initialize(hands: &mut Hands<'_>) {
    let (book, registered) = (hands.book, hands.registered);
    let due = match registered.initialization {
        Initialization::Due { lapses } => hands.may_try(lapses),
        _ => false,
    };
    if let Some((n, version)) = due.then(|| hands.berths.pop()).flatten() {
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
        hands.agenda.tell_reserving(
            tell.given(berth_stream(book, n), version),
            reserve(n, Role::Initializer),
        );
    }
}

fn oversee(hands: &mut Hands<'_>) {
    let (book, registered) = (hands.book, hands.registered);
    let progress = &registered.progress;
    let due = match registered.next_oversight() {
        Some(OversightKind::Final) => progress.last.as_ref(),
        Some(OversightKind::Milestone { .. }) => progress.milestone.as_ref(),
        None => None,
    };
    let due = due.is_some_and(|due| hands.may_try(due.lapses));
    if let Some((n, version)) = due.then(|| hands.berths.pop()).flatten() {
        let seat = seat(
            &StreamId::Project(book.name.clone()),
            book.project.version,
            n,
        );
        let tell =
            teller(book).project(book, "overseer", project::Command::StartOversight { seat });
        hands.agenda.tell_reserving(
            tell.given(berth_stream(book, n), version),
            reserve(n, Role::Overseer),
        );
    }
}

fn review(hands: &mut Hands<'_>) {
    let (book, observed) = (hands.book, hands.observed);
    let waiting =
        |known: &feature::Known| matches!(known.stage, Stage::Submitted { review: None, .. });
    let mut due: Vec<_> = book
        .underway()
        .filter(|(id, known, _)| waiting(known) && !observed.taken.contains(*id))
        .collect();
    due.sort_by_key(|(_, known, tracked)| {
        (known.content.priority, known.content.rank, tracked.position)
    });
    for (id, known, tracked) in due {
        if !hands.may_try(known.tally.reviewers) {
            continue;
        }
        let Some((n, version)) = hands.berths.pop() else {
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
            berth: Some((n, Role::Reviewer)),
            feature: Some(id.clone()),
        };
        hands
            .agenda
            .tell_reserving(tell.given(berth_stream(book, n), version), reserves);
    }
}

fn code(hands: &mut Hands<'_>) {
    let (book, observed) = (hands.book, hands.observed);
    // Nothing new is begun on a trunk that is red: it would only pile up beside the queue.
    if !hands.registered.has_backlog() || book.trunk.state.health.red.is_some() {
        return;
    }
    if let Some(until) = book.rested_next(observed.now) {
        hands.agenda.reached(observed.now, until);
    }

    let rested = book.rested(observed.now);
    let free = rested.filter(|id| !observed.taken.contains(*id));
    let instead = match &hands.except {
        Some(except) => free.clone().find(|id| *id != except),
        None => None,
    };
    // No more are looked at than there are slots for.
    let claims = free.take(hands.berths.len()).count();
    for _ in 0..claims {
        let Some((n, version)) = hands.berths.pop() else {
            return;
        };
        let claim = Effect::ClaimFor {
            n,
            version,
            feature: instead.cloned(),
        };
        hands.agenda.act_reserving(claim, reserve(n, Role::Coder));
    }
}
