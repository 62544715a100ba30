//! What events of slots tell: their sessions, what those used, and what became of them.

use crate::container::event::{Event, UsageMetered};
use crate::id::SlotNo;
use crate::report::account::{Account, Count, clipped};
use crate::report::said::Said;
use crate::report::span::Place;

impl Account {
    pub(super) fn slot(&mut self, place: Place<'_>, n: SlotNo, event: &Event) {
        let at = place.position;
        match event {
            Event::Assigned(e) => {
                self.figures.sessions_begun += 1;
                *self.roles.value.entry(e.assignment.role).or_default() += 1;
                self.roles.shown.add(at);
            }
            Event::SessionEnded(e) => {
                *self.outcomes.value.entry(e.outcome).or_default() += 1;
                *self.figures.sessions_ended.entry(e.outcome).or_default() += 1;
                self.outcomes.shown.add(at);
            }
            Event::UsageMetered(e) => self.metered(place, e),
            Event::EgressRecorded(e) => {
                let denied: u64 = e.denied.iter().map(|denied| denied.count).sum();
                if denied > 0 {
                    self.denied.value = self.denied.value.saturating_add(denied);
                    self.denied.shown.add(at);
                }
            }
            Event::StartFailed(_) => self.count(at, Count::StartsFailed),
            Event::Lost(_) => self.count(at, Count::ContainersLost),
            // Steps on the way: the end of a session says what they came to.
            _ => {}
        }

        if let Some(said) = of_service(n, event) {
            self.say(at, said);
        }
    }

    fn metered(&mut self, place: Place<'_>, metered: &UsageMetered) {
        let sessions = place.view.map(|view| &view.sessions);
        let record = sessions.and_then(|sessions| sessions.get(&metered.session));
        let agent = record.and_then(|record| record.dialect);
        self.used(place.position, agent, &metered.models);
    }
}

/// Whether the slot is in service.
fn of_service(n: SlotNo, event: &Event) -> Option<Said> {
    Some(match event {
        Event::Quarantined(e) => Said::SlotQuarantined {
            n,
            why: clipped(&e.why),
        },
        Event::Withheld(e) => Said::SlotWithheld {
            n,
            by: clipped(&e.by),
        },
        Event::Reinstated(e) => Said::SlotReinstated {
            n,
            by: clipped(&e.by),
        },
        _ => return None,
    })
}
