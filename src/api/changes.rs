//! What changed between two looks at a board: whoever watches it is sent that, and not all of it
//! each time.
//!
//! A card that is placed leaves wherever it was and goes in front of the card named, or to the end
//! of its column. Cards are placed one after the other, in the order of the list.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Board, Card, Columns, ProjectShape, SlotShape};

/// Names of the columns, as the board has them.
const COLUMNS: [&str; 6] = [
    "backlog",
    "in_progress",
    "review",
    "merging",
    "done",
    "needs_you",
];

/// A card and where it belongs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Placed {
    /// The column.
    pub column: String,
    /// The card that it stands in front of; none for the end of the column.
    pub before: Option<String>,
    /// The card.
    pub card: Card,
}

/// What changed on a board.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BoardChanges {
    /// How the project stands, where that changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectShape>,
    /// All slots, where one changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slots: Option<Vec<SlotShape>>,
    /// Cards that are new, moved or say something else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub placed: Vec<Placed>,
    /// Cards that are not on the board any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<String>,
    /// All this is as of here.
    pub position: u64,
}

/// Projects that are new or stand otherwise.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProjectChanges {
    /// Those.
    pub projects: Vec<ProjectShape>,
    /// Names of those that are not there any more.
    pub gone: Vec<String>,
}

impl Columns {
    fn each(&self) -> [&Vec<Card>; 6] {
        [
            &self.backlog,
            &self.in_progress,
            &self.review,
            &self.merging,
            &self.done,
            &self.needs_you,
        ]
    }
}

impl BoardChanges {
    /// What leads from one board to another; none when nobody would see a difference.
    pub fn between(old: &Board, new: &Board) -> Option<Self> {
        let changes = Self {
            project: (old.project != new.project).then(|| new.project.clone()),
            slots: (old.slots != new.slots).then(|| new.slots.clone()),
            placed: placed(&old.columns, &new.columns),
            gone: gone(&old.columns, &new.columns),
            position: new.position,
        };
        let nothing = Self {
            position: new.position,
            ..Self::default()
        };
        if changes == nothing {
            return None;
        }

        Some(changes)
    }
}

impl ProjectChanges {
    /// What leads from one list to another; none when nobody would see a difference.
    pub fn between(old: &[ProjectShape], new: &[ProjectShape]) -> Option<Self> {
        let is_in = |list: &[ProjectShape], one: &ProjectShape| {
            list.iter().any(|other| other.name == one.name)
        };
        let left = old.iter().filter(|one| !is_in(new, one));
        let other = new.iter().filter(|one| !old.contains(one));
        let changes = Self {
            projects: other.cloned().collect(),
            gone: left.map(|one| one.name.clone()).collect(),
        };
        if changes == Self::default() {
            return None;
        }

        Some(changes)
    }
}

/// Where each card stands: its column, its place there, and itself.
fn places(columns: &Columns) -> BTreeMap<&str, (usize, usize, &Card)> {
    let mut places = BTreeMap::new();
    for (column, cards) in columns.each().into_iter().enumerate() {
        for (place, card) in cards.iter().enumerate() {
            places.insert(card.id.as_str(), (column, place, card));
        }
    }
    places
}

fn gone(old: &Columns, new: &Columns) -> Vec<String> {
    let (old, new) = (places(old), places(new));
    let left = old.into_keys().filter(|id| !new.contains_key(id));
    left.map(str::to_owned).collect()
}

fn placed(old: &Columns, new: &Columns) -> Vec<Placed> {
    let before = places(old);
    let mut placed = Vec::new();

    for (column, cards) in new.each().into_iter().enumerate() {
        let stay = staying(&before, column, cards);
        // From the end on: the card in front of which one goes is in its place already.
        for (place, card) in cards.iter().enumerate().rev() {
            if stay[place]
                && let Some((.., known)) = before.get(card.id.as_str())
                && *known == card
            {
                continue;
            }
            placed.push(Placed {
                column: COLUMNS[column].to_owned(),
                before: cards.get(place + 1).map(|next| next.id.clone()),
                card: card.clone(),
            });
        }
    }

    placed
}

