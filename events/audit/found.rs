//! Broken invariants, as they are found.

/// Where an event stands, and how long a server was up by then, in microseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    pub(super) at: u64,
    pub(super) up: i64,
}

/// One broken invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// Its id, as in the table above.
    pub id: &'static str,
    /// The first position that does not hold.
    pub position: u64,
    /// The difference from what holds, in words.
    pub reason: String,
}

impl std::fmt::Display for Breach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.id, self.position, self.reason)
    }
}

/// Breaches, as they are found.
#[derive(Debug, Default)]
pub(super) struct Found(pub(super) Vec<Breach>);

impl Found {
    pub(super) fn add(&mut self, id: &'static str, position: u64, reason: String) {
        self.0.push(Breach {
            id,
            position,
            reason,
        });
    }

    pub(super) fn unless(
        &mut self,
        holds: bool,
        id: &'static str,
        position: u64,
        reason: impl FnOnce() -> String,
    ) {
        if !holds {
            self.add(id, position, reason());
        }
    }
}
