//! What a writer of a log knows without asking, because it is the only one who writes: the head,
//! where every stream is, and the numbers of interned names. A batch is drafted beside it and
//! becomes part of it only when it is durable.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};

use events::cause::Principal;
use events::envelope::{Envelope, genesis};
use events::id::{CommandId, Digest, Timestamp};
use events::log::{Append, AppendError, Head, Receipt, Remembered};
use events::stream::{Position, StreamId, Version};

use super::archive::Record;
use super::queue::Answer;
use super::verify::Damage;

/// Names that are stored once and numbered from 1.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: Marked<i64>,
    last: i64,
}

impl Names {
    /// Takes a stored pair.
    pub(super) fn know(&mut self, name: &str, id: i64) {
        self.last = self.last.max(id);
        self.known.insert(name, id);
    }
}

/// A map whose keys are kept as marks of 128 bits: every feature and every session there ever was
/// is a key here, for good. Nobody who chooses names knows what makes the marks, so no two names
/// have the same.
#[derive(Debug)]
struct Marked<T> {
    marks: [RandomState; 2],
    values: HashMap<[u64; 2], T>,
}

impl<T> Default for Marked<T> {
    fn default() -> Self {
        Self {
            marks: [RandomState::new(), RandomState::new()],
            values: HashMap::new(),
        }
    }
}

impl<T> Marked<T> {
    fn mark(&self, key: &(impl Hash + ?Sized)) -> [u64; 2] {
        let [one, other] = &self.marks;
        [one.hash_one(key), other.hash_one(key)]
    }

    fn get(&self, key: &(impl Hash + ?Sized)) -> Option<&T> {
        self.values.get(&self.mark(key))
    }

    fn insert(&mut self, key: &(impl Hash + ?Sized), value: T) {
        let mark = self.mark(key);
        self.values.insert(mark, value);
    }
}

/// The knowledge of the writer.
#[derive(Debug)]
pub(super) struct Ledger {
    /// The newest place.
    pub(super) head: Head,
    /// When the newest event was recorded.
    pub(super) last_at: Timestamp,
    /// Number and version of every stream.
    streams: Marked<(i64, Version)>,
    /// Highest number of a stream.
    pub(super) last_stream: i64,
    /// Stored event names.
    pub(super) kinds: Names,
    /// The numbers of the principals that ever wrote.
    pub(super) principals: Names,
    setback: Setback,
}

/// A clock that was set back: events carry the time of the newest one until it has caught up, and
/// that is said once.
#[derive(Debug, Default)]
struct Setback(AtomicBool);

/// Less than this is no setback: commands are decided a moment before they are recorded.
const SETBACK_MS: u64 = 1_000;

impl Setback {
    /// Looks at the time of a command beside that of the newest event; answers by how much it is
    /// behind, the first time that it is.
    fn look(&self, at: Timestamp, last_at: Timestamp) -> Option<u64> {
        let behind = last_at.ms_since(at);
        let is_behind = behind > SETBACK_MS;
        let was_behind = self.0.swap(is_behind, Ordering::Relaxed);
        (is_behind && !was_behind).then_some(behind)
    }
}

impl Ledger {
    /// The ledger of an empty log.
    pub(super) fn empty(log_id: &str) -> Self {
        let head = Head {
            position: Position(0),
            digest: genesis(log_id),
        };
        let (kinds, principals) = (Names::default(), Names::default());

        Self {
            head,
            last_at: Timestamp(0),
            streams: Marked::default(),
            last_stream: 0,
            kinds,
            principals,
            setback: Setback::default(),
        }
    }

    /// Takes a stored stream.
    pub(super) fn know_stream(&mut self, stream: &StreamId, id: i64, version: Version) {
        self.last_stream = self.last_stream.max(id);
        self.streams.insert(stream, (id, version));
    }

    /// Takes the newest stored event.
    pub(super) fn know_head(&mut self, position: Position, digest: Digest, at: Timestamp) {
        self.head = Head { position, digest };
        self.last_at = at;
    }

