//! What keeps sessions of a role from being begun, as `dispatch` has it.

use crate::holder::Role;
use crate::id::Timestamp;
use crate::policy::hold::{Hold, holds};
use crate::policy::verify;
use crate::project::{Intent, Registered, Repository, Thing, utc};
use crate::stream::Position;
use crate::view::Remedy;
use crate::why::kind::Kind;
use crate::why::slots::Counted;
use crate::why::telling::Telling;
use crate::why::words::{self, short};

/// Says every premise that does not hold; answers whether there is one.
pub(super) fn tell(telling: &mut Telling<'_>, role: Role) -> bool {
    let holds = holds(telling.view, telling.record.observed, role);
    let Some(registered) = telling.view.registered() else {
        return false;
    };

    for hold in &holds {
        match hold {
            Hold::NotRunning => not_running(telling, registered),
            Hold::NoHead => no_head(telling, registered),
            Hold::NoBacklog => {
                let stream = telling.project();
                let names = ["project.initialization_due", "project.spec_written"];
                let at = telling.seen(&stream, &names);
                let text = "no feature is begun before the spec is a backlog";
                telling.say(Kind::NoBacklog, text, &stream, at);
            }
            Hold::RedTrunk => red(telling, registered),
            Hold::Trouble { things, next } => trouble(telling, role, things, *next),
            Hold::NoSlot => no_slot(telling, registered),
        }
    }
    !holds.is_empty()
}

pub(super) fn not_running(telling: &mut Telling<'_>, registered: &Registered) {
    let stream = telling.project();
    let (names, text): (&[&str], _) = match (&registered.editing, registered.intent) {
        (Some(by), _) => (
            &["project.edit_opened"],
            format!("nothing is begun while {by} edits the backlog"),
        ),
        (None, Intent::Draining { .. }) => (
            &["project.drain_requested"],
            "nothing new is begun: the project drains".to_owned(),
        ),
        (None, Intent::Completed) => (
            &["project.completed"],
            "nothing is begun: the project is complete".to_owned(),
        ),
        (None, Intent::Stopped | Intent::Running { .. }) => (
            &["project.stopped"],
            "nothing is begun: the project is stopped".to_owned(),
        ),
    };

    let at = telling.seen(&stream, names);
    let held = telling.say(Kind::NotRunning, text, &stream, at);
    if registered.intent == Intent::Stopped {
        held.remedy = Some(Remedy::Start);
    }
}

fn no_head(telling: &mut Telling<'_>, registered: &Registered) {
    let (project, queue) = (telling.project(), telling.merge_queue());
    let (stream, names, text): (_, &[&str], _) = match &registered.repository {
        Repository::Pending => (
            project,
            &["project.registered"],
            "upstream is not copied yet".to_owned(),
        ),
        Repository::Failed { reason, .. } => (
            project,
            &["project.clone_failed"],
            format!("upstream cannot be copied: {reason}"),
        ),
        Repository::Cloned { .. } => (
            queue,
            &["trunk.opened"],
            "upstream has no commit yet that work could stand on".to_owned(),
        ),
    };

    let at = telling.seen(&stream, names);
    telling.say(Kind::NoHead, text, &stream, at);
}

/// Nothing new is begun on a trunk that is red by itself.
fn red(telling: &mut Telling<'_>, registered: &Registered) {
    let stream = telling.merge_queue();
    let Some(red) = &telling.view.merge_queue.state.health.red else {
        return;
    };
    let head = short(&red.head);
    let text = format!("the trunk is red by itself at {head}: nothing new is begun on it");
    let next = looked_at(telling, registered);
    let text = match next {
        Some(next) => format!("{text}; it is looked at again {}", utc(next)),
        None => format!("{text} before it was looked at again"),
    };
    let at = telling.seen(&stream, &["trunk.head_failed"]);
    telling.say(Kind::RedTrunk, text, &stream, at).until = next;
}

/// When a red trunk is looked at again; none where that is due already.
pub(super) fn looked_at(telling: &Telling<'_>, registered: &Registered) -> Option<Timestamp> {
    let merge_queue = &telling.view.merge_queue.state;
    let own = &telling.record.observed.own;
    let next = verify::next_look(registered, merge_queue, own);
    next.filter(|next| *next > telling.now())
}

fn trouble(telling: &mut Telling<'_>, role: Role, things: &[Thing], next: Timestamp) {
    let stream = telling.project();
    let registered = telling.view.registered();
    let mut seen: Vec<Position> = Vec::new();
    let mut words: Vec<String> = Vec::new();

    for thing in things {
        let known = registered.and_then(|registered| registered.trouble_of(thing));
        seen.extend(known.map(|trouble| trouble.seen));
        let word = match known {
            Some(trouble) => trouble.told(),
            None => thing.advice(),
        };
        if !words.contains(&word) {
            words.push(word);
        }
    }

    let (who, words) = (words::role(role), words.join("; "));
    let text = format!(
        "{who} is not begun: {words}; one session may try {}",
        utc(next)
    );
    let held = telling.say(Kind::InTrouble, text, &stream, seen);
    (held.until, held.remedy) = (Some(next), Some(Remedy::Retry));
}

/// What keeps every slot from being given work, where none of them is free.
fn no_slot(telling: &mut Telling<'_>, registered: &Registered) {
    let (stream, target) = (telling.project(), registered.target);
    if target == 0 {
        let at = telling.seen(&stream, &["project.target_set"]);
        let text = "the project has no slot: its target is 0";
        telling.say(Kind::NoSlot, text, &stream, at).remedy = Some(Remedy::SetTarget);
        return;
    }

    if telling.record.observed.room == Some(0) {
        let text = "the machine has no room for another container";
        telling.say(Kind::NoSlot, text, &stream, None);
        return;
    }
    let counted = Counted::of(telling, target);
    let text = format!("no slot is free: {}", counted.words(target));
    telling.say(Kind::NoSlot, text, &stream, counted.seen);
}
