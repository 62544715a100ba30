//! Batches: whatever their culprits are, the others are merged in order, in few runs.

use super::*;
use crate::aggregate::{Aggregate, Moment};
use crate::evidence::Evidence;
use crate::holder::SlotSession;
use crate::id::{Digest, Epoch, FeatureId, SessionId, SlotNo, Timestamp};
use crate::merge_queue::{Candidate, Changes, Command, Event, Verdict, event};
use crate::stream::{Position, Version};

fn sha(kind: char, n: u64) -> Sha {
    format!("{kind}{n:039}").parse().expect("sha")
}
fn id(n: u64) -> FeatureId {
    format!("f-{n}").parse().expect("id")
}
fn slot_session() -> SlotSession {
    SlotSession {
        n: SlotNo(1),
        session: SessionId::from_bytes([1; 10]),
    }
}

fn verifying() -> SessionId {
    slot_session().session
}
fn ran(tree: Sha, is_green: bool) -> Evidence {
    let digest = Digest::of(b"x");
    Evidence::Ran {
        tree,
        command: digest,
        exit: i32::from(!is_green),
        log: digest,
        session: verifying(),
        tail: String::new(),
    }
}

/// A merge queue that is told what happens, and remembers how often a verifier worked.
struct Told {
    merge_queue: MergeQueue,
    built: u64,
    verifications: usize,
}

impl Told {
    fn new(entries: u64) -> Self {
        let mut told = Self {
            merge_queue: MergeQueue::default(),
            built: 0,
            verifications: 0,
        };

        told.tell(&Command::Open {
            branch: "main".into(),
            head: Some(sha('a', 0)),
        });
        for n in 1..=entries {
            let kind = EntryKind::Feature {
                feature: id(n),
                epoch: Epoch(1),
                sha: sha('b', n),
                title: "x".into(),
            };
            told.tell(&Command::Enqueue { kind, priority: 2 });
        }

        told
    }

    fn is_red(&self, n: u64) -> bool {
        let judged = self.merge_queue.judged.get(&id(n));
        matches!(judged, Some((_, Verdict::Red { .. })))
    }

    fn tell(&mut self, command: &Command) -> Vec<Event> {
        let decided = self
            .merge_queue
            .decide(command, Timestamp(0))
            .unwrap_or_else(|why| panic!("{command:?}: {why}"));
        for event in &decided {
            let moment = Moment {
                position: Position(1),
                version: Version(1),
                at: Timestamp(1),
            };
            self.merge_queue.evolve(event, moment);
        }

        decided
    }

    fn build(&mut self, entry: u64, base: Option<Sha>) {
        self.built += 1;
        let candidate = Candidate {
            base,
            sha: sha('c', self.built),
            tree: sha('d', self.built),
        };
        self.tell(&Command::RecordCandidate {
            entry,
            candidate,
            changes: Changes::default(),
            asked: true,
        });
    }

    fn is_verified(&self) -> bool {
        let verified = |entry: &Entry| matches!(&entry.stage, Stage::Verified { evidence, .. } if evidence.is_green());
        self.merge_queue.batched() > 0 && self.merge_queue.batch().all(verified)
    }

    fn numbers(&self) -> Vec<u64> {
        self.merge_queue.batch().map(|entry| entry.number).collect()
    }

    /// Builds what may be built; answers the tip.
    fn stack(&mut self, most: u16) -> Entry {
        let front = self.merge_queue.front().expect("an entry");
        if front.stage == Stage::Queued {
            self.build(front.number, self.merge_queue.head.clone());
        }

        while let Some(next) = self.merge_queue.joins(most).map(|next| next.number) {
            let below = self
                .merge_queue
                .tip()
                .and_then(Entry::candidate)
                .map(|candidate| candidate.sha.clone());
            self.build(next, below);
        }

        self.merge_queue.tip().expect("a tip").clone()
    }

    /// Verifies the tip as often as it takes; the bare head is green, when it is asked about.
    fn verify(&mut self, tip: &Entry, is_green: bool) {
        self.run_once(tip, is_green);
        if self.merge_queue.is_head_in_doubt() {
            let (slot_session, terms) = (slot_session(), Digest::of(b"x"));
            self.tell(&Command::StartHeadVerification {
                slot_session,
                terms,
            });
            let (session, evidence) = (verifying(), ran(sha('f', 1), true));
            self.tell(&Command::RecordHeadVerification { session, evidence });
            self.run_once(tip, is_green);
        }
    }

