//! Claims and what happens under them: C1, C2, C3, C6, C11 and half of G6.

use super::Found;
use super::tables::{FeatureRow, Payload, ProjectTable, Wanted};

pub(super) fn backlog(table: &mut ProjectTable, verb: &str, payload: &Payload) {
    let edge = |p: &Payload, at: &str| (p.text(&format!("{at}feature")), p.text(&format!("{at}on")));
    match verb {
        "admitted" => table.edges.extend(payload.items("edges").iter().map(|e| edge(e, ""))),
        "dependency_added" => {
            table.edges.insert(edge(payload, "edge."));
        }
        "dependency_removed" => {
            table.edges.remove(&edge(payload, "edge."));
        }
        _ => {}
    }
}

pub(super) fn take(table: &mut ProjectTable, id: &str, verb: &str, payload: &Payload, at: u64, found: &mut Found) {
    match verb {
        "claimed" => claimed(table, id, payload, at, found),
        "unblocked" => unblocked(table, id, &payload.text("by"), at, found),
        "closed" => closed(table, id, payload, at, found),
        _ => {
            let row = table.features.entry(id.to_owned()).or_default();
            plain(row, id, verb, payload, at, found);
        }
    }
}

fn claimed(table: &mut ProjectTable, id: &str, payload: &Payload, at: u64, found: &mut Found) {
    let (wanted, editing) = (table.wanted, table.editing);
    let row = table.features.entry(id.to_owned()).or_default();
    let epoch = payload.number("epoch");
    found.unless(row.open.is_none(), "C1", at, || format!("{id} is claimed while claim {:?} is open", row.open));
    found.unless(epoch == row.epoch + 1, "C2", at, || format!("{id}: claim {epoch} follows claim {}", row.epoch));
    found.unless(wanted != Wanted::Stopped, "C11", at, || format!("{id} is claimed in a stopped project"));
    found.unless(wanted == Wanted::Running && !editing, "C6", at, || format!("{id} is claimed while nothing may be"));
    found.unless(row.exists && !row.settled, "C6", at, || format!("{id} is claimed and not open"));
    found.unless(row.busy.is_none(), "C6", at, || format!("{id} is claimed while it is {}", row.busy.unwrap_or_default()));
    found.unless(row.blockers.is_empty(), "C6", at, || format!("{id} is claimed while it waits for {:?}", row.blockers));
    row.epoch = epoch;
    row.open = Some(epoch);
}

fn unblocked(table: &mut ProjectTable, id: &str, by: &str, at: u64, found: &mut Found) {
    let settled = table.features.get(by).is_some_and(|row| row.settled);
    let wanted = table.edges.contains(&(id.to_owned(), by.to_owned()));
    found.unless(settled || !wanted, "C6", at, || format!("{id} is unblocked by {by}, which is neither settled nor removed"));
    table.features.entry(id.to_owned()).or_default().blockers.remove(by);
}

fn closed(table: &mut ProjectTable, id: &str, payload: &Payload, at: u64, found: &mut Found) {
    let sha = payload.maybe("closing.sha");
    if let Some(sha) = &sha {
        let published = table.advanced.iter().any(|(_, feature, to)| feature == id && to == sha);
        found.unless(published, "G6", at, || format!("{id} is closed as merged by {sha}, which was not published for it"));
    }
    let row = table.features.entry(id.to_owned()).or_default();
    found.unless(row.open.is_none(), "C3", at, || format!("{id} is closed while claim {:?} is open", row.open));
    row.settled = true;
    row.busy = None;
    if let Some(sha) = sha {
        found.unless(!row.merged.contains(&sha), "G6", at, || format!("{id} is closed twice by {sha}"));
        row.merged.push(sha);
    }
}

/// Events that need nothing but the feature's own row.
fn plain(row: &mut FeatureRow, id: &str, verb: &str, payload: &Payload, at: u64, found: &mut Found) {
    let epoch = payload.number("epoch");
    match verb {
        "created" => {
            row.exists = true;
            row.blockers.extend(payload.texts("blockers"));
        }
        "blocked" => {
            row.blockers.insert(payload.text("by"));
        }
        "submitted" | "released" | "claim_expired" => {
            found.unless(row.open == Some(epoch), "C2", at, || {
                format!("{id}: {verb} under claim {epoch}, open is {:?}", row.open)
            });
            row.open = None;
            if verb == "submitted" {
                row.busy = Some("submitted");
            }
        }
        "question_asked" => {
            found
                .unless(row.open == Some(epoch), "C2", at, || format!("{id}: asked under claim {epoch}, open is {:?}", row.open));
            row.busy = Some("waiting for an answer");
        }
        "work_secured" | "work_lost" => {
            found.unless(epoch >= 1 && epoch <= row.epoch, "C2", at, || {
                format!("{id}: {verb} for claim {epoch}, which never was")
            });
        }
        "question_answered" | "review_rejected" | "merge_rejected" | "requeued" => row.busy = None,
        "reopened" => {
            row.settled = false;
            row.busy = None;
        }
        "quarantined" => row.busy = Some("quarantined"),
        "withdrawn" => row.settled = true,
        _ => {}
    }
}
