//! What a trunk is at a point of the log, and how each event changes it.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::aggregate::Moment;
use crate::evidence::Evidence;
use crate::holder::Seat;
use crate::id::{Epoch, FeatureId, Sha, Timestamp};
use crate::stream::Position;
use crate::trunk::event::{Candidate, Changes, EntryKind, Event};
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
    /// Entries that wait for a person, beside the queue.
    pub held: Vec<Entry>,
    /// Per feature: what became of the newest entry that took out what it had brought, or brought it back.
    pub undone: BTreeMap<FeatureId, Undone>,
    /// Per feature: what its newest merge changed.
    pub landed: BTreeMap<FeatureId, Landed>,
    /// Per path: when upstream was last seen changed there.
    pub touched: BTreeMap<String, Position>,
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
    /// Candidates that were built.
    pub builds: u32,
    /// What the newest candidate changes.
    pub changes: Changes,
    /// Protected paths that a person let it change.
    pub approved: Vec<String>,
}

/// What a merge changed, and when it was published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Landed {
    /// Where its publication is recorded.
    pub at: Position,
    /// The paths, as far as they were recorded.
    pub files: Vec<String>,
}

/// What became of an entry that takes out what a commit brought.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Undone {
    /// That commit.
    pub commit: Sha,
    /// Whether it was itself such a one.
    pub restores: bool,
    /// What became of it.
    pub verdict: Verdict,
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
    /// A person did not let it change protected paths.
    Refused {
        /// Those.
        paths: Vec<String>,
        /// Why.
        why: String,
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
    /// Whether it changes protected paths that nobody approved.
    pub fn needs_approval(&self) -> bool {
        self.changes.protected.iter().any(|path| !self.approved.contains(path))
    }

    /// The feature it is about, if it is about one.
    pub fn feature(&self) -> Option<&FeatureId> {
        match &self.kind {
            EntryKind::Scaffold => None,
            EntryKind::Feature { feature, .. } | EntryKind::Revert { feature, .. } => Some(feature),
        }
    }

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
        if let Some(entry) = self.queue.pop_front() {
            self.judge_entry(entry, verdict);
        }
    }

    fn judge_entry(&mut self, entry: Entry, verdict: Verdict) {
        match entry.kind {
            EntryKind::Scaffold => {}
            EntryKind::Feature { feature, epoch, .. } => drop(self.judged.insert(feature, (epoch, verdict))),
            EntryKind::Revert { feature, commit, restores, .. } => {
                self.undone.insert(feature, Undone { commit, restores, verdict });
            }
        }
    }

    /// What the front entry changes is upstream now.
    fn land(&mut self, at: Position) {
        let Some(front) = self.queue.front() else { return };
        let (feature, files) = (front.feature().cloned(), front.changes.files.clone());
        self.touch(&files, at);
        if let Some(feature) = feature {
            self.landed.insert(feature, Landed { at, files });
        }
    }

    fn touch(&mut self, files: &[String], at: Position) {
        self.touched.extend(files.iter().map(|path| (path.clone(), at)));
    }

    fn take_held(&mut self, number: u64) -> Option<Entry> {
        let place = self.held.iter().position(|entry| entry.number == number)?;
        Some(self.held.remove(place))
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
                match &e.kind {
                    EntryKind::Scaffold => {}
                    EntryKind::Feature { feature, .. } => drop(self.judged.remove(feature)),
                    EntryKind::Revert { feature, .. } => drop(self.undone.remove(feature)),
                }
                let (changes, approved) = (Changes::default(), vec![]);
                let (kind, at, stage) = (e.kind.clone(), moment.at, Stage::Queued);
                self.queue.push_back(Entry {
                    number: e.entry,
                    kind,
                    at,
                    stage,
                    moves: 0,
                    lapses: 0,
                    builds: 0,
                    changes,
                    approved,
                });
            }
            Event::CandidateBuilt(e) => {
                self.halt = None;
                self.restage(Stage::Built { candidate: e.candidate.clone() });
                if let Some(front) = self.queue.front_mut() {
                    front.changes = e.changes.clone();
                    front.builds += 1;
                }
            }
            Event::Held(_) | Event::ChangeApproved(_) | Event::ChangeRefused(_) => self.apply_held(event),
            Event::Dequeued(e) if e.paths.is_empty() => self.drop_entry(e.entry, &e.why),
            Event::Dequeued(e) => self.judge(Verdict::Conflict { paths: e.paths.clone(), base: e.base.clone() }),
            Event::VerificationStarted(_)
            | Event::VerificationLapsed(_)
            | Event::Verified(_)
            | Event::VerificationFailed(_)
            | Event::PublishIntended(_) => self.apply_candidate(event),
            Event::Advanced(e) => {
                self.is_at(Some(&e.to));
                self.land(moment.position);
                self.judge(Verdict::Merged(Merged { sha: e.to.clone() }));
            }
            Event::UpstreamMoved(e) => {
                self.is_at(e.seen.as_ref());
                self.touch(&e.files, moment.position);
                self.restage(Stage::Queued);
                if let Some(front) = self.queue.front_mut() {
                    front.moves += 1;
                    front.lapses = 0;
                }
            }
            Event::Followed(e) => {
                self.is_at(Some(&e.to));
                self.touch(&e.files, moment.position);
                self.restage(Stage::Queued);
            }
            Event::Halted(e) => {
                let before = self.halt.as_ref().map_or(0, |h| h.attempts);
                self.halt = Some(Halt { reason: e.reason.clone(), fault: e.fault.clone(), attempts: before + 1, at: moment.at });
            }
            Event::Unhalted(_) => self.halt = None,
        }
    }

    /// What happens to the front entry's candidate.
    fn apply_candidate(&mut self, event: &Event) {
        match event {
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
            Event::VerificationFailed(e) => self.judge(red(&e.evidence)),
            Event::PublishIntended(_) => {
                if let Some(candidate) = self.front_candidate() {
                    self.restage(Stage::Publishing { candidate });
                }
            }
            _ => {}
        }
    }

    fn apply_held(&mut self, event: &Event) {
        match event {
            Event::Held(_) => {
                self.restage(Stage::Queued);
                self.held.extend(self.queue.pop_front());
            }
            Event::ChangeApproved(e) => {
                if let Some(mut entry) = self.take_held(e.entry) {
                    entry.approved = entry.changes.protected.clone();
                    self.queue.push_back(entry);
                }
            }
            Event::ChangeRefused(e) => {
                if let Some(entry) = self.take_held(e.entry) {
                    let paths = entry.changes.protected.clone();
                    self.judge_entry(entry, Verdict::Refused { paths, why: e.why.clone() });
                }
            }
            _ => {}
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
        let place = self.queue.iter().position(|e| e.number == number);
        let entry = place.and_then(|place| self.queue.remove(place)).or_else(|| self.take_held(number));
        if let Some(entry) = entry {
            self.judge_entry(entry, Verdict::Dropped { why: why.to_owned() });
        }
    }
}

fn red(evidence: &Evidence) -> Verdict {
    match evidence {
        Evidence::Ran { tail, exit, .. } => Verdict::Red { tail: tail.clone(), exit: *exit },
        Evidence::NoneConfigured | Evidence::Scaffold => Verdict::Red { tail: String::new(), exit: 0 },
    }
}
