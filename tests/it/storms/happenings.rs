//! What may happen in a storm: an operator, somebody outside, upstream, the engine, the server and
//! time.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use events::backlog::{Batch, BatchItem};
use events::feature::Content;
use events::project::ProjectKind;
use events::settings::{AgentSpec, Dialect};
use supercargo::api::{NewProject, ProjectChange};
use supercargo::operator::{Holding, Wanted};

use super::Storm;
use crate::world::temper::Temper;
use crate::world::{World, ZOO, context};

/// The longest pause between two happenings, in milliseconds of the machine: two and a half seconds
/// of the World.
const PAUSE_MS: u64 = 50;
/// How long somebody outside may be silent: shorter than the time that quiet lets pass.
const OUTSIDE_LEASE_MS: u64 = 600_000;
/// Features that a storm adds, at most.
const FEATURES_MAX: usize = 8;

impl Storm {
    /// A project with features or a spec, started by a person.
    pub(super) async fn begin(seed: u64) -> Self {
        let world = World::new();
        let temper = Arc::new(Temper::new(seed));
        *world.engine.temper.lock().expect("temper") = Some(temper.clone());
        let server = world.start().await;
        let mut storm = Self {
            world,
            server: Some(server),
            chance: fastrand::Rng::with_seed(seed),
            temper,
            claims: vec![],
            commits: 0,
            is_upstream_away: false,
        };
        storm.open().await;

        storm
    }

    async fn open(&mut self) {
        let from_spec = self.chance.u8(..100) < 30;
        let new = NewProject {
            name: ZOO.into(),
            git_url: self.world.upstream().display().to_string(),
            kind: if from_spec {
                ProjectKind::New
            } else {
                ProjectKind::Existing
            },
            spec: from_spec.then(|| "A zoo with animals.".to_owned()),
            credential: None,
        };

        let change = ProjectChange {
            agent: Some(AgentSpec::of(Dialect::Script)),
            target: Some(self.chance.u16(1..=3)),
            verify: Some("test -f README".to_owned()),
            setup: Some("true".to_owned()),
            outside_lease_ms: Some(OUTSIDE_LEASE_MS),
            batch_max: Some(self.chance.u16(1..=3)),
            ..ProjectChange::default()
        };
        let operator = &self.server().operator;
        let added = operator.add_project(&context(), new).await;
        added.expect("the project is added");
        let changed = operator.change_project(&context(), ZOO, &change).await;
        changed.expect("it is set");
        if !from_spec {
            let count = self.chance.usize(1..=4);
            self.add_features(count).await;
        }

        let operator = &self.server().operator;
        let started = operator.intend(&context(), ZOO, Wanted::Start).await;
        started.expect("it is started");
    }

    async fn add_features(&mut self, count: usize) {
        let items = (0..count).map(|n| BatchItem {
            key: Some(format!("k{n}")),
            depends_on: match n {
                2 => vec!["k1".to_owned()],
                _ => vec![],
            },
            ..BatchItem::of(Content::titled(&format!("Animal {n}")))
        });

        let batch = Batch {
            prefix: "feat".into(),
            items: items.collect(),
        };
        let operator = &self.server().operator;
        let _refused = operator.add_features(&context(), ZOO, &batch).await;
    }

    /// One thing happens, a moment after the one before.
    pub(super) async fn step(&mut self) {
        tokio::time::sleep(Duration::from_millis(self.chance.u64(..PAUSE_MS))).await;
        match self.chance.u8(..100) {
            0..40 => self.operate().await,
            40..55 => self.outsider().await,
            55..75 => self.taken_away(),
            75..85 => self.upstream(),
            85..92 => self.pass_time(),
            _ => self.restart().await,
        }
    }

    /// Something that an operator may do; what is refused is refused.
    async fn operate(&mut self) {
        let operator = self.server().operator.clone();
        let context = context();
        let n = self.chance.u16(1..=3);

        match self.chance.u8(..16) {
            0..4 => drop(operator.intend(&context, ZOO, Wanted::Start).await),
            4 | 5 => drop(operator.intend(&context, ZOO, Wanted::Stop).await),
            6 => drop(operator.intend(&context, ZOO, Wanted::Drain).await),
            7 => drop(operator.intend(&context, ZOO, Wanted::Initialize).await),
            8 => drop(operator.intend(&context, ZOO, Wanted::Retry).await),
            9 => drop(
                operator
                    .set_target(&context, ZOO, self.chance.u16(..4))
                    .await,
            ),
            10 => drop(operator.stop_slot(&context, ZOO, n).await),
            11 | 12 => drop(operator.restart_slot(&context, ZOO, n).await),
            13 => drop(operator.resume_queue(&context, ZOO).await),
            14 => {
                let known = operator.features(ZOO).map_or(0, |all| all.len());
                if known < FEATURES_MAX {
                    self.add_features(1).await;
                }
            }
            _ => self.operate_on_a_feature().await,
        }
    }

    fn a_feature(&mut self) -> Option<String> {
        let all = self.server().operator.features(ZOO).ok()?;
        let ids: Vec<String> = all.into_iter().map(|feature| feature.id).collect();
        self.chance.choice(ids)
    }

