//! The writer of a SQLite log under faults of the system below it, injected at its system calls by
//! strace: killed at every one of them, a full disk and I/O errors at every write, failed syncs.
//! And files whose bytes were flipped after they were closed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use events::id::Digest;
use events::log::{AppendError, EventLog};
use events::stream::{Position, Version};
use supercargo::log::SqliteLog;
use supercargo::log::verify::{Verified, Walk, verify};

use super::{append, command, stream};
use crate::docker::skip;

/// Where the child finds its log.
const LOG: &str = "SUPERCARGO_FAULT_LOG";
/// Appends of the scenario.
const APPENDS: u64 = 14;
/// How often the child tries an append that was not recorded.
const TRIES: usize = 3;
/// Exit codes of the child.
const DONE: i32 = 0;
const GAVE_UP: i32 = 4;
const REFUSED: i32 = 5;
const UNKNOWN: i32 = 3;
/// The calls by which SQLite changes files.
const CALLS: [&str; 4] = ["pwrite64", "fdatasync", "ftruncate", "unlink"];
/// A campaign of fewer runs has not found the calls.
const FEW: usize = 20;
/// Flips of the campaign.
const FLIPS: u64 = 1_000;

fn nth(n: u64) -> events::log::Append {
    append(
        &format!("feature-p/s{}", n % 3),
        n / 3,
        1 + usize::try_from(n % 2).expect("small"),
        n,
    )
}

/// The position after `n` appends.
fn position_after(n: u64) -> u64 {
    (0..n).map(|n| 1 + n % 2).sum()
}

/// The version that a stream is at before append `n`.
fn expected(n: u64) -> Version {
    Version((0..n).filter(|m| m % 3 == n % 3).map(|m| 1 + m % 2).sum())
}

/// The child: opens the log, appends, says what was answered. Run by the tests of this file in a
/// process of its own.
#[test]
#[ignore = "the child of the tests of this file"]
fn scenario() {
    let Some(path) = std::env::var_os(LOG) else {
        return;
    };

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("runtime");
    let code = runtime.block_on(async {
        let Ok(log) = SqliteLog::open(Path::new(&path), "x").await else {
            return REFUSED;
        };
        for n in 0..APPENDS {
            let mut tries = 0;
            loop {
                let mut append = nth(n);
                append.expected = expected(n);
                match log.append(append).await {
                    Ok(receipt)
                    | Err(AppendError::Repeated {
                        receipt,
                        same_body: true,
                    }) => {
                        println!("answered {n} {}", receipt.position);
                        std::io::stdout().flush().expect("told");
                        break;
                    }
                    Err(AppendError::NotNow(_)) if tries < TRIES => tries += 1,
                    Err(AppendError::NotNow(_)) => {
                        // A log that cannot be written can be read.
                        let head = log.head().await.expect("head").position;
                        let all = log.read_all(Position(0), 99).await.expect("read");
                        assert_eq!(all.len() as u64, head.0);
                        return GAVE_UP;
                    }
                    Err(AppendError::Unknown(_) | AppendError::Closed(_)) => return UNKNOWN,
                    Err(other) => panic!("{other}"),
                }
            }
        }
        log.close().await;
        DONE
    });
    std::process::exit(code);
}

