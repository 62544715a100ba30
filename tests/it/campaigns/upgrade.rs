//! A data folder on which an earlier build was killed goes on with this one, from the middle of a
//! merge: each feature is merged once, what somebody outside holds stays theirs, and the log that
//! both wrote is sound and audited clean.
//!
//! `just upgrade OLD` with the earlier build's binary, which `OLD_SUPERCARGO` names. Each moment is
//! a fleet of its own: agents at work and in review, a feature that waits for another, and a claim
//! from outside whose work is pushed and not handed in. `UPGRADE_ENGINE` says where containers
//! run. Nothing is done by hand after the kill, but for handing that claim in.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::binary::{STUCK_AFTER, Serving};
use crate::newcomer::{Newcomer, agent_that};
use crate::world::stub::git;

/// At work for a moment in every role, so that a kill meets claims and reviews that are open.
const AGENT: &str = agent_that!(
    "set -e\nsleep 1\n",
    r#"    cat > /dev/null
    echo "made under $SUPERCARGO_CLAIM" > "$SUPERCARGO_FEATURE.txt"
    git add --all
    git commit --quiet -m "Make $SUPERCARGO_FEATURE"
    supercargo agent submit"#
);
/// Says so much that it takes a while to put away.
const LOUD: &str = "head -c 4000000 /dev/urandom | base64";
/// Long enough to be killed in.
const VERIFY: &str = "sleep 2; test -f README";
/// Makes the one push after it was armed last; what it says of itself is the file `met`.
const HOOK: &str = "#!/bin/sh\nmv \"$GIT_DIR/armed-KIND\" \"$GIT_DIR/met\" && sleep 6\nexit 0\n";

/// Features of a fleet, beside the one from outside.
const FEATURES: usize = 12;
/// Features that are handed in as one while the server is killed.
const MORE: usize = 16;
const SLOTS: &str = "4";
/// Who works from outside.
const HOLDER: &str = "somebody";
/// Between two looks for what a hook leaves.
const LOOK: Duration = Duration::from_millis(20);
const LOOKS_MAX: usize = 6_000;

/// When the earlier build is killed.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Moment {
    /// A verification of the merge queue is running.
    Verifying,
    /// The push of a merge has begun, and goes on without the server.
    Pushing,
    /// Upstream has moved, and nobody wrote that down.
    Pushed,
    /// Reviewers are at work.
    Reviewing,
    /// What a session said is kept, and its container is not removed yet.
    Ending,
    /// Some features of many that were handed in as one are there.
    Creating,
}

/// Each with how many merges are verified and published as one, at most.
const ALL: [(Moment, u16); 9] = [
    (Moment::Verifying, 1),
    (Moment::Pushing, 1),
    (Moment::Pushed, 1),
    (Moment::Reviewing, 1),
    (Moment::Ending, 1),
    (Moment::Creating, 4),
    (Moment::Verifying, 4),
    (Moment::Pushing, 4),
    (Moment::Pushed, 4),
];

/// The earlier build's binary.
fn earlier_build() -> PathBuf {
    let named = std::env::var_os("OLD_SUPERCARGO").map(PathBuf::from);
    let there = named.filter(|path| path.is_file());
    there.expect(
        "OLD_SUPERCARGO names no file: build an earlier commit, and run `just upgrade PATH` with \
         the path of its binary",
    )
}

fn engine() -> String {
    std::env::var("UPGRADE_ENGINE").unwrap_or_else(|_| "process".to_owned())
}

/// A fleet that an earlier build began.
struct Upgrade {
    moment: Moment,
    batch: u16,
    old: PathBuf,
    me: Newcomer,
    /// The claim from outside, and the commit that was pushed under it.
    claim: Value,
    sha: String,
}

impl Upgrade {
    /// The earlier build serves, and everything is under way.
    fn begin(moment: Moment, batch: u16) -> (Self, Serving) {
        let (old, me) = (earlier_build(), Newcomer::new());
        let mut fleet = Self {
            moment,
            batch,
            old,
            me,
            claim: Value::Null,
            sha: String::new(),
        };
        fleet.hooks();
        let server = Serving::start(fleet.old(&serve()));

        let upstream = fleet.me.upstream().display().to_string();
        let mut add = vec!["project", "add", "zoo", "--existing", "--git-url"];
        add.push(&upstream);
        fleet.ask(&add);
        let batch = batch.to_string();
        let mut set = vec!["project", "set", "zoo", "--target", "0", "--batch", &batch];
        let agent = match moment {
            Moment::Ending => AGENT.replace("sleep 1", LOUD),
            _ => AGENT.to_owned(),
        };
        set.extend(["--agent-command", &agent, "--verify", VERIFY]);
        fleet.ask(&set);
        fleet.claim_from_outside();
        let mut asked = fleet.hand_in(FEATURES, 0);
        assert!(asked.wait().expect("waited").success(), "handed in");
        fleet.ask(&["project", "set", "zoo", "--target", SLOTS]);
        (fleet, server)
    }

