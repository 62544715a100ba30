//! Time that was not ours, with the real binary: the server stands still, it and all its agents do,
//! and the wall's clock is set ten minutes ahead. Each lasts longer than a lease; no claim is lost.
//!
//! Without `PAUSE_SECONDS` one short round is tried, of everything at once. The campaign has 90
//! seconds, each kind of pause by itself, and the engine that `PAUSE_ENGINE` names. The clock is
//! set for the server alone, by a library that is loaded before the C library's.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::binary::Serving;
use crate::newcomer::{Newcomer, agent_that};

/// At work for as long as it takes, then done.
const PATIENT: &str = agent_that!(
    r#"    cat > /dev/null
    sleep "$PATIENCE"
    echo made > "$SUPERCARGO_FEATURE.txt"
    git add --all
    git commit --quiet -m Make
    supercargo agent submit"#
);

/// What the library answers: the wall's clock, ahead by as many seconds as a file holds.
const AHEAD: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
static volatile long long *ahead;
__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("CLOCK_AHEAD");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *at = file < 0 ? MAP_FAILED : mmap(0, sizeof *ahead, PROT_READ, MAP_SHARED, file, 0);
    if (at != MAP_FAILED) ahead = at;
}
int clock_gettime(clockid_t which, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int answer = real(which, at);
    if (!answer && ahead && which == CLOCK_REALTIME) at->tv_sec += *ahead;
    return answer;
}
"#;

/// How far the clock is set ahead.
const SET_AHEAD_SECONDS: i64 = 600;
const SLOTS: usize = 4;
/// The pause of a run that names no number. A server notices gaps from ten seconds on.
const USUAL: u64 = 24;
/// How long healthy agents need to be heard again.
const HEARD_AGAIN: u64 = 10;

/// What does not pass while it should.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Pause {
    /// The server is stopped, its agents work on.
    Server,
    /// Everything that belongs to the fleet is.
    All,
    /// Nothing is, and the wall's clock is set ahead.
    Clock,
    /// All is stopped while the clock is set.
    AllAndClock,
}

/// A fleet at work, and what is done to it.
struct Stopped {
    me: Newcomer,
    server: Serving,
    ahead: PathBuf,
    engine: String,
    seconds: u64,
}

impl Stopped {
    fn begin(seconds: u64, rounds: u64) -> Self {
        let engine = std::env::var("PAUSE_ENGINE").unwrap_or_else(|_| "process".to_owned());
        let me = Newcomer::new();
        let ahead = me.folder.path().join("ahead");
        fs_err::write(&ahead, 0_i64.to_ne_bytes()).expect("a file");
        let listen = ["--allow-unisolated", "--listen", "127.0.0.1:0"];
        let mut serve = me.command(&[&["serve"], &listen[..]].concat());
        serve
            .env("SUPERCARGO_ENGINE", &engine)
            .env("LD_PRELOAD", library(&me))
            .env("CLOCK_AHEAD", &ahead);
        let server = Serving::start(serve);

        me.add_zoo();
        // A lease is over well before the pause is.
        let lease = (seconds * 3 / 4).to_string();
        let patience = rounds * (2 * seconds + 2 * HEARD_AGAIN);
        let agent = PATIENT.replace("$PATIENCE", &patience.to_string());
        let mut set = vec!["project", "set", "zoo", "--lease", &lease];
        set.extend(["--agent-command", &agent, "--verify", "true"]);
        let slots = SLOTS.to_string();
        set.extend(["--target", &slots]);
        me.ok(&set);
        for n in 0..SLOTS {
            me.ok(&["feature", "add", "zoo", &format!("Animal {n}")]);
        }
        me.ok(&["project", "start", "zoo"]);
        me.follow_until_nth("container.session_started", SLOTS);
        Self {
            me,
            server,
            ahead,
            engine,
            seconds,
        }
    }