/// Runs the child on a log, under strace with these arguments.
fn child(log: &Path, strace: &[String]) -> Output {
    let own = std::env::current_exe().expect("this binary");
    let mut command = match strace {
        [] => Command::new(&own),
        arguments => {
            let mut command = Command::new("strace");
            command.args(["-f", "-qq"]).args(arguments).arg(&own);
            command
        }
    };

    command
        .args([
            "log::faults::scenario",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .env(LOG, log);
    command.stdin(Stdio::null()).output().expect("ran")
}

fn answered(output: &Output) -> Vec<(u64, u64)> {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = said.lines().filter_map(|line| {
        line.split_once("answered ")
            .map(|(_, rest)| rest.to_owned())
    });

    lines
        .map(|line| {
            let (n, position) = line.split_once(' ').expect("two numbers");
            (
                n.parse().expect("number"),
                position.parse().expect("number"),
            )
        })
        .collect()
}

async fn fresh(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("log.db");
    for suffix in ["", "-wal", "-shm"] {
        drop(fs_err::remove_file(folder.join(format!("log.db{suffix}"))));
    }
    drop(SqliteLog::open(&path, "faults").await.expect("made"));
    path
}

/// How often a thread of the child makes each call, at most, when nothing is wrong. strace counts
/// calls by thread: the thread that opens the log meets the first faults, and the writer the later
/// ones.
async fn calls(folder: &Path) -> Option<Vec<(&'static str, usize)>> {
    let path = fresh(folder).await;
    let trace = folder.join("trace");
    let arguments = [
        "-o".to_owned(),
        trace.display().to_string(),
        "-e".to_owned(),
        format!("trace={}", CALLS.join(",")),
    ];

    if Command::new("strace")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_err()
    {
        return None;
    }
    let output = child(&path, &arguments);
    assert_eq!(
        output.status.code(),
        Some(DONE),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let trace = fs_err::read_to_string(&trace).expect("trace");
    let most = |call: &str| {
        let mut by_thread: BTreeMap<&str, usize> = BTreeMap::new();
        for line in trace
            .lines()
            .filter(|line| line.contains(&format!(" {call}(")))
        {
            *by_thread
                .entry(line.split_whitespace().next().unwrap_or_default())
                .or_default() += 1;
        }
        by_thread.into_values().max().unwrap_or(0)
    };

    Some(CALLS.iter().map(|call| (*call, most(call))).collect())
}

/// What the log has to hold after a child that ended in any way: every answered command where it
/// was answered, a chain that holds, and a second run that completes the scenario, each command
/// once.
async fn judge(path: &Path, output: &Output, what: &str) {
    let log = SqliteLog::open(path, "x")
        .await
        .unwrap_or_else(|e| panic!("{what}: {e}"));

    for (n, position) in answered(output) {
        let known = log
            .remembered(command(n))
            .await
            .expect("read")
            .unwrap_or_else(|| panic!("{what}: L1: {n} is lost"));
        assert_eq!(
            known.receipt.position,
            Position(position),
            "{what}: {n} is elsewhere"
        );
    }

    let head = log.head().await.expect("head").position.0;
    let whole: BTreeSet<u64> = (0..=APPENDS).map(position_after).collect();
    assert!(
        whole.contains(&head),
        "{what}: L2: an append was recorded in part, the head is {head}"
    );
    let sound = verify(&log, &Walk::default()).await;
    assert!(
        matches!(sound, Ok(Verified::Sound { head: at, .. }) if at.0 == head),
        "{what}: {sound:?}"
    );
    assert_eq!(log.integrity().await.expect("checked"), None, "{what}");
    drop(log);
    let again = child(path, &[]);
    assert_eq!(
        again.status.code(),
        Some(DONE),
        "{what}: {}",
        String::from_utf8_lossy(&again.stderr)
    );
    let log = SqliteLog::open_reader(path).await.expect("opened");
    assert_eq!(
        log.head().await.expect("head").position.0,
        position_after(APPENDS),
        "{what}: each command once"
    );
}

/// Injects a fault at call after call; how many children ended with each code.
async fn campaign(
    test: &str,
    inject: &str,
    only: &[&str],
    codes: &[Option<i32>],
) -> Option<BTreeMap<Option<i32>, usize>> {
    let folder = tempfile::tempdir().expect("folder");
    let Some(calls) = calls(folder.path()).await else {
        skip(test, "strace is not installed");
        return None;
    };

    let mut ended = BTreeMap::new();

    for (call, count) in calls.into_iter().filter(|(call, _)| only.contains(call)) {
        for when in 1..=count {
            let path = fresh(folder.path()).await;
            let what = format!("{call} number {when} of {count}, {inject}");
            let arguments = [
                "-o",
                "/dev/null",
                "-e",
                &format!("trace={call}"),
                "-e",
                &format!("inject={call}:{inject}:when={when}"),
            ];
            let output = child(&path, &arguments.map(str::to_owned));
            assert!(
                codes.contains(&output.status.code()),
                "{what}: {:?} {}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            );
            judge(&path, &output, &what).await;
            *ended.entry(output.status.code()).or_default() += 1;
        }
    }

    println!(
        "{test}: no breach in {} runs, by exit code: {ended:?}",
        ended.values().sum::<usize>()
    );
    Some(ended)
}

/// F1, L1, L2: whatever was answered survives, nothing is recorded in part, and the next run goes
/// on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_every_call_that_changes_a_file() {
    let ended = campaign(
        "killed at every write",
        "signal=KILL",
        &CALLS,
        &[None, Some(137), Some(DONE)],
    )
    .await;

    // The last calls belong to the end of the process, which may come first.
    let killed = |ended: BTreeMap<Option<i32>, usize>| {
        ended
            .iter()
            .filter(|(code, _)| **code != Some(DONE))
            .map(|(_, n)| n)
            .sum()
    };
    assert!(
        ended
            .map(killed)
            .is_none_or(|killed: usize| killed > 5 * FEW),
        "the calls were found"
    );
}

/// F4: one write finds the disk full. It is not recorded, and recorded when it comes again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_full_for_one_write() {
    let ended = campaign(
        "a full disk",
        "error=ENOSPC",
        &["pwrite64"],
        &[Some(DONE), Some(REFUSED)],
    )
    .await;
    assert!(
        ended.is_none_or(|ended| ended.get(&Some(DONE)) > Some(&FEW)),
        "most recover by themselves"
    );
}

/// F5: one write fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_fails() {
    let ended = campaign(
        "a failing write",
        "error=EIO",
        &["pwrite64"],
        &[Some(DONE), Some(UNKNOWN), Some(REFUSED)],
    )
    .await;
    assert!(
        ended.is_none_or(|ended| ended.values().sum::<usize>() > FEW),
        "the calls were found"
    );
}

/// F5: a sync fails. The outcome is unknown and the process writes nothing more; or it was the sync
/// of a checkpoint, which is repeated.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_that_fails() {
    let ended = campaign(
        "a failing sync",
        "error=EIO",
        &["fdatasync"],
        &[Some(DONE), Some(UNKNOWN), Some(REFUSED)],
    )
    .await;
    assert!(
        ended.is_none_or(|ended| ended.get(&Some(UNKNOWN)) > Some(&(FEW / 3))),
        "commits sync"
    );
}

