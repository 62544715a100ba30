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

#[test]
fn a_filter_wants_its_project_and_its_kinds_and_never_itself() {
    let envelope = |stream: &str, kind: &str| {
        let mut envelope = crate::scene::Scene::running(1).log.remove(0);
        envelope.stream = stream.parse().expect("a stream");
        envelope.kind = kind.into();
        envelope
    };
    let closed = envelope("feature-z/f", "feature.closed");
    let other = envelope("feature-y/f", "feature.closed");
    let created = envelope("feature-z/f", "feature.created");
    let of_server = envelope("node-n", "node.started");
    let own = envelope("subscription-s", "subscription.acknowledged");
    let filter = |project: Option<&str>, kinds: &[&str]| Filter {
        project: project.map(|name| name.parse().expect("a name")),
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
    };
    let all = [&closed, &other, &created, &of_server, &own];

    for (filter, wanted) in [
        (filter(None, &[]), [true, true, true, true, false]),
        (filter(Some("z"), &[]), [true, false, true, false, false]),
        (
            filter(None, &["feature.closed"]),
            [true, true, false, false, false],
        ),
        (
            filter(Some("z"), &["node.started", "feature.created"]),
            [false, false, true, false, false],
        ),
        (filter(None, &["subscription.acknowledged"]), [false; 5]),
    ] {
        assert_eq!(
            all.map(|envelope| filter.wants(envelope)),
            wanted,
            "{filter:?}"
        );
    }
}

#[test]
fn a_filter_is_as_large_as_its_bounds() {
    let name = "k".repeat(crate::bounds::NAME_MAX);
    for (what, kinds, large) in [
        ("all kinds", vec!["a.b".to_owned(); KINDS_MAX], false),
        ("one more", vec!["a.b".to_owned(); KINDS_MAX + 1], true),
        ("a long name", vec![name.clone()], false),
        (
            "a longer one",
            vec!["a.b".to_owned(), format!("{name}k")],
            true,
        ),
    ] {
        let create = Command::Create {
            filter: Filter {
                project: None,
                kinds: kinds.clone(),
            },
            after: Position(0),
        };
        let decided = Subscription::default().decide(&create, Timestamp(0));
        assert_eq!(decided.is_err(), large, "{what}");
    }
}

/// A place only goes forward, and what was parked stays parked until it is due again.
#[test]
fn a_place_never_goes_back() {
    let places = |more: Vec<Event>| {
        let state: Subscription = given(&[vec![created()], more].concat());
        match state {
            Subscription::Open(open) => open.checkpoint,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(places(vec![]), Position(5));
    assert_eq!(places(vec![acknowledged(9)]), Position(9));
    assert_eq!(places(vec![acknowledged(9), acknowledged(7)]), Position(9));
    assert_eq!(places(vec![parked(8)]), Position(8));
    assert_eq!(places(vec![acknowledged(9), parked(8)]), Position(9));
}
