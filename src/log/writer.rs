//! The one writer of the SQLite log: a thread that drains a bounded queue into group commits.
//!
//! While one batch is being made durable the next collects itself, so there is no artificial delay. Each request gets its own
//! answer. An error from COMMIT has an unknown outcome and is final for the process: after a failed sync the page cache may claim
//! pages clean that never reached the disk.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use events::envelope::genesis;
use events::id::{Digest, Timestamp};
use events::log::{Append, AppendError, Head, Receipt};
use events::stream::{Position, StreamId, Version};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use tokio::sync::{oneshot, watch};

/// Requests that may wait.
const QUEUE_MAX: usize = 4096;
/// Payload bytes that may wait.
const QUEUE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Requests in one commit.
const BATCH_MAX: usize = 1024;

type Answer = Result<Receipt, AppendError>;

struct Request {
    append: Append,
    bytes: usize,
    answer: oneshot::Sender<Answer>,
}

/// The handle to the writer thread.
pub(super) struct Writer {
    queue: SyncSender<Request>,
    waiting: Arc<AtomicUsize>,
    head: watch::Receiver<Head>,
    broken: watch::Receiver<Option<String>>,
}

impl Writer {
    /// Starts the thread on a connection that nobody else writes with.
    pub(super) fn start(connection: Connection, log_id: &str) -> rusqlite::Result<Self> {
        let ledger = Ledger::load(&connection, log_id)?;
        let (queue, requests) = sync_channel(QUEUE_MAX);
        let waiting = Arc::new(AtomicUsize::new(0));
        let (told_head, head) = watch::channel(ledger.head);
        let (told_broken, broken) = watch::channel(None);
        let thread = Thread { connection, ledger, waiting: waiting.clone(), head: told_head, broken: told_broken };
        std::thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || thread.run(&requests))
            .map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
        Ok(Self { queue, waiting, head, broken })
    }

    /// Queues a request and waits for its answer.
    pub(super) async fn append(&self, append: Append) -> Answer {
        append.check_bounds()?;
        if let Some(why) = self.broken.borrow().clone() {
            return Err(AppendError::Closed(why));
        }
        let bytes = append.events.iter().map(|e| e.payload.len()).sum();
        if self.waiting.fetch_add(bytes, Ordering::Relaxed) + bytes > QUEUE_BYTES_MAX {
            self.waiting.fetch_sub(bytes, Ordering::Relaxed);
            return Err(AppendError::Busy);
        }
        let (answer, answered) = oneshot::channel();
        match self.queue.try_send(Request { append, bytes, answer }) {
            Ok(()) => answered.await.unwrap_or_else(|_| Err(AppendError::Unknown("the log's writer ended".to_owned()))),
            Err(refused) => {
                self.waiting.fetch_sub(bytes, Ordering::Relaxed);
                Err(match refused {
                    TrySendError::Full(_) => AppendError::Busy,
                    TrySendError::Disconnected(_) => AppendError::Closed("the log's writer ended".to_owned()),
                })
            }
        }
    }

    pub(super) fn head(&self) -> Head {
        *self.head.borrow()
    }

    pub(super) fn broken(&self) -> watch::Receiver<Option<String>> {
        self.broken.clone()
    }
}

struct Thread {
    connection: Connection,
    ledger: Ledger,
    waiting: Arc<AtomicUsize>,
    head: watch::Sender<Head>,
    broken: watch::Sender<Option<String>>,
}

impl Thread {
    fn run(mut self, requests: &Receiver<Request>) {
        while let Ok(first) = requests.recv() {
            let mut batch = vec![first];
            while batch.len() < BATCH_MAX {
                match requests.try_recv() {
                    Ok(request) => batch.push(request),
                    Err(_) => break,
                }
            }
            self.waiting.fetch_sub(batch.iter().map(|r| r.bytes).sum(), Ordering::Relaxed);
            if !self.commit(batch) {
                return;
            }
        }
    }

    /// Commits a batch and answers each of its requests. False when the log may not be written any more.
    fn commit(&mut self, batch: Vec<Request>) -> bool {
        let appends: Vec<&Append> = batch.iter().map(|r| &r.append).collect();
        match write(&mut self.connection, &mut self.ledger, &appends) {
            Ok(answers) => {
                self.head.send_replace(self.ledger.head);
                for (request, answer) in batch.into_iter().zip(answers) {
                    // A caller that went away asks again with its command id.
                    drop(request.answer.send(answer));
                }
                true
            }
            Err(error) => {
                let why = format!("writing the log failed: {error}");
                tracing::error!(%error, "the log takes no more appends; restart the server");
                self.broken.send_replace(Some(why.clone()));
                for request in batch {
                    drop(request.answer.send(Err(AppendError::Unknown(why.clone()))));
                }
                false
            }
        }
    }
}

/// What the writer knows without asking: it is the only one who writes.
struct Ledger {
    head: Head,
    last_at: Timestamp,
    streams: HashMap<StreamId, (i64, Version)>,
    types: HashMap<String, i64>,
    principals: HashMap<String, i64>,
}

