//! The same suite on every log: memory, SQLite and PostgreSQL. A test takes an opened log and knows
//! nothing else of it.

use std::sync::Arc;

use events::cause::{Cause, Principal};
use events::id::Digest;
use events::log::{AppendError, EventLog};
use events::memory::MemoryLog;
use events::stream::{Position, Version};
use supercargo::app::Ownership;
use supercargo::log::verify::{Verified, Walk, verify};
use supercargo::log::{PostgresLog, SqliteLog};

use super::{append, command, database, stream};

/// Runs a test on every implementation.
fn on_every_log<F: Future<Output = ()>>(test: impl Fn(Arc<dyn EventLog>) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("runtime");

    runtime.block_on(async {
        test(Arc::new(MemoryLog::new("memory"))).await;
        let folder = tempfile::tempdir().expect("folder");
        test(Arc::new(
            SqliteLog::open(&folder.path().join("log.db"), "sqlite")
                .await
                .expect("opened"),
        ))
        .await;
        if let Some(url) = database("the log on PostgreSQL").await {
            test(Arc::new(
                PostgresLog::open(&url, "postgres", Ownership::Respect)
                    .await
                    .expect("opened"),
            ))
            .await;
        }
    });
}

#[test]
fn what_the_writer_has_at_hand_is_what_is_read() {
    on_every_log(|log| async move {
        let appends = [
            append("feature-p/a", 0, 2, 1),
            append("feature-p/b", 0, 1, 2),
            append("feature-p/a", 2, 3, 3),
        ];
        for one in appends {
            let before = log.head().await.expect("head").position;
            log.append(one).await.expect("appended");
            let read = log.read_all(before, 100).await.expect("read");
            let at_hand = log.recent(before);
            assert!(at_hand.is_none_or(|at_hand| *at_hand == read));
        }
        assert_eq!(log.recent(Position(6)), None, "there is nothing after it");
        assert_eq!(log.recent(Position(1)), None, "in the middle of a commit");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_of_this_process_is_at_hand_on_sqlite() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("log.db");
    let log = SqliteLog::open(&path, "sqlite").await.expect("opened");
    log.append(append("feature-p/a", 0, 2, 1))
        .await
        .expect("appended");
    let at_hand = log.recent(Position(0)).expect("at hand");
    assert_eq!(*at_hand, log.read_all(Position(0), 9).await.expect("read"));
    let reader = SqliteLog::open_reader(&path).await.expect("opened");
    assert_eq!(reader.recent(Position(0)), None, "it writes nothing");
}

#[test]
fn positions_and_versions_are_gapless_and_the_chain_holds() {
    on_every_log(|log| async move {
        log.append(append("feature-p/a", 0, 2, 1))
            .await
            .expect("first");
        log.append(append("feature-p/b", 0, 1, 2))
            .await
            .expect("second");
        let receipt = log
            .append(append("feature-p/a", 2, 3, 3))
            .await
            .expect("third");
        assert_eq!(
            (receipt.version, receipt.position),
            (Version(5), Position(6))
        );
        let all = log.read_all(Position(0), 100).await.expect("read");
        assert_eq!(
            all.iter().map(|e| e.position.0).collect::<Vec<_>>(),
            [1, 2, 3, 4, 5, 6]
        );
        let own = log
            .read_stream(&stream("feature-p/a"), Version(1), 100)
            .await
            .expect("read");
        assert_eq!(
            own.iter()
                .map(|e| (e.version.0, e.position.0))
                .collect::<Vec<_>>(),
            [(2, 2), (3, 4), (4, 5), (5, 6)]
        );
        let head = log.head().await.expect("head");
        assert_eq!(
            verify(&*log, &Walk::default()).await,
            Ok(Verified::Sound {
                head: Position(6),
                digest: head.digest,
                sealed: Position(0)
            })
        );
        assert_eq!(log.read_all(Position(2), 2).await.expect("page").len(), 2);
    });
}

#[test]
fn everything_of_an_envelope_is_read_back() {
    on_every_log(|log| async move {
        let mut sent = append("feature-p/a", 0, 1, 1);
        sent.cause.causation = None;
        log.append(sent.clone()).await.expect("recorded");
        let mut next = append("feature-p/a", 1, 1, 2);
        next.cause = Cause {
            principal: Principal::Policy("admit".into()),
            correlation: command(1),
            causation: Some(Position(1)),
        };
        next.trace = None;
        log.append(next.clone()).await.expect("recorded");
        let all = log.read_all(Position(0), 10).await.expect("read");
        for (envelope, sent) in all.iter().zip([&sent, &next]) {
            assert_eq!(envelope.stream, sent.stream);
            assert_eq!((&*envelope.kind, envelope.schema), ("feature.commented", 1));
            assert_eq!(
                (&envelope.cause, envelope.command, &envelope.trace),
                (&sent.cause, sent.command, &sent.trace)
            );
            assert_eq!(
                (envelope.at, &envelope.payload),
                (sent.at, &sent.events[0].payload)
            );
        }
    });
}

#[test]
fn a_wrong_version_is_a_conflict_and_writes_nothing() {
    on_every_log(|log| async move {
        log.append(append("feature-p/a", 0, 1, 1))
            .await
            .expect("first");
        for (expected, n) in [(0, 2), (2, 3)] {
            let refused = log.append(append("feature-p/a", expected, 1, n)).await;
            let conflict = AppendError::Conflict {
                stream: stream("feature-p/a"),
                expected: Version(expected),
                actual: Version(1),
            };
            assert_eq!(refused, Err(conflict));
        }
        assert_eq!(log.head().await.expect("head").position, Position(1));
        assert_eq!(
            log.remembered(command(2)).await,
            Ok(None),
            "only accepted commands are remembered"
        );
    });
}

#[test]
fn a_precondition_that_moved_is_named_and_one_that_holds_is_not_written() {
    on_every_log(|log| async move {
        log.append(append("project-p", 0, 1, 1))
            .await
            .expect("project");
        let mut claim = append("feature-p/a", 0, 1, 2);
        claim.also_expect = vec![
            (stream("project-p"), Version(1)),
            (stream("container-p/1"), Version(0)),
        ];
        log.append(claim).await.expect("preconditions hold");
        log.append(append("project-p", 1, 1, 3))
            .await
            .expect("project moves, the precondition did not lock it");
        let mut late = append("feature-p/b", 0, 1, 4);
        late.also_expect = vec![(stream("project-p"), Version(1))];
        let moved = AppendError::Precondition {
            stream: stream("project-p"),
            expected: Version(1),
            actual: Version(2),
        };
        assert_eq!(log.append(late).await, Err(moved));
        assert!(
            log.read_stream(&stream("feature-p/b"), Version(0), 9)
                .await
                .expect("read")
                .is_empty()
        );
    });
}

#[test]
fn a_repeated_command_gets_its_first_answer_and_another_body_is_told() {
    on_every_log(|log| async move {
        let first = log
            .append(append("feature-p/a", 0, 2, 1))
            .await
            .expect("first");
        // I1: whatever the repetition expects now, it is answered as the first time.
        for expected in [0, 2, 9] {
            let again = log.append(append("feature-p/a", expected, 2, 1)).await;
            assert_eq!(
                again,
                Err(AppendError::Repeated {
                    receipt: first.clone(),
                    same_body: true
                })
            );
        }
        let mut other = append("feature-p/a", 2, 1, 1);
        other.body = Digest::of(b"another");
        let told = log.append(other).await;
        assert_eq!(
            told,
            Err(AppendError::Repeated {
                receipt: first.clone(),
                same_body: false
            }),
            "I3"
        );
        let known = log
            .remembered(command(1))
            .await
            .expect("read")
            .expect("known");
        assert_eq!(
            (known.receipt, known.body),
            (first, Digest::of(&1u64.to_le_bytes()))
        );
    });
}

#[test]
fn bounds_are_refused_before_anything_is_written() {
    on_every_log(|log| async move {
        let mut large = append("feature-p/a", 0, 1, 1);
        large.events[0].payload = vec![0; events::envelope::PAYLOAD_MAX + 1];
        assert!(matches!(
            log.append(large).await,
            Err(AppendError::Invalid(_))
        ));
        assert!(matches!(
            log.append(append("feature-p/a", 0, 0, 2)).await,
            Err(AppendError::Invalid(_))
        ));
        assert!(matches!(
            log.append(append("feature-p/a", 0, 257, 3)).await,
            Err(AppendError::Invalid(_))
        ));
        assert_eq!(log.head().await.expect("head").position, Position(0));
    });
}

#[test]
fn time_never_goes_back() {
    on_every_log(|log| async move {
        log.append(append("feature-p/a", 0, 1, 500))
            .await
            .expect("first");
        log.append(append("feature-p/b", 0, 1, 3))
            .await
            .expect("the clock jumped back");
        let all = log.read_all(Position(0), 9).await.expect("read");
        assert_eq!(all[1].at, all[0].at);
    });
}

#[test]
fn of_many_at_once_exactly_one_wins_each_version() {
    on_every_log(|log| async move {
        let writers = (0..64u64).map(|n| {
            let log = log.clone();
            tokio::spawn(async move {
                log.append(append("feature-p/a", 0, 1, 100 + n))
                    .await
                    .is_ok()
            })
        });
        let won = futures::future::join_all(writers).await;
        assert_eq!(
            won.iter().filter(|w| *w.as_ref().expect("joined")).count(),
            1,
            "C1 stands on this"
        );
        let streams = (0..64u64).map(|n| {
            let log = log.clone();
            tokio::spawn(async move {
                log.append(append(&format!("feature-p/s{n}"), 0, 1, 300 + n))
                    .await
                    .expect("own stream")
            })
        });
        let mut positions: Vec<u64> = futures::future::join_all(streams)
            .await
            .into_iter()
            .map(|r| r.expect("joined").position.0)
            .collect();
        positions.sort_unstable();
        assert_eq!(positions, (2..=65).collect::<Vec<_>>(), "L3");
        assert!(matches!(
            verify(&*log, &Walk::default()).await,
            Ok(Verified::Sound {
                head: Position(65),
                ..
            })
        ));
    });
}
