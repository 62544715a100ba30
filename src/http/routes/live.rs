//! `/live`: the log as it grows, over a WebSocket. Catch-up and live are one loop; whoever was cut
//! off goes on after the position it saw.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ::events::id::{ProjectName, Timestamp};
use ::events::log::EventLog;
use ::events::stream::Position;
use actix_web::web::{Data, Payload, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get};
use actix_ws::{CloseCode, CloseReason, Closed, Message, MessageStream, ProtocolError, Session};
use actors::chores::Chore;
use actors::follower::Follower;
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::overviews::{Look, Overviews};
use super::{Answer, within_log};
use crate::api::ProblemShape;
use crate::api::{Board, BoardChanges, EventShape, ProjectChanges, ProjectShape, time};
use crate::http::problem::ApiProblem;
use crate::operator::Operator;

/// The subprotocol; a browser names it beside `bearer.TOKEN`, because it cannot send the header.
pub const LIVE_PROTOCOL: &str = "supercargo.v1";
/// Subscribers at once: each holds a batch at most.
const SUBSCRIBERS_MAX: usize = 1000;
/// Time between pings: a subscriber that vanished is noticed within three.
const PING_EVERY: Duration = Duration::from_secs(20);
/// Pings in a row that may stay without any word of the subscriber.
const UNANSWERED_MAX: u32 = 2;
/// A message has to be taken within this time: who does not read is gone.
const TAKEN_WITHIN: Duration = Duration::from_secs(30);
/// Largest message of a subscriber: there is nothing long to say.
const SAID_MAX: usize = 4096;

/// How many there are, and what they look at together.
#[derive(Clone, Default)]
pub(in crate::http) struct Subscribers {
    count: Arc<AtomicUsize>,
    overviews: Overviews,
}

/// One of them; counted until it is dropped.
pub(super) struct Subscriber(Arc<AtomicUsize>);

impl Subscribers {
    pub(super) fn admit(&self) -> Result<Subscriber, ApiProblem> {
        let taken = self.count.fetch_add(1, Ordering::SeqCst);
        let subscriber = Subscriber(self.count.clone());
        if taken < SUBSCRIBERS_MAX {
            return Ok(subscriber);
        }
        let detail = format!("{SUBSCRIBERS_MAX} subscribers are connected; try again later");
        Err(ApiProblem::unavailable("too_many_subscribers", &detail))
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(live);
}

#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Begin after this position; without it, or where the log ends before it, at the head.
    after: Option<u64>,
    /// Only events of this project.
    project: Option<String>,
    /// Send the project's board, or the list of projects: all of it at first, then what changed.
    #[serde(default)]
    boards: bool,
}

/// What a subscriber is sent.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Sent<'a> {
    /// One event, in the log's order.
    Event {
        position: u64,
        event: &'a EventShape,
    },
    /// Everything up to here was sent.
    Head {
        position: u64,
        /// When the newest event that was sent was recorded; none before the first one.
        #[serde(skip_serializing_if = "Option::is_none")]
        at: Option<String>,
        /// The server's time: how old that is, without the reader's clock.
        now: String,
    },
    /// A project on one page.
    Board { board: &'a Board },
    /// Every project, by its name.
    Projects { projects: &'a [ProjectShape] },
    /// What changed on the board since it was last sent.
    BoardChanges { changes: &'a BoardChanges },
    /// Projects that changed since they were last sent.
    ProjectChanges { changes: &'a ProjectChanges },
    /// The answer to a ping.
    Pong,
}

/// What a subscriber may say.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Said {
    Ping,
}

/// Events as they are recorded.
#[utoipa::path(context_path = "/api/v1", tag = "events", params(Wanted),
    responses((status = 101, description = "WebSocket; messages: event, head, board, projects, \
                                            board_changes, project_changes, \
                                            pong"), (status = "4XX", body = ProblemShape)))]
