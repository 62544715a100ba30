//! What README promises a newcomer, with the real binary: a fleet on a repository of one's own,
//! with an agent that is just a command; the log read with and without a server; and wrong inputs,
//! each answered with what to do.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actors::ports::transcripts::Transcripts;
use supercargo::adapters::transcripts::TranscriptFolder;

use crate::binary::{STUCK_AFTER, Serving, supercargo};
use crate::world::stub::git;

/// An agent whose coder does this, with a reviewer and an overseer that have nothing to say against
/// it; first, what all of them do before.
macro_rules! agent_that {
    ($coder:literal) => {
        agent_that!("set -e\n", $coder)
    };
    ($before:literal, $coder:literal) => {
        concat!(
            $before,
            "case \"$SUPERCARGO_ROLE\" in\ncoder)\n",
            $coder,
            " ;;\n",
            r#"reviewer) echo '{"judgement":"pass","findings":[],"ran":[{"command":"ls","exit":0}]}' | supercargo agent verdict - ;;
overseer) echo '{"checked":[{"requirement":"it is there","evidence":"ls"}],"findings":[]}' | supercargo agent report - ;;
esac"#
        )
    };
}
pub(crate) use agent_that;

/// What an agent of a test does in the other roles than the coder's, and the end of its `case`.
pub(crate) const OTHER_ROLES: &str = r#"
reviewer) echo '{"judgement":"pass","findings":[],"ran":[{"command":"ls","exit":0}]}' | supercargo agent verdict - ;;
overseer) echo '{"checked":[{"requirement":"it is there","evidence":"ls"}],"findings":[]}' | supercargo agent report - ;;
esac"#;

/// An agent in ten lines of shell: it does the role it is given.
pub(crate) const AGENT: &str = agent_that!(
    r#"    cat > /dev/null
    echo "made for $SUPERCARGO_FEATURE" > "$SUPERCARGO_FEATURE.txt"
    git add --all
    git commit --quiet -m "Make $SUPERCARGO_FEATURE"
    supercargo agent submit"#
);

pub(crate) struct Newcomer {
    pub(crate) folder: tempfile::TempDir,
    /// Times that the project was completed when all was found quiet last.
    completed: Arc<AtomicUsize>,
}

impl Newcomer {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path();

        git(
            path,
            &[
                "init",
                "--quiet",
                "--bare",
                "--initial-branch=main",
                "zoo.git",
            ],
        )
        .expect("upstream");
        git(path, &["clone", "--quiet", "zoo.git", "tree"]).expect("clone");
        fs_err::write(path.join("tree/README"), "A zoo\n").expect("file");
        for args in [
            &["checkout", "--quiet", "-B", "main"][..],
            &["add", "--all"],
            &["commit", "--quiet", "-m", "Begin"],
        ] {
            git(&path.join("tree"), args).expect("git");
        }

