//! The merge queue as an operator meets it: protected paths, what was merged taken out and brought
//! back, verification that was detected.

use serde_json::Value;

use crate::binary::Serving;
use crate::docker::skip;
use crate::newcomer::{Newcomer, agent_that};
use crate::world::stub::git;

/// Writes what its feature's title says: a path.
const AGENT: &str = agent_that!(
    r#"    path=$(curl -sS "$SUPERCARGO_URL/v1/feature" | sed 's/.*"title":"\([^"]*\)".*/\1/')
    mkdir -p "$(dirname "$path")"
    echo "made under $SUPERCARGO_CLAIM" > "$path"
    git add --all
    git commit --quiet -m Make
    supercargo agent submit"#
);

fn begin() -> (Newcomer, Serving) {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    me.ok(&[
        "project",
        "set",
        "zoo",
        "--target",
        "1",
        "--verify",
        "test -f README",
        "--agent-command",
        AGENT,
    ]);

    (me, server)
}

fn add(me: &Newcomer, title: &str) -> String {
    let said = me.ok(&["feature", "add", "zoo", title]);
    let id = said
        .split_whitespace()
        .find(|word| word.starts_with("feat-"));
    id.unwrap_or_else(|| panic!("no id in {said}")).to_owned()
}

fn files(me: &Newcomer) -> String {
    git(&me.upstream(), &["ls-tree", "-r", "--name-only", "main"]).expect("tree")
}

fn of<'a>(log: &'a [Value], kind: &str) -> Vec<&'a Value> {
    log.iter()
        .filter(|event| event["type"] == kind)
        .map(|event| &event["data"])
        .collect()
}

/// T19: what decides what others run is published when a person says so, and holds nobody up
/// meanwhile.
#[test]
fn protected_paths_wait_for_a_person_and_others_pass() {
    let (me, server) = begin();
    let delicate = add(&me, ".github/workflows/ci.yml");
    add(&me, "plain.txt");
    me.ok(&["project", "start", "zoo"]);
    me.follow_until_nth("trunk.held", 1);
    me.follow_until_nth("feature.closed", 1);
    assert!(
        files(&me).contains("plain.txt") && !files(&me).contains("ci.yml"),
        "{}",
        files(&me)
    );
    let shown = me.ok(&["trunk", "show", "zoo"]);
    assert!(
        shown.contains("held: it changes .github/workflows/ci.yml") && shown.contains(&delicate),
        "{shown}"
    );
    assert!(
        me.ok(&["project", "show", "zoo", "--json"])
            .contains("`queue approve`")
    );
    let log = me.export();
    let entry = of(&log, "trunk.held")[0]["entry"].to_string();
    me.refused(&["trunk", "approve", "zoo", "999"], "waits for nobody");
    me.ok(&[
        "trunk",
        "refuse",
        "zoo",
        &entry,
        "no workflow without a comment in it",
    ]);
    me.follow_until_nth("trunk.held", 2);
    let again = me.ok(&["feature", "show", "zoo", &delicate]);
    assert!(
        again.contains("no workflow without a comment in it"),
        "the next coder reads why: {again}"
    );
    let entry = of(&me.export(), "trunk.held")[1]["entry"].to_string();
    me.ok(&["trunk", "approve", "zoo", &entry]);
    me.follow_until_all_is_quiet();
    assert!(files(&me).contains(".github/workflows/ci.yml"));
    me.ok(&["project", "set", "zoo", "--protect-nothing"]);
    add(&me, ".gitlab-ci.yml");
    me.follow_until_nth("project.completed", 2);
    assert!(files(&me).contains(".gitlab-ci.yml"));

    // What takes it out again is held as well, and read before it is approved.
    me.ok(&["project", "set", "zoo", "--protect", ".github/"]);
    me.ok(&["feature", "undo", "zoo", &delicate]);
    me.follow_until_nth("trunk.held", 3);
    let entry = of(&me.export(), "trunk.held")[2]["entry"].to_string();
    let diff = me.ok(&["queue", "diff", "zoo", &entry]);
    assert!(
        diff.contains("newest candidate") && diff.contains("deleted file"),
        "{diff}"
    );
    me.ok(&["queue", "refuse", "zoo", &entry, "it stays"]);
    let shown = me.ok(&["feature", "show", "zoo", &delicate]);
    assert!(shown.contains("it stays"), "{shown}");
    server.stop();
    assert_eq!(
        of(&me.export(), "trunk.held").len(),
        3,
        "a project that protects nothing holds nothing"
    );
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
}