    /// Makes a durable draft part of the ledger; answers its events.
    pub(super) fn take(&mut self, drafted: Drafted) -> impl Iterator<Item = Envelope> + use<> {
        self.head = drafted.head;
        self.last_at = drafted.last_at;
        for (stream, (id, version)) in drafted.touched {
            self.know_stream(&stream, id, version);
        }
        for (name, id) in drafted.new_kinds {
            self.kinds.know(&name, id);
        }
        for (name, id) in drafted.new_principals {
            self.principals.know(&name, id);
        }
        drafted.events.into_iter().map(|event| event.envelope)
    }
}

/// One event with the numbers of its names.
pub(super) struct DraftedEvent {
    pub(super) envelope: Envelope,
    pub(super) stream: i64,
    pub(super) kind: i64,
    pub(super) principal: i64,
}

/// The stored answer to one command.
pub(super) struct DraftedCommand {
    pub(super) id: CommandId,
    pub(super) stream: i64,
    pub(super) receipt: Receipt,
    pub(super) body: Digest,
}

impl DraftedCommand {
    /// The sum that is stored beside it.
    pub(super) fn sum(&self) -> i64 {
        command_sum(self.id, &self.receipt, self.body)
    }
}

/// A checksum over the stored answer to a command, which is not part of any event and so not of the
/// chain.
pub(super) fn command_sum(id: CommandId, receipt: &Receipt, body: Digest) -> i64 {
    let mut hasher = blake3::Hasher::new_derive_key("supercargo 2026 command row");
    hasher.update(&id.0);
    hasher.update(&receipt.version.0.to_le_bytes());
    hasher.update(&receipt.position.0.to_le_bytes());
    hasher.update(&body.0);
    hasher.update(receipt.stream.to_string().as_bytes());
    let mut sum = [0; 8];
    hasher.finalize_xof().fill(&mut sum);
    i64::from_le_bytes(sum)
}

/// Everything that a batch adds.
pub(super) struct Drafted {
    pub(super) head: Head,
    pub(super) last_at: Timestamp,
    /// Streams with their number and new version.
    pub(super) touched: HashMap<StreamId, (i64, Version)>,
    pub(super) new_streams: Vec<(String, i64)>,
    pub(super) new_kinds: Vec<(String, i64)>,
    pub(super) new_principals: Vec<(String, i64)>,
    pub(super) events: Vec<DraftedEvent>,
    pub(super) commands: Vec<DraftedCommand>,
}

