//! L5: a replay is deterministic. Three folds of the same log side by side: one straight on, one
//! that is written down and read back at every station as a snapshot is, and one that began anew at
//! the last station from what was written there. They have one digest.
//!
//! This is the one part of the audit that uses the aggregates: it checks them against themselves.

use super::Breach;
use crate::envelope::Envelope;
use crate::stream::Position;
use crate::view::{Projections, snapshot};

/// Positions between two stations.
const STATION: u64 = 10_000;

/// The folds of one log.
#[derive(Debug)]
pub struct Replay {
    log: String,
    straight: Projections,
    stored: Projections,
    every: u64,
    breaches: Vec<Breach>,
    stopped: bool,
}

impl Replay {
    /// Folds of a log, compared at every 10 000 positions and at the end.
    pub fn new(log: &str) -> Self {
        Self::every(log, STATION)
    }

    /// The same with stations elsewhere.
    pub fn every(log: &str, every: u64) -> Self {
        let (straight, stored) = (Projections::default(), Projections::default());
        Self {
            log: log.to_owned(),
            straight,
            stored,
            every: every.max(1),
            breaches: vec![],
            stopped: false,
        }
    }

    /// Takes the next envelope.
    pub fn take(&mut self, envelope: &Envelope) {
        if self.stopped {
            return;
        }

        for projections in [&mut self.straight, &mut self.stored] {
            if let Err(error) = projections.apply(envelope) {
                let reason = format!("it cannot be folded: {error}");
                self.breaches.push(Breach {
                    id: "L5",
                    position: envelope.position.0,
                    reason,
                });
                self.stopped = true;
                return;
            }
        }

        if envelope.position.0.is_multiple_of(self.every) {
            self.station(envelope.position);
        }
    }

    /// Compares the folds, and takes the stored one through its bytes.
    fn station(&mut self, position: Position) {
        let bytes = snapshot::encode(&self.log, &self.stored);

        match snapshot::decode(&self.log, &bytes) {
            Ok(read) if snapshot::digest(&read) == snapshot::digest(&self.straight) => {
                self.stored = read
            }
            Ok(read) => {
                let at = snapshot::first_difference(&read, &self.straight).unwrap_or(position);
                let reason =
                    format!("two folds differ at {position}, first in the state of position {at}");
                self.breaches.push(Breach {
                    id: "L5",
                    position: at.0,
                    reason,
                });
                self.stopped = true;
            }
            Err(why) => {
                let reason = format!("the state at {position} is not read back: {why}");
                self.breaches.push(Breach {
                    id: "L5",
                    position: position.0,
                    reason,
                });
                self.stopped = true;
            }
        }
    }

    /// Compares once more, and answers what was found.
    pub fn finish(mut self) -> Vec<Breach> {
        if !self.stopped {
            self.station(self.straight.position);
        }
        self.breaches
    }
}
