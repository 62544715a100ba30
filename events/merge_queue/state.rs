//! What a merge queue is at a point of the log, and how each event changes it.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::aggregate::Moment;
use crate::evidence::Evidence;
use crate::id::{Epoch, FeatureId, Sha, Timestamp};
use crate::lapses::Lapses;
use crate::merge_queue::entry::{Entry, Landed, Merged, Proof, Stage, Undone, Verdict};
use crate::merge_queue::event::{
    self, Advanced, CandidateBuilt, Changes, EntryKind, Event, Followed, Halted, Probed, Queued,
    UpstreamMoved,
};
use crate::merge_queue::fault::Fault;
use crate::merge_queue::health::Health;
use crate::stream::Position;

/// The state of a merge queue.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct MergeQueue {
    /// Upstream's branch; none before the merge queue was opened.
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
    /// Entries that wait for the trunk to be green, beside the queue.
    pub parked: Vec<Entry>,
    /// What is known of the trunk's own verification.
    pub health: Health,
    /// Per feature: what became of the newest entry that took out what it had brought, or brought
    /// it back.
    pub undone: BTreeMap<FeatureId, Undone>,
    /// Per feature: what its newest merge changed.
    pub landed: BTreeMap<FeatureId, Landed>,
    /// Per path: when upstream was last seen changed there.
    pub touched: BTreeMap<String, Position>,
    /// Nothing more joins the batch at the front.
    pub closed: bool,
    /// Entries at the front that were red together, and not yet one by one.
    pub suspects: usize,
    /// When upstream was last seen moved.
    pub moved: Timestamp,
    /// What work under way came to when it was last merged with the trunk in memory.
    pub probed: Option<Probed>,
    /// Set while upstream cannot be reached or refuses.
    pub halt: Option<Halt>,
}

/// Why a merge queue waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Halt {
    /// The answer of the outside, in words.
    pub reason: String,
    /// What is wrong with upstream.
    pub fault: Fault,
    /// How often in a row.
    pub attempts: u32,
    /// The time when it happened.
    pub at: Timestamp,
}

impl MergeQueue {
    /// The entry that moves.
    pub fn front(&self) -> Option<&Entry> {
        self.queue.front()
    }

    /// Where a claim's work collides with the trunk, as far as that was looked at since the trunk
    /// moved.
    pub fn collisions(&self, feature: &FeatureId, epoch: Epoch) -> &[String] {
        let Some(probed) = &self.probed else {
            return &[];
        };
        if self.head.as_ref() != Some(&probed.base) {
            return &[];
        }

        let mut collisions = probed.collisions.iter();
        match collisions.find(|one| one.feature == *feature && one.epoch == epoch) {
            Some(collision) => &collision.paths,
            None => &[],
        }
    }

    /// Everything that was not judged yet, wherever it waits.
    pub fn waiting(&self) -> impl Iterator<Item = &Entry> {
        self.queue.iter().chain(&self.held).chain(&self.parked)
    }

