//! What the gate holds of the work that claims of a feature left.

use serde::{Deserialize, Serialize};

use crate::id::{Epoch, Sha};

/// What the gate holds of the work of each claim, oldest first. A list and not a map: most features
/// have one, and keep it for good.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Secured(Vec<(Epoch, Option<Sha>)>);

impl Secured {
    /// What it holds of this claim's work; the commit inside, where there is one.
    pub fn get(&self, epoch: &Epoch) -> Option<&Option<Sha>> {
        let place = self.place(*epoch).ok()?;
        self.0.get(place).map(|(_, held)| held)
    }

    /// Whether it was looked at what it holds of this claim's work.
    pub fn contains_key(&self, epoch: &Epoch) -> bool {
        self.place(*epoch).is_ok()
    }

    /// Claims and what it holds of each, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Epoch, &Option<Sha>)> {
        self.0.iter().map(|(epoch, held)| (epoch, held))
    }

    fn place(&self, epoch: Epoch) -> Result<usize, usize> {
        self.0.binary_search_by_key(&epoch, |(epoch, _)| *epoch)
    }

    pub(super) fn insert(&mut self, epoch: Epoch, held: Option<Sha>) {
        match self.place(epoch) {
            Ok(place) => self.0[place].1 = held,
            Err(place) => {
                self.0.reserve_exact(1);
                self.0.insert(place, (epoch, held));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_stay_in_order_and_the_newest_word_about_one_counts() {
        let sha = |c: &str| Some(c.repeat(40).parse::<Sha>().expect("a commit"));
        let mut secured = Secured::default();
        secured.insert(Epoch(3), sha("c"));
        secured.insert(Epoch(1), None);
        secured.insert(Epoch(3), sha("d"));
        let all: Vec<_> = secured
            .iter()
            .map(|(epoch, held)| (epoch.0, held.clone()))
            .collect();
        assert_eq!(all, [(1, None), (3, sha("d"))]);
        assert_eq!(secured.get(&Epoch(3)), Some(&sha("d")));
        assert!(secured.contains_key(&Epoch(1)) && !secured.contains_key(&Epoch(2)));
    }
}
