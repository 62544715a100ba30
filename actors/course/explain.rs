//! Whether the policies of this build account for a record: each event that came from a policy or
//! an effect is to be owed by the projections right before it, or a little earlier. A policy looks,
//! and what it tells is recorded after what others had under way.

use std::collections::{BTreeSet, VecDeque};

use events::codec::CodecError;
use events::policy::Owed;
use events::stream::Position;

use super::change::Change;
use super::follow::{kind, letter};
use super::git::may_record;
use super::ledger::{Ledger, Letter};
use super::record::{Act, Record, Source};

/// Acts that may come between a look and what it led to.
const LATE_MAX: usize = 100;

impl Record {
    /// Positions of acts of policies and effects that nothing owed.
    ///
    /// # Errors
    /// An event cannot be read.
    pub(super) fn unexplained(&self) -> Result<Vec<Position>, CodecError> {
        let mut all = BTreeSet::new();
        for (place, act) in self.acts.iter().enumerate() {
            if matches!(act.source, Source::Policy | Source::Effect) {
                all.insert(place);
            }
        }

        // As good as all are owed at their own instant. Only of the others it is worth to know what
        // was owed at the instants before.
        let doubtful = self.unowed(&all, 0)?;
        let unexplained = self.unowed(&doubtful, LATE_MAX)?;
        let positions = unexplained.iter().map(|place| self.acts[*place].position);
        Ok(positions.collect())
    }

    /// Those of some acts that nothing owed at their own instant, nor at so many before it.
    fn unowed(&self, places: &BTreeSet<usize>, late: usize) -> Result<BTreeSet<usize>, CodecError> {
        let mut unowed = BTreeSet::new();
        let Some(last) = places.last() else {
            return Ok(unowed);
        };
        let mut ledger = self.ledger(Change::default());
        let mut looks: VecDeque<Vec<Owed>> = VecDeque::new();

        for (place, act) in self.acts.iter().enumerate().take(last + 1) {
            ledger.now = act.at;
            if places.range(place..=place + late).next().is_some() {
                looks.push_back(self.owed(&ledger.projections, act.at));
                while looks.len() > late + 1 {
                    looks.pop_front();
                }
            }

            let owed = looks.iter().rev().flatten();
            if places.contains(&place) && !explains(owed, &ledger, act) {
                unowed.insert(place);
            }
            for envelope in &act.events {
                ledger.take(envelope)?;
            }
        }
        Ok(unowed)
    }
}

/// Whether something that is owed comes to what an act recorded.
fn explains<'a>(mut owed: impl Iterator<Item = &'a Owed>, ledger: &Ledger, act: &Act) -> bool {
    let Some(letter) = letter(act) else {
        return false;
    };
    let Ok(recorded) = ledger.decide(&letter) else {
        return false;
    };

    owed.any(|owed| match owed {
        Owed::Tell(tell) => {
            if tell.stream != act.stream || tell.cause.principal != act.cause.principal {
                return false;
            }
            let told = Letter {
                command: tell.command.clone(),
                ..letter.clone()
            };
            ledger
                .decide(&told)
                .is_ok_and(|told| told.events == recorded.events)
        }
        Owed::Do(effect) => {
            act.source == Source::Effect && may_record(effect, &act.stream, kind(act))
        }
    })
}

#[cfg(test)]
mod tests;
