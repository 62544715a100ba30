//! The board on the wire: a project on one page, a card a feature.

use std::collections::BTreeMap;

use events::container::Slot;
use events::feature::{Feature, FeatureType, Known, Stage};
use events::holder::{Holder, Role, SlotSession};
use events::id::{FeatureId, Timestamp};
use events::view::{ProjectView, Projections, Tracked};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::feature::status;
use super::merge_queue::stage;
use super::{SlotShape, time};

/// A feature on the board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Card {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Where it stands, in a word.
    pub status: String,
    /// 0 (first) to 4 (last).
    pub priority: u8,
    /// Shown as a badge.
    pub category: String,
    /// Who works on it.
    pub holder: Option<String>,
    /// Its newest claim.
    pub epoch: u64,
    /// What it waits for.
    pub blockers: Vec<String>,
    /// Why what was found about it may not hold any more; empty while it does.
    pub stale: Vec<String>,
    /// Where its work collides with what the trunk got meanwhile.
    pub collisions: Vec<String>,
    /// What its merge was verified with: verified, verified again, unverified or ours; none before
    /// it was merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
    /// What of its verification its merge changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<String>,
    /// Beside its category.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Its place among those of its priority.
    #[serde(default)]
    pub rank: i64,
    /// The holder in parts: who has claimed it, or reviews it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_by: Option<HeldBy>,
    /// When it was claimed, or its review or its entry in the merge queue began; of one that is
    /// closed, when its newest event was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Ended claims that used a try, since it was requeued last.
    #[serde(default)]
    pub tries: u32,
    /// What its sessions cost so far, in millionths of a dollar.
    #[serde(default)]
    pub micro_usd: u64,
    /// The question that waits for an answer, or why it is set aside or quarantined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Its entry in the merge queue, and the stage of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<CardEntry>,
}

/// Whoever has a feature at the moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum HeldBy {
    /// A session at a slot.
    Slot {
        /// The number of the slot.
        n: u16,
        /// The session there.
        session: String,
        /// coder or reviewer.
        role: String,
        /// The model that its agent asks.
        model: Option<String>,
    },
    /// Somebody from outside.
    Outside {
        /// The name under which it was claimed.
        principal: String,
    },
}

/// Where the work of a feature is in the merge queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CardEntry {
    /// The number of the entry.
    pub entry: u64,
    /// queued, built, verifying, verified or publishing.
    pub stage: String,
}

/// The columns of the board, each in the order of the queue.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Columns {
    /// Not begun.
    pub backlog: Vec<Card>,
    /// Claimed.
    pub in_progress: Vec<Card>,
    /// Handed in.
    pub review: Vec<Card>,
    /// Approved, on the way to upstream.
    pub merging: Vec<Card>,
    /// Closed.
    pub done: Vec<Card>,
    /// Waits for a person.
    pub needs_you: Vec<Card>,
}

/// A project on one page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Board {
    /// How the project stands.
    pub project: super::ProjectShape,
    /// Its features.
    pub columns: Columns,
    /// Its slots.
    pub slots: Vec<SlotShape>,
    /// All this is as of here.
    pub position: u64,
}

/// What sessions cost, by the feature that they worked on.
fn spent(view: &ProjectView) -> BTreeMap<&FeatureId, u64> {
    let mut spent: BTreeMap<&FeatureId, u64> = BTreeMap::new();
    for (_, record) in view.sessions.iter() {
        if let Some(feature) = &record.feature {
            let sum = spent.entry(feature).or_default();
            *sum = sum.saturating_add(record.usage().micro_usd);
        }
    }
    spent
}

fn card(view: &ProjectView, id: &FeatureId, known: &Known, tracked: &Tracked<Feature>) -> Card {
    let (status, holder) = status(known);
    let status = match () {
        () if is_held(view, id) => "held",
        () if is_parked(view, id) => "parked",
        () => status,
    };
    let entry = view
        .merge_queue
        .state
        .waiting()
        .find(|entry| entry.feature() == Some(id));
    let (held_by, taken) = held_by(view, known);
    let over = known.is_closed().then_some(tracked.changed);
    let since = taken.or(entry.map(|entry| entry.at)).or(over);

    Card {
        id: id.to_string(),
        title: known.content.title.clone(),
        status: status.to_owned(),
        priority: known.content.priority,
        category: known.content.category.clone(),
        holder,
        epoch: known.epoch.0,
        blockers: known.blockers.iter().map(ToString::to_string).collect(),
        stale: view.stale(id),
        collisions: view.merge_queue.state.collisions(id, known.epoch).to_vec(),
        proof: view.proof(id).map(|proof| proof.name().to_owned()),
        checks: view.checks(id).to_vec(),
        labels: known.content.labels.clone(),
        rank: known.content.rank,
        held_by,
        since: since.map(time),
        tries: known.tally.tries,
        micro_usd: 0,
        note: note(known),
        entry: entry.map(|entry| CardEntry {
            entry: entry.number,
            stage: stage(entry).to_owned(),
        }),
    }
}

