//! What only a file goes through: closing and opening, a second reader, altered bytes, a writer
//! that fails.

use events::log::{Append, AppendError, EventLog};
use events::stream::Position;
use supercargo::log::verify::{Damage, Verified, Walk, verify};
use supercargo::log::{Health, SqliteLog};

fn append(expected: u64) -> Append {
    super::append("feature-p/a", expected, 1, expected)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_goes_on_where_it_was_closed() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("log.db");

    for n in 0..5 {
        let log = SqliteLog::open(&path, &format!("another-{n}"))
            .await
            .expect("opened");
        assert_eq!(log.id(), "another-0", "the id is that of the first opening");
        assert_eq!(
            log.append(append(n)).await.expect("recorded").position,
            Position(n + 1)
        );
        let reader = SqliteLog::open_reader(&path)
            .await
            .expect("a reader beside the writer");
        assert_eq!(
            reader.head().await.expect("head"),
            log.head().await.expect("head")
        );
        assert!(matches!(
            reader.append(append(n + 1)).await,
            Err(AppendError::Closed(_))
        ));
    }

    let log = SqliteLog::open(&path, "x").await.expect("opened");
    assert!(matches!(
        verify(&log, &Walk::default()).await,
        Ok(Verified::Sound {
            head: Position(5),
            ..
        })
    ));
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
        assert!(
            connection.execute_batch(sql).is_err(),
            "the log's own triggers refuse: {sql}"
        );
        let forced = format!(
            "DROP TRIGGER events_are_never_changed; DROP TRIGGER events_are_never_deleted; {sql}; \
             {RESTORE}"
        );
        connection.execute_batch(&forced).expect("forced");
    };
    tamper("UPDATE events SET digest = zeroblob(32) WHERE position = 2");
    let log = SqliteLog::open_reader(&path).await.expect("opened");
    let broken = |at, damage| {
        Ok(Verified::Broken {
            at: Position(at),
            damage,
        })
    };
    assert_eq!(
        verify(&log, &Walk::default()).await,
        broken(2, Damage::Relinked)
    );
    let sound = head_digest(&log, 2).await;
    let hex: String = sound.iter().map(|byte| format!("{byte:02x}")).collect();
    tamper(&format!(
        "UPDATE events SET digest = x'{hex}' WHERE position = 2"
    ));
    tamper("UPDATE events SET payload = x'81' WHERE position = 4");
    let log = SqliteLog::open_reader(&path).await.expect("opened");
    assert_eq!(
        verify(&log, &Walk::default()).await,
        Ok(Verified::Broken {
            at: Position(4),
            damage: Damage::Altered
        }),
        "L4 L7"
    );
    tamper("UPDATE events SET payload = x'81a16104' WHERE position = 4");
    tamper("DELETE FROM events WHERE position = 3");
    let log = SqliteLog::open_reader(&path).await.expect("opened");
    assert_eq!(
        verify(&log, &Walk::default()).await,
        Ok(Verified::Broken {
            at: Position(3),
            damage: Damage::Missing
        }),
        "L3"
    );
}

/// L7: a page that cannot be read is named by the first event on it, not by the thousands that were
/// read at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_page_is_named_by_the_first_event_that_cannot_be_read() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("log.db");
    let log = SqliteLog::open(&path, "id").await.expect("opened");
    for n in 0..400 {
        let stream = format!("feature-p/f{n}");
        log.append(crate::log::append(&stream, 0, 1, n))
            .await
            .expect("recorded");
    }
    log.close().await;
    drop(log);

    // A page of the table of events holds its rows in order: their digests are in the file.
    let digest = {
        let log = SqliteLog::open_reader(&path).await.expect("opened");
        let one = log.read_all(Position(199), 1).await.expect("read");
        one[0].digest.0
    };
    let mut bytes = fs_err::read(&path).expect("file");
    let found = bytes.windows(digest.len()).position(|part| part == digest);
    let page = found.expect("an event") / 4096 * 4096;
    bytes[page..page + 8].fill(0xff);
    fs_err::write(&path, bytes).expect("damaged");

    let log = SqliteLog::open_reader(&path).await.expect("opened");
    let verified = verify(&log, &Walk::default()).await;
    let Ok(Verified::Broken {
        at,
        damage: Damage::Unreadable(why),
    }) = verified
    else {
        panic!("{verified:?}");
    };
    assert!(
        why.contains("malformed") && (2..=200).contains(&at.0),
        "{at}: {why}"
    );
    let before = log.read_all(Position(at.0 - 2), 1).await;
    assert_eq!(before.expect("read").len(), 1, "all before it can be read");
    assert!(log.read_all(Position(at.0 - 1), 1).await.is_err());
}

