//! What one session pushes is its own: others take the trunk and their own branch, and nothing that
//! makes their disks full.

use serde_json::{Value, json};

use crate::newcomer::{Newcomer, OTHER_ROLES};

/// The first coder pushes much and asks; the second one looks at what it was given, makes a long
/// history, so that git packs its questions, and asks for the other's branch by name.
const CODER: &str = r#"case "$SUPERCARGO_ROLE" in
coder)
    set -e
    if grep -q "^. Feed the lions" "$SUPERCARGO_PROMPT"; then
        head -c 3000000 /dev/urandom > big
        git add --all
        git commit --quiet -m Big
        git push --quiet origin HEAD:"$SUPERCARGO_BRANCH"
        supercargo agent ask "How many lions?"
        exit 0
    fi
    echo "refs: $(git for-each-ref --format='%(refname)' | tr '\n' ' ')"
    echo "size: $(du -sk .git | cut -f1) end"
    n=0; while [ $n -lt 120 ]; do n=$((n+1)); git commit --quiet --allow-empty -m "$n"; done
    git fetch --quiet
    other=$(git ls-remote origin 'refs/heads/work/*' | cut -f2 | head -1)
    git fetch --quiet origin "$other"
    git push --quiet origin HEAD:"$SUPERCARGO_BRANCH"
    git fetch --quiet
    echo "own: $(git for-each-ref --format='%(refname)' refs/remotes/origin/work) end"
    echo fed > bears
    git add --all
    git commit --quiet -m Feed
    supercargo agent submit ;;"#;

fn after<'a>(printed: &'a str, word: &str) -> &'a str {
    let line = printed.lines().find_map(|line| line.strip_prefix(word));
    line.unwrap_or_else(|| panic!("no {word:?} in {printed}"))
}

#[test]
fn a_session_takes_the_trunk_and_its_own_branch_alone() {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    let set = ["project", "set", "zoo", "--target", "1"];
    let agent = format!("{CODER}{OTHER_ROLES}");
    let own = ["--verify", "true", "--agent-command", &agent];
    me.ok(&[&set[..], &own].concat());
    me.patch("/api/v1/projects/zoo", &json!({"batch_max": 1}));
    me.ok(&["feature", "add", "zoo", "Feed the lions", "--priority", "0"]);
    me.ok(&["feature", "add", "zoo", "Feed the bears", "--priority", "3"]);
    me.ok(&["project", "start", "zoo"]);
    me.follow_until("feature.closed");
    me.stop_all();
    server.stop();

    let printed = me.printed();
    let refs = after(&printed, "refs: ");
    assert!(
        refs.contains("refs/remotes/origin/main") && !refs.contains("refs/remotes/origin/work"),
        "{refs}"
    );
    let size = after(&printed, "size: ").trim_end_matches(" end");
    assert!(size.parse::<u64>().expect("KiB") < 1_000, "{size} KiB");
    let own = after(&printed, "own: ").trim_end_matches(" end");
    assert!(own.starts_with("refs/remotes/origin/work/"), "{own}");

    let log = me.export();
    let closed: Vec<&Value> = log
        .iter()
        .filter(|e| e["type"] == "feature.closed")
        .collect();
    assert_eq!(closed.len(), 1, "the bears; the lions wait for an answer");
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
}
