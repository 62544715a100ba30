//! The backlog through the agent's voice, to be read: a session sees its own project's features and
//! nobody else's.

use actors::sessions::Sessions;
use actors::sessions::wire::Problem;
use events::id::{FeatureId, SessionId};

use super::serve::{denied, problem};
use crate::api::{self, FeatureShape};

/// The features of the session's project, in the order of the queue; with a status, only those.
pub(super) fn list(
    sessions: &Sessions,
    session: &SessionId,
    status: Option<&str>,
) -> Result<Vec<FeatureShape>, Problem> {
    let mut all = sessions
        .look(session, |view, _| api::features(view))
        .map_err(denied)?;
    all.retain(|feature| status.is_none_or(|status| feature.status == status));
    Ok(all)
}

/// One of them; without an id the one that the session is about.
pub(super) fn show(
    sessions: &Sessions,
    session: &SessionId,
    id: Option<&str>,
) -> Result<FeatureShape, Problem> {
    let id: Option<FeatureId> = id
        .map(str::parse)
        .transpose()
        .map_err(|why| problem("invalid", &format!("{why}")))?;
    let found = sessions.look(session, |view, job| {
        let id = id.or_else(|| job.feature.clone())?;
        let tracked = view.features.get(&id)?;
        Some(api::feature(
            view,
            &id,
            tracked.state.known()?,
            tracked.version,
        ))
    });
    let unknown = || {
        problem(
            "not_found",
            "no such feature in this project; without an id: this session is about none",
        )
    };

    found.map_err(denied)?.ok_or_else(unknown)
}
