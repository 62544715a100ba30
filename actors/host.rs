//! The host: one actor, one stream. decide → append → evolve → reply, and nobody else may speak in
//! between.
//!
//! The handler answers with `AtomicResponse`: with an ordinary response future actix would let a
//! second command decide on stale state while the first append is in flight. After an unknown
//! outcome or a panic the state is thrown away: the actor stops, and the next one reads the truth.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix::prelude::*;
use events::aggregate::{Aggregate, Moment, Refusal, RefusalKind};
use events::cause::Cause;
use events::codec::EventCodec;
use events::id::{CommandId, Digest, Timestamp};
use events::log::{Append, AppendError, EventLog, NewEvent, Receipt};
use events::stream::{Position, StreamId, Version};
use tokio::time::Instant;
use tracing::{Instrument, Span, debug, debug_span};

use crate::chores::Chore;
use crate::executed::{self, Executed};
use crate::faults::Faults;
use crate::feed::Feed;
use crate::ports::clock::Clock;

/// How often a command is decided again after its own stream moved under it.
const DECISIONS_MAX: usize = 3;
/// Events read at once while loading a stream.
const LOAD_BATCH: usize = 512;

/// What every host needs.
#[derive(Clone)]
pub struct Kernel {
    /// The log, which is the truth.
    pub log: Arc<dyn EventLog>,
    /// Told of every append.
    pub feed: Feed,
    /// Read once per command.
    pub clock: Arc<dyn Clock>,
    /// Streams whose fold panicked, with what it said.
    pub quarantine: Arc<Mutex<HashMap<StreamId, String>>>,
    /// What fails again and again is told there.
    pub faults: Arc<Faults>,
    /// A host without commands for so long ends; its stream is loaded again when there is one.
    pub idle: Duration,
}

/// Long enough that a stream somebody works on keeps its host, short enough that the features of
/// the last hour take no memory: loading a stream again is one read of a few events.
pub const IDLE: Duration = Duration::from_secs(60);

/// Why a command was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExecuteError {
    /// The rules turned it down.
    #[error("{message}")]
    Refused {
        /// What sort of answer it is.
        kind: RefusalKind,
        /// The stable code, for programs.
        code: &'static str,
        /// The message, for people to read.
        message: String,
    },
    /// A precondition moved: plan again.
    #[error("{stream} moved meanwhile; look again and decide anew")]
    Stale {
        /// The stream that moved.
        stream: StreamId,
    },
    /// The command id was used before, with another body.
    #[error("this command id was used before with another body; use a new id")]
    IdReused,
    /// Too much at once.
    #[error("the server is busy; try again")]
    Busy,
    /// It may or may not have happened; the same command id tells.
    #[error("outcome unknown ({0}); ask again with the same command id")]
    Unknown(String),
    /// The stream cannot be folded.
    #[error("{stream} is quarantined: {why}; its events are kept, and this build cannot fold them")]
    Quarantined {
        /// The stream that it concerns.
        stream: StreamId,
        /// The failure, in words for people.
        why: String,
    },
    /// The log cannot be read or written.
    #[error("the log is not available: {0}")]
    Unavailable(String),
}

impl ExecuteError {
    /// What the rules said.
    pub fn refused(refusal: &impl Refusal) -> Self {
        Self::Refused {
            kind: refusal.kind(),
            code: refusal.code(),
            message: refusal.to_string(),
        }
    }
}

/// A command on its way to a host.
#[derive(Clone, Message)]
#[rtype(result = "Result<Executed<A>, ExecuteError>")]
pub struct Execute<A: Aggregate> {
    /// The command that is asked for.
    pub command: A::Command,
    /// The rest of it.
    pub request: Request,
    /// The caller's span: what the host logs stands in it, on whichever thread it runs.
    pub(crate) span: Span,
}

impl<A: Aggregate> Execute<A> {
    /// A command that is not sent yet.
    pub fn new(command: A::Command, request: Request) -> Self {
        Self {
            command,
            request,
            span: Span::none(),
        }
    }
}

/// What comes with a command of whichever aggregate.
#[derive(Debug, Clone)]
pub struct Request {
    /// Answered once.
    pub id: CommandId,
    /// Who asks, and why.
    pub cause: Cause,
    /// Streams that must still be where the caller saw them.
    pub preconditions: Vec<(StreamId, Version)>,
}

/// The actor of one stream.
pub struct Host<A: Aggregate> {
    hosted: Option<Hosted<A>>,
    idle: Duration,
    used: Instant,
}

impl<A: Aggregate> Host<A> {
    /// A host that loads its stream with the first command.
    pub fn new(stream: StreamId, kernel: Kernel) -> Self {
        Self {
            idle: kernel.idle,
            used: Instant::now(),
            hosted: Some(Hosted {
                stream,
                kernel,
                state: A::default(),
                version: Version(0),
                position: Position(0),
                loaded: false,
            }),
        }
    }
}