#[get("/live")]
pub(in crate::http) async fn live(
    request: HttpRequest,
    body: Payload,
    wanted: Query<Wanted>,
    operator: Data<Operator>,
    subscribers: Data<Subscribers>,
) -> Answer {
    let project = wanted
        .project
        .as_deref()
        .map(str::parse::<ProjectName>)
        .transpose()
        .map_err(ApiProblem::invalid)?;
    if let Some(name) = &project {
        operator.project(name.as_str())?;
    }

    let subscriber = subscribers.admit()?;
    let (response, session, messages) = upgrade(&request, body)?;
    let kernel = operator.core.directory.kernel();
    let head = operator
        .core
        .projector
        .read(|projections| projections.position);
    let after = match wanted.after {
        // A log that was restored may end before what somebody saw; `head` tells them.
        Some(after) if within_log(&operator, after).await.is_ok() => Position(after),
        Some(_) | None => head,
    };
    let follower = Follower::new(kernel.log.clone(), &kernel.feed, after);
    let feeding = Feeding {
        operator: operator.get_ref().clone(),
        project,
        boards: wanted.boards,
        session,
        seen: after,
        at: recorded_at(&kernel.log, after).await,
        sent: Sight::Nothing,
        overviews: subscribers.overviews.clone(),
        life: Life::default(),
    };

    actix_web::rt::spawn(async move {
        let _subscriber = subscriber;
        feeding.run(follower, messages).await;
    });
    Ok(response)
}

/// When the event at this position was recorded; none before the first one.
async fn recorded_at(log: &Arc<dyn EventLog>, position: Position) -> Option<Timestamp> {
    let before = Position(position.0.checked_sub(1)?);
    let found = log.read_all(before, 1).await.ok()?;
    found.first().map(|envelope| envelope.at)
}

/// Makes a WebSocket of a request.
pub(super) fn upgrade(
    request: &HttpRequest,
    body: Payload,
) -> Result<(HttpResponse, Session, MessageStream), ApiProblem> {
    let upgraded = actix_ws::handle_with_protocols(request, body, &[LIVE_PROTOCOL]);
    let (response, session, messages) =
        upgraded.map_err(|e| ApiProblem::invalid(format!("this is a WebSocket: {e}")))?;
    Ok((response, session, messages.max_frame_size(SAID_MAX)))
}

/// What a subscriber has before it.
enum Sight {
    Nothing,
    Board(Arc<Look<Board>>),
    Projects(Arc<Look<Vec<ProjectShape>>>),
}

/// Whether a subscriber is there: pings that it left without an answer.
#[derive(Debug, Default)]
pub(super) struct Life {
    unanswered: u32,
}

impl Life {
    pub(super) fn heard(&mut self) {
        self.unanswered = 0;
    }

    /// Counts one more ping; false when it would be one too many.
    pub(super) fn ping(&mut self) -> bool {
        self.unanswered += 1;
        self.unanswered <= UNANSWERED_MAX
    }
}

type Heard = Result<Message, ProtocolError>;

struct Feeding {
    operator: Operator,
    project: Option<ProjectName>,
    boards: bool,
    session: Session,
    seen: Position,
    /// When the event there was recorded.
    at: Option<Timestamp>,
    sent: Sight,
    overviews: Overviews,
    life: Life,
}

impl Feeding {
    async fn run(mut self, mut follower: Follower, mut messages: MessageStream) {
        let why = match self.feed(&mut follower, &mut messages).await {
            Ok(why) => why,
            // The subscriber is gone; there is nobody to tell.
            Err(Closed) => return,
        };
        if let Err(error) = self.session.close(why).await {
            tracing::debug!(%error, "a subscriber left without a word");
        }
    }

    /// Feeds until somebody ends it; answers why, if that can be told.
    async fn feed(
        &mut self,
        follower: &mut Follower,
        messages: &mut MessageStream,
    ) -> Result<Option<CloseReason>, Closed> {
        let mut pings = tokio::time::interval(PING_EVERY);
        self.overview().await?;
        self.head().await?;

        loop {
            tokio::select! {
                batch = follower.next() => match batch {
                    Ok(Some(batch)) => {
                        self.operator.core.faults.well(None, Chore::Feed);
                        self.pass(&batch).await?
                    }
                    Ok(None) => return Ok(Some(CloseCode::Away.into())),
                    Err(error) => {
                        let faults = &self.operator.core.faults;
                        faults.failing(None, Chore::Feed, &error.to_string());
                        return Ok(Some(CloseCode::Error.into()));
                    }
                },
                said = messages.next() => if let Some(end) = self.hear(said).await? {
                    return Ok(end);
                },
                _ = pings.tick() => {
                    if !self.life.ping() {
                        return Ok(Some((CloseCode::Policy, "no ping was answered").into()));
                    }
                    self.session.ping(b"").await?;
                    self.head().await?;
                }
            }
        }
    }

