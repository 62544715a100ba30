//! The slot as its agent sees it: the environment the runner gave, and the requests it may make.

use std::process::Stdio;
use std::time::Duration;

use actors::sessions::wire::{Said, Say};
use events::id::Sha;

use crate::named;
use crate::wire::{CallError, call_url};

/// How long a verb is repeated while the server is away.
const REPEAT_FOR: Duration = Duration::from_secs(120);
/// Most paths that are named as not committed.
const NAMED_MAX: usize = 20;
/// Pause between repetitions.
const PAUSE: Duration = Duration::from_millis(200);

/// Why a verb did not work, for the agent to read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct VerbError(pub String);

/// The slot this process runs in.
#[derive(Debug, Clone)]
pub struct Slot {
    /// Where the door is on loopback.
    pub url: String,
    /// The branch to push to; empty for roles that do not push.
    pub branch: String,
    /// The claim's number, 0 without one.
    pub claim: u64,
    /// The commit this session started from or looks at.
    pub sha: String,
    /// The recorded verification command; empty when none is set.
    pub verify: String,
    /// What this session is for.
    pub role: String,
}

impl Slot {
    /// Reads the environment that the runner set.
    pub fn from_environment() -> Result<Self, VerbError> {
        let read = |name: &str| std::env::var(name).unwrap_or_default();
        let url = read("SUPERCARGO_URL");
        if url.is_empty() {
            return Err(VerbError(
                "this verb works inside a session of Supercargo only: SUPERCARGO_URL is not set"
                    .to_owned(),
            ));
        }

        Ok(Self {
            url,
            branch: read("SUPERCARGO_BRANCH"),
            claim: read("SUPERCARGO_CLAIM").parse().unwrap_or(0),
            sha: read("SUPERCARGO_SHA"),
            verify: read("SUPERCARGO_VERIFY"),
            role: read("SUPERCARGO_ROLE"),
        })
    }

    /// Says something; while the server restarts it is said again, which it answers as the first
    /// time.
    pub async fn say(&self, say: &Say) -> Result<Said, VerbError> {
        let until = tokio::time::Instant::now() + REPEAT_FOR;
        loop {
            match call_url(&self.url, "/v1/say", say).await {
                Ok(said) => return Ok(said),
                Err(CallError::Unreachable(_) | CallError::Later(_))
                    if tokio::time::Instant::now() < until =>
                {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => return Err(VerbError(error.to_string())),
            }
        }
    }

    /// Refuses while the tree holds what no commit does: it would be left behind, and nobody would
    /// say so.
    pub async fn is_committed(&self) -> Result<(), VerbError> {
        let args = ["status", "--porcelain", "-z", "--untracked-files=normal"];
        match left_behind(&self.git(&args).await?) {
            Some(why) => Err(VerbError(why)),
            None => Ok(()),
        }
    }

    /// Pushes HEAD to the claim's branch and hands it in.
    pub async fn submit(&self) -> Result<Said, VerbError> {
        if self.branch.is_empty() {
            return Err(VerbError(format!("a {} has nothing to submit", self.role)));
        }

        let sha: Sha = self
            .git(&["rev-parse", "HEAD"])
            .await?
            .trim()
            .parse()
            .map_err(|e| VerbError(format!("{e}")))?;
        let spec = format!("HEAD:refs/heads/{}", self.branch);
        let until = tokio::time::Instant::now() + REPEAT_FOR;

        loop {
            match self
                .git(&["push", "--quiet", "--force", "origin", &spec])
                .await
            {
                Ok(_) => break,
                // A refusal is said by the gate; anything else may be a server that is restarting.
                Err(error)
                    if error.0.contains("[remote rejected]")
                        || tokio::time::Instant::now() >= until =>
                {
                    return Err(error);
                }
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }

        self.say(&Say::Submit { sha }).await
    }

    /// Runs git in the tree.
    pub async fn git(&self, args: &[&str]) -> Result<String, VerbError> {
        let mut command = tokio::process::Command::new("git");
        command.args(args).stdin(Stdio::null());
        let output = named::output(&mut command).await;
        let output = output.map_err(|e| VerbError(e.to_string()))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(VerbError(format!(
            "git {}: {}",
            args[0],
            String::from_utf8_lossy(&output.stderr).trim()
        )))
    }
}

/// What `git status --porcelain -z` says is not committed, for whoever wants to hand in.
fn left_behind(status: &str) -> Option<String> {
    let mut paths = Vec::new();
    let mut parts = status.split('\0').filter(|part| !part.is_empty());
    while let Some(entry) = parts.next() {
        let (state, path) = entry.split_at_checked(3)?;
        paths.push(path);
        // What was renamed or copied names where it was as well.
        if state.contains(['R', 'C']) {
            parts.next();
        }
    }

    if paths.is_empty() {
        return None;
    }

    let named = paths.iter().take(NAMED_MAX).copied();
    let named = named.collect::<Vec<_>>().join(", ");
    let more = match paths.len().saturating_sub(NAMED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };

    Some(format!(
        "not handed in: {named}{more} are not committed and would be left behind. Commit them, or \
         put them into .gitignore; \
         `supercargo agent submit --anyway` hands in what is committed, without them"
    ))
}

#[cfg(test)]
mod tests {
    use super::left_behind;

    #[test]
    fn what_is_not_committed_is_named() {
        assert_eq!(left_behind(""), None);
        let said = left_behind(" M other.txt\0R  new name\0old\0?? a/\0").expect("something");
        assert!(
            said.contains("other.txt, new name, a/ are not committed"),
            "{said}"
        );
        let many: String = (0..23).map(|n| format!("?? f{n}\0")).collect();
        let said = left_behind(&many).expect("something");
        assert!(
            said.contains("f19 and 3 more") && said.contains("--anyway"),
            "{said}"
        );
    }
}
