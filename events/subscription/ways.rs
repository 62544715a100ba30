//! Where a reader of the log waits, and who leads it on.

use super::tests::{commands, states};
use super::{Command, Subscription};
use crate::ways::Giver::{self, Discards, Person};
use crate::ways::{Place, Ways};

const PARKED: Place = ("events", "parked");
const DUE: Place = ("events", "due again");

impl Ways for Subscription {
    const PLACES: &'static [Place] = &[PARKED, DUE];

    const GUARDED: &'static [(Place, &'static [&'static str])] = &[(PARKED, &[]), (DUE, &[])];

    fn places(&self) -> Vec<Place> {
        let Some(open) = self.open() else {
            return vec![];
        };
        let due = open.due().count();
        let mut places = vec![];
        if open.parked.len() > due {
            places.push(PARKED);
        }
        if due > 0 {
            places.push(DUE);
        }
        places
    }

    fn givers(command: &Command) -> &'static [Giver] {
        match command {
            Command::Create { .. } => &[Person("subscription create")],
            // The reader is a person's program: the verb is what runs it.
            Command::Acknowledge { .. } | Command::Park { .. } => &[Person("subscription run")],
            Command::Replay { .. } => &[Person("subscription replay")],
            Command::Delete => &[Discards("subscription delete")],
        }
    }
}

/// Its part of the table of ways.
pub(crate) fn table() -> (String, Vec<String>) {
    crate::ways::table("subscription", &states(), &commands())
}
