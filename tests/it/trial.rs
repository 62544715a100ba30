//! The main job with the real binary: `try` builds the demo, and the log and upstream are compared
//! line by line.
//!
//! `SUPERCARGO_TRY="8 40" cargo test --test it trial` runs it with other numbers of agents and
//! features.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::binary::supercargo;
use crate::world::stub::git;

pub(crate) fn export(data: &Path) -> Vec<Value> {
    let output = supercargo(&["log", "export"], data)
        .output()
        .expect("export");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let lines = String::from_utf8(output.stdout).expect("text");

    // The first line says what the rest is from.
    lines
        .lines()
        .skip(1)
        .map(|line| serde_json::from_str(line).expect("JSON Lines"))
        .collect()
}

fn of<'a>(log: &'a [Value], kind: &str) -> Vec<&'a Value> {
    log.iter().filter(|event| event["type"] == kind).collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// G3 and G6: upstream's merges by trailer are the log's publications in the log's order, one per
/// closed feature.
fn compare_with_upstream(log: &[Value], data: &Path, features: usize) {
    let mut queued: BTreeMap<u64, String> = BTreeMap::new();
    for event in of(log, "trunk.queued") {
        if let Some(feature) = event["data"]["kind"]["feature"].as_str() {
            queued.insert(
                event["data"]["entry"].as_u64().expect("number"),
                feature.to_owned(),
            );
        }
    }

    let advanced: Vec<String> = of(log, "trunk.advanced")
        .into_iter()
        .filter_map(|e| {
            queued
                .get(&e["data"]["entry"].as_u64().expect("entry"))
                .cloned()
        })
        .collect();
    let format = "--format=%(trailers:key=Supercargo-Feature,valueonly,separator=%x2C)";
    let listed = git(
        &data.join("upstream.git"),
        &["log", "--first-parent", "--reverse", format, "main"],
    )
    .expect("log");
    let merged: Vec<String> = listed
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .map(str::to_owned)
        .collect();
    assert_eq!(merged, advanced, "the log's order");
    let closed: BTreeSet<String> = of(log, "feature.closed")
        .iter()
        .map(|e| {
            text(&e["stream"])
                .rsplit('/')
                .next()
                .expect("id")
                .to_owned()
        })
        .collect();
    assert_eq!((merged.len(), closed.len()), (features, features));
    assert_eq!(
        merged.into_iter().collect::<BTreeSet<_>>(),
        closed,
        "exactly one merge per closed feature"
    );
}

/// C1 by counting: between a claim and its end there is no other claim of the same feature.
fn no_feature_has_two_holders(log: &[Value]) {
    let mut open: BTreeMap<String, u64> = BTreeMap::new();

    for event in log {
        let stream = text(&event["stream"]);
        match event["type"].as_str().expect("type") {
            "feature.claimed" => {
                let epoch = event["data"]["epoch"].as_u64().expect("epoch");
                assert_eq!(
                    open.insert(stream.clone(), epoch),
                    None,
                    "{stream} had two holders at {}",
                    event["position"]
                );
            }
            "feature.submitted"
            | "feature.released"
            | "feature.claim_expired"
            | "feature.question_asked" => {
                open.remove(&stream);
            }
            _ => {}
        }
    }

    assert_eq!(open, BTreeMap::new(), "no claim is left open");
}

fn every_milestone_is_covered_and_the_end_is_verified_once(log: &[Value]) {
    let covers = |event: &Value| {
        event["data"]["covers"]
            .as_array()
            .expect("covers")
            .iter()
            .filter_map(Value::as_u64)
            .collect()
    };
    let covered: Vec<Vec<u64>> = of(log, "project.milestone_settled")
        .into_iter()
        .map(covers)
        .collect();
    let once: Vec<u64> = covered.into_iter().flatten().collect();

    assert_eq!(
        once,
        (1..=10).map(|step| step * 10).collect::<Vec<_>>(),
        "each step once, in order, 100 % last"
    );
    assert_eq!(of(log, "project.final_verification_due").len(), 1);
    let begun = of(log, "project.oversight_started")
        .iter()
        .filter(|e| e["data"]["oversight"]["kind"] == "final")
        .count();
    assert_eq!(begun, 1);
    assert_eq!(of(log, "project.completed").len(), 1);
}

/// The demo in this folder is built as its log says, and nothing of it is left behind.
pub(crate) fn is_built_as_the_log_says(data: &Path, features: usize) {
    let log = export(data);
    compare_with_upstream(&log, data, features);
    no_feature_has_two_holders(&log);
    every_milestone_is_covered_and_the_end_is_verified_once(&log);
}

