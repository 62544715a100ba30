//! Watching what was launched: until it ends, is asked to end or has to, while what it has not
//! committed is brought to safety now and then.

use std::time::Duration;

use actors::sessions::wire::SessionBrief;
use events::holder::Role;
use tokio::time::Instant;

use super::agent::{Agent, Ended, Stop};
use super::cache;
use super::control::Control;
use super::session::Terminate;
use super::tree::Tree;

/// An agent whose work is settled gets this long to end by itself.
const SETTLED_GRACE: Duration = Duration::from_secs(30);
/// A stopped agent gets this long before it is killed; the rest of the engine's grace is for
/// securing the work.
const AGENT_GRACE: Duration = Duration::from_secs(10);
/// Without a server for this long the runner ends itself.
pub(super) const ALONE_MAX: Duration = Duration::from_secs(3600);
/// Said when the host has too little disk left for a session that keeps packages.
pub(super) const DISK_FULL: &str =
    "the disk of the host is nearly full: free some, or set the project's --cache to 0";

/// Brings what a coder has not committed to safety now and then, until it is dropped.
pub(super) async fn rescuing(brief: &SessionBrief, tree: &Tree) -> Result<Ended, String> {
    if brief.role != Role::Coder {
        return std::future::pending().await;
    }
    let mut last = None;
    loop {
        tokio::time::sleep(Duration::from_millis(brief.rescue_ms)).await;
        match tree.rescue(brief, last.as_deref()).await {
            Ok(now) => last = Some(now),
            Err(why) => eprintln!("not rescued: {why}"),
        }
    }
}

/// Waits for a process, and ends it when asked to, when its time is up, or when its work is settled
/// and it stays.
pub(super) async fn watch(
    launched: Result<Agent, String>,
    tree: &Tree,
    control: &Control,
    deadline: Instant,
    terminate: &mut Terminate,
) -> Result<Ended, String> {
    let mut agent = launched?;
    let settled = control.settled();
    let stop = tokio::select! {
        ended = agent.wait() => return ended,
        _ = terminate.recv() => Some(Stop::Asked),
        () = tokio::time::sleep_until(deadline) => Some(Stop::Asked),
        () = control.alone_for(ALONE_MAX) => Some(Stop::Asked),
        () = control.full() => Some(Stop::Full),
        () = cache::disk_is_full(tree.cache.as_deref()) => {
            agent.stop(AGENT_GRACE).await?;
            return Err(DISK_FULL.to_owned());
        }
        () = async { settled.await; tokio::time::sleep(SETTLED_GRACE).await } => None,
    };
    let ended = agent.stop(AGENT_GRACE).await?;

    Ok(Ended { stop, ..ended })
}
