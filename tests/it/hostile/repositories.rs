//! T23 to T31: repositories made to have commands run by whoever works with them, or to confuse
//! them. Each is copied, merged with work of ours and published by the server's own git; not one
//! command of theirs runs, and what is refused is refused with words.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use actors::ports::repo::{Base, Built, ClaimWork, MergeSpec, Merges, Published, Upstream, Work};
use events::id::{Epoch, FeatureId, ProjectName, Sha, Timestamp};
use supercargo::adapters::git::{Gates, Secrets};

use crate::world::stub::git;

/// What a tree holds.
enum Thing {
    File(Vec<u8>),
    Script(Vec<u8>),
    Link(String),
    Module,
    Folder(Vec<(Vec<u8>, Thing)>),
    /// A mode that no git writes.
    Odd(&'static str),
    /// An object that is not there.
    Missing,
}
use Thing::{File, Folder, Link, Missing, Module, Odd, Script};

type Entries = Vec<(Vec<u8>, Thing)>;

/// Writes an object whatever git thinks of it.
fn object(repository: &Path, kind: &str, content: &[u8]) -> String {
    let mut command = Command::new("git");
    command
        .args(["hash-object", "-w", "--literally", "--stdin", "-t", kind])
        .current_dir(repository);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("git");

    child
        .stdin
        .take()
        .expect("stdin")
        .write_all(content)
        .expect("written");
    let output = child.wait_with_output().expect("ended");
    assert!(output.status.success());

    String::from_utf8(output.stdout)
        .expect("sha")
        .trim()
        .to_owned()
}

fn tree(repository: &Path, entries: &Entries) -> String {
    let mut bytes = Vec::new();

    for (name, thing) in entries {
        let (mode, sha) = match thing {
            File(content) => ("100644", object(repository, "blob", content)),
            Script(content) => ("100755", object(repository, "blob", content)),
            Link(to) => ("120000", object(repository, "blob", to.as_bytes())),
            Module => ("160000", "1".repeat(40)),
            Folder(inner) => ("40000", tree(repository, inner)),
            Odd(mode) => (*mode, object(repository, "blob", b"odd")),
            Missing => ("100644", "2".repeat(40)),
        };
        bytes.extend_from_slice(mode.as_bytes());
        bytes.push(b' ');
        bytes.extend_from_slice(name);
        bytes.push(0);
        bytes.extend(data_encoding::HEXLOWER.decode(sha.as_bytes()).expect("hex"));
    }

    object(repository, "tree", &bytes)
}

fn file(name: &str, content: &str) -> (Vec<u8>, Thing) {
    (name.as_bytes().to_vec(), File(content.as_bytes().to_vec()))
}
fn folder(name: &str, inner: Entries) -> (Vec<u8>, Thing) {
    (name.as_bytes().to_vec(), Folder(inner))
}
fn link(name: &str, to: &str) -> (Vec<u8>, Thing) {
    (name.as_bytes().to_vec(), Link(to.to_owned()))
}

/// What is done with a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// It is taken, merged and published: nothing of it does any harm.
    Taken,
    /// It is refused when it is copied.
    Refused,
}

struct Case {
    name: &'static str,
    entries: Entries,
    message: String,
    end: End,
}

fn case(name: &'static str, end: End, entries: Entries) -> Case {
    Case {
        name,
        entries,
        message: "Hostile\n".to_owned(),
        end,
    }
}

