//! What a look at a project finds to be owed, when to look again, and what it sees beside the
//! projections.

use std::collections::{BTreeMap, BTreeSet};

use crate::holder::Role;
use crate::id::{FeatureId, SessionId, SlotNo, Timestamp};
use crate::own_time::OwnTime;
use crate::policy::accounts::Account;
use crate::policy::command::Tell;
use crate::policy::effect::Effect;
use crate::view::Remedy;

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
    pub(super) fn own_ms_after(&self, at: Timestamp, ms: u64) -> Timestamp {
        self.own.since(at).plus_ms(ms)
    }
}

impl Agenda {
    pub(super) fn tell(&mut self, tell: Tell) {
        self.owed
            .push((Owed::Tell(Box::new(tell)), Reserves::default()));
    }

    pub(super) fn tell_reserving(&mut self, tell: Tell, reserves: Reserves) {
        self.owed.push((Owed::Tell(Box::new(tell)), reserves));
    }

    pub(super) fn act(&mut self, effect: Effect) {
        self.owed.push((Owed::Do(effect), Reserves::default()));
    }

    pub(super) fn act_reserving(&mut self, effect: Effect, reserves: Reserves) {
        self.owed.push((Owed::Do(effect), reserves));
    }

    /// Asks to be looked at again at `at`; answers whether that is already past.
    pub(super) fn reached(&mut self, now: Timestamp, at: Timestamp) -> bool {
        if now >= at {
            return true;
        }
        self.wake = [self.wake, Some(at)].into_iter().flatten().min();
        false
    }
}