/// F4: the disk stays full. Nothing more is recorded, everything can be read, and it goes on when
/// there is room.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_stays_full() {
    let folder = tempfile::tempdir().expect("folder");
    let Some(calls) = calls(folder.path()).await else {
        return skip("a disk that stays full", "strace is not installed");
    };

    let writes = calls
        .iter()
        .find(|(call, _)| *call == "pwrite64")
        .map_or(0, |(_, count)| *count);
    let mut gave_up = 0;

    for when in 1..=writes {
        let path = fresh(folder.path()).await;
        let arguments = [
            "-o",
            "/dev/null",
            "-e",
            "trace=pwrite64",
            "-e",
            &format!("inject=pwrite64:error=ENOSPC:when={when}+"),
        ];
        let output = child(&path, &arguments.map(str::to_owned));
        let what = format!("full from write {when} on");
        assert!(
            matches!(output.status.code(), Some(GAVE_UP | DONE | REFUSED)),
            "{what}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        gave_up += usize::from(output.status.code() == Some(GAVE_UP));
        judge(&path, &output, &what).await;
    }

    assert!(gave_up > 0, "the disk was full");
}

/// A number from the seed: splitmix64.
fn random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*seed ^ (*seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Everything that can be learned of a log, or that something of it is damaged.
async fn learned(path: &Path) -> Option<Digest> {
    let log = SqliteLog::open_reader(path).await.ok()?;
    if log.integrity().await.ok()?.is_some() {
        return None;
    }

    let Verified::Sound { head, digest, .. } = verify(&log, &Walk::default()).await.ok()? else {
        return None;
    };

    let mut state = blake3::Hasher::new();
    state.update(&digest.0);
    state.update(&head.0.to_le_bytes());
    for s in 0..5 {
        let own = log
            .read_stream(&stream(&format!("feature-p/s{s}")), Version(0), 1_000)
            .await
            .ok()?;
        for envelope in own {
            state.update(&envelope.digest.0);
        }
    }

    for n in 0..60 {
        let known = log.remembered(command(n)).await.ok()?;
        state.update(format!("{known:?}").as_bytes());
    }

    Some(Digest(*state.finalize().as_bytes()))
}

/// L7: a byte of the closed file is flipped. It is detected or makes no difference; a silently
/// different state is never read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flipped_bytes_are_detected_or_harmless() {
    let folder = tempfile::tempdir().expect("folder");
    let sound = folder.path().join("sound.db");
    let log = SqliteLog::open(&sound, "flips").await.expect("opened");

    for n in 0..60 {
        log.append(append(&format!("feature-p/s{}", n % 5), n / 5, 1, n))
            .await
            .expect("recorded");
    }

    let copy = folder.path().join("copy.db");
    log.copy_to(&copy).await.expect("closed");
    let truth = learned(&copy).await.expect("it is sound");
    let bytes = fs_err::read(&copy).expect("read");
    let mut seed = std::env::var("SUPERCARGO_SEED")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(2_026);
    let (mut detected, mut harmless) = (0, 0);

    for _ in 0..FLIPS {
        let mut flipped = bytes.clone();
        let at = usize::try_from(random(&mut seed)).expect("64 bits") % flipped.len();
        let bit = random(&mut seed) % 8;
        flipped[at] ^= 1 << bit;
        let path = folder.path().join("flipped.db");
        fs_err::write(&path, &flipped).expect("written");
        match learned(&path).await {
            None => detected += 1,
            Some(state) if state == truth => harmless += 1,
            Some(_) => panic!("bit {bit} of byte {at} changes what is read, and nothing notices"),
        }
    }

    println!("{FLIPS} flips: {detected} detected, {harmless} harmless");
    assert!(detected > 0 && harmless > 0);
}
