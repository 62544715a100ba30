//! Open grants → assignments; grants whose session is over → their end, after the work is recorded
//! as safe or lost.

use crate::container::{Duty, Slot};
use crate::feature;
use crate::outcome::Outcome;
use crate::policy::{Agenda, Effect, Reserves, Teller};
use crate::project::{self, Intent, Registered};
use crate::trunk;
use crate::view::books::ProjectBook;
use crate::view::grants::{Grant, Subject};

pub(super) fn owed(book: &ProjectBook, registered: &Registered, agenda: &mut Agenda) {
    let may_begin = matches!(
        registered.intent,
        Intent::Running { .. } | Intent::Draining { .. }
    );
    for grant in book.grants() {
        let (n, session) = (grant.seat.n, &grant.seat.session);
        let berth = book.berth(n);
        if berth.is_some_and(|berth| berth.works_for(session)) {
            continue;
        }
        let over = berth
            .and_then(|b| b.last.as_ref())
            .filter(|(last, _)| last == session)
            .map(|(_, outcome)| *outcome);
        let idle = berth.is_some_and(|b| b.slot == Slot::Idle);
        // A slot that was taken out of service in between takes nothing.
        let withheld = berth.is_some_and(|b| matches!(b.duty, Duty::Withhold { .. }));
        match over {
            Some(outcome) => end(book, &grant, outcome, agenda),
            None if idle && may_begin && !withheld => {
                let version = book.berths.get(&n).map(|t| t.version).unwrap_or_default();
                let reserves = Reserves {
                    berth: Some((n, grant.subject.role())),
                    feature: None,
                };
                agenda.act_reserving(Effect::Assign { grant, version }, reserves);
            }
            None if withheld || !may_begin => end(book, &grant, Outcome::Stopped, agenda),
            None => end(book, &grant, Outcome::NeverStarted, agenda),
        }
    }
}

fn end(book: &ProjectBook, grant: &Grant, outcome: Outcome, agenda: &mut Agenda) {
    let teller = Teller {
        policy: "assign",
        project: &book.name,
    };
    let session = grant.seat.session.clone();
    let purpose = format!("end {session}");
    let tell = match &grant.subject {
        Subject::Claim(id, epoch) => {
            let secured = book
                .feature(id)
                .is_some_and(|known| known.secured.contains_key(epoch));
            let held = book.berth(grant.seat.n).is_some_and(
                |berth| matches!(&berth.slot, Slot::Ended(over) if over.job.session == session),
            );
            if !secured && held && !outcome.never_began() {
                // `supervise` owes a look into the gate first.
                return;
            }
            let detail =
                book.berth(grant.seat.n)
                    .map_or(String::new(), |berth| match &berth.slot {
                        Slot::Ended(ended) if ended.job.session == session => ended.detail.clone(),
                        _ => String::new(),
                    });
            teller.feature(
                book,
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
            book,
            id,
            &purpose,
            feature::Command::LapseReview { session, outcome },
        ),
        Subject::Initialization => teller.project(
            book,
            &purpose,
            project::Command::LapseInitialization { session, outcome },
        ),
        Subject::Oversight => teller.project(
            book,
            &purpose,
            project::Command::LapseOversight { session, outcome },
        ),
        Subject::Verification(entry) => teller.trunk(
            book,
            &purpose,
            trunk::Command::LapseVerification {
                entry: *entry,
                session,
                outcome,
            },
        ),
        Subject::Head => teller.trunk(
            book,
            &purpose,
            trunk::Command::LapseHeadVerification { session, outcome },
        ),
    };
    agenda.tell(tell);
}
