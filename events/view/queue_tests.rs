//! The queue is what a scan of all features finds, after whatever history.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::backlog;
use crate::cause::{Cause, Principal};
use crate::codec::EventCodec;
use crate::envelope::Envelope;
use crate::feature;
use crate::feature::content::{Content, FeatureType};
use crate::feature::event::Closing;
use crate::holder::Holder;
use crate::id::{CommandId, Epoch, ProjectName, Sha};
use crate::outcome::Outcome;
use crate::stream::{StreamId, Version};
use crate::view::Projections;

/// Features that a history may be about: few, so that much happens to each.
const FEATURES: u8 = 8;
/// Milliseconds between two events: sessions that vanished rest for some of them.
const PACE_MS: u64 = 1_500;

fn zoo() -> ProjectName {
    "zoo".parse().expect("a name")
}

fn feature(n: u8) -> FeatureId {
    format!("f{n}").parse().expect("an id")
}

fn sha(n: u8) -> Sha {
    format!("{n:040x}").parse().expect("a commit")
}

/// A history under way: the projections, and what was recorded per stream.
#[derive(Default)]
struct History {
    projections: Projections,
    versions: BTreeMap<String, u64>,
    now: Timestamp,
}

impl History {
    fn record(&mut self, stream: StreamId, event: &impl EventCodec) {
        self.now = self.now.plus_ms(PACE_MS);
        let version = self.versions.entry(stream.to_string()).or_default();
        *version += 1;
        let (kind, id) = (event.kind(), CommandId([0; 16]));

        let envelope = Envelope {
            position: Position(self.projections.position.0 + 1),
            stream,
            version: Version(*version),
            kind: kind.name.into(),
            schema: kind.schema,
            at: self.now,
            cause: Cause::first(Principal::Operator("anna".into()), id),
            command: id,
            trace: None,
            payload: event.encode(),
            digest: Digest::default(),
        };
        self.projections.apply(&envelope).expect("an event of ours");
    }

    fn of(&mut self, n: u8, event: impl Into<feature::Event>) {
        self.record(StreamId::Feature(zoo(), feature(n)), &event.into());
    }

    fn of_backlog(&mut self, event: impl Into<backlog::Event>) {
        self.record(StreamId::Backlog(zoo()), &event.into());
    }

    fn of_merge_queue(&mut self, event: impl Into<merge_queue::Event>) {
        self.record(StreamId::MergeQueue(zoo()), &event.into());
    }

    /// Ids that no batch brought yet become a batch, in one part or in two.
    fn admit(&mut self, ids: &[u8], in_parts: bool) {
        let view = self.projections.projects.get(&zoo());
        let is_new =
            |n: &&u8| view.is_none_or(|b| !b.backlog.state.ids.contains_key(&feature(**n)));
        let new: BTreeSet<FeatureId> = ids.iter().filter(is_new).map(|n| feature(*n)).collect();
        let mut ids: Vec<_> = new.into_iter().collect();
        let batch = Digest::of(format!("{ids:?}").as_bytes());
        let rest = if in_parts {
            ids.split_off(ids.len() / 2)
        } else {
            vec![]
        };

        let parts = [ids, rest].into_iter().filter(|part| !part.is_empty());

        let parts: Vec<_> = parts.collect();
        for (part, left) in parts.iter().zip((0..parts.len()).rev()) {
            let (ids, more) = (part.clone(), left > 0);
            let edges = vec![];
            self.of_backlog(backlog::event::Admitted {
                batch,
                ids,
                edges,
                more,
            });
        }
    }

    /// A feature comes to exist: of the batch that brought its id, or of none.
    fn create(&mut self, n: u8, blocked: bool) {
        let view = self.projections.projects.get(&zoo());
        let origin = view.and_then(|b| b.backlog.state.ids.get(&feature(n)));
        let batch = origin.map_or(Digest::of(&[n]), |origin| origin.batch);
        let blockers = if blocked { vec![feature(0)] } else { vec![] };
        let content = Content::titled("F");

        self.of(
            n,
            feature::event::Created {
                content,
                batch,
                blockers,
            },
        );
    }

