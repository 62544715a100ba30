//! Whether anything may be begun that needs a thing outside: everything while it works, one probe
//! at a time while it is in trouble.

use crate::container::Berth;
use crate::holder::Role;
use crate::id::{FeatureId, Timestamp};
use crate::policy::{Agenda, Observed};
use crate::project::{Registered, Thing, Trouble};
use crate::view::books::ProjectBook;

/// How much may be begun for a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Leave {
    /// As much as there is room for.
    All,
    /// One session, which shows whether the thing works again; not the feature that the last one
    /// worked on, where there is another.
    Probe(Option<FeatureId>),
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
        for trouble in self.troubles(&needed) {
            next = next.max(Some(trouble.next_probe(&self.observed.own)));
        }
        for thing in &needed {
            if let Thing::Provider { name } = thing
                && let Some(account) = self.observed.accounts.get(name)
            {
                next = next.max(Some(account.next_probe));
                elsewhere |= account.at_work;
            }
        }
        let Some(next) = next else { return Leave::All };

        let due = agenda.reached(self.observed.now, next);
        if !due || elsewhere || self.probing || self.is_at_work(&needed) {
            return Leave::Nothing;
        }
        let last = self.troubles(&needed).find_map(|t| t.feature.clone());
        Leave::Probe(last)
    }

    fn troubles<'b>(&'b self, needed: &'b [Thing]) -> impl Iterator<Item = &'b Trouble> {
        let troubles = self.registered.troubles.iter();
        troubles.filter(|trouble| needed.contains(&trouble.thing))
    }

    /// Whether a session that needs one of these things is at work, or about to be: it shows as
    /// well as a probe how they are.
    fn is_at_work(&self, needed: &[Thing]) -> bool {
        let settings = &self.registered.settings;
        let needs = |role| {
            let things = Thing::needed_by(settings, role);
            things.iter().any(|thing| needed.contains(thing))
        };
        let granted = self.book.grants();
        let berths = self.book.enlisted();
        let mut jobs = berths.filter_map(|(_, berth, _): (_, &Berth, _)| berth.job());
        !self.observed.busy.is_empty()
            || granted.iter().any(|grant| needs(grant.subject.role()))
            || jobs.any(|job| needs(job.role))
    }
}
