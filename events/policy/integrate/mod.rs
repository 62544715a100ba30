//! Approved → queued → built → verified → begun → published → closed; and back, when upstream moved
//! or the tree is red.

mod undo;

use std::collections::BTreeSet;

use crate::evidence::Evidence;
use crate::feature::event::{Closing, MergeFault};
use crate::feature::{self, Known, Stage, Submission};
use crate::id::FeatureId;
use crate::policy::{Agenda, BACKOFF_MS_MAX, Effect, Observed, Teller, backoff_ms, verify};
use crate::project::Registered;
use crate::stream::StreamId;
use crate::trunk::{self, Entry, EntryKind, MOVES_MAX, Undone, Verdict};
use crate::view::books::ProjectBook;

pub use undo::undoing;
use undo::{restored, undone};

pub(super) fn owed(
    book: &ProjectBook,
    registered: &Registered,
    observed: &Observed,
    agenda: &mut Agenda,
) {
    let teller = Teller {
        policy: "integrate",
        project: &book.name,
    };
    let trunk = &book.trunk.state;
    if trunk.branch.is_none() {
        return;
    }
    let underway = book.underway().map(|(id, ..)| id);
    let touched: BTreeSet<_> = underway.chain(trunk.undone.keys()).collect();
    for (id, known, _) in book.these(touched.into_iter()) {
        match &known.stage {
            Stage::Approved { submission } => approved(book, id, known, submission, agenda),
            Stage::Merging {
                submission,
                candidate,
            } => merging(book, id, submission, candidate, agenda),
            Stage::Closed { closing } => undone(book, id, closing, agenda),
            Stage::Open { .. } => restored(book, id, known, agenda),
            _ => {}
        }
    }
    if let Some(front) = trunk.front() {
        step_front(book, registered, observed, front, agenda);
    }
    if let (Some(_), None) = (&trunk.health.red, verify::of_head(registered, trunk)) {
        let why = "nothing is verified any more".to_owned();
        let command = trunk::Command::EndRed { why };
        agenda.tell(teller.trunk(book, "end red", command).given_project(book));
    }
    for entry in trunk.waiting() {
        drop_orphan(book, entry, agenda);
    }
}

fn names(entry: &Entry, id: &FeatureId, submission: &Submission) -> bool {
    matches!(&entry.kind, EntryKind::Feature { feature, epoch, .. } if feature == id && *epoch == submission.epoch)
}

fn approved(
    book: &ProjectBook,
    id: &FeatureId,
    known: &Known,
    submission: &Submission,
    agenda: &mut Agenda,
) {
    let teller = Teller {
        policy: "integrate",
        project: &book.name,
    };
    let trunk = &book.trunk.state;
    if trunk.waiting().any(|entry| names(entry, id, submission)) {
        return;
    }
    let judged = trunk
        .judged
        .get(id)
        .filter(|(epoch, _)| *epoch == submission.epoch)
        .map(|(_, verdict)| verdict);
    match judged {
        Some(Verdict::Conflict { .. } | Verdict::Red { .. } | Verdict::Refused { .. }) => {
            reject(book, id, submission, agenda)
        }
        Some(Verdict::Nothing { .. }) => {
            let command = feature::Command::Close {
                closing: Closing::DoneElsewhere,
                by: "trunk".to_owned(),
            };
            let purpose = format!("there already {}", submission.epoch);
            agenda.tell(teller.feature(book, id, &purpose, command));
        }
        Some(Verdict::Merged(_)) => {}
        Some(Verdict::Dropped { .. }) | None => {
            let (title, sha) = (known.content.title.clone(), submission.sha.clone());
            let kind = EntryKind::Feature {
                feature: id.clone(),
                epoch: submission.epoch,
                sha,
                title,
            };
            let purpose = format!("queue {id} {}", submission.epoch);
            agenda.tell(teller.trunk(
                book,
                &purpose,
                trunk::Command::Enqueue {
                    kind,
                    priority: known.content.priority,
                },
            ));
        }
    }
}

