//! The claim queue: who gets the next feature. All claims of a project pass it.
//!
//! It reserves in memory and does not wait for the append before it serves the next claimant, so
//! that a hundred claims share a group commit. The guarantee is not here: it is the expected
//! version of the feature's stream. The queue only keeps claimants from running at the same
//! feature, and answers "nothing" only when nothing is ready and no reservation is pending.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use events::aggregate::RefusalKind;
use events::cause::Cause;
use events::codec::EventCodec;
use events::feature::{self, Stage};
use events::holder::Holder;
use events::id::{CommandId, Digest, Epoch, FeatureId, ProjectName, SessionId, Timestamp};
use events::log::Receipt;
use events::policy::AnyCommand;
use events::project;
use events::stream::{Position, StreamId, Version};
use events::view::Projections;
use tokio::sync::Notify;

use crate::directory::Directory;
use crate::host::ExecuteError;
use crate::projector::Projector;

/// How often a claimant is sent to another feature after the first was gone.
const ROUNDS_MAX: usize = 64;

/// A claim that was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// Which feature.
    pub feature: FeatureId,
    /// Which claim.
    pub epoch: Epoch,
    /// Where it is recorded.
    pub receipt: Receipt,
}

/// Who asks, for what.
#[derive(Debug, Clone)]
pub struct Asking {
    /// Whose feature.
    pub project: ProjectName,
    /// A certain one, or the best.
    pub feature: Option<FeatureId>,
    /// Who.
    pub holder: Holder,
    /// Answered once.
    pub id: CommandId,
    /// Who and why.
    pub cause: Cause,
    /// What must still hold besides the project: for a slot, that it is idle.
    pub preconditions: Vec<(StreamId, Version)>,
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

/// A feature, and where the projections had it.
struct Picked {
    feature: FeatureId,
    version: Version,
    project: Version,
}

enum Pick {
    Feature(Picked),
    Wait,
    Nothing,
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
    pub async fn claim(&self, asking: Asking) -> Result<Option<Granted>, ExecuteError> {
        let claim_queue = self.clone();
        let claiming = tokio::spawn(async move { claim_queue.claim_now(asking).await });
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
                Ok(receipt) => return self.granted(&asking, feature, receipt).await.map(Some),
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
        self.projector.read(|projections| {
            let mut all = self.reserved.lock().unwrap_or_else(PoisonError::into_inner);
            let reserved = all.entry(asking.project.clone()).or_default();
            let now = self.directory.kernel().clock.now();
            let pick = pick(projections, asking, reserved, now)?;
            if let Pick::Feature(picked) = &pick {
                reserved.insert(picked.feature.clone());
            }
            Ok(pick)
        })
    }

    async fn append(&self, asking: &Asking, picked: &Picked) -> Result<Receipt, ExecuteError> {
        let mut preconditions = asking.preconditions.clone();
        preconditions.push((StreamId::Project(asking.project.clone()), picked.project));
        let stream = StreamId::Feature(asking.project.clone(), picked.feature.clone());
        let (holder, id) = slot_session_of(&asking.holder, asking.id, &stream, picked.version);
        let command = AnyCommand::Feature(feature::Command::Claim { holder });
        self.directory
            .execute(&stream, command, id, asking.cause.clone(), preconditions)
            .await
    }

    /// The receipt of a repeated command names the feature and the claim of the first time, not
    /// what was picked now.
    async fn granted(
        &self,
        asking: &Asking,
        picked: FeatureId,
        receipt: Receipt,
    ) -> Result<Granted, ExecuteError> {
        self.projector.wait_for(receipt.position).await;
        let granted = match self.newest(&receipt) {
            Some(granted) => Ok(granted),
            None => self.recorded(receipt).await,
        };
        let claimed_now = granted
            .as_ref()
            .is_ok_and(|granted| granted.feature == picked);
        self.free(
            &asking.project,
            &picked,
            if claimed_now {
                Freed::Claimed
            } else {
                Freed::Ready
            },
        );
        granted
    }

