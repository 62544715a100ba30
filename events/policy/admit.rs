//! Repository and spec → ready to work; a proposed batch → admitted → features that exist →
//! initialized.

use crate::policy::{Agenda, Effect, Observed, Teller, backoff_ms};
use crate::project::{self, Initialization, ProjectKind, Registered, Repository};
use crate::trunk::{self, EntryKind};
use crate::view::books::ProjectBook;

pub(super) fn owed(
    book: &ProjectBook,
    registered: &Registered,
    observed: &Observed,
    agenda: &mut Agenda,
) {
    let teller = Teller {
        policy: "admit",
        project: &book.name,
    };
    repository(book, registered, observed, agenda);
    let backlog = &book.backlog.state;
    for id in book.missing() {
        let Some(origin) = backlog.ids.get(id) else {
            continue;
        };
        let blockers = backlog.dependencies(id).cloned().collect();
        agenda.act(Effect::Create {
            id: id.clone(),
            origin: *origin,
            blockers,
        });
    }
    match &registered.initialization {
        Initialization::NotDue
            if registered.kind == ProjectKind::New
                && registered.spec.is_some()
                && registered.is_running() =>
        {
            agenda.tell(teller.project(book, "initialize", project::Command::DueInitialization));
        }
        Initialization::Proposed { digest, count } => {
            let admitted = backlog.ids.values().any(|origin| origin.batch == *digest);
            if !admitted {
                agenda.act(Effect::Admit { batch: *digest });
            } else if book.is_whole(*digest) {
                agenda.tell(teller.project(
                    book,
                    "initialized",
                    project::Command::FinishInitialization { count: *count },
                ));
            }
        }
        _ => {}
    }
}

fn repository(
    book: &ProjectBook,
    registered: &Registered,
    observed: &Observed,
    agenda: &mut Agenda,
) {
    let teller = Teller {
        policy: "admit",
        project: &book.name,
    };
    let url = registered.git_url.clone();
    match &registered.repository {
        Repository::Pending => agenda.act(Effect::Clone { url, attempt: 0 }),
        Repository::Failed { attempts, at, .. } => {
            if agenda.reached(
                observed.now,
                observed.own_ms_after(*at, backoff_ms(*attempts)),
            ) {
                agenda.act(Effect::Clone {
                    url,
                    attempt: *attempts,
                });
            }
        }
        Repository::Cloned { branch, head } if book.trunk.state.branch.is_none() => {
            agenda.tell(teller.trunk(
                book,
                "open",
                trunk::Command::Open {
                    branch: branch.clone(),
                    head: head.clone(),
                },
            ));
        }
        Repository::Cloned { .. } => {
            let trunk = &book.trunk.state;
            if trunk.head.is_none() && trunk.is_idle() && registered.is_running() {
                agenda.tell(teller.trunk(
                    book,
                    "scaffold",
                    trunk::Command::Enqueue {
                        kind: EntryKind::Scaffold,
                        priority: 0,
                    },
                ));
            }
        }
    }
}
