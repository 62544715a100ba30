//! The first day of an operator, with the real binary: what is theirs alone, what reaches their
//! terminal, what a verb says when no server runs or the server does not answer, and how everything
//! ends.

use std::io::Read;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::binary::{Serving, supercargo};
use crate::newcomer::{AGENT, Newcomer};

const SERVE: &[&str] = &["serve", "--allow-unisolated", "--listen", "127.0.0.1:0"];

/// What of a terminal's language a text may hold: a clipboard, a cleared screen, a turned line, a
/// line of its own.
const EVIL: &str = "a\u{1b}]52;c;aGk=\u{7}b\u{1b}[2Jc\u{9b}2Jd\u{202e}e";

fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if entry.file_type().expect("a kind").is_dir() {
            found.extend(below(&path));
        } else {
            found.push(path);
        }
    }
    found
}

fn mode(path: &Path) -> u32 {
    let found = fs_err::symlink_metadata(path).expect("a file");
    found.permissions().mode() & 0o777
}

impl Newcomer {
    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What a command says on standard error, and whether it did what it was told.
    fn said(&self, args: &[&str]) -> (bool, String, String) {
        let output = self.command(args).output().expect("ran");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            output.status.success(),
            text(&output.stdout),
            text(&output.stderr),
        )
    }
}

#[test]
fn everything_a_server_makes_is_its_owners_alone_under_any_umask() {
    let me = Newcomer::new();
    let mut open = Command::new("sh");
    let line = "umask 0; exec \"$0\" \"$@\"";
    open.args(["-c", line, env!("CARGO_BIN_EXE_supercargo")])
        .args(SERVE)
        .arg("--data")
        .arg(me.data())
        .env("SUPERCARGO_ENGINE", "process");
    let server = Serving::start(open);
    me.add_zoo();
    me.ok(&["feature", "add", "zoo", "Feed the lions"]);

    let files = below(&me.data());
    assert!(
        files.iter().any(|file| file.ends_with("log.db-wal")),
        "{files:?}"
    );
    for file in &files {
        let is_program = file.starts_with(me.data().join("bin"));
        let forbidden = if is_program { 0o022 } else { 0o077 };
        assert_eq!(
            mode(file) & forbidden,
            0,
            "{} is {:o}",
            file.display(),
            mode(file)
        );
    }
    server.stop();
}

#[test]
fn what_others_could_have_touched_is_named_and_nothing_starts() {
    let me = Newcomer::new();
    me.serve().stop();
    for name in ["log.db", "token", "seal.key"] {
        let path = me.data().join(name);
        let set = |mode| fs_err::set_permissions(&path, std::fs::Permissions::from_mode(mode));
        set(0o644).expect("opened");
        for args in [SERVE, &["project", "list"]] {
            me.refused(args, "chmod 600");
            me.refused(args, name);
        }
        set(0o600).expect("closed");
    }

    fs_err::write(me.data().join("token"), "x\n").expect("written");
    me.refused(SERVE, "holds no whole token");
    fs_err::remove_file(me.data().join("token")).expect("removed");
    me.serve().stop();
}

fn status(me: &Newcomer, token: &str) -> u16 {
    let url = fs_err::read_to_string(me.data().join("url")).expect("an address");
    let address = url.trim().trim_start_matches("http://").to_owned();
    let mut stream = std::net::TcpStream::connect(&address).expect("connected");
    let request = format!(
        "GET /api/v1/stats HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer \
         {token}\r\nconnection: close\r\n\r\n"
    );
    std::io::Write::write_all(&mut stream, request.as_bytes()).expect("asked");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    answer[9..12].parse().expect("a status")
}

#[test]
fn a_token_is_removed_and_replaced_while_the_server_runs() {
    let me = Newcomer::new();
    let server = me.serve();
    let path = me.data().join("token");
    let read = || {
        fs_err::read_to_string(&path)
            .expect("a token")
            .trim()
            .to_owned()
    };
    let first = read();
    assert_eq!(status(&me, &first), 200);

    fs_err::remove_file(&path).expect("removed");
    assert_eq!(status(&me, &first), 401, "it is good no more");
    let second = read();
    assert_eq!(status(&me, &second), 200, "the next one is made");

    fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("opened");
    assert_eq!(status(&me, &second), 401, "others may have read it");
    fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("closed");
    assert_eq!(status(&me, &second), 200);
    server.stop();
}

