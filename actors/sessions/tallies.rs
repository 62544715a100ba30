//! What sessions use and reach: counted as it happens, recorded as soon as the record before is
//! there. What was counted and not yet recorded is lost with the process: seconds of it, and at an
//! orderly end nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use events::container::{Command, DeniedTarget, ModelUsage};
use events::id::{SessionId, Timestamp};
use events::policy::AnyCommand;
use events::usage::Usage;

use super::Sessions;
use super::asked::{Answer, Asked, Refusal};
use crate::chores::Chore;
use crate::rejection::Rejection;

/// Pause between two records of one session: what comes meanwhile is one record.
const RECORD_EVERY_MS: u64 = 2_000;
/// Pause before a record that could not be made is tried again.
const RETRY_MS: u64 = 1_000;
/// Denied targets that are told apart in one record; what comes beyond is counted as one.
const TARGETS_MAX: usize = 50;
/// Denied targets that are told apart in all records of one session: names can be made up without
/// end.
const SESSION_TARGETS_MAX: usize = 500;
/// Models that are told apart, of one session.
const MODELS_MAX: usize = 20;
/// Longest target in a record, in characters.
const TARGET_MAX: usize = 120;
/// Share of a model's context, in percent, at which a session is full.
pub const FULL_PERCENT: u64 = 70;

/// What one request used of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// The name of the provider.
    pub provider: String,
    /// The model's name at its provider.
    pub model: String,
    /// The amounts that were used.
    pub usage: Usage,
    /// What the provider answered to a question to a model; none when it was none.
    pub answer: Option<Answer>,
}

/// Counts of all sessions at work.
#[derive(Debug)]
pub struct Tallies {
    /// Makes the ids of this run's records different from those of any other run.
    since: Timestamp,
    counted: Mutex<BTreeMap<SessionId, Tally>>,
}

/// Counts of one session.
#[derive(Debug, Default)]
struct Tally {
    pending: Pending,
    /// Somebody records, and goes on until nothing is pending.
    recording: bool,
    /// Records made so far.
    records: u64,
    /// Whether the last answer of its model's provider filled its context as far as it may.
    full: bool,
    /// What it asked, and what became of it.
    asked: Asked,
    /// Denied targets that were told apart so far.
    named: usize,
    /// Models that were.
    models: BTreeSet<(String, String)>,
}

impl Tally {
    fn deny(&mut self, target: &str) {
        let may_name = self.named < SESSION_TARGETS_MAX;
        self.named += usize::from(self.pending.deny(target, may_name));
    }

    /// The model under which a request is counted: what an agent made up comes to an end.
    fn model(&mut self, provider: String, model: String) -> (String, String) {
        let shown = model.chars().take(TARGET_MAX).collect();
        let name = (provider, shown);
        if self.models.contains(&name) || self.models.len() < MODELS_MAX {
            self.models.insert(name.clone());
            return name;
        }
        (name.0, "others".to_owned())
    }
}

/// Counted and not recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Pending {
    usage: BTreeMap<(String, String), Usage>,
    bytes: u64,
    denied: BTreeMap<String, u64>,
}

impl Pending {
    fn is_empty(&self) -> bool {
        self.usage.is_empty() && self.bytes == 0 && self.denied.is_empty()
    }

    /// Counts a denied target; `may_name` says whether one more may be told apart. Answers whether
    /// it was.
    fn deny(&mut self, target: &str, may_name: bool) -> bool {
        let shown: String = target
            .chars()
            .take(TARGET_MAX)
            .map(|c| if c.is_control() { '\u{fffd}' } else { c })
            .collect();
        let counted = self.denied.contains_key(&shown);
        let names = !counted && may_name && self.denied.len() < TARGETS_MAX;
        let known = counted || names;

        *self
            .denied
            .entry(if known {
                shown
            } else {
                "and others".to_owned()
            })
            .or_default() += 1;
        names
    }

    /// The commands that record it.
    fn commands(self, session: &SessionId) -> Vec<Command> {
        let mut commands = Vec::new();

        if !self.usage.is_empty() {
            let models = self
                .usage
                .into_iter()
                .map(|((provider, model), usage)| ModelUsage {
                    provider,
                    model,
                    usage,
                });
            commands.push(Command::MeterUsage {
                session: session.clone(),
                models: models.collect(),
            });
        }

        if self.bytes > 0 || !self.denied.is_empty() {
            let denied = self
                .denied
                .into_iter()
                .map(|(target, count)| DeniedTarget { target, count })
                .collect();
            commands.push(Command::RecordEgress {
                session: session.clone(),
                bytes: self.bytes,
                denied,
            });
        }

        commands
    }
}

