//! Sentences of a report, and where in the log each is to be seen.

use crate::report::said::Said;
use crate::stream::Position;

/// Most positions that are named for one sentence: what a person looks up one by one. The number of
/// the others is told.
pub const POSITIONS_MAX: usize = 12;

/// The events that show a sentence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// The first of them, in the log's order; at most [`POSITIONS_MAX`].
    pub positions: Vec<Position>,
    /// The number of further ones.
    pub more: u64,
}

impl Shown {
    /// One event.
    pub fn at(position: Position) -> Self {
        Self {
            positions: vec![position],
            more: 0,
        }
    }

    /// Takes one more event, which comes after those before it.
    pub(super) fn add(&mut self, position: Position) {
        if self.positions.len() < POSITIONS_MAX {
            self.positions.push(position);
        } else {
            self.more += 1;
        }
    }

    /// Takes the events of another sentence.
    pub(super) fn join(&mut self, other: &Self) {
        let mut all: Vec<_> = self.positions.iter().chain(&other.positions).collect();
        all.sort_unstable();
        all.dedup();

        let named = all.into_iter().take(POSITIONS_MAX).copied().collect();
        let whole = self.count() + other.count();
        self.positions = named;
        self.more = whole - self.positions.len() as u64;
    }

    /// The number of all of them.
    pub fn count(&self) -> u64 {
        self.positions.len() as u64 + self.more
    }

    /// The first of them; the beginning of the log where there is none.
    pub fn first(&self) -> Position {
        self.positions.first().copied().unwrap_or_default()
    }
}

/// Something that happened, in plain English.
#[derive(Debug, Clone, PartialEq)]
pub struct Sentence {
    /// Its content.
    pub said: Said,
    /// Where that is to be seen.
    pub shown: Shown,
}

impl Sentence {
    /// It in words.
    pub fn text(&self) -> String {
        self.said.text()
    }
}
