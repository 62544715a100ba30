//! The way to the engine of this host, and whether it is of a kind that fleets can run on.

use actors::ports::engine::Unreachable;
use bollard::Docker;

use super::{ASK_WITHIN, unreachable, within};

/// Connects to the engine of this host and agrees on a version of its API.
pub async fn connect() -> Result<Docker, Unreachable> {
    let docker =
        Docker::connect_with_defaults().map_err(|e| unreachable("connecting to Docker", e))?;
    let negotiated = tokio::time::timeout(ASK_WITHIN, docker.negotiate_version()).await;
    match negotiated {
        Ok(docker) => docker.map_err(|e| unreachable("asking Docker for its version", e)),
        Err(_) => Err(Unreachable(format!(
            "Docker did not answer within {} s",
            ASK_WITHIN.as_secs()
        ))),
    }
}

/// Refuses an engine whose containers live in a user namespace of their own: the door tells a
/// session by the ids of who opens it, and those are others there.
///
/// # Errors
/// What kind of engine it is and what to do, or that it does not say.
pub async fn refuse_rootless(docker: &Docker) -> anyhow::Result<()> {
    let info = within(
        ASK_WITHIN,
        "asking what kind of engine it is",
        docker.info(),
    )
    .await??;

    match kept_apart(&info.security_options.unwrap_or_default()) {
        None => Ok(()),
        Some(kind) => anyhow::bail!(
            "this engine is {kind}, and sessions cannot open their door from a user namespace: use \
             an engine that runs as root, \
             or `--engine process`"
        ),
    }
}

/// How an engine keeps the users of its containers apart from those of the host, if it does.
pub(super) fn kept_apart(options: &[String]) -> Option<&'static str> {
    let has = |kind: &str| {
        let named = format!("name={kind}");
        let mut parts = options.iter().flat_map(|option| option.split(','));
        parts.any(|part| part == named || part == kind)
    };
    if has("rootless") {
        return Some("rootless");
    }
    has("userns").then_some("set to remap users (userns-remap)")
}
