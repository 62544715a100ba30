//! Golden bytes: one sample of every stored kind, compared with bytes that were written once and
//! are kept for ever.
//!
//! A new kind gets its file with `GOLDEN=write cargo test -p events golden`; a file that exists is
//! never written again. A payload that changed needs a new schema number, not a new file.

use std::collections::{BTreeMap, BTreeSet};

use crate::cause::{Cause, Principal};
use crate::codec::{EventCodec, Kind};
use crate::envelope::{Envelope, genesis};
use crate::id::{CommandId, Digest, Timestamp};
use crate::stream::{Position, Version};

pub(crate) use crate::samples::{
    backlogs, containers, features, merge_queues, nodes, projects, subscriptions,
};

/// A log of every kind of event, in streams of their own.
pub(crate) fn told() -> Vec<Envelope> {
    fn of<E: EventCodec>(stream: &str, events: Vec<E>, told: &mut Vec<Envelope>) {
        for (event, version) in events.into_iter().zip(1..) {
            let before = told
                .last()
                .map_or(genesis("test"), |last: &Envelope| last.digest);
            let command = CommandId::derived(&[stream, &version.to_string()]);
            let mut envelope = Envelope {
                position: Position(told.len() as u64 + 1),
                stream: stream.parse().expect("stream"),
                version: Version(version),
                kind: event.kind().name.into(),
                schema: event.kind().schema,
                at: Timestamp(0),
                cause: Cause::first(Principal::Operator("ann".into()), command),
                command,
                trace: None,
                payload: event.encode(),
                digest: Digest::default(),
            };
            envelope.digest = envelope.chained(before);
            told.push(envelope);
        }
    }
    let mut told = Vec::new();
    of("project-p", projects(), &mut told);
    of("backlog-p", backlogs(), &mut told);
    of("feature-p/feat-a", features(), &mut told);
    of("container-p/3", containers(), &mut told);
    of("trunk-p", merge_queues(), &mut told);
    of("node-n", nodes(), &mut told);
    of("subscription-s", subscriptions(), &mut told);

    told
}

fn path(kind: Kind) -> String {
    format!(
        "{}/golden/{}.{}.hex",
        env!("CARGO_MANIFEST_DIR"),
        kind.name,
        kind.schema
    )
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test that writes a golden file once"
)]
fn write_once(kind: Kind, bytes: &[u8]) {
    if std::env::var_os("GOLDEN").is_some_and(|v| v == "write")
        && !std::path::Path::new(&path(kind)).exists()
    {
        std::fs::write(path(kind), data_encoding::HEXLOWER.encode(bytes))
            .expect("events/golden is writable");
    }
}

/// Every kind has a sample, the sample has its golden bytes, and the golden bytes decode to the
/// sample.
fn hold<E: EventCodec>(samples: &[E], seen: &mut BTreeMap<String, u16>) {
    let sampled: BTreeSet<Kind> = samples.iter().map(E::kind).collect();
    let declared: BTreeSet<Kind> = E::KINDS.iter().copied().collect();
    assert_eq!(sampled, declared, "every kind needs a sample");

    for sample in samples {
        let kind = sample.kind();
        assert_eq!(
            seen.insert(format!("{}.{}", kind.name, kind.schema), kind.schema),
            None,
            "{} is declared twice",
            kind.name
        );
        write_once(kind, &sample.encode());
        let golden =
            std::fs::read_to_string(path(kind)).unwrap_or_else(|e| panic!("{}: {e}", path(kind)));
        let golden = data_encoding::HEXLOWER
            .decode(golden.trim().as_bytes())
            .expect("hex");
        assert_eq!(
            data_encoding::HEXLOWER.encode(&sample.encode()),
            data_encoding::HEXLOWER.encode(&golden),
            "{} changed",
            kind.name
        );
        assert_eq!(
            E::decode(kind.name, kind.schema, &golden).as_ref(),
            Ok(sample),
            "{} is read back differently",
            kind.name
        );
        let longer = [golden.as_slice(), &[0]].concat();
        assert!(
            E::decode(kind.name, kind.schema, &longer).is_err(),
            "{} takes trailing bytes",
            kind.name
        );
        // Bytes of an earlier schema are committed as well, and decode for ever.
        for earlier in E::EARLIER
            .iter()
            .filter(|earlier| earlier.name == kind.name)
        {
            assert_eq!(
                seen.insert(
                    format!("{}.{}", earlier.name, earlier.schema),
                    earlier.schema
                ),
                None
            );
            let golden = std::fs::read_to_string(path(*earlier))
                .unwrap_or_else(|e| panic!("{}: {e}", path(*earlier)));
            let golden = data_encoding::HEXLOWER
                .decode(golden.trim().as_bytes())
                .expect("hex");
            assert!(
                E::decode(earlier.name, earlier.schema, &golden).is_ok(),
                "{} {} is not read",
                earlier.name,
                earlier.schema
            );
        }
        assert!(
            E::decode(kind.name, kind.schema + 1, &golden).is_err(),
            "{} takes a schema it does not know",
            kind.name
        );
    }
}

#[test]
fn golden_bytes_hold_for_every_kind() {
    let mut seen = BTreeMap::new();
    hold(&projects(), &mut seen);
    hold(&backlogs(), &mut seen);
    hold(&features(), &mut seen);
    hold(&containers(), &mut seen);
    hold(&merge_queues(), &mut seen);
    hold(&nodes(), &mut seen);
    hold(&subscriptions(), &mut seen);
    let files = std::fs::read_dir(format!("{}/golden", env!("CARGO_MANIFEST_DIR")))
        .expect("golden folder")
        .count();

    assert_eq!(
        files,
        seen.len(),
        "a golden file without its kind: names are for ever"
    );
}
