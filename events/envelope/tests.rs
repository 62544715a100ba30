//! The digest of an event covers every column of it, and is what it always was: logs that exist are
//! checked against it.

use super::*;
use crate::cause::Principal;

fn envelope() -> Envelope {
    Envelope {
        position: Position(7),
        stream: "feature-zoo/f1".parse().expect("a stream"),
        version: Version(3),
        kind: "feature.commented".into(),
        schema: 1,
        at: Timestamp(1_700_000_000_000_000),
        cause: Cause {
            principal: Principal::Operator("ann".into()),
            correlation: CommandId([1; 16]),
            causation: Some(Position(5)),
        },
        command: CommandId([2; 16]),
        trace: Some("4bf92f3577b34da6a3ce929d0e0e4736".into()),
        payload: vec![0x81, 0xa1, 0x61, 0x01],
        digest: Digest::default(),
    }
}

fn start() -> Digest {
    genesis("zoo")
}

#[test]
fn the_chain_begins_and_goes_on_as_in_logs_that_exist() {
    let chained = envelope().chained(start());
    let found = [start(), chained].map(|digest| digest.to_string());
    let wanted = [
        "9f6f527aa2a6a17fec9f38d8beb06ef1fe5be0f3b35df01647a646a4f3431d61",
        "14bd7e49038e5ad25e7e3a99a9726e08ff96157079b096ab2c1e1f133ca34938",
    ];
    assert_eq!(found, wanted);
    assert_ne!(genesis("zoo"), genesis("zoo2"), "no two logs share a chain");
}

/// One change of an envelope.
type Change = (&'static str, fn(&mut Envelope));

#[test]
fn no_column_can_be_changed_behind_the_digest() {
    let changes: [Change; 13] = [
        ("position", |e| e.position = Position(8)),
        ("stream", |e| {
            e.stream = "feature-zoo/f2".parse().expect("a stream")
        }),
        ("version", |e| e.version = Version(4)),
        ("kind", |e| e.kind = "feature.created".into()),
        ("schema", |e| e.schema = 2),
        ("time", |e| e.at = Timestamp(1_700_000_000_000_001)),
        ("principal", |e| {
            e.cause.principal = Principal::Policy("ann".into())
        }),
        ("correlation", |e| {
            e.cause.correlation = CommandId([3; 16]);
        }),
        ("causation", |e| e.cause.causation = Some(Position(6))),
        ("no causation", |e| e.cause.causation = None),
        ("command", |e| e.command = CommandId([4; 16])),
        ("trace", |e| e.trace = None),
        ("payload", |e| e.payload.push(0)),
    ];
    let mut seen = std::collections::BTreeMap::new();
    seen.insert(envelope().chained(start()).to_string(), "nothing");

    for (what, change) in changes {
        let mut changed = envelope();
        change(&mut changed);
        let digest = changed.chained(start()).to_string();
        assert_eq!(seen.insert(digest, what), None, "{what}");
    }
    let before = envelope().chained(genesis("zoo2")).to_string();
    assert_eq!(seen.insert(before, "before"), None, "what came before");

    // The digest itself is no part of what it covers.
    let mut kept = envelope();
    kept.digest = Digest::of(b"x");
    assert_eq!(kept.chained(start()), envelope().chained(start()));
}
