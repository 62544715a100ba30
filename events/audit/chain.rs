//! What holds of every event, whatever it says: L3, L4, L11, I1, I4, and the server's own epochs,
//! S-E1.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::Found;
use super::tables::Payload;
use crate::envelope::{Envelope, genesis};
use crate::id::Digest;
use crate::log::{ANSWERS_KEPT, ANSWERS_KEPT_FOR};

/// The command of the newest event, whose next event may follow.
#[derive(Debug)]
struct Newest {
    command: [u8; 16],
    stream: String,
}

/// A server run, as its node stream tells.
#[derive(Debug, Default)]
struct Run {
    epoch: u64,
    up: bool,
}

#[derive(Debug)]
pub(super) struct Chain {
    pub(super) position: u64,
    digest: Digest,
    at: i64,
    versions: BTreeMap<String, u64>,
    newest: Option<Newest>,
    /// Commands whose answers are remembered, with their number in the log's order.
    commands: HashMap<[u8; 16], u64>,
    order: VecDeque<([u8; 16], u64, i64)>,
    counted: u64,
    runs: BTreeMap<String, Run>,
    /// Time during which a server was up, in microseconds: what leases and bounds are measured in.
    pub(super) up: i64,
}

impl Chain {
    pub(super) fn new(log_id: &str) -> Self {
        Self {
            position: 0,
            digest: genesis(log_id),
            at: 0,
            versions: BTreeMap::new(),
            newest: None,
            commands: HashMap::new(),
            order: VecDeque::new(),
            counted: 0,
            runs: BTreeMap::new(),
            up: 0,
        }
    }

    pub(super) fn take(&mut self, envelope: &Envelope, stream: &str, found: &mut Found) {
        let at = envelope.position.0;
        found.unless(at == self.position + 1, "L3", at, || {
            format!("position {} is followed by {at}", self.position)
        });
        let version = self.versions.entry(stream.to_owned()).or_default();
        let due = *version + 1;

        found.unless(envelope.version.0 == due, "L3", at, || {
            format!(
                "{stream} has version {} where {due} is due",
                envelope.version
            )
        });
        *version = envelope.version.0;
        found.unless(
            envelope.chained(self.digest) == envelope.digest,
            "L4",
            at,
            || "the digest does not follow".to_owned(),
        );
        found.unless(envelope.at.0 >= self.at, "L4", at, || {
            "it was recorded before the event before it".to_owned()
        });
        if let Some(causation) = envelope.cause.causation {
            found.unless(causation.0 >= 1 && causation.0 < at, "L11", at, || {
                format!("its cause is position {causation}, which is not before it")
            });
        }

        self.command(envelope, stream, found);

        // Nobody counts the time between the end of one run and the start of the next.
        if envelope.kind != "node.started" && self.runs.values().any(|run| run.up) {
            self.up += envelope.at.0 - self.at;
        }

        (self.position, self.digest, self.at) = (at, envelope.digest, envelope.at.0);
    }

    /// One command is one run of events in one stream, and its id does not come again while its
    /// answer is remembered.
    fn command(&mut self, envelope: &Envelope, stream: &str, found: &mut Found) {
        let (at, command) = (envelope.position.0, envelope.command.0);

        if let Some(newest) = &self.newest
            && newest.command == command
        {
            found.unless(newest.stream == stream, "I4", at, || {
                format!("one command wrote {} and {stream}", newest.stream)
            });
            return;
        }
        self.newest = Some(Newest {
            command,
            stream: stream.to_owned(),
        });

        self.forget(envelope.at.0);
        self.counted += 1;
        self.order.push_back((command, self.counted, envelope.at.0));
        let before = self.commands.insert(command, self.counted);

        found.unless(before.is_none(), "I1", at, || {
            format!(
                "command {} was carried out before, and again here",
                envelope.command
            )
        });
    }

    /// Forgets commands whose answers are remembered no more.
    fn forget(&mut self, now: i64) {
        while let Some((command, n, when)) = self.order.front().copied() {
            if self.counted - n < ANSWERS_KEPT && now - when <= ANSWERS_KEPT_FOR {
                return;
            }

            self.order.pop_front();
            // It may have come again since, as another number.
            if self.commands.get(&command) == Some(&n) {
                self.commands.remove(&command);
            }
        }
    }

    /// A node's own events: its runs are counted without a hole, and only the current one ends.
    pub(super) fn node(
        &mut self,
        stream: &str,
        verb: &str,
        payload: &Payload,
        at: u64,
        found: &mut Found,
    ) {
        let run = self.runs.entry(stream.to_owned()).or_default();
        let epoch = payload.number("epoch");

        match verb {
            "started" => {
                found.unless(epoch == run.epoch + 1, "S-E1", at, || {
                    format!("{stream}: run {epoch} follows run {}", run.epoch)
                });
                *run = Run { epoch, up: true };
            }
            "stopped" => {
                let current = run.up && epoch == run.epoch;
                found.unless(current, "S-E1", at, || {
                    format!(
                        "{stream}: run {epoch} ends, the current one is {}",
                        run.epoch
                    )
                });
                run.up = false;
            }
            "stood_still" => {
                let (before, after) = (payload.number("gap.before"), payload.number("gap.after"));
                let missed = i64::try_from(after.saturating_sub(before)).unwrap_or(0);
                self.up = self.up.saturating_sub(missed);
            }
            "books_diverged" => {
                let place = payload.number("at");
                found.add(
                    "L5",
                    at,
                    format!(
                        "the projections that served were not what the log says, \
                                             first at position {place}"
                    ),
                );
            }
            _ => {}
        }
    }
}
