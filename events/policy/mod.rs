//! Policies: whenever the folded state looks like this, that is owed. Pure and level-triggered.
//!
//! `owed` is recomputed from the projections whenever they changed, a deadline passed or the server
//! started; nothing remembers what was "already sent" but the reservations of the caller. A
//! command's id is derived from its purpose, subject and version, so a repetition is harmless: the
//! log answers it as the first time.

mod accounts;
mod admit;
mod assign;
mod at_work;
mod dispatch;
mod engine;
mod expire;
mod fleet;
pub mod foresee;
mod gate;
pub mod integrate;
pub mod issues;
mod milestone;
pub mod retain;
pub mod room;
mod supervise;
#[cfg(test)]
mod tests;
mod unblock;
pub mod upkeep;
pub mod verify;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::backlog::{self, Origin};
use crate::cause::{Cause, Principal};
use crate::holder::Role;
use crate::id::{
    CommandId, Digest, Epoch, FeatureId, ProjectName, SessionId, Sha, SlotNo, Timestamp,
};
use crate::own_time::OwnTime;
use crate::stream::{StreamId, Version};
use crate::view::Remedy;
use crate::view::grants::Grant;
use crate::view::projections::{ProjectView, Tracked};
use crate::{container, feature, merge_queue, node, project, subscription};

pub use accounts::{Account, accounts, provider};

/// First pause after a failure of the outside.
pub const BACKOFF_MS_MIN: u64 = 5_000;
/// Longest pause after failures in a row.
pub const BACKOFF_MS_MAX: u64 = 300_000;

/// A command to one of the aggregates.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "one variant per aggregate")]
pub enum AnyCommand {
    Project(project::Command),
    Backlog(backlog::Command),
    Feature(feature::Command),
    Container(container::Command),
    MergeQueue(merge_queue::Command),
    Node(node::Command),
    Subscription(subscription::Command),
}

/// A command that a policy owes.
#[derive(Debug, Clone)]
pub struct Tell {
    /// Derived: the same owed command has the same id.
    pub id: CommandId,
    /// The stream that it concerns.
    pub stream: StreamId,
    /// The command that is owed.
    pub command: AnyCommand,
    /// What must still hold.
    pub preconditions: Vec<(StreamId, Version)>,
    /// Which policy, after what.
    pub cause: Cause,
}

/// Something owed that needs more than the projections: the outside, a blob, or the claim queue.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Copy upstream into the gate.
    Clone {
        /// From where.
        url: String,
        /// After how many failures.
        attempt: u32,
    },
    /// Take the proposed batch into the backlog.
    Admit {
        /// The batch.
        batch: Digest,
    },
    /// Create an admitted feature.
    Create {
        /// The id that the feature gets.
        id: FeatureId,
        /// From which batch.
        origin: Origin,
        /// Its dependencies.
        blockers: Vec<FeatureId>,
    },
    /// Ask the queue for a feature for this slot.
    ClaimFor {
        /// The number of the slot.
        n: SlotNo,
        /// Its version: what the claim is conditioned on.
        version: Version,
        /// A certain feature; none takes the best.
        feature: Option<FeatureId>,
    },
    /// Render the prompt and assign the granted work.
    Assign {
        /// The grant.
        grant: Grant,
        /// The slot's version.
        version: Version,
    },
    /// Look into the gate and record what it holds of a claim's work.
    Secure {
        /// The feature that this is about.
        feature: FeatureId,
        /// The number of the claim.
        epoch: Epoch,
        /// Whether the session reported its end: then nothing that was pushed means nothing to
        /// push.
        reported: bool,
    },
    /// Build the front entry's candidate.
    Build {
        /// The entry's number in the merge queue.
        entry: u64,
        /// After how many failures and moves.
        attempt: u32,
    },
    /// Merge work under way with the trunk in memory, and record what does not merge.
    Probe {
        /// Where the trunk is.
        base: Sha,
    },
    /// Move upstream to the front entry's candidate, and read back.
    Publish {
        /// The entry's number in the merge queue.
        entry: u64,
        /// After how many failures.
        attempt: u32,
    },
}

/// What is owed now.
#[derive(Debug, Clone)]
pub enum Owed {
    /// A command.
    Tell(Box<Tell>),
    /// An effect, for this project.
    Do(Effect),
}

