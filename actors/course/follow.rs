//! Following the record: each event is brought about again, by the policies and rules of this
//! build. Where nothing is otherwise all of it comes out as it was recorded; where something is,
//! the record is followed to the instant at which it makes a difference.

use std::collections::{BTreeSet, VecDeque};

use events::codec::CodecError;
use events::feature::Stage;
use events::holder::Holder;
use events::id::Timestamp;
use events::own_time::OwnTime;
use events::policy::{self, Observed, Owed, owed};
use events::stream::Position;
use events::view::Projections;

use super::change::Change;
use super::ledger::{Ledger, Letter};
use super::record::{Act, Record, Source};

/// Instants at which what was owed is remembered.
const LOOKS_MAX: usize = 100;

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
    /// owed them: something was seen that is not recorded.
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
        let mut ledger = Ledger::after(self.start.clone(), self.since, change.clone());
        let mut original = Ledger::after(self.start.clone(), self.since, Change::default());
        let (mut parting, mut unexplained) = (None, vec![]);
        let mut looks = Looks::default();
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
            looks.add(self.owed(&ledger.projections, act.at));
            if !looks.explain(&ledger, act) {
                unexplained.push(act.position);
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
            unexplained,
            ledger,
            next,
        })
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

        let (now, then) = (self.keys(here), self.keys(there));
        if let Some(more) = now.difference(&then).next() {
            return Some(format!("{more} is owed, and was not"));
        }
        if let Some(less) = then.difference(&now).next() {
            return Some(format!("{less} is not owed, and was"));
        }

        let letter = letter(act)?;
        let (now, then) = (here.decide(&letter), there.decide(&letter));
        let same = match (&now, &then) {
            (Ok(now), Ok(then)) => now.events == then.events || self.is_of_settings(act),
            (Err(now), Err(then)) => now == then,
            _ => false,
        };
        (!same).then(|| format!("{} comes to something else", kind(act)))
    }

    /// Whether an act says how settings are: that is what is otherwise, and no difference by
    /// itself.
    fn is_of_settings(&self, act: &Act) -> bool {
        matches!(kind(act), "project.settings_changed" | "project.target_set")
    }

    fn keys(&self, ledger: &Ledger) -> BTreeSet<String> {
        let found = self.owed(&ledger.projections, ledger.now);
        let errands = found.iter().map(|owed| owed.errand().name);
        errands.collect()
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
            let heard = silent.map_or(now, |since| (*since).min(now));
            match holder {
                Holder::Slot { session, .. } => {
                    observed.seen.insert(session.clone(), heard);
                }
                Holder::Outside { principal } => {
                    // Of all that somebody holds, what was silent first says most.
                    let known = observed.seen_outside.entry(principal.clone());
                    let known = known.or_insert(heard);
                    *known = heard.min(*known);
                }
            }
        }
        observed
    }
}

/// What was owed at the last instants: a policy looks, and what it tells is recorded a little
/// later, after what others had under way.
#[derive(Default)]
struct Looks(VecDeque<Vec<Owed>>);

impl Looks {
    fn add(&mut self, owed: Vec<Owed>) {
        self.0.push_back(owed);
        if self.0.len() > LOOKS_MAX {
            self.0.pop_front();
        }
    }

    /// Whether an act is one that was owed, where a policy or an effect brought it.
    fn explain(&self, ledger: &Ledger, act: &Act) -> bool {
        match act.source {
            Source::Policy | Source::Effect => {}
            Source::Engine | Source::Session(_) | Source::Given | Source::Foreign => return true,
        }
        let Some(letter) = letter(act) else {
            return false;
        };
        let Ok(recorded) = ledger.decide(&letter) else {
            return false;
        };

        self.0.iter().rev().flatten().any(|owed| match owed {
            Owed::Tell(tell) => {
                let told = Letter {
                    stream: tell.stream.clone(),
                    command: tell.command.clone(),
                    ..letter.clone()
                };
                let comes_to = || ledger.decide(&told);
                tell.stream == act.stream
                    && tell.cause.principal == act.cause.principal
                    && comes_to().is_ok_and(|told| told.events == recorded.events)
            }
            Owed::Do(effect) => super::git::may_record(effect, &act.stream, kind(act)),
        })
    }
}

/// The name of an act's first event.
pub(super) fn kind(act: &Act) -> &str {
    act.events.first().map_or("", |event| &event.kind)
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
