//! The trunk and upstream: G2, G3, G4, G6. Candidates may stand on each other: the verification of
//! the last one is that of its batch.

use super::tables::{Payload, ProjectTable};
use super::{Found, Landed};
use crate::stream::Position;

/// This entry and those that its candidate stands on, as far as they are not published, lowest
/// first.
fn batch(table: &ProjectTable, number: u64) -> Vec<u64> {
    let mut batch = vec![number];
    let mut base = base_of(table, number);
    while let Some(sha) = base {
        let below = table
            .entries
            .iter()
            .find(|(n, row)| row.sha == sha && !row.published && !batch.contains(*n));
        let Some((below, row)) = below else { break };
        batch.insert(0, *below);
        base = row.base.clone();
    }
    batch
}

/// What an entry's candidate stands on.
fn base_of(table: &ProjectTable, number: u64) -> Option<String> {
    table.entries.get(&number)?.base.clone()
}

/// Marks entries as verified, or not.
fn mark(table: &mut ProjectTable, numbers: &[u64], verified: bool) {
    for number in numbers {
        if let Some(row) = table.entries.get_mut(number) {
            (row.verified, row.intended) = (verified, false);
        }
    }
}

pub(super) fn take(
    table: &mut ProjectTable,
    verb: &str,
    payload: &Payload,
    at: u64,
    found: &mut Found,
) {
    let number = payload.number("entry");

    match verb {
        "opened" => table.begun = payload.maybe("head"),
        "queued" => {
            let row = table.entries.entry(number).or_default();
            (row.feature, row.epoch) =
                (payload.maybe("kind.feature"), payload.number("kind.epoch"));
        }
        "candidate_built" => {
            let row = table.entries.entry(number).or_default();
            row.base = payload.maybe("candidate.base");
            row.sha = payload.text("candidate.sha");
            row.tree = payload.text("candidate.tree");
            mark(table, &[number], false);
        }
        "verified" => verified(table, number, payload, at, found),
        "verification_failed" | "upstream_moved" => verified_no_more(table),
        "dequeued" | "change_refused" => {
            table.entries.entry(number).or_default().sha.clear();
            verified_no_more(table);
        }
        "followed" => followed(table, payload, at),
        "halted" => table.rewritten = payload.text("fault.kind") == "rewritten",
        "unhalted" => table.rewritten = false,
        "publish_intended" => intended(table, number, payload, at, found),
        "advanced" => advanced(table, number, payload, at, found),
        _ => {}
    }
}

/// Evidence is of the entry's own tree, and green; it holds for the whole batch.
fn verified(table: &mut ProjectTable, number: u64, payload: &Payload, at: u64, found: &mut Found) {
    let row = table.entries.get(&number);
    let own = row.map(|row| row.tree.clone()).unwrap_or_default();
    let is_shown = match payload.maybe("evidence.tree") {
        Some(tree) => {
            let shows = tree == own && payload.signed("evidence.exit") == 0;
            found.unless(shows, "G4", at, || {
                format!(
                    "entry {number} is verified on tree {:?}, its own is {own}",
                    Some(tree)
                )
            });
            shows
        }
        // Nothing verifies here: there is no tree to compare.
        None => true,
    };

    let waived = payload.text("evidence.kind") == "none_configured";
    let numbers = batch(table, number);
    mark(table, &numbers, is_shown);
    for number in numbers {
        table.entries.entry(number).or_default().waived = waived;
    }
}

/// What stood on an entry that left, or on an upstream that moved, is verified no more.
fn verified_no_more(table: &mut ProjectTable) {
    let all: Vec<u64> = table.entries.keys().copied().collect();
    mark(table, &all, false);
}

fn intended(table: &mut ProjectTable, number: u64, payload: &Payload, at: u64, found: &mut Found) {
    let open = table
        .entries
        .iter()
        .find(|(_, row)| row.intended)
        .map(|(number, _)| *number);
    found.unless(open.is_none(), "G2", at, || {
        format!("entry {number} is to be published, entry {open:?} has no end yet")
    });
    let batch = batch(table, number);
    let lowest = base_of(table, batch[0]);
    found.unless(payload.maybe("from") == lowest, "G4", at, || {
        format!("entry {number}: another base than the verified one")
    });
    let tip = table
        .entries
        .get(&number)
        .map(|row| row.sha.clone())
        .unwrap_or_default();
    found.unless(payload.text("to") == tip, "G4", at, || {
        format!("entry {number}: another commit than the verified one")
    });

    for number in batch {
        let Some(row) = table.entries.get_mut(&number) else {
            continue;
        };
        found.unless(row.verified, "G4", at, || {
            format!("entry {number} is to be published and was not verified")
        });
        row.intended = true;
    }
}

