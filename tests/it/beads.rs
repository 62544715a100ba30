//! Issues of Beads through the whole service: taken in, built, written out, published.

use serde_json::Value;

use crate::newcomer::{Newcomer, agent_that};
use crate::world::stub::git;

const ISSUES: &str = r#"{"id":"zoo-2","title":"Feed the bears","description":"Honey.\n\n1. buy it\n2. give it","status":"open","priority":1,"issue_type":"bug","labels":["food"],"dependencies":[{"issue_id":"zoo-2","depends_on_id":"zoo-1","type":"blocks"}],"comments":[{"id":1,"issue_id":"zoo-2","author":"ann","text":"They are hungry","created_at":"2026-01-01T00:00:00Z"}],"x_ours":{"a":[1,2]}}
{"id":"zoo-1","title":"Feed the lions","status":"in_progress","priority":2,"issue_type":"feature","assignee":"bob"}
{"id":"zoo-0","title":"Build the zoo","status":"closed","priority":0,"issue_type":"task","closed_at":"2026-01-02T00:00:00Z","close_reason":"done"}
{"_type":"memory","id":"m-1","text":"not an issue"}
"#;

const AGENT: &str = agent_that!(
    r#"    echo made > "$SUPERCARGO_FEATURE.txt"
    git add --all
    git commit --quiet -m Make
    supercargo agent submit"#
);

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a line"))
        .collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn issues_are_taken_in_built_and_written_out() {
    let me = Newcomer::new();
    let tree = me.folder.path().join("tree");
    fs_err::create_dir_all(tree.join(".beads")).expect("folder");
    fs_err::write(tree.join(".beads/issues.jsonl"), ISSUES).expect("issues");
    git(&tree, &["add", "--all", "--force"]).expect("added");
    git(&tree, &["commit", "--quiet", "-m", "Issues"]).expect("committed");
    git(&tree, &["push", "--quiet", "origin", "main"]).expect("pushed");
    let server = me.serve();
    me.add_zoo();
    me.follow_until("trunk.opened");
    assert_eq!(
        me.ok(&["beads", "import", "zoo"]),
        "3 taken in, 0 were there already\n"
    );
    assert_eq!(
        me.ok(&["beads", "import", "zoo"]),
        "0 taken in, 3 were there already\n"
    );
    // Published when it is asked for, so that the test knows when.
    me.ok(&["project", "set", "zoo", "--sync-issues", "false"]);
    let listed = me.ok(&["feature", "list", "zoo"]);
    assert!(
        ["(zoo-0)", "(zoo-1)", "(zoo-2)"]
            .iter()
            .all(|issue| listed.contains(issue)),
        "features are found by the ids of their issues: {listed}"
    );
    let out = me.ok(&["beads", "export", "zoo"]);
    let mut given: Vec<Value> = lines(ISSUES)
        .into_iter()
        .filter(|issue| issue["_type"] != "memory")
        .collect();
    given.sort_by_key(|issue| issue["id"].to_string());
    assert_eq!(
        lines(&out),
        given,
        "nothing happened, so nothing is changed:\n{out}"
    );

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
    me.ok(&["project", "start", "zoo"]);
    // Somebody else works on the lions: a person says when they are this fleet's.
    let shown = me.ok(&["project", "show", "zoo", "--json"]);
    assert!(
        shown.contains("in progress in Beads: somebody works on it"),
        "{shown}"
    );
    let lions = listed.lines().find(|line| line.contains("(zoo-1)"));
    let mut words = lions.expect("the lions").split_whitespace();
    let lions = words.find(|word| word.starts_with("feat-")).expect("an id");
    me.ok(&["feature", "requeue", "zoo", lions]);
    me.follow_until_all_is_quiet();
    // Nobody takes up what is added now: a claim would be something new to publish.
    me.ok(&["project", "stop", "zoo"]);
    me.ok(&["feature", "add", "zoo", "Paint the fence"]);
    let log = me.export();
    let order: Vec<&Value> = log
        .iter()
        .filter(|e| e["type"] == "trunk.advanced")
        .collect();
    assert_eq!(order.len(), 2, "the closed one is not built");
    let said = me.ok(&["beads", "publish", "zoo"]);
    assert!(said.starts_with("published: beads-sync"), "{said}");
    assert!(
        me.ok(&["beads", "publish", "zoo"])
            .starts_with("nothing changed"),
        "a second time there is nothing new"
    );
    server.stop();
    let published =
        git(&me.upstream(), &["show", "beads-sync:.beads/issues.jsonl"]).expect("published");
    let issues = lines(&published);
    let of = |id: &str| {
        issues
            .iter()
            .find(|issue| issue["id"] == id)
            .unwrap_or_else(|| panic!("no {id} in {published}"))
    };
    assert_eq!(
        (
            of("zoo-2")["status"].as_str(),
            of("zoo-2")["x_ours"]["a"][1].as_u64()
        ),
        (Some("closed"), Some(2))
    );
    assert_eq!(of("zoo-0")["close_reason"], "done");
    let fresh = issues
        .iter()
        .find(|issue| issue["title"] == "Paint the fence")
        .expect("the new one");
    assert!(
        fresh["status"] != "closed" && fresh["issue_type"] == "feature",
        "{fresh}"
    );
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
}