impl Tallies {
    /// Counts of a run that began at this time.
    pub fn new(since: Timestamp) -> Self {
        Self {
            since,
            counted: Mutex::default(),
        }
    }

    fn with<T>(&self, f: impl FnOnce(&mut BTreeMap<SessionId, Tally>) -> T) -> T {
        f(&mut self.counted.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is pending, with the number of its record. When nothing is, nobody records any more.
    fn take(&self, session: &SessionId) -> Option<(u64, Pending)> {
        self.with(|counted| {
            let tally = counted.get_mut(session)?;
            tally.recording = !tally.pending.is_empty();
            if !tally.recording {
                return None;
            }
            tally.records += 1;
            Some((tally.records, std::mem::take(&mut tally.pending)))
        })
    }

    fn look<T: Default>(&self, session: &SessionId, read: impl FnOnce(&Tally) -> T) -> T {
        self.with(|counted| counted.get(session).map(read).unwrap_or_default())
    }

    /// What this session asked its model's provider.
    pub(super) fn asked(&self, session: &SessionId) -> Asked {
        self.look(session, |tally| tally.asked.clone())
    }

    /// Whether the last request of this session filled its model's context as far as it may.
    pub(super) fn is_full(&self, session: &SessionId) -> bool {
        self.look(session, |tally| tally.full)
    }

    /// Forgets every session that is over, once what it used is recorded.
    pub(super) fn keep_only(&self, at_work: &BTreeSet<SessionId>) {
        self.with(|counted| {
            counted.retain(|session, tally| tally.recording || at_work.contains(session))
        });
    }
}

impl Sessions {
    /// Counts a request to a model.
    pub fn used(&self, session: &SessionId, used: Used) {
        let window = self.models.context(&used.model);
        let full = used.usage.context().saturating_mul(100) >= window.saturating_mul(FULL_PERCENT);

        if let Some(Answer::Given) = used.answer {
            self.provider_works(session, &used.provider);
        }

        self.count(session, |tally| {
            tally.full = full;
            if let Some(answer) = used.answer {
                tally.asked.hear(answer);
            }
            let model = tally.model(used.provider, used.model);
            tally
                .pending
                .usage
                .entry(model)
                .or_default()
                .add(&used.usage);
        });
    }

    /// Remembers that a session's provider could not be reached.
    pub fn unreached(&self, session: &SessionId) {
        let refusal = Refusal {
            status: None,
            retry_at: None,
        };
        self.count(session, |tally| {
            tally.asked.hear(Answer::Refused(refusal));
        });
    }

    /// Counts bytes that went out and came in.
    pub fn moved(&self, session: &SessionId, bytes: u64) {
        if bytes > 0 {
            self.count(session, |tally| {
                tally.pending.bytes = tally.pending.bytes.saturating_add(bytes)
            });
        }
    }

    /// Counts a request that was turned down.
    pub fn turned_down(&self, session: &SessionId, target: &str) {
        self.count(session, |tally| tally.deny(target));
    }

    /// Bytes this session has moved, recorded or not.
    pub fn moved_bytes(&self, session: &SessionId) -> u64 {
        let pending = self.tallies.with(|counted| match counted.get(session) {
            Some(tally) => tally.pending.bytes,
            None => 0,
        });
        let recorded = self.projector.read(|projections| {
            let mut views = projections.projects.values();
            match views.find_map(|view| view.sessions.get(session)) {
                Some(record) => record.egress().bytes,
                None => 0,
            }
        });
        pending.saturating_add(recorded)
    }

    fn count(&self, session: &SessionId, count: impl FnOnce(&mut Tally)) {
        let begin = self.tallies.with(|counted| {
            let tally = counted.entry(session.clone()).or_default();
            count(tally);
            !std::mem::replace(&mut tally.recording, true)
        });
        if begin {
            tokio::spawn(self.clone().record(session.clone()));
        }
    }

    /// Records until nothing is pending.
    async fn record(self, session: SessionId) {
        let clock = self.directory.kernel().clock.clone();
        while let Some((number, pending)) = self.tallies.take(&session) {
            self.record_all(&session, number, pending).await;
            clock
                .sleep_until(clock.now().plus_ms(RECORD_EVERY_MS))
                .await;
        }
    }

    /// Makes one record, however often it has to be tried: its number makes it one.
    async fn record_all(&self, session: &SessionId, number: u64, pending: Pending) {
        let clock = self.directory.kernel().clock.clone();
        while let Err(why) = self.record_one(session, number, pending.clone()).await {
            tracing::debug!(%session, %why, "what a session used is not recorded yet");
            clock.sleep_until(clock.now().plus_ms(RETRY_MS)).await;
        }
    }

    /// One record. What comes too late is told, and not tried again: its container is gone, and
    /// with it the place for it.
    async fn record_one(
        &self,
        session: &SessionId,
        number: u64,
        pending: Pending,
    ) -> Result<(), Rejection> {
        let (since, number) = (self.tallies.since.to_string(), number.to_string());
        let faults = &self.directory.kernel().faults;

        for (command, kind) in pending
            .commands(session)
            .into_iter()
            .zip(["first", "second"])
        {
            let place = self.place(session);
            let slot = match place {
                Ok(place) => place.slot,
                Err(why) => {
                    let why = format!("session {session}: {why}");
                    faults.failing(None, Chore::Tally, &why);
                    return Ok(());
                }
            };
            let key = ["tally", since.as_str(), number.as_str(), kind];
            match self
                .command(session, slot, AnyCommand::Container(command), &key)
                .await
            {
                Err(rejection) if rejection.is_passing() => return Err(rejection),
                Err(rejection) => {
                    let why = format!("session {session}: {rejection}");
                    faults.failing(None, Chore::Tally, &why);
                }
                Ok(_) => faults.well(None, Chore::Tally),
            }
        }
        Ok(())
    }

    /// Records what is pending now, before the end of the session is recorded.
    pub(super) async fn settle_tally(&self, session: &SessionId) {
        let pending = self.tallies.with(|counted| {
            let tally = counted
                .get_mut(session)
                .filter(|tally| !tally.pending.is_empty())?;
            tally.records += 1;
            Some((tally.records, std::mem::take(&mut tally.pending)))
        });
        if let Some((number, pending)) = pending {
            self.record_all(session, number, pending).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn denied_targets_are_bounded_and_shown_without_controls() {
        let mut pending = Pending::default();

        for n in 0..200 {
            pending.deny(&format!("host{n}.example.org:443"), true);
        }

        pending.deny("a\u{1b}[31m\nb:1", true);
        pending.deny("host0.example.org:443", true);
        assert_eq!(pending.denied.len(), TARGETS_MAX + 1);
        assert_eq!(pending.denied["host0.example.org:443"], 2);
        assert_eq!(pending.denied["and others"], 151);
        let mut pending = Pending::default();
        pending.deny("a\u{1b}[31m\nb:1", true);
        assert_eq!(
            pending.denied.keys().next().map(String::as_str),
            Some("a\u{fffd}[31m\u{fffd}b:1")
        );
    }

    #[test]
    fn names_that_an_agent_makes_up_come_to_an_end() {
        let mut tally = Tally::default();
        let mut told = BTreeSet::new();
        for n in 0..5_000 {
            tally.deny(&format!("host{n}.example.org:443"));
            told.extend(std::mem::take(&mut tally.pending).denied.into_keys());
        }
        assert_eq!(told.len(), SESSION_TARGETS_MAX + 1);

        let models = (0..500).map(|n| tally.model("p".to_owned(), format!("m{n}")));
        let models: BTreeSet<_> = models.collect();
        assert_eq!(models.len(), MODELS_MAX + 1);
        let long = Tally::default().model("p".to_owned(), "m".repeat(100_000));
        assert_eq!(long.1.len(), TARGET_MAX);
    }

    #[test]
    fn one_takes_what_is_pending_and_the_last_one_stops_recording() {
        let tallies = Tallies::new(Timestamp(7));
        let session = SessionId::from_bytes([1; 10]);
        assert!(tallies.take(&session).is_none());
        tallies.with(|counted| {
            let tally = counted.entry(session.clone()).or_default();
            tally.recording = true;
            tally.pending.bytes = 5;
        });
        let (number, pending) = tallies.take(&session).expect("pending");
        assert_eq!((number, pending.bytes), (1, 5));
        assert!(tallies.take(&session).is_none());
        assert!(tallies.with(|counted| !counted[&session].recording));
    }
}