    /// Nothing is ready: perhaps because this very request was granted before, and its answer was
    /// lost.
    async fn granted_before(&self, asking: &Asking) -> Result<Option<Granted>, ExecuteError> {
        let unavailable = |e: events::log::ReadError| ExecuteError::Unavailable(e.to_string());
        let command = feature::Command::Claim {
            holder: asking.holder.clone(),
        };
        let body = Digest::of(&events::codec::to_named(&command));
        match self
            .directory
            .kernel()
            .log
            .remembered(asking.id)
            .await
            .map_err(unavailable)?
        {
            None => Ok(None),
            Some(known) if known.body == body => self.recorded(known.receipt).await.map(Some),
            Some(_) => Err(ExecuteError::IdReused),
        }
    }

    /// The claim of a receipt that is still the newest word about its feature: the projections hold
    /// it, and the log need not be read.
    fn newest(&self, receipt: &Receipt) -> Option<Granted> {
        let StreamId::Feature(project, id) = &receipt.stream else {
            return None;
        };

        self.projector.read(|projections| {
            let tracked = projections.projects.get(project)?.features.get(id)?;
            let known = tracked.state.known()?;
            let is_newest = tracked.version == receipt.version;

            (is_newest && matches!(known.stage, Stage::Claimed { .. })).then(|| Granted {
                feature: id.clone(),
                epoch: known.epoch,
                receipt: receipt.clone(),
            })
        })
    }

    /// Reads a claim off the log.
    async fn recorded(&self, receipt: Receipt) -> Result<Granted, ExecuteError> {
        let unreadable = |why: String| ExecuteError::Unavailable(why);
        let before = Position(receipt.position.0.saturating_sub(1));
        let read = self
            .directory
            .kernel()
            .log
            .read_all(before, 1)
            .await
            .map_err(|e| unreadable(e.to_string()))?;
        let event = read
            .first()
            .map(|e| feature::Event::decode(&e.kind, e.schema, &e.payload));
        match (&receipt.stream, event) {
            (StreamId::Feature(_, feature), Some(Ok(feature::Event::Claimed(claimed)))) => {
                Ok(Granted {
                    feature: feature.clone(),
                    epoch: claimed.epoch,
                    receipt,
                })
            }
            _ => Err(ExecuteError::IdReused),
        }
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
pub(crate) fn slot_session_of(
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

fn pick(
    projections: &Projections,
    asking: &Asking,
    reserved: &BTreeSet<FeatureId>,
    now: Timestamp,
) -> Result<Pick, ExecuteError> {
    let refused = |code, message: &str| {
        Err(ExecuteError::Refused {
            kind: RefusalKind::Conflict,
            code,
            message: message.to_owned(),
        })
    };
    let Some((view, registered)) = projections
        .projects
        .get(&asking.project)
        .and_then(|b| Some((b, b.registered()?)))
    else {
        return Err(ExecuteError::refused(&project::Refusal::UnknownProject));
    };
    if !registered.is_running() {
        return refused(
            "not_running",
            "nothing is claimed while the project is not running or is being edited",
        );
    }
    if !registered.has_backlog() {
        return match &asking.feature {
            Some(_) => refused(
                "no_backlog",
                "nothing is claimed before the spec is made a backlog; see `project show`",
            ),
            None => Ok(Pick::Nothing),
        };
    }
    let picked = |feature: &FeatureId| {
        let version = view.features.get(feature).map(|tracked| tracked.version);
        Ok(Pick::Feature(Picked {
            feature: feature.clone(),
            version: version.unwrap_or_default(),
            project: view.project.version,
        }))
    };
    if let Some(wanted) = &asking.feature {
        let known = view.feature(wanted);
        return match known {
            _ if reserved.contains(wanted) => Ok(Pick::Wait),
            Some(known) if !view.is_whole(known.batch) => refused(
                "not_whole",
                "the feature's batch is still being created; try again",
            ),
            _ => picked(wanted),
        };
    }
    match view.rested(now).find(|id| !reserved.contains(*id)) {
        Some(id) => picked(id),
        None if reserved.is_empty() => Ok(Pick::Nothing),
        None => Ok(Pick::Wait),
    }
}