        git(&path.join("tree"), &["push", "--quiet", "origin", "main"]).expect("pushed");
        Self {
            folder,
            completed: Arc::default(),
        }
    }

    pub(crate) fn upstream(&self) -> PathBuf {
        self.folder.path().join("zoo.git")
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        supercargo(args, &self.folder.path().join("data"))
    }

    /// What a command says, when it does what it is told.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let output = self.command(args).output().expect("ran");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let told = || {
            String::from_utf8_lossy(&output.stdout)
                .chars()
                .take(4_000)
                .collect::<String>()
        };
        assert!(output.status.success(), "{args:?}: {said}{}", told());
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What a command says, when it does not.
    pub(crate) fn refused(&self, args: &[&str], words: &str) {
        let output = self.command(args).output().expect("ran");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{args:?} was not refused");
        assert!(said.contains(words), "{args:?} said: {said}");
        assert!(!said.contains("panicked"), "{said}");
    }

    /// Registers the upstream as the project `zoo`, without a spec.
    pub(crate) fn add_zoo(&self) {
        self.ok(&[
            "project",
            "add",
            "zoo",
            "--git-url",
            &self.upstream().display().to_string(),
            "--existing",
        ]);
    }

    /// Changes something over the operator's socket.
    pub(crate) fn patch(&self, path: &str, change: &serde_json::Value) {
        let socket = self.folder.path().join("data/operator.sock");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let (path, change) = (path.to_owned(), change.clone());

        let asked = std::thread::spawn(move || {
            runtime.block_on(async move {
                supercargo::wire::call_socket::<_, serde_json::Value>(
                    &socket, "PATCH", &path, &change,
                )
                .await
            })
        });
        asked.join().expect("asked").expect("changed");
    }

    /// Every event there is.
    pub(crate) fn export(&self) -> Vec<serde_json::Value> {
        self.ok(&["log", "export"])
            .lines()
            .skip(1)
            .map(|line| serde_json::from_str(line).expect("JSON Lines"))
            .collect()
    }

    /// What sessions printed, all of them.
    pub(crate) fn printed(&self) -> String {
        let folder = self.folder.path().join("data/transcripts");
        let names = fs_err::read_dir(&folder)
            .expect("transcripts")
            .flatten()
            .map(|file| file.file_name());

        // One that is being packed is there under two names.
        let sessions: std::collections::BTreeSet<String> = names
            .map(|name| {
                name.to_string_lossy()
                    .split('.')
                    .next()
                    .expect("a name")
                    .to_owned()
            })
            .collect();
        let read = sessions.iter().map(|session| self.printed_by(session));

        read.collect()
    }

    /// What one session printed.
    pub(crate) fn printed_by(&self, session: &str) -> String {
        let folder = self.folder.path().join("data/transcripts");
        let session = session.parse().expect("a session");
        let read = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            let store = TranscriptFolder::new(folder);
            let read = runtime.block_on(store.read(&session, 0));
            read.expect("read").0
        });
        String::from_utf8_lossy(&read.join().expect("read")).into_owned()
    }

    /// A server on this folder, with containers that are processes.
    pub(crate) fn serve(&self) -> Serving {
        Serving::start(self.command(&["serve", "--allow-unisolated", "--listen", "127.0.0.1:0"]))
    }

    /// Follows the log until an event of this kind.
    pub(crate) fn follow_until(&self, kind: &str) {
        let wanted = kind.to_owned();
        self.follow(kind, move |line| line.contains(&wanted));
    }

    /// Follows the log until the nth event of this kind.
    pub(crate) fn follow_until_nth(&self, kind: &str, nth: usize) {
        let (wanted, mut seen) = (kind.to_owned(), 0);
        self.follow(kind, move |line| {
            seen += usize::from(line.contains(&wanted));
            seen == nth
        });
    }

    /// Follows the log until the project is complete, once more than when all was quiet last, and
    /// its last session has left: as many slots were freed as were assigned.
    pub(crate) fn follow_until_all_is_quiet(&self) {
        let known = self.completed.clone();
        let before = known.load(Ordering::Relaxed);
        let (mut completed, mut assigned, mut freed) = (0, 0, 0);
        self.follow("the last container.idle", move |line| {
            completed += usize::from(line.contains("project.completed"));
            assigned += usize::from(line.contains("container.assigned"));
            freed += usize::from(line.contains("container.idle"));
            let is_quiet = completed > before && assigned == freed;
            if is_quiet {
                known.store(completed, Ordering::Relaxed);
            }
            is_quiet
        });
    }

    /// Stops the project, and follows the log until every container that was asked for is removed.
    pub(crate) fn stop_all(&self) {
        self.ok(&["project", "stop", "zoo"]);
        let (mut stopped, mut asked, mut removed) = (false, 0, 0);
        self.follow("the last container.removed", move |line| {
            stopped |= line.contains("project.stopped");
            asked += usize::from(line.contains("container.start_requested"));
            removed += usize::from(line.contains("container.removed"));
            stopped && asked == removed
        });
    }

    /// Follows the log, from its first event, until `done` says so of a line.
    fn follow(&self, what: &str, done: impl FnMut(String) -> bool + Send + 'static) {
        let follow = ["log", "tail", "--follow", "--lines", "100000"];
        let mut tail = self
            .command(&follow)
            .stdout(Stdio::piped())
            .spawn()
            .expect("tail");
        let stdout = tail.stdout.take().expect("stdout");
        let (found, seen) = std::sync::mpsc::channel();

        let reader = std::thread::spawn(move || {
            let hit = BufReader::new(stdout)
                .lines()
                .map_while(Result::ok)
                .any(done);
            found.send(hit).is_ok()
        });
        let hit = seen.recv_timeout(STUCK_AFTER);
        tail.kill().expect("our own child");
        tail.wait().expect("waited");
        assert!(reader.join().expect("reader"));
        assert_eq!(
            hit,
            Ok(true),
            "{what} was never recorded:\n{}",
            self.ok(&["log", "tail"])
        );
    }
}