/// Works with `bd` alone.
const BD_AGENT: &str = agent_that!(
    r#"set -e
show() { echo "$@"; "$@"; echo "exit $?"; }
"#,
    r#"    if test "$(bd list --all --json | grep -c Found)" = 0; then
        set +e
        show bd ready --json
        show bd show "$SUPERCARGO_FEATURE" --json
        show bd update "$SUPERCARGO_FEATURE" --status in_progress
        show bd update feat-other --claim
        show bd close feat-other
        show bd reopen "$SUPERCARGO_FEATURE"
        show bd comments add "$SUPERCARGO_FEATURE" "They like it"
        show bd comments list "$SUPERCARGO_FEATURE"
        show bd stats --json
        show bd sync
        id=$(bd create "Found while working" -t bug -p P3 --deps "$SUPERCARGO_FEATURE" --silent)
        show bd dep list "$id"
        show bd list --status blocked
        set -e
    fi
    echo made > "$SUPERCARGO_FEATURE.txt"
    git add --all
    git commit --quiet -m Make
    bd close "$SUPERCARGO_FEATURE" --reason done"#
);

#[test]
fn agents_that_know_bd_find_it() {
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
        BD_AGENT,
    ]);
    me.ok(&["feature", "add", "zoo", "Feed the lions"]);
    me.ok(&["project", "start", "zoo"]);
    me.follow_until_all_is_quiet();
    server.stop();
    let printed = me.printed();

    for line in [
        "exit 4",
        "They like it",
        "\"in_progress_issues\":1",
        "nothing to do: everything is recorded when it is said",
        "[P3] [blocked] Found while working",
        "only a person opens it again",
        "is handed in, recorded at position",
        "\"status\":\"in_progress\"",
    ] {
        assert!(printed.contains(line), "{line} is not in:\n{printed}");
    }

    assert_eq!(printed.matches("exit 4").count(), 2, "{printed}");
    let closed = me
        .export()
        .iter()
        .filter(|event| event["type"] == "feature.closed")
        .count();
    assert_eq!(closed, 2);
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
}