fn advanced(table: &mut ProjectTable, number: u64, payload: &Payload, at: u64, found: &mut Found) {
    let row = table.entries.entry(number).or_default();
    let to = payload.text("to");
    found.unless(row.intended, "G4", at, || {
        format!("entry {number} is published and was not to be")
    });
    found.unless(to == row.sha, "G4", at, || {
        format!(
            "entry {number}: {to} is published, {} was verified",
            row.sha
        )
    });
    (row.intended, row.published) = (false, true);

    if let Some(feature) = row.feature.clone() {
        let twice = table
            .advanced
            .iter()
            .any(|(_, f, sha)| *f == feature && *sha == to);
        found.unless(!twice, "G6", at, || {
            format!("{feature} is published twice as {to}")
        });
        table.advanced.push((at, feature, to));
    }
}

/// Upstream is looked at as it is again. Where a person accepted that, it need not hold what it
/// held.
fn followed(table: &mut ProjectTable, payload: &Payload, at: u64) {
    verified_no_more(table);
    table.rewritten = false;
    if payload.maybe("accepted").is_some() {
        table.begun = payload.maybe("to");
        table.accepted = at;
    }
}

/// The chain holds our merges in the log's order, each with the tree that was verified and the
/// trailer of its feature.
pub(super) fn compare(table: &ProjectTable, landed: &[Landed], seen: Position, found: &mut Found) {
    ours_landed(table, landed, seen, found);

    let begun = landed
        .iter()
        .position(|commit| Some(&commit.sha) == table.begun.as_ref());
    match begun {
        Some(place) => nothing_else_landed(table, &landed[place + 1..], found),
        None if table.rewritten => {}
        None => nothing_else_landed(table, landed, found),
    }
}

/// What the log published is upstream, as it was verified, and in the log's order.
fn ours_landed(table: &ProjectTable, landed: &[Landed], seen: Position, found: &mut Found) {
    let mut newest = None;

    for (at, feature, sha) in &table.advanced {
        let Some(place) = landed.iter().position(|commit| commit.sha == *sha) else {
            let excused = *at > seen.0 || *at < table.accepted || table.rewritten;
            found.unless(excused, "G6", *at, || {
                format!("{sha} of {feature} is not on upstream's first-parent chain")
            });
            continue;
        };

        as_verified(table, &landed[place], feature, *at, found);
        found.unless(newest < Some(place), "G3", *at, || {
            format!("{sha} is published after a later one of the log")
        });
        newest = Some(place);
    }
}

/// A merge of ours has the trailer of its feature and the tree that was verified.
fn as_verified(
    table: &ProjectTable,
    commit: &Landed,
    feature: &String,
    at: u64,
    found: &mut Found,
) {
    let sha = &commit.sha;
    found.unless(commit.feature.as_ref() == Some(feature), "G6", at, || {
        format!(
            "{sha} belongs to {feature} and its trailer names {:?}",
            commit.feature
        )
    });

    let entry = table.entries.values().find(|row| row.sha == *sha);
    let tree = entry.map(|row| &row.tree);
    found.unless(tree == Some(&commit.tree), "G4", at, || {
        format!("{sha} has tree {}, verified was {tree:?}", commit.tree)
    });
}

/// Whatever bears a trailer of ours is known to the log.
fn nothing_else_landed(table: &ProjectTable, since: &[Landed], found: &mut Found) {
    for commit in since {
        if commit.feature.is_none() {
            continue;
        }

        let known = table.advanced.iter().any(|(_, _, sha)| *sha == commit.sha);
        let underway = table
            .entries
            .values()
            .any(|row| row.intended && row.sha == commit.sha);
        found.unless(known || underway, "G6", 0, || {
            format!("upstream holds {}, which the log does not know", commit.sha)
        });
    }
}
