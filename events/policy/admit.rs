//! Repository and spec → ready to work; a proposed batch → admitted → features that exist →
//! initialized.

use crate::merge_queue::{self, EntryKind};
use crate::policy::{Agenda, Effect, Observed, Teller, until};
use crate::project::{self, Initialization, ProjectKind, Registered, Repository};
use crate::view::projections::ProjectView;

/// Features of a batch that are created at once. The policies look at every project after every
/// event: a batch of thousands would be planned anew thousands of times.
const CREATED_AT_ONCE: usize = 64;

pub(super) fn owed(
    view: &ProjectView,
    registered: &Registered,
    observed: &Observed,
    agenda: &mut Agenda,
) {
    repository(view, registered, observed, agenda);
    missing(view, agenda);
    initialization(view, registered, agenda);
}

/// Features that were admitted and have no stream yet.
fn missing(view: &ProjectView, agenda: &mut Agenda) {
    let backlog = &view.backlog.state;

    for id in view.missing().take(CREATED_AT_ONCE) {
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
}

/// The initializer's session, from the spec to the batch that it proposed.
fn initialization(view: &ProjectView, registered: &Registered, agenda: &mut Agenda) {
    let teller = Teller::of("admit", view);

    match &registered.initialization {
        Initialization::NotDue
            if registered.kind == ProjectKind::New
                && registered.spec.is_some()
                && registered.is_running() =>
        {
            agenda.tell(teller.project(view, "initialize", project::Command::DueInitialization));
        }
        Initialization::Proposed { digest, count } => {
            let mut origins = view.backlog.state.ids.values();
            if !origins.any(|origin| origin.batch == *digest) {
                agenda.act(Effect::Admit { batch: *digest });
            } else if view.is_whole(*digest) {
                let command = project::Command::FinishInitialization { count: *count };
                agenda.tell(teller.project(view, "initialized", command));
            }
        }
        Initialization::NotDue
        | Initialization::Due { .. }
        | Initialization::Underway { .. }
        | Initialization::Done => {}
    }
}

fn repository(
    view: &ProjectView,
    registered: &Registered,
    observed: &Observed,
    agenda: &mut Agenda,
) {
    let url = registered.git_url.clone();

    match &registered.repository {
        Repository::Pending => agenda.act(Effect::Clone { url, attempt: 0 }),
        Repository::Failed { attempts, at, .. } => {
            if agenda.reached(observed.now, until::copy(observed, *attempts, *at)) {
                agenda.act(Effect::Clone {
                    url,
                    attempt: *attempts,
                });
            }
        }
        Repository::Cloned { branch, head } if view.merge_queue.state.branch.is_none() => {
            let command = merge_queue::Command::Open {
                branch: branch.clone(),
                head: head.clone(),
            };
            agenda.tell(Teller::of("admit", view).merge_queue(view, "open", command));
        }
        Repository::Cloned { .. } => scaffold(view, registered, agenda),
    }
}

/// An upstream that is empty takes the scaffold first.
fn scaffold(view: &ProjectView, registered: &Registered, agenda: &mut Agenda) {
    let merge_queue = &view.merge_queue.state;
    if merge_queue.head.is_some() || !merge_queue.is_idle() || !registered.is_running() {
        return;
    }

    let command = merge_queue::Command::Enqueue {
        kind: EntryKind::Scaffold,
        priority: 0,
    };
    agenda.tell(Teller::of("admit", view).merge_queue(view, "scaffold", command));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backlog::Origin;
    use crate::id::Digest;
    use crate::policy::backoff_ms;
    use crate::policy::tests::at;
    use crate::project::event as p;
    use crate::scene::{Scene, feature, session, sha};
    use crate::settings::Settings;

    /// A project that was registered, and nothing else.
    fn registered(kind: ProjectKind) -> Scene {
        let mut scene = Scene::new();
        let git_url = "/up".to_owned();
        scene.project(p::Registered { git_url, kind });
        scene
    }

    fn cloned(scene: &mut Scene, head: Option<char>) {
        let cloned = p::Cloned {
            branch: "main".into(),
            head: head.map(sha),
            setup: None,
        };
        scene.project(cloned);
    }

    fn clones(scene: &Scene, observed: &Observed) -> Vec<u32> {
        let mut attempts = Vec::new();
        for effect in scene.effects(observed) {
            if let Effect::Clone { url, attempt } = effect {
                assert_eq!(url, "/up");
                attempts.push(attempt);
            }
        }
        attempts
    }

    #[test]
    fn upstream_is_copied_and_copied_again_after_a_pause_that_grows() {
        let mut scene = registered(ProjectKind::Existing);
        assert_eq!(clones(&scene, &at(1)), [0]);
        for attempts in 1..=4 {
            let reason = "no answer".to_owned();
            scene.project(p::CloneFailed { reason });
            let pause = backoff_ms(attempts);
            let end = scene.now().plus_ms(pause);
            for (now, expected) in [(end.0 - 1, vec![]), (end.0, vec![attempts])] {
                let now = crate::id::Timestamp(now);
                let observed = Observed { now, ..at(0) };
                assert_eq!(clones(&scene, &observed), expected, "after {attempts}");
            }
        }

        cloned(&mut scene, Some('0'));
        assert_eq!(clones(&scene, &at(100_000)), [0; 0]);
    }

    #[test]
    fn a_copy_opens_the_queue_and_an_empty_upstream_gets_a_scaffold_when_it_runs() {
        let mut scene = registered(ProjectKind::New);
        cloned(&mut scene, None);
        assert_eq!(scene.named("admit", &at(9)), ["trunk-z Open"]);
        let opened = merge_queue::event::Opened {
            branch: "main".into(),
            head: None,
        };
        scene.queue(opened);
        let none: [&str; 0] = [];
        assert_eq!(scene.named("admit", &at(9)), none, "it does not run");

        scene.project(p::Started { by: "me".into() });
        assert_eq!(scene.named("admit", &at(9)), ["trunk-z Enqueue"]);
        scene.queue(merge_queue::event::Queued {
            entry: 1,
            kind: EntryKind::Scaffold,
            priority: 0,
        });
        assert_eq!(scene.named("admit", &at(9)), none, "it is queued");

        let full = Scene::running(1);
        assert_eq!(
            full.named("admit", &at(99)),
            none,
            "upstream holds a commit"
        );
    }

    #[test]
    fn the_spec_of_a_new_project_is_due_once_it_runs() {
        let spec = || p::SpecWritten {
            digest: Digest::of(b"spec"),
            bytes: 4,
        };
        let none: [&str; 0] = [];

        for (kind, has_spec, runs, expected) in [
            (ProjectKind::New, true, true, true),
            (ProjectKind::New, false, true, false),
            (ProjectKind::New, true, false, false),
            (ProjectKind::Existing, true, true, false),
        ] {
            let mut scene = registered(kind);
            let settings = Box::new(Settings::default());
            scene.project(p::SettingsChanged { settings });
            if has_spec {
                scene.project(spec());
            }
            if runs {
                scene.project(p::Started { by: "me".into() });
            }
            let named = scene.named("admit", &at(9));
            let due = named == ["project-z DueInitialization"];
            assert_eq!(due, expected, "{kind:?}, {has_spec}, {runs}: {named:?}");
            assert!(due || named == none);
        }
    }

    #[test]
    fn a_proposed_backlog_is_taken_created_and_then_the_project_is_ready() {
        let digest = Digest::of(b"a");
        let mut scene = Scene::running(1);
        let spec = Digest::of(b"spec");
        scene.project(p::InitializationDue { spec });
        scene.project(p::BacklogProposed {
            session: session(1),
            digest,
            count: 1,
        });
        let none: [&str; 0] = [];
        let admit = Effect::Admit { batch: digest };
        assert_eq!(scene.effects(&at(99)), [admit]);

        scene.admitted("a");
        let create = Effect::Create {
            id: feature("a"),
            origin: Origin {
                batch: digest,
                admitted: crate::stream::Position(scene.position),
                index: 0,
            },
            blockers: vec![],
        };
        assert_eq!(scene.effects(&at(99)), [create]);
        assert_eq!(scene.named("admit", &at(99)), none, "it does not exist yet");

        scene.feature("a", 2);
        let named = scene.named("admit", &at(99));
        assert_eq!(named, ["project-z FinishInitialization"]);
        scene.project(p::Initialized { count: 1 });
        assert_eq!(scene.named("admit", &at(99)), none);
    }

    #[test]
    fn what_is_in_the_backlog_already_is_no_part_of_what_is_proposed() {
        let mut scene = Scene::running(1);
        scene.feature("earlier", 2);
        let (session, digest) = (session(1), Digest::of(b"a"));
        scene.project(p::BacklogProposed {
            session,
            digest,
            count: 1,
        });
        let admit = Effect::Admit { batch: digest };
        assert!(scene.effects(&at(99)).contains(&admit));
    }
}
