//! The random driver: one project, everything that may happen to it in any order, and then quiet.
//! No run may end without a way out.
//!
//! A run folds the real aggregates, policies and plans of the reconciler against a model of the
//! outside: an engine, a git, agents and a person, all in memory and drawn from one seed. After the
//! storm everybody behaves well and time passes. Then all work is done, or something stands under
//! Needs you whose remedy the driver performs; a remedy that is refused, or that leads nowhere, is
//! a fault. `DRIVER_RUNS` asks for more runs, `DRIVER_SEED` for one of them with all that it
//! recorded.

mod agents;
mod hands;
pub(crate) mod model;
mod person;
mod quiet;
mod random;

use std::collections::BTreeMap;

use model::Model;

/// Runs when nobody asks for more: seconds, in every build.
const RUNS: u64 = 300;
/// Things that happen in one storm, at most.
const STEPS_MAX: u64 = 400;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// One run: a storm, then quiet. Says what is wrong, if anything is.
pub(crate) fn run(seed: u64) -> (Model, Result<(), String>) {
    let mut model = Model::new(seed);
    model.open();
    let steps = model.chance.below(STEPS_MAX);
    for _ in 0..steps {
        model.step();
        if let Some(fault) = model.fault.clone() {
            return (model, Err(fault));
        }
    }
    let ended = model.calm();
    (model, ended)
}

#[test]
fn every_storm_ends_in_quiet_with_all_work_done() {
    if let Some(seed) = number("DRIVER_SEED") {
        let (model, ended) = run(seed);
        let said = model.said.join("\n");
        assert_eq!(ended, Ok(()), "{said}\nseed {seed}");
        return;
    }

    let (mut faults, runs) = (
        BTreeMap::<String, Vec<u64>>::new(),
        number("DRIVER_RUNS").unwrap_or(RUNS),
    );
    for seed in 0..runs {
        if let (_, Err(fault)) = run(seed) {
            faults.entry(fault).or_default().push(seed);
        }
    }

    let found: Vec<String> = faults
        .iter()
        .map(|(fault, seeds)| {
            let first: Vec<_> = seeds.iter().take(5).collect();
            format!("{} of {runs} runs, seeds {first:?}: {fault}", seeds.len())
        })
        .collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}
