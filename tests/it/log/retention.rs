//! Stored answers are kept for their time, and forgotten after it: by number, by age, across
//! reopening, in both databases.

use events::id::CommandId;
use events::log::{AppendError, EventLog};
use supercargo::app::Ownership;
use supercargo::log::retention::Retention;
use supercargo::log::verify::{Verified, Walk, verify};
use supercargo::log::{PostgresLog, SqliteLog};

use super::{append, command, database};

/// Three answers, or three milliseconds.
const KEPT: Retention = Retention {
    answers: 3,
    age: 3_000,
};

fn next(n: u64) -> events::log::Append {
    append("feature-p/a", n, 1, n)
}

async fn kept(log: &dyn EventLog, through: u64) -> Vec<u64> {
    let mut found = Vec::new();
    for n in 0..=through {
        found.extend(log.remembered(command(n)).await.expect("read").map(|_| n));
    }
    found
}

/// Appends 0 to 9 one by one, then one that is much later.
async fn forgets(log: &dyn EventLog) {
    for n in 0..10 {
        log.append(next(n)).await.expect("recorded");
        assert_eq!(
            kept(log, n).await,
            (n.saturating_sub(2)..=n).collect::<Vec<_>>(),
            "the newest three"
        );
    }

    assert!(matches!(
        log.append(next(9)).await,
        Err(AppendError::Repeated {
            same_body: true,
            ..
        })
    ));

    // I1 beyond the time: the id is new again, and the version it was decided on still refuses it.
    assert!(matches!(
        log.append(next(0)).await,
        Err(AppendError::Conflict { .. })
    ));
    let mut late = next(10);
    late.at = late.at.plus_ms(10);
    log.append(late).await.expect("recorded");
    assert_eq!(kept(log, 10).await, [10], "the others are too old");
    assert!(
        matches!(
            verify(log, &Walk::default()).await,
            Ok(Verified::Sound { .. })
        ),
        "answers are not part of the chain"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_forgets_answers_after_their_time() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("log.db");
    let log = SqliteLog::open_with(&path, "kept", KEPT)
        .await
        .expect("opened");
    let reader = SqliteLog::open_reader(&path)
        .await
        .expect("a reader beside it");
    assert!(kept(&reader, 3).await.is_empty());
    forgets(&log).await;
    assert_eq!(
        kept(&reader, 10).await,
        [10],
        "a reader sees what another process wrote and forgot"
    );
    log.close().await;
    assert!(
        matches!(log.append(next(99)).await, Err(AppendError::Closed(_))),
        "closed for writing"
    );
    assert_eq!(kept(&log, 10).await, [10], "and still read");
    assert_eq!(
        fs_err::metadata(path.with_extension("db-wal")).map_or(0, |wal| wal.len()),
        0,
        "all is in the one file"
    );
    drop(log);
    let log = SqliteLog::open_with(&path, "kept", KEPT)
        .await
        .expect("opened again");

    assert!(matches!(
        log.append(next(10)).await,
        Err(AppendError::Repeated {
            same_body: true,
            ..
        })
    ));
    log.append(next(11)).await.expect("recorded");
    assert_eq!(kept(&log, 11).await, [10, 11]);
    assert_eq!(log.remembered(CommandId([7; 16])).await, Ok(None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_forgets_answers_after_their_time() {
    let Some(url) = database("answers in PostgreSQL").await else {
        return;
    };

    let log = PostgresLog::open_with(&url, "kept", Ownership::Respect, KEPT)
        .await
        .expect("opened");
    forgets(&log).await;
    drop(log);
    let log = PostgresLog::open_with(&url, "kept", Ownership::TakeOver, KEPT)
        .await
        .expect("opened again");
    assert!(matches!(
        log.append(next(10)).await,
        Err(AppendError::Repeated {
            same_body: true,
            ..
        })
    ));
    log.append(next(11)).await.expect("recorded");
    assert_eq!(kept(&log, 11).await, [10, 11]);
}
