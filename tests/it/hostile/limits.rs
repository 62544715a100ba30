//! What would fill the memory of a host from a container of processes: folders that lie in memory,
//! and processes without end. Each comes to its bound, and the host goes on.

use serde_json::json;

use crate::newcomer::{Newcomer, OTHER_ROLES};

/// Fills what can be filled, and says how far it came.
const CODER: &str = r#"case "$SUPERCARGO_ROLE" in
coder)
    fill() {
        head -c 300000000 /dev/zero 2>/dev/null > "$1/x"
        echo "$1: $(stat -c %s "$1/x" 2>/dev/null || echo 0)"
        rm -f "$1/x"
    }
    for folder in /tmp /dev/shm /dev /root /home /run /var/tmp "$(dirname "$(dirname "$PWD")")"; do
        fill "$folder" 2>/dev/null
    done
    perl -e 'my $n = 0;
        while ($n < 2000) { my $pid = fork; last unless defined $pid; if (!$pid) { sleep 60; exit }
            push @all, $pid; $n++ }
        kill 9, @all; print "forks: $n\n"'
    echo "goes: $(cat /proc/self/oom_score_adj)"
    git commit --quiet --allow-empty -m Look
    echo fed > lions
    git add --all
    git commit --quiet -m Feed
    supercargo agent submit ;;"#;

#[test]
fn a_container_of_processes_comes_to_its_bounds() {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    let agent = format!("{CODER}{OTHER_ROLES}");
    let set = ["project", "set", "zoo", "--target", "1", "--verify", "true"];
    me.ok(&[&set[..], &["--agent-command", &agent]].concat());
    let small = json!({"memory_mib": 512, "work_mib": 128, "cpu_milli": 1000, "pids": 100});
    me.patch("/api/v1/projects/zoo", &json!({"container": small}));
    me.ok(&["feature", "add", "zoo", "Feed the lions"]);
    me.ok(&["project", "start", "zoo"]);
    me.follow_until("feature.closed");
    me.stop_all();
    server.stop();

    let printed = me.printed();
    let mib = |folder: &str| {
        let begin = format!("{folder}: ");
        let line = printed.lines().find_map(|line| line.strip_prefix(&begin));
        let bytes: u64 = line
            .and_then(|line| line.parse().ok())
            .unwrap_or_else(|| panic!("nothing of {folder} in {printed}"));
        bytes / (1024 * 1024)
    };
    assert_eq!(
        mib("/tmp"),
        192,
        "half of what its work leaves of its memory"
    );
    assert_eq!(mib("/dev/shm"), 128);
    assert_eq!(mib("/dev"), 0, "devices are the host's");
    for hidden in ["/root", "/home", "/run"] {
        assert!(mib(hidden) <= 16, "{printed}");
    }
    assert_eq!(mib("/var/tmp"), 0, "the host's folders are closed");

    let forks = printed
        .lines()
        .find_map(|line| line.strip_prefix("forks: "));
    let forks: u32 = forks.and_then(|n| n.parse().ok()).expect("forks");
    assert!((10..100).contains(&forks), "{forks} processes");
    assert!(printed.contains("goes: 500"), "{printed}");
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
}
