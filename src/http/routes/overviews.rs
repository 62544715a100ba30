//! What the subscribers of `/live` look at together: the list of projects, and each project's
//! board. It is made once for each change, and so is the message that says what changed, however
//! many look.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use events::id::ProjectName;
use tokio::sync::Mutex;

use crate::api::{Board, ProjectShape};
use crate::operator::{Ground, Operator};

/// The newest looks. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Overviews(Arc<Mutex<Newest>>);

#[derive(Default)]
struct Newest {
    /// Looks so far.
    looks: u64,
    boards: BTreeMap<ProjectName, (Ground, Arc<Look<Board>>)>,
    /// How each project stands.
    standing: BTreeMap<ProjectName, (Ground, ProjectShape)>,
    projects: Option<Arc<Look<Vec<ProjectShape>>>>,
}

/// What somebody saw, and the messages about it.
pub(super) struct Look<T> {
    /// No other look has it.
    number: u64,
    /// The look before.
    previous: Option<u64>,
    /// It.
    pub(super) seen: T,
    whole: OnceLock<Arc<str>>,
    changes: OnceLock<Option<Arc<str>>>,
}

impl<T> Look<T> {
    fn new(looks: &mut u64, previous: Option<u64>, seen: T) -> Arc<Self> {
        *looks += 1;
        Arc::new(Self {
            number: *looks,
            previous,
            seen,
            whole: OnceLock::new(),
            changes: OnceLock::new(),
        })
    }

    /// The message that has all of it.
    pub(super) fn whole(&self, message: impl FnOnce(&T) -> String) -> Arc<str> {
        let made = self.whole.get_or_init(|| message(&self.seen).into());
        made.clone()
    }

    /// The message that leads here from an earlier look; none when nobody would see a difference.
    pub(super) fn changes(
        &self,
        from: &Self,
        message: impl FnOnce(&T, &T) -> Option<String>,
    ) -> Option<Arc<str>> {
        let made = || message(&from.seen, &self.seen).map(Arc::from);

        if from.number == self.number {
            None
        } else if self.previous == Some(from.number) {
            self.changes.get_or_init(made).clone()
        } else {
            made()
        }
    }
}

impl Overviews {
    /// A project's board as it is now; none once it was deleted.
    pub(super) async fn board(
        &self,
        operator: &Operator,
        name: &ProjectName,
    ) -> Option<Arc<Look<Board>>> {
        let mut newest = self.0.lock().await;
        let Some(ground) = operator.ground(name) else {
            newest.boards.remove(name);
            return None;
        };

        let before = newest.boards.get(name);
        if let Some((of, look)) = before
            && *of == ground
        {
            return Some(look.clone());
        }

        let previous = before.map(|(_, look)| look.number);
        let board = operator.board(name.as_str()).ok()?;
        let look = Look::new(&mut newest.looks, previous, board);
        newest.boards.insert(name.clone(), (ground, look.clone()));
        Some(look)
    }

    /// Every project as it stands now.
    pub(super) async fn projects(&self, operator: &Operator) -> Arc<Look<Vec<ProjectShape>>> {
        let mut newest = self.0.lock().await;
        let grounds = operator.grounds();
        let is_new = newest.stands_otherwise(operator, grounds);

        if let Some(look) = &newest.projects
            && !is_new
        {
            return look.clone();
        }

        let previous = newest.projects.as_ref().map(|look| look.number);
        let standing = newest.standing.values();
        let projects = standing.map(|(_, shape)| shape.clone()).collect();
        let look = Look::new(&mut newest.looks, previous, projects);
        newest.projects = Some(look.clone());
        look
    }
}

impl Newest {
    /// Looks again at the projects whose ground moved; whether there was one.
    fn stands_otherwise(
        &mut self,
        operator: &Operator,
        grounds: BTreeMap<ProjectName, Ground>,
    ) -> bool {
        let known = self.standing.len();
        self.standing.retain(|name, _| grounds.contains_key(name));
        let mut moved = self.standing.len() < known;

        for (name, ground) in grounds {
            let stands = self.standing.get(&name);
            if stands.is_some_and(|(of, _)| *of == ground) {
                continue;
            }
            moved = true;
            match operator.project(name.as_str()) {
                Ok(shape) => drop(self.standing.insert(name, (ground, shape))),
                // It was deleted in this moment.
                Err(_) => drop(self.standing.remove(&name)),
            }
        }

        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(from: &u8, to: &u8) -> Option<String> {
        (from != to).then(|| format!("{from} to {to}"))
    }

    #[test]
    fn a_message_leads_from_any_earlier_look_to_this_one_and_is_made_once_for_most() {
        let mut looks = 0;
        let first = Look::new(&mut looks, None, 1);
        let second = Look::new(&mut looks, Some(first.number), 2);
        let third = Look::new(&mut looks, Some(second.number), 2);
        let told = |to: &Look<u8>, from: &Look<u8>| to.changes(from, message);

        assert_eq!(told(&second, &first).as_deref(), Some("1 to 2"));
        assert_eq!(told(&third, &first).as_deref(), Some("1 to 2"));
        assert_eq!(told(&third, &second), None, "nobody sees a difference");
        assert_eq!(told(&third, &third), None);

        let again = second.changes(&first, |_, _| unreachable!("it was made"));
        assert_eq!(again.as_deref(), Some("1 to 2"));
        assert_eq!(second.whole(ToString::to_string).as_ref(), "2");
        let again = second.whole(|_| unreachable!("it was made"));
        assert_eq!(again.as_ref(), "2");
    }
}
