//! `subscription run`: each event to a command, at least once and in order; one that the command
//! cannot take is parked, and replayed when the command is mended.

use std::io::{BufRead, BufReader, PipeReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::Signal;
use nix::unistd::Pid;

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
    let lines = fs_err::read_to_string(&taken).expect("taken");
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
        fs_err::read_to_string(&taken)
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

/// A `subscription run` whose words and whose command's come one line after the other. Ended when
/// it is dropped, with its command.
struct Runner {
    child: Child,
    lines: BufReader<PipeReader>,
}

impl Runner {
    fn start(data: &Path, name: &str, command: &str) -> Self {
        use std::os::unix::process::CommandExt;

        let (read, write) = std::io::pipe().expect("a pipe");
        let child = Command::new(env!("CARGO_BIN_EXE_supercargo"))
            .args(["subscription", "run", name, "--", "sh", "-c", command])
            .env("SUPERCARGO_DATA", data)
            .stdin(Stdio::null())
            .stdout(write.try_clone().expect("the pipe"))
            .stderr(write)
            .process_group(0)
            .spawn()
            .expect("started");

        let lines = BufReader::new(read);
        Self { child, lines }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        let read = self.lines.read_line(&mut line).expect("a line");
        assert!(read > 0, "it said nothing more");
        line
    }

    /// The position of the event that its command was handed.
    fn position(&mut self) -> u64 {
        let line = self.line();
        let event: serde_json::Value = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("an event was to be handed over, not: {line}"));
        event["position"].as_u64().expect("a position")
    }

    /// Ends it where it stands; what it had started lives on, as after any kill.
    fn kill(&mut self) {
        self.child.kill().expect("our own child");
        self.child.wait().expect("ended");
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        let group = Pid::from_raw(i32::try_from(self.child.id()).expect("pid"));
        if let Err(error) = nix::sys::signal::killpg(group, Signal::SIGKILL) {
            eprintln!("nobody is left of {group}: {error}");
        }
        drop(self.child.wait());
    }
}

/// A server whose log has this many starts, and a subscription of them.
fn started_often(data: &Path, times: usize) -> Serving {
    let serve = || Serving::start(supercargo(&["serve", "--listen", "127.0.0.1:0"], data));
    for _ in 1..times {
        serve().stop();
    }
    let server = serve();
    let create = ["create", "starts", "--type", "node.started", "--after", "0"];
    let (ok, _, said) = subscription(data, &create);
    assert!(ok, "{said}");
    server
}

/// Prints each event; at the third one it stands still.
const STANDS_AT_THIRD: &str = "cat; echo; echo . >> \"$SUPERCARGO_DATA/../count\"; \
    [ $(wc -l < \"$SUPERCARGO_DATA/../count\") -lt 3 ] || exec sleep 600";

#[test]
fn of_two_runners_one_gets_an_event_and_the_other_goes_on_when_it_is_gone() {
    let folder = tempfile::tempdir().expect("folder");
    let data = folder.path().join("data");
    let server = started_often(&data, 4);

    let mut first = Runner::start(&data, "starts", STANDS_AT_THIRD);
    let taken: Vec<u64> = (0..3).map(|_| first.position()).collect();
    let mut second = Runner::start(&data, "starts", "cat; echo");
    let said = second.line();
    assert!(
        said.contains("starts is read by run-") && said.contains("this one waits"),
        "{said}"
    );

    first.kill();
    let third = second.position();
    assert_eq!(third, taken[2], "what nobody acknowledged comes again");
    assert!(second.position() > third, "and what was acknowledged not");
    drop(second);
    server.stop();
}

#[test]
fn a_runner_that_lost_its_turn_says_so_and_waits_for_the_next() {
    let folder = tempfile::tempdir().expect("folder");
    let data = folder.path().join("data");
    let server = started_often(&data, 2);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");

    // It stands at the first event until somebody writes to the pipe.
    let gate = folder.path().join("gate");
    nix::unistd::mkfifo(&gate, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    let waits = "cat; echo; read go < \"$SUPERCARGO_DATA/../gate\"";
    let mut runner = Runner::start(&data, "starts", waits);
    let first = runner.position();

    // Another one takes its name and leaves, so that the turn is free; a third one takes that.
    let (ok, shown, said) = subscription(&data, &["show", "starts", "--json"]);
    assert!(ok, "{said}");
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    let id = shown["read_by"].as_str().expect("somebody reads it");
    let socket = data.join("operator.sock");
    let path = "/api/v1/subscriptions/starts";
    let third = format!("{path}/hold?reader=third");
    let held = runtime.block_on(async {
        let twin = format!("{path}/hold?reader={id}");
        let twin = supercargo::wire::open_socket(&socket, &twin).await;
        drop(twin.expect("opened"));
        let held = supercargo::wire::open_socket(&socket, &third).await;
        let next = format!("{path}/next?reader=third&wait=true");
        let delivery: serde_json::Value = supercargo::wire::call_socket(&socket, "GET", &next, &())
            .await
            .expect("its turn");
        assert_eq!(delivery["events"][0]["position"], first, "{delivery}");
        held.expect("opened")
    });

    fs_err::write(&gate, "go\n").expect("somebody reads");
    let said = runner.line();
    assert!(
        said.contains(&format!("position {first} may be handed over twice"))
            && said.contains("lost its turn to third"),
        "{said}"
    );
    let said = runner.line();
    assert!(said.contains("starts is read by third"), "{said}");
    drop(held);
    assert_eq!(runner.position(), first, "it goes on where the other left");
    drop(runner);
    server.stop();
}

#[test]
fn without_a_server_one_runner_has_the_folder_until_it_ends() {
    let folder = tempfile::tempdir().expect("folder");
    let data = folder.path().join("data");
    started_often(&data, 2).stop();
    let nested = format!(
        "{} subscription run starts --once -- cat",
        env!("CARGO_BIN_EXE_supercargo")
    );
    let run = ["run", "starts", "--once", "--tries", "1", "--", "sh", "-c"];
    let (ok, _, said) = subscription(&data, &[&run[..], &[&nested]].concat());
    assert!(
        ok && said.contains("is parked") && said.contains("starts is read by run-"),
        "{said}"
    );

    // Nothing comes without a server: waiting for it is refused, and nobody is kept out.
    let (ok, _, said) = subscription(&data, &["run", "starts", "--", "cat"]);
    assert!(!ok && said.contains("no server runs on"), "{said}");
}
