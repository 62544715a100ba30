//! Assigned → a start request, after the pause that failures ask for; an assignment whose grant is
//! gone → its end; a session that is over → its work looked after.

use crate::container::{self, Ended, Slot};
use crate::holder::Role;
use crate::id::Generation;
use crate::outcome::Outcome;
use crate::policy::{Agenda, Effect, Observed, Teller, backoff_ms};
use crate::project::{Intent, Registered};
use crate::view::books::ProjectBook;

pub(super) fn owed(
    book: &ProjectBook,
    registered: &Registered,
    observed: &Observed,
    agenda: &mut Agenda,
) {
    let teller = Teller {
        policy: "supervise",
        project: &book.name,
    };
    for (n, berth, _) in book.enlisted() {
        match &berth.slot {
            Slot::Assigned { job } => {
                let wanted = matches!(
                    registered.intent,
                    Intent::Running { .. } | Intent::Draining { .. }
                );
                let stopped = !wanted || berth.is_interrupted();
                if stopped || book.grant_of(&job.session).is_none() {
                    let (outcome, detail) = if stopped {
                        (Outcome::Stopped, "stopped before a container started")
                    } else {
                        let detail = "the work was taken back before a container started";
                        (Outcome::NeverStarted, detail)
                    };
                    let detail = detail.to_owned();
                    let session = job.session.clone();
                    let end = container::Command::EndSession {
                        session,
                        outcome,
                        exit_code: None,
                        evidence: None,
                        detail,
                    };
                    agenda.tell(teller.container(book, n, "never started", end));
                    continue;
                }
                let failed = berth.failed_at.unwrap_or_default();
                let from = observed.own_ms_after(failed, backoff_ms(berth.failures));
                if agenda.reached(observed.now, from) {
                    let generation = Generation(berth.generation.0 + 1);
                    let request = container::Command::RequestStart { generation };
                    agenda.tell(
                        teller
                            .container(book, n, &format!("start {generation}"), request)
                            .given_project(book),
                    );
                }
            }
            // That a person's stop ends it is recorded before it ends: nobody is to blame then.
            Slot::Running { .. } if is_stopped(registered) && !berth.is_interrupted() => {
                let by = "project stop".to_owned();
                let interrupt = container::Command::Interrupt { by };
                agenda.tell(teller.container(book, n, "stop", interrupt));
            }
            Slot::Running { at, .. } => {
                // The reconciler stops it then; the books only have to be looked at in time.
                agenda.reached(
                    observed.now,
                    observed.own_ms_after(*at, registered.settings.session_wall_ms),
                );
            }
            Slot::Ended(ended) => secure(book, ended, agenda),
            Slot::Idle | Slot::Requested { .. } | Slot::Quarantined { .. } => {}
        }
    }
}

/// Whether a person wants nothing of the project to run.
fn is_stopped(registered: &Registered) -> bool {
    registered.intent == Intent::Stopped
}

/// A coder's session that is over and whose work nobody recorded: what the gate holds of it is
/// looked up, whether its claim still stands or ended before it did. The container stays until
/// then.
fn secure(book: &ProjectBook, ended: &Ended, agenda: &mut Agenda) {
    let (Some(feature), Some(epoch)) = (&ended.job.feature, ended.job.epoch) else {
        return;
    };
    let secured = book
        .feature(feature)
        .is_none_or(|known| known.secured.contains_key(&epoch));
    if ended.job.role == Role::Coder && ended.outcome != Outcome::NeverStarted && !secured {
        let vanished = ended.outcome == Outcome::Stopped && !ended.reported;
        let reported = ended.outcome != Outcome::Lost && !vanished;
        agenda.act(Effect::Secure {
            feature: feature.clone(),
            epoch,
            reported,
        });
    }
}
