//! Every cell of `docs/states/subscription.md`, and what a filter wants.

use super::*;
use crate::aggregate::Aggregate;
use crate::grid::{assert_documented, given};
use crate::id::Timestamp;
use crate::stream::Position;

fn created() -> Event {
    Created {
        filter: Filter::default(),
        after: Position(5),
    }
    .into()
}
fn acknowledged(n: u64) -> Event {
    Acknowledged {
        position: Position(n),
    }
    .into()
}
fn parked(n: u64) -> Event {
    Parked {
        position: Position(n),
        why: "exit 1".into(),
    }
    .into()
}
fn replayed(n: u64) -> Event {
    Replayed {
        position: Position(n),
    }
    .into()
}

pub(super) fn states() -> Vec<(&'static str, Subscription)> {
    vec![
        ("new", given::<Subscription>(&[])),
        ("at 5", given(&[created()])),
        (
            "at 9, 8 parked",
            given(&[created(), parked(8), acknowledged(9)]),
        ),
        (
            "at 9, 8 due again",
            given(&[created(), parked(8), acknowledged(9), replayed(8)]),
        ),
        ("deleted", given(&[created(), Deleted {}.into()])),
    ]
}

pub(super) fn commands() -> Vec<(&'static str, Command)> {
    let park = |n| Command::Park {
        position: Position(n),
        why: "exit 1".into(),
    };
    let many = Filter {
        kinds: vec!["a.b".into(); KINDS_MAX + 1],
        project: None,
    };

    vec![
        (
            "create",
            Command::Create {
                filter: Filter::default(),
                after: Position(0),
            },
        ),
        (
            "create (33 kinds)",
            Command::Create {
                filter: many,
                after: Position(0),
            },
        ),
        (
            "acknowledge 4",
            Command::Acknowledge {
                position: Position(4),
            },
        ),
        (
            "acknowledge 8",
            Command::Acknowledge {
                position: Position(8),
            },
        ),
        (
            "acknowledge 10",
            Command::Acknowledge {
                position: Position(10),
            },
        ),
        ("park 4", park(4)),
        ("park 8", park(8)),
        ("park 10", park(10)),
        (
            "replay 8",
            Command::Replay {
                position: Position(8),
            },
        ),
        ("delete", Command::Delete),
    ]
}

#[test]
fn grid() {
    assert_documented("subscription", &states(), &commands());
}

#[test]
fn what_is_parked_holds_nobody_up_and_ends_with_its_acknowledgement() {
    let history = [created(), parked(8), acknowledged(9), replayed(8)];
    let due = given::<Subscription>(&history);
    let open = due.open().expect("open");
    assert_eq!(
        (open.checkpoint, open.due().collect::<Vec<_>>()),
        (Position(9), vec![Position(8)])
    );
    let again = given::<Subscription>(&[&history[..], &[parked(8)]].concat());

    assert_eq!(
        again.open().expect("open").due().count(),
        0,
        "it could not be taken again"
    );
    let taken = given::<Subscription>(&[&history[..], &[acknowledged(8)]].concat());
    let open = taken.open().expect("open");
    assert!(
        open.parked.is_empty() && open.checkpoint == Position(9),
        "its own place alone"
    );
}

#[test]
fn reasons_are_cut_at_a_character_and_parking_is_bounded() {
    let open = given::<Subscription>(&[created()]);
    let why = "ä".repeat(WHY_MAX);
    let Ok(events) = open.decide(
        &Command::Park {
            position: Position(6),
            why,
        },
        Timestamp(0),
    ) else {
        panic!("parked")
    };

    let [Event::Parked(parked_one)] = events.as_slice() else {
        panic!("{events:?}")
    };

    assert!(parked_one.why.len() <= WHY_MAX, "{}", parked_one.why.len());
    assert!(parked_one.why.ends_with("ä… (cut, 2000 bytes in all)"));
    let full: Vec<Event> = std::iter::once(created())
        .chain((6..).take(PARKED_MAX).map(parked))
        .collect();
    let full = given::<Subscription>(&full);
    let next = Command::Park {
        position: Position(99_999),
        why: String::new(),
    };
    assert_eq!(full.decide(&next, Timestamp(0)), Err(Refusal::ParkedFull));
}
