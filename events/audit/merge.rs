//! The trunk and upstream: G2, G3, G4, G6.

use super::tables::{Payload, ProjectTable};
use super::{Found, Landed};

pub(super) fn take(table: &mut ProjectTable, verb: &str, payload: &Payload, at: u64, found: &mut Found) {
    let number = payload.number("entry");
    if verb == "publish_intended" {
        let open = table.entries.iter().find(|(_, row)| row.intended).map(|(number, _)| *number);
        found.unless(open.is_none(), "G2", at, || format!("entry {number} is to be published, entry {open:?} has no end yet"));
    }
    let row = table.entries.entry(number).or_default();
    match verb {
        "queued" => (row.feature, row.epoch) = (payload.maybe("kind.feature"), payload.number("kind.epoch")),
        "candidate_built" => {
            row.base = payload.maybe("candidate.base");
            row.sha = payload.text("candidate.sha");
            row.tree = payload.text("candidate.tree");
            row.verified = false;
            row.intended = false;
        }
        "verified" => {
            let tree = payload.maybe("evidence.tree");
            let same = tree.as_ref().is_none_or(|t| *t == row.tree);
            let green = tree.is_none() || payload.signed("evidence.exit") == 0;
            found.unless(same && green, "G4", at, || {
                format!("entry {number} is verified on tree {tree:?}, its own is {}", row.tree)
            });
            row.verified = same && green;
        }
        "verification_failed" | "upstream_moved" | "dequeued" => {
            row.verified = false;
            row.intended = false;
        }
        "publish_intended" => {
            found.unless(row.verified, "G4", at, || format!("entry {number} is to be published and was not verified"));
            found.unless(payload.text("to") == row.sha, "G4", at, || {
                format!("entry {number}: another commit than the verified one")
            });
            found.unless(payload.maybe("from") == row.base, "G4", at, || {
                format!("entry {number}: another base than the verified one")
            });
            row.intended = true;
        }
        "advanced" => {
            let to = payload.text("to");
            found.unless(row.intended, "G4", at, || format!("entry {number} is published and was not to be"));
            found.unless(to == row.sha, "G4", at, || format!("entry {number}: {to} is published, {} was verified", row.sha));
            row.intended = false;
            if let Some(feature) = row.feature.clone() {
                let twice = table.advanced.iter().any(|(_, f, sha)| *f == feature && *sha == to);
                found.unless(!twice, "G6", at, || format!("{feature} is published twice as {to}"));
                table.advanced.push((at, feature, to));
            }
        }
        _ => {}
    }
}

/// The chain holds our merges in the log's order, each with the tree that was verified and the trailer of its feature.
pub(super) fn compare(table: &ProjectTable, landed: &[Landed], found: &mut Found) {
    let mut places = Vec::new();
    for (at, feature, sha) in &table.advanced {
        let Some(place) = landed.iter().position(|commit| commit.sha == *sha) else {
            found.add("G6", *at, format!("{sha} of {feature} is not on upstream's first-parent chain"));
            continue;
        };
        let commit = &landed[place];
        found.unless(commit.feature.as_ref() == Some(feature), "G6", *at, || {
            format!("{sha} belongs to {feature} and its trailer names {:?}", commit.feature)
        });
        let tree = table.entries.values().find(|row| row.sha == *sha).map(|row| &row.tree);
        found.unless(tree == Some(&commit.tree), "G4", *at, || format!("{sha} has tree {}, verified was {tree:?}", commit.tree));
        places.push((*at, place, sha));
    }
    for pair in places.windows(2) {
        let ((_, before, _), (at, after, sha)) = (pair[0], pair[1]);
        found.unless(before < after, "G3", at, || format!("{sha} is published after a later one of the log"));
    }
    let ours = |commit: &&Landed| commit.feature.is_some();
    for commit in landed.iter().filter(ours) {
        let known = table.advanced.iter().any(|(_, _, sha)| *sha == commit.sha);
        let underway = table.entries.values().any(|row| row.intended && row.sha == commit.sha);
        found.unless(known || underway, "G6", 0, || format!("upstream holds {}, which the log does not know", commit.sha));
    }
}