/// The digest that the event at `at` has to have, by the one before it.
async fn head_digest(log: &SqliteLog, at: u64) -> [u8; 32] {
    let all = log.read_all(Position(0), 9).await.expect("read");
    let index = usize::try_from(at).expect("small") - 1;
    all[index].chained(all[index - 1].digest).0
}

const RESTORE: &str = "CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events BEGIN \
                       SELECT RAISE(ABORT, 'no'); END;
    CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, \
    'no'); END;";

/// F4: what certainly was not recorded is said to be so, and writing goes on when the cause is
/// gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_fails_before_its_commit_recorded_nothing_and_the_next_may_succeed() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("log.db");
    let log = SqliteLog::open(&path, "id").await.expect("opened");
    log.append(append(0)).await.expect("recorded");
    let connection = rusqlite::Connection::open(&path).expect("file");
    let fail = "CREATE TRIGGER fail BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'disk'); END";
    connection.execute_batch(fail).expect("a failing disk");
    let head = log.head().await.expect("head");

    for _ in 0..2 {
        assert!(
            matches!(log.append(append(1)).await, Err(AppendError::NotNow(why)) if why.contains("disk"))
        );
        assert!(log.health().borrow().degraded.is_some());
        assert_eq!(
            (
                log.head().await,
                log.read_all(Position(0), 9).await.map(|all| all.len())
            ),
            (Ok(head), Ok(1)),
            "reads work"
        );
    }

    // Asked whether it is ready, it tries: a page is written as it is.
    let locked = "DROP TRIGGER fail; CREATE TRIGGER fail BEFORE UPDATE ON log_meta BEGIN SELECT \
                  RAISE(ABORT, 'disk'); END";
    connection.execute_batch(locked).expect("a failing disk");
    let ready = log.ready().await;
    assert!(
        matches!(&ready, Err(AppendError::NotNow(why)) if why.contains("disk")),
        "{ready:?}"
    );
    connection
        .execute_batch("DROP TRIGGER fail")
        .expect("mended");
    assert_eq!(log.ready().await, Ok(()));
    assert_eq!(*log.health().borrow(), Health::default());

    assert_eq!(
        log.append(append(1))
            .await
            .expect("the same command again")
            .position,
        Position(2)
    );
    assert_eq!(*log.health().borrow(), Health::default());
    assert!(matches!(
        verify(&log, &Walk::default()).await,
        Ok(Verified::Sound {
            head: Position(2),
            ..
        })
    ));
}

/// F2: a server that was paused while another took the log over records nothing more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_took_the_log_over_fences_the_one_before() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("log.db");
    let first = SqliteLog::open(&path, "id").await.expect("opened");
    first.append(append(0)).await.expect("recorded");
    let second = SqliteLog::open(&path, "id").await.expect("taken over");

    for _ in 0..2 {
        assert!(
            matches!(first.append(append(1)).await, Err(AppendError::Closed(why)) if why.contains("another server"))
        );
    }

    assert!(first.health().borrow().closed.is_some());
    assert_eq!(
        second.append(append(1)).await.expect("recorded").position,
        Position(2)
    );
}