/// An agent whose work is text, bytes, an escape sequence and more lines than one answer takes.
const MOTLEY: &str = agent_that!(
    r#"    cat > /dev/null
    mkdir -p .github/workflows
    echo "on: push" > .github/workflows/ci.yml
    printf 'clear\033[2Jed\n' > odd.txt
    printf '\000\001\002' > raw.bin
    seq 1 100000 > zz-1.txt
    seq 1 100000 > zz-2.txt
    git add --all
    git commit --quiet -m Make
    supercargo agent submit"#
);

#[test]
fn what_work_changes_is_read_before_and_after_it_is_merged() {
    let (me, server) = begin();
    me.ok(&["project", "set", "zoo", "--agent-command", MOTLEY]);
    let id = add(&me, "Motley");
    me.refused(&["feature", "diff", "zoo", &id], "nothing was pushed");
    me.ok(&["project", "start", "zoo"]);
    me.follow_until_nth("trunk.held", 1);
    let entry = of(&me.export(), "trunk.held")[0]["entry"].to_string();
    let held = me.ok(&["trunk", "diff", "zoo", &entry]);
    for wanted in [
        "newest candidate of entry",
        "+++ b/.github/workflows/ci.yml\n@@ -0,0 +1 @@\n+on: push\n",
        "Binary files /dev/null and b/raw.bin differ",
        "# cut here at 1048576 bytes: 4 of 5 files are shown whole",
    ] {
        let begin: String = held.chars().take(2_000).collect();
        assert!(held.contains(wanted), "{wanted:?} in {begin}");
    }
    assert!(!held.contains('\u{1b}'), "the terminal is not written to");
    let alone = me.ok(&["trunk", "diff", "zoo", &entry, "--path", "odd.txt"]);
    assert!(
        alone.contains("b/odd.txt") && !alone.contains("ci.yml"),
        "{alone}"
    );
    let handed_in = me.ok(&["feature", "diff", "zoo", &id, "--stat"]);
    assert!(
        handed_in.contains("handed in under claim 1") && handed_in.contains("5 files changed"),
        "{handed_in}"
    );
    me.refused(&["trunk", "diff", "zoo", "99"], "is not in the queue");

    me.ok(&["trunk", "approve", "zoo", &entry]);
    me.follow_until_all_is_quiet();
    let merged = me.ok(&["feature", "diff", "zoo", &id, "--stat"]);
    assert!(
        merged.contains("# merged: commit") && merged.contains("zz-2.txt"),
        "{merged}"
    );
    server.stop();
}

#[test]
fn what_was_merged_is_taken_out_and_brought_back() {
    let (me, server) = begin();
    let lions = add(&me, "lions.txt");
    let bears = add(&me, "bears.txt");
    me.ok(&["feature", "depend", "zoo", &bears, &lions]);
    me.refused(
        &["feature", "undo", "zoo", &lions],
        "only what was merged can be undone",
    );
    me.ok(&["project", "start", "zoo"]);
    me.follow_until_all_is_quiet();

    // Whoever works on it again takes long.
    let slow = AGENT.replace("    path=", "    sleep 300\n    path=");
    me.ok(&["project", "set", "zoo", "--agent-command", &slow]);
    me.ok(&["feature", "undo", "zoo", &lions]);
    me.follow_until("feature.reopened");
    let resting = me.ok(&["feature", "show", "zoo", &bears, "--json"]);
    assert!(
        resting.contains(&format!("it rests on {lions}, which is open again")),
        "{resting}"
    );
    assert!(
        !files(&me).contains("lions.txt") && files(&me).contains("bears.txt"),
        "{}",
        files(&me)
    );
    let undone = git(&me.upstream(), &["log", "-1", "--format=%B", "main"]).expect("message");
    assert!(
        undone.contains("Undo \"lions.txt\"")
            && undone.contains(&format!("Supercargo-Feature: {lions}")),
        "{undone}"
    );

    // What a person took out waits for a person; then somebody works on it, and that is not taken
    // away from under them.
    me.follow_until("feature.set_aside");
    me.ok(&["feature", "requeue", "zoo", &lions]);
    me.follow_until_nth("feature.claimed", 3);
    me.refused(
        &["feature", "undo", "zoo", &lions],
        "while nobody works on it",
    );
    me.ok(&["container", "stop", "zoo", "1"]);
    me.follow_until("feature.released");
    me.ok(&["feature", "undo", "zoo", &lions]);
    me.ok(&["project", "set", "zoo", "--verify", "test -f lions.txt"]);
    me.ok(&["container", "restart", "zoo", "1"]);
    me.follow_until_nth("feature.closed", 3);
    server.stop();
    assert!(files(&me).contains("lions.txt"), "{}", files(&me));
    let log = me.export();
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
    assert!(
        of(&log, "feature.closed")
            .iter()
            .any(|closed| closed["closing"]["how"] == "restored"),
        "it was restored, not built"
    );
}

