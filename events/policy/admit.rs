//! Repository and spec → ready to work; a proposed batch → admitted → features that exist →
//! initialized.

use crate::merge_queue::{self, EntryKind};
use crate::policy::{Agenda, Effect, Observed, Teller, backoff_ms};
use crate::project::{self, Initialization, ProjectKind, Registered, Repository};
use crate::view::projections::ProjectView;

pub(super) fn owed(
    view: &ProjectView,
    registered: &Registered,
    observed: &Observed,
    agenda: &mut Agenda,
) {
    let teller = Teller {
        policy: "admit",
        project: &view.name,
    };
    repository(view, registered, observed, agenda);
    let backlog = &view.backlog.state;
    for id in view.missing() {
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
            agenda.tell(teller.project(view, "initialize", project::Command::DueInitialization));
        }
        Initialization::Proposed { digest, count } => {
            let admitted = backlog.ids.values().any(|origin| origin.batch == *digest);
            if !admitted {
                agenda.act(Effect::Admit { batch: *digest });
            } else if view.is_whole(*digest) {
                agenda.tell(teller.project(
                    view,
                    "initialized",
                    project::Command::FinishInitialization { count: *count },
                ));
            }
        }
        _ => {}
    }
}

fn repository(
    view: &ProjectView,
    registered: &Registered,
    observed: &Observed,
    agenda: &mut Agenda,
) {
    let teller = Teller {
        policy: "admit",
        project: &view.name,
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
        Repository::Cloned { branch, head } if view.merge_queue.state.branch.is_none() => {
            agenda.tell(teller.merge_queue(
                view,
                "open",
                merge_queue::Command::Open {
                    branch: branch.clone(),
                    head: head.clone(),
                },
            ));
        }
        Repository::Cloned { .. } => {
            let merge_queue = &view.merge_queue.state;
            if merge_queue.head.is_none() && merge_queue.is_idle() && registered.is_running() {
                agenda.tell(teller.merge_queue(
                    view,
                    "scaffold",
                    merge_queue::Command::Enqueue {
                        kind: EntryKind::Scaffold,
                        priority: 0,
                    },
                ));
            }
        }
    }
}
