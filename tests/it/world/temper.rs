//! What agents of a storm are like: a seed decides what each session does, until it is calm and
//! everybody does their work.

use std::collections::BTreeMap;
use std::sync::Mutex;

use events::holder::Role;
use events::id::FeatureId;
use tokio::sync::watch;

/// What one session does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// What its prompt's script says.
    AsTold,
    /// The work of its role.
    Well,
    /// Nothing, and it says that all went well.
    Idles,
    /// Nothing, and it says that it failed.
    Fails,
    /// Its container is gone, without a word.
    Vanishes,
    /// Nothing until it is calm, and then its work.
    Hangs,
    /// Its model's context is full.
    Full,
    /// Its setup command fails.
    NoSetup,
    /// Its program cannot be started.
    NoTool,
    /// A coder changes what others change as well.
    Collides,
    /// A coder hands in and fails all the same.
    HandsInAndFails,
    /// A coder asks a person.
    Asks,
    /// A coder gives the work back.
    GivesBack,
    /// Reviewers turn the work down, verifiers find it red, overseers find that something is
    /// missing.
    TurnsDown,
    /// A verification command that cannot be run.
    NoCommand,
}

/// What may happen in a storm, by role. What is named twice happens twice as often.
const ANY: [Act; 9] = [
    Act::Well,
    Act::Well,
    Act::Well,
    Act::Idles,
    Act::Fails,
    Act::Vanishes,
    Act::Hangs,
    Act::NoSetup,
    Act::NoTool,
];
const CODER: [Act; 6] = [
    Act::Full,
    Act::Collides,
    Act::Collides,
    Act::HandsInAndFails,
    Act::Asks,
    Act::GivesBack,
];
const JUDGE: [Act; 2] = [Act::TurnsDown, Act::Full];
const VERIFIER: [Act; 3] = [Act::TurnsDown, Act::TurnsDown, Act::NoCommand];

/// The temper of all agents of a world.
pub(crate) struct Temper {
    chance: Mutex<fastrand::Rng>,
    calm: watch::Sender<bool>,
    bad: Mutex<BTreeMap<FeatureId, u32>>,
}

impl Temper {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            chance: Mutex::new(fastrand::Rng::with_seed(seed ^ 0xa9e7)),
            calm: watch::Sender::new(false),
            bad: Mutex::default(),
        }
    }

    /// From here on everybody does their work.
    pub(crate) fn calm(&self) {
        self.calm.send_replace(true);
    }

    pub(crate) async fn calmed(&self) {
        let mut calm = self.calm.subscribe();
        let _ended = calm.wait_for(|calm| *calm).await;
    }

    /// What a session does.
    pub(crate) fn act(&self, role: Role, feature: Option<&FeatureId>) -> Act {
        if *self.calm.borrow() {
            return Act::Well;
        }

        let own: &[Act] = match role {
            Role::Coder => &CODER,
            Role::Reviewer | Role::Overseer | Role::Initializer => &JUDGE,
            Role::Verifier => &VERIFIER,
        };
        let mut chance = self.chance.lock().expect("chance");
        let of = if chance.u8(..100) < 60 { &ANY[..] } else { own };

        let act = chance.choice(of).copied().unwrap_or(Act::Well);
        if act != Act::Well {
            self.blame(feature);
        }

        act
    }

    /// Something went wrong that a feature may have to answer for.
    pub(crate) fn blame(&self, feature: Option<&FeatureId>) {
        if let Some(feature) = feature {
            let mut bad = self.bad.lock().expect("bad");
            *bad.entry(feature.clone()).or_default() += 1;
        }
    }

    /// How often something went wrong about a feature.
    pub(crate) fn bad(&self, feature: &FeatureId) -> u32 {
        let bad = self.bad.lock().expect("bad");
        bad.get(feature).copied().unwrap_or_default()
    }
}
