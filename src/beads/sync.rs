//! Two ways: what others changed in a published file since we wrote it, and what becomes of it
//! here. Pure.
//!
//! The rules: what changed only there is taken. What changed on both sides stays as it is here,
//! because the log is the truth, and that is said on the feature. Work that is on its way is not
//! closed, nor is what it asks for changed, by a file. What is gone from a file is not withdrawn:
//! the next export brings it back. Who works on what (`in_progress`, the assignee) is decided by
//! claims alone.

use std::collections::BTreeSet;

use events::backlog::Born;
use events::feature::{Content, Known, Stage};

use super::Issue;
use super::import::{Imported, imported};

/// What a file's issue asks of a feature.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Asked {
    /// What the feature is to be, if that changed.
    pub content: Option<Content>,
    /// What was said there: author, text.
    pub comments: Vec<(String, String)>,
    /// Dependencies that were added there, as ids of the file.
    pub depends: Vec<String>,
    /// Dependencies that were taken away there.
    pub freed: Vec<String>,
    /// It is done, or not any more.
    pub turn: Option<Turn>,
    /// What stays as it is here although it was changed there, in words.
    pub conflicts: Vec<String>,
}

/// A change of whether an issue is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It is.
    Closed,
    /// Nobody wants it any more.
    Deleted,
    /// It is not any more.
    Reopened,
}

/// The three sides of an issue.
#[derive(Debug, Clone, Copy)]
pub struct Sides<'a> {
    /// As we wrote it last.
    pub base: &'a Issue,
    /// As the file has it.
    pub theirs: &'a Issue,
    /// As we would write it now.
    pub ours: &'a Issue,
}

/// What the file's side of an issue asks of its feature.
pub fn asked(known: &Known, sides: Sides<'_>) -> Asked {
    let (base, theirs, ours) = (
        imported(sides.base),
        imported(sides.theirs),
        imported(sides.ours),
    );
    let mut asked = Asked {
        comments: said(&base, &theirs, &ours),
        ..Asked::default()
    };
    contents(known, (&base, &theirs, &ours), &mut asked);
    dependencies((&base, &theirs, &ours), &mut asked);
    turn(known, (&base, &theirs, &ours), &mut asked);

    asked
}

type Three<'a> = (&'a Imported, &'a Imported, &'a Imported);

/// One field on three sides: the value to take, if it is theirs.
fn field<'a, T: PartialEq>(
    name: &str,
    (base, theirs, ours): (&T, &'a T, &T),
    conflicts: &mut Vec<String>,
) -> Option<&'a T> {
    if theirs == base || theirs == ours {
        return None;
    }

    if ours == base {
        return Some(theirs);
    }

    conflicts.push(format!(
        "its {name} was changed there and here; it stays as it is here"
    ));
    None
}

fn contents(known: &Known, (base, theirs, ours): Three<'_>, asked: &mut Asked) {
    let (was, there, here) = (&base.item.content, &theirs.item.content, &ours.item.content);
    let mut content = known.content.clone();
    let mut conflicts = Vec::new();

    macro_rules! take {
        ($name:literal, $($part:ident),+) => {
            $(if let Some(value) = field($name, (&was.$part, &there.$part, &here.$part), &mut conflicts) {
                content.$part = value.clone();
            })+
        };
    }
    take!("title", title);
    take!("description", description, steps);
    take!("priority", priority);
    take!("type", kind);
    take!("labels", labels, category);
    if content != known.content {
        match known.stage {
            Stage::Open { .. } | Stage::Quarantined { .. } => asked.content = Some(content),
            Stage::Claimed { .. }
            | Stage::Submitted { .. }
            | Stage::Approved { .. }
            | Stage::Merging { .. }
            | Stage::Closed { .. }
            | Stage::Withdrawn => conflicts.push(
                "what it asks for was changed there while it was worked on or done here; it stays"
                    .to_owned(),
            ),
        }
    }

    conflicts.dedup();
    asked.conflicts.extend(conflicts);
}

/// What was said there since, and is not said here.
fn said(base: &Imported, theirs: &Imported, ours: &Imported) -> Vec<(String, String)> {
    // What was written once counts as said, also where the newest notes alone are written now.
    let (mut there, mut left) = (ours.comments.clone(), ours.comments.clone());

    for comment in &base.comments {
        match left.iter().position(|known| known == comment) {
            Some(place) => drop(left.remove(place)),
            None => there.push(comment.clone()),
        }
    }

    let mut new = Vec::new();

    for comment in &theirs.comments {
        match there.iter().position(|known| known == comment) {
            Some(place) => drop(there.remove(place)),
            None => new.push(comment.clone()),
        }
    }

    new
}

fn dependencies((base, theirs, ours): Three<'_>, asked: &mut Asked) {
    let set = |side: &Imported| {
        side.item
            .depends_on
            .iter()
            .cloned()
            .collect::<BTreeSet<String>>()
    };
    let (was, there, here) = (set(base), set(theirs), set(ours));

    asked.depends = there
        .difference(&was)
        .filter(|on| !here.contains(*on))
        .cloned()
        .collect();
    asked.freed = was
        .difference(&there)
        .filter(|on| here.contains(*on))
        .cloned()
        .collect();
}

fn turn(known: &Known, (base, theirs, ours): Three<'_>, asked: &mut Asked) {
    if theirs.closed == base.closed || theirs.closed == ours.closed {
        return;
    }

    match (theirs.closed, &known.stage) {
        (true, Stage::Open { .. } | Stage::Quarantined { .. }) => {
            let deleted = theirs.item.born == Born::Withdrawn;
            asked.turn = Some(if deleted { Turn::Deleted } else { Turn::Closed });
        }
        (false, Stage::Closed { .. }) => asked.turn = Some(Turn::Reopened),
        (true, _) => asked.conflicts.push(
            "it was closed there while its work is on its way here; the work goes on".to_owned(),
        ),
        (false, _) => asked
            .conflicts
            .push("it was opened again there and is withdrawn here; it stays withdrawn".to_owned()),
    }
}