    fn run_once(&mut self, tip: &Entry, is_green: bool) {
        self.verifications += 1;
        self.tell(&Command::StartVerification {
            entry: tip.number,
            slot_session: slot_session(),
            terms: Digest::of(b"x"),
        });
        let tree = tip.candidate().expect("built").tree.clone();
        self.tell(&Command::RecordVerification {
            entry: tip.number,
            session: Some(verifying()),
            evidence: ran(tree, is_green),
        });
    }

    /// Everything that is queued is judged; a tree is red when it holds one of these sets.
    /// Answers what was merged, in order.
    fn run(&mut self, most: u16, red: &[&[u64]]) -> Vec<u64> {
        let mut merged: Vec<u64> = Vec::new();

        while !self.merge_queue.queue.is_empty() {
            let tip = self.stack(most);
            let holds = |n: &u64| merged.contains(n) || self.numbers().contains(n);
            let is_green = !red.iter().any(|set| set.iter().all(holds));
            self.verify(&tip, is_green);
            if self.is_verified() {
                let (from, batch) = (self.merge_queue.head.clone(), self.numbers());
                let intended = self.tell(&Command::IntendPublish { entry: tip.number });
                let to = tip.candidate().expect("built").sha.clone();
                assert_eq!(
                    intended,
                    [event::PublishIntended {
                        entry: tip.number,
                        from,
                        to: to.clone()
                    }
                    .into()]
                );
                assert_eq!(
                    self.tell(&Command::RecordAdvanced { entry: tip.number })
                        .len(),
                    batch.len()
                );
                assert_eq!(self.merge_queue.head, Some(to));
                merged.extend(batch);
            }
        }

        merged
    }
}

/// Whatever is red by itself, at every size: all else is merged in order, and finding it takes
/// a logarithm of runs, not one for each.
#[test]
fn a_culprit_is_found_and_the_rest_is_merged_in_order() {
    for entries in [1, 2, 3, 5, 8, 13, 20] {
        for most in [1, 2, 3, 8, 64] {
            for culprits in (0..1_u64 << entries.min(6)).map(|mask| mask * 37 % (1 << entries)) {
                let is_bad = |n: &u64| culprits & (1 << (n - 1)) != 0;
                let (bad, good): (Vec<u64>, Vec<u64>) = (1..=entries).partition(is_bad);
                let sets: Vec<&[u64]> = bad.chunks(1).collect();
                let mut told = Told::new(entries);
                let merged = told.run(most, &sets);
                let what = format!("{entries} entries, {most} at once, {bad:?} are red");
                assert_eq!(merged, good, "{what}");
                assert!(bad.iter().all(|n| told.is_red(*n)), "{what}");
                let (most, entries) = (u64::from(most).min(entries), entries);
                let runs =
                    entries.div_ceil(most) + bad.len() as u64 * (2 * u64::from(most.ilog2()) + 4);
                assert!(
                    told.verifications as u64 <= runs,
                    "{what}: {} runs, {runs} should do",
                    told.verifications
                );
            }
        }
    }
}

#[test]
fn what_is_red_only_together_costs_one_of_the_two() {
    let mut told = Told::new(8);
    assert_eq!(told.run(8, &[&[2, 7]]), [1, 2, 3, 4, 5, 6, 8]);
    assert!(told.verifications <= 9, "{}", told.verifications);
}

#[test]
fn the_first_half_of_a_red_batch_is_as_it_was_built() {
    let mut told = Told::new(8);
    let tip = told.stack(8);
    let built = told.built;
    told.verify(&tip, false);
    assert_eq!(
        (told.numbers(), told.stack(8).number, told.built),
        (vec![1, 2, 3, 4], 4, built)
    );
}

/// Eight good merges: one run instead of eight. With a bound of one each is verified by itself.
#[test]
fn a_green_batch_is_verified_once() {
    for (most, runs) in [(1, 8), (3, 3), (8, 1)] {
        let mut told = Told::new(8);
        assert_eq!(told.run(most, &[]).len(), 8);
        assert_eq!(told.verifications, runs);
    }
}