fn reject(book: &ProjectBook, id: &FeatureId, submission: &Submission, agenda: &mut Agenda) {
    let teller = Teller {
        policy: "integrate",
        project: &book.name,
    };
    let epoch = submission.epoch;
    let (fault, paths, detail) = match book.trunk.state.judged.get(id) {
        Some((_, Verdict::Conflict { paths, base, why })) => {
            let base = base
                .as_ref()
                .map_or("an empty upstream".to_owned(), ToString::to_string);
            (
                MergeFault::Conflict,
                paths.clone(),
                format!(
                    "Upstream was at {base}; merge it into the work and hand in again. It was sent \
                     back because {why}."
                ),
            )
        }
        Some((_, Verdict::Red { tail, exit })) => (
            MergeFault::Red,
            vec![],
            format!("Exit code {exit}. Last lines:\n{tail}"),
        ),
        Some((_, Verdict::Refused { paths, why })) => {
            (MergeFault::Refused, paths.clone(), why.clone())
        }
        _ => return,
    };
    let command = feature::Command::RejectMerge {
        epoch,
        fault,
        paths,
        detail,
    };
    agenda.tell(teller.feature(book, id, &format!("reject {epoch}"), command));
}

/// A feature locked for publishing: closed when its merge is upstream, unlocked when its candidate
/// was given up.
fn merging(
    book: &ProjectBook,
    id: &FeatureId,
    submission: &Submission,
    candidate: &crate::id::Sha,
    agenda: &mut Agenda,
) {
    let teller = Teller {
        policy: "integrate",
        project: &book.name,
    };
    let trunk = &book.trunk.state;
    if let Some((epoch, Verdict::Merged(merged))) = trunk.judged.get(id)
        && *epoch == submission.epoch
    {
        let closing = Closing::Merged {
            sha: merged.sha.clone(),
        };
        let command = feature::Command::Close {
            closing,
            by: "trunk".to_owned(),
        };
        agenda.tell(teller.feature(book, id, "close", command));
        return;
    }
    let stands = trunk.batch().any(|entry| {
        let locked = matches!(
            entry.stage,
            trunk::Stage::Verified { .. } | trunk::Stage::Publishing { .. }
        );
        names(entry, id, submission)
            && locked
            && entry.candidate().is_some_and(|c| c.sha == *candidate)
    });
    if !stands {
        let why = "upstream moved before the candidate was published".to_owned();
        let command = feature::Command::AbortMerge {
            candidate: candidate.clone(),
            why,
        };
        agenda.tell(teller.feature(book, id, &format!("abort {candidate}"), command));
    }
}

fn step_front(
    book: &ProjectBook,
    registered: &Registered,
    observed: &Observed,
    front: &Entry,
    agenda: &mut Agenda,
) {
    let teller = Teller {
        policy: "integrate",
        project: &book.name,
    };
    let trunk = &book.trunk.state;
    let attempt = trunk.halt.as_ref().map_or(0, |h| h.attempts);
    let tip = trunk.tip().unwrap_or(front);
    match &front.stage {
        trunk::Stage::Queued => {
            if may_try(book, front, observed, agenda) {
                agenda.act(Effect::Build {
                    entry: front.number,
                    attempt: attempt + front.moves + front.builds,
                });
            }
        }
        trunk::Stage::Built { .. } if front.needs_approval() => {
            agenda.tell(teller.trunk(
                book,
                &format!("hold {}", front.number),
                trunk::Command::Hold {
                    entry: front.number,
                },
            ));
        }
        trunk::Stage::Built { .. } => match trunk.joins(registered.settings.batch_max) {
            Some(next) => agenda.act(Effect::Build {
                entry: next.number,
                attempt: attempt + next.moves + next.builds,
            }),
            None if matches!(tip.stage, trunk::Stage::Built { .. }) => {
                unverified(book, registered, tip, agenda)
            }
            None => {}
        },
        trunk::Stage::Verifying { .. } => {}
        trunk::Stage::Verified { .. } => publish(book, tip, agenda),
        trunk::Stage::Publishing { .. } => {
            if may_try(book, front, observed, agenda) {
                agenda.act(Effect::Publish {
                    entry: tip.number,
                    attempt,
                });
            }
        }
    }
}

