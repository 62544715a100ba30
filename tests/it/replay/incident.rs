//! Recorded incidents: a server that was killed twice while it merged what conflicts, recorded anew
//! with the real binary; the bundles of incidents, which are regression tests of every later build;
//! and the walk-through of one, whose commands are typed.
//!
//! `BUNDLES=write cargo test --test it incident` keeps what it recorded in `tests/bundles`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;
use supercargo::bundle::{Bundle, Header, PartName};

use super::bundle::{alone, said, text};
use crate::binary::supercargo;
use crate::house::root;
use crate::manual::types_all_of;
use crate::newcomer::{Newcomer, agent_that};

/// Coders that all write the same file at once: whoever comes second conflicts, and does its work
/// again on what is there by then.
const RIVALS: &str = agent_that!(
    r#"    cat > /dev/null
    echo "$SUPERCARGO_FEATURE is fed at nine" >> hours.txt
    git add --all
    git commit --quiet -m "Say when"
    echo "wrote hours.txt"
    sleep 1
    supercargo agent submit"#
);
/// How long a verification has been running when the server is killed, of three seconds.
const UNDER_WAY: Duration = Duration::from_millis(1_200);
/// Largest bundle that is kept in the repository, in bytes.
const KEPT_MAX: u64 = 200_000;

/// Records the incident: killed while the first feature is verified, and again when the second one
/// was found to conflict.
fn recorded() -> Newcomer {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    let set = [
        "project",
        "set",
        "zoo",
        "--target",
        "2",
        "--agent-command",
        RIVALS,
    ];
    me.ok(&[&set[..], &["--verify", "sleep 3; test -f hours.txt"]].concat());
    me.ok(&["feature", "add", "zoo", "Feed the lions"]);
    me.ok(&["feature", "add", "zoo", "Feed the bears"]);
    me.ok(&["project", "start", "zoo"]);

    me.follow_until("trunk.verification_started");
    // The verification is under way by then, in a container that outlives the server.
    std::thread::sleep(UNDER_WAY);
    server.signal(Signal::SIGKILL);
    assert_eq!(server.ended(), None, "it was killed");
    let server = me.serve();
    me.follow_until("trunk.dequeued");
    server.signal(Signal::SIGKILL);
    assert_eq!(server.ended(), None, "it was killed");

    let server = me.serve();
    me.follow_until_all_is_quiet();
    me.stop_all();
    server.stop();
    me
}

fn kinds<'a>(log: &'a [Value], kind: &str) -> Vec<&'a Value> {
    log.iter().filter(|event| event["type"] == kind).collect()
}

/// How often a server began in a log, and how often it ended in order.
fn runs(log: &[Value]) -> (usize, usize) {
    (
        kinds(log, "node.started").len(),
        kinds(log, "node.stopped").len(),
    )
}

#[test]
fn a_server_killed_twice_while_it_merges_what_conflicts_is_recorded() {
    let me = recorded();
    let log = me.export();
    assert_eq!(runs(&log), (3, 1));
    let conflicts = kinds(&log, "trunk.dequeued");
    assert_eq!(conflicts.len(), 1, "{conflicts:?}");
    assert_eq!(
        conflicts[0]["data"]["paths"],
        serde_json::json!(["hours.txt"])
    );
    assert_eq!(kinds(&log, "trunk.advanced").len(), 2);
    assert_eq!(kinds(&log, "feature.closed").len(), 2);

    let file = me.folder.path().join("merge-conflict.bundle");
    let at = conflicts[0]["position"].to_string();
    let args = [
        "replay",
        "bundle",
        text(&file),
        "--project",
        "zoo",
        "--at",
        &at,
    ];
    me.ok(&args);
    is_sound(&file);
    if std::env::var("BUNDLES").is_ok_and(|write| write == "write") {
        fs_err::create_dir_all(kept()).expect("a folder");
        fs_err::copy(&file, kept().join("merge-conflict.bundle")).expect("kept");
    }
}

fn kept() -> PathBuf {
    root().join("tests/bundles")
}

/// Opens a bundle as a stranger does: the states are those that its maker came to, the chain and
/// the invariants hold, and what is in it can be read.
fn is_sound(file: &Path) -> Header {
    let here = tempfile::tempdir().expect("folder");
    let (done, told) = said(&mut alone(&["replay", "open", text(file)]));
    assert!(done && told.contains("states are the same"), "{told}");

    let into = here.path().join("into");
    let (done, told) = said(&mut alone(&[
        "replay",
        "open",
        text(file),
        "--into",
        text(&into),
    ]));
    assert!(done, "{told}");
    let of = |args: &[&str]| {
        let (done, told) = said(&mut supercargo(args, &into));
        assert!(done, "{} {args:?}: {told}", file.display());
        told
    };
    let states = into.join("states");
    assert!(of(&["replay", "check", text(&states)]).contains("states are the same"));
    assert!(of(&["log", "verify"]).starts_with("sound"));
    assert!(of(&["log", "audit"]).starts_with("clean"));

    let header = Bundle::open(file).expect("a bundle").header;
    for part in &header.parts {
        if let PartName::Transcript(session) = &part.part {
            let lineage = of(&["lineage", "session", session.as_str()]);
            assert!(lineage.contains(session.as_str()), "{lineage}");
        }
    }
    header
}

/// Whoever changes a rule so that old states come out otherwise sees it here.
#[test]
fn bundles_of_incidents_come_to_the_states_that_they_came_to() {
    let mut opened = 0;
    for entry in fs_err::read_dir(kept()).expect("bundles") {
        let file = entry.expect("a file").path();
        if file
            .extension()
            .is_none_or(|extension| extension != "bundle")
        {
            continue;
        }
        let size = fs_err::metadata(&file).expect("a file").len();
        assert!(size < KEPT_MAX, "{} has {size} bytes", file.display());
        let header = is_sound(&file);
        let without = &header.left_out;
        assert!(without.is_empty(), "{}: {without:?}", file.display());
        opened += 1;
    }
    assert!(opened >= 1, "there is none below {}", kept().display());
}

#[test]
fn the_walk_through_of_an_incident_works_as_it_is_printed() {
    let typed = types_all_of("debugging.md");
    assert!(typed >= 10, "only {typed} commands were found");
}