    /// A command of the earlier build.
    fn old(&self, args: &[&str]) -> Command {
        let ours = self.me.command(args);
        let mut command = Command::new(&self.old);
        command.args(ours.get_args()).stdin(Stdio::null());
        for (name, value) in ours.get_envs() {
            command.env(name, value.expect("nothing is taken away"));
        }
        command.env("SUPERCARGO_ENGINE", engine());
        command
    }

    /// What the earlier build says, when it does what it is told.
    fn ask(&self, args: &[&str]) -> String {
        let output = self.old(args).output().expect("ran");
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {complaints}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn hooks(&self) {
        for kind in ["pre", "post"] {
            let hook = self.me.upstream().join(format!("hooks/{kind}-receive"));
            fs_err::create_dir_all(hook.parent().expect("a folder")).expect("made");
            fs_err::write(&hook, HOOK.replace("KIND", kind)).expect("a hook");
            fs_err::set_permissions(&hook, PermissionsExt::from_mode(0o755)).expect("its mode");
        }
    }

    /// Claims the only feature there is, and pushes to it.
    fn claim_from_outside(&mut self) {
        let id = self.ask(&["feature", "add", "zoo", "From outside"]);
        let id = id.split_whitespace().next().expect("an id");
        self.ask(&["project", "start", "zoo"]);
        let claimed = self.ask(&["feature", "claim", "zoo", id, "--holder", HOLDER, "--json"]);
        self.claim = serde_json::from_str(&claimed).expect("a claim");

        let read = |name: &str| fs_err::read_to_string(self.data().join(name)).expect("kept");
        let (address, token) = (read("url"), read("token"));
        let door = format!("http://{HOLDER}:{}@", token.trim());
        let gate = address.trim().replace("http://", &door) + self.text("gate");
        let folder = self.me.folder.path();
        git(folder, &["clone", "--quiet", &gate, "outside"]).expect("cloned");
        let tree = folder.join("outside");
        let checkout = ["checkout", "--quiet", "-B", "work", self.text("base")];
        git(&tree, &checkout).expect("at its base");
        fs_err::write(tree.join(format!("{id}.txt")), "from outside\n").expect("a file");
        git(&tree, &["add", "--all"]).expect("added");
        git(&tree, &["commit", "--quiet", "-m", "From outside"]).expect("committed");
        let to = format!("HEAD:refs/heads/{}", self.text("branch"));
        git(&tree, &["push", "--quiet", &gate, &to]).expect("pushed");
        let sha = git(&tree, &["rev-parse", "HEAD"]).expect("a commit");
        self.sha = sha.trim().to_owned();
    }

    fn data(&self) -> PathBuf {
        self.me.folder.path().join("data")
    }

    fn text(&self, field: &str) -> &str {
        self.claim[field].as_str().expect("text")
    }

    /// Hands so many features in as one; the second waits for the first.
    fn hand_in(&self, count: usize, from: usize) -> Child {
        let item = |n: usize| {
            let waits = if n == 1 { vec!["f0"] } else { vec![] };
            let title = format!("Animal {}", from + n);
            json!({ "key": format!("f{n}"), "content": { "title": title }, "depends_on": waits })
        };
        let items: Vec<Value> = (0..count).map(item).collect();
        let file = self.me.folder.path().join(format!("items-{from}.json"));
        fs_err::write(&file, json!({ "items": items }).to_string()).expect("a file");
        let file = file.display().to_string();
        let mut add = self.old(&["feature", "add", "zoo", "--batch", &file]);
        add.stdout(Stdio::null()).spawn().expect("ran")
    }

    /// Returns in the moment in which the server is to be killed, with who still asks it.
    fn reach(&self) -> Option<Child> {
        let mut asks = None;
        match self.moment {
            Moment::Verifying => self.follow("trunk.verification_started", 3),
            Moment::Reviewing => self.follow("feature.review_started", 3),
            Moment::Ending => self.follow("container.transcript_kept", 4),
            Moment::Pushing => self.meet("pre"),
            Moment::Pushed => self.meet("post"),
            Moment::Creating => {
                self.follow("feature.submitted", 2);
                asks = Some(self.hand_in(MORE, FEATURES));
                self.follow("feature.created", 1 + FEATURES + 2);
            }
        }
        // The middle of it, where it takes a while.
        if matches!(self.moment, Moment::Verifying | Moment::Reviewing) {
            std::thread::sleep(Duration::from_millis(700));
        }
        asks
    }

    /// Waits until a push is held by upstream's hook.
    fn meet(&self, kind: &str) {
        self.follow("trunk.advanced", 2);
        let upstream = self.me.upstream();
        fs_err::write(upstream.join(format!("armed-{kind}")), "").expect("armed");
        let met = (0..LOOKS_MAX).any(|_| {
            std::thread::sleep(LOOK);
            upstream.join("met").exists()
        });
        assert!(met, "{self:?}: nothing was pushed");
    }

    /// Follows the earlier build's log until the nth event of this kind.
    fn follow(&self, kind: &str, nth: usize) {
        let mut tail = self.old(&["log", "tail", "--follow", "--lines", "100000"]);
        let mut tail = tail.stdout(Stdio::piped()).spawn().expect("tail");
        let lines = BufReader::new(tail.stdout.take().expect("stdout")).lines();
        let (found, seen) = std::sync::mpsc::channel();
        let wanted = kind.to_owned();
        let reader = std::thread::spawn(move || {
            let lines = lines.map_while(Result::ok);
            let of_kind = lines.filter(|line| line.contains(&wanted));
            found.send(of_kind.take(nth).count() == nth).is_ok()
        });
        let hit = seen.recv_timeout(STUCK_AFTER);
        tail.kill().expect("our own child");
        tail.wait().expect("waited");
        assert!(reader.join().expect("reader"));
        assert_eq!(hit, Ok(true), "{self:?}: {nth} times {kind}");
    }

    /// Kills the earlier build, and lets this one go on to the end.
    fn go_on(&self, killed: Serving, asks: Option<Child>) {
        // Who asks a server of an earlier build that is gone does its work in the folder.
        if let Some(mut client) = asks {
            client.kill().expect("our own child");
            client.wait().expect("waited");
        }
        killed.signal(Signal::SIGKILL);
        assert_eq!(killed.ended(), None, "killed");
        let upstream = self.me.upstream();
        let head = git(&upstream, &["rev-parse", "main"]).expect("a head");
        self.log_holds("after the kill");

        let mut command = self.me.command(&serve());
        command.env("SUPERCARGO_ENGINE", engine());
        let server = Serving::start(command);
        let (id, claim) = (self.text("feature"), self.claim["epoch"].to_string());
        let mut submit = vec!["feature", "submit", "zoo", id, "--claim", &claim];
        submit.extend(["--holder", HOLDER, "--sha", &self.sha]);
        self.me.ok(&submit);
        self.me.follow_until_all_is_quiet();
        server.stop();
        self.log_holds("at the end");

        let ancestor = ["merge-base", "--is-ancestor", head.trim(), "main"];
        git(&upstream, &ancestor).expect("upstream lost nothing");
        self.is_done_once();
        self.nothing_is_left();
    }

    fn log_holds(&self, when: &str) {
        for verb in ["verify", "audit"] {
            let output = self.me.command(&["log", verb]).output().expect("ran");
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            assert!(output.status.success(), "{self:?} {when}: {said}");
        }
    }

    /// Each feature was closed once and is upstream once, and no claim was used up.
    fn is_done_once(&self) {
        let log = self.me.export();
        let of = |kind: &str| {
            let found = log.iter().filter(|event| event["type"] == kind);
            sorted(found.map(feature))
        };
        let features = of("feature.created");
        let more = usize::from(self.moment == Moment::Creating) * MORE;
        assert_eq!(features.len(), 1 + FEATURES + more, "{self:?}: features");
        assert_eq!(of("feature.closed"), features, "{self:?}: closed once");
        let troubles = ["quarantined", "merge_rejected"].map(|verb| of(&format!("feature.{verb}")));
        let troubles = [troubles.concat(), of("project.trouble_reported")].concat();
        assert_eq!(troubles, [""; 0], "{self:?}: nobody pays");

        let format = "--format=%(trailers:key=Supercargo-Feature,valueonly,separator=%x2C)";
        let merged = git(&self.me.upstream(), &["log", format, "main"]).expect("its log");
        let merged = merged.lines().map(str::trim);
        let merged = sorted(merged.filter(|line| !line.is_empty()));
        assert_eq!(merged, features, "{self:?}: merged once");
    }

    /// No container of either build is there any more.
    fn nothing_is_left(&self) {
        let slots = fs_err::read_dir(self.data().join("berths"));
        assert_eq!(slots.map_or(0, Iterator::count), 0, "{self:?}: folders");
        if engine() == "docker" {
            let id = fs_err::read_to_string(self.data().join("log.id")).expect("the log's id");
            let label = format!("label=supercargo.instance={}", id.trim());
            let list = ["ps", "--all", "--quiet", "--filter", &label];
            let listed = Command::new("docker").args(list).output().expect("docker");
            assert!(listed.stdout.is_empty(), "{self:?}: containers");
        }
    }
}

impl std::fmt::Debug for Upgrade {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}, batches of {}", self.moment, self.batch)
    }
}

/// The feature that an event is about.
fn feature(event: &Value) -> &str {
    let stream = event["stream"].as_str().expect("a stream");
    stream.rsplit('/').next().expect("an id")
}

fn sorted<'a>(ids: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut ids: Vec<&str> = ids.collect();
    ids.sort_unstable();
    ids
}

fn serve() -> [&'static str; 4] {
    ["serve", "--allow-unisolated", "--listen", "127.0.0.1:0"]
}

#[test]
#[ignore = "it needs an earlier build's binary: just upgrade OLD"]
fn a_folder_of_an_earlier_build_goes_on_from_the_middle_of_a_merge() {
    for (moment, batch) in ALL {
        let (fleet, server) = Upgrade::begin(moment, batch);
        let asks = fleet.reach();
        fleet.go_on(server, asks);
        println!("{fleet:?}: every feature merged once");
    }
}
