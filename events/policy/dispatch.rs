//! Idle slots + work → grants, in this order: initialize, overseer, review, verify, code by
//! priority, rank, age.
//!
//! A grant is conditioned on the project (running, not editing) and on the slot (idle). Code goes
//! through the claim queue, which picks the feature; everything else is granted here.

use std::collections::BTreeSet;

use crate::container::{Duty, SlotState};
use crate::feature::{self, Stage};
use crate::holder::{Role, SlotSession};
use crate::id::{FeatureId, SessionId, SlotNo};
use crate::lapses::Lapses;
use crate::policy::gate::{Gate, Leave};
use crate::policy::hold::Hold;
use crate::policy::{Agenda, Effect, Observed, Reserves, Teller, until, verify};
use crate::project::{self, Initialization, OversightKind, Registered};
use crate::stream::{StreamId, Version};
use crate::view::projections::ProjectView;

pub(super) fn owed(
    view: &ProjectView,
    registered: &Registered,
    observed: &Observed,
    agenda: &mut Agenda,
) {
    if shut(view, registered).is_some() {
        return;
    }

    let mut hands = Hands {
        view,
        registered,
        observed,
        agenda,
        slots: free_slots(view, registered, observed),
        except: None,
    };
    let mut gate = Gate::new(view, registered, observed);
    hands.give(Role::Initializer, &mut gate, initialize);
    hands.give(Role::Overseer, &mut gate, oversee);
    hands.give(Role::Reviewer, &mut gate, review);
    hands.give(Role::Verifier, &mut gate, verify::verify);
    hands.give(Role::Coder, &mut gate, code);
}

/// What keeps a project from granting anything, if something does.
pub(super) fn shut(view: &ProjectView, registered: &Registered) -> Option<Hold> {
    if !registered.is_running() {
        return Some(Hold::NotRunning);
    }
    match view.merge_queue.state.head {
        Some(_) => None,
        None => Some(Hold::NoHead),
    }
}

/// What keeps new features from being begun beside that, if something does.
pub(super) fn no_code(view: &ProjectView, registered: &Registered) -> Option<Hold> {
    if !registered.has_backlog() {
        return Some(Hold::NoBacklog);
    }
    // Nothing new is begun on a trunk that is red: it would only pile up beside the queue.
    let red = view.merge_queue.state.health.red.as_ref();
    red.map(|_| Hold::RedTrunk)
}

/// Slots that may be granted something, highest number first so that `pop` takes the lowest; as
/// many as the target and the machine leave room for.
pub(super) fn free_slots(
    view: &ProjectView,
    registered: &Registered,
    observed: &Observed,
) -> Slots {
    let grants = view.grants().into_iter();
    let granted: BTreeSet<SlotNo> = grants.map(|grant| grant.slot_session.n).collect();
    let mut free = Slots::new();
    let mut at_work = 0;

    for (n, slot, tracked) in view.enlisted() {
        let is_taken = granted.contains(&n) || observed.busy.contains_key(&n);
        // What a lowered target left at work still counts: together they stay within it.
        if is_taken || slot.job().is_some() {
            at_work += 1;
        }

        let serves = slot.state == SlotState::Idle && slot.duty == Duty::Serve;
        if serves && !is_taken && n.0 <= registered.target {
            free.push((n, tracked.version));
        }
    }

    let within = usize::from(registered.target).saturating_sub(at_work);
    let room = within.min(observed.room.unwrap_or(usize::MAX));

    // The lowest numbers stay: they are taken first.
    free.sort_by(|a, b| b.cmp(a));
    free.drain(..free.len().saturating_sub(room));
    free
}

/// What is given out, and from what.
pub(super) struct Hands<'a> {
    pub(super) view: &'a ProjectView,
    pub(super) registered: &'a Registered,
    pub(super) observed: &'a Observed,
    pub(super) agenda: &'a mut Agenda,
    pub(super) slots: Slots,
    /// A feature that is not taken for a probe where there is another.
    except: Option<FeatureId>,
}

impl<'a> Hands<'a> {
    /// Whether another may be tried: not after too many, and after those that vanished not at once.
    pub(super) fn may_try(&mut self, lapses: Lapses) -> bool {
        let observed = self.observed;
        !lapses.is_spent()
            && self
                .agenda
                .reached(observed.now, until::retry(observed, lapses))
    }

    /// Takes the lowest free slot, but for this one where there is another.
    fn one_but(&mut self, slot: Option<SlotNo>) -> Option<(SlotNo, Version)> {
        let other = |(n, _): &(SlotNo, Version)| Some(*n) != slot;
        let place = self.slots.iter().rposition(other);
        match place {
            Some(place) => Some(self.slots.remove(place)),
            None => self.slots.pop(),
        }
    }

