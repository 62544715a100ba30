//! Random storms on the World: a real core, real git and a log in memory, under everything that may
//! happen in any order; then quiet.
//!
//! After the storm everybody behaves well and time passes. Then all work is merged, or something
//! stands under Needs you whose remedy the driver performs through the operator's verbs; a remedy
//! that is refused, or that leads nowhere, is a fault. The audit of every run has to be clean.
//! `actors/driver` does the same to the rules alone, a thousand times as fast. `STORMS` asks for
//! more runs, `STORM_FROM` for where to begin, `STORM_SEED` for one of them with all that it
//! recorded.

mod happenings;
mod quiet;
mod real;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use events::stream::Position;

use crate::world::temper::Temper;
use crate::world::{Server, World};

/// Runs when nobody asks for more.
const RUNS: u64 = 12;
/// Runs at the same time: they wait more than they work.
const THREADS: u64 = 3;
/// Things that happen in one storm, at most.
const STEPS_MAX: u64 = 60;

/// One project in a storm.
struct Storm {
    world: World,
    /// None while the server is down.
    server: Option<Server>,
    chance: fastrand::Rng,
    temper: Arc<Temper>,
    /// Claims of somebody outside.
    claims: Vec<(String, u64)>,
    commits: u64,
    is_upstream_away: bool,
}

impl Storm {
    fn server(&self) -> &Server {
        self.server
            .as_ref()
            .expect("a server runs between two happenings")
    }

    /// A storm, quiet, and the audit. Says what is wrong, if anything is.
    async fn run(seed: u64) -> Result<(), String> {
        let mut storm = Self::begin(seed).await;
        let steps = storm.chance.u64(..STEPS_MAX);
        for _ in 0..steps {
            storm.step().await;
        }

        let mut ended = storm.calm().await;
        if ended.is_ok() {
            ended = storm.judge().await;
        }

        let breaches = storm.world.breaches().await;
        if let Some(breach) = breaches.first() {
            ended = Err(breach.to_string());
        }

        if ended.is_err() || number("STORM_SEED").is_some() {
            eprintln!("seed {seed}:");
            storm.world.tell().await;
        }

        ended?;
        let server = storm.server.take().expect("a server");
        storm.world.end(server).await;

        Ok(())
    }

    /// Quarantine is right only where that feature's own sessions were bad.
    async fn judge(&self) -> Result<(), String> {
        let log = self.world.log.clone();
        let all = events::log::EventLog::read_all(&*log, Position(0), usize::MAX)
            .await
            .expect("log");
        for envelope in all.iter().filter(|e| e.kind == "feature.quarantined") {
            let events::stream::StreamId::Feature(_, id) = &envelope.stream else {
                continue;
            };
            if self.temper.bad(id) == 0 {
                return Err("a feature is quarantined whose own sessions were not bad".into());
            }
        }

        Ok(())
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Runs seeds on threads of their own, some at a time; what panics there is a fault of that seed.
/// Answers each fault with its seeds.
fn faults_among<F>(from: u64, to: u64, run: F) -> Vec<String>
where
    F: Fn(u64) -> Result<(), String> + Clone + Send + Sync + 'static,
{
    let next = AtomicU64::new(from);
    let faults = Mutex::new(BTreeMap::<String, Vec<u64>>::new());
    let work = || {
        while let Some(seed) = Some(next.fetch_add(1, Ordering::SeqCst)).filter(|seed| *seed < to) {
            let Err(fault) = fault_of(seed, run.clone()) else {
                continue;
            };
            eprintln!("seed {seed}: {fault}");
            let mut faults = faults.lock().expect("faults");
            faults.entry(fault).or_default().push(seed);
        }
    };

    std::thread::scope(|scope| {
        for _ in 0..number("STORM_THREADS").unwrap_or(THREADS) {
            scope.spawn(work);
        }
    });
    let faults = faults.into_inner().expect("faults");
    let found = faults.iter().map(|(fault, seeds)| {
        format!("{} of {}, seeds {seeds:?}: {fault}", seeds.len(), to - from)
    });

    found.collect()
}

fn fault_of<F>(seed: u64, run: F) -> Result<(), String>
where
    F: Fn(u64) -> Result<(), String> + Send + 'static,
{
    let run = std::thread::spawn(move || run(seed));
    run.join().unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Err(text.unwrap_or_else(|| "it panics".into()))
    })
}

fn on_the_world(seed: u64) -> Result<(), String> {
    supercargo::app::on_system(async move {
        let run = tokio::time::timeout(quiet::STUCK_AFTER, Storm::run(seed));
        run.await.unwrap_or_else(|_| Err("it never ends".into()))
    })
}

#[test]
fn every_storm_on_the_world_ends_in_quiet_with_all_work_done() {
    if let Some(seed) = number("STORM_SEED") {
        assert_eq!(fault_of(seed, on_the_world), Ok(()), "seed {seed}");
        return;
    }
    let from = number("STORM_FROM").unwrap_or(0);
    let to = from + number("STORMS").unwrap_or(RUNS);
    let faults = faults_among(from, to, on_the_world);
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