/// Which cards of a column stand in it in the same order as before: the longest such row, so that
/// one that moved is one that is sent.
fn staying(
    before: &BTreeMap<&str, (usize, usize, &Card)>,
    column: usize,
    cards: &[Card],
) -> Vec<bool> {
    let old_place = |card: &Card| {
        let (was, place, _) = before.get(card.id.as_str())?;
        if *was != column {
            return None;
        }
        Some(*place)
    };
    // The longest increasing row: `ends[n]` is the card that ends the best row of n + 1 cards,
    // `earlier` the one before it in its row.
    let mut ends: Vec<(usize, usize)> = Vec::new();
    let mut earlier = vec![None; cards.len()];

    for (n, card) in cards.iter().enumerate() {
        let Some(place) = old_place(card) else {
            continue;
        };
        let length = ends.partition_point(|(end, _)| *end < place);
        earlier[n] = length.checked_sub(1).map(|last| ends[last].1);
        match ends.get_mut(length) {
            Some(end) => *end = (place, n),
            None => ends.push((place, n)),
        }
    }

    let mut stay = vec![false; cards.len()];

    let mut next = ends.last().map(|(_, n)| *n);
    while let Some(n) = next {
        stay[n] = true;
        next = earlier[n];
    }

    stay
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn card(id: u8, title: u8) -> Card {
        Card {
            id: format!("feat-{id}"),
            title: format!("title {title}"),
            status: "ready".into(),
            priority: 2,
            category: String::new(),
            holder: None,
            epoch: 0,
            blockers: vec![],
            stale: vec![],
            collisions: vec![],
            proof: None,
            checks: vec![],
            labels: vec![],
            rank: 0,
            held_by: None,
            since: None,
            tries: 0,
            micro_usd: 0,
            note: None,
            entry: None,
        }
    }

    /// Columns of these cards: each (id, column, title), an id once.
    fn columns(cards: &[(u8, u8, u8)]) -> Columns {
        let mut columns = Columns::default();
        let mut seen = std::collections::BTreeSet::new();
        for (id, column, title) in cards {
            if seen.insert(*id) {
                let at = usize::from(*column);
                column_mut(&mut columns, COLUMNS[at]).push(card(*id, *title));
            }
        }
        columns
    }

    fn column_mut<'a>(columns: &'a mut Columns, name: &str) -> &'a mut Vec<Card> {
        match name {
            "backlog" => &mut columns.backlog,
            "in_progress" => &mut columns.in_progress,
            "review" => &mut columns.review,
            "merging" => &mut columns.merging,
            "done" => &mut columns.done,
            _ => &mut columns.needs_you,
        }
    }

    /// What a page does with them.
    fn taken(old: &Columns, placed: &[Placed], gone: &[String]) -> Columns {
        let mut columns = old.clone();
        let drop = |columns: &mut Columns, id: &str| {
            for name in COLUMNS {
                column_mut(columns, name).retain(|card| card.id != id);
            }
        };
        gone.iter().for_each(|id| drop(&mut columns, id));
        for one in placed {
            drop(&mut columns, &one.card.id);
            let cards = column_mut(&mut columns, &one.column);
            let at = cards
                .iter()
                .position(|card| Some(&card.id) == one.before.as_ref());
            cards.insert(at.unwrap_or(cards.len()), one.card.clone());
        }

        columns
    }

    proptest! {
        #[test]
        fn changes_lead_from_any_board_to_any_other(
            old in prop::collection::vec((0_u8..20, 0_u8..6, 0_u8..3), 0..30),
            new in prop::collection::vec((0_u8..20, 0_u8..6, 0_u8..3), 0..30),
        ) {
            let (old, new) = (columns(&old), columns(&new));
            let found = taken(&old, &placed(&old, &new), &gone(&old, &new));
            prop_assert_eq!(found, new);
        }
    }

    #[test]
    fn one_that_moved_is_one_that_is_sent() {
        let all: Vec<(u8, u8, u8)> = (0..100).map(|id| (id, 0, 0)).collect();
        let old = columns(&all);
        assert_eq!(placed(&old, &old), vec![]);

        let mut claimed = all.clone();
        claimed[40].1 = 1;
        let mut renamed = all.clone();
        renamed[7].2 = 1;
        let mut first_last = all.clone();
        first_last.rotate_left(1);
        let mut last_first = all.clone();
        last_first.rotate_right(1);
        for other in [claimed, renamed, first_last, last_first] {
            assert_eq!(placed(&old, &columns(&other)).len(), 1);
        }
        assert_eq!(gone(&old, &columns(&all[1..])), ["feat-0"]);
    }
}