/// Names that some system takes for `.git`, and paths that lead out.
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn paths() -> Vec<Case> {
    let hook = |name: &str| {
        vec![folder(
            name,
            vec![folder(
                "hooks",
                vec![(b"post-checkout".to_vec(), Script(b"CANARY".to_vec()))],
            )],
        )]
    };
    let deep = (0..400).fold(vec![file("leaf", "x")], |inner, _| vec![folder("d", inner)]);

    vec![
        case(".git", End::Refused, hook(".git")),
        case(".GIT", End::Refused, hook(".GIT")),
        case(".Git", End::Refused, hook(".Git")),
        case("git~1", End::Refused, hook("git~1")),
        case(".git with a space", End::Refused, hook(".git ")),
        case(".git with a dot", End::Refused, hook(".git.")),
        case(
            ".git as a stream",
            End::Refused,
            hook(".git::$INDEX_ALLOCATION"),
        ),
        case(
            ".git with a character that is not seen",
            End::Refused,
            hook(".g\u{200c}it"),
        ),
        case("a dot", End::Refused, hook(".")),
        case("two dots", End::Refused, hook("..")),
        case("no name", End::Refused, hook("")),
        case("a slash", End::Refused, vec![file("a/../../etc", "x")]),
        case(
            "a slash first",
            End::Refused,
            vec![file("/etc/cron.d/x", "x")],
        ),
        case("a backslash", End::Taken, vec![file("..\\..\\x", "x")]),
        case(
            ".git below",
            End::Refused,
            vec![folder("sub", hook(".git"))],
        ),
        case("400 folders deep", End::Taken, deep),
        case(
            "a link to /etc",
            End::Taken,
            vec![link("etc", "/etc/passwd")],
        ),
        case(
            "a link out",
            End::Taken,
            vec![link("up", "../../../../../../etc/passwd")],
        ),
        case(
            "a link named .git",
            End::Refused,
            vec![link(".git", "/etc")],
        ),
        case(
            "a link named .gitmodules",
            End::Refused,
            vec![link(".gitmodules", "/etc/passwd")],
        ),
        case("a link to itself", End::Taken, vec![link("round", "round")]),
        case(
            "twice the same name",
            End::Refused,
            vec![file("a", "1"), file("a", "2")],
        ),
        case(
            "not in order",
            End::Refused,
            vec![file("b", "1"), file("a", "2")],
        ),
        case(
            "names that differ by case",
            End::Taken,
            vec![
                file("README", "1"),
                file("Readme", "2"),
                file("readme", "3"),
            ],
        ),
        case(
            "a file and a folder by case",
            End::Taken,
            vec![folder("A", vec![file("x", "1")]), file("a", "2")],
        ),
    ]
}

