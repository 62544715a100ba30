//! The claim queue: who gets the next feature. All claims of a project pass it.
//!
//! It reserves in memory and does not wait for the append before it serves the next claimant, so
//! that a hundred claims share a group commit. The guarantee is not here: it is the expected
//! version of the feature's stream. The queue only keeps claimants from running at the same
//! feature, and answers "nothing" only when nothing is ready and no reservation is pending.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use events::cause::{Cause, Principal};
use events::claims::pick::{Pick, Picked, pick};
use events::feature::{self, Feature};
use events::holder::Holder;
use events::id::{CommandId, Digest, Epoch, FeatureId, ProjectName, SessionId, SlotNo};
use events::log::Receipt;
use events::project;
use events::stream::{StreamId, Version};
use tokio::sync::Notify;
use tracing::{Instrument, instrument};

use crate::directory::Directory;
use crate::executed::Executed;
use crate::host::{Execute, ExecuteError, Request};
use crate::projector::Projector;

/// How often a claimant is sent to another feature after the first was gone.
const ROUNDS_MAX: usize = 64;

/// A claim that was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// The feature that this is about.
    pub feature: FeatureId,
    /// The number of the claim.
    pub epoch: Epoch,
    /// Where it is recorded.
    pub receipt: Receipt,
}

/// Who asks, for what.
#[derive(Debug, Clone)]
pub struct Asking {
    /// The project that the feature belongs to.
    pub project: ProjectName,
    /// A certain one, or the best.
    pub feature: Option<FeatureId>,
    /// The holder, at a slot or outside.
    pub holder: Holder,
    /// Answered once.
    pub id: CommandId,
    /// The cause: who asked, as part of what, after what.
    pub cause: Cause,
    /// What must still hold besides the project: for a slot, that it is idle.
    pub preconditions: Vec<(StreamId, Version)>,
}

/// A claim of a certain feature, as its host is asked for it.
pub(crate) struct Claiming {
    /// The stream of the feature.
    pub(crate) stream: StreamId,
    /// The command.
    pub(crate) command: feature::Command,
    /// Who asks, and on what conditions.
    pub(crate) request: Request,
}

impl Asking {
    /// What the fleet asks for a slot, as it is at a version: a certain feature, or the best.
    pub(crate) fn of_slot(
        project: &ProjectName,
        (n, version): (SlotNo, Version),
        feature: Option<FeatureId>,
    ) -> Self {
        let slot = StreamId::Container(project.clone(), n);
        let session = SessionId::granted(&slot.to_string(), version.0, n);
        let id = CommandId::derived(&["claim", session.as_str(), project.as_str()]);

        Self {
            project: project.clone(),
            feature,
            holder: Holder::Slot { n, session },
            id,
            cause: Cause::first(Principal::Policy("dispatch".into()), id),
            preconditions: vec![(slot, version)],
        }
    }

    /// The claim of a feature that was picked.
    pub(crate) fn claiming(&self, picked: &Picked) -> Claiming {
        let mut preconditions = self.preconditions.clone();
        preconditions.push((StreamId::Project(self.project.clone()), picked.project));
        let stream = StreamId::Feature(self.project.clone(), picked.feature.clone());
        let (holder, id) = slot_session_of(&self.holder, self.id, &stream, picked.version);

        Claiming {
            stream,
            command: feature::Command::Claim { holder },
            request: Request {
                id,
                cause: self.cause.clone(),
                preconditions,
            },
        }
    }
}

/// The claim queues of all projects. Clones share them.
#[derive(Clone)]
pub struct ClaimQueue {
    directory: Directory,
    projector: Projector,
    reserved: Arc<Mutex<BTreeMap<ProjectName, BTreeSet<FeatureId>>>>,
    /// A certain feature may be claimable again, or not any more: who waits for that one looks
    /// again.
    settled: Arc<Notify>,
    /// Any feature may be claimable again, or nothing is pending: who waits for the best one looks
    /// again.
    freed: Arc<Notify>,
}

/// What became of a reserved feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Freed {
    /// It is claimed; the projections know it.
    Claimed,
    /// It may still be claimable.
    Ready,
}

impl ClaimQueue {
    /// Claim queues over these hosts and projections.
    pub fn new(directory: Directory, projector: Projector) -> Self {
        Self {
            directory,
            projector,
            reserved: Arc::default(),
            settled: Arc::default(),
            freed: Arc::default(),
        }
    }

    /// Features that are reserved right now.
    pub fn reserved(&self, project: &ProjectName) -> BTreeSet<FeatureId> {
        let reserved = self.reserved.lock().unwrap_or_else(PoisonError::into_inner);
        reserved.get(project).cloned().unwrap_or_default()
    }

    /// Grants a claim, or answers that nothing is ready. Runs on when the caller goes away, so that
    /// no reservation is left behind.
    #[instrument(name = "claim_queue", level = "debug", skip_all, fields(id = %asking.id))]
    pub async fn claim(&self, asking: Asking) -> Result<Option<Granted>, ExecuteError> {
        let claim_queue = self.clone();
        let claiming = async move { claim_queue.claim_now(asking).await };
        let claiming = tokio::spawn(claiming.in_current_span());
        claiming
            .await
            .unwrap_or_else(|e| Err(ExecuteError::Unknown(format!("the claim ended early: {e}"))))
    }