impl<A: Aggregate> Actor for Host<A> {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        Self::end_when_idle(self.idle, ctx);
    }
}

impl<A: Aggregate> Host<A> {
    /// Looks after a while whether there were commands meanwhile; ends when there were none. A
    /// command that arrives while it ends comes back to the directory unanswered, which sends it to
    /// the next host.
    fn end_when_idle(after: Duration, ctx: &mut Context<Self>) {
        ctx.run_later(after, |host, ctx| {
            let unused = host.used.elapsed();
            if unused >= host.idle {
                ctx.stop();
            } else {
                Self::end_when_idle(host.idle.saturating_sub(unused), ctx);
            }
        });
    }
}

impl<A: Aggregate> Handler<Execute<A>> for Host<A> {
    type Result = AtomicResponse<Self, Result<Executed<A>, ExecuteError>>;

    fn handle(&mut self, message: Execute<A>, _ctx: &mut Context<Self>) -> Self::Result {
        let hosted = self.hosted.take();
        self.used = Instant::now();
        let span = debug_span!(parent: &message.span, "host");
        let work = async move {
            let mut hosted = hosted?;
            let answer = hosted.execute(message).await;
            Some((hosted, answer))
        };
        let work = work.instrument(span);

        AtomicResponse::new(Box::pin(work.into_actor(self).map(|done, host, ctx| {
            let Some((hosted, answer)) = done else {
                ctx.stop();
                return Err(ExecuteError::Unavailable("the host is stopping".to_owned()));
            };
            let fatal = matches!(
                answer,
                Err(ExecuteError::Unknown(_)
                    | ExecuteError::Quarantined { .. }
                    | ExecuteError::Unavailable(_))
            );
            if fatal {
                ctx.stop();
            } else {
                host.hosted = Some(hosted);
            }
            answer
        })))
    }
}

struct Hosted<A: Aggregate> {
    stream: StreamId,
    kernel: Kernel,
    state: A,
    version: Version,
    position: Position,
    loaded: bool,
}

enum Decided<A: Aggregate> {
    Done(Executed<A>),
    Again,
}

impl<A: Aggregate> Hosted<A> {
    async fn execute(&mut self, message: Execute<A>) -> Result<Executed<A>, ExecuteError> {
        if !self.loaded {
            self.catch_up().await?;
            self.loaded = true;
        }

        for _ in 0..DECISIONS_MAX {
            match self.decide_once(&message).await? {
                Decided::Done(executed) => return Ok(executed),
                Decided::Again => self.catch_up().await?,
            }
        }

        Err(ExecuteError::Stale {
            stream: self.stream.clone(),
        })
    }

    async fn decide_once(&mut self, message: &Execute<A>) -> Result<Decided<A>, ExecuteError> {
        let now = self.kernel.clock.now();
        let (id, body) = (
            message.request.id,
            Digest::of(&events::codec::to_named(&message.command)),
        );

        let events = match self.decide(&message.command, now)? {
            Ok(events) => events,
            Err(refusal) => {
                debug!(code = refusal.code(), "the rules turned it down");
                let overtaken = self.overtaken(message);
                let why = overtaken.unwrap_or_else(|| ExecuteError::refused(&refusal));
                return self.refused(id, body, why).await.map(Decided::Done);
            }
        };
        if events.is_empty() {
            let receipt = Receipt {
                stream: self.stream.clone(),
                version: self.version,
                position: self.position,
            };
            return Ok(Decided::Done(Executed { receipt, events }));
        }

        let append = Append {
            stream: self.stream.clone(),
            expected: self.version,
            also_expect: message.request.preconditions.clone(),
            events: events.iter().map(NewEvent::of).collect(),
            command: id,
            body,
            cause: message.request.cause.clone(),
            trace: None,
            at: now,
        };
        let span = debug_span!("append", events = events.len());
        match self.append(append).instrument(span).await {
            Ok(receipt) => self.recorded(receipt, events, now).map(Decided::Done),
            Err(error) => self.not_recorded(id, error).await,
        }
    }

    /// What the rules say. A panic of theirs leaves the state as it was: only `evolve` changes it.
    fn decide(
        &self,
        command: &A::Command,
        now: Timestamp,
    ) -> Result<Result<Vec<A::Event>, A::Refusal>, ExecuteError> {
        let decided = catch_unwind(AssertUnwindSafe(|| self.state.decide(command, now)));

        decided.map_err(|panic| {
            let what = panic_text(&*panic);
            ExecuteError::Unavailable(format!("deciding panicked: {what}"))
        })
    }

    /// Folds what was just recorded.
    fn recorded(
        &mut self,
        receipt: Receipt,
        events: Vec<A::Event>,
        at: Timestamp,
    ) -> Result<Executed<A>, ExecuteError> {
        self.kernel.faults.well(None, Chore::Record);
        self.kernel.feed.advance(receipt.position);

        let first = receipt.position.0 - (events.len() as u64 - 1);
        for (event, n) in events.iter().zip(0..) {
            let moment = Moment {
                position: Position(first + n),
                version: Version(self.version.0 + 1),
                at,
            };
            self.evolve(event, moment)?;
        }
        Ok(Executed { receipt, events })
    }

