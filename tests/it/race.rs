//! The merge race (G1 to G8): the fleet merges while a third party pushes to upstream every second
//! and upstream turns one push of five down.
//!
//! `SUPERCARGO_RACE="8 50" cargo test --test it race` runs it with other numbers of agents and
//! features.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::binary::supercargo;
use crate::trial::{export, is_built_as_the_log_says};
use crate::world::stub::git;

/// Turns every fifth push of the server's down; the third party is let through.
const HOOK: &str = r#"#!/bin/sh
test -n "$THIRD_PARTY" && exit 0
echo x >> "$GIT_DIR/pushes"
test $(( $(wc -l < "$GIT_DIR/pushes") % 5 )) -ne 0 || { echo x >> "$GIT_DIR/refused"; echo "not this time" >&2; exit 1; }
"#;

/// Pushes a file of its own every second, on top of whatever is there, until it is told to end;
/// answers how often that worked.
fn third_party(upstream: &Path, folder: &Path, over: &AtomicBool) -> u32 {
    let tree = folder.join("theirs");
    let mut pushed = 0;

    while !over.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_secs(1));
        let there = git(upstream, &["rev-parse", "--verify", "--quiet", "main"]).is_ok();
        if !there
            || (!tree.exists()
                && git(
                    folder,
                    &[
                        "clone",
                        "--quiet",
                        &upstream.display().to_string(),
                        "theirs",
                    ],
                )
                .is_err())
        {
            continue;
        }
        git(&tree, &["fetch", "--quiet", "origin"]).expect("fetched");
        git(&tree, &["reset", "--quiet", "--hard", "origin/main"]).expect("reset");
        let file = format!("theirs-{pushed}");
        fs_err::write(tree.join(&file), &file).expect("written");
        git(&tree, &["add", &file]).expect("added");
        git(&tree, &["commit", "--quiet", "-m", &file]).expect("committed");
        let mut push = std::process::Command::new("git");
        push.args(["push", "--quiet", "origin", "HEAD:main"])
            .current_dir(&tree)
            .env("THIRD_PARTY", "1");
        pushed += u32::from(
            push.stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .expect("ran")
                .success(),
        );
    }

    pushed
}

#[test]
fn no_merge_is_lost_while_others_push_and_pushes_fail() {
    let numbers = std::env::var("SUPERCARGO_RACE").unwrap_or_else(|_| "4 8".to_owned());
    let (agents, features) = numbers.split_once(' ').expect("two numbers");
    let folder = tempfile::tempdir().expect("folder");
    let data = folder.path().join("data");
    fs_err::create_dir(&data).expect("folder");
    let upstream = data.join("upstream.git");

    git(
        folder.path(),
        &[
            "init",
            "--quiet",
            "--bare",
            "--initial-branch=main",
            "data/upstream.git",
        ],
    )
    .expect("made");
    let hook = upstream.join("hooks/pre-receive");
    fs_err::create_dir_all(hook.parent().expect("a folder")).expect("folder");
    fs_err::write(&hook, HOOK).expect("hook");
    fs_err::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("mode");
    let over = Arc::new(AtomicBool::new(false));
    let (theirs, at, stop) = (upstream.clone(), folder.path().to_owned(), over.clone());
    let party = std::thread::spawn(move || third_party(&theirs, &at, &stop));
    let args = [
        "try",
        "--exit-when-done",
        "--agents",
        agents,
        "--features",
        features,
    ];
    let output = supercargo(&args, &data).output().expect("ran");
    over.store(true, Ordering::Relaxed);
    let pushed = party.join().expect("the third party");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    is_built_as_the_log_says(&data, features.parse().expect("number"));
    let refused = fs_err::read_to_string(upstream.join("refused"))
        .unwrap_or_default()
        .lines()
        .count();
    let log = export(&data);
    let count = |kind: &str| log.iter().filter(|event| event["type"] == kind).count();
    let met = count("trunk.upstream_moved");
    let moved = met + count("trunk.followed");
    let halted = count("trunk.halted");

    println!(
        "race {numbers}: {pushed} pushes of others, {moved} times seen, {refused} pushes refused, \
         {halted} halts"
    );
    // A push that is turned down in the moment in which somebody else moves upstream is seen as that
    // move: it would not have been published either way.
    assert!(
        pushed > 0 && moved > 0 && refused > 0 && halted + met >= refused,
        "{pushed} {moved} {refused} {halted} {met}"
    );
    let files = git(&upstream, &["ls-tree", "--name-only", "main"]).expect("tree");
    assert_eq!(
        files
            .lines()
            .filter(|file| file.starts_with("theirs-"))
            .count() as u32,
        pushed,
        "nothing of theirs is lost"
    );
}