/// A project that has nothing to verify with, and says that this is well.
fn unverified(book: &ProjectBook, registered: &Registered, tip: &Entry, agenda: &mut Agenda) {
    let teller = Teller {
        policy: "integrate",
        project: &book.name,
    };
    if verification(registered, tip).is_none() && registered.settings.allow_unverified {
        let evidence = Evidence::NoneConfigured;
        let command = trunk::Command::RecordVerification {
            entry: tip.number,
            session: None,
            evidence,
        };
        agenda.tell(
            teller
                .trunk(book, "unverified", command)
                .given_project(book),
        );
    }
}

/// Every feature of the batch is locked, each with its own candidate; then upstream is moved to the
/// tip.
fn publish(book: &ProjectBook, tip: &Entry, agenda: &mut Agenda) {
    let teller = Teller {
        policy: "integrate",
        project: &book.name,
    };
    let mut intend = teller.trunk(
        book,
        "publish",
        trunk::Command::IntendPublish { entry: tip.number },
    );
    let mut locked = true;
    for entry in book.trunk.state.batch() {
        let (
            EntryKind::Feature {
                feature: id, epoch, ..
            },
            Some(candidate),
        ) = (&entry.kind, entry.candidate())
        else {
            continue;
        };
        match book.feature(id).map(|known| &known.stage) {
            Some(Stage::Merging {
                candidate: begun, ..
            }) if *begun == candidate.sha => {
                let version = book.features.get(id).map(|t| t.version).unwrap_or_default();
                intend = intend.given(StreamId::Feature(book.name.clone(), id.clone()), version);
            }
            Some(Stage::Approved { submission }) if submission.epoch == *epoch => {
                let command = feature::Command::BeginMerge {
                    epoch: *epoch,
                    candidate: candidate.sha.clone(),
                };
                agenda.tell(teller.feature(book, id, &format!("begin {}", candidate.sha), command));
                locked = false;
            }
            _ => locked = false,
        }
    }
    if locked {
        agenda.tell(intend);
    }
}

/// The command that verifies an entry: the project's, else what the entry's own tree suggests.
pub fn verification<'a>(registered: &'a Registered, entry: &'a Entry) -> Option<&'a str> {
    registered
        .settings
        .verify
        .as_deref()
        .or(entry.changes.detected.as_deref())
}

/// Whether the pause after a halt is over, and the long one after upstream moved too often.
fn may_try(book: &ProjectBook, front: &Entry, observed: &Observed, agenda: &mut Agenda) -> bool {
    let Some(halt) = &book.trunk.state.halt else {
        return true;
    };
    let pause = if front.moves >= MOVES_MAX {
        BACKOFF_MS_MAX
    } else {
        backoff_ms(halt.attempts)
    };
    agenda.reached(observed.now, observed.own_ms_after(halt.at, pause))
}

/// An entry whose feature is not waiting for it any more leaves the queue.
fn drop_orphan(book: &ProjectBook, entry: &Entry, agenda: &mut Agenda) {
    let teller = Teller {
        policy: "integrate",
        project: &book.name,
    };
    let waits = match &entry.kind {
        EntryKind::Scaffold => return,
        EntryKind::Feature {
            feature: id, epoch, ..
        } => book
            .feature(id)
            .and_then(Known::submission)
            .is_some_and(|s| s.epoch == *epoch),
        EntryKind::Revert {
            feature: id,
            commit,
            restores,
            ..
        } => match book.feature(id).map(|known| &known.stage) {
            Some(Stage::Closed { closing }) => !restores && closing.commit() == Some(commit),
            Some(Stage::Open { .. }) => *restores,
            _ => false,
        },
    };
    let publishing = matches!(entry.stage, trunk::Stage::Publishing { .. });
    if !waits && !publishing {
        let command = trunk::Command::Drop {
            entry: entry.number,
            why: "the feature does not wait for it any more".to_owned(),
        };
        agenda.tell(teller.trunk(book, &format!("drop {}", entry.number), command));
    }
}