/// What stands on an entry that leaves, or on an upstream that moves, was never verified.
#[test]
fn evidence_is_of_a_batch_as_it_is() {
    let verified = || {
        let mut told = Told::new(4);
        let tip = told.stack(3);
        told.verify(&tip, true);
        assert!(told.is_verified() && told.numbers() == [1, 2, 3]);
        (told, tip.number)
    };
    let (mut told, tip) = verified();
    told.tell(&Command::Drop {
        entry: 2,
        why: "withdrawn".into(),
    });
    assert_eq!(told.numbers(), [1], "what stood on it is built again");
    assert!(!told.is_verified());
    assert!(
        told.merge_queue
            .decide(&Command::IntendPublish { entry: tip }, Timestamp(0))
            .is_err()
    );
    assert!(
        told.merge_queue
            .decide(&Command::IntendPublish { entry: 1 }, Timestamp(0))
            .is_err()
    );
    assert_eq!(told.run(3, &[]), [1, 3, 4]);

    let (mut told, tip) = verified();
    let from = told.merge_queue.head.clone();
    told.tell(&Command::RecordMoved {
        entry: 1,
        from,
        seen: Some(sha('e', 1)),
        files: vec![],
    });
    assert_eq!(
        (
            told.numbers(),
            told.merge_queue.front().map(|front| front.moves)
        ),
        (vec![], Some(1))
    );
    assert!(
        told.merge_queue
            .decide(&Command::IntendPublish { entry: tip }, Timestamp(0))
            .is_err()
    );

    let (mut told, tip) = verified();
    told.tell(&Command::IntendPublish { entry: tip });
    let drop = Command::Drop {
        entry: 2,
        why: "withdrawn".into(),
    };
    assert_eq!(
        told.merge_queue.decide(&drop, Timestamp(0)),
        Err(crate::merge_queue::Refusal::Publishing),
        "its end has to be seen"
    );
}

#[test]
fn what_waits_for_a_person_does_not_join() {
    let mut told = Told::new(2);
    told.build(1, Some(sha('a', 0)));
    let candidate = Candidate {
        base: Some(sha('c', 1)),
        sha: sha('c', 2),
        tree: sha('d', 2),
    };
    let changes = Changes {
        protected: vec![".envrc".into()],
        ..Changes::default()
    };

    let decided = told.tell(&Command::RecordCandidate {
        entry: 2,
        candidate,
        changes,
        asked: true,
    });
    assert!(
        matches!(&decided[..], [Event::BatchClosed(closed)] if closed.entry == 1),
        "{decided:?}"
    );
    assert_eq!((told.numbers(), told.merge_queue.joins(8)), (vec![1], None));
}

#[test]
fn a_batch_that_is_closed_or_looked_at_takes_nothing_more() {
    let mut told = Told::new(3);
    told.build(1, Some(sha('a', 0)));
    told.tell(&Command::CloseBatch {
        entry: 1,
        why: "the next one does not merge with it".into(),
    });
    assert_eq!(told.merge_queue.joins(8), None);
    let tip = told.stack(8);
    told.verify(&tip, true);
    told.tell(&Command::IntendPublish { entry: 1 });
    told.tell(&Command::RecordAdvanced { entry: 1 });
    assert_eq!(told.stack(8).number, 3, "the next one is not");
    told.tell(&Command::StartVerification {
        entry: 3,
        slot_session: slot_session(),
        terms: Digest::of(b"x"),
    });
    assert_eq!(told.merge_queue.joins(8), None);
    let moved = Command::RecordMoved {
        entry: 2,
        from: told.merge_queue.head.clone(),
        seen: Some(sha('e', 1)),
        files: vec![],
    };
    assert!(
        told.merge_queue.decide(&moved, Timestamp(0)).is_err(),
        "its verifier ends first"
    );
    let other = Candidate {
        base: told.merge_queue.head.clone(),
        sha: sha('c', 99),
        tree: sha('d', 99),
    };

    let foreign = Command::RecordCandidate {
        entry: 3,
        candidate: other,
        changes: Changes::default(),
        asked: true,
    };
    assert!(
        told.merge_queue.decide(&foreign, Timestamp(0)).is_err(),
        "the tip is not built twice"
    );
}
