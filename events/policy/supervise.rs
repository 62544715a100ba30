//! Assigned → a start request, after the pause that failures ask for; an assignment whose grant is gone → its end; a session that is
//! over → its work looked after.

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
                if !wanted || book.grant_of(&job.session).is_none() {
                    let outcome = Outcome::NeverStarted;
                    let detail = "the work was taken back before a container started".to_owned();
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

/// A coder's session that is over and whose work nobody recorded: what the gate holds of it is looked up, whether its claim still
/// stands or ended before it did. The container stays until then.
fn secure(book: &ProjectBook, ended: &Ended, agenda: &mut Agenda) {
    let (Some(feature), Some(epoch)) = (&ended.job.feature, ended.job.epoch) else {
        return;
    };
    let secured = book
        .feature(feature)
        .is_none_or(|known| known.secured.contains_key(&epoch));
    if ended.job.role == Role::Coder && ended.outcome != Outcome::NeverStarted && !secured {
        let reported = ended.outcome != Outcome::Lost;
        agenda.act(Effect::Secure {
            feature: feature.clone(),
            epoch,
            reported,
        });
    }
}
