//! A log outside of its database: exported, imported, backed up, restored, sealed, proved; whole,
//! and damaged in every way.

use std::io::Cursor;
use std::path::Path;
use std::process::Output;

use events::id::Digest;
use events::log::EventLog;
use events::stream::Position;
use serde_json::Value;
use supercargo::log::SqliteLog;
use supercargo::log::archive::{Header, Reader, Record, Writer};

use super::append;
use crate::binary::{Serving, supercargo};
use crate::world::stub::git;

/// A log of a few streams.
async fn some_log(path: &Path, events: u64) -> SqliteLog {
    let log = SqliteLog::open(path, "log-original").await.expect("opened");
    for n in 0..events {
        let stream = format!("feature-p/s{}", n % 7);
        log.append(append(&stream, n / 7, 1, n))
            .await
            .expect("recorded");
    }
    log
}

async fn records(log: &SqliteLog) -> Vec<Record> {
    let mut records = Vec::new();
    for envelope in log.read_all(Position(0), usize::MAX).await.expect("read") {
        let answers = log
            .remembered(envelope.command)
            .await
            .expect("read")
            .map(|known| known.body);
        records.push(Record { envelope, answers });
    }
    records
}

fn written(log: &str, records: &[Record], segment: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = if segment {
        Writer::Segment(&mut bytes)
    } else {
        Writer::Lines(&mut bytes)
    };
    writer.header(&Header::of(log)).expect("written");
    for record in records {
        writer.record(record).expect("written");
    }
    writer.finish().expect("written");
    bytes
}

