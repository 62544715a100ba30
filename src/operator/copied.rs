//! Waiting for the copy of upstream: verbs that follow `project add` at once find the repository
//! there.

use std::time::Duration;

use actors::ports::repo::Survey;
use events::id::ProjectName;
use events::project::Repository;
use events::view::ProjectView;

use super::{Done, Operator, unknown_project};
use actors::rejection::Rejection;

/// How long a caller is made to wait: a large repository takes longer, and is asked for again.
const WAIT: Duration = Duration::from_secs(60);

/// How long whoever adds a project is made to wait for what its copy says.
const WAIT_WHEN_ADDED: Duration = Duration::from_secs(10);

/// What the projections say about the copy.
enum Copy {
    There(String),
    Failed(String),
    Gone,
}

fn copy(view: &ProjectView) -> Option<Copy> {
    let Some(registered) = view.registered() else {
        return Some(Copy::Gone);
    };
    match (&view.merge_queue.state.branch, &registered.repository) {
        (Some(branch), _) => Some(Copy::There(branch.clone())),
        (None, Repository::Failed { reason, .. }) => Some(Copy::Failed(reason.clone())),
        (None, Repository::Pending | Repository::Cloned { .. }) => None,
    }
}

impl Operator {
    /// The branch of upstream, once upstream is copied. Where no server runs nothing is copied
    /// meanwhile, and nobody waits.
    pub(super) async fn copied(&self, project: &ProjectName) -> Done<String> {
        self.copied_within(project, WAIT).await
    }

    /// The same, for a caller who waits so long at most.
    async fn copied_within(&self, project: &ProjectName, wait: Duration) -> Done<String> {
        let found = if self.deps.engine.is_some() {
            let copied = self.core.projector.wait_until(|projections| {
                let Some(view) = projections.projects.get(project) else {
                    return Some(Copy::Gone);
                };
                copy(view)
            });
            tokio::time::timeout(wait, copied).await.ok()
        } else {
            self.core
                .projector
                .read(|projections| projections.projects.get(project).and_then(copy))
        };

        match found {
            Some(Copy::There(branch)) => Ok(branch),
            Some(Copy::Gone) => Err(unknown_project()),
            Some(Copy::Failed(reason)) => Err(Rejection::not_found(
                "not_copied",
                format!("upstream could not be copied, and is tried again: {reason}"),
            )),
            None => Err(Rejection::not_found(
                "not_copied",
                "upstream is not copied yet: a running server copies it; ask again then",
            )),
        }
    }

    /// What the copy of a project that was just added says, for whoever added it. Where no server
    /// runs nothing is copied, and nothing said.
    pub(super) async fn first_look(&self, project: &ProjectName) -> Vec<String> {
        if self.deps.engine.is_none() {
            return vec![];
        }
        let seen = match self.copied_within(project, WAIT_WHEN_ADDED).await {
            Ok(branch) => self.core.world.repo.survey(project, &branch).await,
            Err(problem) => return vec![problem.message],
        };
        match seen {
            Ok(survey) => told(project, &survey),
            Err(error) => vec![format!("what its copy holds is not known: {error}")],
        }
    }
}

/// What was found, and what follows from it.
fn told(project: &ProjectName, survey: &Survey) -> Vec<String> {
    let mut notes = vec![];

    if let Some(setup) = &survey.setup {
        let locks = survey.locks.join(", ");
        notes.push(format!(
            "setup: each session begins with `{setup}`, as {locks} suggests; `supercargo project \
             set {project} --setup COMMAND` changes that (an empty one takes it out), and what it \
             fetches has to be allowed with `--allow HOST` where containers are shut in"
        ));
    }

    if !survey.lfs.is_empty() {
        notes.push(format!(
            "Git LFS: {} are kept by it. Its objects are not copied here: sessions see pointers, \
             and work that changes such a file is turned down when it is handed in, for nothing \
             would carry its content upstream",
            survey.lfs.join(", ")
        ));
    }

    if !survey.submodules.is_empty() {
        notes.push(format!(
            "submodules: {} are repositories of their own, which are not fetched here: sessions \
             and verifications find these folders empty. A setup command may fetch them (`git \
             submodule update --init`), from hosts that are allowed",
            survey.submodules.join(", ")
        ));
    }

    notes
}
