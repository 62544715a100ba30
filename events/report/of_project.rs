//! What events of a project tell.

use crate::project::event::Event;
use crate::report::account::{Account, Count, clipped};
use crate::report::said::Said;
use crate::report::span::Place;

impl Account {
    pub(super) fn project(&mut self, place: Place<'_>, event: &Event) {
        let at = place.position;
        match event {
            Event::SettingsChanged(_) => self.count(at, Count::SettingsChanged),
            Event::InitializationLapsed(_) => self.count(at, Count::InitializersLapsed),
            Event::OversightLapsed(_) => self.count(at, Count::OverseersLapsed),
            Event::TroubleReported(e) => self.troubled(at, &e.thing, &e.detail),
            Event::CloneFailed(e) => {
                self.copy.value = clipped(&e.reason);
                self.copy.shown.add(at);
            }
            _ => {}
        }

        // The others are steps on the way, and what a person began without an end.
        if let Some(said) = of_person(event).or_else(|| of_way(event)) {
            self.say(at, said);
        }
    }
}

/// What a person did to the project.
fn of_person(event: &Event) -> Option<Said> {
    let by = |by: &String| clipped(by);
    Some(match event {
        Event::Registered(_) => Said::Registered {},
        Event::Started(e) => Said::Started { by: by(&e.by) },
        Event::DrainRequested(e) => Said::Drained { by: by(&e.by) },
        Event::Stopped(e) => Said::Stopped { by: by(&e.by) },
        Event::Deleted(e) => Said::Deleted { by: by(&e.by) },
        Event::TargetSet(e) => Said::TargetSet { count: e.count },
        _ => return None,
    })
}

/// How far the project came, and what no longer keeps it.
fn of_way(event: &Event) -> Option<Said> {
    Some(match event {
        Event::BacklogProposed(e) => Said::BacklogProposed { count: e.count },
        Event::Initialized(e) => Said::Initialized { count: e.count },
        Event::MilestoneDue(e) => Said::MilestoneReached {
            step: e.step,
            closed: e.closed,
            total: e.total,
        },
        Event::MilestoneSettled(e) => Said::OverseerReported {
            covers: e.covers.clone(),
            findings: e.findings,
        },

        Event::FinalVerificationDue(e) => Said::AllClosed { closed: e.closed },
        Event::Completed(_) => Said::Completed {},
        Event::Resumed(e) => Said::Resumed {
            why: clipped(&e.why),
        },
        Event::TroubleEnded(e) => Said::TroubleEnded {
            thing: e.thing.clone(),
            why: clipped(&e.why),
        },
        _ => return None,
    })
}