    fn edit(&mut self, n: u8, kind: FeatureType) {
        let mut content = Content::titled("Edited");
        content.kind = kind;
        self.of(n, feature::event::Edited { content });
    }

    /// What a feature had brought is taken out, or brought back.
    fn revert(&mut self, n: u8, restores: bool) {
        let view = self.projections.projects.get(&zoo());
        let entry = view.map_or(1, |view| view.merge_queue.state.entries + 1);
        let (feature, commit, title) = (feature(n), sha(n), "R".to_owned());
        let kind = EntryKind::Revert {
            feature,
            commit,
            title,
            restores,
        };

        self.of_merge_queue(merge_queue::event::Queued {
            entry,
            kind,
            priority: 2,
        });
    }

    fn release(&mut self, n: u8, outcome: Outcome) {
        let (epoch, detail) = (Epoch(1), String::new());
        self.of(
            n,
            feature::event::Released {
                epoch,
                outcome,
                detail,
            },
        );
    }

    fn claim(&mut self, n: u8) {
        let holder = Holder::Outside {
            principal: "c".into(),
        };
        self.of(
            n,
            feature::event::Claimed {
                epoch: Epoch(1),
                holder,
            },
        );
    }

    fn advance(&mut self, n: u8) {
        let entry = 1;
        self.of_merge_queue(merge_queue::event::Advanced {
            entry,
            to: sha(n),
            from: None,
        });
    }

    fn step(&mut self, what: u8, n: u8, m: u8) {
        let by = || "anna".to_owned();

        match what {
            0 => self.admit(&[n, m, n / 2], m.is_multiple_of(2)),
            1..=3 => self.create(n, m == 1),
            4 => self.edit(
                n,
                if m == 1 {
                    FeatureType::Epic
                } else {
                    FeatureType::Task
                },
            ),
            5 => self.of(
                n,
                feature::event::Ranked {
                    priority: m % 5,
                    rank: i64::from(m),
                },
            ),
            6 => self.of(n, feature::event::Blocked { by: feature(m) }),
            7 => self.of(n, feature::event::Unblocked { by: feature(m) }),
            8 => self.claim(n),
            9 => self.release(
                n,
                if m > 2 {
                    Outcome::Lost
                } else {
                    Outcome::Failed
                },
            ),
            10 => self.of(n, feature::event::SetAside { why: "out".into() }),
            11 => self.of(n, feature::event::Requeued { by: by() }),
            12 => {
                let (epoch, question) = (Epoch(1), "Which?".to_owned());
                self.of(n, feature::event::QuestionAsked { epoch, question });
            }
            13 => self.of(n, feature::event::QuestionAnswered { by: by() }),
            14 => {
                let closing = Closing::Restored { commit: sha(m) };
                self.of(n, feature::event::Closed { closing, by: by() });
            }
            15 => self.of(
                n,
                feature::event::Reopened {
                    why: "no".into(),
                    by: by(),
                },
            ),
            16 => self.of_backlog(backlog::event::Withdrawn { id: feature(n) }),
            17 => self.of(n, feature::event::Withdrawn { by: by() }),
            18 | 19 => self.revert(n, m.is_multiple_of(2)),
            20 | 21 => self.advance(m),
            _ => self.of_merge_queue(merge_queue::event::Dequeued {
                entry: u64::from(m),
                why: "out".into(),
                paths: vec![],
                base: None,
            }),
        }
    }
}

/// What the queue stands for, without it: all features are looked at.
struct Scan<'a> {
    view: &'a ProjectView,
    partial: BTreeSet<Digest>,
}

impl<'a> Scan<'a> {
    fn of(view: &'a ProjectView) -> Self {
        let admitted = view.backlog.state.ids.iter();
        let missing = admitted.filter(|(id, _)| !view.exists_or_left(id));
        let partial = missing.map(|(_, origin)| origin.batch).collect();
        Self { view, partial }
    }

