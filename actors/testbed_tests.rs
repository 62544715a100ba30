//! Hosts, projections and their log in memory, for the tests of this crate: one project, `z`, whose
//! history the test records itself.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use events::aggregate::Aggregate;
use events::cause::{Cause, Principal};
use events::codec::EventCodec;
use events::container;
use events::envelope::Envelope;
use events::feature::{self, Content};
use events::holder::Holder;
use events::id::{CommandId, Digest, ProjectName, Timestamp};
use events::log::{Append, AppendError, EventLog, Head, NewEvent, ReadError, Receipt, Remembered};
use events::memory::MemoryLog;
use events::own_time::Gap;
use events::stream::{Position, StreamId, Version};
use events::view::Projections;
use events::{backlog, merge_queue, project};

use crate::directory::Directory;
pub(crate) use crate::directory::with_hosts;
use crate::executed::Executed;
use crate::faults::Faults;
use crate::feed::Feed;
use crate::host::{Execute, ExecuteError, Kernel, Request};
use crate::ports::clock::Clock;
use crate::projector::Projector;
use crate::scene::{feature as feature_id, sha};

/// A clock that stands.
struct Still;

#[async_trait]
impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp(9_000_000_000)
    }
    async fn sleep_until(&self, _at: Timestamp) {
        std::future::pending().await
    }
    fn gaps(&self) -> Vec<Gap> {
        vec![]
    }
    fn begin_after(&self, _at: Timestamp) {}
}

/// A log in memory that may turn an append down for a reason of its own.
pub(crate) struct TestLog {
    log: MemoryLog,
    /// What the next appends are answered instead.
    pub(crate) answers: Mutex<VecDeque<AppendError>>,
    /// The next append is recorded, and its answer is lost.
    pub(crate) loses_an_answer: AtomicBool,
}

#[async_trait]
impl EventLog for TestLog {
    fn id(&self) -> String {
        self.log.id()
    }
    async fn append(&self, append: Append) -> Result<Receipt, AppendError> {
        if self.loses_an_answer.swap(false, Ordering::SeqCst) {
            self.log.append(append).await?;
            return Err(AppendError::Unknown("no answer".to_owned()));
        }
        let answer = self.answers.lock().expect("no panic").pop_front();
        match answer {
            Some(answer) => Err(answer),
            None => self.log.append(append).await,
        }
    }
    async fn read_stream(
        &self,
        stream: &StreamId,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Envelope>, ReadError> {
        self.log.read_stream(stream, after, limit).await
    }
    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<Envelope>, ReadError> {
        self.log.read_all(after, limit).await
    }
    async fn head(&self) -> Result<Head, ReadError> {
        self.log.head().await
    }
    async fn remembered(&self, command: CommandId) -> Result<Option<Remembered>, ReadError> {
        self.log.remembered(command).await
    }
}

/// Everything that one server has of one log.
pub(crate) struct Testbed {
    pub(crate) log: Arc<TestLog>,
    pub(crate) directory: Directory,
    pub(crate) projector: Projector,
    pub(crate) faults: Arc<Faults>,
}

impl Testbed {
    /// A server over an empty log.
    pub(crate) async fn empty() -> Self {
        let log = Arc::new(TestLog {
            log: MemoryLog::new("l"),
            answers: Mutex::default(),
            loses_an_answer: AtomicBool::new(false),
        });
        let feed = Feed::new(Position(0));
        let faults = Arc::new(Faults::default());
        let directory = Directory::new(Kernel {
            log: log.clone(),
            feed: feed.clone(),
            clock: Arc::new(Still),
            quarantine: Arc::default(),
            faults: faults.clone(),
            idle: Duration::from_secs(60),
        });
        let opened = Projector::open(log.clone(), &feed, Projections::default()).await;
        let (projector, follower) = opened.expect("an empty log");
        tokio::spawn(projector.clone().run(follower));

        Self {
            log,
            directory,
            projector,
            faults,
        }
    }

