//! Assigned → a start request, after the pause that failures ask for; an assignment whose grant is
//! gone, or that an engine in trouble does not start → its end; a session that is over → its work
//! looked after.

use crate::container::{self, Assignment, Ended, Slot, SlotState};
use crate::holder::Role;
use crate::id::{Generation, SlotNo, Timestamp};
use crate::outcome::Outcome;
use crate::policy::engine::{self, Outlook};
use crate::policy::{Agenda, Effect, Observed, Teller, until};
use crate::project::{Intent, Registered};
use crate::view::projections::ProjectView;

pub(super) fn owed(
    view: &ProjectView,
    registered: &Registered,
    observed: &Observed,
    agenda: &mut Agenda,
) {
    let teller = Teller::of("supervise", view);

    for (n, slot, _) in view.enlisted() {
        match &slot.state {
            SlotState::Assigned { job } => {
                let held = Held { n, slot, job };
                owed_to_assigned(view, registered, observed, &held, agenda);
            }
            // That a person's stop ends it is recorded before it ends: nobody is to blame then.
            SlotState::Running { .. } if is_stopped(registered) && !slot.is_interrupted() => {
                let by = "project stop".to_owned();
                let interrupt = container::Command::Interrupt { by };
                agenda.tell(teller.container(view, n, "stop", interrupt));
            }
            SlotState::Running { at, .. } => {
                // The reconciler stops it then; the projections only have to be looked at in time.
                agenda.reached(observed.now, until::wall(registered, observed, *at));
            }
            SlotState::Ended(ended) => secure(view, ended, agenda),
            SlotState::Idle | SlotState::Requested { .. } | SlotState::Quarantined { .. } => {}
        }
    }
}

/// A slot with a job and no container.
struct Held<'a> {
    n: SlotNo,
    slot: &'a Slot,
    job: &'a Assignment,
}

fn owed_to_assigned(
    view: &ProjectView,
    registered: &Registered,
    observed: &Observed,
    held: &Held<'_>,
    agenda: &mut Agenda,
) {
    let (n, slot) = (held.n, held.slot);
    let teller = Teller::of("supervise", view);

    if let Some((outcome, detail)) = over_before_it_began(view, registered, observed.up_since, held)
    {
        let end = container::Command::EndSession {
            session: held.job.session.clone(),
            outcome,
            exit_code: None,
            evidence: None,
            detail: detail.to_owned(),
        };
        agenda.tell(teller.container(view, n, "never started", end));
        return;
    }

    if engine::outlook(view, registered, observed.up_since, slot) == Outlook::Wait {
        return;
    }

    if agenda.reached(observed.now, until::start(slot, observed)) {
        let generation = Generation(slot.generation.0 + 1);
        let request = container::Command::RequestStart { generation };
        let tell = teller.container(view, n, &format!("start {generation}"), request);
        agenda.tell(tell.given_project(view));
    }
}

/// How a job ends that is not to get a container.
fn over_before_it_began(
    view: &ProjectView,
    registered: &Registered,
    up_since: Timestamp,
    held: &Held<'_>,
) -> Option<(Outcome, &'static str)> {
    let wanted = matches!(
        registered.intent,
        Intent::Running { .. } | Intent::Draining { .. }
    );
    if !wanted || held.slot.is_interrupted() {
        return Some((Outcome::Stopped, "stopped before a container started"));
    }

    if view.grant_of(&held.job.session).is_none() {
        let detail = "the work was taken back before a container started";
        return Some((Outcome::NeverStarted, detail));
    }

    let given_back = engine::outlook(view, registered, up_since, held.slot) == Outlook::GiveBack;
    let detail = "no container of the engine comes to work, for nobody";

    given_back.then_some((Outcome::EngineRefused, detail))
}

/// Whether a person wants nothing of the project to run.
fn is_stopped(registered: &Registered) -> bool {
    registered.intent == Intent::Stopped
}

/// A coder's session that is over and whose work nobody recorded: what the gate holds of it is
/// looked up, whether its claim still stands or ended before it did. The container stays until
/// then.
fn secure(view: &ProjectView, ended: &Ended, agenda: &mut Agenda) {
    let (Some(feature), Some(epoch)) = (&ended.job.feature, ended.job.epoch) else {
        return;
    };

    let secured = view
        .feature(feature)
        .is_none_or(|known| known.secured.contains_key(&epoch));
    if ended.job.role == Role::Coder && !ended.outcome.never_began() && !secured {
        let vanished = ended.outcome == Outcome::Stopped && !ended.reported;
        let reported = ended.outcome != Outcome::Lost && !vanished;
        agenda.act(Effect::Secure {
            feature: feature.clone(),
            epoch,
            reported,
        });
    }
}

#[cfg(test)]
mod tests;