    /// Takes what a subscriber says; answers how it ends, when it does.
    async fn hear(&mut self, said: Option<Heard>) -> Result<Option<Option<CloseReason>>, Closed> {
        self.life.heard();
        match said {
            Some(Ok(Message::Text(text))) => match serde_json::from_str(&text) {
                Ok(Said::Ping) => self.send(&Sent::Pong).await?,
                Err(_) => return Ok(Some(Some(CloseCode::Policy.into()))),
            },
            Some(Ok(Message::Ping(bytes))) => self.session.pong(&bytes).await?,
            Some(Ok(Message::Pong(_))) => {}
            Some(Ok(_)) | None => return Ok(Some(None)),
            Some(Err(_)) => return Ok(Some(Some(CloseCode::Protocol.into()))),
        }
        Ok(None)
    }

    async fn pass(&mut self, batch: &[::events::envelope::Envelope]) -> Result<(), Closed> {
        for envelope in batch {
            self.seen = envelope.position;
            self.at = Some(envelope.at);
            let wanted =
                self.project.is_none() || envelope.stream.project() == self.project.as_ref();
            if wanted {
                self.send(&Sent::Event {
                    position: envelope.position.0,
                    event: &envelope.into(),
                })
                .await?;
            }
        }

        self.overview().await?;
        self.head().await
    }

    /// Says up to where everything was sent.
    async fn head(&mut self) -> Result<(), Closed> {
        let now = self.operator.core.world.clock.now();
        self.send(&Sent::Head {
            position: self.seen.0,
            at: self.at.map(time),
            now: time(now),
        })
        .await
    }

    /// The board or the list, as of a position that is not before what was sent.
    async fn overview(&mut self) -> Result<(), Closed> {
        if !self.boards {
            return Ok(());
        }
        self.operator.core.projector.wait_for(self.seen).await;
        match self.project.clone() {
            Some(name) => match self.overviews.board(&self.operator, &name).await {
                Some(board) => self.show_board(board).await,
                // It was deleted; the event says so.
                None => Ok(()),
            },
            None => self.show_projects().await,
        }
    }

    async fn show_board(&mut self, look: Arc<Look<Board>>) -> Result<(), Closed> {
        let message = match &self.sent {
            Sight::Board(before) => look.changes(before, |old, new| {
                let changes = BoardChanges::between(old, new)?;
                Some(text(&Sent::BoardChanges { changes: &changes }))
            }),
            Sight::Nothing | Sight::Projects(_) => {
                Some(look.whole(|board| text(&Sent::Board { board })))
            }
        };
        self.sent = Sight::Board(look);
        self.pass_on(message).await
    }

    async fn show_projects(&mut self) -> Result<(), Closed> {
        let look = self.overviews.projects(&self.operator).await;
        let message = match &self.sent {
            Sight::Projects(before) => look.changes(before, |old, new| {
                let changes = ProjectChanges::between(old, new)?;
                Some(text(&Sent::ProjectChanges { changes: &changes }))
            }),
            Sight::Nothing | Sight::Board(_) => {
                Some(look.whole(|projects| text(&Sent::Projects { projects })))
            }
        };
        self.sent = Sight::Projects(look);
        self.pass_on(message).await
    }

    async fn send(&mut self, sent: &Sent<'_>) -> Result<(), Closed> {
        self.pass_on(Some(text(sent).into())).await
    }

    async fn pass_on(&mut self, message: Option<Arc<str>>) -> Result<(), Closed> {
        let Some(message) = message else {
            return Ok(());
        };
        let passed = self.session.text(message.as_ref());
        let taken = tokio::time::timeout(TAKEN_WITHIN, passed).await;
        taken.unwrap_or(Err(Closed))
    }
}

/// A message as it is sent. Names of fields and texts, which always make JSON: nothing is left out
/// by the default.
fn text(sent: &Sent<'_>) -> String {
    serde_json::to_string(sent).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_answers_no_ping_is_gone_and_any_word_is_a_sign_of_life() {
        let mut life = Life::default();
        for _ in 0..100 {
            assert!(life.ping());
            life.heard();
        }
        for _ in 0..UNANSWERED_MAX {
            assert!(life.ping());
        }
        assert!(!life.ping());
    }
}
