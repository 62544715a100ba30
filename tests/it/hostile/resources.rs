//! T15: what would bring a host down, in a container with small limits. The host stays healthy, the
//! server goes on, and the session ends with a reason.

use serde_json::json;

use super::{begin, of};
use crate::docker::on_docker;

/// MiB the host has to have left after each attack, of what it had before: the containers may take
/// 256.
const TAKEN_MAX: u64 = 1024;

fn available_mib() -> u64 {
    let text = fs_err::read_to_string("/proc/meminfo").expect("meminfo");
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))
        .expect("a line");
    line.trim()
        .trim_end_matches(" kB")
        .trim()
        .parse::<u64>()
        .expect("a number")
        / 1024
}

/// Runs an attack as the coder, until its first session has ended; answers how it ended and what
/// it printed.
fn attacked(attack: &str) -> (serde_json::Value, String) {
    attacked_within(20_000, attack)
}

/// The same, of a session that may take so long.
fn attacked_within(wall_ms: u64, attack: &str) -> (serde_json::Value, String) {
    let small = json!({
        "container": {"memory_mib": 256, "work_mib": 128, "cpu_milli": 1000, "pids": 64},
        "session_wall_ms": wall_ms,
    });
    let before = available_mib();
    let (me, server) = begin(attack, &small, &[]);
    me.follow_until("container.session_ended");
    me.follow_until("container.removed");
    let after = available_mib();
    assert!(
        after + TAKEN_MAX > before,
        "{before} MiB were free before, {after} are now"
    );
    assert!(
        me.ok(&["project", "show", "zoo"]).contains("zoo"),
        "the server goes on"
    );
    me.stop_all();
    server.stop();
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
    let log = me.export();
    let ended = of(&log, "container.session_ended")[0].clone();

    // The next session may have begun the same attack before the stop.
    let started = of(&log, "container.session_started")[0];
    let session = started["session"].as_str().expect("a session");

    (ended, me.printed_by(session))
}

#[test]
fn a_fork_bomb_is_bounded() {
    on_docker("a fork bomb", |_| async {
        let (ended, _) = attacked("perl -e 'while (1) { fork }'");
        assert_eq!(ended["outcome"], "timed_out", "{ended}");
    });
}

#[test]
fn a_memory_bomb_ends_its_own_session() {
    on_docker("a memory bomb", |_| async {
        let (ended, _) = attacked("perl -e 'my $x = \"x\" x (1024*1024*1024); sleep 60'");
        assert!(
            ["failed", "lost"].contains(&ended["outcome"].as_str().expect("text")),
            "{ended}"
        );
    });
}

#[test]
fn a_full_disk_is_its_own_disk() {
    on_docker("a full disk", |_| async {
        let (ended, said) = attacked(
            "head -c 1G /dev/zero > big; head -c 1G /dev/zero > /tmp/big; touch /big; exit 3",
        );
        assert!(said.contains("No space left on device"), "{said}");
        assert!(said.contains("Read-only file system"), "{said}");
        assert_eq!(ended["outcome"], "failed", "{ended}");
    });
}

#[test]
fn a_flood_and_an_endless_line_are_cut() {
    on_docker("a flood of output", |_| async {
        // How fast 300 MiB go through is the machine's business, and not what is looked at.
        let flood = "head -c 300M /dev/zero | tr '\\0' x; exit 3";
        let (ended, said) = attacked_within(90_000, flood);
        assert_eq!(ended["outcome"], "failed", "{ended}");
        assert!(
            said.len() < 80 * 1024 * 1024,
            "{} bytes are kept",
            said.len()
        );
    });
}

#[test]
fn sigterm_ignored_and_children_that_left_are_ended() {
    on_docker("children that left", |docker| async move {
        let (ended, _) = attacked(
            "trap '' TERM; setsid perl -e '$SIG{TERM}=\"IGNORE\"; fork; sleep 600' & sleep 600",
        );
        assert_eq!(ended["outcome"], "timed_out", "{ended}");
        let options = bollard::query_parameters::ListContainersOptions {
            all: true,
            ..Default::default()
        };
        let left = docker.list_containers(Some(options)).await.expect("listed");
        let command = |c: &bollard::models::ContainerSummary| c.command.clone().unwrap_or_default();
        assert!(
            !left.iter().any(|c| command(c).contains("perl")),
            "{left:?}"
        );
    });
}