    /// What an append that was not taken means for its command.
    async fn not_recorded(
        &mut self,
        id: CommandId,
        error: AppendError,
    ) -> Result<Decided<A>, ExecuteError> {
        match error {
            AppendError::Conflict { .. } => Ok(Decided::Again),
            AppendError::Repeated {
                receipt,
                same_body: true,
            } => self.again(id, receipt).await.map(Decided::Done),
            AppendError::Repeated {
                same_body: false, ..
            } => Err(ExecuteError::IdReused),
            AppendError::Precondition { stream, .. } => Err(ExecuteError::Stale { stream }),
            AppendError::Busy => Err(ExecuteError::Busy),
            AppendError::Invalid(why) => Err(ExecuteError::Refused {
                kind: RefusalKind::Invalid,
                code: "invalid",
                message: why,
            }),
            AppendError::Unknown(why) => {
                self.kernel.faults.failing(None, Chore::Record, &why);
                Err(ExecuteError::Unknown(why))
            }
            AppendError::Closed(why) | AppendError::NotNow(why) => {
                self.kernel.faults.failing(None, Chore::Record, &why);
                Err(ExecuteError::Unavailable(why))
            }
        }
    }

    async fn append(&self, append: Append) -> Result<Receipt, AppendError> {
        let answer = self.kernel.log.append(append).await;

        match &answer {
            Ok(receipt) => debug!(position = %receipt.position, "recorded"),
            Err(why) => debug!(%why, "not recorded"),
        }
        answer
    }

    /// A refusal may be the repetition of a success: then the stored receipt is the answer.
    async fn refused(
        &self,
        id: CommandId,
        body: Digest,
        why: ExecuteError,
    ) -> Result<Executed<A>, ExecuteError> {
        match self.kernel.log.remembered(id).await {
            Ok(Some(known)) if known.body == body => self.again(id, known.receipt).await,
            Ok(Some(_)) => Err(ExecuteError::IdReused),
            Ok(None) => Err(why),
            Err(e) => Err(ExecuteError::Unavailable(e.to_string())),
        }
    }

    /// What a command that named another version of this stream comes to when the rules turn it
    /// down: they judged a state that its caller never saw.
    fn overtaken(&self, message: &Execute<A>) -> Option<ExecuteError> {
        let mut preconditions = message.request.preconditions.iter();
        let moved = |(stream, version): &&(StreamId, Version)| {
            *stream == self.stream && *version != self.version
        };
        preconditions
            .find(moved)
            .map(|(stream, _)| ExecuteError::Stale {
                stream: stream.clone(),
            })
    }

    /// The answer to a command that was carried out before.
    async fn again(&self, id: CommandId, receipt: Receipt) -> Result<Executed<A>, ExecuteError> {
        let again = executed::again(&*self.kernel.log, id, receipt).await;
        again.map_err(|e| ExecuteError::Unavailable(e.to_string()))
    }

    async fn catch_up(&mut self) -> Result<(), ExecuteError> {
        loop {
            let read = self
                .kernel
                .log
                .read_stream(&self.stream, self.version, LOAD_BATCH)
                .await;
            let batch = read.map_err(|e| ExecuteError::Unavailable(e.to_string()))?;
            for envelope in &batch {
                let event = A::Event::decode(&envelope.kind, envelope.schema, &envelope.payload);
                let event = event.map_err(|e| self.quarantine(e.to_string()))?;
                let moment = Moment {
                    position: envelope.position,
                    version: envelope.version,
                    at: envelope.at,
                };
                self.evolve(&event, moment)?;
            }
            if batch.len() < LOAD_BATCH {
                return Ok(());
            }
        }
    }

    fn evolve(&mut self, event: &A::Event, moment: Moment) -> Result<(), ExecuteError> {
        match catch_unwind(AssertUnwindSafe(|| self.state.evolve(event, moment))) {
            Ok(()) => {
                self.version = moment.version;
                self.position = moment.position;
                Ok(())
            }
            Err(panic) => Err(self.quarantine(format!(
                "folding position {} panicked: {}",
                moment.position,
                panic_text(&*panic)
            ))),
        }
    }

    fn quarantine(&self, why: String) -> ExecuteError {
        let mut quarantine = self
            .kernel
            .quarantine
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        quarantine.insert(self.stream.clone(), why.clone());
        ExecuteError::Quarantined {
            stream: self.stream.clone(),
            why,
        }
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<&str>() {
        return (*text).to_owned();
    }
    match panic.downcast_ref::<String>() {
        Some(text) => text.clone(),
        None => "no message".to_owned(),
    }
}

#[cfg(test)]
mod tests;
