//! Group commit: a bounded queue that one thread drains into a store, a batch at a time.
//!
//! While one batch is being made durable the next collects itself, so there is no artificial delay.
//! Each request gets its own answer. A batch whose outcome is not known is final for the process:
//! after a failed sync the page cache may claim pages clean that never reached the disk, so only a
//! fresh reading of the store tells the truth. A batch that was certainly not recorded is answered
//! so, and the next one is tried: a full disk recovers by itself when there is room again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use events::envelope::Envelope;
use events::log::{Append, AppendError, Head, Receipt};
use events::stream::Position;
use tokio::sync::{oneshot, watch};

use super::tail::Tail;

/// Requests that may wait.
const QUEUE_MAX: usize = 4096;
/// Payload bytes that may wait.
const QUEUE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Requests in one commit.
const BATCH_MAX: usize = 1024;

/// What a request is told.
pub(super) type Answer = Result<Receipt, AppendError>;

/// Why a batch was not made durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Nothing of it was recorded, for certain; the next batch may be.
    NotNow(String),
    /// Nothing of it was recorded, and another server owns the log.
    Fenced(String),
    /// It may have been recorded or not, and the next batch finds out: the store goes on.
    Unsure(String),
    /// It may have been recorded or not, and this process is done with the log.
    Unknown(String),
}

/// Where batches are made durable. Lives on the thread of the queue alone.
pub(super) trait Store: Send + 'static {
    /// Records what of a batch holds in one durable transaction, and answers every request in
    /// order.
    fn commit(&mut self, batch: &[&Append]) -> Result<Vec<Answer>, Trouble>;
    /// The newest durable place.
    fn head(&self) -> Head;
    /// The events that became durable since this was last asked, in order.
    fn recorded(&mut self) -> Vec<Envelope>;
    /// Writes what changes nothing, as durably as a batch.
    fn try_writing(&mut self) -> Result<(), Trouble> {
        self.commit(&[]).map(drop)
    }
    /// Reads what the first batch will want, off everybody's way.
    fn warm_up(&mut self) {}
    /// Brings what was recorded into its final place, before an orderly end.
    fn settle(&mut self) {}
}

/// How the log fares.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Health {
    /// Why nothing can be recorded at the moment. It is tried again with every append.
    pub degraded: Option<String>,
    /// Why nothing will be recorded any more in this process.
    pub closed: Option<String>,
}

struct Request {
    append: Append,
    bytes: usize,
    answer: oneshot::Sender<Answer>,
}

enum Message {
    Append(Box<Request>),
    /// Is writing possible?
    Try(oneshot::Sender<Result<(), AppendError>>),
    /// Record what came before, settle the store, and end.
    Close(oneshot::Sender<()>),
}

/// The handle to the thread.
pub(super) struct Queue {
    requests: SyncSender<Message>,
    waiting: Arc<AtomicUsize>,
    head: watch::Receiver<Head>,
    health: watch::Receiver<Health>,
    tail: Tail,
}

impl Queue {
    /// Starts the thread on a store that nobody else writes.
    pub(super) fn start(store: impl Store) -> std::io::Result<Self> {
        let (requests, incoming) = sync_channel(QUEUE_MAX);
        let waiting = Arc::new(AtomicUsize::new(0));
        let (told_head, head) = watch::channel(store.head());
        let (told_health, health) = watch::channel(Health::default());
        let tail = Tail::default();
        let thread = Thread {
            store,
            tail: tail.clone(),
            waiting: waiting.clone(),
            head: told_head,
            health: told_health,
        };
        std::thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || thread.run(&incoming))?;
        Ok(Self {
            requests,
            waiting,
            head,
            health,
            tail,
        })
    }

    /// Ends the thread: what was queued is recorded, the store is settled and closed. Appends are
    /// answered `Closed` from then on.
    pub(super) async fn close(&self) {
        let (closed, ended) = oneshot::channel();
        let requests = self.requests.clone();
        // The queue may be full of what has to be recorded first.
        let sent =
            tokio::task::spawn_blocking(move || requests.send(Message::Close(closed)).is_ok())
                .await;
        if matches!(sent, Ok(true)) && ended.await.is_err() {
            tracing::debug!("the log's writer had ended before it was closed");
        }
    }

    /// Queues a request and waits for its answer.
    pub(super) async fn append(&self, append: Append) -> Answer {
        append.check_bounds()?;
        if let Some(why) = self.health.borrow().closed.clone() {
            return Err(AppendError::Closed(why));
        }

        let bytes = append.events.iter().map(|e| e.payload.len()).sum();
        if self.waiting.fetch_add(bytes, Ordering::Relaxed) + bytes > QUEUE_BYTES_MAX {
            self.waiting.fetch_sub(bytes, Ordering::Relaxed);
            return Err(AppendError::Busy);
        }

        let (answer, answered) = oneshot::channel();

        match self.requests.try_send(Message::Append(Box::new(Request {
            append,
            bytes,
            answer,
        }))) {
            Ok(()) => answered
                .await
                .unwrap_or_else(|_| Err(AppendError::Unknown("the log's writer ended".to_owned()))),
            Err(refused) => {
                self.waiting.fetch_sub(bytes, Ordering::Relaxed);
                Err(match refused {
                    TrySendError::Full(_) => AppendError::Busy,
                    TrySendError::Disconnected(_) => {
                        AppendError::Closed("the log's writer ended".to_owned())
                    }
                })
            }
        }
    }

    /// Whether something could be recorded now.
    pub(super) async fn ready(&self) -> Result<(), AppendError> {
        let Health { degraded, closed } = self.health.borrow().clone();
        if let Some(why) = closed {
            return Err(AppendError::Closed(why));
        }

        let Some(why) = degraded else {
            return Ok(());
        };
        let (answer, answered) = oneshot::channel();
        match self.requests.try_send(Message::Try(answer)) {
            Ok(()) => answered.await.unwrap_or(Err(AppendError::NotNow(why))),
            Err(_) => Err(AppendError::NotNow(why)),
        }
    }

    pub(super) fn head(&self) -> Head {
        *self.head.borrow()
    }

    /// The commit right after a position, when it was made a moment ago.
    pub(super) fn recent(&self, after: Position) -> Option<Arc<Vec<Envelope>>> {
        self.tail.after(after)
    }

    pub(super) fn health(&self) -> watch::Receiver<Health> {
        self.health.clone()
    }
}

