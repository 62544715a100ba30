//! Watches a demo from its log: one line per milestone, the counts of the summary, and the end.

use std::time::{Duration, Instant};

use actors::follower::Follower;
use actors::supervisor::Core;
use events::codec::EventCodec;
use events::id::ProjectName;
use events::stream::Position;
use events::{container, feature, merge_queue, policy, project};

use super::milestone;
use crate::terminal::{complain, mention};

/// How a demo ended.
#[derive(Debug)]
pub(super) enum End {
    /// The project is completed.
    Completed,
    /// Nothing is at work and nothing is owed.
    Stalled(String),
    /// The server cannot go on.
    Broken(String),
    /// Somebody ended it.
    Interrupted,
}

#[derive(Debug, Default)]
struct Counts {
    closed: u32,
    sessions: u32,
    merges: u32,
    conflicts: u32,
    rejections: u32,
    retries: u32,
    milestones: u32,
    events: u64,
}

/// A follower of one project.
pub(super) struct Watch {
    core: Core,
    project: ProjectName,
    follower: Follower,
    counts: Counts,
    began: Instant,
}

impl Watch {
    pub(super) fn new(core: &Core, project: &str) -> anyhow::Result<Self> {
        let kernel = core.directory.kernel();
        let follower = Follower::new(kernel.log.clone(), &kernel.feed, Position(0));
        #[expect(
            clippy::disallowed_methods,
            reason = "wall time of the demo, shown and never decided on"
        )]
        let began = Instant::now();

        Ok(Self {
            core: core.clone(),
            project: project.parse()?,
            follower,
            counts: Counts::default(),
            began,
        })
    }

    /// Follows until the project is completed or stalled.
    pub(super) async fn follow(&mut self) -> anyhow::Result<End> {
        loop {
            let batch = self.follower.next().await?;
            let Some(batch) = batch else {
                return Ok(End::Broken("the feed ended".to_owned()));
            };
            let Some(last) = batch.last().map(|e| e.position) else {
                continue;
            };
            for envelope in &*batch {
                self.count(envelope);
            }
            self.core.projector.wait_for(last).await;
            if let Some(end) = self.ended() {
                return Ok(end);
            }
        }
    }

    fn count(&mut self, envelope: &events::envelope::Envelope) {
        self.counts.events = envelope.position.0;
        let (kind, schema, payload) = (
            &*envelope.kind,
            envelope.schema,
            envelope.payload.as_slice(),
        );
        match project::Event::decode(kind, schema, payload) {
            Ok(project::Event::MilestoneSettled(e)) => {
                self.counts.milestones += 1;
                mention!("{}", milestone(envelope.at, &e.covers, e.findings));
            }
            Ok(project::Event::Initialized(e)) => {
                mention!(
                    "{}  initialized, {} features",
                    crate::api::shown::time(envelope.at),
                    e.count
                );
            }
            _ => {}
        }

        match feature::Event::decode(kind, schema, payload) {
            Ok(feature::Event::Closed(_)) => self.counts.closed += 1,
            Ok(feature::Event::Claimed(e)) => self.counts.retries += u32::from(e.epoch.0 > 1),
            Ok(feature::Event::ReviewRejected(_)) => self.counts.rejections += 1,
            _ => {}
        }

        match merge_queue::Event::decode(kind, schema, payload) {
            Ok(merge_queue::Event::Advanced(e)) => {
                self.counts.merges += u32::from(e.from.is_some())
            }
            Ok(merge_queue::Event::Dequeued(e)) => {
                self.counts.conflicts += u32::from(!e.paths.is_empty())
            }
            _ => {}
        }

        if let Ok(container::Event::SessionEnded(_)) =
            container::Event::decode(kind, schema, payload)
        {
            self.counts.sessions += 1;
        }
    }

    fn ended(&self) -> Option<End> {
        let clock = &self.core.world.clock;
        let (now, noticed) = (clock.now(), clock.gaps());

        self.core.projector.read(|projections| {
            let recorded = &projections.node.state.gaps;
            let observed = self.core.liveness.observed(now, recorded, &noticed);
            let view = projections.projects.get(&self.project)?;
            if view.is_completed() {
                return Some(End::Completed);
            }
            let at_work = !view.grants().is_empty()
                || view.enlisted().any(|(_, slot, _)| slot.job().is_some());
            let agenda = policy::owed(view, &observed);
            let waits = at_work || !agenda.owed.is_empty() || agenda.wake.is_some();
            let mut needs = view.standing().needs_you;
            needs.extend(self.core.faults.needs_you(&self.project));
            (!waits && view.registered()?.is_running()).then(|| {
                End::Stalled(if needs.is_empty() {
                    "nothing is owed and it is not completed".to_owned()
                } else {
                    let texts: Vec<_> = needs.iter().map(|need| need.text.as_str()).collect();
                    texts.join("; ")
                })
            })
        })
    }

    /// Waits until the project owns no container any more, within limits, and shows how many are
    /// waited for.
    pub(super) async fn last_containers(&self, limit: Duration) {
        let mut said = 0;

        let gone = self.core.projector.wait_until(|projections| {
            let view = projections.projects.get(&self.project)?;
            let slots = view.enlisted();
            let left = slots.filter(|(_, slot, _)| slot.job().is_some()).count();
            if left > 0 && left != said {
                mention!("waits for {left} sessions to end");
            }
            said = left;
            (left == 0).then_some(())
        });
        if tokio::time::timeout(limit, gone).await.is_err() {
            complain!("{} s are over: what is left is killed", limit.as_secs());
        }
    }

    pub(super) fn summary(&self) -> String {
        let c = &self.counts;

        format!(
            "{} features closed, {} sessions, {} merges, {} conflicts, {} rejections, {} retries, \
             {} milestones, {} events, {:.1} s",
            c.closed,
            c.sessions,
            c.merges,
            c.conflicts,
            c.rejections,
            c.retries,
            c.milestones,
            c.events,
            self.began.elapsed().as_secs_f64()
        )
    }
}