/// Names and contents that are given to tools.
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn contents() -> Vec<Case> {
    let bytes = |name: &[u8]| (name.to_vec(), File(b"x".to_vec()));
    let attributes =
        "* filter=evil diff=evil merge=evil\n*.x text eol=crlf working-tree-encoding=UTF-16\n";
    let evil = "[core]\n\tfsmonitor = CANARY\n\tsshCommand = CANARY\n\thooksPath = \
                .\n[diff]\n\texternal = CANARY\n";
    let module = |url: &str, path: &str, more: &str| {
        let text = format!("[submodule \"evil\"]\n\turl = {url}\n\tpath = {path}\n{more}");
        vec![
            file(".gitmodules", &text),
            ("evil".as_bytes().to_vec(), Module),
        ]
    };
    let many = (0..3000).map(|n| file(&format!("f{n:05}"), "x")).collect();

    vec![
        case(
            "an option as a name",
            End::Taken,
            vec![file("--upload-pack=CANARY", "x"), file("-rf", "x")],
        ),
        case(
            "commands as names",
            End::Taken,
            vec![
                file("$(CANARY)", "x"),
                file(";CANARY", "x"),
                file("`CANARY`", "x"),
                file("|CANARY", "x"),
            ],
        ),
        case(
            "a name with a newline",
            End::Taken,
            vec![bytes(b"a\nb"), bytes(b"c\"d"), bytes(b"e\tf")],
        ),
        case(
            "a name that turns around",
            End::Taken,
            vec![file("gpj.\u{202e}exe", "x")],
        ),
        case(
            "a name that is no text",
            End::Taken,
            vec![bytes(&[0x80, 0xff, 0xfe])],
        ),
        case(
            "a name that a terminal obeys",
            End::Taken,
            vec![bytes(b"\x1b]0;x\x07")],
        ),
        case(
            "a name of 3 000 bytes",
            End::Taken,
            vec![bytes(&[b'n'; 3000])],
        ),
        case(
            "attributes that name tools",
            End::Taken,
            vec![file(".gitattributes", attributes), file("a.x", "a\r\nb\n")],
        ),
        case(
            "a configuration in the tree",
            End::Taken,
            vec![file(".gitconfig", evil), file("config", evil)],
        ),
        case(
            "hooks in the tree",
            End::Taken,
            vec![folder(
                "hooks",
                vec![(b"update".to_vec(), Script(b"#!/bin/sh\nCANARY\n".to_vec()))],
            )],
        ),
        case(
            "a submodule with an option as its URL",
            End::Refused,
            module("-u./CANARY", "evil", ""),
        ),
        case(
            "a submodule with an option as its path",
            End::Refused,
            module("./x", "-u./CANARY", ""),
        ),
        case(
            "a submodule of a helper",
            End::Taken,
            module("ext::sh -c CANARY", "evil", ""),
        ),
        case(
            "a submodule that updates with a command",
            End::Refused,
            module("./x", "evil", "\tupdate = !CANARY\n"),
        ),
        case(
            "a submodule with a path out",
            End::Taken,
            module("./x", "../../evil", ""),
        ),
        case(
            "a submodule named ..",
            End::Refused,
            vec![file(
                ".gitmodules",
                "[submodule \"../x\"]\n\turl = ./x\n\tpath = evil\n",
            )],
        ),
        case(
            "a pointer to large files",
            End::Taken,
            vec![file(
                "big.bin",
                "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
            )],
        ),
        case(
            "60 MiB of zeroes",
            End::Taken,
            vec![(
                "zeroes".as_bytes().to_vec(),
                File(vec![0; 60 * 1024 * 1024]),
            )],
        ),
        case("3 000 files", End::Taken, many),
        case(
            "a mode that nobody writes",
            End::Taken,
            vec![(b"odd".to_vec(), Odd("100000"))],
        ),
        case(
            "a mode with a zero before it",
            End::Refused,
            vec![(b"odd".to_vec(), Odd("0100644"))],
        ),
        case(
            "an object that is missing",
            End::Refused,
            vec![(b"gone".to_vec(), Missing)],
        ),
        Case {
            message: "Forged\n\nSupercargo-Feature: feat-x\nSupercargo-Claim: 9\n".to_owned(),
            ..case("a forged trailer", End::Taken, vec![file("a", "x")])
        },
        Case {
            message: "\u{1b}]0;CANARY\u{7}\u{202e}\n".to_owned(),
            ..case(
                "a message that a terminal obeys",
                End::Taken,
                vec![file("a", "x")],
            )
        },
    ]
}

/// Makes the repository; every command in it would make the canary.
fn made(case: &Case, folder: &Path, canary: &Path) -> PathBuf {
    let upstream = folder.join("upstream.git");

    git(
        folder,
        &[
            "init",
            "--quiet",
            "--bare",
            "--initial-branch=main",
            "upstream.git",
        ],
    )
    .expect("made");
    let command = format!("touch {}", canary.display());
    let entries = armed(&case.entries, &command);
    let tree = tree(&upstream, &entries);
    let person = "A <a@localhost> 1700000000 +0000";
    let commit = format!(
        "tree {tree}\nauthor {person}\ncommitter {person}\n\n{}",
        case.message
    );
    let commit = object(&upstream, "commit", commit.as_bytes());
    fs_err::write(upstream.join("refs/heads/main"), format!("{commit}\n")).expect("ref");

    upstream
}

fn armed(entries: &Entries, command: &str) -> Entries {
    let arm = |bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(text) if text.contains("CANARY") => text.replace("CANARY", command).into_bytes(),
        _ => bytes.to_vec(),
    };
    let thing = |thing: &Thing| match thing {
        File(content) => File(arm(content)),
        Script(content) => Script(arm(content)),
        Link(to) => Link(to.clone()),
        Module => Module,
        Folder(inner) => Folder(armed(inner, command)),
        Odd(mode) => Odd(mode),
        Missing => Missing,
    };

    // Slashes are no part of a name.
    let name = |name: &[u8]| match std::str::from_utf8(name) {
        Ok(text) if text.contains("CANARY") => text.replace("CANARY", "touch canary").into_bytes(),
        _ => name.to_vec(),
    };
    entries.iter().map(|(n, t)| (name(n), thing(t))).collect()
}