    /// Whether nothing is queued.
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty()
    }

    fn judge(&mut self, verdict: Verdict) {
        self.settle(matches!(verdict, Verdict::Red { .. }));
        if let Some(entry) = self.queue.pop_front() {
            self.judge_entry(entry, verdict);
        }
    }

    fn judge_entry(&mut self, entry: Entry, verdict: Verdict) {
        match entry.kind {
            EntryKind::Scaffold => {}
            EntryKind::Feature { feature, epoch, .. } => {
                drop(self.judged.insert(feature, (epoch, verdict)))
            }
            EntryKind::Revert {
                feature,
                commit,
                restores,
                ..
            } => {
                self.undone.insert(
                    feature,
                    Undone {
                        commit,
                        restores,
                        verdict,
                    },
                );
            }
        }
    }

    /// What the front entry changes is upstream now.
    fn land(&mut self, at: Position) {
        let Some(front) = self.queue.front() else {
            return;
        };

        let (feature, files) = (front.feature().cloned(), front.changes.files.clone());
        let (proof, checks) = (front.proof, front.changes.checks.clone());
        self.touch(&files, at);

        if let Some(feature) = feature {
            self.landed.insert(
                feature,
                Landed {
                    at,
                    files,
                    proof,
                    checks,
                },
            );
        }
    }

    /// Before what waits with a higher number, and behind everything that was begun: nobody's
    /// candidate is built for nothing.
    pub(super) fn line_up(&mut self, entry: Entry) {
        let later =
            |waiting: &Entry| waiting.stage == Stage::Queued && waiting.priority > entry.priority;
        let place = self
            .queue
            .iter()
            .position(later)
            .unwrap_or(self.queue.len());
        self.queue.insert(place, entry);
    }

    fn touch(&mut self, files: &[String], at: Position) {
        self.touched
            .extend(files.iter().map(|path| (path.clone(), at)));
    }

    fn take_held(&mut self, number: u64) -> Option<Entry> {
        let place = self.held.iter().position(|entry| entry.number == number)?;
        Some(self.held.remove(place))
    }

    /// Takes an entry from beside the queue, whatever it waits for there.
    fn take_aside(&mut self, number: u64) -> Option<Entry> {
        self.take_held(number).or_else(|| {
            let parked = self.parked.iter();
            let place = parked.into_iter().position(|e| e.number == number)?;
            Some(self.parked.remove(place))
        })
    }

    /// A further entry. What became of an earlier one of the feature does not count any more.
    fn queued(&mut self, event: &Queued, moment: Moment) {
        self.entries = event.entry;
        match &event.kind {
            EntryKind::Scaffold => {}
            EntryKind::Feature { feature, .. } => drop(self.judged.remove(feature)),
            EntryKind::Revert { feature, .. } => drop(self.undone.remove(feature)),
        }

        self.line_up(Entry {
            number: event.entry,
            kind: event.kind.clone(),
            priority: event.priority,
            at: moment.at,
            stage: Stage::Queued,
            moves: 0,
            lapses: Lapses::default(),
            builds: 0,
            changes: Changes::default(),
            approved: vec![],
            reds: vec![],
            cleared: false,
            proof: None,
            newest: None,
        });
    }

    fn candidate_built(&mut self, event: &CandidateBuilt) {
        self.halt = None;

        let mut queue = self.queue.iter_mut();
        if let Some(entry) = queue.find(|entry| entry.number == event.entry) {
            entry.stage = Stage::Built {
                candidate: event.candidate.clone(),
            };
            entry.newest = Some(event.candidate.clone());
            entry.changes = event.changes.clone();
            entry.builds += 1;
            entry.forget_reds();
        }
    }

    fn advanced(&mut self, event: &Advanced, moment: Moment) {
        self.is_at(Some(&event.to), moment.at);
        self.land(moment.position);
        self.judge(Verdict::Merged(Merged {
            sha: event.to.clone(),
        }));
        self.head_moved();
    }

    /// Upstream was moved by somebody else while the front entry was on its way.
    fn upstream_moved(&mut self, event: &UpstreamMoved, moment: Moment) {
        self.seen_at(event.seen.as_ref(), &event.files, moment);
        if let Some(front) = self.queue.front_mut() {
            front.moves += 1;
            front.lapses = Lapses::default();
        }
        self.head_moved();
    }

    fn followed(&mut self, event: &Followed, moment: Moment) {
        self.seen_at(Some(&event.to), &event.files, moment);
        self.head_moved();
    }

    /// Upstream is where nothing was built on.
    fn seen_at(&mut self, seen: Option<&Sha>, files: &[String], moment: Moment) {
        self.is_at(seen, moment.at);
        self.touch(files, moment.position);
        self.unbuild();
    }

    fn halted_by(&mut self, event: &Halted, moment: Moment) {
        let before = match &self.halt {
            Some(halt) => halt.attempts,
            None => 0,
        };
        self.halt = Some(Halt {
            reason: event.reason.clone(),
            fault: event.fault.clone(),
            attempts: before + 1,
            at: moment.at,
        });
    }

    pub(super) fn apply(&mut self, event: &Event, moment: Moment) {
        match event {
            Event::Opened(e) => {
                self.branch = Some(e.branch.clone());
                self.head = e.head.clone();
            }
            Event::Queued(e) => self.queued(e, moment),
            Event::CandidateBuilt(e) => self.candidate_built(e),
            Event::Held(_) => {
                self.unbuild();
                self.held.extend(self.queue.pop_front());
            }
            Event::ChangeApproved(e) => self.change_approved(e),
            Event::ChangeRefused(e) => self.change_refused(e),
            Event::Dequeued(e) if e.paths.is_empty() => self.drop_entry(e.entry, &e.why),
            Event::Dequeued(e) => self.judge(Verdict::Conflict {
                paths: e.paths.clone(),
                base: e.base.clone(),
                why: e.why.clone(),
            }),
            Event::FoundEmpty(e) => self.judge(Verdict::Nothing {
                base: e.base.clone(),
            }),
            Event::BatchClosed(_) => self.closed = true,
            Event::VerificationStarted(e) => self.verification_started(e),
            Event::VerificationLapsed(e) => self.verification_lapsed(e, moment.at),
            Event::Verified(e) => self.verified(e, moment.at),
            Event::VerificationFailed(_) if self.batched() > 1 => self.halve(),
            Event::VerificationFailed(e) => self.judge(red(&e.evidence)),
            Event::PublishIntended(_) => {
                self.stage_batch(|candidate| Stage::Publishing { candidate })
            }
            Event::Advanced(e) => self.advanced(e, moment),
            Event::UpstreamMoved(e) => self.upstream_moved(e, moment),
            Event::Followed(e) => self.followed(e, moment),
            Event::VerificationDoubted(e) => self.doubted(e),
            Event::Parked(e) => self.park(e.entry),
            Event::HeadVerificationStarted(e) => self.head_started(e),
            Event::HeadVerificationLapsed(e) => self.head_lapsed(e, moment.at),
            Event::HeadVerified(e) => self.head_is_green(&e.head),
            Event::HeadFailed(e) => self.head_is_red(&e.head, &e.evidence, moment.at),
            Event::RedEnded(_) => self.red_ended(),
            Event::Probed(e) => self.probed = Some(e.clone()),
            Event::BranchFollowed(e) => {
                self.branch = Some(e.branch.clone());
                self.halt = None;
            }
            Event::Halted(e) => self.halted_by(e, moment),
            Event::Unhalted(_) => {
                self.halt = None;
                self.at_tip(|tip| tip.lapses = Lapses::default());
                self.health.look_again();
            }
        }
    }

    fn verification_started(&mut self, e: &event::VerificationStarted) {
        self.health.terms = e.terms;
        self.at_tip(|tip| {
            if let Some(candidate) = tip.candidate().cloned() {
                tip.stage = Stage::Verifying {
                    candidate,
                    slot_session: e.slot_session.clone(),
                };
            }
        });
    }

    fn verification_lapsed(&mut self, e: &event::VerificationLapsed, at: Timestamp) {
        self.at_tip(|tip| {
            if let Some(candidate) = tip.candidate().cloned() {
                tip.stage = Stage::Built { candidate };
            }
            tip.lapses = tip.lapses.with(e.outcome, at);
        });
    }

    fn verified(&mut self, e: &event::Verified, at: Timestamp) {
        self.is_sound(&e.evidence, at);
        let reds = self.tip().map_or(0, |tip| tip.reds.len());
        let batched = self.batched();
        for entry in self.queue.iter_mut().take(batched) {
            entry.proof = Some(Proof::of(&e.evidence, reds));
        }
        self.stage_batch(|candidate| Stage::Verified {
            candidate,
            evidence: e.evidence.clone(),
        });
    }

    fn change_approved(&mut self, e: &event::ChangeApproved) {
        if let Some(mut entry) = self.take_held(e.entry) {
            entry.approved = entry.changes.protected.clone();
            self.line_up(entry);
        }
    }

    fn change_refused(&mut self, e: &event::ChangeRefused) {
        if let Some(entry) = self.take_out(e.entry) {
            let verdict = Verdict::Refused {
                paths: entry.changes.protected.clone(),
                why: e.why.clone(),
            };
            self.judge_entry(entry, verdict);
        }
    }

    /// Upstream answered: it is here.
    fn is_at(&mut self, head: Option<&Sha>, now: Timestamp) {
        self.head = head.cloned();
        self.moved = now;
        self.halt = None;
    }

    /// Takes an entry out, wherever it waits: what was built on top of it is to be built anew.
    fn take_out(&mut self, number: u64) -> Option<Entry> {
        let Some(place) = self.queue.iter().position(|e| e.number == number) else {
            return self.take_aside(number);
        };

        self.unbuild_from(place);
        if place < self.suspects {
            self.suspects -= 1;
        }
        self.queue.remove(place)
    }

    fn drop_entry(&mut self, number: u64, why: &str) {
        if let Some(entry) = self.take_out(number) {
            let why = why.to_owned();
            self.judge_entry(entry, Verdict::Dropped { why });
        }
    }
}

fn red(evidence: &Evidence) -> Verdict {
    match evidence {
        Evidence::Ran { tail, exit, .. } => Verdict::Red {
            tail: tail.clone(),
            exit: *exit,
        },
        Evidence::NoneConfigured | Evidence::Scaffold => Verdict::Red {
            tail: String::new(),
            exit: 0,
        },
    }
}

#[cfg(test)]
mod tests;
