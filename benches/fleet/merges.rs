//! The merge queue on a repository of 10 000 files: candidates built and published without
//! verification, against the same merges by the git command line in a work tree; and a clone
//! through the gate against a clone of upstream itself, all in one run.

use std::path::Path;
use std::process::Command;

use actors::ports::repo::{Base, Built, MergeSpec, Merges, Published, Upstream, Work};
use anyhow::{Context, bail};
use events::id::{ProjectName, Sha, Timestamp};
use supercargo::adapters::git::{Gates, Secrets};

use crate::record::{self, Better};

/// Files of the repository, a hundred in a folder.
fn files() -> usize {
    crate::count(10_000, 300)
}

/// Merges of one round.
fn merges_wanted() -> usize {
    crate::count(100, 3)
}

const CLONES: usize = 5;

fn git(folder: &Path, args: &[&str]) -> anyhow::Result<String> {
    let mut command = Command::new("git");

    command
        .args([
            "-c",
            "user.name=bench",
            "-c",
            "user.email=bench@localhost",
            "-c",
            "gc.auto=0",
        ])
        .args(args);

    let output = command.current_dir(folder).output()?;
    if !output.status.success() {
        bail!(
            "git {}: {}",
            args.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
    }

    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Text of a usual file's length, some 4 KiB, that no other file has: words of a small language, in
/// an order that the number decides.
fn prose(number: usize) -> String {
    let mut state = number as u64 + 1;
    let mut next = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let words = 100 + next(1_200);

    (0..words)
        .map(|_| {
            format!(
                "{:x}{}",
                next(3_000) * 7_919,
                if next(12) == 0 { '\n' } else { ' ' }
            )
        })
        .collect()
}

/// A bare repository with many files, and works that each change one of them.
fn upstream(folder: &Path) -> anyhow::Result<(String, Vec<Sha>)> {
    let path = folder.join("upstream.git");
    let mut options = git2::RepositoryInitOptions::new();

    options
        .bare(true)
        .initial_head("main")
        .external_template(false);
    let repository = git2::Repository::init_opts(&path, &options)?;
    let author = git2::Signature::new(
        "bench",
        "bench@localhost",
        &git2::Time::new(1_700_000_000, 0),
    )?;
    let mut root = repository.treebuilder(None)?;

    for folder in 0..files() / 100 {
        let mut inner = repository.treebuilder(None)?;
        for file in 0..100 {
            let blob = repository.blob(prose(folder * 100 + file).as_bytes())?;
            inner.insert(format!("f{file:03}"), blob, 0o100_644)?;
        }
        root.insert(format!("d{folder:03}"), inner.write()?, 0o040_000)?;
    }

    let tree = repository.find_tree(root.write()?)?;
    let base = repository.commit(
        Some("refs/heads/main"),
        &author,
        &author,
        "Begin\n",
        &tree,
        &[],
    )?;
    let base = repository.find_commit(base)?;
    let mut works = Vec::new();

    for n in 0..merges_wanted() {
        let blob = repository.blob(format!("changed by {n}\n").as_bytes())?;
        let mut update = git2::build::TreeUpdateBuilder::new();
        update.upsert(
            format!("d{:03}/f{:03}", n % 100, n % 97),
            blob,
            git2::FileMode::Blob,
        );
        let tree = repository.find_tree(update.create_updated(&repository, &tree)?)?;
        let work = repository.commit(
            Some(&format!("refs/heads/w/{n}")),
            &author,
            &author,
            "Work\n",
            &tree,
            &[&base],
        )?;
        works.push(work.to_string().parse()?);
    }

    // As hosts keep them.
    git(&path, &["repack", "-adq"])?;
    Ok((path.display().to_string(), works))
}

pub(crate) fn run() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (url, works) = upstream(folder.path())?;
    let by_cli = cli(folder.path(), &url)?;

    // The same upstream again, as it was.
    let first = git(Path::new(&url), &["rev-list", "--max-parents=0", "main"])?;
    git(Path::new(&url), &["update-ref", "refs/heads/main", &first])?;
    let ours = supercargo::app::on_system(merges(folder.path(), &url, &works))?;

    record::figure(
        "trunk.merges",
        ours / by_cli,
        "git merge and push in a work tree",
        Better::Higher,
    )?;
    println!(
        "trunk: {:.1} merges/s built and published, {:.1} by the git command line: {:.2} × \
         ({} merges, {} files)",
        ours,
        by_cli,
        ours / by_cli,
        works.len(),
        files(),
    );

    clones(folder.path(), &url)
}

/// Merges a second by `git merge` and `git push` in a work tree.
fn cli(folder: &Path, url: &str) -> anyhow::Result<f64> {
    git(folder, &["clone", "--quiet", url, "cli"])?;
    let tree = folder.join("cli");
    let begun = crate::now();

    for n in 0..merges_wanted() {
        git(
            &tree,
            &[
                "merge",
                "--quiet",
                "--no-ff",
                "--no-edit",
                &format!("origin/w/{n}"),
            ],
        )?;
        git(&tree, &["push", "--quiet", "origin", "HEAD:main"])?;
    }

    Ok(merges_wanted() as f64 / begun.elapsed().as_secs_f64())
}

async fn merges(folder: &Path, url: &str, works: &[Sha]) -> anyhow::Result<f64> {
    let gates = Gates::new(folder.join("gates"), Secrets::new(folder.join("secrets")));
    let project: ProjectName = "bench".parse()?;
    let mut base = gates.copy(&project, url).await?.head;

    // Works are in the gate because they were pushed to it.
    git(
        &gates.path(&project),
        &["fetch", "--quiet", url, "+refs/heads/w/*:refs/heads/work/*"],
    )?;
    let begun = crate::now();

    for (n, work) in works.iter().enumerate() {
        let spec = MergeSpec {
            // As the trunk has it: what was published a moment ago is where upstream is.
            on: if n == 0 { Base::Upstream } else { Base::Seen },
            entry: n as u64,
            base: base.clone(),
            work: Work::Merge(work.clone()),
            protected: events::protect::usual(),
            verify: None,
            hold_checks: false,
            message: format!("Merge {n}\n"),
            at: Timestamp(1_700_000_000_000_000),
        };
        let Built::Candidate(candidate, _) = gates.build(&project, url, "main", &spec).await?
        else {
            bail!("no candidate")
        };
        let Published::Advanced = gates.publish(&project, url, "main", &candidate).await? else {
            bail!("not published")
        };
        base = Some(candidate.sha);
    }

    Ok(merges_wanted() as f64 / begun.elapsed().as_secs_f64())
}

/// A clone over the gate's smart HTTP on the main port, against one of upstream over its path, in
/// turns.
fn clones(folder: &Path, url: &str) -> anyhow::Result<()> {
    let data = folder.join("data");
    let mut server = crate::way_out::begin(&data)?;

    crate::way_out::told(
        &["project", "add", "bench", "--git-url", url, "--existing"],
        &data,
    )?;
    crate::way_out::told(&["project", "upstream", "show", "bench"], &data)?;
    let address = fs_err::read_to_string(data.join("url"))?;
    let token = fs_err::read_to_string(data.join("token"))?;
    let gate = format!(
        "{}/git/bench.git",
        address
            .trim()
            .replace("http://", &format!("http://x:{}@", token.trim()))
    );

    // Ten thousand new files are the disk's business, the same for both: where there is a folder in
    // memory, it is left out.
    let memory = Path::new("/dev/shm");
    let target = if memory.is_dir() {
        tempfile::tempdir_in(memory)?
    } else {
        tempfile::tempdir_in(folder)?
    };

    let timed = |from: &str, to: &str| -> anyhow::Result<f64> {
        let begun = crate::now();
        git(
            target.path(),
            &[
                "clone",
                "--quiet",
                "--no-local",
                "--single-branch",
                "--branch",
                "main",
                from,
                to,
            ],
        )?;
        let seconds = begun.elapsed().as_secs_f64();
        fs_err::remove_dir_all(target.path().join(to))?;
        Ok(seconds)
    };

    // The copy may still be on its way.
    (0..100)
        .find(|_| git(folder, &["ls-remote", &gate, "main"]).is_ok_and(|found| !found.is_empty()))
        .context("no gate")?;
    let (mut direct, mut through) = (Vec::new(), Vec::new());

    for _ in 0..CLONES {
        direct.push(timed(url, "direct")?);
        through.push(timed(&gate, "through")?);
    }

    server.kill()?;
    server.wait()?;
    let (direct, through) = (crate::sorted(direct), crate::sorted(through));
    let (direct, through) = (
        crate::percentile(&direct, 0.5),
        crate::percentile(&through, 0.5),
    );

    record::figure(
        "gate.clone",
        direct / through,
        "a clone over the path",
        Better::Higher,
    )?;
    println!(
        "clone: {:.0} ms through the gate, {:.0} ms of upstream: {:.2} × as fast",
        through * 1e3,
        direct * 1e3,
        direct / through
    );

    Ok(())
}