impl Owed {
    /// What identifies it: equal keys are the same thing owed.
    pub fn key(&self) -> String {
        match self {
            Self::Tell(tell) => tell.id.to_string(),
            Self::Do(effect) => format!("{effect:?}"),
        }
    }

    /// What it is, the same for every try.
    pub fn errand(&self) -> Errand {
        match self {
            Self::Tell(tell) => Errand {
                name: format!("{} to {}", tell.cause.principal, tell.stream),
                remedy: Remedy::Mend,
            },
            Self::Do(effect) => Errand {
                name: effect.name(),
                remedy: match effect {
                    Effect::Create { id, .. } => Remedy::Withdraw {
                        feature: id.clone(),
                    },
                    Effect::Clone { .. }
                    | Effect::Admit { .. }
                    | Effect::ClaimFor { .. }
                    | Effect::Assign { .. }
                    | Effect::Secure { .. }
                    | Effect::Build { .. }
                    | Effect::Probe { .. }
                    | Effect::Publish { .. } => Remedy::Mend,
                },
            },
        }
    }
}

/// Something owed in words, and what a person can do when it cannot be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errand {
    /// What is to be done.
    pub name: String,
    /// What lets work go on without it.
    pub remedy: Remedy,
}

impl Effect {
    fn name(&self) -> String {
        match self {
            Self::Clone { .. } => "copying upstream".to_owned(),
            Self::Admit { batch } => format!("taking the backlog {batch}"),
            Self::Create { id, .. } => format!("creating the feature {id}"),
            Self::ClaimFor { n, .. } => format!("claiming for slot {n}"),
            Self::Assign { grant, .. } => format!("assigning slot {}", grant.slot_session.n),
            Self::Secure { feature, epoch, .. } => {
                format!("securing the work of claim {epoch} on {feature}")
            }
            Self::Build { entry, .. } => format!("building entry {entry} of the merge queue"),
            Self::Probe { base } => format!("trying work under way on {base}"),
            Self::Publish { entry, .. } => format!("publishing entry {entry} of the merge queue"),
        }
    }
}

/// What the projections do not hold: the time, and signs of life.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// Now.
    pub now: Timestamp,
    /// Since when this server could see signs of life: its start, or the end of the newest gap in
    /// its own time.
    pub up_since: Timestamp,
    /// The same time, with the gaps before it: what passed while this server was up and awake.
    pub own: OwnTime,
    /// Last sign of life per session.
    pub seen: BTreeMap<SessionId, Timestamp>,
    /// Last sign of life per outside holder.
    pub seen_outside: BTreeMap<String, Timestamp>,
    /// Slots for which a pending command or effect takes on work, and in which role.
    pub busy: BTreeMap<SlotNo, Role>,
    /// Features that a pending command or effect is about.
    pub taken: BTreeSet<FeatureId>,
    /// Accounts with providers that are in trouble, whoever saw it.
    pub accounts: BTreeMap<String, Account>,
    /// How many more containers the host can take for this project; none when nobody bounds it.
    pub room: Option<usize>,
}

/// What is owed, and when to look again even if nothing happens.
#[derive(Debug, Default)]
pub struct Agenda {
    /// Commands and effects, with the slot and feature each reserves while it is pending.
    pub owed: Vec<(Owed, Reserves)>,
    /// The next time to look again.
    pub wake: Option<Timestamp>,
}

/// What a pending command or effect keeps others from using.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reserves {
    /// A slot, for work in this role.
    pub slot: Option<(SlotNo, Role)>,
    /// A feature.
    pub feature: Option<FeatureId>,
}

impl Observed {
    /// When `ms` of this server's own time have passed since an earlier moment.
    fn own_ms_after(&self, at: Timestamp, ms: u64) -> Timestamp {
        self.own.since(at).plus_ms(ms)
    }
}

impl Agenda {
    fn tell(&mut self, tell: Tell) {
        self.owed
            .push((Owed::Tell(Box::new(tell)), Reserves::default()));
    }

    fn tell_reserving(&mut self, tell: Tell, reserves: Reserves) {
        self.owed.push((Owed::Tell(Box::new(tell)), reserves));
    }

    fn act(&mut self, effect: Effect) {
        self.owed.push((Owed::Do(effect), Reserves::default()));
    }

    fn act_reserving(&mut self, effect: Effect, reserves: Reserves) {
        self.owed.push((Owed::Do(effect), reserves));
    }

