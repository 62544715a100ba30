//! Claims and what happens under them: C1, C2, C3, C4, C6, C10, C11 and half of G6.

use std::collections::BTreeSet;

use super::tables::{FeatureRow, Payload, ProjectTable, Wanted};
use super::{Found, Now, session};

pub(super) fn backlog(
    table: &mut ProjectTable,
    verb: &str,
    payload: &Payload,
    now: Now,
    found: &mut Found,
) {
    let edge =
        |p: &Payload, at: &str| (p.text(&format!("{at}feature")), p.text(&format!("{at}on")));
    let mut added: Vec<(String, String)> = vec![];

    match verb {
        "admitted" => added.extend(payload.items("edges").iter().map(|e| edge(e, ""))),
        "dependency_added" => added.push(edge(payload, "edge.")),
        "dependency_removed" => {
            table.edges.remove(&edge(payload, "edge."));
        }
        "withdrawn" => {
            table.left.insert(payload.text("id"));
        }
        _ => {}
    }

    table.edges.extend(added.iter().cloned());
    for (feature, on) in added {
        let circle = reaches(&table.edges, &on, &feature);
        found.unless(!circle, "C10", now.at, || {
            format!("{feature} waits for {on}, which waits for it")
        });
    }
}

/// Whether somebody waits, over however many others, for `to`.
fn reaches(edges: &BTreeSet<(String, String)>, from: &str, to: &str) -> bool {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from.to_owned()]);
    while let Some(here) = next.pop() {
        if here == to {
            return true;
        }
        let ons = edges
            .range((here.clone(), String::new())..)
            .take_while(|(feature, _)| *feature == here);
        let ons: Vec<String> = ons.map(|(_, on)| on.clone()).collect();
        if seen.insert(here) {
            next.extend(ons);
        }
    }

    false
}

pub(super) fn take(
    table: &mut ProjectTable,
    id: &str,
    verb: &str,
    payload: &Payload,
    now: Now,
    found: &mut Found,
) {
    let at = now.at;

    if table.features.get(id).is_some_and(|row| row.settled) && MOVES.contains(&verb) {
        found.add(
            "C10",
            at,
            format!("{id} is {verb} after its end, and nobody reopened it"),
        );
    }

    match verb {
        "claimed" => claimed(table, id, payload, now, found),
        "unblocked" => unblocked(table, id, &payload.text("by"), at, found),
        "closed" => closed(table, id, payload, at, found),
        "review_passed" | "review_rejected" => {
            session::said(table, verb, payload, at, found);
            reviewed(table.features.entry(id.to_owned()).or_default(), verb);
        }
        "submitted" | "released" | "claim_expired" => {
            hand_in(table, id, verb, payload);
            let row = table.features.entry(id.to_owned()).or_default();
            ended(row, id, verb, payload, now, found);
        }
        _ => {
            hand_in(table, id, verb, payload);
            let row = table.features.entry(id.to_owned()).or_default();
            plain(row, id, verb, payload, at, found);
        }
    }
}

/// What does not happen to a feature that is closed or withdrawn.
const MOVES: [&str; 8] = [
    "claimed",
    "submitted",
    "review_started",
    "review_passed",
    "review_rejected",
    "merge_begun",
    "merge_rejected",
    "quarantined",
];

fn reviewed(row: &mut FeatureRow, verb: &str) {
    if verb == "review_passed" {
        row.submitted = row.submitted.map(|(epoch, _)| (epoch, true));
    } else {
        row.used[1] += 1;
        row.busy = None;
    }
}

/// The session whose claim is handed in, or given back with a question, has said what it was
/// granted for.
fn hand_in(table: &mut ProjectTable, id: &str, verb: &str, payload: &Payload) {
    let claim = Some((id.to_owned(), payload.number("epoch")));
    let session = table
        .sessions
        .values_mut()
        .find(|row| row.role == "coder" && row.claim == claim);
    if let Some(row) = session.filter(|_| matches!(verb, "submitted" | "question_asked")) {
        row.said = true;
    }
}

fn ended(
    row: &mut FeatureRow,
    id: &str,
    verb: &str,
    payload: &Payload,
    now: Now,
    found: &mut Found,
) {
    let (epoch, open) = (
        payload.number("epoch"),
        row.open.as_ref().map(|open| open.epoch),
    );
    found.unless(open == Some(epoch), "C2", now.at, || {
        format!("{id}: {verb} under claim {epoch}, open is {open:?}")
    });
    session::ended(row, id, verb, payload, now, found);

    if verb == "submitted" {
        row.busy = Some("submitted");
        row.submitted = Some((epoch, false));
    }
}

