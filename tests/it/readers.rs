//! `subscription run`: each event to a command, at least once and in order; one that the command
//! cannot take is parked, and replayed when the command is mended.

use std::path::Path;
use std::process::Command;

use crate::binary::{Serving, supercargo};

fn subscription(data: &Path, args: &[&str]) -> (bool, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_supercargo"));
    let output = command
        .arg("subscription")
        .args(args)
        .env("SUPERCARGO_DATA", data)
        .output()
        .expect("ran");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.success(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn events_are_handed_to_a_command() {
    let folder = tempfile::tempdir().expect("folder");
    let data = folder.path().join("data");
    let server = Serving::start(supercargo(&["serve", "--listen", "127.0.0.1:0"], &data));
    let ok = |args: &[&str]| {
        let (ok, out, said) = subscription(&data, args);
        assert!(ok, "{args:?}: {said}");
        (out, said)
    };
    assert!(ok(&["list"]).0.contains("no subscription yet"));
    ok(&["create", "starts", "--type", "node.started", "--after", "0"]);
    let taken = folder.path().join("taken");
    let broken = "cat > /dev/null; echo the disk is full >&2; exit 3";
    let (_, said) = ok(&[
        "run", "starts", "--once", "--tries", "1", "--", "sh", "-c", broken,
    ]);
    assert!(
        said.contains("position 1 is parked: exit status: 3: the disk is full (1 tries)"),
        "{said}"
    );
    assert!(
        ok(&["show", "starts"])
            .0
            .contains("parked      1: exit status: 3: the disk is full"),
        "shown"
    );

    let mended = format!("cat >> {0}; echo >> {0}", taken.display());
    let run = ["run", "starts", "--once", "--", "sh", "-c", &mended];
    ok(&run);
    assert!(
        !taken.exists(),
        "what is parked waits until somebody wants it"
    );
    ok(&["replay", "starts"]);
    ok(&run);
    ok(&run);
    let lines = std::fs::read_to_string(&taken).expect("taken");
    let events: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(
        events.len(),
        1,
        "once, because it was acknowledged: {lines}"
    );
    assert_eq!(
        (&events[0]["position"], &events[0]["type"]),
        (&1.into(), &"node.started".into())
    );
    server.stop();

    // Without a server the folder itself is asked; its next run has one more start.
    Serving::start(supercargo(&["serve", "--listen", "127.0.0.1:0"], &data)).stop();
    ok(&run);
    assert_eq!(
        std::fs::read_to_string(&taken)
            .expect("taken")
            .lines()
            .count(),
        2
    );
    let (known, _, said) = subscription(&data, &["show", "other"]);
    assert!(
        !known && said.contains("there is no such subscription"),
        "{said}"
    );
    let (started, _, said) =
        subscription(&data, &["run", "starts", "--once", "--", "/nowhere/at/all"]);
    assert!(
        started || said.contains("starting /nowhere/at/all"),
        "{said}"
    );
    ok(&["delete", "starts"]);
}
