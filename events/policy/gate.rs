//! Whether anything may be begun that needs a thing outside: everything while it works, one probe
//! at a time while it is in trouble.

use crate::container::Slot;
use crate::holder::Role;
use crate::id::{BerthNo, FeatureId, Timestamp};
use crate::policy::{Agenda, Observed};
use crate::project::{Registered, Thing, Trouble};
use crate::view::books::ProjectBook;

/// How much may be begun for a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Leave {
    /// As much as there is room for.
    All,
    /// One session, which shows whether the thing works again; not the feature that the last one
    /// worked on, nor the slot that saw the engine fail, where there is another.
    Probe(Option<FeatureId>, Option<BerthNo>),
    /// Nothing now.
    Nothing,
}

/// The gate of one look at one project.
pub(super) struct Gate<'a> {
    book: &'a ProjectBook,
    registered: &'a Registered,
    observed: &'a Observed,
    /// A probe is owed already.
    pub(super) probing: bool,
}

impl<'a> Gate<'a> {
    pub(super) fn new(
        book: &'a ProjectBook,
        registered: &'a Registered,
        observed: &'a Observed,
    ) -> Self {
        Self {
            book,
            registered,
            observed,
            probing: false,
        }
    }

    /// What may be begun for this role. Before the next probe is due nothing is, and the agenda
    /// wakes for it.
    pub(super) fn leave(&self, role: Role, agenda: &mut Agenda) -> Leave {
        let needed = Thing::needed_by(&self.registered.settings, role);
        let (mut next, mut elsewhere): (Option<Timestamp>, bool) = (None, false);
        let mut troubled = vec![];
        for trouble in self.troubles(&needed) {
            next = next.max(Some(trouble.next_probe(&self.observed.own)));
            troubled.push(trouble.thing.clone());
        }
        for thing in &needed {
            if let Thing::Provider { name } = thing
                && let Some(account) = self.observed.accounts.get(name)
            {
                next = next.max(Some(account.next_probe));
                elsewhere |= account.at_work;
                troubled.push(thing.clone());
            }
        }
        let Some(next) = next else { return Leave::All };

        let due = agenda.reached(self.observed.now, next);
        if !due || elsewhere || self.probing || self.is_at_work(&troubled) {
            return Leave::Nothing;
        }
        let last = self.troubles(&needed).find_map(|t| t.feature.clone());
        Leave::Probe(last, self.last_slot())
    }

    fn troubles<'b>(&'b self, needed: &'b [Thing]) -> impl Iterator<Item = &'b Trouble> {
        let troubles = self.registered.troubles.iter();
        troubles.filter(|trouble| needed.contains(&trouble.thing))
    }

    /// The slot that saw the engine's trouble last.
    fn last_slot(&self) -> Option<BerthNo> {
        let trouble = self.registered.trouble_of(&Thing::Engine)?;
        let record = self.book.sessions.get(&trouble.session)?;
        Some(record.n)
    }

    /// Whether a session that needs one of these things is at work, or about to be: it shows as
    /// well as a probe how they are.
    fn is_at_work(&self, troubled: &[Thing]) -> bool {
        if !self.observed.busy.is_empty() {
            return true;
        }
        let settings = &self.registered.settings;
        let by_its_work = |role| {
            let things = Thing::needed_by(settings, role);
            let mut things = things.iter().filter(|thing| **thing != Thing::Engine);
            things.any(|thing| troubled.contains(thing))
        };
        let granted = self.book.grants();
        let mut jobs = self.book.enlisted().filter_map(|(_, berth, _)| berth.job());
        let shown = granted
            .iter()
            .any(|grant| by_its_work(grant.subject.role()))
            || jobs.any(|job| by_its_work(job.role));
        shown || troubled.contains(&Thing::Engine) && self.is_starting()
    }

    /// Whether a container is to be started for work that was given out. Of the engine only a start
    /// says anything, and containers that run already do not.
    fn is_starting(&self) -> bool {
        let granted = self.book.grants();
        let waits = |slot: &Slot| matches!(slot, Slot::Assigned { .. } | Slot::Requested { .. });
        let mut slots = self.book.enlisted();
        slots.any(|(_, berth, _)| waits(&berth.slot))
            || granted.iter().any(|grant| {
                let berth = self.book.berth(grant.seat.n);
                berth.is_none_or(|berth| berth.job().is_none())
            })
    }
}