fn claimed(table: &mut ProjectTable, id: &str, payload: &Payload, now: Now, found: &mut Found) {
    let at = now.at;
    let (wanted, editing) = (table.wanted, table.editing);
    let row = table.features.entry(id.to_owned()).or_default();
    let epoch = payload.number("epoch");
    found.unless(row.open.is_none(), "C1", at, || {
        format!("{id} is claimed while {:?} is open", row.open)
    });
    found.unless(epoch == row.epoch + 1, "C2", at, || {
        format!("{id}: claim {epoch} follows claim {}", row.epoch)
    });
    found.unless(wanted != Wanted::Stopped, "C11", at, || {
        format!("{id} is claimed in a stopped project")
    });
    found.unless(wanted == Wanted::Running && !editing, "C6", at, || {
        format!("{id} is claimed while nothing may be")
    });
    found.unless(row.exists && !row.settled, "C6", at, || {
        format!("{id} is claimed and not open")
    });

    found.unless(row.busy.is_none(), "C6", at, || {
        format!(
            "{id} is claimed while it is {}",
            row.busy.unwrap_or_default()
        )
    });
    found.unless(row.blockers.is_empty(), "C6", at, || {
        format!("{id} is claimed while it waits for {:?}", row.blockers)
    });
    row.epoch = epoch;
    session::granted(table, id, payload, now, found);
}

fn unblocked(table: &mut ProjectTable, id: &str, by: &str, at: u64, found: &mut Found) {
    let has_left = table.left.contains(by);
    let settled = match table.features.get(by) {
        Some(row) if row.exists => row.settled,
        Some(row) => row.settled || has_left,
        None => has_left,
    };
    let wanted = table.edges.contains(&(id.to_owned(), by.to_owned()));
    found.unless(settled || !wanted, "C6", at, || {
        format!("{id} is unblocked by {by}, which is neither settled nor removed")
    });

    table
        .features
        .entry(id.to_owned())
        .or_default()
        .blockers
        .remove(by);
}

fn closed(table: &mut ProjectTable, id: &str, payload: &Payload, at: u64, found: &mut Found) {
    let sha = payload.maybe("closing.sha");
    if let Some(sha) = &sha {
        closed_by(table, id, sha, at, found);
    }

    let row = table.features.entry(id.to_owned()).or_default();
    found.unless(row.open.is_none(), "C3", at, || {
        format!("{id} is closed while {:?} is open", row.open)
    });
    row.settled = true;
    row.busy = None;

    if let Some(sha) = sha {
        found.unless(!row.merged.contains(&sha), "G6", at, || {
            format!("{id} is closed twice by {sha}")
        });
        row.merged.push(sha);
    }
}

/// The merge that closes a feature: published for it, under the claim that was handed in, passed
/// and verified.
fn closed_by(table: &ProjectTable, id: &str, sha: &String, at: u64, found: &mut Found) {
    let published = table
        .advanced
        .iter()
        .any(|(_, feature, to)| feature == id && to == sha);
    found.unless(published, "G6", at, || {
        format!("{id} is closed as merged by {sha}, which was not published for it")
    });

    let entry = table.entries.values().find(|row| row.sha == *sha);
    let entry = entry.map(|row| row.epoch);
    let row = table.features.get(id);
    let submitted = row.and_then(|row| row.submitted);
    let is_verified = match submitted {
        Some((epoch, passed)) => passed && entry == Some(epoch),
        None => false,
    };
    found.unless(is_verified, "C4", at, || {
        format!(
            "{id} is closed as merged; handed in and passed is {submitted:?}, verified was claim \
             {entry:?}"
        )
    });
}

/// Events that need nothing but the feature's own row.
fn plain(
    row: &mut FeatureRow,
    id: &str,
    verb: &str,
    payload: &Payload,
    at: u64,
    found: &mut Found,
) {
    let epoch = payload.number("epoch");

    match verb {
        "created" => {
            found.unless(!row.exists, "C10", at, || format!("{id} is created twice"));
            row.exists = true;
            row.blockers.extend(payload.texts("blockers"));
        }
        "blocked" => {
            row.blockers.insert(payload.text("by"));
        }
        "question_asked" => {
            let open = row.open.as_ref().map(|open| open.epoch);
            found.unless(open == Some(epoch), "C2", at, || {
                format!("{id}: asked under claim {epoch}, open is {open:?}")
            });
            row.busy = Some("waiting for an answer");
        }
        "work_secured" | "work_lost" => {
            found.unless(epoch >= 1 && epoch <= row.epoch, "C2", at, || {
                format!("{id}: {verb} for claim {epoch}, which never was")
            });
        }
        "question_answered" => row.busy = None,
        "merge_rejected" => {
            let which = if payload.text("fault") == "conflict" {
                2
            } else {
                1
            };
            row.used[which] += 1;
            row.busy = None;
        }
        "requeued" | "reopened" => {
            row.settled = false;
            row.busy = None;
            row.used = [0; 3];
        }
        "quarantined" => row.busy = Some("quarantined"),
        "withdrawn" => row.settled = true,
        _ => {}
    }
}
