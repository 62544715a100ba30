//! What sessions say and how they end: I2 and K7; and the limits of claims, C7, C8, T-3.

use super::tables::{FeatureRow, Open, Payload, ProjectTable, SessionRow};
use super::{Found, Now};

/// Tries, rejections and conflicts after which a feature may not be claimed again before somebody
/// requeues it.
const BOUNDS: [(&str, u32); 3] = [("tries", 3), ("rejections", 5), ("conflicts", 5)];
/// Ends of a claim that use a try.
const USES_TRY: [&str; 6] = [
    "completed",
    "no_work",
    "failed",
    "stuck",
    "timed_out",
    "given_back",
];
/// Beyond wall limit and lease: a clone, a setup, an image, a machine under load. Half an hour, in
/// microseconds.
const GRACE: i64 = 30 * 60 * 1_000_000;

/// An assignment: the slot's new session.
pub(super) fn assigned(
    table: &mut ProjectTable,
    n: &str,
    payload: &Payload,
    at: u64,
    found: &mut Found,
) {
    let session = payload.text("assignment.session");
    let twice = table.sessions.contains_key(&session);
    found.unless(!twice, "I2", at, || format!("{session} is assigned twice"));
    let row = table.slots.entry(n.to_owned()).or_default();

    let before = row.session.replace(session.clone());
    if let Some(over) = before {
        table.sessions.remove(&over);
    }

    let role = payload.text("assignment.role");
    let claim = payload
        .maybe("assignment.feature")
        .map(|feature| (feature, payload.number("assignment.epoch")));

    table.sessions.insert(
        session,
        SessionRow {
            role,
            claim,
            ..SessionRow::default()
        },
    );
}

/// What a slot reports of its session: each once, in order.
pub(super) fn reported(
    table: &mut ProjectTable,
    n: &str,
    verb: &str,
    payload: &Payload,
    at: u64,
    found: &mut Found,
) {
    let session = payload.text("session");
    let current = table.slots.get(n).and_then(|row| row.session.clone());
    found.unless(current.as_ref() == Some(&session), "I2", at, || {
        format!("slot {n}: {verb} of {session}, its session is {current:?}")
    });
    let Some(row) = table.sessions.get_mut(&session) else {
        return;
    };

    found.unless(!row.ended, "I2", at, || {
        format!("{verb} of {session}, which had ended")
    });
    match verb {
        "session_started" => {
            found.unless(!row.started, "I2", at, || {
                format!("{session} started twice")
            });
            row.started = true;
        }
        "session_ended" => {
            row.ended = true;
            is_as_completed(row, &session, payload, at, found);
        }
        _ => {}
    }
}

/// A session that is completed has handed in what it was granted for.
fn is_as_completed(row: &SessionRow, session: &str, payload: &Payload, at: u64, found: &mut Found) {
    let (outcome, evidence) = (payload.text("outcome"), payload.maybe_bytes("evidence"));
    let handed_in = row.said || (row.role == "verifier" && evidence);
    found.unless(outcome != "completed" || handed_in, "K7", at, || {
        format!(
            "{session} ({}) is completed without having handed anything in",
            row.role
        )
    });
}

/// How a container ended, with everything that the outcome is judged from.
pub(super) fn exited(n: &str, payload: &Payload, at: u64, found: &mut Found) {
    for key in ["exit.code", "exit.oom", "exit.signal"] {
        found.unless(payload.has(key), "K7", at, || {
            format!("slot {n}: the end says nothing of {key}")
        });
    }
}

/// A session handed in what it was granted for: a verdict, a report, a backlog. Once.
pub(super) fn said(
    table: &mut ProjectTable,
    what: &str,
    payload: &Payload,
    at: u64,
    found: &mut Found,
) {
    let session = payload.text("session");
    let row = table.sessions.get_mut(&session);
    let open = row.as_ref().is_some_and(|row| !row.said && !row.ended);
    found.unless(open, "I2", at, || {
        format!("{what} by {session}, which is over or has said it before")
    });

    if let Some(row) = row {
        row.said = true;
    }
}

/// The grant of a claim under the limits in force.
pub(super) fn granted(
    table: &mut ProjectTable,
    id: &str,
    payload: &Payload,
    now: Now,
    found: &mut Found,
) {
    let Now { at, up } = now;
    let slot = payload.maybe_number("holder.n").map(|n| n.to_string());
    let mut bound = None;
    if let Some(n) = &slot {
        granted_to_slot(table, id, n, at, found);
        bound = Some(up + table.wall + table.lease + GRACE);
    }

    let row = table.features.entry(id.to_owned()).or_default();
    for (n, (name, max)) in BOUNDS.iter().enumerate() {
        let used = row.used[n];
        found.unless(used < *max, "C8", at, || {
            format!("{id} is claimed after {used} {name}, {max} is the bound")
        });
    }

    row.open = Some(Open {
        epoch: payload.number("epoch"),
        slot,
        bound,
    });
}

/// A slot takes a claim when it is in service, has no other, and the target leaves room.
fn granted_to_slot(table: &ProjectTable, id: &str, n: &String, at: u64, found: &mut Found) {
    let open = table.features.values().filter_map(|row| row.open.as_ref());
    let of_slots: Vec<&String> = open.filter_map(|claim| claim.slot.as_ref()).collect();

    let target = table.target;
    found.unless((of_slots.len() as u64) < target, "C7", at, || {
        format!(
            "{id} is claimed by slot {n}: {} claims of slots are open, the target is {target}",
            of_slots.len()
        )
    });
    found.unless(!of_slots.contains(&n), "C7", at, || {
        format!("{id} is claimed by slot {n}, which holds another claim")
    });
    let enlisted = table.slots.get(n).is_some_and(|row| row.enlisted);
    found.unless(enlisted, "C7", at, || {
        format!("{id} is claimed by slot {n}, which is not in service")
    });
}

/// The end of a claim: in time, and counted against the bounds when it is of the kind that counts.
pub(super) fn ended(
    row: &mut FeatureRow,
    id: &str,
    verb: &str,
    payload: &Payload,
    now: Now,
    found: &mut Found,
) {
    let Now { at, up } = now;

    if let Some(open) = row.open.take()
        && let Some(bound) = open.bound
    {
        found.unless(up <= bound, "T-3", at, || {
            format!(
                "{id}: the claim was open {} s longer than any may be",
                (up - bound) / 1_000_000
            )
        });
    }

    if verb == "released" && USES_TRY.contains(&payload.text("outcome").as_str()) {
        row.used[0] += 1;
    }
}