/// Whoever has it at the moment, and since when.
fn held_by(view: &ProjectView, known: &Known) -> (Option<HeldBy>, Option<Timestamp>) {
    match &known.stage {
        Stage::Claimed {
            holder: Holder::Slot { n, session },
            since,
        } => {
            let held = SlotSession {
                n: *n,
                session: session.clone(),
            };
            (Some(in_slot(view, &held, Role::Coder)), Some(*since))
        }
        Stage::Claimed {
            holder: Holder::Outside { principal },
            since,
        } => {
            let principal = principal.clone();
            (Some(HeldBy::Outside { principal }), Some(*since))
        }
        Stage::Submitted {
            review: Some(held), ..
        } => {
            let record = view.sessions.get(&held.session);
            let since = record.map(|record| record.assigned);
            (Some(in_slot(view, held, Role::Reviewer)), since)
        }
        Stage::Open { .. }
        | Stage::Submitted { review: None, .. }
        | Stage::Approved { .. }
        | Stage::Merging { .. }
        | Stage::Closed { .. }
        | Stage::Quarantined { .. }
        | Stage::Withdrawn => (None, None),
    }
}

/// A session of the fleet that has a feature, with its model while it is the slot's.
fn in_slot(view: &ProjectView, held: &SlotSession, role: Role) -> HeldBy {
    let mut model = None;
    if let Some(job) = view.slot(held.n).and_then(Slot::job)
        && job.session == held.session
        && let Some(agent) = &job.agent
    {
        model.clone_from(&agent.model);
    }

    HeldBy::Slot {
        n: held.n.0,
        session: held.session.to_string(),
        role: role.name().to_owned(),
        model,
    }
}

/// What a person is to know of it: the question, or why it waits.
fn note(known: &Known) -> Option<String> {
    match &known.stage {
        Stage::Open { question } => question.clone().or_else(|| known.aside.clone()),
        Stage::Quarantined { why } => Some(why.clone()),
        Stage::Claimed { .. }
        | Stage::Submitted { .. }
        | Stage::Approved { .. }
        | Stage::Merging { .. }
        | Stage::Closed { .. }
        | Stage::Withdrawn => None,
    }
}

/// Whether its merge waits for a person.
fn is_held(view: &ProjectView, id: &FeatureId) -> bool {
    view.merge_queue
        .state
        .held
        .iter()
        .any(|entry| entry.feature() == Some(id))
}

/// Whether its merge waits for the trunk to be green by itself.
fn is_parked(view: &ProjectView, id: &FeatureId) -> bool {
    let mut parked = view.merge_queue.state.parked.iter();
    parked.any(|entry| entry.feature() == Some(id))
}

/// A project's board, if it is registered. Epics are headings, and withdrawn features are gone:
/// neither is on it.
pub fn board(view: &ProjectView, projections: &Projections) -> Option<Board> {
    let project = super::project(view)?;
    let mut columns = Columns::default();

    let spent = spent(view);
    for (id, known, tracked) in view
        .in_order()
        .into_iter()
        .filter(|(_, known, _)| known.content.kind != FeatureType::Epic)
    {
        let column = match &known.stage {
            _ if is_held(view, id) => &mut columns.needs_you,
            Stage::Open { question: Some(_) } | Stage::Quarantined { .. } => &mut columns.needs_you,
            Stage::Open { question: None } if known.aside.is_some() => &mut columns.needs_you,
            Stage::Open { question: None } => &mut columns.backlog,
            Stage::Claimed { .. } => &mut columns.in_progress,
            Stage::Submitted { .. } => &mut columns.review,
            Stage::Approved { .. } | Stage::Merging { .. } => &mut columns.merging,
            Stage::Closed { .. } => &mut columns.done,
            Stage::Withdrawn => continue,
        };
        column.push(Card {
            micro_usd: spent.get(id).copied().unwrap_or_default(),
            ..card(view, id, known, tracked)
        });
    }
    Some(Board {
        project,
        columns,
        slots: super::slots(view),
        position: projections.position.0,
    })
}
