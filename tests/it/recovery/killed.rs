//! The real binary, killed with SIGKILL while it runs the demo, and started again on the same data:
//! live agents are adopted, nothing is done twice, it completes, the audit is clean.
//!
//! `SUPERCARGO_KILLS=20 cargo test --test it killed` is the long form; the seed of each run is
//! printed and can be given back with `SUPERCARGO_SEED`.

use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::binary::{Serving, supercargo, wait};
use crate::world::stub::git;

/// Instants tried by default: a short form of the campaign.
const KILLS: u64 = 4;
/// An instant after this is as likely to find the demo over as under way.
const LATEST_MS: u64 = 6_000;
const EARLIEST_MS: u64 = 200;
const FEATURES: usize = 8;
fn try_demo(data: &Path) -> Child {
    let features = FEATURES.to_string();
    let mut command = supercargo(
        &[
            "try",
            "--agents",
            "3",
            "--features",
            &features,
            "--exit-when-done",
        ],
        data,
    );
    let log = fs_err::File::options()
        .create(true)
        .append(true)
        .open(data.join("said"))
        .expect("file")
        .into_file();

    command
        .stdout(log.try_clone().expect("file"))
        .stderr(log)
        .spawn()
        .expect("the binary starts")
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(default)
}

/// A number from the seed: splitmix64.
fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn merges(data: &Path) -> Vec<String> {
    let output = Command::new("git")
        .args([
            "log",
            "--first-parent",
            "--format=%(trailers:key=Supercargo-Feature,valueonly,separator=%x2C)",
            "main",
        ])
        .current_dir(data.join("upstream.git"))
        .output()
        .expect("git");

    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .map(str::to_owned)
        .collect()
}

fn killed_at(ms: u64) {
    let folder = tempfile::tempdir().expect("folder");
    let data = folder.path();
    let mut first = try_demo(data);
    std::thread::sleep(Duration::from_millis(ms));
    first.kill().expect("killed");
    first.wait().expect("waited");
    let code = wait(try_demo(data));
    let said = fs_err::read_to_string(data.join("said")).unwrap_or_default();
    assert_eq!(
        code,
        Some(0),
        "killed after {ms} ms, the second run said:\n{said}"
    );
    let audit = supercargo(&["log", "audit"], data).output().expect("audit");
    assert!(
        audit.status.success(),
        "killed after {ms} ms: {}",
        String::from_utf8_lossy(&audit.stdout)
    );
    let verify = supercargo(&["log", "verify"], data)
        .output()
        .expect("verify");
    assert!(
        verify.status.success(),
        "killed after {ms} ms: {}",
        String::from_utf8_lossy(&verify.stderr)
    );
    let mut landed = merges(data);
    assert_eq!(landed.len(), FEATURES, "killed after {ms} ms: {landed:?}");
    landed.sort();
    landed.dedup();

    assert_eq!(
        landed.len(),
        FEATURES,
        "killed after {ms} ms: one merge per feature"
    );
    let slots = fs_err::read_dir(data.join("berths"))
        .expect("slots")
        .count();
    assert_eq!(
        slots, 0,
        "killed after {ms} ms: a completed project owns no containers"
    );
}

/// F1 on the whole binary.
#[test]
fn killed_at_random_instants_it_completes() {
    let mut seed = number("SUPERCARGO_SEED", u64::from(std::process::id()));
    println!("SUPERCARGO_SEED={seed}");
    for _ in 0..number("SUPERCARGO_KILLS", KILLS) {
        killed_at(EARLIEST_MS + next(&mut seed) % (LATEST_MS - EARLIEST_MS));
    }
}

/// F13: a second server on the same data is refused, in words that name the holder.
#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let first = Serving::start(supercargo(
        &["serve", "--listen", "127.0.0.1:0"],
        folder.path(),
    ));
    let second = supercargo(&["serve", "--listen", "127.0.0.1:0"], folder.path())
        .output()
        .expect("ran");
    let said = String::from_utf8_lossy(&second.stderr).into_owned();

    assert!(
        !second.status.success() && said.contains(&format!("process {}", first.id())),
        "{said}"
    );
    first.stop();
}

/// F2: a server that was paused is fenced by the one that took the data folder over: it records
/// nothing, says why and ends.
#[test]
fn a_paused_server_is_fenced_by_the_one_that_took_over() {
    let folder = tempfile::tempdir().expect("folder");
    let complaints = folder.path().join("complaints");
    let file = fs_err::File::create(&complaints).expect("file").into_file();
    let first = Serving::start_telling(
        supercargo(&["serve", "--listen", "127.0.0.1:0"], folder.path()),
        file.into(),
    );
    let socket = folder.path().join("operator.sock");
    let paused = folder.path().join("paused.sock");
    fs_err::rename(&socket, &paused).expect("the first keeps listening under another name");
    first.signal(Signal::SIGSTOP);
    let second = Serving::start(supercargo(
        &["serve", "--listen", "127.0.0.1:0", "--take-over"],
        folder.path(),
    ));
    first.signal(Signal::SIGCONT);
    fs_err::rename(&socket, folder.path().join("new.sock")).expect("aside");
    fs_err::rename(&paused, &socket).expect("back");
    git(folder.path(), &["init", "--quiet", "--bare", "up.git"]).expect("upstream");
    let upstream = folder.path().join("up.git").display().to_string();
    let add = ["project", "add", "zoo", "--git-url", &upstream];
    let late = supercargo(&add, folder.path()).output().expect("ran");
    assert!(!late.status.success(), "the fenced server records nothing");
    assert_eq!(first.ended(), Some(1), "it ends by itself");
    let said = fs_err::read_to_string(&complaints).expect("complaints");
    assert!(said.contains("another server took the log over"), "{said}");
    fs_err::rename(folder.path().join("new.sock"), &socket).expect("back");
    let now = supercargo(&add, folder.path()).output().expect("ran");
    assert!(
        now.status.success(),
        "{}",
        String::from_utf8_lossy(&now.stderr)
    );
    second.stop();
    let audit = supercargo(&["log", "audit"], folder.path())
        .output()
        .expect("ran");

    assert!(
        audit.status.success(),
        "{}",
        String::from_utf8_lossy(&audit.stdout)
    );
}
