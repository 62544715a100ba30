//! What an upstream lacks is said when its project is added, in one line, by name, with what to do;
//! nothing is registered then.

use std::path::Path;
use std::process::Command;

use crate::docker::skip;
use crate::newcomer::Newcomer;
use crate::world::stub::git;

impl Newcomer {
    fn add(&self, name: &str, url: &str) -> std::process::Output {
        let args = ["project", "add", name, "--git-url", url, "--existing"];
        self.command(&args).output().expect("ran")
    }

    /// Adding this upstream is refused in one line that has all of these words, and leaves no
    /// project.
    fn unfit(&self, url: &str, words: &[&str]) {
        let output = self.add("odd", url);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{url} was taken");
        assert_eq!(said.trim().lines().count(), 1, "{said}");
        for word in words {
            assert!(said.contains(word), "{url}: {word} is not in: {said}");
        }
        let listed = self.ok(&["project", "list"]);
        assert!(!listed.contains("odd"), "{listed}");
    }

    fn in_folder(&self, args: &[&str]) {
        git(self.folder.path(), args).expect("git");
    }

    fn at(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }
}

#[test]
fn an_upstream_that_cannot_be_worked_on_is_refused_when_it_is_added() {
    let me = Newcomer::new();
    let server = me.serve();
    me.in_folder(&[
        "init",
        "--quiet",
        "--bare",
        "--object-format=sha256",
        "s.git",
    ]);
    me.unfit(&me.at("s.git"), &["SHA-256", "fast-import"]);

    std::fs::write(me.folder.path().join("tree/more"), "more\n").expect("file");
    for args in [&["add", "--all"][..], &["commit", "--quiet", "-m", "More"]] {
        git(&me.folder.path().join("tree"), args).expect("git");
    }
    let whole = format!("file://{}", me.at("tree"));
    me.in_folder(&[
        "clone",
        "--quiet",
        "--bare",
        "--depth",
        "1",
        &whole,
        "shallow.git",
    ]);
    me.unfit(&me.at("shallow.git"), &["shallow", "--unshallow"]);

    me.unfit(&me.at("tree"), &["checked out", "bare", "updateInstead"]);
    me.unfit(&whole, &["checked out", "bare", "updateInstead"]);
    me.in_folder(&["clone", "--quiet", "--bare", &me.at("tree"), "linked.git"]);
    me.in_folder(&[
        "-C",
        "linked.git",
        "worktree",
        "add",
        "--quiet",
        "../linked",
        "main",
    ]);
    me.unfit(&me.at("linked.git"), &["checked out"]);

    // Each remedy is one.
    let name = "receive.denyCurrentBranch";
    me.in_folder(&["-C", "tree", "config", name, "updateInstead"]);
    assert!(me.add("tree", &me.at("tree")).status.success());
    server.stop();
}

#[test]
fn two_projects_on_one_upstream_are_refused_however_it_is_spelled() {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    std::os::unix::fs::symlink(me.upstream(), me.folder.path().join("other.git")).expect("link");
    for same in [
        me.at("zoo.git"),
        me.at("zoo"),
        format!("file://{}/", me.at("zoo.git")),
        me.at("other.git"),
        me.at("tree/../zoo.git"),
    ] {
        me.unfit(
            &same,
            &["upstream of the project zoo", "project delete zoo"],
        );
    }

    me.ok(&["project", "delete", "zoo", "--yes"]);
    assert!(me.add("again", &me.at("zoo.git")).status.success());
    server.stop();
}

#[test]
fn a_folder_of_another_owner_is_named_with_what_helps() {
    if !nix::unistd::geteuid().is_root() {
        return skip("a folder of another owner", "only root can give one away");
    }
    let me = Newcomer::new();
    let server = me.serve();
    let give = |owner: &str, folder: &Path| {
        let mut chown = Command::new("chown");
        let status = chown.arg("-R").arg(owner).arg(folder).status();
        assert!(status.expect("ran").success());
    };
    give("65534", &me.upstream());
    me.unfit(&me.at("zoo.git"), &["65534", "chown -R 0", "another user"]);

    give("0", &me.upstream());
    me.add_zoo();
    server.stop();
}