/// A repository of ZeroCoder: its spec and issues are taken over, its own prompt for coders is
/// used, and what is wrong with one is said.
#[test]
fn a_repository_of_the_ancestor_is_adopted() {
    let me = Newcomer::new();
    let tree = me.folder.path().join("tree");

    for (path, text) in [
        (".beads/issues.jsonl", ISSUES),
        ("prompts/app_spec.txt", "Build a zoo.\n"),
        ("prompts/coding_prompt.md", "You code.\n"),
        (
            ".supercargo/prompts/coder.md",
            "OWN PROMPT for {{ feature }}: {{ title }}\n",
        ),
        (
            ".supercargo/prompts/reviewer.md",
            "BROKEN {{ nobody.knows }}\n",
        ),
    ] {
        let file = tree.join(path);
        fs_err::create_dir_all(file.parent().expect("a folder")).expect("folder");
        fs_err::write(file, text).expect("file");
    }

    git(&tree, &["add", "--all", "--force"]).expect("added");
    git(&tree, &["commit", "--quiet", "-m", "As it was"]).expect("committed");
    git(&tree, &["push", "--quiet", "origin", "main"]).expect("pushed");
    let server = me.serve();
    me.add_zoo();
    me.follow_until("trunk.opened");
    let said = me.ok(&["project", "adopt", "zoo"]);
    assert_eq!(
        said,
        "the spec is taken over\n3 issues taken in, 0 were there already\nprompts/coding_prompt.md \
         is not read any more\n"
    );
    assert!(
        me.ok(&["project", "adopt", "zoo"])
            .starts_with("no new spec\n0 issues taken in")
    );
    let agent = AGENT.replace(
        "set -e",
        "set -e\necho \"given: $(head -c 300 \"$SUPERCARGO_PROMPT\" | tr '\\n' ' ')\"\ntail -n 3 \
         \"$SUPERCARGO_PROMPT\"",
    );

    me.ok(&[
        "project",
        "set",
        "zoo",
        "--target",
        "1",
        "--verify",
        "test -f README",
        "--agent-command",
        &agent,
    ]);
    me.ok(&["project", "start", "zoo"]);
    me.follow_until_all_is_quiet();
    server.stop();
    let printed = me.printed();
    assert!(printed.contains("given: OWN PROMPT for feat-"), "{printed}");
    assert!(
        printed.contains(".supercargo/prompts/reviewer.md of this repository was not used"),
        "{printed}"
    );
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
}