/// What is there is not a log of ours: said with its name, and not a byte of it is changed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
async fn what_is_not_a_whole_log_of_this_build_is_refused_and_not_touched() {
    let folder = tempfile::tempdir().expect("folder");
    let sound = folder.path().join("sound.db");
    let log = SqliteLog::open(&sound, "id").await.expect("opened");

    for n in 0..200 {
        log.append(append(n)).await.expect("recorded");
    }

    drop(log);
    let sql = |name: &str, sql: &str| {
        let path = folder.path().join(name);
        if name != "foreign.db" {
            fs_err::copy(&sound, &path).expect("copied");
        }
        rusqlite::Connection::open(&path)
            .expect("file")
            .execute_batch(sql)
            .expect("changed");
        path
    };

    // Everything is in the file itself, so that copies of it are whole.
    rusqlite::Connection::open(&sound)
        .expect("file")
        .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
        .expect("checkpoint");
    let bytes = fs_err::read(&sound).expect("read");
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs_err::write(&path, bytes).expect("written");
        path
    };

    let cases = [
        (
            write(
                "text.db",
                b"hello, this is a text and not a database at all, whatever its name may say."
                    .repeat(3)
                    .as_slice(),
            ),
            "no SQLite",
        ),
        (write("short.db", b"SQLite format 3\0"), "too short"),
        (write("cut.db", &bytes[..bytes.len() / 2]), "cut short"),
        (
            sql(
                "foreign.db",
                "CREATE TABLE birds (name TEXT); INSERT INTO birds VALUES ('crow')",
            ),
            "without our tables",
        ),
        (
            sql("other.db", "PRAGMA application_id = 7"),
            "another application",
        ),
        (
            sql("format.db", "UPDATE log_meta SET format = 2"),
            "newer build",
        ),
        (
            sql(
                "newer.db",
                "INSERT INTO _sqlx_migrations SELECT 9999, description, installed_on, success, \
                 checksum, execution_time FROM _sqlx_migrations LIMIT 1",
            ),
            "newer build",
        ),
    ];
    for (path, words) in cases {
        let before = fs_err::read(&path).expect("read");
        let writing = SqliteLog::open(&path, "id")
            .await
            .map(|_| ())
            .expect_err(words)
            .to_string();
        let reading = SqliteLog::open_reader(&path)
            .await
            .map(|_| ())
            .expect_err(words)
            .to_string();
        for said in [writing, reading] {
            assert!(
                said.contains(words) && said.contains(&path.display().to_string()),
                "{said}"
            );
        }
        assert_eq!(
            fs_err::read(&path).expect("read"),
            before,
            "{words}: untouched"
        );
    }

    let nothing = SqliteLog::open_reader(&folder.path().join("none.db"))
        .await
        .map(|_| ())
        .expect_err("missing");
    assert!(nothing.to_string().contains("there is no log"), "{nothing}");
    let sound = SqliteLog::open(&sound, "x")
        .await
        .expect("the original is whole");
    assert_eq!(sound.head().await.expect("head").position, Position(200));
}

/// A checkpoint that was interrupted after the first page: the file is shorter than its header
/// says, the WAL has everything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_checkpoint_is_no_damage() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("log.db");
    let log = SqliteLog::open(&path, "id").await.expect("opened");

    for n in 0..200 {
        log.append(append(n)).await.expect("recorded");
    }

    let copy = |name: &str| {
        let to = folder.path().join(name);
        for suffix in ["", "-wal"] {
            fs_err::copy(
                format!("{}{suffix}", path.display()),
                format!("{}{suffix}", to.display()),
            )
            .expect("copied");
        }
        to
    };
    let (whole, interrupted) = (copy("whole.db"), copy("interrupted.db"));

    rusqlite::Connection::open(&whole)
        .expect("file")
        .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
        .expect("checkpoint");
    let (done, mut begun) = (
        fs_err::read(&whole).expect("read"),
        fs_err::read(&interrupted).expect("read"),
    );
    assert!(
        begun.len() < done.len(),
        "the checkpoint makes the file longer"
    );
    begun[..4096].copy_from_slice(&done[..4096]);
    fs_err::write(&interrupted, begun).expect("written");
    let reader = SqliteLog::open_reader(&interrupted).await.expect("opened");
    assert!(matches!(
        verify(&reader, &Walk::default()).await,
        Ok(Verified::Sound {
            head: Position(200),
            ..
        })
    ));
    let again = SqliteLog::open(&interrupted, "id").await.expect("opened");
    assert_eq!(
        again.append(append(200)).await.expect("recorded").position,
        Position(201)
    );
}
