//! Random storms on the real binary: its command line is the person, its engine runs processes or
//! Docker containers, and the server is killed and stopped in the middle. Then quiet: the commands
//! that Needs you prints are typed as they stand, until all is merged.
//!
//! `REAL_STORMS` asks for more runs, `STORM_FROM` for where to begin, `STORM_SEED` for one of them.
//! A run takes real time: pauses of the fleet are seconds and minutes.

use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::binary::Serving;
use crate::newcomer::{Newcomer, agent_that};
use crate::world::stub::git;

/// What an agent of a storm does: a die thrown with its session's id.
const WILD: &str = r#"
n=$(printf %s "$SUPERCARGO_SESSION" | cksum | cut -d' ' -f1); n=$((n % 20))
cat > /dev/null
case $n in 0) exit 1 ;; 1) exit 0 ;; 2) sleep 15; exit 1 ;; 3) kill -9 $$ ;; 4) exit 127 ;; esac
ran='"ran":[{"command":"ls","exit":0}]'
checked='"checked":[{"requirement":"it is there","evidence":"ls"}]'
judgement=pass; findings=
case "$SUPERCARGO_ROLE" in
coder)
    case $n in
    5) supercargo agent ask "Which?"; exit 0 ;;
    6) supercargo agent release "It cannot be done"; exit 0 ;;
    7|8)
        git reset --quiet --hard "$(git rev-list --max-parents=0 HEAD)"
        echo "$SUPERCARGO_SESSION" > README ;;
    *) echo "$SUPERCARGO_SESSION" > "$SUPERCARGO_FEATURE.txt" ;;
    esac
    git add --all && git commit --quiet -m "Work on $SUPERCARGO_FEATURE" && supercargo agent submit
    test $n -ne 9 ;;
reviewer)
    case $n in 5|6|7) judgement=reject; findings='{"why":"It is not what was asked for"}' ;; esac
    echo "{\"judgement\":\"$judgement\",\"findings\":[$findings],$ran}" | supercargo agent verdict - ;;
overseer)
    case $n in 5|6) findings='{"why":"Something is missing"}' ;; esac
    echo "{$checked,\"findings\":[$findings]}" | supercargo agent report - ;;
esac
"#;

/// What an agent does when it is calm; each of its sessions has something to commit.
const TAME: &str = agent_that!(
    r#"    cat > /dev/null
    echo "$SUPERCARGO_SESSION" > "$SUPERCARGO_FEATURE.txt"
    git add --all
    git commit --quiet -m Work
    supercargo agent submit"#
);

/// A verification that is red now and then, and one that never is.
const UNSTEADY: &str = "test $(od -An -N1 -tu1 /dev/urandom) -gt 40";
const STEADY: &str = "test -f README";

/// Runs when nobody asks for more.
const RUNS: u64 = 2;
/// Things that happen in one storm, at most.
const STEPS_MAX: u64 = 30;
/// The longest pause between two happenings.
const PAUSE_MS: u64 = 900;
/// Features that a storm adds, at most.
const FEATURES_MAX: usize = 6;
/// How long quiet looks before it says that something stands still: longer than any pause that no
/// remedy cuts short.
const STANDS_AFTER: Duration = Duration::from_secs(150);
/// How long one run's quiet may take.
const STUCK_AFTER: Duration = Duration::from_secs(900);
/// Between two looks of the person in quiet.
const LOOK_EVERY: Duration = Duration::from_millis(400);

struct Storm {
    me: Newcomer,
    engine: &'static str,
    /// None while the server is down.
    server: Option<Serving>,
    chance: fastrand::Rng,
    commits: u64,
}

impl Storm {
    fn begin(seed: u64, engine: &'static str) -> Self {
        let mut storm = Self {
            me: Newcomer::new(),
            engine,
            server: None,
            chance: fastrand::Rng::with_seed(seed),
            commits: 0,
        };
        storm.serve();
        storm.me.add_zoo();
        let target = storm.chance.u16(1..=3).to_string();
        let batch = storm.chance.u16(1..=3).to_string();

        storm.me.ok(&[
            "project",
            "set",
            "zoo",
            "--agent-command",
            WILD,
            "--verify",
            UNSTEADY,
            "--setup",
            "true",
            "--target",
            &target,
            "--batch",
            &batch,
            "--session-wall",
            "60",
        ]);
        for n in 0..storm.chance.usize(1..=3) {
            storm
                .me
                .ok(&["feature", "add", "zoo", &format!("Animal {n}")]);
        }

        storm.me.ok(&["project", "start", "zoo"]);
        storm
    }

    fn serve(&mut self) {
        let mut serve =
            self.me
                .command(&["serve", "--allow-unisolated", "--listen", "127.0.0.1:0"]);
        serve.env("SUPERCARGO_ENGINE", self.engine);
        let complaints = fs_err::File::options()
            .create(true)
            .append(true)
            .open(self.complaints())
            .expect("a file")
            .into_file();
        self.server = Some(Serving::start_telling(serve, complaints.into()));
    }