struct Thread<S> {
    store: S,
    tail: Tail,
    waiting: Arc<AtomicUsize>,
    head: watch::Sender<Head>,
    health: watch::Sender<Health>,
}

/// Requests that waited, and who asks for something else.
#[derive(Default)]
struct Gathered {
    batch: Vec<Request>,
    /// Who asks whether writing is possible.
    asking: Vec<oneshot::Sender<Result<(), AppendError>>>,
    /// Who wants an end.
    closed: Option<oneshot::Sender<()>>,
}

impl Gathered {
    fn take(&mut self, message: Message) {
        match message {
            Message::Append(request) => self.batch.push(*request),
            Message::Try(answer) => self.asking.push(answer),
            Message::Close(closed) => self.closed = Some(closed),
        }
    }

    /// Takes what waits. Callers that were just answered are often about to ask again: as long as
    /// more come whenever others get to run, they go along, because each would otherwise wait for
    /// two commits instead of one. Nobody is waited for.
    fn rest(&mut self, requests: &Receiver<Message>) {
        while self.closed.is_none() {
            let before = self.batch.len();
            for message in requests.try_iter().take(BATCH_MAX - before) {
                self.take(message);
                if self.closed.is_some() {
                    return;
                }
            }

            if self.batch.len() == before || self.batch.len() == BATCH_MAX {
                return;
            }
            std::thread::yield_now();
        }
    }
}

impl<S: Store> Thread<S> {
    fn run(mut self, requests: &Receiver<Message>) {
        self.store.warm_up();

        while let Ok(first) = requests.recv() {
            let mut gathered = Gathered::default();
            gathered.take(first);
            gathered.rest(requests);

            let Gathered {
                batch,
                asking,
                closed,
            } = gathered;
            self.waiting
                .fetch_sub(batch.iter().map(|r| r.bytes).sum(), Ordering::Relaxed);
            if !batch.is_empty() && !self.commit(batch) {
                return;
            }
            if !asking.is_empty() && !self.tell_whether_ready(asking) {
                return;
            }
            if let Some(closed) = closed {
                self.health
                    .send_modify(|health| health.closed = Some("the log was closed".to_owned()));
                self.store.settle();
                drop(self);
                // Whoever wanted the end may be gone.
                closed.send(()).unwrap_or_default();
                return;
            }
        }
    }

    /// Tries to write, and tells what came of it. False when the log may not be written any more.
    fn tell_whether_ready(
        &mut self,
        asking: Vec<oneshot::Sender<Result<(), AppendError>>>,
    ) -> bool {
        let (answer, goes_on) = match self.store.try_writing() {
            Ok(()) => {
                self.well();
                (Ok(()), true)
            }
            Err(trouble) => {
                let (answer, goes_on) = self.failed(trouble);
                (Err(answer), goes_on)
            }
        };
        for asking in asking {
            // Whoever asked may be gone.
            drop(asking.send(answer.clone()));
        }
        goes_on
    }

    /// Commits a batch and answers each of its requests. False when the log may not be written any
    /// more.
    fn commit(&mut self, batch: Vec<Request>) -> bool {
        let appends: Vec<&Append> = batch.iter().map(|r| &r.append).collect();
        let trouble = match self.store.commit(&appends) {
            Ok(answers) => {
                self.tail.push(self.store.recorded());
                self.head.send_replace(self.store.head());
                self.well();
                for (request, answer) in batch.into_iter().zip(answers) {
                    // A caller that went away asks again with its command id.
                    drop(request.answer.send(answer));
                }
                return true;
            }
            Err(trouble) => trouble,
        };

        let (answer, goes_on) = self.failed(trouble);
        for request in batch {
            drop(request.answer.send(Err(answer.clone())));
        }
        goes_on
    }

    /// Says how the log fares now: what is answered, and whether it may be written again.
    fn failed(&self, trouble: Trouble) -> (AppendError, bool) {
        let degraded = |why: &String| {
            self.health
                .send_modify(|health| health.degraded = Some(why.clone()));
        };
        let (answer, closed) = match trouble {
            Trouble::NotNow(why) => {
                degraded(&why);
                (AppendError::NotNow(why), None)
            }
            Trouble::Unsure(why) => {
                degraded(&why);
                (AppendError::Unknown(why), None)
            }
            Trouble::Fenced(why) => (AppendError::Closed(why.clone()), Some(why)),
            Trouble::Unknown(why) => (AppendError::Unknown(why.clone()), Some(why)),
        };

        if let Some(why) = &closed {
            tracing::error!(%why, "the log takes no more appends; restart the server");
            self.health
                .send_modify(|health| health.closed = Some(why.clone()));
        }
        (answer, closed.is_none())
    }

    fn well(&self) {
        self.health.send_if_modified(|health| {
            let recovered = health.degraded.take().is_some();
            if recovered {
                tracing::info!("the log can be written again");
            }
            recovered
        });
    }
}