fn lines(text: &str) -> usize {
    text.lines().count()
}

/// What stands behind a finished feature is there to read, each piece of it.
fn evidence_can_be_read(me: &Newcomer, first: &str) {
    let evidence = me.ok(&["feature", "evidence", "zoo", first]);

    for piece in [
        "prompt of the coder",
        "verdict: pass",
        "exit 0 on tree",
        "end of the session",
    ] {
        assert!(evidence.contains(piece), "{piece}: {evidence}");
    }

    let listed = me.ok(&["feature", "evidence", "zoo", first, "--json"]);

    let listed: Vec<serde_json::Value> = serde_json::from_str(&listed).expect("JSON");
    for piece in listed.iter().filter(|piece| piece["digest"].is_string()) {
        let digest = piece["digest"].as_str().expect("a digest");
        let text = me.ok(&["feature", "evidence", "zoo", first, "--text", digest]);
        assert!(!text.trim().is_empty(), "{piece} stands for nothing");
    }

    assert!(me.ok(&["project", "evidence", "zoo"]).contains("report on"));
}

#[test]
fn a_fleet_of_plain_commands_builds_a_repository_of_ones_own() {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    me.ok(&[
        "project",
        "set",
        "zoo",
        "--verify",
        "test -f README",
        "--target",
        "2",
        "--agent-command",
        AGENT,
    ]);
    let first = me
        .ok(&["feature", "add", "zoo", "Feed the lions", "--priority", "1"])
        .split_whitespace()
        .next()
        .expect("an id")
        .to_owned();

    me.ok(&[
        "feature",
        "add",
        "zoo",
        "Feed the bears",
        "--depends-on",
        &first,
        "--step",
        "Open the gate",
    ]);
    me.ok(&["project", "start", "zoo"]);
    me.follow_until("project.completed");
    assert!(me.ok(&["project", "show", "zoo"]).contains("completed"));
    assert!(me.ok(&["feature", "list", "zoo"]).contains("closed"));
    let by_file = git(&me.upstream(), &["ls-tree", "--name-only", "main"]).expect("tree");
    assert_eq!(
        by_file.lines().filter(|f| f.ends_with(".txt")).count(),
        2,
        "{by_file}"
    );
    evidence_can_be_read(&me, &first);
    server.stop();

    // The same folder is read without a server.
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
    me.ok(&["log", "verify"]);
    let events = lines(&me.ok(&["log", "tail", "--lines", "100000"]));
    assert_eq!(
        lines(&me.ok(&["log", "export"])),
        events + 1,
        "a header, and one line per event"
    );
    assert!(me.ok(&["log", "show", "1"]).contains("node.started"));
    let said = me.ok(&["log", "tail", "--lines", "100000"]);
    assert!(
        !said.contains("uid-4294967295"),
        "the log names who asked:\n{said}"
    );
}

