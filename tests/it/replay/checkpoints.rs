//! Checkpoints along a log are a cache and nothing else: with them, without them, and with those
//! that are damaged or of something else, a state is what the log says; and they stay within their
//! part of its size.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use actors::instants::Instants;
use actors::ports::checkpoints::Checkpoints;
use actors::rebuild::fold;
use events::feature::{self, event};
use events::log::{EventLog, NewEvent};
use events::stream::Position;
use events::view::{Projections, snapshot};
use supercargo::adapters::checkpoints::CheckpointFolder;
use supercargo::log::SqliteLog;

use crate::log::append;

/// Events of one append.
const AT_ONCE: usize = 50;
/// Appends of the log.
const APPENDS: u64 = 200;

/// A log of comments of ten features.
async fn long(path: &Path, id: &str) -> Arc<dyn EventLog> {
    of_features(path, id, 10).await
}

/// A log of comments of so many features.
async fn of_features(path: &Path, id: &str, features: u64) -> Arc<dyn EventLog> {
    let log = SqliteLog::open(path, id).await.expect("a log");
    let text = format!("{id} says in a sentence or two what it found in the files that it read");
    let comment = feature::Event::from(event::Commented {
        by: "agent".into(),
        text,
    });
    for n in 0..APPENDS {
        let stream = format!("feature-zoo/f{}", n % features);
        let expected = n / features * AT_ONCE as u64;
        let mut append = append(&stream, expected, AT_ONCE, n);
        append.events = vec![NewEvent::of(&comment); AT_ONCE];
        log.append(append).await.expect("recorded");
    }
    Arc::new(log)
}

/// The digest of a state that was found by a process that has just begun.
async fn found(log: &Arc<dyn EventLog>, checkpoints: &Path, at: u64) -> events::id::Digest {
    let folder = CheckpointFolder::new(checkpoints.to_owned());
    let instants = Instants::with(Arc::new(folder));
    let then = instants.at(log, Position(at)).await.expect("a state");
    then.read(snapshot::digest)
}

async fn folded(log: &Arc<dyn EventLog>, at: u64) -> Projections {
    let from = Projections::default();
    fold(log, from, Position(at)).await.expect("folded")
}

fn files(checkpoints: &Path) -> Vec<PathBuf> {
    let own = checkpoints.join(snapshot::FINGERPRINT);
    let entries = fs_err::read_dir(own).expect("checkpoints");
    entries.map(|entry| entry.expect("a file").path()).collect()
}

fn size(path: &Path) -> u64 {
    fs_err::metadata(path).expect("a file").len()
}

#[tokio::test]
async fn a_state_is_what_the_log_says_whatever_the_checkpoints_are() {
    let folder = tempfile::tempdir().expect("folder");
    let (path, checkpoints) = (
        folder.path().join("log.db"),
        folder.path().join("checkpoints"),
    );
    let log = long(&path, "log-one").await;
    let head = APPENDS * AT_ONCE as u64;

    let mut chance = fastrand::Rng::with_seed(7);
    let asked: Vec<u64> = (0..12)
        .map(|_| chance.u64(1..=head))
        .chain([0, head])
        .collect();
    let all_are_right = async |log: &Arc<dyn EventLog>| {
        for at in &asked {
            let expected = snapshot::digest(&folded(log, *at).await);
            assert_eq!(found(log, &checkpoints, *at).await, expected, "{at}");
        }
    };

    found(&log, &checkpoints, head).await;
    let made = files(&checkpoints);
    let (sum, whole) = (made.iter().map(|file| size(file)).sum::<u64>(), size(&path));
    assert!(made.len() >= 3, "{made:?}");
    assert!(sum * 5 <= whole, "{sum} of {whole} bytes");
    all_are_right(&log).await;

    // Of the same log by name, and of another past: its digest is not the log's.
    let mut other = folded(&log, 4_000).await;
    other.digest = events::id::Digest::of(b"another past");
    other.projects.clear();
    let bytes = snapshot::encode(&log.id(), &other);
    let forged = CheckpointFolder::new(checkpoints.clone());
    forged
        .keep(Position(4_000), bytes, usize::MAX)
        .await
        .expect("kept");
    all_are_right(&log).await;

    for file in files(&checkpoints) {
        let cut = fs_err::read(&file).expect("read");
        fs_err::write(&file, &cut[..cut.len() / 2]).expect("cut");
    }
    all_are_right(&log).await;

    let second = long(&folder.path().join("second.db"), "log-two").await;
    all_are_right(&second).await;

    fs_err::remove_dir_all(&checkpoints).expect("removed");
    fs_err::write(&checkpoints, "a file where the folder would be").expect("written");
    all_are_right(&log).await;
}

/// A log that goes on after its first checkpoints gets as many as one that was looked at whole:
/// what counts is their size as they are stored.
#[tokio::test]
async fn a_log_that_goes_on_has_its_checkpoints_as_close_as_before() {
    let folder = tempfile::tempdir().expect("folder");
    let log = of_features(&folder.path().join("log.db"), "log-one", APPENDS).await;
    let head = APPENDS * AT_ONCE as u64;
    let (at_once, by_parts) = (
        folder.path().join("at-once"),
        folder.path().join("by-parts"),
    );

    found(&log, &at_once, head).await;
    for tenth in 1..=10 {
        found(&log, &by_parts, head / 10 * tenth).await;
    }
    let counts = [&at_once, &by_parts].map(|folder| files(folder).len());
    assert!(counts[0] >= 2 && counts[1] >= counts[0], "{counts:?}");
}
