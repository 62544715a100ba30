//! Every cell of `docs/states/node.md`.

use super::*;
use crate::grid::{assert_documented, given};
use crate::id::{Digest, Timestamp};
use crate::own_time::Gap;
use crate::seal::Statement;
use crate::stream::Position;

#[test]
fn grid() {
    let started = || {
        Event::from(Started {
            epoch: 1,
            build: "b".into(),
            last: None,
        })
    };
    let gap = Gap {
        before: Timestamp(1),
        after: Timestamp(2),
    };
    let seal = |first: u64, last: u64| Sealed {
        statement: Statement {
            first: Position(first),
            last: Position(last),
            root: Digest::of(b"r"),
            digest: Digest::of(b"d"),
        },
        key: "k".into(),
        signature: "s".into(),
    };
    let states = vec![
        ("new", given::<Node>(&[])),
        ("up", given(&[started()])),
        ("up, sealed to 8", given(&[started(), seal(1, 8).into()])),
        (
            "up, after a gap",
            given(&[started(), StoodStill { epoch: 1, gap }.into()]),
        ),
        ("stopped", given(&[started(), Stopped { epoch: 1 }.into()])),
    ];

    let commands = vec![
        (
            "start",
            Command::Start {
                build: "b".into(),
                last: None,
            },
        ),
        ("miss", Command::Miss { gap }),
        ("stop", Command::Stop { epoch: 1 }),
        ("stop (another run)", Command::Stop { epoch: 7 }),
        ("seal 1 to 8", Command::Seal { seal: seal(1, 8) }),
        ("seal 9 to 9", Command::Seal { seal: seal(9, 9) }),
        ("seal 9 to 8", Command::Seal { seal: seal(9, 8) }),
    ];
    assert_documented("node", &states, &commands);
}

#[test]
fn gaps_are_kept_up_to_their_bound_the_oldest_go() {
    let gap = |n: i64| Gap {
        before: Timestamp(n * 10),
        after: Timestamp(n * 10 + 1),
    };
    let stood = |n: usize| {
        let gap = gap(i64::try_from(n).expect("small"));
        Event::from(StoodStill { epoch: 1, gap })
    };
    for (count, first) in [(1, 0), (GAPS_MAX, 0), (GAPS_MAX + 1, 1), (GAPS_MAX + 5, 5)] {
        let history: Vec<Event> = (0..count).map(stood).collect();
        let node: Node = given(&history);
        assert_eq!(node.gaps.len(), count.min(GAPS_MAX), "{count}");
        assert_eq!(node.gaps.first(), Some(&gap(first)), "{count}");
    }
}

#[test]
fn a_run_begins_after_the_time_in_which_nothing_ran() {
    let started = |last: Option<i64>| {
        Event::from(Started {
            epoch: 2,
            build: "b".into(),
            last: last.map(Timestamp),
        })
    };
    // What is folded first was recorded in the first second.
    let second = Timestamp(1_000_000);
    for (last, gaps) in [
        (None, vec![]),
        (
            Some(400),
            vec![Gap {
                before: Timestamp(400),
                after: second,
            }],
        ),
    ] {
        let node: Node = given(&[started(last)]);
        assert_eq!(node.gaps, gaps);
        assert_eq!((node.epoch, node.up_since), (2, Some(second)));
        let over: Node = given(&[started(last), Stopped { epoch: 2 }.into()]);
        assert_eq!(over.up_since, None);
    }
}