/// The script's twists happened: a rejection, a conflict, a release. They happen on first claims
/// only, so that a session which the engine took with it can take its twist along: true of runs
/// whose sessions all end by themselves.
pub(crate) fn has_its_twists(data: &Path) {
    let log = export(data);
    for twist in [
        "feature.review_rejected",
        "trunk.dequeued",
        "feature.released",
    ] {
        assert!(!of(&log, twist).is_empty(), "no {twist}");
    }
}

#[test]
fn the_demo_is_built_as_the_log_says() {
    let numbers = std::env::var("SUPERCARGO_TRY").unwrap_or_else(|_| "3 12".to_owned());
    let (agents, features) = numbers.split_once(' ').expect("two numbers");
    let folder = tempfile::tempdir().expect("folder");
    let args = [
        "try",
        "--exit-when-done",
        "--agents",
        agents,
        "--features",
        features,
    ];
    let output = supercargo(&args, folder.path()).output().expect("ran");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(
        said.matches("% overseen").count(),
        10,
        "one line per milestone:\n{said}"
    );
    for word in [
        "features",
        "sessions",
        "merges",
        "conflicts",
        "milestones",
        "events",
    ] {
        assert!(said.contains(word), "the summary has no {word}:\n{said}");
    }

    is_built_as_the_log_says(folder.path(), features.parse().expect("number"));
    has_its_twists(folder.path());
    let left = fs_err::read_dir(folder.path().join("berths"))
        .expect("berths")
        .count();
    assert_eq!(left, 0, "a completed project owns no containers");
}

/// A demo with a folder for temporary things of its own, once one of its sessions runs.
fn demo_at_work(temporary: &Path) -> (std::process::Child, std::thread::JoinHandle<String>) {
    use std::io::{BufRead, Read};
    let mut demo = std::process::Command::new(env!("CARGO_BIN_EXE_supercargo"));

    demo.args(["try", "--agents", "2", "--features", "40"])
        .env("SUPERCARGO_ENGINE", "process")
        .env("TMPDIR", temporary)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped());
    let mut demo = demo.spawn().expect("started");
    let mut lines = std::io::BufReader::new(demo.stdout.take().expect("stdout"));

    let mut ready = String::new();
    while !ready.contains("initialized") {
        let read = lines.read_line(&mut ready).expect("a line");
        assert!(read > 0, "the demo ended before it was at work: {ready}");
    }

    let rest = std::thread::spawn(move || {
        let mut said = String::new();
        lines.read_to_string(&mut said).expect("the rest");
        said
    });
    (demo, rest)
}

fn nothing_is_left(temporary: &Path) {
    let left: Vec<_> = fs_err::read_dir(temporary)
        .expect("listed")
        .flatten()
        .map(|entry| entry.path())
        .collect();
    assert_eq!(left, Vec::<std::path::PathBuf>::new());
    assert_eq!(crate::hostile::processes::naming(temporary), vec![]);
}

#[test]
fn an_end_asked_for_ends_everything_that_a_demo_started() {
    use nix::sys::signal::Signal;

    for signals in [
        &[Signal::SIGINT][..],
        &[Signal::SIGINT, Signal::SIGINT],
        &[Signal::SIGHUP],
    ] {
        let temporary = tempfile::tempdir().expect("folder");
        let (demo, said) = demo_at_work(temporary.path());
        for which in signals {
            crate::binary::signal(&demo, *which);
        }
        assert_eq!(crate::binary::wait(demo), Some(0), "{signals:?}");
        let said = said.join().expect("heard");
        assert!(said.contains("ending the demo"), "{signals:?}: {said}");
        nothing_is_left(temporary.path());
    }
}

#[test]
fn what_a_dead_demo_left_goes_with_the_next_start() {
    let temporary = tempfile::tempdir().expect("folder");
    let (mut demo, said) = demo_at_work(temporary.path());
    demo.kill().expect("our own child");
    demo.wait().expect("waited for");
    said.join().expect("heard");
    let kept = temporary.path().join("supercargo-try-kept");
    fs_err::create_dir(&kept).expect("folder");
    for file in ["lock", "kept"] {
        fs_err::write(kept.join(file), "").expect("file");
    }

    let mut next = std::process::Command::new(env!("CARGO_BIN_EXE_supercargo"));
    next.args(["try", "--exit-when-done", "--features", "4"])
        .env("SUPERCARGO_ENGINE", "process")
        .env("TMPDIR", temporary.path());
    let next = next.output().expect("ran");
    let noted = String::from_utf8_lossy(&next.stderr).into_owned();
    assert!(next.status.success(), "{noted}");
    assert!(noted.contains("its demo had died"), "{noted}");
    fs_err::remove_dir_all(kept).expect("kept for somebody to look at");
    nothing_is_left(temporary.path());
}
