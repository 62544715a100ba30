//! The log in a file against the log in memory: any sequence of appends, conflicts, repetitions,
//! crashes and reopenings gives the same answers, the same events and the same digests.
//!
//! `PROPTEST_CASES=10000 cargo test --release --test it model` is the long form.

use std::path::Path;

use events::log::{Append, EventLog};
use events::memory::MemoryLog;
use events::stream::{Position, Version};
use proptest::prelude::*;
use supercargo::log::SqliteLog;

use super::{append, command, stream};

/// Cases of the short form.
const CASES: u32 = 48;

#[derive(Debug, Clone)]
enum Op {
    /// Appends to stream `stream`, at its version plus `off`, under command `command`;
    /// preconditions on another stream, off by `precondition`.
    Append {
        stream: u8,
        off: i8,
        count: usize,
        command: u64,
        precondition: Option<(u8, i8)>,
    },
    /// Several at once.
    Burst {
        stream: u8,
        command: u64,
        count: u64,
    },
    /// Closed in order and opened again.
    Reopen,
    /// Copied as it lies on the disk while it is open, as a crash leaves it, and opened from there.
    Crash,
}

fn op() -> impl Strategy<Value = Op> {
    let off = prop_oneof![6 => Just(0i8), 1 => Just(-1i8), 1 => Just(1i8)];
    let precondition =
        proptest::option::weighted(0.3, (0u8..4, prop_oneof![4 => Just(0i8), 1 => Just(1i8)]));
    prop_oneof![
        12 => (0u8..4, off, 1usize..4, 0u64..40, precondition)
            .prop_map(|(stream, off, count, command, precondition)| Op::Append { stream, off, count, command, precondition }),
        2 => (0u8..4, 100u64..160, 2u64..8).prop_map(|(stream, command, count)| Op::Burst { stream, command, count }),
        1 => Just(Op::Reopen),
        1 => Just(Op::Crash),
    ]
}

fn name(n: u8) -> String {
    format!("feature-p/m{n}")
}

async fn version(log: &dyn EventLog, n: u8) -> u64 {
    log.read_stream(&stream(&name(n)), Version(0), usize::MAX)
        .await
        .expect("read")
        .len() as u64
}

fn moved(version: u64, off: i8) -> Version {
    Version(version.saturating_add_signed(i64::from(off)))
}

async fn request(model: &dyn EventLog, op: &Op) -> Vec<Append> {
    match op {
        Op::Append {
            stream: n,
            off,
            count,
            command,
            precondition,
        } => {
            let expected = moved(version(model, *n).await, *off);
            let mut append = append(&name(*n), expected.0, *count, *command);
            if let Some((other, off)) = precondition {
                append.also_expect = vec![(
                    stream(&name(*other)),
                    moved(version(model, *other).await, *off),
                )];
            }
            vec![append]
        }
        Op::Burst {
            stream: n,
            command,
            count,
        } => {
            let at = version(model, *n).await;
            (0..*count)
                .map(|k| append(&name(*n), at + k, 1, command + k))
                .collect()
        }
        Op::Reopen | Op::Crash => vec![],
    }
}

async fn open(path: &Path) -> SqliteLog {
    SqliteLog::open(path, "model").await.expect("opened")
}

async fn run(ops: &[Op]) {
    let folder = tempfile::tempdir().expect("folder");
    let mut path = folder.path().join("log.db");
    let model = MemoryLog::new("model");
    let mut log = open(&path).await;

    for (n, op) in ops.iter().enumerate() {
        match op {
            Op::Reopen => {
                drop(log);
                log = open(&path).await;
            }
            Op::Crash => {
                let next = folder.path().join(format!("log{n}.db"));
                for suffix in ["", "-wal"] {
                    let from = format!("{}{suffix}", path.display());
                    if Path::new(&from).exists() {
                        fs_err::copy(from, format!("{}{suffix}", next.display())).expect("copied");
                    }
                }
                drop(log);
                path = next;
                log = open(&path).await;
            }
            Op::Append { .. } | Op::Burst { .. } => {
                for append in request(&model, op).await {
                    let (expected, found) =
                        (model.append(append.clone()).await, log.append(append).await);
                    assert_eq!(found, expected, "{op:?}");
                }
            }
        }
        assert_eq!(log.head().await, model.head().await, "after {op:?}");
    }

    let (expected, found) = (
        model.read_all(Position(0), usize::MAX).await,
        log.read_all(Position(0), usize::MAX).await,
    );
    assert_eq!(found, expected, "every event and every digest");
    for n in 0..4 {
        let (expected, found) = (
            model.read_stream(&stream(&name(n)), Version(1), 5).await,
            log.read_stream(&stream(&name(n)), Version(1), 5).await,
        );
        assert_eq!(found, expected);
    }

    for n in (0..40).chain(100..170) {
        assert_eq!(
            log.remembered(command(n)).await,
            model.remembered(command(n)).await
        );
    }
}

#[test]
fn the_log_in_a_file_is_the_log_in_memory() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("runtime");
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(CASES);

    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(ops in proptest::collection::vec(op(), 1..40))| runtime.block_on(run(&ops)));
}