    async fn claim_now(&self, asking: Asking) -> Result<Option<Granted>, ExecuteError> {
        for _ in 0..ROUNDS_MAX {
            // Registered before looking, so that a reservation freed in between is not missed.
            let freed = if asking.feature.is_some() {
                self.settled.notified()
            } else {
                self.freed.notified()
            };
            let picked = match self.pick(&asking)? {
                Pick::Feature(picked) => picked,
                Pick::Wait => {
                    freed.await;
                    continue;
                }
                Pick::Nothing => return self.granted_before(&asking).await,
            };
            let answer = self.append(&asking, &picked).await;
            let feature = picked.feature;
            let own_project = StreamId::Project(asking.project.clone());
            match answer {
                Ok(executed) => return self.granted(&asking, feature, executed).await.map(Some),
                Err(ExecuteError::Stale { stream }) if stream == own_project => {
                    self.free_when_seen(&asking.project, feature).await
                }
                Err(refused @ ExecuteError::Refused { .. }) if asking.feature.is_some() => {
                    self.free(&asking.project, &feature, Freed::Ready);
                    return Err(refused);
                }
                Err(ExecuteError::Refused { .. }) => {
                    self.free_when_seen(&asking.project, feature).await
                }
                Err(other) => {
                    self.free(&asking.project, &feature, Freed::Ready);
                    return Err(other);
                }
            }
        }

        Err(ExecuteError::Busy)
    }

    /// The projections are the outer lock, here as wherever both are held: the policies look at
    /// reservations while they read.
    fn pick(&self, asking: &Asking) -> Result<Pick, ExecuteError> {
        let now = self.directory.kernel().clock.now();
        self.projector.read(|projections| {
            let view = projections.projects.get(&asking.project);
            let Some(view) = view.filter(|view| view.registered().is_some()) else {
                return Err(ExecuteError::refused(&project::Refusal::UnknownProject));
            };

            let mut all = self.reserved.lock().unwrap_or_else(PoisonError::into_inner);
            let reserved = all.entry(asking.project.clone()).or_default();
            let pick = pick(view, asking.feature.as_ref(), reserved, now);
            let pick = pick.map_err(|refusal| ExecuteError::refused(&refusal))?;
            if let Pick::Feature(picked) = &pick {
                reserved.insert(picked.feature.clone());
            }
            Ok(pick)
        })
    }

    async fn append(
        &self,
        asking: &Asking,
        picked: &Picked,
    ) -> Result<Executed<Feature>, ExecuteError> {
        let Claiming {
            stream,
            command,
            request,
        } = asking.claiming(picked);
        let claim = Execute::new(command, request);

        self.directory.carry_out(&stream, claim).await
    }

    /// The answer to a repeated command names the feature and the claim of the first time, not what
    /// was picked now.
    async fn granted(
        &self,
        asking: &Asking,
        picked: FeatureId,
        executed: Executed<Feature>,
    ) -> Result<Granted, ExecuteError> {
        self.projector.wait_for(executed.receipt.position).await;
        let granted = claim_in(executed);

        let claimed_now = granted
            .as_ref()
            .is_ok_and(|granted| granted.feature == picked);
        let freed = if claimed_now {
            Freed::Claimed
        } else {
            Freed::Ready
        };
        self.free(&asking.project, &picked, freed);
        granted
    }

    /// Nothing is ready: perhaps because this very request was granted before, and its answer was
    /// lost.
    async fn granted_before(&self, asking: &Asking) -> Result<Option<Granted>, ExecuteError> {
        let Some(answered) = self.directory.answered(asking.id).await? else {
            return Ok(None);
        };

        let command = feature::Command::Claim {
            holder: asking.holder.clone(),
        };
        if answered.body != Digest::of(&events::codec::to_named(&command)) {
            return Err(ExecuteError::IdReused);
        }
        claim_in(answered.executed).map(Some)
    }

    /// The projections were behind: the reservation is kept until they have caught up with the log.
    async fn free_when_seen(&self, project: &ProjectName, feature: FeatureId) {
        if let Ok(head) = self.directory.kernel().log.head().await {
            self.directory.kernel().feed.advance(head.position);
            self.projector.wait_for(head.position).await;
        }
        self.free(project, &feature, Freed::Ready);
    }

    /// Ends a reservation. A hundred claimants that wait are woken when there may be something for
    /// them, not at every grant.
    fn free(&self, project: &ProjectName, feature: &FeatureId, freed: Freed) {
        let mut all = self.reserved.lock().unwrap_or_else(PoisonError::into_inner);
        let reserved = all.entry(project.clone()).or_default();
        reserved.remove(feature);
        let worth_a_look = freed == Freed::Ready || reserved.is_empty();
        drop(all);
        self.settled.notify_waiters();
        if worth_a_look {
            self.freed.notify_waiters();
        }
    }
}

/// Who holds the feature at this version of it, and under which id that is asked. The session of a
/// slot is named after that version: it is written once, so that a slot whose claim ended before it
/// was assigned gets another claim, and not the answer to the old one.
fn slot_session_of(
    holder: &Holder,
    id: CommandId,
    stream: &StreamId,
    version: Version,
) -> (Holder, CommandId) {
    match holder {
        Holder::Outside { .. } => (holder.clone(), id),
        Holder::Slot { n, .. } => {
            let (n, session) = (*n, SessionId::granted(&stream.to_string(), version.0, *n));
            let id = CommandId::derived(&["claim", session.as_str(), &stream.to_string()]);
            (Holder::Slot { n, session }, id)
        }
    }
}

/// The claim that a command came to. What is no claim was asked for something else, under the same
/// id.
fn claim_in(executed: Executed<Feature>) -> Result<Granted, ExecuteError> {
    let StreamId::Feature(_, feature) = &executed.receipt.stream else {
        return Err(ExecuteError::IdReused);
    };

    for event in &executed.events {
        if let feature::Event::Claimed(claimed) = event {
            return Ok(Granted {
                feature: feature.clone(),
                epoch: claimed.epoch,
                receipt: executed.receipt,
            });
        }
    }
    Err(ExecuteError::IdReused)
}

#[cfg(test)]
mod tests;