    /// Asks to be looked at again at `at`; answers whether that is already past.
    fn reached(&mut self, now: Timestamp, at: Timestamp) -> bool {
        if now >= at {
            return true;
        }
        self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
        false
    }
}

/// The pause after `failures` failures in a row: 5 s, doubling, at most 5 min.
pub fn backoff_ms(failures: u32) -> u64 {
    if failures == 0 {
        0
    } else {
        BACKOFF_MS_MIN
            .saturating_mul(1 << (failures - 1).min(20))
            .min(BACKOFF_MS_MAX)
    }
}

/// Builds the commands of one policy over one view.
struct Teller<'a> {
    policy: &'static str,
    project: &'a ProjectName,
}

impl Teller<'_> {
    /// A command to `stream`, decided on `tracked`: its id holds the policy, the stream, its
    /// version and the purpose.
    fn tell<A>(
        &self,
        stream: StreamId,
        tracked: &Tracked<A>,
        purpose: &str,
        command: AnyCommand,
    ) -> Tell {
        let (name, version) = (stream.to_string(), tracked.version.to_string());
        let id =
            CommandId::derived(&[self.policy, self.project.as_str(), &name, &version, purpose]);
        let causation = (tracked.position.0 > 0).then_some(tracked.position);
        let correlation = if causation.is_some() {
            tracked.correlation
        } else {
            id
        };

        let cause = Cause {
            principal: Principal::Policy(self.policy.into()),
            correlation,
            causation,
        };

        Tell {
            id,
            stream,
            command,
            preconditions: vec![],
            cause,
        }
    }

    fn project(&self, view: &ProjectView, purpose: &str, command: project::Command) -> Tell {
        self.tell(
            StreamId::Project(self.project.clone()),
            &view.project,
            purpose,
            AnyCommand::Project(command),
        )
    }

    fn feature(
        &self,
        view: &ProjectView,
        id: &FeatureId,
        purpose: &str,
        command: feature::Command,
    ) -> Tell {
        let unknown = Tracked::default();
        let tracked = view.features.get(id).unwrap_or(&unknown);

        self.tell(
            StreamId::Feature(self.project.clone(), id.clone()),
            tracked,
            purpose,
            AnyCommand::Feature(command),
        )
    }

    fn container(
        &self,
        view: &ProjectView,
        n: SlotNo,
        purpose: &str,
        command: container::Command,
    ) -> Tell {
        let unknown = Tracked::default();
        let tracked = view.slots.get(&n).unwrap_or(&unknown);

        self.tell(
            StreamId::Container(self.project.clone(), n),
            tracked,
            purpose,
            AnyCommand::Container(command),
        )
    }

    fn merge_queue(
        &self,
        view: &ProjectView,
        purpose: &str,
        command: merge_queue::Command,
    ) -> Tell {
        self.tell(
            StreamId::MergeQueue(self.project.clone()),
            &view.merge_queue,
            purpose,
            AnyCommand::MergeQueue(command),
        )
    }
}

impl Tell {
    /// The same command, as what follows from the newest event of another stream than its own.
    fn follows<A>(mut self, tracked: &Tracked<A>) -> Self {
        self.cause.causation = Some(tracked.position);
        self.cause.correlation = tracked.correlation;
        self
    }

    fn given(mut self, stream: StreamId, version: Version) -> Self {
        self.preconditions.push((stream, version));
        self
    }

    fn given_project(self, view: &ProjectView) -> Self {
        self.given(StreamId::Project(view.name.clone()), view.project.version)
    }
}

/// Everything that is owed to one project.
pub fn owed(view: &ProjectView, observed: &Observed) -> Agenda {
    let mut agenda = Agenda::default();
    let Some(registered) = view.registered() else {
        return agenda;
    };

    fleet::owed(view, registered, observed, &mut agenda);
    admit::owed(view, registered, observed, &mut agenda);
    unblock::owed(view, &mut agenda);
    integrate::owed(view, registered, observed, &mut agenda);
    foresee::owed(view, &mut agenda);
    milestone::owed(view, registered, &mut agenda);
    engine::owed(view, registered, &mut agenda);
    assign::owed(view, registered, &mut agenda);
    supervise::owed(view, registered, observed, &mut agenda);
    expire::owed(view, registered, observed, &mut agenda);
    dispatch::owed(view, registered, observed, &mut agenda);

    agenda
}
