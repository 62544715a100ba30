//! Quiet: nothing fails any more, time passes, and what stands under Needs you is done. Then all
//! work has to be merged.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use events::project::Intent;
use events::view::{Need, Remedy};
use supercargo::api::{How, ProjectChange};
use supercargo::operator::Wanted;

use super::Storm;
use crate::world::{ZOO, context};

/// A run that takes longer is stuck; a bound of the test, never a measurement.
pub(super) const STUCK_AFTER: Duration = Duration::from_secs(240);

/// How long nothing is recorded before it counts as rest; two seconds of the World.
const REST: Duration = Duration::from_millis(40);
/// Rests while containers run, before they are called stuck.
const WORKING_MAX: u32 = 250;
/// How far time jumps when nothing else happens.
const JUMP_MS: i64 = 60_000;
/// Jumps until time alone is said to mend nothing: longer than any pause.
const JUMPS_MAX: u32 = 40;
/// Needs that a person looks after in one run.
const NEEDS_MAX: u32 = 80;

impl Storm {
    /// Ends the storm. Says what stands still without a way out, if anything does.
    pub(super) async fn calm(&mut self) -> Result<(), String> {
        self.temper.calm();
        self.world.engine.failing.store(0, Ordering::SeqCst);
        self.world.engine.set_away(false);
        self.move_upstream(false);
        let time_first = self.chance.bool();

        for _ in 0..NEEDS_MAX {
            self.rest().await?;
            if time_first {
                self.let_time_pass().await?;
            }
            if self.is_done() {
                return Ok(());
            }
            if self.look_after().await? {
                continue;
            }
            // Time mends what a person cannot.
            self.let_time_pass().await?;
            if !self.is_done() && !self.look_after().await? {
                return Err(self.no_way_out());
            }
        }

        Err(format!("needs without end: {}", self.standing()))
    }

    /// Waits until nothing is recorded any more and no container runs.
    async fn rest(&self) -> Result<(), String> {
        let mut working = 0;

        loop {
            if self.moves().await {
                working = 0;
                continue;
            }
            if self.world.engine.running() == 0 {
                return Ok(());
            }
            working += 1;
            if working > WORKING_MAX {
                return Err(format!("a container never ends: {}", self.standing()));
            }
        }
    }

    /// Whether anything is recorded within a rest.
    async fn moves(&self) -> bool {
        let core = &self.server().core;
        let before = core.projector.read(|projections| projections.position);
        let moved = core
            .projector
            .wait_until(|projections| (projections.position != before).then_some(()));
        tokio::time::timeout(REST, moved).await.is_ok()
    }

    /// Jumps on in time until time alone mends nothing more.
    async fn let_time_pass(&self) -> Result<(), String> {
        let mut jumps = 0;
        while jumps < JUMPS_MAX && !self.is_done() {
            self.world.clock.jump_ms(JUMP_MS);
            jumps += 1;
            if self.moves().await {
                self.rest().await?;
                jumps = 0;
            }
        }
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.server().zoo(|view| {
            let tallied = view.tallied();
            let resting = view.enlisted().all(|(_, slot, _)| slot.job().is_none());
            // Where everything was withdrawn nothing is to be completed.
            let nothing =
                tallied.total == 0 && view.known().all(|(_, known, _)| known.is_settled());
            let done = view.is_completed() || nothing;
            tallied.closed == tallied.total && done && resting
        })
    }

    /// Starts what was stopped, or does what the first need asks for that is not done by itself.
    /// Says whether anything came of it.
    async fn look_after(&self) -> Result<bool, String> {
        let before = self.server().zoo(|view| view.position);
        let intent = self
            .server()
            .zoo(|view| view.registered().map(|r| r.intent));
        if matches!(intent, Some(Intent::Stopped | Intent::Draining { .. })) {
            let operator = &self.server().operator;
            let started = operator.intend(&context(), ZOO, Wanted::Start).await;
            return started
                .map(|_| true)
                .map_err(|why| format!("a start is refused: {}", why.code));
        }

        let needs = self.server().zoo(|view| view.standing().needs_you);
        for need in needs {
            if let Err(code) = self.remedy(&need).await {
                eprintln!("{} is refused: {code}", need.kind.name());
            }
            if self.server().zoo(|view| view.position) != before {
                return Ok(true);
            }
        }

        Ok(false)
    }

