//! What events of features tell.

use crate::feature::event::{Closed, Closing, Event, MergeRejected, ReviewRejected};
use crate::id::FeatureId;
use crate::report::account::{Account, Count, clipped, named};
use crate::report::said::{Named, Said};
use crate::report::span::Place;

/// Most conflicting paths that a sentence names.
const PATHS_MAX: usize = 3;

impl Account {
    pub(super) fn feature(&mut self, place: Place<'_>, id: &FeatureId, event: &Event) {
        self.tally(place, event);

        let what = || named(place.view, id);
        if let Some(said) = of_end(event, what).or_else(|| of_person(event, what)) {
            self.say(place.position, said);
        }
    }

    /// What is counted of it.
    fn tally(&mut self, place: Place<'_>, event: &Event) {
        let (at, figures) = (place.position, &mut self.figures);
        match event {
            Event::Created(_) => figures.added += 1,
            Event::Withdrawn(_) => figures.withdrawn += 1,
            Event::Reopened(_) => figures.reopened += 1,
            Event::Quarantined(_) => figures.quarantined += 1,
            Event::ReviewRejected(_) => figures.review_rejected += 1,
            Event::MergeRejected(_) => figures.merge_rejected += 1,
            Event::Closed(e) if matches!(e.closing, Closing::Merged { .. }) => figures.merged += 1,
            Event::Closed(_) => figures.closed_otherwise += 1,
            _ => {}
        }

        match event {
            Event::Created(_) => self.count(at, Count::Added),
            Event::ClaimExpired(_) => self.count(at, Count::ClaimsExpired),
            Event::ReviewLapsed(_) => self.count(at, Count::ReviewsLapsed),
            Event::PushDenied(_) => self.count(at, Count::PushesDenied),
            _ => {}
        }
    }
}

/// What became of work, if the event is an end of some.
fn of_end(event: &Event, what: impl Fn() -> Named) -> Option<Said> {
    Some(match event {
        Event::Closed(e) => closed(e, what()),
        Event::ReviewRejected(e) => review_rejected(e, what()),
        Event::MergeRejected(e) => merge_rejected(e, what()),

        Event::SetAside(e) => Said::SetAside {
            what: what(),
            why: clipped(&e.why),
        },
        Event::Quarantined(e) => Said::Quarantined {
            what: what(),
            why: clipped(&e.why),
        },
        Event::WorkLost(e) => Said::WorkLost {
            what: what(),
            why: clipped(&e.why),
        },
        // Steps on the way, each of which comes to one of these, and deeds of people.
        _ => return None,
    })
}

/// What a person did to a feature, or is asked.
fn of_person(event: &Event, what: impl Fn() -> Named) -> Option<Said> {
    let by = |by: &String| clipped(by);
    Some(match event {
        Event::Withdrawn(e) => Said::Withdrawn {
            what: what(),
            by: by(&e.by),
        },
        Event::Reopened(e) => Said::Reopened {
            what: what(),
            why: clipped(&e.why),
            by: by(&e.by),
        },
        Event::Requeued(e) => Said::Requeued {
            what: what(),
            by: by(&e.by),
        },

        Event::QuestionAsked(e) => Said::Asked {
            what: what(),
            question: clipped(&e.question),
        },
        Event::QuestionAnswered(e) => Said::Answered {
            what: what(),
            by: by(&e.by),
        },
        _ => return None,
    })
}

fn closed(closed: &Closed, what: Named) -> Said {
    match &closed.closing {
        Closing::Merged { sha } => Said::Merged {
            what,
            commit: sha.clone(),
        },
        other => Said::ClosedOtherwise {
            what,
            closing: other.clone(),
            by: clipped(&closed.by),
        },
    }
}

/// Work that a reviewer sent back, and the first thing that was said of it.
fn review_rejected(rejected: &ReviewRejected, what: Named) -> Said {
    let findings = &rejected.verdict.findings;
    let first = findings.first().map(ToString::to_string);
    Said::ReviewRejected {
        what,
        findings: findings.len() as u64,
        first: clipped(&first.unwrap_or_default()),
    }
}

fn merge_rejected(rejected: &MergeRejected, what: Named) -> Said {
    let paths = rejected.paths.iter().take(PATHS_MAX);
    Said::MergeRejected {
        what,
        fault: rejected.fault,
        paths: paths.map(|path| clipped(path)).collect(),
        detail: clipped(&rejected.detail),
    }
}
