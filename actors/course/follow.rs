//! Following the record: each event is brought about again, by the policies and rules of this
//! build. Where nothing is otherwise all of it comes out as it was recorded; where something is,
//! the record is followed to the instant at which it makes a difference.

use events::codec::{CodecError, to_named};
use events::feature::Stage;
use events::holder::Holder;
use events::id::Timestamp;
use events::own_time::OwnTime;
use events::policy::{self, Effect, Observed, Owed, owed};
use events::stream::Position;
use events::view::{ProjectView, Projections};

use super::change::Change;
use super::ledger::{Ledger, Letter};
use super::record::{Act, Record, Source};
use crate::prompt_context::prompt_context;

/// The instant at which two courses part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parting {
    /// The last position that they have in common.
    pub position: Position,
    /// When the next event was recorded.
    pub at: Timestamp,
    /// What is otherwise there, in words.
    pub why: String,
}

/// A record that was followed.
pub struct Followed {
    /// Where the courses part; none where they never do.
    pub parting: Option<Parting>,
    /// Positions of events that came from a policy or an effect, though nothing in the projections
    /// owed them: something was seen that is not recorded. Looked for where nothing is otherwise.
    pub unexplained: Vec<Position>,
    /// The projections there, in which everything is as it would have been.
    pub(super) ledger: Ledger,
    /// The place of the next act.
    pub(super) next: usize,
}

impl Record {
    /// Follows this record with something otherwise.
    ///
    /// # Errors
    /// An event cannot be read.
    pub fn follow(&self, change: &Change) -> Result<Followed, CodecError> {
        self.follow_until(change, self.acts.len())
    }

    /// Follows it so many acts far at most.
    pub(super) fn follow_until(
        &self,
        change: &Change,
        most: usize,
    ) -> Result<Followed, CodecError> {
        let mut ledger = self.ledger(change.clone());
        let mut original = self.ledger(Change::default());
        let mut parting = None;
        let mut next = 0;

        for act in self.acts.iter().take(most) {
            ledger.now = act.at;
            original.now = act.at;
            if let Some(why) = self.parts(change, (&ledger, &original), act) {
                let position = Position(act.position.0 - 1);
                let at = act.at;
                parting = Some(Parting { position, at, why });
                break;
            }

            for envelope in &act.events {
                ledger.take(envelope)?;
                if !change.is_none() {
                    original.take(envelope)?;
                }
            }
            next += 1;
        }

        Ok(Followed {
            parting,
            unexplained: match change.is_none() {
                true => self.unexplained()?,
                false => vec![],
            },
            ledger,
            next,
        })
    }

    /// The log where the record begins, with something otherwise.
    pub(super) fn ledger(&self, change: Change) -> Ledger {
        let begins = (self.start.clone(), self.since);
        Ledger::after(self.project.clone(), begins, change)
    }

    /// Why the courses part at an event, if they do.
    fn parts(
        &self,
        change: &Change,
        (here, there): (&Ledger, &Ledger),
        act: &Act,
    ) -> Option<String> {
        if change.is_none() || act.source == Source::Foreign {
            return None;
        }
        if change.without.contains(&act.position) {
            return Some(format!("{} is left out", kind(act)));
        }

        let (now, then) = (here.now, there.now);
        let (now, then) = (
            self.owed(&here.projections, now),
            self.owed(&there.projections, then),
        );
        let views = (view(here, self), view(there, self));
        if let Some(why) = difference(&now, &then, views) {
            return Some(why);
        }

        let letter = letter(act)?;
        let (now, then) = (here.decide(&letter), there.decide(&letter));
        let same = match (&now, &then) {
            (Ok(now), Ok(then)) => now.events == then.events || self.is_of_settings(act),
            (Err(now), Err(then)) => now == then,
            _ => false,
        };
        match same {
            true => None,
            false => Some(format!("{} comes to something else", kind(act))),
        }
    }

    /// Whether an act says how settings are: that is what is otherwise, and no difference by
    /// itself.
    fn is_of_settings(&self, act: &Act) -> bool {
        matches!(kind(act), "project.settings_changed" | "project.target_set")
    }

    /// What is owed to the project at a time.
    pub(super) fn owed(&self, projections: &Projections, now: Timestamp) -> Vec<Owed> {
        let Some(view) = projections.projects.get(&self.project) else {
            return vec![];
        };
        let observed = self.observed(projections, now);
        let agenda = owed(view, &observed);
        agenda.owed.into_iter().map(|(owed, _)| owed).collect()
    }