impl Ledger {
    fn load(connection: &Connection, log_id: &str) -> rusqlite::Result<Self> {
        let newest = connection
            .query_row("SELECT position, digest, at FROM events ORDER BY position DESC LIMIT 1", [], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, [u8; 32]>(1)?, row.get::<_, i64>(2)?))
            })
            .optional()?;
        let (head, last_at) = match newest {
            Some((position, digest, at)) => {
                (Head { position: Position(position.unsigned_abs()), digest: Digest(digest) }, Timestamp(at))
            }
            None => (Head { position: Position(0), digest: genesis(log_id) }, Timestamp(0)),
        };
        let mut streams = HashMap::new();
        let mut statement = connection.prepare(
            "SELECT s.id, s.name, coalesce((SELECT max(version) FROM events e WHERE e.stream_id = s.id), 0) FROM streams s",
        )?;
        let rows = statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?)))?;
        for row in rows {
            let (id, name, version) = row?;
            let stream = name.parse::<StreamId>().map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
            streams.insert(stream, (id, Version(version.unsigned_abs())));
        }
        let (types, principals) = (interned(connection, "event_types")?, interned(connection, "principals")?);
        Ok(Self { head, last_at, streams, types, principals })
    }

    fn version(&self, stream: &StreamId) -> Version {
        self.streams.get(stream).map_or(Version(0), |(_, version)| *version)
    }
}

fn interned(connection: &Connection, table: &'static str) -> rusqlite::Result<HashMap<String, i64>> {
    let sql = match table {
        "principals" => "SELECT name, id FROM principals",
        _ => "SELECT name, id FROM event_types",
    };
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

fn intern(tx: &Transaction<'_>, known: &mut HashMap<String, i64>, insert: &str, name: &str) -> rusqlite::Result<i64> {
    if let Some(id) = known.get(name) {
        return Ok(*id);
    }
    tx.prepare_cached(insert)?.execute([name])?;
    let id = tx.last_insert_rowid();
    known.insert(name.to_owned(), id);
    Ok(id)
}

/// One transaction for all requests; a request that does not hold is answered and leaves no trace.
fn write(connection: &mut Connection, ledger: &mut Ledger, appends: &[&Append]) -> rusqlite::Result<Vec<Answer>> {
    let tx = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let mut answers = Vec::with_capacity(appends.len());
    let mut wrote = false;
    for append in appends {
        let answer = match known_command(&tx, append)? {
            Some(repeated) => Err(repeated),
            None => match append.check_expectations(|stream| ledger.version(stream)) {
                Ok(()) => {
                    wrote = true;
                    Ok(insert(&tx, ledger, append)?)
                }
                Err(conflict) => Err(conflict),
            },
        };
        answers.push(answer);
    }
    if wrote {
        tx.commit()?;
    }
    Ok(answers)
}

fn known_command(tx: &Transaction<'_>, append: &Append) -> rusqlite::Result<Option<AppendError>> {
    let mut statement = tx.prepare_cached(
        "SELECT s.name, c.version, c.position, c.body FROM commands c JOIN streams s ON s.id = c.stream_id WHERE c.id = ?",
    )?;
    let found = statement
        .query_row([append.command.0.as_slice()], |row| {
            let (name, version, position): (String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok((name, version, position, row.get::<_, Vec<u8>>(3)?))
        })
        .optional()?;
    let Some((name, version, position, body)) = found else { return Ok(None) };
    let stream = name.parse().map_err(|e: events::id::BadId| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
    let receipt = Receipt { stream, version: Version(version.unsigned_abs()), position: Position(position.unsigned_abs()) };
    Ok(Some(AppendError::Repeated { receipt, same_body: body == append.body.0 }))
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn insert(tx: &Transaction<'_>, ledger: &mut Ledger, append: &Append) -> rusqlite::Result<Receipt> {
    let recorded = append.envelopes(ledger.head, ledger.last_at);
    let stream_id = match ledger.streams.get(&append.stream) {
        Some((id, _)) => *id,
        None => {
            tx.prepare_cached("INSERT INTO streams (name) VALUES (?)")?.execute([append.stream.to_string()])?;
            tx.last_insert_rowid()
        }
    };
    let principal = append.cause.principal.to_string();
    let principal_id = intern(tx, &mut ledger.principals, "INSERT INTO principals (name) VALUES (?)", &principal)?;
    let mut receipt = Receipt { stream: append.stream.clone(), version: append.expected, position: ledger.head.position };
    for envelope in &recorded {
        let type_id = intern(tx, &mut ledger.types, "INSERT INTO event_types (name) VALUES (?)", &envelope.kind)?;
        tx.prepare_cached("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?.execute(params![
            signed(envelope.position.0),
            stream_id,
            signed(envelope.version.0),
            type_id,
            envelope.schema,
            envelope.at.0,
            principal_id,
            envelope.cause.correlation.0.as_slice(),
            envelope.cause.causation.map(|p| signed(p.0)),
            envelope.command.0.as_slice(),
            envelope.trace,
            envelope.payload,
            envelope.digest.0.as_slice(),
        ])?;
        receipt.version = envelope.version;
        receipt.position = envelope.position;
        ledger.head = Head { position: envelope.position, digest: envelope.digest };
        ledger.last_at = envelope.at;
    }
    tx.prepare_cached("INSERT INTO commands VALUES (?, ?, ?, ?, ?)")?.execute(params![
        append.command.0.as_slice(),
        stream_id,
        signed(receipt.version.0),
        signed(receipt.position.0),
        append.body.0.as_slice(),
    ])?;
    ledger.streams.insert(append.stream.clone(), (stream_id, receipt.version));
    Ok(receipt)
}
