//! Intent and containers: C11, K1, K2, and what must not be left at the end. What sessions say is
//! in `session`.

use super::tables::{Payload, ProjectTable, SlotRow, TranscriptRow, Wanted};
use super::{Found, Now, session};

pub(super) fn project(
    table: &mut ProjectTable,
    verb: &str,
    payload: &Payload,
    now: Now,
    found: &mut Found,
) {
    let limit = |key: &str, before: i64| {
        let ms = payload
            .maybe_number(&format!("settings.{key}"))
            .and_then(|ms| i64::try_from(ms).ok());
        before.max(ms.unwrap_or_default().saturating_mul(1_000))
    };

    match verb {
        "target_set" => table.target = payload.number("count"),
        "settings_changed" => {
            (table.wall, table.lease) = (
                limit("session_wall_ms", table.wall),
                limit("lease_ms", table.lease),
            );
        }
        "backlog_proposed" | "milestone_settled" => {
            session::said(table, verb, payload, now.at, found)
        }
        "started" | "resumed" => table.wanted = Wanted::Running,
        "drain_requested" => table.wanted = Wanted::Draining,
        "stopped" => table.wanted = Wanted::Stopped,
        "completed" => table.wanted = Wanted::Completed,
        "edit_opened" => table.editing = true,
        "edit_saved" | "edit_discarded" => table.editing = false,
        _ => {}
    }
}

pub(super) fn container(
    table: &mut ProjectTable,
    n: &str,
    verb: &str,
    payload: &Payload,
    now: Now,
    found: &mut Found,
) {
    let at = now.at;

    match verb {
        "assigned" => session::assigned(table, n, payload, at, found),
        "session_started" | "session_ended" => {
            session::reported(table, n, verb, payload, at, found);
        }
        "transcript_kept" => transcript_kept(table, payload, at, found),
        "transcript_dropped" => transcript_dropped(table, payload, at, found),
        "exited" => {
            session::exited(n, payload, at, found);
            lived(table, n, verb, payload, at, found);
        }
        _ => lived(table, n, verb, payload, at, found),
    }
}

/// The transcript of a session is kept once.
fn transcript_kept(table: &mut ProjectTable, payload: &Payload, at: u64, found: &mut Found) {
    let session = payload.text("session");
    let twice = table.transcripts.iter().any(|row| row.session == session);
    found.unless(!twice, "X1", at, || {
        format!("the transcript of {session} is kept twice")
    });

    table.transcripts.push(TranscriptRow {
        session,
        chunks: payload.number("chunks"),
        bytes: payload.number("bytes"),
        digest: payload.text("digest"),
        dropped: false,
        at,
    });
}

/// What is dropped was kept.
fn transcript_dropped(table: &mut ProjectTable, payload: &Payload, at: u64, found: &mut Found) {
    let session = payload.text("session");
    let row = table
        .transcripts
        .iter_mut()
        .find(|row| row.session == session && !row.dropped);
    found.unless(row.is_some(), "X1", at, || {
        format!("the transcript of {session} is dropped and was not kept")
    });

    if let Some(row) = row {
        row.dropped = true;
    }
}

/// What happens to a slot and its container: one start after another, each with one end.
fn lived(
    table: &mut ProjectTable,
    n: &str,
    verb: &str,
    payload: &Payload,
    at: u64,
    found: &mut Found,
) {
    let wanted = table.wanted;
    let row = table.slots.entry(n.to_owned()).or_default();
    let generation = payload.number("generation");

    match verb {
        "enlisted" | "reinstated" => row.enlisted = true,
        "dismissed" | "quarantined" | "withheld" => row.enlisted = false,
        "start_requested" => {
            found.unless(wanted != Wanted::Stopped, "C11", at, || {
                format!("slot {n} is to start in a stopped project")
            });
            found.unless(row.requested.is_none(), "K1", at, || {
                format!("slot {n}: start {:?} has no end yet", row.requested)
            });
            row.requested = Some(generation);
        }
        "started" | "start_failed" => start_ended(row, n, verb, generation, at, found),
        "exited" | "lost" => run_ended(row, n, verb, generation, at, found),
        "removed" => {
            let over = row.started.is_none() && row.requested.is_none();
            found.unless(over, "K2", at, || {
                format!("slot {n}: generation {generation} is removed before it ended")
            });
        }
        _ => {}
    }
}

/// A start that was requested succeeds or fails.
fn start_ended(
    row: &mut SlotRow,
    n: &str,
    verb: &str,
    generation: u64,
    at: u64,
    found: &mut Found,
) {
    let due = row.requested == Some(generation);
    found.unless(due, "K1", at, || {
        format!(
            "slot {n}: {verb} for {generation}, requested is {:?}",
            row.requested
        )
    });
    row.requested = None;

    if verb == "started" {
        found.unless(row.started.is_none(), "K2", at, || {
            format!("slot {n}: container {:?} has no end yet", row.started)
        });
        row.started = Some(generation);
    }
}

/// The container that runs ends.
fn run_ended(row: &mut SlotRow, n: &str, verb: &str, generation: u64, at: u64, found: &mut Found) {
    let due = row.started == Some(generation);
    found.unless(due, "K2", at, || {
        format!(
            "slot {n}: {verb} for {generation}, running is {:?}",
            row.started
        )
    });
    row.started = None;
}

/// A project that is completed owns no claims; its last containers may still be on their way out.
pub(super) fn finish(table: &ProjectTable, position: u64, found: &mut Found) {
    if table.wanted != Wanted::Completed {
        return;
    }

    for (id, row) in &table.features {
        found.unless(row.open.is_none(), "C3", position, || {
            format!("{id}: {:?} is open in a completed project", row.open)
        });
    }

    for (number, row) in &table.entries {
        found.unless(!row.intended, "G2", position, || {
            format!("entry {number}: an intended push has no end")
        });
    }

    for (n, row) in &table.slots {
        found.unless(row.requested.is_none(), "K1", position, || {
            format!("slot {n}: start {:?} never ended", row.requested)
        });
    }
}