    /// Does what a need asks for.
    async fn remedy(&self, need: &Need) -> Result<(), String> {
        let operator = &self.server().operator;
        let context = context();
        let done = match &need.remedy {
            // Where nothing is left to do it is all the same whether the project runs.
            Remedy::Mend | Remedy::Stop | Remedy::SetCredential | Remedy::ForgetHostKeys => {
                return Ok(());
            }
            Remedy::Start => operator.intend(&context, ZOO, Wanted::Start).await,
            Remedy::Retry => operator.intend(&context, ZOO, Wanted::Retry).await,
            Remedy::Initialize => operator.intend(&context, ZOO, Wanted::Initialize).await,
            Remedy::ResumeQueue => operator.resume_queue(&context, ZOO).await,
            Remedy::SetTarget => operator.set_target(&context, ZOO, 1).await,
            Remedy::SetVerification => {
                let change = ProjectChange {
                    verify: Some("test -f README".to_owned()),
                    ..ProjectChange::default()
                };
                operator.change_project(&context, ZOO, &change).await
            }
            Remedy::AcceptUpstream { seen } => {
                operator.accept_upstream(&context, ZOO, seen.as_str()).await
            }
            Remedy::FollowBranch => {
                let followed = operator.follow_branch(&context, ZOO, None).await;
                return followed
                    .map(drop)
                    .map_err(|problem| problem.code.into_owned());
            }
            Remedy::Approve { entry } => operator.approve_change(&context, ZOO, *entry).await,
            Remedy::Close { feature } => {
                let how = How::DoneElsewhere;
                operator.close(&context, ZOO, feature.as_str(), how).await
            }
            Remedy::Undo { feature } => operator.undo(&context, ZOO, feature.as_str()).await,
            Remedy::Requeue { feature } => operator.requeue(&context, ZOO, feature.as_str()).await,
            Remedy::Answer { feature } => {
                operator
                    .answer(&context, ZOO, feature.as_str(), "That one.")
                    .await
            }
            Remedy::Withdraw { feature } => {
                operator.withdraw(&context, ZOO, feature.as_str()).await
            }
            Remedy::Reinstate { slot } => operator.restart_slot(&context, ZOO, slot.0).await,
        };

        done.map(drop).map_err(|problem| problem.code.into_owned())
    }

    fn no_way_out(&self) -> String {
        let needs = self.server().operator.project(ZOO);
        let needs = needs.map(|shape| shape.needs).unwrap_or_default();
        let kinds: Vec<String> = needs.into_iter().map(|need| need.kind).collect();
        format!("no way out, needs {kinds:?}: {}", self.standing())
    }

    /// Where everything stands, in few words and without names, so that equal faults read alike.
    fn standing(&self) -> String {
        let (slots, stages, queue) = self.server().zoo(|view| {
            let slots = view
                .enlisted()
                .map(|(_, slot, _)| word(&format!("{:?}", slot.state)));
            let stages = view
                .known()
                .map(|(_, known, _)| word(&format!("{:?}", known.stage)));
            let queue = &view.merge_queue.state.queue;
            let queue = queue
                .iter()
                .map(|entry| word(&format!("{:?}", entry.stage)));
            let stages: BTreeSet<String> = stages.collect();
            let queue: BTreeSet<String> = queue.collect();
            (slots.collect::<BTreeSet<_>>(), stages, queue)
        });

        format!("slots {slots:?}, features {stages:?}, queue {queue:?}")
    }
}

/// The name of a state, without what it holds.
fn word(debug: &str) -> String {
    let end = debug.find(|c: char| !c.is_ascii_alphanumeric());
    debug[..end.unwrap_or(debug.len())].to_owned()
}