    /// A server whose project runs, with these features ready in this order.
    pub(crate) async fn with(features: &[&str]) -> Self {
        let bed = Self::empty().await;
        let registered = project::event::Registered {
            git_url: "/up".into(),
            kind: project::ProjectKind::Existing,
        };
        let started = project::event::Started { by: "me".into() };
        let opened = merge_queue::event::Opened {
            branch: "main".into(),
            head: Some(sha('0')),
        };
        bed.record::<project::Event>("project-z", registered).await;
        bed.record::<project::Event>("project-z", started).await;
        bed.record::<merge_queue::Event>("trunk-z", opened).await;
        bed.record::<container::Event>("container-z/1", container::event::Enlisted {})
            .await;
        for (id, priority) in features.iter().zip(0..) {
            bed.feature(id, priority).await;
        }
        bed.seen().await;

        bed
    }

    async fn feature(&self, id: &str, priority: u8) {
        let batch = Digest::of(id.as_bytes());
        let admitted = backlog::event::Admitted {
            batch,
            ids: vec![feature_id(id)],
            edges: vec![],
            more: false,
        };
        self.record::<backlog::Event>("backlog-z", admitted).await;
        let content = Content {
            priority,
            ..Content::titled(id)
        };
        let created = feature::event::Created {
            content,
            batch,
            blockers: vec![],
        };
        self.of(id, created).await;
    }

    /// Records an event behind everybody's back, as another server would.
    pub(crate) async fn record<E: EventCodec>(&self, stream: &str, event: impl Into<E>) -> Receipt {
        let stream: StreamId = stream.parse().expect("a stream");
        let head = self.log.head().await.expect("a head").position;
        let command = CommandId(u128::from(head.0 + 1_000).to_be_bytes());
        let known = self.log.log.read_stream(&stream, Version(0), 10_000).await;
        let version = known.expect("read").len() as u64;

        let append = Append {
            stream,
            expected: Version(version),
            also_expect: vec![],
            events: vec![NewEvent::of(&event.into())],
            command,
            body: Digest::default(),
            cause: cause(),
            trace: None,
            at: Timestamp(i64::try_from(head.0).expect("small")),
        };
        self.log.log.append(append).await.expect("recorded")
    }

    /// The same of a feature.
    pub(crate) async fn of(&self, id: &str, event: impl Into<feature::Event>) -> Receipt {
        self.record::<feature::Event>(&format!("feature-z/{id}"), event)
            .await
    }

    /// Returns when the projections hold everything that is recorded.
    pub(crate) async fn seen(&self) {
        let head = self.log.head().await.expect("a head").position;
        self.directory.kernel().feed.advance(head);
        self.projector.wait_for(head).await;
    }

    /// Sends a command under this id.
    pub(crate) async fn send<A: Aggregate>(
        &self,
        stream: &str,
        id: u8,
        command: A::Command,
    ) -> Result<Executed<A>, ExecuteError> {
        self.send_given(stream, id, command, vec![]).await
    }

    /// Sends a command that is to hold only while these streams are there.
    pub(crate) async fn send_given<A: Aggregate>(
        &self,
        stream: &str,
        id: u8,
        command: A::Command,
        preconditions: Vec<(StreamId, Version)>,
    ) -> Result<Executed<A>, ExecuteError> {
        let stream = stream.parse().expect("a stream");
        let request = Request {
            id: command_id(id),
            cause: cause(),
            preconditions,
        };
        let message = Execute::<A>::new(command, request);
        self.directory.carry_out(&stream, message).await
    }
}

/// The project.
pub(crate) fn zoo() -> ProjectName {
    "z".parse().expect("a name")
}

/// Somebody outside.
pub(crate) fn holder(name: &str) -> Holder {
    let principal = name.to_owned();
    Holder::Outside { principal }
}

pub(crate) fn command_id(n: u8) -> CommandId {
    CommandId([n; 16])
}

pub(crate) fn cause() -> Cause {
    Cause::first(Principal::Operator("me".into()), command_id(0))
}

/// The code of a refusal, or another error's name.
pub(crate) fn code<T: std::fmt::Debug>(answer: Result<T, ExecuteError>) -> String {
    match answer {
        Ok(done) => format!("{done:?}"),
        Err(ExecuteError::Refused { code, .. }) => code.to_owned(),
        Err(ExecuteError::Stale { stream }) => format!("stale {stream}"),
        Err(ExecuteError::IdReused) => "id_reused".to_owned(),
        Err(ExecuteError::Busy) => "busy".to_owned(),
        Err(ExecuteError::Unknown(_)) => "unknown".to_owned(),
        Err(ExecuteError::Quarantined { .. }) => "quarantined".to_owned(),
        Err(ExecuteError::Unavailable(_)) => "unavailable".to_owned(),
    }
}