#[test]
fn drain_lets_the_work_end_and_keeps_what_is_owed() {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    me.ok(&[
        "project",
        "set",
        "zoo",
        "--verify",
        "test -f README",
        "--target",
        "1",
        "--agent-command",
        AGENT,
    ]);
    for n in 0..3 {
        me.ok(&["feature", "add", "zoo", &format!("Feature {n}")]);
    }

    me.ok(&["project", "start", "zoo"]);
    me.follow_until("feature.claimed");
    me.ok(&["project", "drain", "zoo"]);
    me.follow_until("project.stopped");
    assert!(me.ok(&["project", "show", "zoo"]).contains("stopped"));
    let claims = |me: &Newcomer| {
        me.ok(&["log", "tail", "--lines", "100000"])
            .matches("feature.claimed")
            .count()
    };
    let before = claims(&me);
    assert!(before < 3, "nothing new was begun");
    me.ok(&["project", "start", "zoo"]);
    me.follow_until("project.completed");
    me.ok(&["log", "audit"]);
    server.stop();
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn wrong_inputs_are_answered_with_what_to_do() {
    let me = Newcomer::new();
    let upstream = me.upstream().display().to_string();
    me.refused(&["project", "show", "zoo"], "is no data folder");
    me.serve().stop();
    me.refused(&["project", "show", "zoo"], "project list");
    me.refused(
        &["project", "add", "My Zoo", "--git-url", &upstream],
        "try \"my-zoo\"",
    );
    me.refused(
        &["project", "add", "zoo", "--git-url", "/nowhere/x.git"],
        "does not answer as a git repository",
    );
    me.refused(
        &[
            "project",
            "add",
            "zoo",
            "--git-url",
            "https://ann:secret@127.0.0.1:1/x.git",
        ],
        "does not answer as a git repository",
    );
    me.refused(
        &[
            "project",
            "add",
            "zoo",
            "--git-url",
            "git://127.0.0.1/x.git",
        ],
        "is not spoken here",
    );

    me.refused(
        &[
            "project",
            "add",
            "zoo",
            "--git-url",
            &upstream,
            "--spec",
            "/nowhere/spec.md",
        ],
        "/nowhere/spec.md",
    );
    me.ok(&[
        "project",
        "add",
        "zoo",
        "--git-url",
        &upstream,
        "--existing",
    ]);
    me.refused(
        &[
            "project",
            "add",
            "zoo",
            "--git-url",
            &upstream,
            "--existing",
        ],
        "never used again",
    );
    me.refused(&["project", "start", "zoo"], "feature add");
    me.refused(&["project", "set", "zoo", "--target", "99"], "99");
    me.refused(&["feature", "show", "zoo", "nope-1"], "feature list");
    me.refused(&["feature", "show", "zoo", "../../x"], "feature id");
    me.refused(&["feature", "add", "zoo", ""], "title");
    me.refused(
        &["feature", "add", "zoo", "x", "--depends-on", "feat-none"],
        "feat-none",
    );
    me.refused(&["log", "show", "4711"], "4711");
    me.refused(
        &["feature", "add", "zoo", "--batch", "/nowhere/batch.json"],
        "/nowhere/batch.json",
    );
    let batch = me.folder.path().join("batch.json");
    fs_err::write(&batch, r#"{"items": [{"titel": 1}]}"#).expect("file");
    me.refused(
        &[
            "feature",
            "add",
            "zoo",
            "--batch",
            &batch.display().to_string(),
        ],
        "batch.json",
    );
    let recorded = me.ok(&["log", "tail"]);
    let about_it = recorded
        .lines()
        .filter(|line| !line.contains(" node-local "))
        .count();
    assert_eq!(about_it, 1, "nothing but the project: {recorded}");
    let agent = Command::new(env!("CARGO_BIN_EXE_supercargo"))
        .args(["agent", "submit"])
        .env_remove("SUPERCARGO_URL")
        .output();
    let said = String::from_utf8_lossy(&agent.expect("ran").stderr).into_owned();
    assert!(said.contains("inside a session"), "{said}");
}

/// The folder of an installation is nobody else's: the socket hears its owner only, and a path that
/// is too long is told so.
#[test]
fn a_data_folder_that_is_too_deep_for_sockets_is_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let deep: &Path = &folder.path().join("x".repeat(90));
    let output = Command::new(env!("CARGO_BIN_EXE_supercargo"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(deep)
        .output()
        .expect("ran");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && said.contains("choose a shorter --data"),
        "{said}"
    );
}

/// A person claims, clones what the command line says, pushes and hands in; looks at slots; takes
/// one out of service and back.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn a_person_works_with_the_command_line_alone() {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    me.ok(&[
        "project",
        "set",
        "zoo",
        "--verify",
        "test -f README",
        "--target",
        "1",
        "--agent-command",
        AGENT,
    ]);
    let id = me
        .ok(&["feature", "add", "zoo", "Feed the lions"])
        .split_whitespace()
        .next()
        .expect("an id")
        .to_owned();
    me.refused(&["feature", "claim", "zoo"], "not running");
    // The slot is out of service from the start, so that the feature stays for us.
    me.ok(&["project", "set", "zoo", "--target", "0"]);
    me.ok(&["project", "start", "zoo"]);
    me.follow_until("feature.created");
    me.follow_until("trunk.opened");
    let said = me.ok(&["feature", "claim", "zoo", "--holder", "ann"]);
    assert!(said.contains(&id) && said.contains("claim 1"), "{said}");
    assert!(
        me.ok(&["feature", "claim", "zoo", "--holder", "bob"])
            .starts_with("nothing is ready")
    );
    let token = fs_err::read_to_string(me.folder.path().join("data/token")).expect("token");
    let url = said
        .lines()
        .find_map(|l| l.strip_prefix("clone "))
        .expect("a URL")
        .trim();
    let url = url.split(' ').next().expect("a URL").replacen(
        "http://",
        &format!("http://ann:{}@", token.trim()),
        1,
    );
    let branch = said
        .lines()
        .find_map(|l| l.strip_prefix("push to "))
        .expect("a branch")
        .trim();
    let path = me.folder.path();
    git(path, &["clone", "--quiet", &url, "mine"]).expect("cloned");
    let tree = path.join("mine");
    fs_err::write(tree.join("lions"), "fed").expect("file");
    git(&tree, &["add", "--all"]).expect("added");
    git(&tree, &["commit", "--quiet", "-m", "Feed"]).expect("committed");
    git(
        &tree,
        &[
            "push",
            "--quiet",
            "origin",
            &format!("HEAD:refs/heads/{branch}"),
        ],
    )
    .expect("pushed");
    let sha = git(&tree, &["rev-parse", "HEAD"])
        .expect("sha")
        .trim()
        .to_owned();
    me.refused(
        &[
            "feature", "submit", "zoo", &id, "--claim", "1", "--sha", &sha, "--holder", "bob",
        ],
        "claimed by ann",
    );
    me.ok(&[
        "feature", "submit", "zoo", &id, "--claim", "1", "--sha", &sha, "--holder", "ann",
    ]);
    me.ok(&["project", "set", "zoo", "--target", "1"]);
    me.follow_until_all_is_quiet();
    assert_eq!(
        git(&me.upstream(), &["show", "main:lions"]).expect("merged"),
        "fed"
    );

    let list = me.ok(&["container", "list", "zoo"]);
    assert!(list.contains("1  idle"), "{list}");
    let shown: serde_json::Value =
        serde_json::from_str(&me.ok(&["container", "show", "zoo", "1", "--json"])).expect("JSON");
    assert_eq!(shown["status"], "idle");
    me.refused(&["container", "logs", "zoo", "1"], "--session");
    let log = me.ok(&["log", "tail", "--lines", "1000", "--json"]);
    let assigned = log
        .lines()
        .find(|l| l.contains("container.assigned"))
        .expect("a session");
    let assigned: serde_json::Value = serde_json::from_str(assigned).expect("JSON");
    let session = assigned["data"]["assignment"]["session"]
        .as_str()
        .expect("id");
    assert!(
        me.ok(&["container", "logs", "zoo", "1", "--session", session])
            .contains("recorded at position"),
        "what the agent printed"
    );
    let found = me.ok(&["container", "find", "zoo", "recorded at position"]);
    assert!(
        found.contains(session)
            && me
                .ok(&["container", "find", "zoo", "no agent says this"])
                .starts_with("no session printed that"),
        "{found}"
    );
    me.refused(&["container", "find", "zoo", ""], "find is a text");
    me.refused(&["container", "find", "nowhere", "x"], "project list");
    me.ok(&["container", "stop", "zoo", "1"]);
    assert!(
        me.ok(&["container", "list", "zoo"])
            .contains("taken out of service")
    );
    me.ok(&["feature", "comment", "zoo", &id, "well done"]);
    me.ok(&["feature", "reopen", "zoo", &id, "it was not"]);
    me.ok(&["feature", "close", "zoo", &id, "--how", "wont-do"]);
    me.refused(&["feature", "depend", "zoo", &id, &id], "circle");
    me.ok(&["container", "restart", "zoo", "1"]);
    // Nothing is at work there: what is asked for is so already.
    me.ok(&["container", "restart", "zoo", "1"]);
    me.refused(&["container", "show", "zoo", "9"], "container list");
    me.ok(&["log", "audit"]);
    server.stop();
}

