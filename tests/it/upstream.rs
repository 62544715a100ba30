//! F41 to F46: what becomes of a project when its upstream moves, is rewritten, loses its branch or
//! is not there: each a state with words, and work goes on when it is mended.

use std::path::Path;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::binary::Serving;
use crate::newcomer::{Newcomer, agent_that};
use crate::world::stub::git;

const AGENT: &str = agent_that!(
    r#"    echo made > "$SUPERCARGO_FEATURE.txt"
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

/// Commits a file in the person's own tree and pushes it; answers the commit.
fn push(tree: &Path, file: &str, force: bool) -> String {
    fs_err::write(tree.join(file), file).expect("written");
    git(tree, &["add", "--all"]).expect("added");
    git(tree, &["commit", "--quiet", "-m", file]).expect("committed");
    let how: &[&str] = if force {
        &["push", "--quiet", "--force", "origin", "main"]
    } else {
        &["push", "--quiet", "origin", "main"]
    };

    git(tree, how).expect("pushed");
    git(tree, &["rev-parse", "HEAD"])
        .expect("head")
        .trim()
        .to_owned()
}

fn fetched(me: &Newcomer) -> String {
    me.ok(&["project", "upstream", "fetch", "zoo"])
}

fn needs(me: &Newcomer) -> String {
    me.ok(&["project", "show", "zoo", "--json"])
}

fn closed(me: &Newcomer) -> usize {
    me.export()
        .iter()
        .filter(|event| event["type"] == "feature.closed")
        .count()
}

#[test]
fn an_upstream_that_moves_while_nothing_is_queued_is_followed() {
    let (me, server) = begin();
    me.ok(&["feature", "add", "zoo", "Feed the lions"]);
    me.ok(&["project", "start", "zoo"]);
    me.follow_until_all_is_quiet();
    let tree = me.folder.path().join("tree");
    git(&tree, &["pull", "--quiet", "--rebase", "origin", "main"]).expect("pulled");
    let theirs = push(&tree, "theirs", false);
    assert!(fetched(&me).contains(&theirs), "it is followed");

    // A gate that is behind what was recorded is brought there.
    let gate = me.folder.path().join("data/gates/zoo.git");

    git(
        &gate,
        &["update-ref", "refs/heads/main", &format!("{theirs}~1")],
    )
    .expect("moved back");
    let before = me.export().len();
    fetched(&me);
    assert_eq!(
        git(&gate, &["rev-parse", "main"]).expect("head").trim(),
        theirs
    );
    assert_eq!(
        me.export().len(),
        before,
        "nothing new is nothing to record"
    );
    me.ok(&["feature", "add", "zoo", "Feed the bears"]);
    me.follow_until_nth("project.completed", 2);
    server.stop();
    let second = me
        .export()
        .iter()
        .rfind(|event| event["type"] == "feature.submitted")
        .cloned()
        .expect("a submission");
    assert_eq!(
        second["data"]["base"],
        theirs.as_str(),
        "the next agent starts from what they pushed"
    );
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
}

#[test]
fn a_rewritten_upstream_waits_until_it_is_put_back_or_accepted() {
    let (me, server) = begin();
    let tree = me.folder.path().join("tree");
    let first = git(&tree, &["rev-parse", "HEAD"])
        .expect("head")
        .trim()
        .to_owned();
    let lost = push(&tree, "a-secret", false);
    me.ok(&["feature", "add", "zoo", "Feed the lions"]);
    me.ok(&["project", "set", "zoo", "--target", "0"]);
    me.ok(&["project", "start", "zoo"]);
    me.follow_until("trunk.opened");
    assert!(fetched(&me).contains(&lost));
    git(&tree, &["reset", "--quiet", "--hard", &first]).expect("reset");
    let seen = push(&tree, "without", true);
    let said = fetched(&me);
    assert!(
        said.contains("was rewritten")
            && said.contains(&seen)
            && said.contains(&format!("at {lost}")),
        "{said}"
    );
    assert!(
        needs(&me).contains("project upstream accept"),
        "{}",
        needs(&me)
    );
    let recorded = me.export().len();
    fetched(&me);
    assert_eq!(
        me.export().len(),
        recorded,
        "the same trouble is not recorded again"
    );
    me.refused(
        &["project", "upstream", "accept", "zoo", &first],
        "not seen rewritten to that commit",
    );

    // Put back: it goes on by itself.
    git(&tree, &["reset", "--quiet", "--hard", &lost]).expect("reset");
    let back = push(&tree, "on-top", true);
    let said = fetched(&me);
    assert!(said.contains(&back) && !said.contains("trouble"), "{said}");

    // Rewritten once more, and taken as it is: what they took out does not come back.
    git(&tree, &["reset", "--quiet", "--hard", &first]).expect("reset");
    let seen = push(&tree, "without", true);
    assert!(fetched(&me).contains("was rewritten"));
    me.refused(&["queue", "resume", "zoo"], "project upstream accept");
    assert!(needs(&me).contains("was rewritten"), "{}", needs(&me));
    me.ok(&["project", "upstream", "accept", "zoo", &seen]);
    me.ok(&["queue", "resume", "zoo"]);
    me.ok(&["project", "set", "zoo", "--target", "1"]);
    me.follow_until_all_is_quiet();
    assert_eq!(closed(&me), 1);
    // What was merged may go that way as well, and is no breach once a person took that.
    git(&tree, &["reset", "--quiet", "--hard", &first]).expect("reset");
    let seen = push(&tree, "without-any", true);
    assert!(fetched(&me).contains("was rewritten"));
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
    me.ok(&["project", "upstream", "accept", "zoo", &seen]);
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
    git(&tree, &["reset", "--quiet", "--hard", "HEAD~1"]).expect("reset");
    let back = push(&tree, "without", true);
    assert!(fetched(&me).contains("was rewritten"));
    me.ok(&["project", "upstream", "accept", "zoo", &back]);
    server.stop();
    let files = git(&me.upstream(), &["ls-tree", "--name-only", "main"]).expect("tree");
    assert!(
        files.contains("without") && !files.contains("a-secret"),
        "{files}"
    );
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
}

#[test]
fn an_upstream_without_its_branch_or_not_there_is_waited_for() {
    let (me, server) = begin();
    me.ok(&["feature", "add", "zoo", "Feed the lions"]);
    me.ok(&["project", "set", "zoo", "--target", "0"]);
    me.ok(&["project", "start", "zoo"]);
    me.follow_until("trunk.opened");
    let upstream = me.upstream();
    git(&upstream, &["branch", "-m", "main", "other"]).expect("renamed");
    let said = fetched(&me);
    assert!(said.contains("branch is not there any more"), "{said}");
    git(&upstream, &["branch", "-m", "other", "main"]).expect("renamed back");
    assert!(!fetched(&me).contains("trouble"));
    let away = upstream.with_extension("away");
    fs_err::rename(&upstream, &away).expect("moved away");
    assert!(fetched(&me).contains("there is no repository"));

    // Work that is under way waits as well, and is published when upstream is back.
    me.ok(&["project", "set", "zoo", "--target", "1"]);
    me.follow_until("feature.submitted");
    fs_err::rename(&away, &upstream).expect("moved back");
    me.follow_until_all_is_quiet();
    server.stop();
    assert_eq!(closed(&me), 1);
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
}

#[test]
fn a_branch_that_was_renamed_is_followed() {
    let (me, server) = begin();
    let upstream = me.upstream();
    me.ok(&["feature", "add", "zoo", "Feed the lions"]);
    me.ok(&["project", "set", "zoo", "--target", "0"]);
    me.ok(&["project", "start", "zoo"]);
    me.follow_until("trunk.opened");
    let follow = ["project", "upstream", "follow", "zoo"];
    me.refused(&[&follow[..], &["trunk"]].concat(), "branch is there");

    git(&upstream, &["branch", "-m", "main", "trunk"]).expect("renamed");
    git(&upstream, &["symbolic-ref", "HEAD", "refs/heads/trunk"]).expect("its own");
    assert!(fetched(&me).contains("is not there any more"));
    assert!(needs(&me).contains("project upstream follow zoo"));
    me.refused(&[&follow[..], &["a:b"]].concat(), "no name of a branch");
    // A name that is not there either is found out, and given up for another one.
    let said = me.ok(&[&follow[..], &["elsewhere"]].concat());
    assert!(said.contains("is not there any more"), "{said}");

    // What Needs you says is enough.
    let said = me.ok(&follow);
    assert!(
        said.contains("branch trunk") && !said.contains("trouble"),
        "{said}"
    );
    let gate = me.folder.path().join("data/gates/zoo.git");
    let named = git(&gate, &["symbolic-ref", "HEAD"]).expect("its own");
    assert_eq!(named.trim(), "refs/heads/trunk");
    assert!(git(&gate, &["rev-parse", "--verify", "refs/heads/main"]).is_err());

    me.ok(&["project", "set", "zoo", "--target", "1"]);
    me.follow_until_all_is_quiet();
    assert_eq!(closed(&me), 1);

    // Work that is on its way goes on as well.
    git(&upstream, &["branch", "-m", "trunk", "next"]).expect("renamed");
    git(&upstream, &["symbolic-ref", "HEAD", "refs/heads/next"]).expect("its own");
    me.ok(&["feature", "add", "zoo", "Feed the bears"]);
    me.follow_until_nth("trunk.halted", 3);
    me.ok(&follow);
    me.follow_until_all_is_quiet();
    server.stop();
    assert_eq!(closed(&me), 2);
    let branches = git(&upstream, &["branch", "--format=%(refname:short)"]).expect("branches");
    assert_eq!(
        branches.trim(),
        "next",
        "nothing comes back under an old name"
    );
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
}

#[test]
fn a_repository_that_moved_is_worked_on_where_it_is() {
    let (me, server) = begin();
    me.ok(&["feature", "add", "zoo", "Feed the lions"]);
    me.ok(&["project", "start", "zoo"]);
    me.follow_until_all_is_quiet();

    let folder = me.folder.path();
    let moved = folder.join("moved.git");
    fs_err::rename(me.upstream(), &moved).expect("moved");
    assert!(fetched(&me).contains("trouble"), "it is gone");
    let there = moved.to_str().expect("a path");
    let said = me.ok(&["project", "upstream", "move", "zoo", there]);
    assert!(said.contains(there) && !said.contains("trouble"), "{said}");
    // Whoever says so twice says the same.
    me.ok(&["project", "upstream", "move", "zoo", there]);

    me.ok(&["feature", "add", "zoo", "Feed the bears"]);
    me.follow_until_all_is_quiet();
    assert_eq!(closed(&me), 2);
    let merged = git(&moved, &["log", "--format=%s", "main"]).expect("commits");
    assert!(merged.contains("Feed the bears"), "{merged}");

    let other = folder.join("other.git");
    git(
        folder,
        &["clone", "--quiet", "--bare", "moved.git", "other.git"],
    )
    .expect("a copy");
    let taken = other.to_str().expect("a path");
    me.ok(&["project", "add", "park", "--git-url", taken, "--existing"]);
    let nowhere = folder.join("nowhere.git");
    for (url, words) in [
        (taken, "is the upstream of the project park already"),
        (
            nowhere.to_str().expect("a path"),
            "does not answer as a git repository",
        ),
        ("--upload-pack=touch", "unexpected argument"),
        (
            "https://me:secret@example.org/zoo.git",
            "credentials are never recorded",
        ),
        ("ext::sh -c true", "helpers of git's own are not started"),
    ] {
        me.refused(&["project", "upstream", "move", "zoo", url], words);
    }
    me.refused(
        &["project", "upstream", "move", "nobody", there],
        "no such project",
    );

    // One that does not hold what upstream held is found out, and nothing is published there.
    let strange = Newcomer::new();
    let stranger = strange.upstream();
    let stranger = stranger.to_str().expect("a path");
    let said = me.ok(&["project", "upstream", "move", "zoo", stranger]);
    assert!(said.contains("trouble"), "{said}");
    assert!(needs(&me).contains("rewritten"), "{}", needs(&me));
    server.stop();
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
}

/// Seconds that nobody looks by itself after the look before: four fifths of a minute, less what
/// the test needs in between.
const SOONER: i64 = 40;

/// A forge says that somebody pushed: signed with the project's secret it is believed, and upstream
/// is looked at at once.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn a_forge_that_says_who_it_is_is_heard() {
    let (me, server) = begin();
    // Nobody works, so nothing is queued, and nobody looks for its own sake.
    me.ok(&["project", "set", "zoo", "--target", "0"]);
    me.ok(&["feature", "add", "zoo", "Feed the lions"]);
    me.ok(&["project", "start", "zoo"]);
    me.follow_until("trunk.opened");
    let said = me.ok(&["project", "upstream", "hook", "zoo"]);
    let (path, secret) = said
        .trim()
        .split_once(" below the server's address, with the secret ")
        .expect("both");
    let path = path.trim_start_matches("post JSON to ");
    let theirs = push(&me.folder.path().join("tree"), "theirs", false);
    let url =
        fs_err::read_to_string(me.folder.path().join("data/url")).expect("the server's address");
    let body = format!(r#"{{"ref": "refs/heads/main", "after": "{theirs}"}}"#);
    let post = |path: &str, secret: &str, kind: &str| {
        let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
            .expect("a key")
            .chain_update(&body)
            .finalize();
        let signature = format!(
            "x-hub-signature-256: sha256={}",
            data_encoding::HEXLOWER.encode(&mac.into_bytes())
        );
        let url = format!("{}{path}", url.trim());
        let asked = [
            "-s",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            "-H",
            &signature,
            "-H",
            kind,
            "-d",
            &body,
            &url,
        ];
        let output = std::process::Command::new("curl")
            .args(asked)
            .output()
            .expect("curl");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let json = "content-type: application/json";
    assert_eq!(post(path, "guessed", json), "401");
    assert_eq!(
        post("/hooks/nobody", secret, json),
        "401",
        "which projects there are is not told"
    );
    assert_eq!(
        post(
            path,
            secret,
            "content-type: application/x-www-form-urlencoded"
        ),
        "415"
    );
    assert_eq!(post(path, secret, json), "202");
    me.follow_until("trunk.followed");

    // A forge that had no answer says the same again: taken, and nothing follows from it.
    assert_eq!(post(path, secret, json), "202");
    let usage = me.ok(&["project", "usage", "zoo", "--json"]);
    let usage: serde_json::Value = serde_json::from_str(&usage).expect("JSON");
    let counted = serde_json::json!({
        "hooks": 1, "hooks_repeated": 1, "hooks_refused": 1, "pushes_refused": 0,
    });
    assert_eq!(usage["noise"], counted);
    server.stop();
    let log = me.export();
    let at = |kind: &str| {
        let event = log
            .iter()
            .find(|event| event["type"] == kind)
            .unwrap_or_else(|| panic!("no {kind}"));
        event["at"]
            .as_str()
            .and_then(|time| jiff::Timestamp::from_str(time).ok())
            .expect("a time")
            .as_second()
    };
    assert!(
        at("trunk.followed") - at("project.started") < SOONER,
        "looked at because it was said"
    );
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
}