    async fn operate_on_a_feature(&mut self) {
        let Some(id) = self.a_feature() else { return };
        let operator = self.server().operator.clone();
        let context = context();
        match self.chance.u8(..6) {
            0 => drop(operator.undo(&context, ZOO, &id).await),
            1 => drop(operator.requeue(&context, ZOO, &id).await),
            2 => drop(operator.answer(&context, ZOO, &id, "That one.").await),
            3 => drop(operator.comment(&context, ZOO, &id, "Hurry.").await),
            4 => drop(operator.withdraw(&context, ZOO, &id).await),
            _ => drop(operator.reopen(&context, ZOO, &id, "It is not done.").await),
        }
    }

    /// Somebody outside claims, hands in, gives back or goes silent.
    async fn outsider(&mut self) {
        let operator = self.server().operator.clone();
        let held = self.chance.choice(self.claims.clone());
        let Some((feature, epoch)) = held.filter(|_| self.chance.bool()) else {
            let wanted = self.a_feature();
            let wanted = wanted.filter(|_| self.chance.bool());
            let claim = operator
                .claim(&context(), ZOO, wanted.as_deref(), Some("bob"))
                .await;
            if let Ok(Some(claim)) = claim {
                // Its holder may be silent, or work on something old.
                self.blame(&claim.feature);
                self.claims.push((claim.feature, claim.epoch));
            }
            return;
        };

        let holding = Holding {
            project: ZOO,
            feature: &feature,
            epoch,
            holder: Some("bob"),
        };

        match self.chance.u8(..3) {
            0 => drop(operator.heartbeat(&context(), &holding)),
            1 => {
                self.blame(&feature);
                drop(
                    operator
                        .release(&context(), &holding, "It is not for me")
                        .await,
                );
            }
            _ => {
                let sha = self.push_to_gate(&feature, epoch);
                drop(operator.submit(&context(), &holding, &sha).await);
            }
        }
    }

    fn blame(&self, feature: &str) {
        let feature = feature.parse().expect("a feature's id");
        self.temper.blame(Some(&feature));
    }

    /// Puts a commit under a claim's ref, as a push that the gate let in would.
    fn push_to_gate(&mut self, feature: &str, epoch: u64) -> String {
        self.commits += 1;
        let gate = self.world.folder.path().join(format!("gates/{ZOO}.git"));
        let tree = tempfile::tempdir().expect("folder");
        let from = self.world.upstream_anywhere();
        let text = format!("{} {epoch}\n", self.commits);
        self.world
            .git(tree.path(), &["clone", "--quiet", &from, "t"]);
        let tree = tree.path().join("t");
        fs_err::write(tree.join(format!("{feature}.txt")), text).expect("file");
        self.world.git(&tree, &["add", "--all"]);
        self.world
            .git(&tree, &["commit", "--quiet", "-m", "Outside work"]);
        let target = format!("HEAD:refs/heads/work/{feature}/{epoch}");
        let gate = gate.display().to_string();

        // A claim that is over has no ref to push to any more: the gate would have said so.
        let _pushed =
            crate::world::stub::git(&tree, &["push", "--quiet", "--force", &gate, &target]);

        self.world
            .git(&tree, &["rev-parse", "HEAD"])
            .trim()
            .to_owned()
    }

    /// A container ends or vanishes by itself, cannot be started, or the whole engine goes away for
    /// a while.
    fn taken_away(&mut self) {
        let engine = self.world.engine.clone();

        match self.chance.u8(..10) {
            0..5 => {
                let Some(name) = self.chance.choice(engine.names()) else {
                    return;
                };
                let feature = self.server().zoo(|view| {
                    let job = view.slot(name.n)?.job()?;
                    job.feature.clone()
                });
                self.temper.blame(feature.as_ref());
                engine.take_away(&name, self.chance.bool());
            }
            5..8 => {
                let starts = self.chance.usize(1..12);
                engine.failing.store(starts, Ordering::SeqCst);
            }
            8 => engine.set_away(true),
            _ => engine.set_away(false),
        }
    }

    /// Upstream moves, or goes away and comes back.
    fn upstream(&mut self) {
        match self.chance.u8(..10) {
            0..6 if !self.is_upstream_away => {
                self.commits += 1;
                let text = format!("{}\n", self.commits);
                let file = if self.chance.bool() {
                    "theirs"
                } else {
                    "README"
                };
                self.world.push_upstream(file, &text);
            }
            _ => self.move_upstream(!self.is_upstream_away),
        }
    }

    pub(super) fn move_upstream(&mut self, away: bool) {
        if self.is_upstream_away != away {
            self.world.move_upstream(away);
            self.is_upstream_away = away;
        }
    }

    fn pass_time(&mut self) {
        if self.chance.bool() {
            // Shorter than a lease: while the server is awake it hears who is alive.
            self.world.clock.jump_ms(self.chance.i64(0..=20_000));
        } else {
            self.world
                .clock
                .stand_still_ms(self.chance.i64(0..=200_000));
        }
    }

    /// The server ends at once, or in order, and starts again.
    async fn restart(&mut self) {
        let server = self.server.take().expect("a server");
        if self.chance.u8(..3) == 0 {
            self.world.stop(server).await;
        } else {
            self.world.crash(server);
        }
        self.server = Some(self.world.start().await);
    }
}
