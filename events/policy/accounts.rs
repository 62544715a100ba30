//! Accounts with providers that are in trouble, over all projects: who asks one of them is held
//! back together with all the others.

use std::collections::BTreeMap;

use crate::holder::Role;
use crate::id::Timestamp;
use crate::own_time::OwnTime;
use crate::policy::at_work;
use crate::project::Thing;
use crate::view::projections::{ProjectView, Projections};

/// An account in trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// When it may be asked again, as the last project to see it found.
    pub next_probe: Timestamp,
    /// A session of some project asks it now.
    pub at_work: bool,
}

/// The accounts that are in trouble, by the provider's name.
pub fn accounts(projections: &Projections, own: &OwnTime) -> BTreeMap<String, Account> {
    let mut accounts = BTreeMap::new();
    let registered = projections
        .projects
        .values()
        .filter_map(ProjectView::registered);
    for trouble in registered.flat_map(|registered| &registered.troubles) {
        if let Thing::Provider { name } = &trouble.thing {
            let next_probe = trouble.next_probe(own);
            let account = accounts.entry(name.clone()).or_insert(Account {
                next_probe,
                at_work: false,
            });
            account.next_probe = account.next_probe.max(next_probe);
        }
    }

    if !accounts.is_empty() {
        let asked = projections.projects.values().flat_map(asked_by);
        for name in asked {
            if let Some(account) = accounts.get_mut(&name) {
                account.at_work = true;
            }
        }
    }

    accounts
}

/// The providers that sessions of a project may be asking now.
fn asked_by(view: &ProjectView) -> Vec<String> {
    let roles = at_work::roles(view).into_iter();
    roles.filter_map(|role| provider(view, role)).collect()
}

/// The provider that sessions of a role ask in a project.
pub fn provider(view: &ProjectView, role: Role) -> Option<String> {
    let settings = &view.registered()?.settings;
    // What verifies is no agent.
    if role == Role::Verifier {
        return None;
    }
    settings.agent_of(role).provider().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::{AgentSpec, Dialect};
    use crate::container::event as c;
    use crate::project::event as p;
    use crate::scene::{Scene, job, session};
    use crate::settings::Settings;

    /// A project whose agents ask `acme`.
    fn scene() -> Scene {
        let mut scene = Scene::running(1);
        let agent = AgentSpec {
            provider: Some("acme".into()),
            ..AgentSpec::of(Dialect::Claude)
        };
        let settings = Box::new(Settings {
            agent,
            ..Settings::default()
        });
        scene.project(p::SettingsChanged { settings });
        scene
    }

    fn trouble(name: &str, retry_at: Option<Timestamp>) -> p::TroubleReported {
        p::TroubleReported {
            thing: Thing::Provider { name: name.into() },
            detail: "429".into(),
            retry_at,
            session: session(1),
            feature: None,
            probe: false,
        }
    }

    fn known(scene: &Scene) -> BTreeMap<String, Account> {
        accounts(&scene.projections, &OwnTime::new(scene.now(), &[], &[]))
    }

    #[test]
    fn an_account_in_trouble_is_known_until_that_ends() {
        let mut scene = scene();
        assert_eq!(known(&scene), BTreeMap::new());
        let later = Timestamp(9_000_000_000);
        scene.project(trouble("acme", Some(later)));
        let accounts = known(&scene);
        assert_eq!(accounts.keys().collect::<Vec<_>>(), ["acme"]);
        assert!(accounts["acme"].next_probe >= later, "it said to wait");
        assert!(!accounts["acme"].at_work);

        let thing = Thing::Provider {
            name: "acme".into(),
        };
        let why = "it answered".to_owned();
        scene.project(p::TroubleEnded { thing, why });
        assert_eq!(known(&scene), BTreeMap::new());
    }

    #[test]
    fn whoever_asks_it_is_seen_and_a_verifier_asks_nobody() {
        for (role, at_work) in [
            (Role::Verifier, false),
            (Role::Coder, true),
            (Role::Reviewer, true),
        ] {
            let mut scene = scene();
            scene.project(trouble("acme", None));
            scene.project(trouble("other", None));
            let assignment = job(&session(1), role, None);
            scene.slot(1, c::Assigned { assignment });
            let accounts = known(&scene);
            assert_eq!(accounts["acme"].at_work, at_work, "{role:?}");
            assert!(!accounts["other"].at_work, "nobody asks it");
            let asked = provider(scene.view(), role);
            assert_eq!(asked.is_some(), at_work, "{role:?}");
        }
    }

    /// The project that saw it last knows best how long it takes, whichever that is.
    #[test]
    fn the_longest_wait_that_any_project_was_told_counts() {
        let (soon, late) = (Timestamp(5_000_000_000), Timestamp(9_000_000_000));
        for (here, there) in [(soon, late), (late, soon)] {
            let mut scene = scene();
            let git_url = "/up".to_owned();
            let kind = p::ProjectKind::Existing;
            scene.add::<p::Event>("project-y", p::Registered { git_url, kind });
            scene.project(trouble("acme", Some(here)));
            scene.add::<p::Event>("project-y", trouble("acme", Some(there)));
            assert_eq!(known(&scene)["acme"].next_probe, late);
        }
    }
}
