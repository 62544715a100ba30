//! Intent and containers: C11, K1, K2, and what must not be left at the end.

use super::Found;
use super::tables::{Payload, ProjectTable, Wanted};

pub(super) fn project(table: &mut ProjectTable, verb: &str) {
    match verb {
        "started" | "resumed" => table.wanted = Wanted::Running,
        "drain_requested" => table.wanted = Wanted::Draining,
        "stopped" => table.wanted = Wanted::Stopped,
        "completed" => table.wanted = Wanted::Completed,
        "edit_opened" => table.editing = true,
        "edit_saved" | "edit_discarded" => table.editing = false,
        _ => {}
    }
}

pub(super) fn container(table: &mut ProjectTable, n: &str, verb: &str, payload: &Payload, at: u64, found: &mut Found) {
    let wanted = table.wanted;
    let row = table.berths.entry(n.to_owned()).or_default();
    let generation = payload.number("generation");
    match verb {
        "start_requested" => {
            found.unless(wanted != Wanted::Stopped, "C11", at, || format!("berth {n} is to start in a stopped project"));
            found.unless(row.requested.is_none(), "K1", at, || format!("berth {n}: start {:?} has no end yet", row.requested));
            row.requested = Some(generation);
        }
        "started" | "start_failed" => {
            let due = row.requested == Some(generation);
            found.unless(due, "K1", at, || format!("berth {n}: {verb} for {generation}, requested is {:?}", row.requested));
            row.requested = None;
            if verb == "started" {
                found
                    .unless(row.started.is_none(), "K2", at, || format!("berth {n}: container {:?} has no end yet", row.started));
                row.started = Some(generation);
            }
        }
        "exited" | "lost" => {
            let due = row.started == Some(generation);
            found.unless(due, "K2", at, || format!("berth {n}: {verb} for {generation}, running is {:?}", row.started));
            row.started = None;
        }
        "removed" => {
            let over = row.started.is_none() && row.requested.is_none();
            found.unless(over, "K2", at, || format!("berth {n}: generation {generation} is removed before it ended"));
        }
        _ => {}
    }
}

/// A project that is completed owns no claims; its last containers may still be on their way out.
pub(super) fn finish(table: &ProjectTable, position: u64, found: &mut Found) {
    if table.wanted != Wanted::Completed {
        return;
    }
    for (id, row) in &table.features {
        found.unless(row.open.is_none(), "C3", position, || format!("{id}: claim {:?} is open in a completed project", row.open));
    }
    for (n, row) in &table.berths {
        found.unless(row.requested.is_none(), "K1", position, || format!("berth {n}: start {:?} never ended", row.requested));
    }
}