#[test]
fn the_doctor_looks_and_completions_are_printed() {
    let me = Newcomer::new();
    let said = me.ok(&["doctor"]);
    assert!(
        ["git", "data", "disk", "memory", "sandbox", "docker"]
            .iter()
            .all(|what| said.contains(what)),
        "{said}"
    );
    let checks: serde_json::Value =
        serde_json::from_str(&me.ok(&["doctor", "--json"])).expect("JSON");
    assert!(checks.as_array().is_some_and(|all| all.len() >= 6));

    for shell in ["bash", "zsh", "fish"] {
        let printed = Command::new(env!("CARGO_BIN_EXE_supercargo"))
            .args(["completions", shell])
            .output()
            .expect("ran");
        assert!(
            String::from_utf8_lossy(&printed.stdout).contains("supercargo"),
            "{shell}"
        );
    }
}

/// The initializer writes one feature for what it is told; then the usual agent.
const PLANNER: &str = agent_that!(
    r#"set -e
if test "$SUPERCARGO_ROLE" = initializer; then
    test -f README
    echo '{"items": [{"content": {"title": "Feed the lions", "description": "They are fed."}}]}' > backlog.json
    exec supercargo agent backlog backlog.json
fi
"#,
    r#"    echo made > "$SUPERCARGO_FEATURE.txt"
    git add --all
    git commit --quiet -m Make
    supercargo agent submit"#
);

