//! What an agent had not committed when its container was killed is there for the next one.

use std::time::Duration;

use actors::ports::repo::{Gone, Upkeep, Upstream};
use events::id::ProjectName;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use supercargo::adapters::git::{Gates, Secrets};

use crate::newcomer::Newcomer;
use crate::world::stub::git;

/// The first claim writes and commits nothing; the next one goes on from there.
const AGENT: &str = r#"case "$SUPERCARGO_ROLE $SUPERCARGO_CLAIM" in
"coder 1")
    echo draft > draft.txt
    sleep 300 ;;
coder*)
    set -e
    ref=$(sed -n 's/.*`git fetch origin \(.*\)`.*/\1/p' "$SUPERCARGO_PROMPT")
    echo "told of $ref"
    git fetch --quiet origin "$ref"
    git checkout --quiet FETCH_HEAD -- draft.txt
    git add --all
    git commit --quiet -m Make
    supercargo agent submit ;;
reviewer*) echo '{"judgement":"pass","findings":[],"ran":[{"command":"ls","exit":0}]}' | supercargo agent verdict - ;;
overseer*) echo '{"checked":[{"requirement":"it is there","evidence":"ls"}],"findings":[]}' | supercargo agent report - ;;
esac"#;
/// Looks at the gate, ten a second; what takes longer is stuck.
const LOOKS: u32 = 600;

#[test]
fn a_killed_container_leaves_its_uncommitted_work_to_the_next_one() {
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
        "test -f draft.txt",
        "--agent-command",
        AGENT,
    ]);
    me.patch(
        "/api/v1/projects/zoo",
        &serde_json::json!({"rescue_ms": 1_000}),
    );
    me.ok(&["feature", "add", "zoo", "Write a draft"]);
    me.ok(&["project", "start", "zoo"]);
    me.follow_until("container.session_started");
    let gate = me.folder.path().join("data/gates/zoo.git");
    let rescued = (0..LOOKS).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        git(&gate, &["for-each-ref", "refs/rescue"]).is_ok_and(|refs| refs.contains("/1"))
    });
    assert!(rescued, "nothing was rescued");
    let log = me.export();
    let started = log
        .iter()
        .find(|event| event["type"] == "container.started")
        .expect("started");
    let pid = started["data"]["engine_id"]
        .as_str()
        .and_then(|id| id.split('@').next())
        .and_then(|pid| pid.parse().ok());
    kill(Pid::from_raw(pid.expect("a pid")), Signal::SIGKILL).expect("killed");
    me.follow_until_all_is_quiet();
    server.stop();
    let printed = me.printed();
    assert!(
        printed.contains("told of refs/supercargo/kept/"),
        "{printed}"
    );
    let files = git(&me.upstream(), &["ls-tree", "--name-only", "main"]).expect("tree");
    assert!(files.contains("draft.txt"), "{files}");
    let lost = me
        .export()
        .iter()
        .filter(|event| {
            event["type"] == "feature.work_lost" && event["data"]["last_sha"].is_string()
        })
        .count();
    assert_eq!(lost, 1);
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
    let left = git(
        &gate,
        &[
            "for-each-ref",
            "refs/rescue",
            "refs/supercargo/kept",
            "refs/heads/work",
        ],
    )
    .expect("refs");
    assert!(
        left.contains("/1\n") && !left.contains("/2\n"),
        "what was merged needs no rescue, what an earlier claim left stays: {left}"
    );
}

/// What an agent may make of its tree and of git, by the feature's title. What it wrote has to be
/// kept.
const SPOILT: &[(&str, &str)] = &[
    (
        "bare-repository-inside",
        "git init --quiet app; echo WORD > app/z.js",
    ),
    (
        "repository-inside",
        "git init --quiet app; echo WORD > app/z.js; cd app; git add --all; \
         git commit --quiet -m s; cd ..",
    ),
    ("no-rights", "echo WORD > src.txt; chmod 000 src.txt"),
    (
        "no-such-encoding",
        "echo '*.utf working-tree-encoding=UTF-16LE-BOM' > .gitattributes; printf abc > a.utf; \
         echo WORD > b.txt",
    ),
    (
        "mixed-ends",
        "git config core.autocrlf input; git config core.safecrlf true; \
         printf 'WORD\\r\\nb\\n' > a.txt",
    ),
    ("head-gone", "echo WORD > a.txt; rm .git/HEAD"),
    ("git-gone", "echo WORD > a.txt; rm -rf .git"),
    (
        "committed-and-spoilt",
        "echo WORD > a.txt; git add --all; git commit --quiet -m c; git init --quiet app; \
         echo x > app/y",
    ),
    (
        "stashed",
        "echo WORD > a.txt; git add --all; git stash --quiet",
    ),
    (
        "on-another-branch",
        "git checkout --quiet -b mine; echo WORD > a.txt; git add --all; \
         git commit --quiet -m c; git checkout --quiet -",
    ),
    (
        "odd-names",
        "git init --quiet app; echo WORD > app/$(printf 'odd\\377'); ln -s nowhere app/link; \
         rm README",
    ),
    (
        "broken-name",
        "git init --quiet app; echo WORD > \"app/$(printf 'a\\nb')\"; echo x > app/c",
    ),
    ("plain", "echo WORD > a.txt"),
];

