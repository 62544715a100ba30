//! Transcripts have their time: what a session said is recorded in figures, removed after its time,
//! and the log tells both. What was recorded as dropped and not removed, because the server ended
//! in between, is removed by the next start.

use std::path::Path;
use std::time::Duration;

use crate::binary::{STUCK_AFTER, Serving, supercargo};

fn ok(args: &[&str], data: &Path) -> String {
    let output = supercargo(args, data).output().expect("ran");
    assert!(
        output.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn kept(data: &Path) -> Vec<std::path::PathBuf> {
    let files = fs_err::read_dir(data.join("transcripts")).expect("the folder");
    files.map(|file| file.expect("a file").path()).collect()
}

/// How often the log holds a kind of event.
fn count(data: &Path, kind: &str) -> u64 {
    let stats: serde_json::Value =
        serde_json::from_str(&ok(&["log", "stats", "--json"], data)).expect("JSON");
    stats["kinds"][kind]["events"].as_u64().unwrap_or(0)
}

#[test]
fn transcripts_are_removed_after_their_time_and_the_log_tells() {
    let folder = tempfile::tempdir().expect("folder");
    let data = folder.path().join("data");
    ok(
        &[
            "try",
            "--exit-when-done",
            "--agents",
            "2",
            "--features",
            "6",
        ],
        &data,
    );
    let said = count(&data, "container.transcript_kept");
    let files = kept(&data);
    assert!(
        said > 4 && files.len() as u64 == said,
        "{said} recorded, {} kept",
        files.len()
    );
    ok(&["log", "audit"], &data);

    // X1: one byte of one of them.
    let sound = fs_err::read(&files[0]).expect("read");
    let mut flipped = sound.clone();
    *flipped.last_mut().expect("not empty") ^= 1;
    fs_err::write(&files[0], flipped).expect("written");
    let refused = supercargo(&["log", "audit"], &data).output().expect("ran");
    assert!(
        !refused.status.success() && String::from_utf8_lossy(&refused.stdout).starts_with("X1 "),
        "{refused:?}"
    );
    fs_err::write(&files[0], &sound).expect("written");

    let server = Serving::start(supercargo(
        &[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--keep-transcripts-days",
            "0",
        ],
        &data,
    ));
    let gone = || {
        (0..STUCK_AFTER.as_millis() / 50).any(|_| {
            kept(&data).is_empty() || {
                std::thread::sleep(Duration::from_millis(50));
                false
            }
        })
    };
    assert!(gone(), "all are beyond their time");
    server.stop();
    assert_eq!(count(&data, "container.transcript_dropped"), said);
    ok(&["log", "audit"], &data);

    fs_err::write(&files[1], b"left behind by a server that ended in between").expect("written");
    let server = Serving::start(supercargo(&["serve", "--listen", "127.0.0.1:0"], &data));
    assert!(
        gone(),
        "what was recorded as dropped is removed by the next start"
    );
    server.stop();
    assert_eq!(
        count(&data, "container.transcript_dropped"),
        said,
        "and recorded once"
    );
}