    /// When the last event of the record was recorded.
    pub(super) fn last(&self) -> Timestamp {
        match self.acts.last() {
            Some(last) => last.at,
            None => self.since,
        }
    }

    /// What the policies would have observed: whoever holds a claim is heard of, until the record
    /// says since when it was not.
    pub(super) fn observed(&self, projections: &Projections, now: Timestamp) -> Observed {
        let node = &projections.node.state;
        let own = OwnTime::new(now, &node.gaps, &[]);
        let awake = node.gaps.last().map(|gap| gap.after);
        let begun = self.begun.range(..=now).next_back().copied();
        let mut observed = Observed {
            now,
            up_since: awake.max(node.up_since).max(begun).unwrap_or(self.since),
            accounts: policy::accounts(projections, &own),
            own,
            ..Observed::default()
        };

        let Some(view) = projections.projects.get(&self.project) else {
            return observed;
        };
        for (id, known, _) in view.underway() {
            let Stage::Claimed { holder, .. } = &known.stage else {
                continue;
            };
            let silent = self.silent.get(&(id.clone(), known.epoch));
            let heard = match silent {
                Some(since) => now.min(*since),
                None => now,
            };
            match holder {
                Holder::Slot { session, .. } => {
                    observed.seen.insert(session.clone(), heard);
                }
                Holder::Outside { principal } => {
                    // Nobody outside was heard of beyond the record. Of all that somebody holds,
                    // what was silent first says most.
                    let heard = heard.min(self.last());
                    let known = observed.seen_outside.entry(principal.clone());
                    let known = known.or_insert(heard);
                    *known = heard.min(*known);
                }
            }
        }
        observed
    }
}

/// The project in both courses.
type Views<'a> = (Option<&'a ProjectView>, Option<&'a ProjectView>);

fn view<'a>(ledger: &'a Ledger, record: &Record) -> Option<&'a ProjectView> {
    ledger.projections.projects.get(&record.project)
}

/// What is owed in one course and not in the other, in words.
fn difference(now: &[Owed], then: &[Owed], views: Views<'_>) -> Option<String> {
    let missing = |of: &[Owed], among: &[Owed]| {
        let mut of = of.iter();
        let found = of.find(|owed| !among.iter().any(|other| is_same(owed, other, views)));
        found.map(|owed| owed.errand().name)
    };
    // As good as always it is the same, in the same order.
    let mut pairs = now.iter().zip(then);
    if now.len() == then.len() && pairs.all(|(one, other)| is_same(one, other, views)) {
        return None;
    }

    match (missing(now, then), missing(then, now)) {
        (Some(more), _) => Some(format!("{more} is owed, and was not so")),
        (None, Some(less)) => Some(format!("{less} is not owed, and was")),
        (None, None) => None,
    }
}

/// Whether two things that are owed are the same, with all that they would record.
fn is_same(one: &Owed, other: &Owed, (here, there): Views<'_>) -> bool {
    match (one, other) {
        (Owed::Tell(one), Owed::Tell(other)) => {
            one.id == other.id && to_named(&one.command) == to_named(&other.command)
        }
        (Owed::Do(Effect::Assign { grant, .. }), Owed::Do(_)) if one_is(one, other) => {
            let assigned = |view: Option<&ProjectView>| Some(prompt_context(view?, grant)?.1);
            assigned(here) == assigned(there)
        }
        (Owed::Do(_), Owed::Do(_)) => one_is(one, other),
        (Owed::Tell(_), Owed::Do(_)) | (Owed::Do(_), Owed::Tell(_)) => false,
    }
}

fn one_is(one: &Owed, other: &Owed) -> bool {
    match (one, other) {
        (Owed::Do(one), Owed::Do(other)) => one == other,
        _ => false,
    }
}

/// The name of an act's first event.
pub(super) fn kind(act: &Act) -> &str {
    match act.events.first() {
        Some(first) => &first.kind,
        None => "",
    }
}

/// The command of an act, as it was sent.
pub(super) fn letter(act: &Act) -> Option<Letter> {
    Some(Letter {
        stream: act.stream.clone(),
        command: act.command.clone()?,
        id: act.id,
        cause: act.cause.clone(),
        preconditions: vec![],
    })
}