/// Whether some commit of a gate holds this word.
fn is_kept(gate: &std::path::Path, word: &str) -> bool {
    let commits = git(gate, &["rev-list", "--all"]).expect("commits");
    commits
        .split_whitespace()
        .any(|commit| git(gate, &["grep", "--quiet", word, commit]).is_ok())
}

/// One file that cannot be taken costs nothing else: whatever an agent made of its tree, what it
/// wrote is kept when its session is ended.
#[test]
fn what_lies_in_a_spoilt_tree_is_kept() {
    let mut agent = "prompt=$(cat)\ncase \"$prompt\" in\n".to_owned();
    for (title, shape) in SPOILT {
        let shape = shape.replace("WORD", &format!("precious-{title}"));
        agent.push_str(&format!("*Spoil-{title}-now*) {shape} ;;\n"));
    }
    agent.push_str("esac\necho all-is-ready\nsleep 300\n");
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    let count = SPOILT.len().to_string();
    me.ok(&["project", "set", "zoo", "--verify", "true"]);
    me.ok(&["project", "set", "zoo", "--target-max", &count]);
    me.ok(&["project", "set", "zoo", "--target", &count]);
    me.ok(&["project", "set", "zoo", "--agent-command", &agent]);
    for (title, _) in SPOILT {
        me.ok(&["feature", "add", "zoo", &format!("Spoil-{title}-now")]);
    }
    me.ok(&["project", "start", "zoo"]);
    me.follow_until_nth("container.session_started", SPOILT.len());
    let all_ready = (0..LOOKS).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        me.printed().matches("all-is-ready").count() >= SPOILT.len()
    });
    assert!(all_ready, "{}", me.printed());

    me.ok(&["project", "stop", "zoo"]);
    me.follow_until_nth("container.session_ended", SPOILT.len());
    server.stop();
    let gate = me.folder.path().join("data/gates/zoo.git");
    let lost: Vec<&str> = SPOILT
        .iter()
        .map(|(title, _)| *title)
        .filter(|title| !is_kept(&gate, &format!("precious-{title}")))
        .collect();
    assert_eq!(lost, Vec::<&str>::new());
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
}

/// Maintenance of a gate packs it and drops candidates of long ago; every other ref is there
/// afterwards, with all that it holds.
#[test]
fn maintenance_loses_nothing_that_a_ref_holds() {
    supercargo::app::on_system(async {
        let me = Newcomer::new();
        let folder = me.folder.path();
        let gates = Gates::new(folder.join("gates"), Secrets::new(folder.join("secrets")));
        let project: ProjectName = "zoo".parse().expect("name");
        gates
            .copy(&project, &me.upstream().display().to_string())
            .await
            .expect("copied");
        let gate = gates.path(&project);
        let kept = [
            "refs/supercargo/submitted/f/1",
            "refs/supercargo/kept/f/1",
            "refs/rescue/f/1",
            "refs/heads/work/f/1",
            "refs/supercargo/submitted/over/1",
            "refs/supercargo/candidates/7",
        ];
        let gone = [
            "refs/supercargo/kept/over/1",
            "refs/rescue/over/2",
            "refs/heads/work/over/1",
            "refs/supercargo/candidates/1",
        ];
        let head = git(&gate, &["rev-parse", "main"]).expect("head");
        for name in kept.iter().chain(&gone) {
            let tree = git(&gate, &["rev-parse", "main^{tree}"]).expect("tree");
            let commit = [
                "-c",
                "user.name=a",
                "-c",
                "user.email=a@localhost",
                "commit-tree",
                tree.trim(),
                "-p",
                head.trim(),
                "-m",
                name,
            ];
            let commit = git(&gate, &commit).expect("committed");
            git(&gate, &["update-ref", name, commit.trim()]).expect("ref");
        }
        let over = Gone {
            first_candidate: 5,
            features: ["over".parse().expect("id")].into(),
        };
        gates.maintain(&project, &over).await.expect("maintained");
        let refs = git(&gate, &["for-each-ref", "--format=%(refname)"]).expect("refs");
        for name in kept {
            assert!(refs.contains(name), "{name} is gone: {refs}");
            git(&gate, &["log", "-1", name]).expect("its commit is there");
        }
        assert!(gone.iter().all(|name| !refs.contains(name)), "{refs}");
        git(&gate, &["fsck", "--full", "--strict"]).expect("sound");
        let loose = git(&gate, &["count-objects"]).expect("counted");
        assert!(loose.starts_with("0 objects"), "{loose}");
    });
}
