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