/// A batch on its way: each request sees what the ones before it would record.
pub(super) struct Draft<'a> {
    ledger: &'a Ledger,
    drafted: Drafted,
    answered: HashMap<CommandId, usize>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(ledger: &'a Ledger) -> Self {
        let drafted = Drafted {
            head: ledger.head,
            last_at: ledger.last_at,
            touched: HashMap::new(),
            new_streams: vec![],
            new_kinds: vec![],
            new_principals: vec![],
            events: vec![],
            commands: vec![],
        };

        Self {
            ledger,
            drafted,
            answered: HashMap::new(),
        }
    }

    /// Answers one request; `known` is the stored answer to its command id, if there is one. What
    /// does not hold leaves no trace.
    pub(super) fn request(&mut self, append: &Append, known: Option<Remembered>) -> Answer {
        let earlier = self.answered.get(&append.command);
        let known = match (known, earlier) {
            (None, Some(place)) => {
                let command = &self.drafted.commands[*place];
                Some(Remembered {
                    receipt: command.receipt.clone(),
                    body: command.body,
                })
            }
            (known, _) => known,
        };
        if let Some(Remembered { receipt, body }) = known {
            return Err(AppendError::Repeated {
                receipt,
                same_body: body == append.body,
            });
        }

        append.check_expectations(|stream| match self.stream(stream) {
            Some((_, version)) => version,
            None => Version(0),
        })?;
        Ok(self.record(append))
    }

    fn stream(&self, stream: &StreamId) -> Option<(i64, Version)> {
        self.drafted
            .touched
            .get(stream)
            .or_else(|| self.ledger.streams.get(stream))
            .copied()
    }

    fn record(&mut self, append: &Append) -> Receipt {
        let stream = match self.stream(&append.stream) {
            Some((id, _)) => id,
            None => self.new_stream(&append.stream),
        };
        let principal = self.principal(&append.cause.principal);
        let mut receipt = Receipt {
            stream: append.stream.clone(),
            version: append.expected,
            position: self.drafted.head.position,
        };

        let last_at = self.drafted.last_at;
        if let Some(behind_ms) = self.ledger.setback.look(append.at, last_at) {
            tracing::warn!(
                behind_ms,
                "the clock was set back: events carry the time of the newest one until then"
            );
        }

        for envelope in append.envelopes(self.drafted.head, last_at) {
            (receipt.version, receipt.position) = (envelope.version, envelope.position);
            self.draft(envelope, stream, principal);
        }

        self.drafted
            .touched
            .insert(append.stream.clone(), (stream, receipt.version));
        self.answered
            .insert(append.command, self.drafted.commands.len());
        self.drafted.commands.push(DraftedCommand {
            id: append.command,
            stream,
            receipt: receipt.clone(),
            body: append.body,
        });

        receipt
    }

    /// Drafts the next event: the head is there then.
    fn draft(&mut self, envelope: Envelope, stream: i64, principal: i64) {
        let kind = number(
            &self.ledger.kinds,
            &mut self.drafted.new_kinds,
            &envelope.kind,
        );

        self.drafted.head = Head {
            position: envelope.position,
            digest: envelope.digest,
        };
        self.drafted.last_at = envelope.at;
        self.drafted.events.push(DraftedEvent {
            envelope,
            stream,
            kind,
            principal,
        });
    }

    fn principal(&mut self, principal: &Principal) -> i64 {
        number(
            &self.ledger.principals,
            &mut self.drafted.new_principals,
            &principal.to_string(),
        )
    }

    /// Takes an event as it was recorded elsewhere, when it is the next one.
    pub(super) fn restore(&mut self, record: &Record) -> Result<(), Damage> {
        let envelope = &record.envelope;
        if envelope.position.0 != self.drafted.head.position.0 + 1 {
            return Err(Damage::Missing);
        }
        if envelope.chained(self.drafted.head.digest) != envelope.digest {
            return Err(Damage::Altered);
        }

        let (stream, found) = (envelope.stream.clone(), envelope.version);
        let known = self.stream(&stream);
        let before = match known {
            Some((_, version)) => version,
            None => Version(0),
        };
        if found.0 != before.0 + 1 {
            return Err(Damage::Order {
                stream,
                found,
                before,
            });
        }

        let id = match known {
            Some((id, _)) => id,
            None => self.new_stream(&stream),
        };
        let principal = self.principal(&envelope.cause.principal);
        self.draft(envelope.clone(), id, principal);
        self.drafted.touched.insert(stream.clone(), (id, found));
        if let Some(body) = record.answers {
            let receipt = Receipt {
                stream,
                version: found,
                position: envelope.position,
            };
            self.drafted.commands.push(DraftedCommand {
                id: envelope.command,
                stream: id,
                receipt,
                body,
            });
        }
        Ok(())
    }

    fn new_stream(&mut self, stream: &StreamId) -> i64 {
        let id = self.ledger.last_stream
            + 1
            + i64::try_from(self.drafted.new_streams.len()).unwrap_or(0);
        self.drafted.new_streams.push((stream.to_string(), id));
        id
    }

    /// What the batch adds; nothing when no request held.
    pub(super) fn finish(self) -> Option<Drafted> {
        if self.drafted.events.is_empty() {
            return None;
        }
        Some(self.drafted)
    }
}

fn number(known: &Names, new: &mut Vec<(String, i64)>, name: &str) -> i64 {
    if let Some(id) = known.known.get(name) {
        return *id;
    }
    if let Some((_, id)) = new.iter().find(|(n, _)| n == name) {
        return *id;
    }

    let id = known.last + 1 + i64::try_from(new.len()).unwrap_or(0);
    new.push((name.to_owned(), id));
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_back_is_told_once_until_it_caught_up() {
        let (setback, at) = (Setback::default(), |ms: i64| Timestamp(ms * 1000));
        let looks = [
            (10_000, 9_500),
            (10_000, 4_000),
            (10_000, 5_000),
            (10_000, 10_500),
            (11_000, 1),
        ];
        let told = looks.map(|(last, now)| setback.look(at(now), at(last)));
        assert_eq!(told, [None, Some(6_000), None, None, Some(10_999)]);
    }
}