#[test]
fn nothing_that_somebody_wrote_speaks_to_the_terminal() {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    me.refused(&["feature", "add", "zoo", "two\nlines"], "one line");
    // What turns the direction of a line is refused in a title; a mark that letters need is not.
    let turned = ["feature", "add", "zoo", "Feed\u{202e}them"];
    me.refused(&turned, "turns of the writing direction");
    let title = "Feed\u{200f}them";
    let id = me.ok(&[
        "feature",
        "add",
        "zoo",
        title,
        "--description",
        EVIL,
        "--step",
        EVIL,
    ]);
    let id = id.split_whitespace().next().expect("an id").to_owned();
    me.ok(&[
        "feature",
        "comment",
        "zoo",
        &id,
        &format!("{EVIL}\nzoo  completed"),
    ]);

    let verbs: &[&[&str]] = &[
        &["feature", "list", "zoo"],
        &["feature", "show", "zoo", &id],
        &["feature", "show", "zoo", &id, "--json"],
        &["project", "show", "zoo"],
        &["container", "list", "zoo"],
        &["trunk", "show", "zoo"],
        &["trunk", "conflicts", "zoo"],
        &["beads", "export", "zoo"],
        &["log", "tail"],
        &["log", "tail", "--json"],
        &["log", "show", "3"],
    ];
    for verb in verbs {
        let (done, out, said) = me.said(verb);
        assert!(done, "{verb:?}: {said}");
        let speaks = |c: char| {
            (c.is_control() && c != '\n' && c != '\t') || matches!(c, '\u{202e}' | '\u{200f}')
        };
        assert!(!out.contains(speaks), "{verb:?}: {out:?}");
    }
    let shown = me.ok(&["feature", "show", "zoo", &id, "--json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(
        shown["content"]["description"], EVIL,
        "JSON keeps every character"
    );
    let (_, _, said) = me.said(&["feature", "show", "zoo", "\u{1b}[2J"]);
    assert!(!said.contains('\u{1b}'), "{said:?}");
    server.stop();
}

#[test]
fn a_verb_in_a_wrong_folder_makes_nothing() {
    let me = Newcomer::new();

    for verb in [
        &["project", "list"][..],
        &["feature", "list", "zoo"],
        &["project", "add", "zoo", "--git-url", "."],
        &["container", "logs", "zoo", "1", "--session", "x"],
        &["beads", "export", "zoo"],
        &["log", "tail"],
        &["log", "verify"],
        &["subscription", "list"],
    ] {
        me.refused(verb, "--data");
        assert!(!me.data().exists(), "{verb:?} made a folder");
    }

    assert!(me.said(&["doctor"]).1.contains("is not there yet"));
    assert!(!me.data().exists(), "the doctor made a folder");
}

/// An agent that is not where containers work would fail at every feature: it is said before the
/// first one is begun.
#[test]
fn an_agent_that_is_not_where_it_would_work_is_not_started() {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    me.ok(&["project", "set", "zoo", "--target", "0"]);
    me.ok(&["feature", "add", "zoo", "Feed the lions"]);
    let start = ["project", "start", "zoo"];

    for agent in ["no-such-agent -p", "~/bin/my-agent", "/opt/no-such-agent"] {
        me.ok(&["project", "set", "zoo", "--agent-command", agent]);
        let program = agent.split(' ').next().expect("a word");
        me.refused(&start, &format!("the agent's program {program} is not"));
        me.refused(&start, "--no-trial");
    }

    me.ok(&["project", "start", "zoo", "--no-trial"]);
    me.ok(&["project", "stop", "zoo"]);
    me.ok(&["project", "set", "zoo", "--agent-command", AGENT]);
    me.ok(&start);
    server.stop();
}

#[test]
fn without_a_server_a_verb_says_that_nothing_runs() {
    let me = Newcomer::new();
    me.serve().stop();
    assert!(!me.data().join("operator.sock").exists() && !me.data().join("url").exists());
    me.add_zoo();
    me.ok(&["feature", "add", "zoo", "Feed the lions"]);

    // An agent is chosen, never taken: the scripted one would fail at every feature.
    let start = ["project", "start", "zoo"];
    me.refused(&start, "--agent-command");
    me.ok(&["project", "set", "zoo", "--script-agent"]);
    let (done, out, said) = me.said(&start);
    assert!(done && out.contains("before a server runs"), "{out}{said}");
    assert!(said.contains("supercargo serve --data"), "{said}");
    let (_, out, said) = me.said(&["project", "show", "zoo"]);
    assert!(
        out.contains("running as soon as a server runs: none does"),
        "{out}"
    );
    assert!(said.contains("no server runs"), "{said}");
    assert!(!me.data().join("operator.sock").exists());
    me.refused(&["log", "tail", "--follow"], "no server runs");
}

#[test]
fn a_server_that_stands_still_is_named_and_one_that_ends_is_noticed() {
    let me = Newcomer::new();
    let server = me.serve();
    let pid = server.id().to_string();
    server.signal(Signal::SIGSTOP);
    #[expect(clippy::disallowed_methods, reason = "how long a person waits")]
    let began = std::time::Instant::now();
    me.refused(&["project", "list"], &format!("process {pid}"));
    assert!(
        began.elapsed() < Duration::from_secs(30),
        "{:?}",
        began.elapsed()
    );
    server.signal(Signal::SIGCONT);
    me.ok(&["project", "list"]);

    let follow = me
        .command(&["log", "tail", "--follow"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("tail");
    server.stop();
    let ended = follow.wait_with_output().expect("ended");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(
        !ended.status.success() && said.contains("no server runs"),
        "{said}"
    );
}

/// What a server in its last moments looks like: it takes connections, answers none, and ends. Its
/// folder is the next one's, and not that of whoever was asking.
#[test]
fn a_server_that_is_ending_is_one_that_ended() {
    let me = Newcomer::new();
    me.serve().stop();

    for verb in [&["log", "tail", "--follow"][..], &["project", "list"]] {
        let socket = me.data().join("operator.sock");
        let listener = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
        let mut ending = Command::new("sleep").arg("600").spawn().expect("sleep");
        fs_err::write(me.data().join("lock"), ending.id().to_string()).expect("written");

        let mut asking = me.command(verb);
        let asking = asking.stdout(Stdio::null()).stderr(Stdio::piped());
        let asking = asking.spawn().expect("a verb");
        let (seen, _) = listener.accept().expect("whether anybody is there");
        drop(seen);
        let (asked, _) = listener.accept().expect("its question");
        drop(asked);
        let (looked, _) = listener.accept().expect("whether anybody is there still");
        ending.kill().expect("killed");
        ending.wait().expect("waited");
        let ended = asking.wait_with_output().expect("ended");
        drop((looked, listener));
        fs_err::remove_file(&socket).expect("removed");

        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(!ended.status.success(), "{verb:?}: {said}");
        assert!(said.contains("ended before it answered"), "{said}");
        assert!(said.contains("no server runs"), "{said}");
    }
}

#[test]
fn output_that_nobody_takes_ends_nothing() {
    let me = Newcomer::new();
    let full = || {
        fs_err::File::options()
            .write(true)
            .open("/dev/full")
            .expect("a full disk")
            .into_file()
    };
    let mut serve = me.command(SERVE);
    let mut server = serve
        .stdout(full())
        .stderr(full())
        .spawn()
        .expect("started");
    let socket = me.data().join("operator.sock");
    let is_there = || fs_err::metadata(&socket).is_ok_and(|found| found.file_type().is_socket());
    while !is_there() {
        assert!(server.try_wait().expect("waited").is_none(), "it ended");
        std::thread::yield_now();
    }
    me.ok(&["project", "list"]);

    let listed = me
        .command(&["project", "list"])
        .stdout(full())
        .output()
        .expect("ran");
    let said = String::from_utf8_lossy(&listed.stderr);
    assert!(
        !listed.status.success() && said.contains("No space left"),
        "{said}"
    );
    for verb in [&["project", "list"][..], &["log", "tail"], &["doctor"]] {
        let mut command = me.command(verb);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("ran");
        drop(child.stdout.take());
        let ended = child.wait_with_output().expect("ended");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(!said.contains("panicked"), "{verb:?}: {said}");
    }
    crate::binary::signal(&server, Signal::SIGHUP);
    assert_eq!(
        crate::binary::wait(server),
        Some(0),
        "SIGHUP is an orderly end"
    );
    assert!(!socket.exists());
}

/// A command that holds a key never reaches the log, and nothing is deleted by a slip.
fn secrets_and_deletion_are_refused(me: &Newcomer) {
    me.refused(&["project", "delete", "zoo"], "--yes");
    for setting in ["--agent-command", "--verify", "--setup"] {
        let command = "API_KEY=abc123def456 run";
        me.refused(
            &["project", "set", "zoo", setting, command],
            "would be kept in the log",
        );
    }
    let exported = me.ok(&["log", "export"]);
    assert!(!exported.contains("abc123def456"), "{exported}");
}

#[test]
fn what_was_written_is_there_and_can_be_changed() {
    let me = Newcomer::new();
    let read = |text: String| serde_json::from_str::<serde_json::Value>(&text).expect("JSON");
    me.serve().stop();
    for with_a_server in [false, true] {
        let server = with_a_server.then(|| me.serve());
        if !with_a_server {
            me.add_zoo();
        }
        let mut ids = Vec::new();
        for n in 0..5 {
            let said = me.ok(&["feature", "add", "zoo", &format!("Feed {n}")]);
            let (id, rest) = said.split_once(' ').expect("an id and words");
            assert!(rest.contains(&format!("Feed {n}")), "{said}");
            me.ok(&["feature", "show", "zoo", id]);
            ids.push(id.to_owned());
        }
        let added = read(me.ok(&["feature", "add", "zoo", "Clean", "--json"]));
        assert_eq!(added["content"]["title"], "Clean");

        me.ok(&["feature", "depend", "zoo", &ids[0], &ids[1]]);
        let shown = read(me.ok(&["feature", "show", "zoo", &ids[0], "--json"]));
        assert_eq!(shown["blockers"][0], ids[1].as_str());
        me.ok(&[
            "feature",
            "edit",
            "zoo",
            &ids[0],
            "--title",
            "Other",
            "--priority",
            "1",
        ]);
        let shown = read(me.ok(&["feature", "show", "zoo", &ids[0], "--json"]));
        assert_eq!(shown["content"]["title"], "Other");
        assert_eq!(shown["content"]["priority"], 1);
        me.refused(
            &["feature", "edit", "zoo", &ids[0]],
            "nothing is to be changed",
        );
        if let Some(server) = server {
            server.stop();
        }
    }
    assert_eq!(
        read(me.ok(&["container", "sessions", "zoo", "--json"])),
        serde_json::json!([])
    );
    secrets_and_deletion_are_refused(&me);
    me.ok(&[
        "project",
        "set",
        "zoo",
        "--drain",
        "60",
        "--outside-lease",
        "120",
    ]);
    let settings = read(me.ok(&["project", "show", "zoo", "--json"]))["settings"].clone();
    assert_eq!(
        (&settings["drain_ms"], &settings["outside_lease_ms"]),
        (&60_000.into(), &120_000.into())
    );
    me.ok(&["project", "delete", "zoo", "--yes"]);
}

#[test]
fn a_log_that_cannot_be_kept_anywhere_is_refused_at_once() {
    let folder = tempfile::tempdir().expect("folder");
    for url in ["mysql://ann:secret9@127.0.0.1/x", "debug", "sqlite:x"] {
        let mut command = supercargo(&["serve", "--log", url], &folder.path().join("data"));
        let output = command.output().expect("ran");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("PostgreSQL"), "{said}");
    }
}

#[test]
fn verbs_after_an_added_project_wait_for_its_copy() {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    let looked = me.ok(&["project", "upstream", "fetch", "zoo"]);
    assert!(looked.contains("main"), "{looked}");
    server.stop();

    // Nobody copies while no server runs: that is said at once.
    let other = Newcomer::new();
    other.serve().stop();
    other.add_zoo();
    other.refused(&["project", "scaffold", "zoo"], "is not copied yet");
}

/// A server that is root runs containers as users that cannot pass a closed folder.
#[test]
fn a_data_folder_that_containers_cannot_reach_is_refused_at_start() {
    let me = Newcomer::new();
    let closed = std::fs::Permissions::from_mode(0o700);
    fs_err::set_permissions(me.folder.path(), closed).expect("closed");
    if nix::unistd::geteuid().is_root() {
        let serve = [SERVE, &["--engine", "process"]].concat();
        me.refused(&serve, "chmod o+x");
    } else {
        me.serve().stop();
    }
}

/// What the system refuses is told with what it was about: a path, a port, a program.
#[test]
fn what_the_system_refuses_is_told_with_its_name() {
    let me = Newcomer::new();
    let taken = me.folder.path().join("taken");
    fs_err::write(&taken, b"").expect("a file");
    let below = taken.join("data");
    let serve = supercargo(SERVE, &below).output().expect("ran");
    let said = String::from_utf8_lossy(&serve.stderr).into_owned();
    let named = said.contains(&below.display().to_string());
    assert!(!serve.status.success() && named, "{said}");
    assert!(said.contains("Not a directory"), "{said}");

    let first = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = first.local_addr().expect("its address").to_string();
    let (done, _, said) = me.said(&["serve", "--allow-unisolated", "--listen", &address]);
    assert!(!done && said.contains(&address), "{said}");
    assert!(
        said.contains("in use") && said.contains("--listen"),
        "{said}"
    );

    let mut doctor = me.command(&["doctor"]);
    let nowhere = me.folder.path().join("nowhere");
    let output = doctor.env("PATH", &nowhere).output().expect("ran");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(told.contains("starting git: No such file"), "{told}");
}
