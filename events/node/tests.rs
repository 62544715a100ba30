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
