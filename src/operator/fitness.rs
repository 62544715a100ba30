//! Whether an upstream can be worked on: looked at before a project is added, and before it starts.

use actors::ports::PortError;
use events::id::ProjectName;
use events::project::Repository;

use super::{Done, Operator};
use actors::rejection::Rejection;

impl Operator {
    /// Looks at upstream once more before a start, where what is recorded of it is trouble: it may
    /// have been mended since, and else nothing would be merged. Of what was well only the right to
    /// push is asked for again: it was asked for when the project was added, and is taken away
    /// without a word.
    pub(super) async fn check_upstream_before_start(&self, name: &ProjectName) -> Done<()> {
        let (runs, in_trouble, git_url) = self.read(name, |view| {
            let registered = view.registered()?;
            let failed = matches!(registered.repository, Repository::Failed { .. });
            let halted = view.merge_queue.state.halt.is_some();
            let git_url = registered.git_url.clone();
            Some((registered.is_running(), failed || halted, git_url))
        })?;
        if runs {
            return Ok(());
        }

        if !in_trouble {
            return self.check_push(name, &git_url).await;
        }

        self.check_upstream(name, &git_url)
            .await
            .map_err(|problem| Rejection {
                message: format!("{}; mend that and start again", problem.message),
                ..problem
            })?;
        self.core.poll_requests.add(name.clone());

        Ok(())
    }

    /// Refuses where upstream can be read and takes no push. One that does not answer at all is no
    /// reason: work begins without it, and its trouble has a state of its own.
    async fn check_push(&self, name: &ProjectName, git_url: &str) -> Done<()> {
        let repo = &self.core.world.repo;
        let Err(error) = repo.check_push(name, git_url).await else {
            return Ok(());
        };
        match repo.probe(name, git_url).await {
            Ok(_) => Err(unfit(error)),
            Err(_) => Ok(()),
        }
    }

    /// Whether upstream answers and can be worked on, as far as that is seen without a push.
    pub(super) async fn check_upstream(&self, name: &ProjectName, git_url: &str) -> Done<()> {
        let repo = &self.core.world.repo;
        let seen = repo.probe(name, git_url).await.map_err(|error| {
            let detail = format!("{git_url} does not answer as a git repository: {error}");
            Rejection::unfit("upstream_unreachable", detail)
        })?;

        repo.check(name, git_url, &seen).await.map_err(unfit)
    }

    /// Refuses a second project on an upstream: each would take what the other merges for the work
    /// of a stranger.
    pub(super) fn check_single(&self, name: &ProjectName, git_url: &str) -> Done<()> {
        let known = self.core.projector.read(|projections| {
            let projections = projections.projects.values();
            let urls =
                projections.filter_map(|b| Some((b.name.clone(), b.registered()?.git_url.clone())));
            urls.collect::<Vec<_>>()
        });
        let repo = &self.core.world.repo;
        let ours = repo.one_spelling(git_url);
        let mut others = known.iter().filter(|(other, _)| other != name);
        let other = others.find(|(_, url)| repo.one_spelling(url) == ours);

        match other {
            None => Ok(()),
            Some((other, _)) => Err(Rejection::unfit(
                "upstream_taken",
                format!(
                    "{git_url} is the upstream of the project {other} already: add the features \
                     there, or delete that project \
                     first (`project delete {other}`)"
                ),
            )),
        }
    }
}

/// An upstream on which no project could do its work.
fn unfit(error: PortError) -> Rejection {
    Rejection::unfit("upstream_unfit", error.to_string())
}
