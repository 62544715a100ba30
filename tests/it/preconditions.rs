//! What an upstream lacks is said when its project is added, in one line, by name, with what to do;
//! nothing is registered then.

use std::path::Path;
use std::process::Command;

use actors::ports::repo::{Base, Built, ClaimWork, Contents, MergeSpec, Merges, Upstream, Work};
use events::id::{Epoch, FeatureId, ProjectName, Sha, Timestamp};
use supercargo::adapters::git::{Gates, Secrets};

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

    /// Publishes files on upstream's branch, as somebody else does.
    fn publish(&self, files: &[(&str, &str)]) {
        let tree = self.folder.path().join("tree");
        commit(&tree, files);
        git(&tree, &["push", "--quiet", "origin", "main"]).expect("pushed");
    }

    /// A person claims a feature, changes a file and hands it in; or is refused with these words.
    fn hands_in(&self, feature: &str, file: (&str, &str), refused: Option<&str>) {
        let ann = ["--holder", "ann"];
        let claim = ["feature", "claim", "zoo", feature, "--json"];
        let claim = self.ok(&[&claim[..], &ann].concat());
        let claim: serde_json::Value = serde_json::from_str(&claim).expect("JSON");
        let branch = claim["branch"].as_str().expect("a branch");
        let mine = self.folder.path().join(feature);
        self.in_folder(&["clone", "--quiet", &self.at("zoo.git"), feature]);
        commit(&mine, &[file]);
        let gate = self.at("data/gates/zoo.git");
        let head = format!("HEAD:refs/heads/{branch}");
        git(&mine, &["push", "--quiet", &gate, &head]).expect("pushed");

        let sha = git(&mine, &["rev-parse", "HEAD"]).expect("a commit");
        let submit = ["feature", "submit", "zoo", feature, "--claim", "1", "--sha"];
        let submit = [&submit[..], &[sha.trim()], &ann].concat();
        match refused {
            Some(words) => self.refused(&submit, words),
            None => drop(self.ok(&submit)),
        }
    }
}