/// A spec beside a repository that had a life before is made a backlog when somebody asks for it,
/// and not by itself.
#[test]
fn an_existing_repository_gets_a_backlog_when_asked() {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    me.refused(&["project", "initialize", "zoo"], "there is no spec");
    let spec = me.folder.path().join("spec.md");
    fs_err::write(&spec, "Feed the lions.\n").expect("spec");
    me.ok(&[
        "project",
        "set",
        "zoo",
        "--spec",
        &spec.display().to_string(),
        "--target",
        "1",
        "--agent-command",
        PLANNER,
    ]);
    me.ok(&["project", "set", "zoo", "--verify", "test -f README"]);
    me.ok(&["feature", "add", "zoo", "Feed the bears"]);
    me.ok(&["project", "start", "zoo"]);
    me.follow_until_all_is_quiet();
    let kinds = |kind: &str| {
        me.export()
            .iter()
            .filter(|event| event["type"] == kind)
            .count()
    };
    assert_eq!(
        (kinds("project.initialization_due"), kinds("feature.closed")),
        (0, 1),
        "not by itself"
    );
    me.ok(&["project", "initialize", "zoo"]);

    // Asked for twice it is due once.
    me.ok(&["project", "initialize", "zoo"]);
    me.ok(&["project", "start", "zoo"]);
    me.follow_until_nth("project.completed", 2);
    server.stop();
    assert_eq!(
        (kinds("project.initialized"), kinds("feature.closed")),
        (1, 2),
        "and then once"
    );
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
}
