//! Packages: who keeps them between sessions, for whom, and what lets them be fetched.

use crate::newcomer::{Newcomer, agent_that};

/// Looks for what an earlier session kept, keeps something, and does its role.
const KEEPER: &str = agent_that!(
    r#"    test "$npm_config_cache" = "$SUPERCARGO_CACHE/npm"
    test -f "$npm_config_cache/kept" && echo "an earlier session kept it"
    mkdir -p "$npm_config_cache" && echo x > "$npm_config_cache/kept"
    ls -a "$SUPERCARGO_CACHE/.." 2>&1 | grep -q verification && echo "sees what it should not"
    echo made > "$SUPERCARGO_FEATURE.txt"
    git add --all
    git commit --quiet -m Make
    supercargo agent submit"#
);

/// What an agent kept is not there; the setup has run here too, and tools find the way out.
const VERIFY: &str = r#"test -f .set-up && test ! -e "$npm_config_cache/kept" && test -d "$SUPERCARGO_CACHE" && test -n "$HTTPS_PROXY""#;

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn a_cache_outlives_its_session_and_no_verification_reads_what_an_agent_kept() {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    let data = me.folder.path().join("data");
    fs_err::write(
        data.join("egress.json"),
        r#"{"presets": {"packages": [{"host": "packages.example.org"}]}}"#,
    )
    .expect("presets");
    me.refused(
        &["project", "set", "zoo", "--allow-preset", "pakages"],
        "\"pakages\"; there are: packages",
    );
    me.ok(&[
        "project",
        "set",
        "zoo",
        "--allow",
        "docs.example.org",
        "--allow-preset",
        "packages",
    ]);
    me.ok(&[
        "project",
        "set",
        "zoo",
        "--allow-preset",
        "packages",
        "--cache",
        "64",
        "--setup",
        "touch .set-up",
    ]);
    me.ok(&[
        "project",
        "set",
        "zoo",
        "--target",
        "1",
        "--verify",
        VERIFY,
        "--agent-command",
        KEEPER,
    ]);
    let shown = me.ok(&["project", "show", "zoo", "--json"]);
    assert!(
        shown.contains("docs.example.org") && shown.matches("packages.example.org").count() == 1,
        "{shown}"
    );
    me.ok(&["feature", "add", "zoo", "Feed the lions"]);
    me.ok(&["feature", "add", "zoo", "Feed the bears"]);
    me.ok(&["project", "start", "zoo"]);
    me.follow_until_all_is_quiet();

    let printed = me.printed();
    assert!(printed.contains("an earlier session kept it"), "{printed}");
    assert!(!printed.contains("sees what it should not"), "{printed}");
    let closed = me
        .export()
        .iter()
        .filter(|event| event["type"] == "feature.closed")
        .count();
    assert_eq!(closed, 2);
    let caches = data.join("caches/zoo");
    assert!(caches.join("agent/1/npm/kept").is_file() && caches.join("verification").is_dir());
    let usage = me.ok(&["project", "usage", "zoo"]);
    assert!(
        usage.contains("no container runs")
            && usage.contains("gate 0.")
            && usage.contains("caches"),
        "{usage}"
    );
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
    me.ok(&["project", "stop", "zoo"]);
    me.ok(&["project", "delete", "zoo", "--yes"]);
    assert!(!caches.exists(), "they go with their project");
    server.stop();
}
