//! Open grants → assignments; grants whose session is over → their end, after the work is recorded
//! as safe or lost.

use crate::container::{Duty, SlotState};
use crate::feature;
use crate::merge_queue;
use crate::outcome::Outcome;
use crate::policy::{Agenda, Effect, Reserves, Teller};
use crate::project::{self, Intent, Registered};
use crate::view::grants::{Grant, Subject};
use crate::view::projections::ProjectView;

pub(super) fn owed(view: &ProjectView, registered: &Registered, agenda: &mut Agenda) {
    let may_begin = matches!(
        registered.intent,
        Intent::Running { .. } | Intent::Draining { .. }
    );
    for grant in view.grants() {
        let (n, session) = (grant.slot_session.n, &grant.slot_session.session);
        let slot = view.slot(n);
        if slot.is_some_and(|slot| slot.works_for(session)) {
            continue;
        }
        let over = slot
            .and_then(|b| b.last.as_ref())
            .filter(|(last, _)| last == session)
            .map(|(_, outcome)| *outcome);
        let idle = slot.is_some_and(|b| b.state == SlotState::Idle);
        // A slot that was taken out of service in between takes nothing.
        let withheld = slot.is_some_and(|b| matches!(b.duty, Duty::Withhold { .. }));
        match over {
            Some(outcome) => end(view, &grant, outcome, agenda),
            None if idle && may_begin && !withheld => {
                let version = view.slots.get(&n).map(|t| t.version).unwrap_or_default();
                let reserves = Reserves {
                    slot: Some((n, grant.subject.role())),
                    feature: None,
                };
                agenda.act_reserving(Effect::Assign { grant, version }, reserves);
            }
            None if withheld || !may_begin => end(view, &grant, Outcome::Stopped, agenda),
            None => end(view, &grant, Outcome::NeverStarted, agenda),
        }
    }
}

fn end(view: &ProjectView, grant: &Grant, outcome: Outcome, agenda: &mut Agenda) {
    let teller = Teller {
        policy: "assign",
        project: &view.name,
    };
    let session = grant.slot_session.session.clone();
    let purpose = format!("end {session}");
    let tell = match &grant.subject {
        Subject::Claim(id, epoch) => {
            let secured = view
                .feature(id)
                .is_some_and(|known| known.secured.contains_key(epoch));
            let held = view.slot(grant.slot_session.n).is_some_and(
                |slot| matches!(&slot.state, SlotState::Ended(over) if over.job.session == session),
            );
            if !secured && held && !outcome.never_began() {
                // `supervise` owes a look into the gate first.
                return;
            }
            let detail = view
                .slot(grant.slot_session.n)
                .map_or(String::new(), |slot| match &slot.state {
                    SlotState::Ended(ended) if ended.job.session == session => ended.detail.clone(),
                    _ => String::new(),
                });
            teller.feature(
                view,
                id,
                &purpose,
                feature::Command::Release {
                    epoch: *epoch,
                    outcome,
                    detail,
                },
            )
        }
        Subject::Review(id, _) => teller.feature(
            view,
            id,
            &purpose,
            feature::Command::LapseReview { session, outcome },
        ),
        Subject::Initialization => teller.project(
            view,
            &purpose,
            project::Command::LapseInitialization { session, outcome },
        ),
        Subject::Oversight => teller.project(
            view,
            &purpose,
            project::Command::LapseOversight { session, outcome },
        ),
        Subject::Verification(entry) => teller.merge_queue(
            view,
            &purpose,
            merge_queue::Command::LapseVerification {
                entry: *entry,
                session,
                outcome,
            },
        ),
        Subject::Head => teller.merge_queue(
            view,
            &purpose,
            merge_queue::Command::LapseHeadVerification { session, outcome },
        ),
    };
    agenda.tell(tell);
}