/// A project without a command of its own is verified with the one that its tree suggests.
#[test]
fn the_usual_test_command_is_found() {
    if std::process::Command::new("make")
        .arg("--version")
        .output()
        .is_err()
    {
        return skip("the usual test command is found", "there is no make here");
    }
    let (me, server) = begin();
    me.ok(&["project", "set", "zoo", "--verify", ""]);
    let tree = me.folder.path().join("tree");
    fs_err::write(tree.join("Makefile"), "test:\n\ttest -f README\n").expect("file");
    git(&tree, &["add", "--all"]).expect("added");
    git(&tree, &["commit", "--quiet", "-m", "Test"]).expect("committed");
    git(&tree, &["push", "--quiet", "origin", "main"]).expect("pushed");
    add(&me, "lions.txt");
    me.ok(&["project", "start", "zoo"]);
    me.follow_until_all_is_quiet();
    server.stop();
    let log = me.export();
    let evidence = &of(&log, "trunk.verified")[0]["evidence"];
    assert_eq!(
        (evidence["kind"].as_str(), evidence["exit"].as_i64()),
        (Some("ran"), Some(0)),
        "{evidence}"
    );
    assert_eq!(
        of(&log, "trunk.candidate_built")[0]["changes"]["detected"],
        "make test"
    );
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
}

/// What was found about a feature ages when its files change, by whomever, and is fresh again when
/// an overseer has looked.
#[test]
fn verdicts_age_until_an_overseer_looks() {
    let (me, server) = begin();
    let lions = add(&me, "lions.txt");
    me.ok(&["project", "start", "zoo"]);
    me.follow_until_all_is_quiet();
    let shown = |of: &Newcomer| of.ok(&["feature", "show", "zoo", &lions, "--json"]);
    assert!(!shown(&me).contains("\"stale\""), "{}", shown(&me));
    let tree = me.folder.path().join("tree");
    git(&tree, &["pull", "--quiet", "--rebase", "origin", "main"]).expect("pulled");
    fs_err::write(tree.join("lions.txt"), "theirs").expect("written");
    git(&tree, &["commit", "--quiet", "--all", "-m", "Theirs"]).expect("committed");
    git(&tree, &["push", "--quiet", "origin", "main"]).expect("pushed");
    me.ok(&["project", "upstream", "fetch", "zoo"]);
    assert!(
        shown(&me).contains("later work changed lions.txt"),
        "{}",
        shown(&me)
    );
    add(&me, "bears.txt");
    me.follow_until_nth("project.completed", 2);
    server.stop();
    let server = me.serve();

    assert!(
        !shown(&me).contains("\"stale\""),
        "the overseer has looked: {}",
        shown(&me)
    );
    server.stop();
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
}

/// What is under way and would not merge is known before it is handed in; who begins is told what
/// similar work changed; a push that is not its own is refused and recorded.
#[test]
fn work_under_way_is_looked_at_before_it_collides() {
    let (me, server) = begin();

    let agent = AGENT.replace(
        "    supercargo agent submit ;;",
        "    git push --quiet origin HEAD:refs/heads/main || echo \"not to main\"\n    git push \
         --quiet origin \"HEAD:refs/heads/$SUPERCARGO_BRANCH\"\n    \
         grep 'features like this one' \"$SUPERCARGO_PROMPT\" || true\n    test \"$path\" = \
         slow.txt && sleep 300\n    supercargo agent submit ;;",
    );
    me.ok(&["project", "set", "zoo", "--agent-command", &agent]);
    me.ok(&["feature", "add", "zoo", "quick.txt", "--label", "food"]);
    me.ok(&["project", "start", "zoo"]);
    me.follow_until_all_is_quiet();
    me.ok(&["feature", "add", "zoo", "slow.txt", "--label", "food"]);
    me.follow_until_nth("container.egress_recorded", 2);
    me.follow_until_nth("feature.claimed", 2);
    let log = me.export();
    let claimed = log
        .iter()
        .rfind(|event| event["type"] == "feature.claimed")
        .expect("claimed");
    let slow = claimed["stream"].as_str().expect("stream").to_owned();
    assert_eq!(
        me.ok(&["trunk", "conflicts", "zoo"]),
        "everything under way merges\n"
    );
    let tree = me.folder.path().join("tree");
    git(&tree, &["pull", "--quiet", "--rebase", "origin", "main"]).expect("pulled");
    fs_err::write(tree.join("slow.txt"), "theirs").expect("written");
    git(&tree, &["add", "--all"]).expect("added");
    git(&tree, &["commit", "--quiet", "-m", "Theirs"]).expect("committed");
    git(&tree, &["push", "--quiet", "origin", "main"]).expect("pushed");
    me.ok(&["project", "upstream", "fetch", "zoo"]);
    let said = me.ok(&["trunk", "conflicts", "zoo"]);
    assert!(
        said.contains("slow.txt")
            && slow.ends_with(said.split_whitespace().next().expect("a feature")),
        "{said} {slow}"
    );
    me.follow_until("trunk.probed");
    let shown = me.ok(&[
        "feature",
        "show",
        "zoo",
        said.split_whitespace().next().expect("a feature"),
    ]);
    assert!(
        shown.contains("does not merge with the trunk: slow.txt"),
        "the board knows without asking: {shown}"
    );
    server.stop();
    let printed = me.printed();
    assert!(
        printed.contains("not to main")
            && printed.contains("`quick.txt` was changed by features like this one"),
        "{printed}"
    );
    let log = me.export();
    let denied = of(&log, "container.egress_recorded");
    assert!(
        denied
            .iter()
            .any(|e| e["denied"].to_string().contains("git push refs/heads/main")),
        "{denied:?}"
    );
}

