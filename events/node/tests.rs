//! Every cell of `docs/states/node.md`.

use super::*;
use crate::grid::{assert_documented, given};

#[test]
fn grid() {
    let started = || Event::from(Started { epoch: 1, build: "b".into() });
    let states = vec![
        ("new", given::<Node>(&[])),
        ("up", given(&[started()])),
        ("stopped", given(&[started(), Stopped { epoch: 1 }.into()])),
    ];
    let commands = vec![
        ("start", Command::Start { build: "b".into() }),
        ("stop", Command::Stop { epoch: 1 }),
        ("stop (another run)", Command::Stop { epoch: 7 }),
    ];
    assert_documented("node", &states, &commands);
}
