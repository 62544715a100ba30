//! What only a file goes through: closing and opening, a second reader, altered bytes, a writer that fails.

use events::cause::{Cause, Principal};
use events::codec::Kind;
use events::id::{CommandId, Digest, Timestamp};
use events::log::{Append, AppendError, EventLog, NewEvent};
use events::stream::{Position, StreamId, Version};
use supercargo::log::SqliteLog;
use supercargo::log::verify::{Verified, verify};

fn append(expected: u64) -> Append {
    let id = CommandId::derived(&["sqlite", &expected.to_string()]);
    Append {
        stream: "feature-p/a".parse::<StreamId>().expect("stream"),
        expected: Version(expected),
        also_expect: vec![],
        events: vec![NewEvent { kind: Kind { name: "feature.commented", schema: 1 }, payload: vec![0x80] }],
        command: id,
        body: Digest::of(&expected.to_le_bytes()),
        cause: Cause::first(Principal::Operator("me".into()), id),
        trace: None,
        at: Timestamp(1),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_goes_on_where_it_was_closed() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("log.db");
    for n in 0..5 {
        let log = SqliteLog::open(&path, &format!("another-{n}")).await.expect("opened");
        assert_eq!(log.id(), "another-0", "the id is that of the first opening");
        assert_eq!(log.append(append(n)).await.expect("recorded").position, Position(n + 1));
        let reader = SqliteLog::open_reader(&path).await.expect("a reader beside the writer");
        assert_eq!(reader.head().await.expect("head"), log.head().await.expect("head"));
        assert!(matches!(reader.append(append(n + 1)).await, Err(AppendError::Closed(_))));
    }
    let log = SqliteLog::open(&path, "x").await.expect("opened");
    assert!(matches!(verify(&log).await, Ok(Verified::Sound { head: Position(5), .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn altered_and_missing_events_are_named_by_position() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("log.db");
    let log = SqliteLog::open(&path, "id").await.expect("opened");
    for n in 0..6 {
        log.append(append(n)).await.expect("recorded");
    }
    drop(log);
    let tamper = |sql: &str| {
        let connection = rusqlite::Connection::open(&path).expect("file");
        assert!(connection.execute_batch(sql).is_err(), "the log's own triggers refuse: {sql}");
        let forced = format!("DROP TRIGGER events_are_never_changed; DROP TRIGGER events_are_never_deleted; {sql}; {RESTORE}");
        connection.execute_batch(&forced).expect("forced");
    };
    tamper("UPDATE events SET payload = x'81' WHERE position = 4");
    let log = SqliteLog::open_reader(&path).await.expect("opened");
    assert_eq!(verify(&log).await, Ok(Verified::Broken { at: Position(4), how: "altered" }), "L4 L7");
    tamper("UPDATE events SET payload = x'80' WHERE position = 4");
    tamper("DELETE FROM events WHERE position = 3");
    let log = SqliteLog::open_reader(&path).await.expect("opened");
    assert_eq!(verify(&log).await, Ok(Verified::Broken { at: Position(3), how: "missing" }), "L3");
}

const RESTORE: &str = "CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'no'); END;
    CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'no'); END;";

/// F5: an error while writing has an unknown outcome, and the log takes nothing more in this process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_write_is_unknown_and_final() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("log.db");
    let log = SqliteLog::open(&path, "id").await.expect("opened");
    log.append(append(0)).await.expect("recorded");
    let connection = rusqlite::Connection::open(&path).expect("file");
    let fail = "CREATE TRIGGER fail BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'disk'); END";
    connection.execute_batch(fail).expect("a failing disk");
    assert!(matches!(log.append(append(1)).await, Err(AppendError::Unknown(why)) if why.contains("disk")));
    connection.execute_batch("DROP TRIGGER fail").expect("mended");
    assert!(matches!(log.append(append(1)).await, Err(AppendError::Closed(_))), "never on the same handle again");
    assert!(log.broken().borrow().is_some());
    let again = SqliteLog::open(&path, "id").await.expect("opened");
    assert_eq!(again.append(append(1)).await.expect("the truth is in the log").position, Position(2));
}
