//! The test kit of the ways out: where each aggregate waits, what leaves each of those places, by
//! itself and by a person, derived by folding what `decide` answers to every command of its table.
//!
//! The result is `docs/states/ways.md`. A place without a way out by a person fails the test here,
//! and so does one whose only ways throw the work away: withdrawing a feature and deleting a
//! project lead out of everything, and help nobody.

use std::collections::BTreeSet;
use std::fmt::{Debug, Write as _};
use std::path::Path;

use crate::aggregate::{Aggregate, Moment};
use crate::id::Timestamp;
use crate::stream::{Position, Version};

/// Who gives a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Giver {
    /// A policy: a file of `events/policy`.
    Policy(&'static str),
    /// A part of the server that tells what the outside answered: a file of `actors`.
    Actor(&'static str),
    /// An operator's verb, directly or by what follows from it without anybody's doing.
    Person(&'static str),
    /// An operator's verb that throws the work away: a way, and none that counts.
    Discards(&'static str),
    /// An operator's deed for which there is no verb yet: nothing leads into the place either.
    Owed(&'static str),
}

/// A place where an aggregate waits: the part of the state, and where that part stands.
pub(crate) type Place = (&'static str, &'static str);

/// What is known of an aggregate's ways.
pub(crate) trait Ways: Aggregate {
    /// Every place there is.
    const PLACES: &'static [Place];

    /// Where it waits now; nowhere in what is over or does not exist.
    fn places(&self) -> Vec<Place>;

    /// Places that wait for a person's word, each with the commands that lead out of it without
    /// one: what a person did elsewhere, or the outside undid, makes them true.
    const GUARDED: &'static [(Place, &'static [&'static str])];

    /// Who gives a command.
    fn givers(command: &Self::Command) -> &'static [Giver];
}

/// One line of the table.
struct Row {
    place: Place,
    states: Vec<&'static str>,
    itself: BTreeSet<String>,
    person: BTreeSet<String>,
    counts: bool,
}

/// The state after a command; none when it was turned down.
pub(crate) fn after<A: Aggregate>(state: &A, command: &A::Command) -> Option<A> {
    let at = Timestamp(1_000_000_000);
    let events = state.decide(command, at).ok()?;
    let mut next = state.clone();

    for event in &events {
        let (position, version) = (Position(1_000), Version(1_000));
        next.evolve(
            event,
            Moment {
                position,
                version,
                at,
            },
        );
    }

    Some(next)
}

/// The state after so many rounds of these commands, all of them accepted.
pub(crate) fn rounds<A: Aggregate>(state: &A, commands: &[A::Command], count: usize) -> A {
    let mut state = state.clone();
    for _ in 0..count {
        state = folded(&state, commands);
    }
    state
}

/// The state after these commands, all of them accepted.
pub(crate) fn folded<A: Aggregate>(state: &A, commands: &[A::Command]) -> A {
    let mut state = state.clone();
    for command in commands {
        let next = after(&state, command);
        state = next.unwrap_or_else(|| panic!("{command:?} is accepted by {state:?}"));
    }
    state
}

impl Row {
    fn new(state: &'static str, place: Place) -> Self {
        Self {
            place,
            states: vec![state],
            itself: BTreeSet::new(),
            person: BTreeSet::new(),
            counts: false,
        }
    }

    fn note(&mut self, name: &str, giver: Giver) {
        match giver {
            Giver::Policy(part) => drop(self.itself.insert(format!("{name} (policy {part})"))),
            Giver::Actor(part) => drop(self.itself.insert(format!("{name} ({part})"))),
            Giver::Person(verb) => {
                self.counts = true;
                self.person.insert(format!("`{verb}`"));
            }
            Giver::Discards(verb) => drop(self.person.insert(format!("(`{verb}`)"))),
            Giver::Owed(what) => {
                self.counts = true;
                self.person.insert(format!("{what}, as what leads here"));
            }
        }
    }

    /// A way of two commands; by a person, where there is none of one.
    fn note_pair(&mut self, (first, by): (&str, Giver), second: &str, giver: Giver, person: bool) {
        match (by, giver) {
            (Giver::Policy(_) | Giver::Actor(_), Giver::Policy(_) | Giver::Actor(_)) => {
                self.itself.insert(format!("{first}, then {second}"));
            }
            (Giver::Person(verb), Giver::Person(then)) if person => {
                self.counts = true;
                self.person.insert(format!("`{verb}`, then `{then}`"));
            }
            (Giver::Person(verb), Giver::Policy(_) | Giver::Actor(_)) if person => {
                self.counts = true;
                self.person.insert(format!("`{verb}`, then {second}"));
            }
            _ => {}
        }
    }

    /// Whether both say the same of one place, seen in different states.
    fn is_as(&self, other: &Self) -> bool {
        self.place == other.place && self.itself == other.itself && self.person == other.person
    }

    fn told(&self, aggregate: &str) -> String {
        let list = |names: &BTreeSet<String>| match names.is_empty() {
            true => "–".to_owned(),
            false => names.iter().cloned().collect::<Vec<_>>().join(", "),
        };
        let ((part, place), state) = (self.place, self.states.join("; "));
        let (itself, person) = (list(&self.itself), list(&self.person));
        format!("| {aggregate} | {part}: {place} | {state} | {itself} | {person} |\n")
    }
}

/// Whether a command leads out of a place.
fn leaves<A: Ways>(state: &A, command: &A::Command, place: &Place) -> bool {
    match after(state, command) {
        Some(next) => !next.places().contains(place),
        None => false,
    }
}

/// Ways out that take two commands, the first of which makes the second possible.
fn in_two_steps<A: Ways>(state: &A, commands: &[(&str, A::Command)], row: &mut Row) {
    let person = !row.counts;
    let leaves = |state: &A, command| leaves(state, command, &row.place);
    let mut pairs = vec![];

    for (name, second) in commands.iter().filter(|(_, second)| !leaves(state, second)) {
        for (first_name, first) in commands.iter().filter(|(_, first)| !leaves(state, first)) {
            let between = after(state, first);
            if between.is_some_and(|between| leaves(&between, second)) {
                pairs.push((first_name, first, name, second));
            }
        }
    }

    for (first_name, first, name, second) in pairs {
        for by in A::givers(first) {
            for giver in A::givers(second) {
                row.note_pair((first_name, *by), name, *giver, person);
            }
        }
    }
}

/// The ways out of every place of these states.
fn rows<A: Ways>(states: &[(&'static str, A)], commands: &[(&str, A::Command)]) -> Vec<Row> {
    let mut rows = vec![];

    for (name, state) in states {
        for place in state.places() {
            let mut row = Row::new(name, place);
            for (command_name, command) in commands {
                if !leaves(state, command, &place) {
                    continue;
                }
                for giver in A::givers(command) {
                    row.note(command_name, *giver);
                }
            }
            in_two_steps(state, commands, &mut row);
            match rows.iter_mut().find(|known: &&mut Row| known.is_as(&row)) {
                Some(known) => known.states.extend(row.states),
                None => rows.push(row),
            }
        }
    }

    rows
}

/// The lines of the table for an aggregate, and what is wrong with them.
pub(crate) fn table<A: Ways>(
    aggregate: &str,
    states: &[(&'static str, A)],
    commands: &[(&str, A::Command)],
) -> (String, Vec<String>)
where
    A::Command: Debug,
{
    let mut wrong = vec![];
    let (mut table, mut seen) = (String::new(), BTreeSet::new());

    for row in rows(states, commands) {
        let line = row.told(aggregate);
        if !row.counts {
            wrong.push(format!("no way out by a person: {line}"));
        }
        seen.insert(row.place);
        table.push_str(&line);
    }

    let declared: BTreeSet<_> = A::PLACES.iter().copied().collect();
    for place in declared.symmetric_difference(&seen) {
        wrong.push(format!(
            "{aggregate}: {place:?} is declared or seen, not both"
        ));
    }

    for (name, command) in commands {
        wrong.extend(unsent::<A>(name, command));
    }

    wrong.extend(unguarded::<A>(states, commands));
    (table, wrong)
}

/// Commands that nobody has to give, and that lead out of what waits for a person: the rule has to
/// be in `decide`, a policy alone may err. What is allowed and does not happen is wrong as well.
fn unguarded<A: Ways>(
    states: &[(&'static str, A)],
    commands: &[(&str, A::Command)],
) -> Vec<String> {
    let mut wrong = vec![];
    let by_itself = |command: &A::Command| {
        let givers = A::givers(command).iter();
        givers
            .into_iter()
            .any(|giver| matches!(giver, Giver::Policy(_) | Giver::Actor(_)))
    };

    for (place, allowed) in A::GUARDED {
        let mut seen = BTreeSet::new();
        for (_, state) in states
            .iter()
            .filter(|(_, state)| state.places().contains(place))
        {
            for (name, command) in commands.iter().filter(|(_, command)| by_itself(command)) {
                if leaves(state, command, place) {
                    seen.insert(*name);
                }
            }
        }
        let allowed: BTreeSet<_> = allowed.iter().copied().collect();
        for name in seen.symmetric_difference(&allowed) {
            wrong.push(format!(
                "{place:?} waits for a person: \"{name}\" leads out, or is allowed to"
            ));
        }
    }

    wrong
}

/// Givers whose source does not hold the command that they are said to give.
fn unsent<A: Ways>(name: &str, command: &A::Command) -> Vec<String> {
    let debug = format!("{command:?}");
    let variant: String = debug.chars().take_while(|c| c.is_alphanumeric()).collect();
    let mut wrong = vec![];

    for giver in A::givers(command) {
        let file = match giver {
            Giver::Policy(part) => format!("policy/{part}"),
            Giver::Actor(part) => format!("../actors/{part}"),
            Giver::Person(_) | Giver::Discards(_) | Giver::Owed(_) => continue,
        };
        if !names(&file, &variant) {
            wrong.push(format!("{name}: {file}.rs does not give {variant}"));
        }
    }

    wrong
}

/// Whether a source of the workspace names this variant of a command.
fn names(file: &str, variant: &str) -> bool {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("{file}.rs"));
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .any(|word| word == variant)
}

const HEAD: &str = "\
# What leaves each state

Every place where something waits, as the tables beside this one have it, with what leads out of it.
*By itself* names the command, and the policy (`events/policy`) or the part of the server (`actors`)
that gives it. *By a person* names verbs of the command line; one in brackets throws the work away
and counts as no way out. What is over (deleted, withdrawn, dismissed, closed) waits for nothing and
has no line; a backlog only says what waits for what (`blocked`), and a node waits for nobody.

The test `ways::every_place_has_a_way_out` in `events` derives the table by folding what `decide`
answers, fails when a place has no way out by a person, and writes it with `STATES=write`.

| aggregate | place | seen in | by itself | by a person |
|---|---|---|---|---|
";

#[test]
fn every_place_has_a_way_out() {
    let mut text = HEAD.to_owned();
    let mut wrong = vec![];

    for (table, problems) in [
        crate::project::ways::table(),
        crate::feature::ways::table(),
        crate::container::ways::table(),
        crate::merge_queue::ways::table(),
        crate::subscription::ways::table(),
    ] {
        text.push_str(&table);
        wrong.extend(problems);
    }

    assert!(wrong.is_empty(), "{}", listed(&wrong));
    documented(&text);
}

fn listed(wrong: &[String]) -> String {
    let mut list = String::new();
    for line in wrong {
        writeln!(list, "{line}").expect("writing to a string");
    }
    list
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test that writes its own documentation"
)]
fn documented(text: &str) {
    let path = format!("{}/../docs/states/ways.md", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("STATES").is_some_and(|v| v == "write") {
        std::fs::write(&path, text).expect("docs/states is writable");
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        there, text,
        "{path} differs from what leads out: STATES=write"
    );
}
