//! Bundles with the real binary: what is in one, and that it is the same elsewhere; what is kept
//! out of it; and what becomes of a file that cannot be made.

use std::path::{Path, PathBuf};
use std::process::Command;

use events::id::Digest;
use serde_json::Value;
use supercargo::bundle::{Bundle, Header, PartName};

use super::terminal::Seen;
use super::verbs::with_a_log;
use crate::binary::{Serving, supercargo};
use crate::house::root;
use crate::log::database;
use crate::newcomer::{AGENT, Newcomer, agent_that};

/// The binary with these arguments and nothing else: a bundle needs no data folder.
pub(super) fn alone(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_supercargo"));
    command.args(args).stdin(std::process::Stdio::null());
    command.env_remove("SUPERCARGO_DATA");
    command
}

/// What a command said on both ways, and whether it did what it was told.
pub(super) fn said(command: &mut Command) -> (bool, String) {
    let output = command.output().expect("ran");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    (output.status.success(), told + &complained)
}

fn ok(args: &[&str]) -> String {
    let (done, told) = said(&mut alone(args));
    assert!(done, "{args:?}: {told}");
    told
}

/// What a verb prints of a data folder.
fn of(data: &Path, args: &[&str]) -> String {
    let output = supercargo(args, data).output().expect("ran");
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {complained}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(super) fn text(path: &Path) -> &str {
    path.to_str().expect("a path")
}

/// The names of all that lies in a folder.
pub(super) fn listed(folder: &Path) -> Vec<String> {
    let entries = fs_err::read_dir(folder).expect("a folder").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// A project in which one feature was merged, with an agent that prints something.
fn with_work() -> Newcomer {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    let set = ["project", "set", "zoo", "--verify", "test -f README"];
    me.ok(&[&set[..], &["--target", "1", "--agent-command", TALKER]].concat());
    me.ok(&["feature", "add", "zoo", "Feed the lions"]);
    me.ok(&["project", "start", "zoo"]);
    me.follow_until_all_is_quiet();
    server.stop();
    me
}

const TALKER: &str = agent_that!(
    r#"    cat > /dev/null
    animal=zebra
    echo "$animal-crossing-seventy-seven"
    echo made > lions.txt
    git add --all
    git commit --quiet -m Feed
    supercargo agent submit"#
);

fn made(me: &Newcomer, more: &[&str]) -> (PathBuf, Header) {
    let file = me.folder.path().join("incident.bundle");
    let shown = me.ok(&[&["replay", "bundle", text(&file), "--json"], more].concat());
    (file, serde_json::from_str(&shown).expect("a header"))
}

/// Unpacks a bundle beside the folder of a newcomer.
fn elsewhere(me: &Newcomer, file: &Path) -> PathBuf {
    let into = me.folder.path().join("elsewhere");
    ok(&["replay", "open", text(file), "--into", text(&into)]);
    into
}

fn count(header: &Header, kind: fn(&PartName) -> bool) -> usize {
    header.parts.iter().filter(|part| kind(&part.part)).count()
}

/// Whatever is asked about the past has the same answer there.
#[test]
fn a_bundle_answers_elsewhere_as_the_log_did_here() {
    let me = with_work();
    let (file, header) = made(&me, &["--project", "zoo"]);
    let blobs = count(&header, |part| matches!(part, PartName::Blob(_)));
    let transcripts = count(&header, |part| matches!(part, PartName::Transcript(_)));
    assert!(blobs >= 4, "prompts, a verdict, ends: {header:?}");
    assert!(transcripts >= 3, "{header:?}");
    assert!(header.left_out.is_empty(), "{header:?}");
    let told = ok(&["replay", "open", text(&file)]);
    let states = format!("all {} states are the same", header.head);
    assert!(told.contains(&states), "{told}");
    assert!(told.contains("sealed up to position"), "{told}");

    let there = elsewhere(&me, &file);
    let here = me.folder.path().join("data");
    let head = header.head.to_string();
    let until = ["--until", "project.closed == 1", "--project", "zoo"];
    let asked: [&[&str]; 12] = [
        &["replay", "state", "--project", "zoo"],
        &["replay", "state", "--project", "zoo", "--view", "board"],
        &["replay", "state", "--at", "9", "--project", "zoo"],
        &["replay", "diff", "5", "30", "--project", "zoo", "--json"],
        &["replay", "why", "project", "zoo", "--at", &head],
        &["replay", "why", "slot", "zoo", "1", "--at", "30"],
        &["replay", "why-not", "start", "zoo", "--at", &head],
        &["replay", "digests"],
        &["report", "--since", "1", "--until", &head],
        &["log", "export"],
        &["log", "stats"],
        &["log", "verify"],
    ];
    for args in asked {
        assert_eq!(of(&there, args), of(&here, args), "{args:?}");
    }
    let bisect = [&["replay", "bisect"], &until[..]].concat();
    assert!(of(&there, &bisect).contains("feature.closed"));
    assert!(of(&there, &["log", "audit"]).starts_with("clean"));
    let compare = ["replay", "compare", text(&there)];
    assert!(of(&here, &compare).contains("and both end there"));
    let states = there.join("states");
    let check = ["replay", "check", text(&states)];
    assert!(of(&there, &check).contains("states are the same"));
}

/// The verbs that ask a server ask the folder, which takes nothing.
#[test]
fn what_was_printed_and_proved_is_read_there_and_nothing_is_changed() {
    let me = with_work();
    let (file, header) = made(&me, &[]);
    let there = elsewhere(&me, &file);
    let before = of(&there, &["log", "export"]);

    for part in &header.parts {
        if let PartName::Transcript(session) = &part.part {
            let logs = [
                "container",
                "logs",
                "zoo",
                "1",
                "--session",
                session.as_str(),
            ];
            assert_eq!(of(&there, &logs), me.ok(&logs), "{session}");
        }
    }
    let found = of(&there, &["container", "find", "zoo", "zebra-crossing"]);
    assert!(found.contains("s-"), "{found}");
    let features = of(&there, &["feature", "list", "zoo", "--json"]);
    let features: Value = serde_json::from_str(&features).expect("JSON");
    let id = features[0]["id"].as_str().expect("an id");
    let evidence = of(&there, &["feature", "evidence", "zoo", id, "--json"]);
    let evidence: Vec<Value> = serde_json::from_str(&evidence).expect("JSON");
    let mut texts = 0;
    for digest in evidence.iter().filter_map(|piece| piece["digest"].as_str()) {
        let args = ["feature", "evidence", "zoo", id, "--text", digest];
        assert_eq!(of(&there, &args), me.ok(&args), "{digest}");
        texts += 1;
    }
    assert!(texts >= 3, "{evidence:?}");

    for args in [
        &["feature", "add", "zoo", "Feed the bears"][..],
        &["project", "start", "zoo"],
        &["feature", "comment", "zoo", id, "well done"],
        &["container", "stop", "zoo", "1"],
        &["project", "set", "zoo", "--target", "3"],
    ] {
        let (done, told) = said(&mut supercargo(args, &there));
        assert!(
            !done && told.contains("nothing is changed in it"),
            "{args:?}: {told}"
        );
    }
    let (done, told) = said(&mut supercargo(&["replay", "bundle", "/dev/null"], &there));
    assert!(!done && told.contains("is there already"), "{told}");
    assert_eq!(of(&there, &["log", "export"]), before);
}

/// A bundle of a bundle is one as well: the same events, the same parts.
#[test]
fn a_bundle_is_made_of_what_was_unpacked_from_another() {
    let me = with_work();
    let (file, first) = made(&me, &["--project", "zoo"]);
    let there = elsewhere(&me, &file);
    let again = me.folder.path().join("again.bundle");
    let args = [
        "replay",
        "bundle",
        text(&again),
        "--project",
        "zoo",
        "--json",
    ];
    let second: Header = serde_json::from_str(&of(&there, &args)).expect("a header");
    // The header of the states names the build, which is the same one.
    assert_eq!(second.parts, first.parts);
    assert_eq!((second.log, second.digest), (first.log, first.digest));
}

/// What the server on this folder answers, to whoever has its token.
fn asked(data: &Path, method: &str, path: &str) -> String {
    let read = |name: &str| fs_err::read_to_string(data.join(name)).expect(name);
    let (url, token) = (read("url"), read("token"));
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--max-time", "60", "--request", method]);
    curl.args([
        "--header",
        &format!("Authorization: Bearer {}", token.trim()),
    ]);
    curl.args(["--header", "Content-Type: application/json"]);
    if method != "GET" {
        curl.args(["--data", "{}"]);
    }
    curl.arg(format!("{}{path}", url.trim()));
    let output = curl.output().expect("asked");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Routes that are no reads by their method, and change nothing of what is shown.
const LOOKS: &[&str] = &["/session", "/session/link", "/log/verify", "/log/audit"];

/// Every route of the description is tried: what reads is answered, and what writes is refused
/// before it is looked at.
#[test]
fn every_route_reads_or_is_refused() {
    let me = with_work();
    let (file, _) = made(&me, &[]);
    let into = me.folder.path().join("shown");
    let args = [
        "replay",
        "open",
        text(&file),
        "--serve",
        "--listen",
        "127.0.0.1:0",
    ];
    let server = Serving::start(alone(&[&args[..], &["--into", text(&into)]].concat()));
    let before = of(&into, &["log", "export"]);
    let features = of(&into, &["feature", "list", "zoo", "--json"]);
    let features: Value = serde_json::from_str(&features).expect("JSON");
    let id = features[0]["id"].as_str().expect("an id");

    let described = fs_err::read_to_string(root().join("docs/openapi.json"));
    let described: Value = serde_json::from_str(&described.expect("the API")).expect("JSON");
    let (mut read, mut refused) = (0, 0);
    for (path, methods) in described["paths"].as_object().expect("paths") {
        let filled = path.replace("{p}", "zoo").replace("{id}", id);
        let filled = filled
            .replace("{n}", "1")
            .replace("{entry}", "1")
            .replace("{name}", "x");
        for method in methods.as_object().expect("methods").keys() {
            let answer = match path.ends_with("/live") || path.ends_with("/hold") {
                true => continue,
                false => asked(&into, &method.to_uppercase(), &filled),
            };
            let is_look = LOOKS.iter().any(|look| path.ends_with(look));
            let is_refused = answer.contains("\"read_only\"");
            if method == "get" || is_look {
                assert!(!is_refused, "{method} {filled}: {answer}");
                read += 1;
            } else {
                assert!(is_refused, "{method} {filled}: {answer}");
                refused += 1;
            }
        }
    }
    assert!(read > 30 && refused > 40, "{read} read, {refused} refused");

    let link = of(&into, &["sign-in"]);
    assert!(link.starts_with("http://127.0.0.1:"), "{link}");
    server.stop();
    assert_eq!(of(&into, &["log", "export"]), before);
}

#[test]
fn the_web_interface_shows_a_bundle_and_takes_nothing() {
    let me = with_work();
    let (file, header) = made(&me, &[]);
    let args = [
        "replay",
        "open",
        text(&file),
        "--serve",
        "--listen",
        "127.0.0.1:0",
    ];
    let into = me.folder.path().join("shown");
    let server = Serving::start(alone(&[&args[..], &["--into", text(&into)]].concat()));

    let list = of(&into, &["feature", "list", "zoo"]);
    assert!(
        list.contains("Feed the lions") && list.contains("closed"),
        "{list}"
    );
    let ask = |method: &str, path: &str| asked(&into, method, path);
    let board = ask("GET", "/api/v1/projects/zoo/board?at=12");
    assert!(board.contains("Feed the lions"), "{board}");
    let log = ask("GET", "/api/v1/log");
    assert!(log.contains(&header.log), "{log}");
    let audit = ask("POST", "/api/v1/log/audit");
    assert!(!audit.contains("read_only"), "{audit}");
    for (method, path) in [
        ("POST", "/api/v1/projects"),
        ("POST", "/api/v1/projects/zoo/start"),
        ("PATCH", "/api/v1/projects/zoo"),
        ("DELETE", "/api/v1/projects/zoo"),
        ("PUT", "/api/v1/projects/zoo/target"),
        ("POST", "/git/zoo.git/git-receive-pack"),
        ("POST", "/hooks/zoo"),
    ] {
        let told = ask(method, path);
        assert!(told.contains("read_only"), "{method} {path}: {told}");
    }
    server.stop();
    let head = of(&into, &["log", "verify"]);
    assert!(
        head.contains(&format!("events 1 to {}", header.head)),
        "{head}"
    );

    // A server that is started on the folder later shows it as well.
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let server = Serving::start(supercargo(&serve, &into));
    let (done, told) = said(&mut supercargo(&["project", "start", "zoo"], &into));
    assert!(!done && told.contains("nothing is changed in it"), "{told}");
    server.stop();
    assert_eq!(of(&into, &["log", "verify"]), head);
}

#[test]
fn in_a_terminal_a_bundle_opens_in_the_debugger_where_it_says() {
    let me = with_a_log();
    let head = me.export().len();
    let (file, _) = made(&me, &["--project", "zoo", "--at", "2"]);
    let (mut seen, before) = Seen::start(&alone(&["replay", "open", text(&file)]), (100, 30));
    seen.shows(&format!(" 2 of {head} "));
    seen.shows("project.registered  project-zoo version 1");
    seen.types("l");
    seen.shows(&format!(" 3 of {head} "));
    seen.types("q");
    let (code, after, _) = seen.ended();
    assert_eq!((code, after), (Some(0), before));

    let args = [
        "replay",
        "open",
        text(&file),
        "--at",
        "3",
        "--stream",
        "node-local",
    ];
    let (mut seen, _) = Seen::start(&alone(&args), (100, 30));
    seen.shows(&format!(" 3 of {head} "));
    seen.types("q");
    assert_eq!(seen.ended().0, Some(0));
}

/// A bundle of any instant is sound: states, chain and audit hold for the beginning of a log.
#[test]
fn a_bundle_ends_where_it_is_told_to() {
    let me = with_work();
    let head = u64::try_from(me.export().len()).expect("a count");
    for to in [1, 2, 7, head / 2, head - 1] {
        let file = me.folder.path().join(format!("{to}.bundle"));
        let into = me.folder.path().join(format!("at-{to}"));
        me.ok(&["replay", "bundle", text(&file), "--to", &to.to_string()]);
        let told = ok(&["replay", "open", text(&file)]);
        assert!(
            told.contains(&format!("all {to} states are the same")),
            "{told}"
        );
        assert!(told.contains("sealed up to position"), "{to}: {told}");
        ok(&["replay", "open", text(&file), "--into", text(&into)]);
        let verified = of(&into, &["log", "verify"]);
        assert!(
            verified.contains(&format!("events 1 to {to},")),
            "{verified}"
        );
        let audit = of(&into, &["log", "audit"]);
        assert!(audit.starts_with("clean"), "{to}: {audit}");
        let at = to.to_string();
        let state = ["replay", "state", "--at", &at, "--json"];
        assert_eq!(of(&into, &state), me.ok(&state), "{to}");
    }

    for (more, words) in [
        (&["--to", "0"][..], "there is nothing to bundle"),
        (&["--to", "99999"], "beyond the head"),
        (&["--to", "5", "--at", "6"], "cannot begin at position 6"),
        (&["--to", "yesterday"], "neither a position such as 42"),
        (&["--project", "a b"], "invalid value"),
    ] {
        let file = me.folder.path().join("none.bundle");
        me.refused(&[&["replay", "bundle", text(&file)], more].concat(), words);
        assert!(!file.exists(), "{more:?}");
    }
}

/// What is left out is named, and nothing that reads the folder takes it for lost.
#[test]
fn transcripts_are_bounded_and_those_left_out_are_named() {
    let me = with_work();
    let (file, header) = made(&me, &["--transcripts", "0"]);
    let absent: Vec<String> = header.absent().map(ToString::to_string).collect();
    assert!(absent.len() >= 3, "{header:?}");
    assert_eq!(
        count(&header, |part| matches!(part, PartName::Transcript(_))),
        0
    );
    let told = ok(&["replay", "open", text(&file)]);
    assert!(
        told.contains(&format!("without the transcript {}", absent[0])),
        "{told}"
    );
    assert!(told.contains("0 of 0 were left"), "{told}");
    let there = elsewhere(&me, &file);
    assert!(of(&there, &["log", "audit"]).starts_with("clean"));

    // The same folder without that list has lost them.
    let manifest = there.join("bundle.json");
    let mut shown: Value =
        serde_json::from_slice(&fs_err::read(&manifest).expect("a header")).expect("JSON");
    shown["left_out"] = Value::Array(vec![]);
    fs_err::write(&manifest, shown.to_string()).expect("written");
    let (done, told) = said(&mut supercargo(&["log", "audit"], &there));
    assert!(!done && told.contains(&absent[0]), "{told}");

    // Of another project there is neither a blob nor a transcript.
    let other = me.folder.path().join("other.bundle");
    let args = [
        "replay",
        "bundle",
        text(&other),
        "--project",
        "ark",
        "--json",
    ];
    let header: Header = serde_json::from_str(&me.ok(&args)).expect("a header");
    assert_eq!(header.absent().count(), absent.len(), "{header:?}");
    assert!(
        header
            .left_out
            .iter()
            .all(|left| left.why.contains("another project"))
    );
    assert_eq!(count(&header, |part| matches!(part, PartName::Blob(_))), 0);
}

#[test]
fn what_looks_like_a_key_does_not_get_out() {
    let me = with_work();
    // A value that this machine keeps secret only after it was printed.
    let token = me.folder.path().join("given");
    fs_err::write(&token, "zebra-crossing-seventy-seven").expect("a token");
    let set = ["project", "set", "zoo", "--token-file", text(&token)];
    let server = me.serve();
    me.ok(&set);
    server.stop();

    let (file, header) = made(&me, &[]);
    let absent = header.absent().count();
    assert_eq!(absent, 1, "{header:?}");
    let why = &header.left_out[0].why;
    assert!(why.contains("looks like a key"), "{why}");
    let there = elsewhere(&me, &file);
    let found = of(&there, &["container", "find", "zoo", "zebra-crossing"]);
    assert!(found.contains("no session printed that"), "{found}");
    fs_err::remove_file(&file).expect("removed");

    let before = me.export().len().to_string();
    let server = me.serve();
    let told = "Set API_KEY=abc123def456ghi in the environment.";
    me.ok(&["feature", "add", "zoo", "Call", "--description", told]);
    server.stop();
    me.refused(
        &["replay", "bundle", text(&file)],
        "what looks like a key is in the events at",
    );
    assert!(!file.exists());
    me.ok(&["replay", "bundle", text(&file), "--to", &before]);
    fs_err::remove_file(&file).expect("removed");
    me.ok(&["replay", "bundle", text(&file), "--with-secrets"]);
    ok(&["replay", "open", text(&file)]);
}

#[test]
fn a_file_that_cannot_be_made_leaves_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let me = with_a_log();
    let here = me.folder.path().join("made");
    fs_err::create_dir(&here).expect("a folder");
    let file = here.join("a.bundle");
    me.ok(&["replay", "bundle", text(&file)]);
    let mode = fs_err::metadata(&file)
        .expect("a file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(listed(&here), ["a.bundle"]);

    let before = fs_err::read(&file).expect("a bundle");
    me.refused(
        &["replay", "bundle", text(&file)],
        "is there already: name another file",
    );
    assert_eq!(fs_err::read(&file).expect("a bundle"), before);
    let nowhere = here.join("nowhere/b.bundle");
    me.refused(&["replay", "bundle", text(&nowhere)], "making a file in");
    let link = here.join("link");
    fs_err::os::unix::fs::symlink("/nowhere", &link).expect("a link");
    me.refused(&["replay", "bundle", text(&link)], "is there already");
    fs_err::remove_file(&link).expect("removed");

    // A disk that is full, as far as this process is concerned.
    let server = me.serve();
    let mut noise = fastrand::Rng::with_seed(7);
    for title in ["Long", "Longer"] {
        let text: String = (0..30_000).map(|_| noise.alphanumeric()).collect();
        me.ok(&["feature", "add", "zoo", title, "--description", &text]);
    }
    server.stop();
    let program = me.command(&["replay", "bundle", text(&here.join("c.bundle"))]);
    let mut full = Command::new("bash");
    full.args(["-c", "trap '' XFSZ; ulimit -f 36; exec \"$0\" \"$@\""]);
    full.arg(program.get_program()).args(program.get_args());
    let (done, told) = said(&mut full);
    assert!(!done && told.contains("c.bundle"), "{told}");
    assert_eq!(listed(&here), ["a.bundle"]);

    // Where it is unpacked to is left alone as well.
    let taken = here.join("taken");
    fs_err::create_dir(&taken).expect("a folder");
    fs_err::write(taken.join("mine"), "x").expect("written");
    for (into, words) in [
        (taken.clone(), "is not empty"),
        (file.clone(), "is not empty"),
        (here.join("nowhere/deep"), "making a folder in"),
    ] {
        let args = ["replay", "open", text(&file), "--into", text(&into)];
        let (done, told) = said(&mut alone(&args));
        assert!(!done && told.contains(words), "{told}");
    }
    assert_eq!(listed(&here), ["a.bundle", "taken"]);
    assert_eq!(listed(&taken), ["mine"]);

    // An empty folder is taken.
    fs_err::remove_file(taken.join("mine")).expect("removed");
    ok(&["replay", "open", text(&file), "--into", text(&taken)]);
    assert!(taken.join("log.db").exists());
    assert!(Bundle::open(&file).is_ok());
}

/// Bundles of a log that goes on: each holds the beginning of it, whole.
#[test]
fn a_bundle_is_made_while_the_server_works() {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    let set = ["project", "set", "zoo", "--verify", "test -f README"];
    me.ok(&[&set[..], &["--target", "2", "--agent-command", AGENT]].concat());
    for title in ["Feed the lions", "Feed the bears", "Feed the storks"] {
        me.ok(&["feature", "add", "zoo", title]);
    }
    me.ok(&["project", "start", "zoo"]);

    let mut heads = vec![];
    for (n, kind) in [
        "feature.claimed",
        "feature.submitted",
        "trunk.verified",
        "feature.closed",
    ]
    .into_iter()
    .enumerate()
    {
        me.follow_until(kind);
        let file = me.folder.path().join(format!("{n}.bundle"));
        let shown = me.ok(&["replay", "bundle", text(&file), "--json"]);
        let header: Header = serde_json::from_str(&shown).expect("a header");
        heads.push(header.head);
    }
    me.follow_until_all_is_quiet();
    server.stop();
    assert!(heads.windows(2).all(|pair| pair[0] <= pair[1]), "{heads:?}");

    let log = me.ok(&["log", "export"]);
    for (n, head) in heads.into_iter().enumerate() {
        let file = me.folder.path().join(format!("{n}.bundle"));
        let told = ok(&["replay", "open", text(&file)]);
        assert!(
            told.contains(&format!("all {head} states are the same")),
            "{told}"
        );
        let into = me.folder.path().join(format!("into-{n}"));
        ok(&["replay", "open", text(&file), "--into", text(&into)]);
        let audit = of(&into, &["log", "audit"]);
        assert!(audit.starts_with("clean"), "{audit}");

        // What answers a command again is known as long as it is remembered: the events are equal.
        let events = |text: &str| -> Vec<Value> {
            let lines = text
                .lines()
                .skip(1)
                .take(usize::try_from(head).expect("a count"));
            let events = lines.map(|line| serde_json::from_str(line).expect("JSON"));
            events.map(|event: Value| event["digest"].clone()).collect()
        };
        let there = of(&into, &["log", "export"]);
        assert_eq!(there.lines().count() as u64, head + 1);
        assert_eq!(events(&there), events(&log));
    }
}

/// A log in PostgreSQL goes into the same file as one in a file.
#[test]
fn a_log_in_postgresql_is_bundled_alike() {
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    let url = runtime.block_on(database("a bundle of a log in PostgreSQL"));
    let Some(url) = url else {
        return;
    };
    let me = with_a_log();
    let (file, first) = made(&me, &["--project", "zoo"]);
    let there = elsewhere(&me, &file);
    let export = me.folder.path().join("export");
    fs_err::write(&export, of(&there, &["log", "export"])).expect("written");
    let moved = me.folder.path().join("moved");
    of(&moved, &["log", "import", text(&export), "--log", &url]);
    for part in listed(&there.join("blobs")) {
        let (from, to) = (
            there.join("blobs").join(&part),
            moved.join("blobs").join(&part),
        );
        fs_err::create_dir_all(&to).expect("a folder");
        for blob in listed(&from) {
            fs_err::copy(from.join(&blob), to.join(&blob)).expect("copied");
        }
    }

    let again = me.folder.path().join("again.bundle");
    let args = [
        "replay",
        "bundle",
        text(&again),
        "--project",
        "zoo",
        "--json",
    ];
    let shown = of(&moved, &[&args[..], &["--log", &url]].concat());
    let second: Header = serde_json::from_str(&shown).expect("a header");
    assert_eq!(second.parts, first.parts);
    assert!(ok(&["replay", "open", text(&again)]).contains("states are the same"));
}

/// Verbs that would work on what is not in a bundle say so.
#[test]
fn what_a_bundle_does_not_hold_is_told() {
    let me = with_a_log();
    let (file, _) = made(&me, &[]);
    let there = elsewhere(&me, &file);
    let (done, told) = said(&mut supercargo(
        &["lineage", "line", "zoo", "README:1"],
        &there,
    ));
    assert!(!done && told.contains("has no repository"), "{told}");
    let (done, told) = said(&mut supercargo(&["try", "--exit-when-done"], &there));
    assert!(
        !done && told.contains("looked at, and not worked with"),
        "{told}"
    );
    let into = text(&there).to_owned();
    for more in [
        &["--serve", "--at", "1"][..],
        &["--into", &into, "--at", "1"],
    ] {
        let args = [&["replay", "open", text(&file)], more].concat();
        let (done, told) = said(&mut alone(&args));
        assert!(!done && told.contains("cannot be used with"), "{told}");
    }
    let (done, told) = said(&mut alone(&[
        "replay",
        "open",
        text(&file),
        "--into",
        &into,
    ]));
    assert!(!done && told.contains("is not empty"), "{told}");
}

/// A backup of an unpacked folder is a log like any other: what was for reading is worked with
/// only by who makes a folder of their own of it.
#[test]
fn an_unpacked_folder_is_backed_up_as_a_log() {
    let me = with_a_log();
    let (file, header) = made(&me, &[]);
    let there = elsewhere(&me, &file);
    let backup = me.folder.path().join("backup");
    of(&there, &["log", "backup", text(&backup)]);
    assert!(!backup.join("bundle.json").exists());
    let mine = me.folder.path().join("mine");
    of(&mine, &["log", "restore", text(&backup)]);
    let verified = of(&mine, &["log", "verify"]);
    assert!(verified.contains(&header.digest.to_string()), "{verified}");
    let server = Serving::start(supercargo(&["serve", "--listen", "127.0.0.1:0"], &mine));
    of(&mine, &["feature", "add", "zoo", "Feed the bears"]);
    server.stop();
}

/// What is unpacked to be looked at once is gone afterwards.
#[test]
fn nothing_is_left_of_a_bundle_that_was_looked_at() {
    let me = with_a_log();
    let (file, _) = made(&me, &["--project", "zoo"]);
    let scratch = me.folder.path().join("scratch");
    fs_err::create_dir(&scratch).expect("a folder");
    let open = |more: &[&str]| {
        let mut command = alone(&[&["replay", "open", text(&file)], more].concat());
        command.env("TMPDIR", &scratch);
        command
    };
    for more in [&[][..], &["--json"]] {
        let (done, told) = said(&mut open(more));
        assert!(done, "{told}");
        assert!(
            listed(&scratch).is_empty(),
            "{more:?}: {:?}",
            listed(&scratch)
        );
    }

    let server = Serving::start(open(&["--serve", "--listen", "127.0.0.1:0"]));
    assert_eq!(listed(&scratch).len(), 1);
    server.stop();
    assert!(listed(&scratch).is_empty(), "{:?}", listed(&scratch));

    let (mut seen, _) = Seen::start(&open(&[]), (100, 30));
    seen.shows("node.stopped");
    assert_eq!(listed(&scratch).len(), 1);
    seen.types("q");
    assert_eq!(seen.ended().0, Some(0));
    assert!(listed(&scratch).is_empty(), "{:?}", listed(&scratch));
}

/// What is left out is told in a few lines, however much it is, and listed whole as JSON.
#[test]
fn a_long_list_of_what_was_left_out_is_told_in_short() {
    let me = with_a_log();
    let (file, mut header) = made(&me, &[]);
    let there = elsewhere(&me, &file);
    let one = |n: usize| format!(r#"{{"part": "transcript s-{n:016}", "why": "no room"}}"#);
    let all: Vec<_> = (0..50)
        .map(|n| serde_json::from_str(&one(n)).expect("a part"))
        .collect();
    header.left_out = all;
    assert_eq!(header.absent().count(), 50);
    let shown = serde_json::to_vec(&header).expect("JSON");
    fs_err::write(there.join("bundle.json"), shown).expect("written");
    assert!(of(&there, &["log", "audit"]).starts_with("clean"));

    let bytes = fs_err::read(&file).expect("a bundle");
    let line = bytes.iter().position(|b| *b == b'\n').expect("a header");
    let mut longer = serde_json::to_vec(&header).expect("JSON");
    longer.extend(&bytes[line..bytes.len() - 32]);
    let digest = Digest::of(&longer);
    longer.extend(digest.0);
    fs_err::write(&file, longer).expect("written");
    let told = ok(&["replay", "open", text(&file)]);
    assert_eq!(told.matches("without the transcript").count(), 20, "{told}");
    assert!(
        told.contains("and without 30 more, which --json lists"),
        "{told}"
    );
    let json = ok(&["replay", "open", text(&file), "--json"]);
    assert_eq!(json.matches("no room").count(), 50);
}