async fn imported(bytes: &[u8]) -> Result<(tempfile::TempDir, SqliteLog), String> {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("log.db");
    let words = |e: anyhow::Error| format!("{e:#}");
    let reader = Reader::open(Cursor::new(bytes)).map_err(words)?;
    SqliteLog::import(&path, reader).await.map_err(words)?;
    Ok((
        folder,
        SqliteLog::open(&path, "x")
            .await
            .map_err(|e| e.to_string())?,
    ))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_exported_is_imported_as_it_was() {
    let folder = tempfile::tempdir().expect("folder");
    let log = some_log(&folder.path().join("log.db"), 60).await;
    let all = records(&log).await;

    for segment in [false, true] {
        let (_folder, copy) = imported(&written(&log.id(), &all, segment))
            .await
            .expect("imported");
        assert_eq!((copy.id(), copy.head().await), (log.id(), log.head().await));
        assert_eq!(
            records(&copy).await,
            all,
            "positions, times, bytes, digests and the answers to commands"
        );
        // It goes on where the original would.
        let next = append("feature-p/s4", 8, 1, 60);
        assert_eq!(
            copy.append(next.clone()).await.expect("recorded").position,
            Position(61)
        );
        assert!(
            copy.append(append("feature-p/s0", 9, 1, 0)).await.is_err(),
            "I1: a command of the original is known"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_export_is_refused_with_the_position() {
    let folder = tempfile::tempdir().expect("folder");
    let log = some_log(&folder.path().join("log.db"), 30).await;
    let all = records(&log).await;
    let changed = |change: &dyn Fn(&mut Vec<Record>)| {
        let mut records = all.clone();
        change(&mut records);
        records
    };

    let broken = [
        (changed(&|r| drop(r.remove(11))), "position 13: missing"),
        (changed(&|r| r.swap(4, 5)), "position 6: missing"),
        (
            changed(&|r| r[20].envelope.payload.push(0)),
            "position 21: altered",
        ),
        (
            changed(&|r| r[20].envelope.at.0 += 1),
            "position 21: altered",
        ),
        (
            changed(&|r| r[20].envelope.digest = Digest::of(b"x")),
            "position 21: altered",
        ),
        (changed(&|r| drop(r.remove(0))), "position 2: missing"),
    ];
    for (records, words) in &broken {
        for segment in [false, true] {
            let said = imported(&written(&log.id(), records, segment))
                .await
                .map(|_| ())
                .expect_err(words);
            assert!(said.contains(words), "{said}");
        }
    }

    let said = imported(&written("log-another", &all, true))
        .await
        .map(|_| ())
        .expect_err("another log's chain");
    assert!(said.contains("position 1: altered"), "{said}");
    for segment in [false, true] {
        let whole = written(&log.id(), &all, segment);
        for cut in [whole.len() - 1, whole.len() / 2, 9] {
            let said = imported(&whole[..cut]).await.map(|_| ()).expect_err("cut");
            assert!(
                ["cut short", "cannot be read", "too short", "no header"]
                    .iter()
                    .any(|w| said.contains(w)),
                "{said}"
            );
        }
    }

    let nonsense: [&[u8]; 5] = [
        b"",
        b"hello\n",
        b"SCLOG\x01\n\n",
        b"SCLOG\x01\r\n\xff\xff\xff\xff",
        b"{\"log\":\"l\",\"format\":9}\n",
    ];
    for bytes in nonsense {
        assert!(imported(bytes).await.is_err(), "{bytes:?}");
    }
}

fn run(args: &[&str], data: &Path) -> Output {
    supercargo(args, data).output().expect("ran")
}

fn ok(args: &[&str], data: &Path) -> String {
    let output = run(args, data);
    assert!(
        output.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn refused(args: &[&str], data: &Path, words: &str) {
    let output = run(args, data);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && said.contains(words),
        "{args:?}: {said}"
    );
}

/// A data folder whose server ran, recorded something, and ended in order: its log is sealed.
fn served(folder: &Path) -> std::path::PathBuf {
    let data = folder.join("data");
    let server = Serving::start(supercargo(&["serve", "--listen", "127.0.0.1:0"], &data));
    git(folder, &["init", "--quiet", "--bare", "up.git"]).expect("upstream");
    let upstream = folder.join("up.git").display().to_string();

    ok(
        &[
            "project",
            "add",
            "zoo",
            "--git-url",
            &upstream,
            "--existing",
        ],
        &data,
    );
    ok(&["feature", "add", "zoo", "Feed the lions"], &data);
    server.stop();

    data
}

/// T3: the drill. A backup that was made beside a running server becomes a data folder that a
/// server runs on; damaged ones do not.
#[test]
fn a_backup_is_restored_and_a_damaged_one_is_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let data = served(folder.path());
    let server = Serving::start(supercargo(&["serve", "--listen", "127.0.0.1:0"], &data));
    let at = |name: &str| folder.path().join(name);
    let backup = at("backup").display().to_string();
    ok(&["log", "backup", &backup, "--with-secrets"], &data);
    ok(&["feature", "add", "zoo", "Came after the backup"], &data);
    refused(&["log", "backup", &backup], &data, "is not empty");
    server.stop();
    refused(&["log", "restore", &backup], &data, "has a log already");

    let restored = at("restored");
    ok(&["log", "restore", &backup], &restored);
    ok(&["log", "verify"], &restored);
    ok(&["log", "audit"], &restored);
    let server = Serving::start(supercargo(&["serve", "--listen", "127.0.0.1:0"], &restored));
    let features = ok(&["feature", "list", "zoo"], &restored);
    assert!(
        features.contains("Feed the lions") && !features.contains("Came after"),
        "{features}"
    );
    ok(&["feature", "add", "zoo", "Feed the bears"], &restored);
    server.stop();
    ok(&["log", "verify"], &restored);

    let blob = walk(&at("backup").join("blobs"))
        .into_iter()
        .next()
        .expect("the batch of features is a blob");
    let sound = fs_err::read(&blob).expect("read");
    fs_err::write(&blob, b"another").expect("altered");
    refused(&["log", "restore", &backup], &at("no1"), "is damaged");
    fs_err::write(&blob, sound).expect("mended");
    let log = at("backup").join("log.db");
    let bytes = fs_err::read(&log).expect("read");
    fs_err::write(&log, &bytes[..bytes.len() - 4096]).expect("cut");
    refused(&["log", "restore", &backup], &at("no2"), "cut short");
    fs_err::write(&log, &bytes).expect("mended");
    fs_err::remove_file(at("backup").join("manifest.json")).expect("removed");
    refused(&["log", "restore", &backup], &at("no3"), "no backup");
    assert!(!at("no1").join("log.db").exists() && !at("no2").join("log.db").exists());
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs_err::read_dir(folder)
        .expect("folder")
        .map(|e| e.expect("entry").path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                walk(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

/// L7: a log whose end was cut off, or whose history was rewritten with a chain that holds, differs
/// from its anchor.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn a_cut_or_rewritten_log_differs_from_its_anchor() {
    let folder = tempfile::tempdir().expect("folder");
    let data = served(folder.path());
    let kept = folder.path().join("kept.json");
    fs_err::write(&kept, ok(&["log", "anchor"], &data)).expect("kept");
    let key =
        serde_json::from_slice::<Value>(&fs_err::read(&kept).expect("read")).expect("JSON")["seal"]
            ["key"]
            .clone();
    let key = key.as_str().expect("key").to_owned();
    let against = kept.display().to_string();
    let said = ok(
        &["log", "verify", "--against", &against, "--key", &key],
        &data,
    );
    assert!(
        said.contains("sound") && said.contains("sealed up to"),
        "{said}"
    );
    ok(&["log", "verify", "--from", "1"], &data);
    refused(&["log", "verify", "--from", "9999"], &data, "under no seal");
    refused(
        &["log", "verify", "--key", &"0".repeat(64)],
        &data,
        "signed by the key",
    );

    // Rewritten: the same log without its second event, its chain made anew.
    let lines = ok(&["log", "export"], &data);
    let rewritten = folder.path().join("rewritten");
    fs_err::create_dir(&rewritten).expect("folder");
    tokio::runtime::Runtime::new()
        .expect("runtime")
        .block_on(async {
            let mut reader = Reader::open(Cursor::new(lines.as_bytes())).expect("export");
            let log = SqliteLog::open(&rewritten.join("log.db"), &reader.header.log)
                .await
                .expect("opened");
            let mut n = 0;
            while let Some(record) = reader.read().expect("record") {
                if record.envelope.kind != "node.started" && record.envelope.kind != "node.sealed" {
                    n += 1;
                    log.append(append("feature-p/a", n - 1, 1, n))
                        .await
                        .expect("recorded");
                }
            }
            for more in n..20 {
                log.append(append("feature-p/a", more, 1, more + 1))
                    .await
                    .expect("recorded");
            }
        });
    ok(&["log", "verify"], &rewritten);
    refused(
        &["log", "verify", "--against", &against],
        &rewritten,
        "rewritten",
    );

    // Cut: an older state of the file comes back.
    let cut = folder.path().join("cut");
    fs_err::create_dir(&cut).expect("folder");
    let few: String = lines
        .lines()
        .take(3)
        .map(|line| format!("{line}\n"))
        .collect();
    let export = folder.path().join("few.jsonl");
    fs_err::write(&export, few).expect("written");
    ok(&["log", "import", &export.display().to_string()], &cut);
    ok(&["log", "verify"], &cut);
    refused(&["log", "verify", "--against", &against], &cut, "truncated");
    fs_err::copy(data.join("anchor.json"), cut.join("anchor.json")).expect("copied");
    refused(
        &["serve", "--listen", "127.0.0.1:0"],
        &cut,
        "does not hold what",
    );
}

/// A proof stands without the log, and every change of it shows.
#[test]
fn a_proof_of_one_event_is_checked_without_the_log() {
    let folder = tempfile::tempdir().expect("folder");
    let data = served(folder.path());
    let proof = ok(&["log", "prove", "3"], &data);
    let nowhere = folder.path().join("nowhere");
    let check = |text: &str, key: Option<&str>| {
        let file = folder.path().join("proof.json");
        fs_err::write(&file, text).expect("written");
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_supercargo"));
        command
            .args(["log", "check"])
            .arg(&file)
            .current_dir(folder.path());
        if let Some(key) = key {
            command.args(["--key", key]);
        }
        command.output().expect("ran").status.success()
    };
    let sound: Value = serde_json::from_str(&proof).expect("JSON");
    let key = sound["seal"]["key"].as_str().expect("key");
    assert!(check(&proof, None) && check(&proof, Some(key)) && !nowhere.exists());
    assert!(
        !check(&proof, Some(&"0".repeat(64))),
        "another key is trusted"
    );

    let changes: [(&str, Value); 8] = [
        ("/log", "log-another".into()),
        ("/event/principal", "operator:somebody".into()),
        ("/event/position", 4.into()),
        ("/event/payload", "80".into()),
        ("/before", "0".repeat(64).into()),
        ("/path/0", "0".repeat(64).into()),
        ("/seal/statement/root", "0".repeat(64).into()),
        ("/seal/signature", "0".repeat(128).into()),
    ];
    for (place, value) in changes {
        let mut changed = sound.clone();
        let found = changed
            .pointer_mut(place)
            .unwrap_or_else(|| panic!("no {place} in {proof}"));
        assert_ne!(*found, value);
        *found = value;
        assert!(!check(&changed.to_string(), None), "{place}");
    }

    refused(
        &["log", "prove", "9999"],
        &data,
        "no event at position 9999",
    );
}

#[test]
fn a_log_goes_through_both_forms_by_the_command_line_and_is_counted() {
    let folder = tempfile::tempdir().expect("folder");
    let data = served(folder.path());
    let stats: Value = serde_json::from_str(&ok(&["log", "stats", "--json"], &data)).expect("JSON");
    let head = stats["head"].as_u64().expect("head");
    assert_eq!(
        (
            stats["total"]["events"].as_u64(),
            stats["kinds"]["project.registered"]["events"].as_u64()
        ),
        (Some(head), Some(1))
    );
    assert!(ok(&["log", "stats"], &data).contains("project.registered"));

    for form in ["lines", "segment"] {
        let file = folder.path().join(form).display().to_string();
        ok(&["log", "export", "--form", form, "--out", &file], &data);
        refused(&["log", "export", "--out", &file], &data, "making");
        let copy = folder.path().join(format!("copy-{form}"));
        ok(&["log", "import", &file], &copy);
        refused(&["log", "import", &file], &copy, "there is a log already");
        assert_eq!(ok(&["log", "export"], &copy), ok(&["log", "export"], &data));
        ok(&["log", "verify"], &copy);
        let broken = folder.path().join("broken");
        fs_err::write(&broken, &fs_err::read(&file).expect("read")[..900]).expect("cut");
        let empty = folder.path().join(format!("empty-{form}"));
        refused(
            &["log", "import", &broken.display().to_string()],
            &empty,
            "nothing was imported",
        );
        let left: Vec<_> = fs_err::read_dir(&empty)
            .expect("folder")
            .map(|e| e.expect("entry").file_name())
            .collect();
        assert_eq!(left, ["lock"], "nothing that could be taken for a log");
    }
}