    /// One pause, and then time enough for every lease to run out that was not renewed.
    fn pause(&self, pause: Pause) {
        std::thread::sleep(Duration::from_secs(HEARD_AGAIN));
        let agents = match pause {
            Pause::All | Pause::AllAndClock => self.agents(),
            Pause::Server | Pause::Clock => vec![],
        };
        if pause != Pause::Clock {
            self.server.signal(Signal::SIGSTOP);
            self.hold(&agents, true);
            std::thread::sleep(Duration::from_secs(self.seconds));
        }
        if matches!(pause, Pause::Clock | Pause::AllAndClock) {
            fs_err::write(&self.ahead, SET_AHEAD_SECONDS.to_ne_bytes()).expect("set");
        }
        if pause != Pause::Clock {
            self.hold(&agents, false);
            self.server.signal(Signal::SIGCONT);
        }
        std::thread::sleep(Duration::from_secs(self.seconds));

        let log = self.me.export();
        let lost = count(&log, "feature.claim_expired");
        let gaps = count(&log, "node.stood_still");
        println!(
            "{pause:?} on {}: {} processes or containers of agents held for {} s, {gaps} gaps so \
             far, {lost} claims lost",
            self.engine,
            agents.len(),
            self.seconds
        );
        assert_eq!(lost, 0, "{pause:?}");
        assert!(gaps > 0, "{pause:?} was not noticed");
    }

    /// Everything of the fleet but its server: processes that run in, or from, its folder; or
    /// containers of this installation.
    fn agents(&self) -> Vec<String> {
        if self.engine == "docker" {
            let id = self.me.folder.path().join("data/log.id");
            let id = fs_err::read_to_string(id).expect("the log's id");
            let label = format!("label=supercargo.instance={}", id.trim());
            let listed = docker(&["ps", "--quiet", "--filter", &label]);
            return listed.lines().map(str::to_owned).collect();
        }
        let entries = fs_err::read_dir("/proc").expect("/proc").flatten();
        let pids = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let own = self.server.id().to_string();
        pids.filter(|pid| *pid != own && self.is_of_the_fleet(pid))
            .collect()
    }

    fn is_of_the_fleet(&self, pid: &str) -> bool {
        let data = self.me.folder.path().join("data");
        let leads = |what: &str| fs_err::read_link(format!("/proc/{pid}/{what}"));
        ["exe", "cwd"]
            .iter()
            .any(|what| leads(what).is_ok_and(|at| at.starts_with(&data)))
    }

    fn hold(&self, agents: &[String], held: bool) {
        if self.engine == "docker" {
            let verb = if held { "pause" } else { "unpause" };
            agents.iter().for_each(|id| drop(docker(&[verb, id])));
            return;
        }

        let signal = match held {
            true => Signal::SIGSTOP,
            false => Signal::SIGCONT,
        };

        for pid in agents {
            // One that ended by itself is not there.
            let pid = Pid::from_raw(pid.parse().expect("a pid"));
            let _ended = kill(pid, signal);
        }
    }

    fn end(self) {
        self.me.follow_until("project.completed");
        let log = self.me.export();
        for never in ["feature.claim_expired", "feature.quarantined"] {
            assert_eq!(count(&log, never), 0, "{never}");
        }
        assert_eq!(
            count(&log, "feature.claimed"),
            SLOTS,
            "each was claimed once"
        );
        self.server.stop();
        assert!(self.me.ok(&["log", "audit"]).starts_with("clean"));
    }
}

fn docker(args: &[&str]) -> String {
    let output = Command::new("docker").args(args).output().expect("docker");
    assert!(output.status.success(), "docker {args:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Makes the library with the C compiler that links this very binary.
fn library(me: &Newcomer) -> PathBuf {
    let folder = me.folder.path();
    let (source, library) = (folder.join("ahead.c"), folder.join("ahead.so"));
    fs_err::write(&source, AHEAD).expect("a file");
    let made = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&library, &source])
        .arg("-ldl")
        .status();
    assert!(made.expect("a C compiler").success(), "the library is made");
    library
}

fn count(log: &[Value], kind: &str) -> usize {
    log.iter().filter(|event| event["type"] == kind).count()
}

#[test]
fn no_claim_is_lost_to_time_that_was_not_ours() {
    let asked = std::env::var("PAUSE_SECONDS").ok();
    let asked: Option<u64> = asked.map(|n| n.parse().expect("a number"));
    let seconds = asked.unwrap_or(USUAL);
    let rounds: &[Pause] = match asked {
        Some(_) => &[Pause::Server, Pause::All, Pause::Clock],
        None => &[Pause::AllAndClock],
    };
    let fleet = Stopped::begin(seconds, rounds.len() as u64);
    for round in rounds {
        fleet.pause(*round);
    }
    fleet.end();
}