    /// What its servers complain of.
    fn complaints(&self) -> std::path::PathBuf {
        self.me.folder.path().join("complaints")
    }

    /// A server that ends by itself leaves everything standing still.
    fn is_served(&self) -> Result<(), String> {
        match self.server.as_ref().map(Serving::has_ended) {
            Some(true) => Err("the server ended by itself".to_owned()),
            _ => Ok(()),
        }
    }

    /// Types a command; what is refused is refused, but nothing panics or hangs.
    fn type_in(&self, args: &[&str]) -> Result<String, String> {
        let output = self.me.command(args).output().expect("ran");
        let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!complaints.contains("panicked"), "{args:?}: {complaints}");
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(complaints)
        }
    }

    fn read(&self, args: &[&str]) -> Value {
        let mut args = args.to_vec();
        args.push("--json");
        let said = self.me.ok(&args);
        serde_json::from_str(&said).unwrap_or_else(|_| panic!("{args:?}: {said}"))
    }

    fn step(&mut self) {
        std::thread::sleep(Duration::from_millis(self.chance.u64(..PAUSE_MS)));
        match self.chance.u8(..100) {
            0..65 => self.operate(),
            65..75 => self.push_upstream(),
            75..88 => self.take_away(),
            88..95 => self.restart(),
            _ => self.stand_still(),
        }
    }

    fn operate(&mut self) {
        let n = self.chance.u16(1..=3).to_string();
        let target = self.chance.u16(..4).to_string();

        let _refused = match self.chance.u8(..16) {
            0..4 => self.type_in(&["project", "start", "zoo"]),
            4 | 5 => self.type_in(&["project", "stop", "zoo"]),
            6 => self.type_in(&["project", "drain", "zoo"]),
            7 => self.type_in(&["project", "retry", "zoo"]),
            8 | 9 => self.type_in(&["project", "set", "zoo", "--target", &target]),
            10 => self.type_in(&["container", "stop", "zoo", &n]),
            11 | 12 => self.type_in(&["container", "restart", "zoo", &n]),
            13 => self.type_in(&["trunk", "resume", "zoo"]),
            _ => self.operate_on_a_feature(),
        };
    }

    fn operate_on_a_feature(&mut self) -> Result<String, String> {
        let all = self.read(&["feature", "list", "zoo"]);
        let all = all.as_array().expect("a list");
        let ids = all.iter().filter_map(|feature| feature["id"].as_str());
        let Some(id) = self.chance.choice(ids.collect::<Vec<_>>()) else {
            return Ok(String::new());
        };

        match self.chance.u8(..5) {
            0 if all.len() < FEATURES_MAX => self.type_in(&["feature", "add", "zoo", "One more"]),
            0 | 1 => self.type_in(&["feature", "undo", "zoo", id]),
            2 => self.type_in(&["feature", "requeue", "zoo", id]),
            3 => self.type_in(&["feature", "answer", "zoo", id, "That one."]),
            _ => self.type_in(&["feature", "reopen", "zoo", id, "It is not done."]),
        }
    }

    /// Somebody else pushes to upstream, unless the fleet is faster.
    fn push_upstream(&mut self) {
        self.commits += 1;
        let tree = self.me.folder.path().join("tree");
        let file = self.chance.choice(["theirs", "README"]).expect("a file");
        let text = format!("{}\n", self.commits);
        let pulled = git(&tree, &["fetch", "--quiet", "origin", "main"]);
        pulled.expect("upstream is there");
        git(&tree, &["reset", "--quiet", "--hard", "FETCH_HEAD"]).expect("the newest");
        fs_err::write(tree.join(file), text).expect("file");
        git(&tree, &["add", "--all"]).expect("added");
        git(&tree, &["commit", "--quiet", "-m", "Theirs"]).expect("committed");
        let _overtaken = git(&tree, &["push", "--quiet", "origin", "HEAD:main"]);
    }

    /// A container is killed by somebody.
    fn take_away(&mut self) {
        let slots = self.read(&["container", "list", "zoo"]);
        let slots = slots.as_array().expect("a list");
        let names = slots.iter().filter_map(|slot| slot["container"].as_str());
        let Some(name) = self.chance.choice(names.collect::<Vec<_>>()) else {
            return;
        };

        if self.engine == "docker" {
            let _gone = Command::new("docker").args(["kill", name]).output();
            return;
        }

        let data = self.me.folder.path().join("data");
        for pid in runners(&data.display().to_string()) {
            if self.chance.bool() {
                let pid = nix::unistd::Pid::from_raw(pid);
                let _gone = nix::sys::signal::kill(pid, Signal::SIGKILL);
            }
        }
    }

    /// The server is killed, or ends in order, and starts again.
    fn restart(&mut self) {
        let server = self.server.take().expect("a server");
        if self.chance.bool() {
            server.stop();
        } else {
            drop(server);
        }
        self.serve();
    }

    /// The server stands still for a moment, as a machine that sleeps does.
    fn stand_still(&mut self) {
        let server = self.server.as_ref().expect("a server");
        server.signal(Signal::SIGSTOP);
        std::thread::sleep(Duration::from_millis(self.chance.u64(..4_000)));
        server.signal(Signal::SIGCONT);
    }

    /// Nobody does harm any more; types what Needs you says, until all is merged.
    #[expect(
        clippy::disallowed_methods,
        reason = "a bound in the time of this machine"
    )]
    fn calm(&mut self) -> Result<(), String> {
        self.me.ok(&[
            "project",
            "set",
            "zoo",
            "--agent-command",
            TAME,
            "--verify",
            STEADY,
        ]);
        let begun = Instant::now();
        let (mut head, mut moved) = (String::new(), Instant::now());
        let mut said = vec![];

        while begun.elapsed() < STUCK_AFTER {
            std::thread::sleep(LOOK_EVERY);
            self.is_served()?;
            let project = self.read(&["project", "show", "zoo"]);
            let slots = self.read(&["container", "list", "zoo"]);
            if is_done(&project, &slots) {
                return Ok(());
            }
            let now = self.me.ok(&["log", "tail", "--lines", "1"]);
            if now != head {
                (head, moved) = (now, Instant::now());
                continue;
            }
            if moved.elapsed() > STANDS_AFTER {
                return Err(format!("no way out, said {said:?}: {project} {slots}"));
            }
            said = self.look_after(&project);
        }

        let project = self.read(&["project", "show", "zoo"]);
        Err(format!("quiet never ends: {project}"))
    }

    /// Types what is printed; says what was typed, and how it was refused.
    fn look_after(&self, project: &Value) -> Vec<String> {
        if matches!(project["status"].as_str(), Some("stopped" | "draining")) {
            let started = self.type_in(&["project", "start", "zoo"]);
            return vec![format!("start: {started:?}")];
        }

        let mut said = vec![];

        for need in project["needs"].as_array().into_iter().flatten() {
            let Some(command) = need["command"].as_str() else {
                continue;
            };
            let typed = command
                .replace("TEXT", "That-one")
                .replace("COMMAND", "true");
            let words: Vec<&str> = typed.split_whitespace().skip(1).collect();
            let answer = self.type_in(&words);
            said.push(format!("{command}: {answer:?}"));
        }

        said
    }

    /// What is left when the server has ended: a clean log, and no process.
    fn end(mut self) -> Result<(), String> {
        let server = self.server.take().expect("a server");
        server.stop();
        self.type_in(&["log", "audit"])
            .map_err(|why| format!("the audit: {why}"))?;
        let data = self.me.folder.path().join("data");
        let left = runners(&data.display().to_string());
        if left.is_empty() {
            Ok(())
        } else {
            Err(format!("processes are left: {left:?}"))
        }
    }
}

