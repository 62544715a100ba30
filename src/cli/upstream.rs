//! `supercargo project upstream …`.

use clap::Subcommand;
use events::id::ProjectName;

use super::DataArgs;
use super::client::ask;
use crate::api::{AcceptUpstream, FollowBranch, HookShape, MoveUpstream, UpstreamShape, Written};
use crate::terminal::say;

/// What can be done about a project's upstream.
#[derive(Debug, Subcommand)]
pub(super) enum UpstreamCommand {
    /// Where it is, what is wrong with it, which host keys are pinned
    Show(ProjectArgs),
    /// Look at it now
    Fetch(ProjectArgs),
    /// Take a rewritten branch as it is, at this commit
    Accept {
        #[command(flatten)]
        project: ProjectArgs,
        /// The commit that upstream was seen at
        sha: String,
    },
    /// Follow a branch that is not there any more under another name
    Follow {
        #[command(flatten)]
        project: ProjectArgs,
        /// The branch's name now; without it, the one that upstream names its own
        branch: Option<String>,
    },
    /// Upstream has another address
    Move {
        #[command(flatten)]
        project: ProjectArgs,
        /// Where the repository is now
        git_url: String,
    },
    /// Show what its forge is given, so that it can say at once when somebody pushed
    Hook(ProjectArgs),
    /// Forget the pinned keys of its host; the next connection pins what it sees
    ForgetHostKeys(ProjectArgs),
}

/// The project that a command is about.
#[derive(Debug, clap::Args)]
pub(super) struct ProjectArgs {
    /// The name of the project
    project: ProjectName,
    #[command(flatten)]
    data: DataArgs,
}

impl ProjectArgs {
    async fn asked<T: serde::de::DeserializeOwned>(
        &self,
        method: &str,
        tail: &str,
    ) -> anyhow::Result<T> {
        ask(
            &self.data,
            method,
            &format!("/api/v1/projects/{}/upstream{tail}", self.project),
            &(),
        )
        .await
    }
}

pub(super) async fn run(command: UpstreamCommand) -> anyhow::Result<()> {
    let shape: UpstreamShape = match command {
        UpstreamCommand::Show(project) => project.asked("GET", "").await?,
        UpstreamCommand::Fetch(project) => project.asked("POST", "/fetch").await?,
        UpstreamCommand::Hook(project) => {
            let hook: HookShape = project.asked("GET", "/hook").await?;
            say!(
                "post JSON to {} below the server's address, with the secret {}",
                hook.path,
                hook.secret
            )?;
            return Ok(());
        }
        UpstreamCommand::ForgetHostKeys(project) => project.asked("DELETE", "/host-keys").await?,
        UpstreamCommand::Follow { project, branch } => {
            let path = format!("/api/v1/projects/{}/upstream/follow", project.project);
            ask(&project.data, "POST", &path, &FollowBranch { branch }).await?
        }
        UpstreamCommand::Move { project, git_url } => {
            let path = format!("/api/v1/projects/{}/upstream/move", project.project);
            ask(&project.data, "POST", &path, &MoveUpstream { git_url }).await?
        }
        UpstreamCommand::Accept { project, sha } => {
            let path = format!("/api/v1/projects/{}/upstream/accept", project.project);
            let written: Written =
                ask(&project.data, "POST", &path, &AcceptUpstream { sha }).await?;
            say!("accepted: recorded at position {}", written.position)?;
            return Ok(());
        }
    };

    say!(
        "{}, branch {}",
        shape.git_url,
        shape.branch.as_deref().unwrap_or("not known yet")
    )?;
    say!(
        "at {}",
        shape.head.as_deref().unwrap_or("no commit: it is empty")
    )?;
    if let Some(why) = &shape.trouble {
        say!("trouble: {why}")?;
    }

    for key in &shape.host_keys {
        say!("pinned: {key}")?;
    }

    Ok(())
}