    /// Grants work of a role as far as the things it needs let it.
    fn give(&mut self, role: Role, gate: &mut Gate<'a>, grant: fn(&mut Self)) {
        match gate.leave(role, self.agenda) {
            Leave::All => grant(self),
            Leave::Nothing => {}
            Leave::Probe(except, slot) => {
                let one = self.one_but(slot).into_iter().collect();
                let rest = std::mem::replace(&mut self.slots, one);
                self.except = except;
                grant(self);
                let unused = std::mem::replace(&mut self.slots, rest);
                gate.probing |= unused.is_empty();
                self.slots.extend(unused);
                self.except = None;
            }
        }
    }
}

pub(super) type Slots = Vec<(SlotNo, Version)>;

pub(super) fn teller(view: &ProjectView) -> Teller<'_> {
    Teller::of("dispatch", view)
}

pub(super) fn slot_session(stream: &StreamId, version: Version, n: SlotNo) -> SlotSession {
    SlotSession {
        n,
        session: SessionId::granted(&stream.to_string(), version.0, n),
    }
}

pub(super) fn reserve(n: SlotNo, role: Role) -> Reserves {
    Reserves {
        slot: Some((n, role)),
        feature: None,
    }
}

pub(super) fn slot_stream(view: &ProjectView, n: SlotNo) -> StreamId {
    StreamId::Container(view.name.clone(), n)
}

fn initialize(hands: &mut Hands<'_>) {
    let (view, registered) = (hands.view, hands.registered);
    let due = match registered.initialization {
        Initialization::Due { lapses } => hands.may_try(lapses),
        Initialization::NotDue
        | Initialization::Underway { .. }
        | Initialization::Proposed { .. }
        | Initialization::Done => false,
    };

    if due && let Some((n, version)) = hands.slots.pop() {
        let slot_session = slot_session(
            &StreamId::Project(view.name.clone()),
            view.project.version,
            n,
        );
        let tell = teller(view).project(
            view,
            "initializer",
            project::Command::StartInitialization { slot_session },
        );
        hands.agenda.tell_reserving(
            tell.given(slot_stream(view, n), version),
            reserve(n, Role::Initializer),
        );
    }
}

fn oversee(hands: &mut Hands<'_>) {
    let (view, registered) = (hands.view, hands.registered);
    let progress = &registered.progress;
    let due = match registered.next_oversight() {
        Some(OversightKind::Final) => progress.last.as_ref(),
        Some(OversightKind::Milestone { .. }) => progress.milestone.as_ref(),
        None => None,
    };

    if let Some(due) = due
        && hands.may_try(due.lapses)
        && let Some((n, version)) = hands.slots.pop()
    {
        let slot_session = slot_session(
            &StreamId::Project(view.name.clone()),
            view.project.version,
            n,
        );
        let tell = teller(view).project(
            view,
            "overseer",
            project::Command::StartOversight { slot_session },
        );
        hands.agenda.tell_reserving(
            tell.given(slot_stream(view, n), version),
            reserve(n, Role::Overseer),
        );
    }
}

fn review(hands: &mut Hands<'_>) {
    let (view, observed) = (hands.view, hands.observed);
    let waiting =
        |known: &feature::Known| matches!(known.stage, Stage::Submitted { review: None, .. });
    let mut due: Vec<_> = view
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
        let Some((n, version)) = hands.slots.pop() else {
            return;
        };
        let stream = StreamId::Feature(view.name.clone(), id.clone());
        let command = feature::Command::StartReview {
            slot_session: slot_session(&stream, tracked.version, n),
        };
        let tell = teller(view)
            .feature(view, id, "reviewer", command)
            .given_project(view);
        let reserves = Reserves {
            slot: Some((n, Role::Reviewer)),
            feature: Some(id.clone()),
        };
        hands
            .agenda
            .tell_reserving(tell.given(slot_stream(view, n), version), reserves);
    }
}

fn code(hands: &mut Hands<'_>) {
    let (view, observed) = (hands.view, hands.observed);
    if no_code(view, hands.registered).is_some() {
        return;
    }
    if let Some(until) = view.rested_next(observed.now) {
        hands.agenda.reached(observed.now, until);
    }

    let rested = view.rested(observed.now);
    let free = rested.filter(|id| !observed.taken.contains(*id));
    let instead = match &hands.except {
        Some(except) => free.clone().find(|id| *id != except),
        None => None,
    };
    // No more are looked at than there are slots for.
    let claims = free.take(hands.slots.len()).count();
    for _ in 0..claims {
        let Some((n, version)) = hands.slots.pop() else {
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

#[cfg(test)]
mod tests;
