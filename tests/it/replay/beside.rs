//! Two logs side by side, and two builds side by side on one log.

use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;

use crate::binary::supercargo;
use crate::house::root;
use crate::newcomer::Newcomer;

/// A data folder with a log, and a copy of it that can go on by itself.
fn twins() -> (Newcomer, Newcomer) {
    let (me, twin) = (Newcomer::new(), Newcomer::new());
    let server = me.serve();
    me.add_zoo();
    me.ok(&["feature", "add", "zoo", "Feed the lions"]);
    server.stop();

    let backup = me.folder.path().join("backup");
    me.ok(&["log", "backup", path(&backup)]);
    twin.ok(&["log", "restore", path(&backup)]);
    (me, twin)
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path")
}

/// The same words at the same position, recorded twice, are two events.
#[test]
fn logs_are_compared_up_to_where_they_part() {
    let (me, twin) = twins();
    let copy = twin.folder.path().join("data");
    let compare = ["replay", "compare", path(&copy), "--json"];
    assert_eq!(me.ok(&compare).trim(), "null");
    let said = me.ok(&compare[..3]);
    assert!(
        said.contains("the same up to") && said.contains("both end there"),
        "{said}"
    );

    let server = me.serve();
    me.ok(&["feature", "add", "zoo", "Feed the bears"]);
    server.stop();
    let said = me.ok(&compare[..3]);
    assert!(said.contains("this one goes on to"), "{said}");

    let head = me.ok(&["replay", "state", "--project", "zoo", "--json"]);
    let head: serde_json::Value = serde_json::from_str(&head).expect("JSON");
    let server = twin.serve();
    twin.ok(&["feature", "add", "zoo", "Feed the storks"]);
    server.stop();
    let parted = me.ok(&compare);
    let parted: serde_json::Value = serde_json::from_str(&parted).expect("JSON");
    let at = parted["position"].as_u64().expect("a position");
    assert!(
        at <= head["position"].as_u64().expect("a position"),
        "{parted}"
    );
    let digests = [&parted["here"]["digest"], &parted["there"]["digest"]];
    assert_ne!(digests[0], digests[1], "{parted}");

    let before = (at - 1).to_string();
    let show = |data: &Path, at: &str| {
        let output = supercargo(&["log", "show", at], data).output();
        String::from_utf8_lossy(&output.expect("ran").stdout).into_owned()
    };
    let here = me.folder.path().join("data");
    let shared = show(&here, &before);
    assert!(!shared.is_empty());
    assert_eq!(show(&copy, &before), shared);

    // A log of another origin is compared by what its events say.
    let stranger = Newcomer::new();
    let server = stranger.serve();
    server.stop();
    let said = me.ok(&[
        "replay",
        "compare",
        path(&stranger.folder.path().join("data")),
    ]);
    assert!(said.contains("the logs differ from position"), "{said}");
    me.refused(&["replay", "compare", "/nowhere"], "is no data folder");
}

/// What a build wrote of its states, with one line of it changed by `change`.
fn changed(digests: &str, line: usize, change: impl Fn(&str) -> String) -> String {
    let lines = digests.lines().enumerate();
    let lines = lines.map(|(n, text)| {
        if n == line {
            change(text)
        } else {
            text.to_owned()
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_state_that_comes_out_different_is_named_with_its_event() {
    let (me, _) = twins();
    let digests = me.ok(&["replay", "digests"]);
    let file = me.folder.path().join("digests");
    let check = ["replay", "check", path(&file)];
    let keep = |text: &str| fs_err::write(&file, text).expect("written");

    keep(&digests);
    let said = me.ok(&check);
    let states = digests.lines().count() - 1;
    assert!(
        said.contains(&format!("all {states} states are the same")),
        "{said}"
    );

    let third = me.ok(&["log", "show", "3"]);
    keep(&changed(&digests, 3, |_| "0123456789abcdef".to_owned()));
    let output = me.command(&[&check[..], &["--json"]].concat()).output();
    let output = output.expect("ran");
    let listed: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(!output.status.success());
    assert_eq!(listed.as_array().expect("a list").len(), 1, "{listed}");
    let stream = listed[0]["stream"].as_str().expect("a stream");
    assert!(third.contains(stream), "{stream} is not of {third}");
    assert_eq!(listed[0]["event"]["position"], 3);

    let header = |from: &str, to: &str| changed(&digests, 0, |line| line.replace(from, to));
    let cut: Vec<_> = digests.lines().take(3).collect();
    for (text, words) in [
        (String::new(), "there is nothing"),
        ("lions".to_owned(), "the header of `replay digests`"),
        (header("\"format\":1", "\"format\":2"), "their form is 2"),
        (
            header("\"log\":\"log-", "\"log\":\"log-x"),
            "they are of the log log-x",
        ),
        (header("\"head\":", "\"head\":9"), "they go to position 9"),
        (cut.join("\n"), "they end before position 3"),
        (
            changed(&digests, 2, |_| "lions".to_owned()),
            "position 2 is no digest",
        ),
    ] {
        keep(&text);
        me.refused(&check, words);
    }
}

/// Logs that earlier builds recorded, and the states that they came to, as `replay digests` of the
/// build that added them here printed them. Whoever changes a rule so that old states come out
/// otherwise sees it here, and writes the digests anew on purpose.
#[test]
fn logs_of_earlier_builds_come_to_the_states_that_they_came_to() {
    let folder = root().join("tests/logs");
    let mut checked = 0;
    for entry in fs_err::read_dir(&folder).expect("logs of earlier builds") {
        let packed = entry.expect("a file").path();
        if packed.extension().is_none_or(|extension| extension != "gz") {
            continue;
        }

        let here = tempfile::tempdir().expect("folder");
        let (export, data) = (here.path().join("export"), here.path().join("data"));
        let mut text = Vec::new();
        let open = fs_err::File::open(&packed).expect("opened");
        GzDecoder::new(open)
            .read_to_end(&mut text)
            .expect("unpacked");
        fs_err::write(&export, text).expect("written");

        let digests = packed.with_extension("").with_extension("digests");
        for args in [
            &["log", "import", path(&export)][..],
            &["log", "verify"],
            &["replay", "check", path(&digests)],
        ] {
            let output = supercargo(args, &data).output().expect("ran");
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let told = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(
                output.status.success(),
                "{} {args:?}: {said}{told}",
                packed.display()
            );
        }
        checked += 1;
    }
    assert!(checked >= 2, "logs are missing below {}", folder.display());
}