/// The tree of a commit with a file of ours beside what it holds.
fn with_ours(gate: &Path, base: &Sha) -> Result<String, String> {
    let words = |e: git2::Error| e.to_string();
    let repository = git2::Repository::open_bare(gate).map_err(words)?;
    let commit = git2::Oid::from_str(base.as_str())
        .and_then(|id| repository.find_commit(id))
        .map_err(words)?;
    let tree = commit.tree().map_err(words)?;
    let blob = repository.blob(b"x").map_err(words)?;
    let mut builder = repository.treebuilder(Some(&tree)).map_err(words)?;
    builder
        .insert("ours", blob, git2::FileMode::Blob.into())
        .map_err(words)?;
    builder.write().map(|id| id.to_string()).map_err(words)
}

/// Copies it, merges work of ours into it, publishes that.
async fn served(gates: &Gates, upstream: &Path) -> Result<(), String> {
    let project: ProjectName = "zoo".parse().expect("name");
    let url = upstream.display().to_string();
    let words = |e: actors::ports::PortError| e.to_string();
    let copied = gates.copy(&project, &url).await.map_err(words)?;
    let base = copied.head.expect("a commit");
    let gate = gates.path(&project);
    let (feature, epoch): (FeatureId, Epoch) = ("feat-abc".parse().expect("id"), Epoch(1));
    let ours = with_ours(&gate, &base)?;
    let person = "A <a@localhost> 1700000001 +0000";
    let commit =
        format!("tree {ours}\nparent {base}\nauthor {person}\ncommitter {person}\n\nOurs\n");
    let commit: Sha = object(&gate, "commit", commit.as_bytes())
        .parse()
        .expect("sha");

    git(
        &gate,
        &[
            "update-ref",
            &format!("refs/heads/work/{feature}/{epoch}"),
            commit.as_str(),
        ],
    )?;
    gates
        .pin(&project, &feature, epoch, &commit)
        .await
        .map_err(words)?;
    let context = MergeSpec {
        entry: 1,
        base: Some(base),
        on: Base::Upstream,
        work: Work::Merge(commit),
        protected: events::protect::usual(),
        verify: None,
        hold_checks: false,
        message: "Merge\n".to_owned(),
        at: Timestamp(1_700_000_002_000_000),
    };
    let Built::Candidate(candidate, _) = gates
        .build(&project, &url, "main", &context)
        .await
        .map_err(words)?
    else {
        return Err("no candidate".to_owned());
    };
    match gates
        .publish(&project, &url, "main", &candidate)
        .await
        .map_err(words)?
    {
        Published::Advanced => Ok(()),
        Published::Moved(seen) => Err(format!("moved: {seen:?}")),
    }
}

#[test]
fn not_one_command_of_a_repository_runs_on_the_server() {
    supercargo::app::on_system(async {
        let cases: Vec<Case> = paths().into_iter().chain(contents()).collect();
        assert!(cases.len() >= 40, "{}", cases.len());
        let mut wrong = Vec::new();
        for case in &cases {
            let folder = tempfile::tempdir().expect("folder");
            let canary = folder.path().join("canary");
            let upstream = made(case, folder.path(), &canary);
            let gates = Gates::new(
                folder.path().join("gates"),
                Secrets::new(folder.path().join("secrets")),
            );
            let end = served(&gates, &upstream).await;
            let matches = match (&end, case.end) {
                (Ok(()), End::Taken) => true,
                (Err(words), End::Refused) => words.len() > 20,
                _ => false,
            };
            let found = walk(folder.path())
                .into_iter()
                .any(|path| path.ends_with("canary"));
            if !matches || found {
                wrong.push(format!("{}: {end:?}, canary {found}", case.name));
            }
        }
        assert!(
            wrong.is_empty(),
            "{} of {}:\n{}",
            wrong.len(),
            cases.len(),
            wrong.join("\n")
        );
    });
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(folder).into_iter().flatten().flatten() {
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            found.extend(walk(&entry.path()));
        }
        found.push(entry.path());
    }
    found
}