fn is_done(project: &Value, slots: &Value) -> bool {
    let idle = |slot: &Value| matches!(slot["status"].as_str(), Some("idle" | "quarantined"));
    project["status"] == "completed"
        && project["closed"] == project["total"]
        && slots.as_array().is_some_and(|slots| slots.iter().all(idle))
}

/// Processes of this machine whose command line says that they are runners of a data folder.
fn runners(data: &str) -> Vec<i32> {
    let mut found = vec![];
    for entry in fs_err::read_dir("/proc").expect("/proc").flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<i32>() else {
            continue;
        };
        let line = fs_err::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line);
        if line.contains(data) && line.contains("runner") {
            found.push(pid);
        }
    }
    found
}

fn run(seed: u64, engine: &'static str) -> Result<(), String> {
    let mut storm = Storm::begin(seed, engine);
    let steps = storm.chance.u64(..STEPS_MAX);
    for _ in 0..steps {
        storm.step();
    }

    let calmed = storm.calm();
    if calmed.is_err() {
        let complaints = fs_err::read_to_string(storm.complaints());
        eprintln!("{seed}: {}", complaints.unwrap_or_default());
        eprintln!("{}", storm.me.ok(&["log", "tail", "--lines", "400"]));
    }

    calmed?;
    storm.end()
}

fn storms(engine: &'static str) {
    let (from, runs) = match super::number("STORM_SEED") {
        Some(seed) => (seed, 1),
        None => (
            super::number("STORM_FROM").unwrap_or(0),
            super::number("REAL_STORMS").unwrap_or(RUNS),
        ),
    };
    let faults = super::faults_among(from, from + runs, move |seed| run(seed, engine));
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn every_storm_on_processes_ends_in_quiet_with_all_work_done() {
    storms("process");
}

#[test]
fn every_storm_on_docker_ends_in_quiet_with_all_work_done() {
    crate::docker::on_docker("storms::real::docker", |_docker| async {
        let storm = tokio::task::spawn_blocking(|| storms("docker"));
        storm.await.expect("storms");
    });
}
