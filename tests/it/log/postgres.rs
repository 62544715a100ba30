//! What only a database server goes through: another owner, a lost connection, a lost answer to
//! COMMIT, a restart; and the whole server of ours on it.

use events::log::{AppendError, EventLog};
use events::stream::Position;
use sqlx::{Connection, PgConnection};
use supercargo::app::Ownership;
use supercargo::log::verify::{Verified, Walk, verify};
use supercargo::log::{Health, PostgresLog};

use super::{append, database};
use crate::binary::{Serving, supercargo};

fn next(expected: u64) -> events::log::Append {
    append("feature-p/a", expected, 1, expected)
}

/// Ends every connection to a database but its own, as a restarting server or a broken network
/// would.
async fn cut_all(url: &str) {
    let mut admin = PgConnection::connect(url).await.expect("connected");
    let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = \
               current_database() AND pid <> pg_backend_pid()";
    sqlx::query(sql).execute(&mut admin).await.expect("cut");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_goes_on_where_it_was_closed_and_has_one_owner() {
    let Some(url) = database("one owner on PostgreSQL").await else {
        return;
    };
    let missing = PostgresLog::open_reader(&url)
        .await
        .map(|_| ())
        .expect_err("nothing there");
    assert!(
        format!("{missing:#}").contains("there is no log"),
        "{missing:#}"
    );
    let first = PostgresLog::open(&url, "one", Ownership::Respect)
        .await
        .expect("opened");
    first.append(next(0)).await.expect("recorded");
    let refused = PostgresLog::open(&url, "two", Ownership::Respect)
        .await
        .map(|_| ())
        .expect_err("owned");
    assert!(
        format!("{refused:#}").contains("another server owns it"),
        "{refused:#}"
    );
    first
        .append(next(1))
        .await
        .expect("the refused one changed nothing");

    // F2: the first hangs, and is fenced.
    let second = PostgresLog::open(&url, "two", Ownership::TakeOver)
        .await
        .expect("taken over");
    assert_eq!(
        (second.id(), second.head().await.expect("head").position),
        ("one".to_owned(), Position(2))
    );
    for _ in 0..2 {
        assert!(
            matches!(first.append(next(2)).await, Err(AppendError::Closed(why)) if why.contains("another server"))
        );
    }
    second.append(next(2)).await.expect("recorded");
    let reader = PostgresLog::open_reader(&url).await.expect("a reader");
    assert_eq!(reader.head().await, second.head().await);
    assert!(matches!(
        reader.append(next(3)).await,
        Err(AppendError::Closed(_))
    ));
    assert!(matches!(
        verify(&reader, &Walk::default()).await,
        Ok(Verified::Sound {
            head: Position(3),
            ..
        })
    ));
    let password = PostgresLog::open(
        "postgres://me:hunter2@127.0.0.1:1/db",
        "x",
        Ownership::Respect,
    )
    .await
    .map(|_| ());
    let said = format!("{:#}", password.expect_err("nobody there"));
    assert!(
        said.contains("127.0.0.1:1/db") && !said.contains("hunter2"),
        "{said}"
    );
}

/// The same command until it is answered: that is how a caller learns what became of a lost one.
async fn until_answered(log: &PostgresLog, append: events::log::Append) {
    loop {
        match log.append(append.clone()).await {
            Ok(_)
            | Err(AppendError::Repeated {
                same_body: true, ..
            }) => return,
            Err(AppendError::NotNow(_) | AppendError::Unknown(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }
}

/// F5, F6: connections end at any moment; whatever was answered is there, whatever was refused is
/// not, and writing goes on by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lost_connections_lose_no_event_and_writing_goes_on() {
    let Some(url) = database("lost connections to PostgreSQL").await else {
        return;
    };

    let log = std::sync::Arc::new(
        PostgresLog::open(&url, "cut", Ownership::Respect)
            .await
            .expect("opened"),
    );
    let writers = (0..4u64).map(|writer| {
        let log = log.clone();
        tokio::spawn(async move {
            for n in 0..50u64 {
                let stream = format!("feature-p/w{writer}");
                until_answered(&log, append(&stream, n, 1, writer * 1_000 + n)).await;
            }
        })
    });

    let writers: Vec<_> = writers.collect();
    for _ in 0..15 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        cut_all(&url).await;
    }

    for writer in writers {
        writer.await.expect("wrote");
    }

    log.append(append("feature-p/last", 0, 1, 9_999))
        .await
        .expect("recorded");
    assert_eq!(*log.health().borrow(), Health::default());
    assert!(
        matches!(
            verify(&*log, &Walk::default()).await,
            Ok(Verified::Sound {
                head: Position(201),
                ..
            })
        ),
        "each once"
    );
}

/// A COMMIT whose answer is lost: the command is answered when it comes again, recorded once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_to_commit_is_learned_from_the_log() {
    let Some(url) = database("a lost answer of PostgreSQL").await else {
        return;
    };

    let log = PostgresLog::open(&url, "lost", Ownership::Respect)
        .await
        .expect("opened");
    log.append(next(0)).await.expect("recorded");

    // The server ends the connection inside COMMIT, after which our side cannot know.
    let mut admin = PgConnection::connect(&url).await.expect("connected");
    let trap = "CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER trap AFTER INSERT ON commands DEFERRABLE INITIALLY DEFERRED FOR \
        EACH ROW EXECUTE FUNCTION trap();";
    sqlx::raw_sql(trap).execute(&mut admin).await.expect("set");
    assert!(matches!(
        log.append(next(1)).await,
        Err(AppendError::Unknown(_))
    ));
    assert!(log.health().borrow().degraded.is_some() && log.health().borrow().closed.is_none());
    sqlx::raw_sql("DROP TRIGGER trap ON commands")
        .execute(&mut admin)
        .await
        .expect("mended");
    assert_eq!(
        log.append(next(1))
            .await
            .expect("it had not been recorded")
            .position,
        Position(2)
    );
    assert!(matches!(
        verify(&log, &Walk::default()).await,
        Ok(Verified::Sound {
            head: Position(2),
            ..
        })
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_cannot_be_changed() {
    let Some(url) = database("triggers of PostgreSQL").await else {
        return;
    };

    let log = PostgresLog::open(&url, "fixed", Ownership::Respect)
        .await
        .expect("opened");
    log.append(next(0)).await.expect("recorded");
    let mut admin = PgConnection::connect(&url).await.expect("connected");

    for sql in [
        "UPDATE events SET at = 0",
        "DELETE FROM events",
        "TRUNCATE events",
    ] {
        let refused = sqlx::raw_sql(sql)
            .execute(&mut admin)
            .await
            .expect_err(sql)
            .to_string();
        assert!(refused.contains("never"), "{refused}");
    }
}

/// The main job with its log in PostgreSQL; then the log moves to a file and back.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn the_demo_runs_on_postgres_and_its_log_moves() {
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    let url = |test: &'static str| runtime.block_on(database(test));
    let (Some(url), Some(other)) = (url("the demo on PostgreSQL"), url("the demo on PostgreSQL"))
    else {
        return;
    };
    let folder = tempfile::tempdir().expect("folder");
    let data = folder.path().join("data");
    let run = |args: &[&str], data: &std::path::Path, log: Option<&str>| {
        let mut command = supercargo(args, data);
        if let Some(log) = log {
            command.env("SUPERCARGO_LOG", log);
        }
        let output = command.output().expect("ran");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (
            output.status.success(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
            said,
        )
    };
    let ok = |args: &[&str], data: &std::path::Path, log: Option<&str>| {
        let (ok, out, said) = run(args, data, log);
        assert!(ok, "{args:?}: {said}{out}");
        out
    };
    ok(
        &[
            "try",
            "--exit-when-done",
            "--agents",
            "3",
            "--features",
            "6",
        ],
        &data,
        Some(&url),
    );
    assert!(
        !data.join("log.db").exists(),
        "the log is in the database alone"
    );
    ok(&["log", "verify"], &data, Some(&url));
    ok(&["log", "audit"], &data, Some(&url));
    let (served, _, said) = run(&["serve", "--listen", "127.0.0.1:0"], &data, None);
    assert!(
        !served && said.contains("belongs to the log"),
        "a folder whose log is elsewhere gets no new one: {said}"
    );

    let backup = folder.path().join("backup");
    ok(
        &["log", "backup", &backup.display().to_string()],
        &data,
        Some(&url),
    );
    let restored = folder.path().join("restored");
    ok(
        &["log", "restore", &backup.display().to_string()],
        &restored,
        None,
    );
    let exported = ok(&["log", "export"], &data, Some(&url));
    assert_eq!(
        ok(&["log", "export"], &restored, None),
        exported,
        "the same log in a file"
    );
    let file = folder.path().join("export");
    fs_err::write(&file, &exported).expect("written");
    let moved = folder.path().join("moved");
    ok(
        &["log", "import", &file.display().to_string()],
        &moved,
        Some(&other),
    );
    assert_eq!(
        ok(&["log", "export"], &moved, Some(&other)),
        exported,
        "and in another database"
    );
    let (again, _, said) = run(
        &["log", "import", &file.display().to_string()],
        &moved,
        Some(&other),
    );
    assert!(!again && said.contains("there is a log already"), "{said}");
    let mut serve = supercargo(&["serve", "--listen", "127.0.0.1:0"], &data);
    serve.env("SUPERCARGO_LOG", &url);
    Serving::start(serve).stop();
    ok(&["log", "verify"], &data, Some(&url));
}