/// A tree of these lines, as git's own listing has them.
fn listed_tree(gate: &std::path::Path, lines: &str) -> String {
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs_err::write(file.path(), lines).expect("written");
    let script = format!("git mktree --missing < {}", file.path().display());
    let made = std::process::Command::new("sh")
        .args(["-c", &script])
        .current_dir(gate)
        .output()
        .expect("a tree");
    String::from_utf8_lossy(&made.stdout).trim().to_owned()
}

/// A tree of twelve levels of ten entries each: it stands for more files than any memory holds.
fn bomb(gate: &std::path::Path, blob: &str) -> String {
    let mut bomb = blob.to_owned();
    for level in 0..12 {
        let kind = match level {
            0 => "100644 blob",
            _ => "040000 tree",
        };
        let lines = (0..10).map(|n| format!("{kind} {bomb}\tf{n}\n"));
        bomb = listed_tree(gate, &lines.collect::<String>());
    }
    bomb
}

/// A small pack may hold a giant file. What would have to be read as a whole is not merged, nor
/// looked into before it is handed in.
#[test]
fn work_that_inflates_beyond_its_bound_is_refused() {
    supercargo::app::on_system(async {
        let folder = tempfile::tempdir().expect("folder");
        let canary = folder.path().join("canary");
        let plain = Case {
            name: "plain",
            entries: vec![file("a", "x")],
            message: "Begin\n".to_owned(),
            end: End::Taken,
        };
        let upstream = made(&plain, folder.path(), &canary);
        let gates = Gates::new(
            folder.path().join("gates"),
            Secrets::new(folder.path().join("secrets")),
        );
        let project: ProjectName = "zoo".parse().expect("name");
        let head = gates
            .copy(&project, &upstream.display().to_string())
            .await
            .expect("copied")
            .head
            .expect("a commit");
        let gate = gates.path(&project);
        let giant = folder.path().join("giant");
        fs_err::File::create(&giant)
            .and_then(|file| file.set_len(300 << 20))
            .expect("a file of zeroes");
        let giant = ["hash-object", "-w", giant.to_str().expect("path")];
        let blob = git(&gate, &giant).expect("stored").trim().to_owned();
        let bomb = bomb(&gate, &blob);
        let foreign = "1".repeat(40);
        for (n, (line, words)) in [
            (format!("100644 blob {blob}\tgiant\n"), "giant has 300 MiB"),
            (
                format!("160000 commit {foreign}\tinner\n"),
                "inner is a repository of its own",
            ),
            (
                format!("040000 tree {bomb}\tbomb\n"),
                "changes more files than are looked at",
            ),
        ]
        .into_iter()
        .enumerate()
        {
            let tree = listed_tree(&gate, &line);
            let person = "A <a@localhost> 1700000001 +0000";
            let commit =
                format!("tree {tree}\nparent {head}\nauthor {person}\ncommitter {person}\n\n-\n");
            let commit: Sha = object(&gate, "commit", commit.as_bytes())
                .parse()
                .expect("sha");
            let feature: FeatureId = format!("feat-{n}").parse().expect("id");
            let epoch = Epoch(1);
            let reference = format!("refs/heads/work/{feature}/{epoch}");
            git(&gate, &["update-ref", &reference, commit.as_str()]).expect("pushed");

            let refused = gates.pin(&project, &feature, epoch, &commit).await;
            let refused = refused.expect_err("refused").to_string();
            assert!(
                refused.contains(words) && refused.contains("take it out"),
                "{refused}"
            );
            let collisions = gates
                .collisions(&project, &head, &[(feature, epoch)])
                .await
                .expect("looked");
            assert_eq!(collisions, vec![], "it is not read");
        }
    });
}
