//! Given any state and any command that is accepted on it, then the command that is found behind
//! its events records the same.

use super::Redo;
use crate::id::Timestamp;

/// Walks a table of states and commands; answers how many cells were found again.
fn every_cell<A: Redo>(
    states: &[(&str, A)],
    commands: &[(&str, A::Command)],
) -> (usize, Vec<String>) {
    let now = Timestamp(1_000_000_000);
    let (mut found, mut missing) = (0, vec![]);

    for (state, known) in states {
        for (name, command) in commands {
            let Ok(events) = known.decide(command, now) else {
                continue;
            };
            if events.is_empty() {
                continue;
            }
            match known.redo(&events, now) {
                Some(_) => found += 1,
                None => missing.push(format!("{name} on {state}: {events:?}")),
            }
        }
    }
    (found, missing)
}

#[test]
fn the_command_behind_every_event_is_found_again() {
    let all = [
        every_cell(
            &crate::feature::tests::states(),
            &crate::feature::tests::commands(),
        ),
        every_cell(
            &crate::project::tests::states(),
            &crate::project::tests::commands(),
        ),
        every_cell(
            &crate::container::tests::states(),
            &crate::container::tests::commands(),
        ),
        every_cell(
            &crate::merge_queue::tests::states(),
            &crate::merge_queue::tests::commands(),
        ),
    ];
    let missing: Vec<_> = all.iter().flat_map(|(_, missing)| missing).collect();
    assert!(missing.is_empty(), "{missing:#?}");
    let found: Vec<usize> = all.iter().map(|(found, _)| *found).collect();
    assert!(found.iter().all(|found| *found > 20), "{found:?}");
}