/// Issues are admitted first, and what was said about them follows: a file that was taken in half
/// way is finished by the next time, and what is there already is not said twice.
#[test]
fn an_import_that_was_cut_short_is_finished() {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    let file = me.folder.path().join("issues.jsonl");
    let said = |n: usize| {
        (1..=n)
            .map(|n| serde_json::json!({"author": "ann", "text": format!("Remark {n}")}))
            .collect::<Vec<_>>()
    };
    let issue = |status: &str, remarks: usize| {
        let line = serde_json::json!({"id": "zoo-1", "title": "Feed the lions", "status": status, "comments": said(remarks)});
        fs_err::write(&file, format!("{line}\n")).expect("file");
        me.ok(&["beads", "import", "zoo", &file.display().to_string()])
    };
    assert_eq!(issue("open", 1), "1 taken in, 0 were there already\n");
    for _ in 0..2 {
        assert_eq!(issue("closed", 3), "0 taken in, 1 were there already\n");
    }

    let log = me.export();
    let of = |kind: &str| {
        log.iter()
            .filter(|event| event["type"] == kind)
            .map(|e| e["data"]["text"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        of("feature.commented"),
        ["Remark 1", "Remark 2", "Remark 3"]
    );
    assert_eq!(of("feature.closed").len(), 1);
    server.stop();
}

/// Somebody else works on the same issues with `bd`: what they changed on the branch is taken, ours
/// is written on top, and what both changed stays as it is here and is said.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn issues_go_both_ways() {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    me.follow_until("trunk.opened");
    let file = me.folder.path().join("issues.jsonl");
    fs_err::write(&file, ISSUES).expect("file");
    me.ok(&["beads", "import", "zoo", &file.display().to_string()]);
    let own = me
        .ok(&["feature", "add", "zoo", "Paint the fence"])
        .split_whitespace()
        .next()
        .expect("an id")
        .to_owned();
    me.follow_until_nth("feature.created", 4);
    let first = me.ok(&["beads", "sync", "zoo"]);
    assert!(
        first.starts_with("0 taken in, 0 changed") && first.contains("published: beads-sync"),
        "{first}"
    );
    assert!(
        me.ok(&["beads", "sync", "zoo"]).contains("nothing changed"),
        "a second time there is nothing to do"
    );

    // They clone the branch, and change it as bd does: a line an issue.
    let path = me.folder.path();
    git(
        path,
        &[
            "clone",
            "--quiet",
            "--branch",
            "beads-sync",
            "zoo.git",
            "theirs",
        ],
    )
    .expect("cloned");
    let theirs = path.join("theirs/.beads/issues.jsonl");
    let mut issues = lines(&fs_err::read_to_string(&theirs).expect("the file"));
    for issue in &mut issues {
        match issue["id"].as_str().expect("an id") {
            "zoo-2" => (issue["title"], issue["priority"]) = ("Feed all bears".into(), 0.into()),
            "zoo-1" => issue["status"] = "closed".into(),
            id if id == own => {
                issue["title"] = "Paint it green".into();
                issue["comments"] = serde_json::json!([{"author": "bob", "text": "Green is best"}]);
            }
            _ => {}
        }
    }
    issues.push(serde_json::json!({"id": "zoo-9", "title": "Buy honey", "status": "open"}));
    let text: String = issues.iter().map(|issue| format!("{issue}\n")).collect();
    fs_err::write(&theirs, text).expect("written");
    let tree = path.join("theirs");
    git(&tree, &["add", "--all", "--force"]).expect("added");
    git(&tree, &["commit", "--quiet", "-m", "bd sync"]).expect("committed");
    git(&tree, &["push", "--quiet", "origin", "beads-sync"]).expect("pushed");
    let change = serde_json::json!({"content": {"title": "Paint it blue"}});
    me.patch(
        &format!("/api/v1/projects/zoo/features/{own}"),
        &change["content"],
    );

    let second = me.ok(&["beads", "sync", "zoo"]);
    assert!(
        second.starts_with("1 taken in, 3 changed")
            && second.contains("its title was changed there and here"),
        "{second}"
    );
    let listed = me.ok(&["feature", "list", "zoo"]);
    for title in ["Feed all bears", "Paint it blue", "Buy honey"] {
        assert!(listed.contains(title), "{listed}");
    }
    let shown = me.ok(&["feature", "show", "zoo", &own]);
    assert!(
        shown.contains("bob: Green is best") && shown.contains("beads: In Beads: its title"),
        "{shown}"
    );
    let third = me.ok(&["beads", "sync", "zoo"]);
    assert!(
        third.starts_with("0 taken in, 0 changed") && third.contains("nothing changed"),
        "{third}"
    );
    git(&tree, &["pull", "--quiet"]).expect("pulled: their commit is below ours");
    let written = lines(&fs_err::read_to_string(&theirs).expect("the file"));
    let of = |id: &str| {
        written
            .iter()
            .find(|issue| issue["id"] == id)
            .unwrap_or_else(|| panic!("no {id}"))
    };
    assert_eq!(
        (of(&own)["title"].as_str(), of("zoo-1")["status"].as_str()),
        (Some("Paint it blue"), Some("closed"))
    );
    assert_eq!(of("zoo-2")["x_ours"]["a"][1], 2, "what is not ours is kept");

    // A merge that nobody finished: nothing is written over it.
    fs_err::write(&theirs, "<<<<<<< ours\n").expect("written");
    git(&tree, &["commit", "--quiet", "--all", "-m", "Half a merge"]).expect("committed");
    git(&tree, &["push", "--quiet", "origin", "beads-sync"]).expect("pushed");
    me.refused(
        &["beads", "sync", "zoo"],
        "on the branch beads-sync cannot be read, mend it there: line 1",
    );
    server.stop();
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
}