/// Our section goes through the queue, beside the user's own text, once.
#[test]
fn a_repository_gets_our_section_and_keeps_its_own_text() {
    let (me, server) = begin();
    let tree = me.folder.path().join("tree");
    fs_err::write(tree.join("AGENTS.md"), "# Ours\n\nNever touch the lions.\n").expect("written");
    fs_err::write(tree.join("CLAUDE.md"), "Mine.\n").expect("written");
    git(&tree, &["add", "--all"]).expect("added");
    git(&tree, &["commit", "--quiet", "-m", "Words"]).expect("committed");
    git(&tree, &["push", "--quiet", "origin", "main"]).expect("pushed");
    me.follow_until("trunk.opened");
    me.ok(&["project", "upstream", "fetch", "zoo"]);
    add(&me, "lions.txt");
    assert!(me.ok(&["project", "scaffold", "zoo"]).starts_with("queued"));
    me.refused(&["project", "scaffold", "zoo"], "queued");
    me.ok(&["project", "start", "zoo"]);
    me.follow_until_all_is_quiet();
    assert_eq!(
        me.ok(&["project", "scaffold", "zoo"]),
        "it is as it should be\n"
    );
    server.stop();
    let agents = git(&me.upstream(), &["show", "main:AGENTS.md"]).expect("the file");
    assert!(
        agents.starts_with("# Ours\n\nNever touch the lions.\n")
            && agents.contains("supercargo:begin"),
        "{agents}"
    );

    assert_eq!(
        git(&me.upstream(), &["show", "main:CLAUDE.md"])
            .expect("the file")
            .trim_end(),
        "Mine."
    );
    let scaffolds = git(
        &me.upstream(),
        &["log", "--oneline", "--grep", "Supercargo-Scaffold", "main"],
    )
    .expect("log");
    assert_eq!(scaffolds.lines().count(), 1);
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
}

/// Submodules and large files break nothing, and agents are told what they do not see.
#[test]
fn submodules_and_large_files_are_named_to_agents() {
    let (me, server) = begin();
    let tree = me.folder.path().join("tree");

    fs_err::write(
        tree.join(".gitmodules"),
        "[submodule \"lib\"]\n\tpath = lib\n\turl = https://localhost/lib.git\n",
    )
    .expect("written");
    fs_err::write(
        tree.join(".gitattributes"),
        "*.bin filter=lfs diff=lfs merge=lfs -text\n",
    )
    .expect("written");
    fs_err::write(
        tree.join("big.bin"),
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
    )
    .expect("written");
    let module = format!("160000,{},lib", "1".repeat(40));

    git(
        &tree,
        &[
            "-c",
            "filter.lfs.clean=",
            "-c",
            "filter.lfs.required=false",
            "add",
            "--all",
        ],
    )
    .expect("added");
    git(&tree, &["update-index", "--add", "--cacheinfo", &module]).expect("a submodule");
    git(&tree, &["commit", "--quiet", "-m", "Parts"]).expect("committed");
    git(&tree, &["push", "--quiet", "origin", "main"]).expect("pushed");
    me.follow_until("trunk.opened");
    me.ok(&["project", "upstream", "fetch", "zoo"]);
    let agent = AGENT.replace("set -e", "set -e\ngrep '^Mind: ' \"$SUPERCARGO_PROMPT\"");
    me.ok(&["project", "set", "zoo", "--agent-command", &agent]);
    add(&me, "lions.txt");
    me.ok(&["project", "start", "zoo"]);
    me.follow_until_all_is_quiet();
    server.stop();
    let printed = me.printed();
    assert!(
        printed.matches("this repository has submodules").count() >= 3
            && printed.contains("git-lfs"),
        "{printed}"
    );
    let files = git(&me.upstream(), &["ls-tree", "-r", "main"]).expect("tree");
    assert!(
        files.contains("160000") && files.contains("lions.txt") && files.contains("big.bin"),
        "{files}"
    );
}
