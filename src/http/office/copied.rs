//! Waiting for the copy of upstream: verbs that follow `project add` at once find the repository
//! there.

use std::time::Duration;

use events::id::ProjectName;
use events::project::Repository;
use events::view::ProjectBook;

use super::{Done, Office, unknown_project};
use crate::http::problem::ApiProblem;

/// How long a caller is made to wait: a large repository takes longer, and is asked for again.
const WAIT: Duration = Duration::from_secs(60);

/// What the books say about the copy.
enum Copy {
    There(String),
    Failed(String),
    Gone,
}

fn copy(book: &ProjectBook) -> Option<Copy> {
    let Some(registered) = book.registered() else {
        return Some(Copy::Gone);
    };
    match (&book.trunk.state.branch, &registered.repository) {
        (Some(branch), _) => Some(Copy::There(branch.clone())),
        (None, Repository::Failed { reason, .. }) => Some(Copy::Failed(reason.clone())),
        (None, Repository::Pending | Repository::Cloned { .. }) => None,
    }
}

impl Office {
    /// The branch of upstream, once upstream is copied. Where no server runs nothing is copied
    /// meanwhile, and nobody waits.
    pub(super) async fn copied(&self, project: &ProjectName) -> Done<String> {
        let found = if self.premises.engine.is_some() {
            let copied = self.core.projector.wait_until(|books| {
                let Some(book) = books.projects.get(project) else {
                    return Some(Copy::Gone);
                };
                copy(book)
            });
            tokio::time::timeout(WAIT, copied).await.ok()
        } else {
            self.core
                .projector
                .read(|books| books.projects.get(project).and_then(copy))
        };

        match found {
            Some(Copy::There(branch)) => Ok(branch),
            Some(Copy::Gone) => Err(unknown_project()),
            Some(Copy::Failed(reason)) => Err(ApiProblem::not_found(
                "not_copied",
                &format!("upstream could not be copied, and is tried again: {reason}"),
            )),
            None => Err(ApiProblem::not_found(
                "not_copied",
                "upstream is not copied yet: a running server copies it; ask again then",
            )),
        }
    }
}
