//! What `why` says of every state of the tables, held against the audit's own: a second reducer
//! that shares no code with the projections, and so would not be wrong in the same way.

use super::{FeatureRow, ProjectTable, SlotRow, Wanted};
use crate::audit::Audit;
use crate::id::SlotNo;
use crate::scene::feature;
use crate::why::tests::{State, features, listed, projects, queues, slots, told};
use crate::why::{About, Kind, Sentence};

/// Something that both know: whether it is so by the audit, and whether it is said.
type Fact = (&'static str, bool, bool);

fn audited(state: &State) -> Audit {
    let mut audit = Audit::new("log");
    for envelope in &state.scene.log {
        audit.take(envelope);
    }
    audit
}

fn says(said: &[Sentence], kinds: &[Kind]) -> bool {
    said.iter().any(|one| kinds.contains(&one.kind))
}

/// Compares what both say of every state.
fn compare(states: &[State], about: &About, facts: fn(&ProjectTable, &[Sentence]) -> Vec<Fact>) {
    let (mut wrong, mut seen) = (String::new(), std::collections::BTreeSet::new());
    for state in states {
        let audit = audited(state);
        let Some(table) = audit.table("z") else {
            continue;
        };
        let said = told(state, about, 1);
        for (what, is_so, is_said) in facts(table, &said) {
            if is_so != is_said {
                wrong += &format!("{}: {what}: {is_so}, not\n{}", state.name, listed(&said));
            }
            if is_so {
                seen.insert(what);
            }
        }
    }

    assert!(wrong.is_empty(), "{wrong}");
    assert!(seen.len() > 2, "what is compared is never so: {seen:?}");
}

fn of_feature(table: &ProjectTable, said: &[Sentence]) -> Vec<Fact> {
    let default = FeatureRow::default();
    let row = table.features.get("a").unwrap_or(&default);
    let at_slot = row.open.as_ref().map(|open| open.slot.is_some());
    let busy = row.busy.filter(|_| !row.settled);
    let is_free = row.open.is_none() && busy.is_none() && !row.settled && row.exists;
    let waits = said.iter().filter(|one| one.kind == Kind::AwaitsFeature);
    let handed = [
        Kind::HandedIn,
        Kind::InReview,
        Kind::Approved,
        Kind::Merging,
    ];

    vec![
        (
            "held by a slot",
            at_slot == Some(true),
            says(said, &[Kind::ClaimedHere]),
        ),
        (
            "held outside",
            at_slot == Some(false),
            says(said, &[Kind::ClaimedOutside]),
        ),
        (
            "settled",
            row.settled,
            says(said, &[Kind::Closed, Kind::FeatureWithdrawn]),
        ),
        (
            "asked",
            busy == Some("waiting for an answer"),
            says(said, &[Kind::Asked]),
        ),
        (
            "quarantined",
            busy == Some("quarantined"),
            says(said, &[Kind::FeatureQuarantined]),
        ),
        ("handed in", busy == Some("submitted"), says(said, &handed)),
        (
            "not there",
            !row.exists,
            says(said, &[Kind::FeatureAdmitted]),
        ),
        (
            "approved",
            busy == Some("submitted") && row.submitted.is_some_and(|(_, passed)| passed),
            says(said, &[Kind::Approved, Kind::Merging]),
        ),
        (
            "each that it waits for",
            is_free && !row.blockers.is_empty(),
            waits.count() == row.blockers.len() && is_free && !row.blockers.is_empty(),
        ),
    ]
}

fn of_slot(table: &ProjectTable, said: &[Sentence]) -> Vec<Fact> {
    let default = SlotRow::default();
    let row = table.slots.get("1").unwrap_or(&default);
    let runs = [Kind::ContainerRuns, Kind::SessionWorks];
    let out = [
        Kind::SlotUnknown,
        Kind::SlotDismissed,
        Kind::SlotWithheld,
        Kind::SlotQuarantined,
    ];
    let session = row.session.as_ref().and_then(|id| table.sessions.get(id));
    let works = session.is_some_and(|session| session.started && !session.ended);

    vec![
        ("out of service", !row.enlisted, says(said, &out)),
        (
            "requested",
            row.requested.is_some(),
            says(said, &[Kind::StartRequested]),
        ),
        (
            "a container runs",
            row.started.is_some() && !says(said, &[Kind::SessionOver]),
            says(said, &runs),
        ),
        ("a session works", works, says(said, &[Kind::SessionWorks])),
    ]
}

fn of_project(table: &ProjectTable, said: &[Sentence]) -> Vec<Fact> {
    if says(said, &[Kind::ProjectDeleted, Kind::ProjectUnknown]) {
        return vec![];
    }
    let is = |wanted| table.wanted == wanted;

    vec![
        (
            "running",
            is(Wanted::Running),
            says(said, &[Kind::ProjectRuns]),
        ),
        (
            "stopped",
            is(Wanted::Stopped),
            says(said, &[Kind::ProjectNew, Kind::ProjectStopped]),
        ),
        (
            "draining",
            is(Wanted::Draining),
            says(said, &[Kind::ProjectDrains]),
        ),
        (
            "completed",
            is(Wanted::Completed),
            says(said, &[Kind::ProjectComplete]),
        ),
        ("edited", table.editing, says(said, &[Kind::ProjectEdited])),
    ]
}

fn of_entry(table: &ProjectTable, said: &[Sentence]) -> Vec<Fact> {
    let Some(row) = table.entries.get(&1) else {
        return vec![("no entry", true, says(said, &[Kind::EntryUnknown]))];
    };
    let publishing = says(said, &[Kind::EntryPublishing]);

    vec![
        ("published", row.published, says(said, &[Kind::EntryMerged])),
        ("intended", row.intended && !row.published, publishing),
        (
            "verified and waiting",
            row.verified && !row.intended && !row.published,
            says(said, &[Kind::EntryVerified]),
        ),
    ]
}

#[test]
fn what_is_said_of_features_is_so_by_the_audit() {
    compare(&features(), &About::Feature(feature("a")), of_feature);
}

#[test]
fn what_is_said_of_slots_is_so_by_the_audit() {
    compare(&slots(), &About::Slot(SlotNo(1)), of_slot);
}

#[test]
fn what_is_said_of_projects_is_so_by_the_audit() {
    compare(&projects(), &About::Project, of_project);
}

#[test]
fn what_is_said_of_merges_is_so_by_the_audit() {
    compare(&queues(), &About::Merge(1), of_entry);
}
