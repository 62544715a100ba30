//! What a trunk is at a point of the log, and how each event changes it.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::aggregate::Moment;
use crate::evidence::Evidence;
use crate::holder::Seat;
use crate::id::{Epoch, FeatureId, Sha, Timestamp};
use crate::trunk::event::{Candidate, EntryKind, Event};
use crate::trunk::fault::Fault;

/// The state of a trunk stream.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Trunk {
    /// Upstream's branch; none before the trunk was opened.
    pub branch: Option<String>,
    /// Upstream's commit as far as we know.
    pub head: Option<Sha>,
    /// Waiting entries; only the front one moves.
    pub queue: VecDeque<Entry>,
    /// Number of the newest entry.
    pub entries: u64,
    /// Per feature: what became of its newest entry.
    pub judged: BTreeMap<FeatureId, (Epoch, Verdict)>,
    /// Set while upstream cannot be reached or refuses.
    pub halt: Option<Halt>,
}

/// An entry of the queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number.
    pub number: u64,
    /// What it brings.
    pub kind: EntryKind,
    /// When it joined: the date of its commits.
    pub at: Timestamp,
    /// Where it stands.
    pub stage: Stage,
    /// How often upstream moved under it.
    pub moves: u32,
    /// Verifiers of this candidate that ended without evidence.
    pub lapses: u32,
}

/// Where an entry stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Stage {
    /// Nothing was built on the present head.
    Queued,
    /// A candidate waits for verification.
    Built {
        /// It.
        candidate: Candidate,
    },
    /// A verifier works.
    Verifying {
        /// On this.
        candidate: Candidate,
        /// Where.
        seat: Seat,
    },
    /// It may be published.
    Verified {
        /// This.
        candidate: Candidate,
        /// On this evidence.
        evidence: Evidence,
    },
    /// Upstream is being moved.
    Publishing {
        /// To this.
        candidate: Candidate,
    },
}

/// What became of a feature's entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Verdict {
    /// It is upstream.
    Merged(Merged),
    /// It does not merge.
    Conflict {
        /// Where.
        paths: Vec<String>,
        /// With what.
        base: Option<Sha>,
    },
    /// The verification failed.
    Red {
        /// The last lines of its log.
        tail: String,
        /// Exit code.
        exit: i32,
    },
    /// It was taken off the queue.
    Dropped {
        /// Why.
        why: String,
    },
}

/// A published merge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    /// The commit upstream holds.
    pub sha: Sha,
}

/// Why a trunk waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Halt {
    /// What was said.
    pub reason: String,
    /// What is wrong with upstream.
    pub fault: Fault,
    /// How often in a row.
    pub attempts: u32,
    /// When.
    pub at: Timestamp,
}

impl Entry {
    /// The candidate under way, if one was built.
    pub fn candidate(&self) -> Option<&Candidate> {
        match &self.stage {
            Stage::Queued => None,
            Stage::Built { candidate }
            | Stage::Verifying { candidate, .. }
            | Stage::Verified { candidate, .. }
            | Stage::Publishing { candidate } => Some(candidate),
        }
    }
}

impl Trunk {
    /// The entry that moves.
    pub fn front(&self) -> Option<&Entry> {
        self.queue.front()
    }

    /// Whether nothing is queued.
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty()
    }

    fn judge(&mut self, verdict: Verdict) {
        if let Some(Entry { kind: EntryKind::Feature { feature, epoch, .. }, .. }) = self.queue.pop_front() {
            self.judged.insert(feature, (epoch, verdict));
        }
    }

    fn restage(&mut self, stage: Stage) {
        if let Some(front) = self.queue.front_mut() {
            front.stage = stage;
        }
    }

    fn front_candidate(&self) -> Option<Candidate> {
        self.front().and_then(Entry::candidate).cloned()
    }

    pub(super) fn apply(&mut self, event: &Event, moment: Moment) {
        match event {
            Event::Opened(e) => {
                self.branch = Some(e.branch.clone());
                self.head = e.head.clone();
            }
            Event::Queued(e) => {
                self.entries = e.entry;
                if let EntryKind::Feature { feature, .. } = &e.kind {
                    self.judged.remove(feature);
                }
                let entry =
                    Entry { number: e.entry, kind: e.kind.clone(), at: moment.at, stage: Stage::Queued, moves: 0, lapses: 0 };
                self.queue.push_back(entry);
            }
            Event::CandidateBuilt(e) => {
                self.halt = None;
                self.restage(Stage::Built { candidate: e.candidate.clone() });
            }
            Event::Dequeued(e) if e.paths.is_empty() => self.drop_entry(e.entry, &e.why),
            Event::Dequeued(e) => self.judge(Verdict::Conflict { paths: e.paths.clone(), base: e.base.clone() }),
            Event::VerificationStarted(e) => {
                if let Some(candidate) = self.front_candidate() {
                    self.restage(Stage::Verifying { candidate, seat: e.seat.clone() });
                }
            }
            Event::VerificationLapsed(_) => self.lapse(),
            Event::Verified(e) => {
                if let Some(candidate) = self.front_candidate() {
                    self.restage(Stage::Verified { candidate, evidence: e.evidence.clone() });
                }
            }
            Event::VerificationFailed(e) => {
                let (tail, exit) = match &e.evidence {
                    Evidence::Ran { tail, exit, .. } => (tail.clone(), *exit),
                    Evidence::NoneConfigured | Evidence::Scaffold => (String::new(), 0),
                };
                self.judge(Verdict::Red { tail, exit });
            }
            Event::PublishIntended(_) => {
                if let Some(candidate) = self.front_candidate() {
                    self.restage(Stage::Publishing { candidate });
                }
            }
            Event::Advanced(e) => {
                self.is_at(Some(&e.to));
                self.judge(Verdict::Merged(Merged { sha: e.to.clone() }));
            }
            Event::UpstreamMoved(e) => {
                self.is_at(e.seen.as_ref());
                self.restage(Stage::Queued);
                if let Some(front) = self.queue.front_mut() {
                    front.moves += 1;
                    front.lapses = 0;
                }
            }
            Event::Followed(e) => {
                self.is_at(Some(&e.to));
                self.restage(Stage::Queued);
            }
            Event::Halted(e) => {
                let before = self.halt.as_ref().map_or(0, |h| h.attempts);
                self.halt = Some(Halt { reason: e.reason.clone(), fault: e.fault.clone(), attempts: before + 1, at: moment.at });
            }
            Event::Unhalted(_) => self.halt = None,
        }
    }

    fn lapse(&mut self) {
        if let Some(candidate) = self.front_candidate() {
            self.restage(Stage::Built { candidate });
        }
        if let Some(front) = self.queue.front_mut() {
            front.lapses += 1;
        }
    }

    /// Upstream answered: it is here.
    fn is_at(&mut self, head: Option<&Sha>) {
        self.head = head.cloned();
        self.halt = None;
    }

    fn drop_entry(&mut self, number: u64, why: &str) {
        let Some(place) = self.queue.iter().position(|e| e.number == number) else { return };
        if let Some(Entry { kind: EntryKind::Feature { feature, epoch, .. }, .. }) = self.queue.remove(place) {
            self.judged.insert(feature, (epoch, Verdict::Dropped { why: why.to_owned() }));
        }
    }
}