    fn is_being_restored(&self, id: &FeatureId, known: &Known) -> bool {
        let merge_queue = &self.view.merge_queue.state;
        let waits = merge_queue.waiting().any(|entry| match &entry.kind {
            EntryKind::Revert {
                feature, restores, ..
            } => *restores && feature == id,
            EntryKind::Feature { .. } | EntryKind::Scaffold => false,
        });
        let unheard = merge_queue.undone.get(id).is_some_and(|undone| {
            matches!(&undone.verdict, merge_queue::Verdict::Merged(merged)
                if undone.restores && known.restored.as_ref() != Some(&merged.sha))
        });
        waits || unheard
    }

    fn ready(&self) -> Vec<FeatureId> {
        let ready = self.view.known().filter(|(id, known, _)| {
            known.is_ready()
                && !self.partial.contains(&known.batch)
                && !self.is_being_restored(id, known)
        });
        let mut turns: Vec<_> = ready
            .map(|(id, known, _)| self.view.turn(id, known))
            .collect();
        turns.sort();
        turns.into_iter().map(|turn| turn.4).collect()
    }

    fn tallied(&self) -> Tallied {
        let counted = self.view.known().filter(|(_, known, _)| known.counts());
        counted.fold(Tallied::default(), |sum, (_, known, _)| Tallied {
            closed: sum.closed + u32::from(known.is_closed()),
            total: sum.total + 1,
        })
    }

    /// Features of which something holds, in order.
    fn those(&self, holds: impl Fn(&FeatureId, &Known) -> bool) -> Vec<FeatureId> {
        let found = self.view.known().filter(|(id, known, _)| holds(id, known));
        found.map(|(id, ..)| id.clone()).collect()
    }

    /// Until when each ready feature rests that does.
    fn rests(&self, now: Timestamp) -> BTreeMap<FeatureId, Timestamp> {
        let ready = self.view.known().filter(|(_, known, _)| known.is_ready());
        let until = ready.map(|(id, known, _)| {
            let pause = backoff_ms(known.tally.gone);
            (id.clone(), known.tally.gone_at.plus_ms(pause))
        });
        until.filter(|(_, until)| *until > now).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_queue_is_what_a_scan_finds(
        steps in prop::collection::vec((0u8..23, 0..FEATURES, 0u8..5), 1..120)
    ) {
        let mut history = History::default();
        for (what, n, m) in steps {
            history.step(what, n, m);
            let Some(view) = history.projections.projects.get(&zoo()) else { continue };
            let (scan, now) = (Scan::of(view), history.now);

            let rests = scan.rests(now);
            let ready = scan.ready();
            let is_rested = |id: &&FeatureId| !rests.contains_key(*id);
            let rested: Vec<_> = ready.iter().filter(is_rested).collect();
            prop_assert_eq!(view.ready().cloned().collect::<Vec<_>>(), ready.clone());
            prop_assert_eq!(view.rested(now).collect::<Vec<_>>(), rested);
            prop_assert_eq!(view.rested_next(now), rests.values().min().copied());
            prop_assert_eq!(view.is_complete_backlog(), scan.partial.is_empty());
            prop_assert_eq!(view.tallied(), scan.tallied());

            let underway = scan.those(|_, known| known.stage.is_underway());
            let found: Vec<_> = view.underway().map(|(id, ..)| id.clone()).collect();
            prop_assert_eq!(found, underway);
            let edges = &view.backlog.state.edges;
            let found: BTreeSet<_> = view.dependent().map(|(id, ..)| id.clone()).collect();
            for id in scan.those(|id, known| {
                let waits = !known.blockers.is_empty() || edges.contains_key(id);
                waits && !known.is_settled()
            }) {
                prop_assert!(found.contains(&id), "{} waits for others", id);
            }
            let missing = view.backlog.state.ids.keys().filter(|id| !view.exists_or_left(id));
            let found: BTreeSet<_> = view.missing().collect();
            prop_assert_eq!(found, missing.collect::<BTreeSet<_>>());

            for n in 0..FEATURES {
                let batch = view.backlog.state.ids.get(&feature(n)).map(|origin| origin.batch);
                let is_whole = batch.is_none_or(|batch| !scan.partial.contains(&batch));
                prop_assert_eq!(batch.is_none_or(|batch| view.is_whole(batch)), is_whole);
            }
        }
    }
}
