//! What routes have in common: whether a reader is up to date, and how an answer is written.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{ETAG, HeaderValue};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::Answer;
use crate::http::problem::ApiProblem;
use crate::operator::Operator;
use ::events::stream::Position;

/// A read that names a position waits until that is folded, at most this long.
const SEEN_WITHIN: Duration = Duration::from_secs(10);

/// A read may name a position that it has to have seen: the answer of a write.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(super) struct Seen {
    /// Wait until this position is folded.
    pub(super) after: u64,
    /// Answer as it was after this position, or at this time (RFC 3339).
    pub(super) at: Option<String>,
}

impl Seen {
    /// The operator whose reads answer this: as of now, or as of then.
    pub(super) async fn look(&self, operator: &Operator) -> Result<Operator, ApiProblem> {
        self.wait(operator).await?;
        match &self.at {
            None => Ok(operator.clone()),
            Some(when) => {
                let position = operator.position_of(when).await?;
                Ok(operator.as_of(position).await?)
            }
        }
    }

    pub(super) async fn wait(&self, operator: &Operator) -> Result<(), ApiProblem> {
        within_log(operator, self.after).await?;
        let seen = operator.core.projector.wait_for(Position(self.after));
        tokio::time::timeout(SEEN_WITHIN, seen).await.map_err(|_| {
            let detail = format!("position {} is not folded yet; ask again", self.after);
            ApiProblem::unavailable("not_there_yet", &detail)
        })
    }
}

/// Refuses a position that the log does not hold: waiting for it could take for ever.
pub(super) async fn within_log(operator: &Operator, position: u64) -> Result<(), ApiProblem> {
    let kernel = operator.core.directory.kernel();
    let head = kernel.feed.newest();
    if position <= head.0 {
        return Ok(());
    }

    // Whoever reads the log's file may know of an event before the feed tells of it.
    let before = Position(position.saturating_sub(1));
    let recorded = kernel.log.read_all(before, 1).await;
    let recorded = recorded.map_err(|e| ApiProblem::unavailable("log", &e.to_string()))?;
    if !recorded.is_empty() {
        return Ok(());
    }
    Err(ApiProblem::invalid(format!(
        "position {position} is beyond the head of the log, which is {head}: no answer named it"
    )))
}

pub(super) fn ok<T: Serialize>(shape: T) -> Answer {
    Ok(HttpResponse::Ok().json(shape))
}

/// A shape with the version of its stream as its ETag.
pub(super) fn versioned<T: Serialize>(shape: T, version: u64) -> Answer {
    let mut response = HttpResponse::Ok().json(shape);
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(ETAG, tag);
    }
    Ok(response)
}