/// Commits these files in a clone.
fn commit(tree: &Path, files: &[(&str, &str)]) {
    for (name, content) in files {
        let path = tree.join(name);
        fs_err::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs_err::write(path, content).expect("a file");
    }
    for args in [&["add", "--all"][..], &["commit", "--quiet", "-m", "More"]] {
        git(tree, args).expect("git");
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

    fs_err::write(me.folder.path().join("tree/more"), "more\n").expect("file");
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

    me.in_folder(&["clone", "--quiet", "--bare", &me.at("tree"), "w.git"]);
    me.in_folder(&["-C", "w.git", "branch", "--move", "main", "work"]);
    me.unfit(&me.at("w.git"), &["branches of claims", "branch --move"]);

    // Each remedy is one.
    let name = "receive.denyCurrentBranch";
    me.in_folder(&["-C", "tree", "config", name, "updateInstead"]);
    assert!(me.add("tree", &me.at("tree")).status.success());
    server.stop();
}

/// An upstream that was empty has no lock files when it is added; those that somebody pushes later
/// suggest the setup as well, and what a person said since stands.
#[test]
fn an_upstream_that_was_empty_suggests_the_setup_when_it_has_files() {
    let me = Newcomer::new();
    let server = me.serve();
    let empty = ["init", "--quiet", "--bare", "--initial-branch=main"];

    for name in ["later", "said"] {
        let upstream = format!("{name}.git");
        me.in_folder(&[&empty[..], &[&upstream]].concat());
        assert!(me.add(name, &me.at(&upstream)).status.success());
        if name == "said" {
            me.ok(&["project", "set", name, "--setup", "make deps"]);
        }
        me.in_folder(&["clone", "--quiet", &upstream, name]);
        let tree = me.folder.path().join(name);
        git(&tree, &["checkout", "--quiet", "-B", "main"]).expect("a branch");
        commit(&tree, &[("package-lock.json", "{}")]);
        git(&tree, &["push", "--quiet", "origin", "main"]).expect("pushed");
        me.ok(&["project", "upstream", "fetch", name]);
    }

    let setup = |name: &str| {
        let shown = me.ok(&["project", "show", name, "--json"]);
        let shown: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
        shown["settings"]["setup"].clone()
    };
    assert_eq!(setup("later"), "npm ci");
    assert_eq!(setup("said"), "make deps");
    server.stop();
}

#[test]
fn two_projects_on_one_upstream_are_refused_however_it_is_spelled() {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    fs_err::os::unix::fs::symlink(me.upstream(), me.folder.path().join("other.git")).expect("link");
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

/// Lock files suggest how sessions begin: it is said when the project is added, shown, and a
/// person's word stands above it.
#[test]
fn a_lock_file_suggests_the_setup() {
    let me = Newcomer::new();
    me.publish(&[("package-lock.json", "{}"), ("Cargo.lock", "")]);
    let server = me.serve();
    let added = me.add("zoo", &me.at("zoo.git"));
    let said = String::from_utf8_lossy(&added.stdout).into_owned();
    let suggested = "npm ci && cargo fetch --locked";
    assert!(
        said.contains(suggested) && said.contains("package-lock.json, Cargo.lock"),
        "{said}"
    );
    assert!(me.ok(&["project", "show", "zoo"]).contains(suggested));

    for (setup, shown) in [("make deps", true), ("", false)] {
        me.ok(&["project", "set", "zoo", "--setup", setup]);
        let text = me.ok(&["project", "show", "zoo"]);
        assert!(!text.contains(suggested), "{text}");
        assert_eq!(text.contains("setup "), shown, "{text}");
    }
    server.stop();
}

/// What Git LFS keeps is named when the project is added; work that goes past it, or names an
/// object that nobody brings, is turned down when it is handed in.
#[test]
fn files_of_git_lfs_are_named_and_work_on_them_is_turned_down() {
    let pointer = |digit: &str| {
        let digest = digit.repeat(64);
        format!("version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 9\n")
    };
    let me = Newcomer::new();
    me.publish(&[
        (
            ".gitattributes",
            "*.png filter=lfs diff=lfs merge=lfs -text\n",
        ),
        (
            "img/.gitattributes",
            "raw/* filter=lfs\nraw/*.txt -filter\n",
        ),
        ("lion.png", &pointer("a")),
    ]);
    let server = me.serve();
    let added = me.add("zoo", &me.at("zoo.git"));
    let said = String::from_utf8_lossy(&added.stdout).into_owned();
    assert!(
        said.contains("Git LFS: *.png, img/raw/* are kept"),
        "{said}"
    );

    me.ok(&["project", "set", "zoo", "--target", "0", "--script-agent"]);
    me.ok(&["feature", "add", "zoo", "Somewhere to begin"]);
    me.ok(&["project", "start", "zoo"]);

    let (known, unknown) = (pointer("a"), pointer("b"));
    for (path, content, refused) in [
        ("bear.png", "PNG", Some("bear.png go past Git LFS")),
        ("img/raw/x", "raw", Some("img/raw/x go past Git LFS")),
        ("owl.png", unknown.as_str(), Some("owl.png are pointers")),
        ("img/raw/x.txt", "text", None),
        ("copy.png", known.as_str(), None),
    ] {
        let id = me.ok(&["feature", "add", "zoo", path]);
        let id = id.split_whitespace().next().expect("an id").to_owned();
        me.hands_in(&id, (path, content), refused);
    }
    server.stop();
}

/// A folder of another repository stays empty in every session: that is said when the project is
/// added, and not found out by an agent.
#[test]
fn submodules_are_named_when_a_project_is_added() {
    let me = Newcomer::new();
    me.publish(&[("lion.txt", "lion")]);
    let tree = me.folder.path().join("tree");
    let head = git(&tree, &["rev-parse", "HEAD"]).expect("a commit");
    let entry = format!("160000,{},deps/cage", head.trim());
    for args in [
        &["update-index", "--add", "--cacheinfo", &entry][..],
        &["commit", "--quiet", "-m", "A submodule"],
        &["push", "--quiet", "origin", "main"],
    ] {
        git(&tree, args).expect("git");
    }
    let server = me.serve();

    let added = me.add("zoo", &me.at("zoo.git"));
    let said = String::from_utf8_lossy(&added.stdout).into_owned();
    assert!(said.contains("submodules: deps/cage are"), "{said}");
    server.stop();
}

/// What was handed in before the trunk gave such files to Git LFS goes past it as well: a candidate
/// is looked at again.
#[test]
fn a_candidate_does_not_go_past_git_lfs() {
    supercargo::app::on_system(async {
        let me = Newcomer::new();
        let folder = me.folder.path();
        let gates = Gates::new(folder.join("gates"), Secrets::new(folder.join("secrets")));
        let project: ProjectName = "zoo".parse().expect("name");
        let (feature, epoch): (FeatureId, _) = ("feat-abc".parse().expect("id"), Epoch(1));
        let url = me.at("zoo.git");
        gates.copy(&project, &url).await.expect("copied");

        me.in_folder(&["clone", "--quiet", &url, "mine"]);
        let mine = folder.join("mine");
        commit(&mine, &[("bear.png", "PNG")]);
        let gate = gates.path(&project).display().to_string();
        let branch = format!("HEAD:refs/heads/work/{feature}/{epoch}");
        git(&mine, &["push", "--quiet", &gate, &branch]).expect("pushed");
        let sha = git(&mine, &["rev-parse", "HEAD"]).expect("a commit");
        let work: Sha = sha.trim().parse().expect("a sha");
        let pinned = gates.pin(&project, &feature, epoch, &work).await;
        assert!(pinned.is_ok(), "{pinned:?}");

        me.publish(&[(".gitattributes", "*.png filter=lfs\n")]);
        let seen = gates.copy(&project, &url).await.expect("copied");
        let context = MergeSpec {
            entry: 1,
            base: seen.head,
            on: Base::Upstream,
            work: Work::Merge(work),
            protected: vec![],
            verify: None,
            hold_checks: false,
            message: "Merge\n".to_owned(),
            at: Timestamp(1_700_000_002_000_000),
        };
        let built = gates.build(&project, &url, "main", &context).await;
        let Ok(Built::Conflict { paths, why }) = built else {
            panic!("{built:?}")
        };
        assert_eq!(paths, ["bear.png"]);
        assert!(why.contains("past Git LFS"), "{why}");
    });
}

/// What nobody can read is not passed over: attributes that may hand anything to Git LFS, and a
/// makefile that hides how the work is verified.
#[test]
fn a_file_that_is_too_large_to_be_read_hides_nothing() {
    supercargo::app::on_system(async {
        let large = format!("{}\n*.png filter=lfs\n", "# more\n".repeat(200_000));
        let me = Newcomer::new();
        me.publish(&[("Makefile", "test:\n\ttrue\n")]);
        let folder = me.folder.path();
        let gates = Gates::new(folder.join("gates"), Secrets::new(folder.join("secrets")));
        let project: ProjectName = "zoo".parse().expect("name");
        let url = me.at("zoo.git");
        let seen = gates.copy(&project, &url).await.expect("copied");
        me.in_folder(&["clone", "--quiet", &url, "mine"]);
        let mine = folder.join("mine");

        for (n, name, told) in [
            (1, ".gitattributes", "Git LFS"),
            (2, "Makefile", "--verify"),
        ] {
            git(&mine, &["reset", "--quiet", "--hard", "origin/main"]).expect("begun anew");
            commit(&mine, &[(name, &large)]);
            let gate = gates.path(&project).display().to_string();
            let branch = format!("HEAD:refs/heads/work/feat-abc/{n}");
            git(&mine, &["push", "--quiet", &gate, &branch]).expect("pushed");
            let sha = git(&mine, &["rev-parse", "HEAD"]).expect("a commit");
            let context = MergeSpec {
                entry: n,
                base: seen.head.clone(),
                on: Base::Upstream,
                work: Work::Merge(sha.trim().parse().expect("a sha")),
                protected: vec![],
                verify: None,
                hold_checks: false,
                message: "Merge\n".to_owned(),
                at: Timestamp(1_700_000_002_000_000),
            };
            let built = gates.build(&project, &url, "main", &context).await;
            let Ok(Built::Conflict { paths, why }) = built else {
                panic!("{name}: {built:?}")
            };
            assert_eq!(paths, [name]);
            assert!(why.contains("bytes") && why.contains(told), "{why}");
        }

        // A person who pushes such attributes is told when the project is added.
        me.publish(&[(".gitattributes", &large)]);
        gates.copy(&project, &url).await.expect("copied");
        let unread = gates
            .survey(&project, "main")
            .await
            .expect_err("unreadable");
        assert!(
            unread
                .to_string()
                .contains("nobody can tell what Git LFS keeps")
        );
    });
}

#[test]
fn of_projects_that_are_added_on_one_upstream_at_once_one_is() {
    let me = Newcomer::new();
    let server = me.serve();
    let url = me.at("zoo.git");
    let added: Vec<_> = std::thread::scope(|scope| {
        let (me, url) = (&me, url.as_str());
        let names = ["lions", "bears", "owls", "apes"];
        let adders = names.map(|name| scope.spawn(move || me.add(name, url)));
        adders.map(|adder| adder.join().expect("ran")).into()
    });
    let taken = added.iter().filter(|output| output.status.success());
    assert_eq!(taken.count(), 1, "{added:?}");
    for output in added.iter().filter(|output| !output.status.success()) {
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("is the upstream of the project"), "{said}");
    }

    let listed = me.ok(&["project", "list"]);
    assert_eq!(listed.trim().lines().count(), 1, "{listed}");
    server.stop();
}

/// A start asks upstream again where trouble of it is recorded, and only there.
#[test]
fn a_start_looks_again_at_an_upstream_that_was_in_trouble() {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    me.ok(&["project", "set", "zoo", "--target", "0", "--script-agent"]);
    me.ok(&["feature", "add", "zoo", "Somewhere to begin"]);
    let away = || fs_err::rename(me.at("zoo.git"), me.at("away.git")).expect("moved");
    let back = || fs_err::rename(me.at("away.git"), me.at("zoo.git")).expect("moved");

    away();
    me.ok(&["project", "start", "zoo"]);
    me.ok(&["project", "stop", "zoo"]);
    me.ok(&["project", "upstream", "fetch", "zoo"]);
    me.follow_until("trunk.halted");
    me.refused(
        &["project", "start", "zoo"],
        "does not answer as a git repository",
    );
    back();
    me.ok(&["project", "start", "zoo"]);
    me.follow_until("trunk.unhalted");
    server.stop();
}
