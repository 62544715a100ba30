//! What is in a work tree, whatever its owner made of git: taken with a git folder of our own, path
//! by path, so that one file that cannot be taken does not cost all others. For when the tree's own
//! git does not take it: a repository inside of it, a file without rights, attributes that do not
//! fit, a `.git` that is gone.
//!
//! What is ignored is left where it is. What cannot be taken is named.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::tree::{DEADLINE, git_environment};
use crate::named;

/// Repositories inside of each other that are looked into.
const NESTED_MAX: usize = 8;
/// Paths that are taken, at most: a tree of more is no work of a session.
const PATHS_MAX: usize = 200_000;
/// Paths of one git command; one that fails is halved.
const PATHS_AT_ONCE: usize = 500;

/// A tree as it was taken.
#[derive(Debug)]
pub(super) struct Salvaged {
    /// Its tree.
    pub(super) tree: String,
    /// The commit: what is in the tree, on what its owner committed last.
    pub(super) commit: String,
    /// What could not be taken, at most [`NAMED_MAX`].
    pub(super) left_out: Vec<String>,
}

/// Paths that are named.
const NAMED_MAX: usize = 20;

/// What is at a path.
enum Entry {
    /// Nothing any more.
    Gone,
    /// A link to this.
    Link(Vec<u8>),
    /// A file.
    File {
        /// Whether its owner may run it.
        runs: bool,
    },
}

impl Entry {
    fn is_file(&self) -> bool {
        matches!(self, Self::File { .. })
    }

    /// How git's index writes it down.
    fn mode(&self) -> &'static str {
        match self {
            Self::Gone => "0",
            Self::Link(_) => "120000",
            Self::File { runs: false } => "100644",
            Self::File { runs: true } => "100755",
        }
    }
}

/// A git folder of our own beside a work tree.
pub(super) struct Salvage {
    folder: tempfile::TempDir,
    slot: PathBuf,
    tree: PathBuf,
    origin: String,
}

impl Salvage {
    /// Begins one that knows what the tree's own git folder knows, and the commit that the session
    /// began on.
    ///
    /// # Errors
    /// What git said.
    pub(super) async fn begin(
        slot: &Path,
        tree: &Path,
        origin: &str,
        base: &str,
    ) -> Result<Self, String> {
        let folder = tempfile::tempdir_in(slot)
            .map_err(|error| format!("a folder in {}: {error}", slot.display()))?;
        let salvage = Self {
            folder,
            slot: slot.to_owned(),
            tree: tree.to_owned(),
            origin: origin.to_owned(),
        };
        let quiet = ["init", "--quiet", "--bare", "--template="];
        salvage.git(&[&quiet[..], &["."]].concat(), b"").await?;
        let info = salvage.folder.path().join("info");
        let objects = salvage.folder.path().join("objects/info");
        for made in [&info, &objects] {
            fs_err::create_dir_all(made).map_err(|error| error.to_string())?;
        }
        // Bytes are taken as they lie: no filter, no line ends, no encoding.
        let plain = "* -text -filter -ident -working-tree-encoding\n";
        fs_err::write(info.join("attributes"), plain).map_err(|error| error.to_string())?;
        let theirs = format!("{}\n", tree.join(".git/objects").display());
        fs_err::write(objects.join("alternates"), theirs).map_err(|error| error.to_string())?;

        let known = format!("{base}^{{commit}}");
        if salvage.git(&["cat-file", "-e", &known], b"").await.is_err() {
            let fetch = ["fetch", "--quiet", &salvage.origin, base];
            salvage.git(&fetch, b"").await?;
        }
        Ok(salvage)
    }

    /// Takes all of the tree, on top of these commits; the first is what it is compared with.
    ///
    /// # Errors
    /// What git said where nothing could be taken.
    pub(super) async fn take(&self, parents: &[String]) -> Result<Salvaged, String> {
        let first = parents.first().ok_or("there is no commit to begin with")?;
        self.git(&["read-tree", first], b"").await?;
        let mut left_out = vec![];
        let mut taken = 0;
        let mut folders = vec![(PathBuf::new(), 0)];
        while let Some((folder, depth)) = folders.pop() {
            let paths = self.listed(&folder).await?;
            let (inner, files): (Vec<_>, Vec<_>) =
                paths.into_iter().partition(|path| path.ends_with(b"/"));
            let within = |name: Vec<u8>| folder.join(OsString::from_vec(name));
            let files: Vec<PathBuf> = files.into_iter().map(within).collect();
            taken += files.len();
            if taken > PATHS_MAX {
                left_out.push(format!("more than {PATHS_MAX} files"));
                break;
            }
            self.add(&files, &mut left_out).await;
            for inner in inner.into_iter().map(within) {
                match depth < NESTED_MAX {
                    true => folders.push((inner, depth + 1)),
                    false => left_out.push(inner.display().to_string()),
                }
            }
        }

        let tree = self.git(&["write-tree"], b"").await?.trim().to_owned();
        let commit = self.commit(&tree, parents).await?;
        left_out.truncate(NAMED_MAX);
        Ok(Salvaged {
            tree,
            commit,
            left_out,
        })
    }

    /// A commit that holds these; its tree is that of the first.
    pub(super) async fn joined(&self, commits: &[String]) -> Result<String, String> {
        let first = commits.first().ok_or("there is nothing to hold")?;
        let tree = format!("{first}^{{tree}}");
        let tree = self.git(&["rev-parse", &tree], b"").await?;
        self.commit(tree.trim(), commits).await
    }

    async fn commit(&self, tree: &str, parents: &[String]) -> Result<String, String> {
        let mut args = vec!["commit-tree", tree];
        for parent in parents {
            args.extend(["-p", parent]);
        }
        args.extend(["-m", "Work in progress, as it was in the tree"]);
        let commit = self.git(&args, b"").await?;
        Ok(commit.trim().to_owned())
    }

    /// Brings a commit to a ref of the gate.
    pub(super) async fn push(&self, commit: &str, reference: &str) -> Result<(), String> {
        let spec = format!("{commit}:{reference}");
        let push = ["push", "--quiet", "--force", &self.origin, &spec];
        self.git(&push, b"").await.map(|_| ())
    }

    /// Paths below a folder that are not as the index has them, without what is ignored. A
    /// repository inside ends with a slash.
    async fn listed(&self, folder: &Path) -> Result<Vec<Vec<u8>>, String> {
        let mut args = vec!["ls-files", "-z", "--others", "--exclude-standard"];
        // Inside of another repository nothing is in our index.
        let at_top = folder.as_os_str().is_empty();
        if at_top {
            args.extend(["--modified", "--deleted"]);
        }
        let at = self.tree.join(folder);
        let listed = self.git_in(&at, at_top, &args, b"").await?;

        let names = listed.split(|byte| *byte == 0);
        let mut paths: Vec<Vec<u8>> = names
            .filter(|name| !name.is_empty())
            .map(<[u8]>::to_vec)
            .collect();
        paths.sort();
        paths.dedup();
        Ok(paths)
    }

    /// Puts files into the index, as many as can be; the others are named.
    async fn add(&self, paths: &[PathBuf], left_out: &mut Vec<String>) {
        let mut chunks: Vec<&[PathBuf]> = paths.chunks(PATHS_AT_ONCE).collect();
        while let Some(chunk) = chunks.pop() {
            if self.add_chunk(chunk).await.is_ok() {
                continue;
            }
            match chunk.split_at(chunk.len() / 2) {
                ([], rest) => left_out.extend(rest.iter().map(|path| path.display().to_string())),
                (first, second) => chunks.extend([first, second]),
            }
        }
    }

    async fn add_chunk(&self, paths: &[PathBuf]) -> Result<(), String> {
        let mut entries = Vec::with_capacity(paths.len());
        for path in paths {
            entries.push((path, self.entry(path)?));
        }
        let files = entries.iter().filter(|(_, entry)| entry.is_file());
        let files: Vec<PathBuf> = files.map(|(path, _)| self.tree.join(path)).collect();
        let mut objects = self.objects(&files).await?.into_iter();

        let mut lines = Vec::new();
        for (path, entry) in entries {
            let object = match &entry {
                Entry::Gone => "0".repeat(40),
                Entry::Link(target) => self.object(target).await?,
                Entry::File { .. } => objects.next().ok_or("git hashed too few files")?,
            };
            lines.extend_from_slice(format!("{} {object}\t", entry.mode()).as_bytes());
            lines.extend_from_slice(path.as_os_str().as_bytes());
            lines.push(0);
        }
        let update = ["update-index", "-z", "--index-info"];
        self.git(&update, &lines).await.map(|_| ())
    }

    /// What is at a path. A file that its owner may not read is made readable.
    fn entry(&self, path: &Path) -> Result<Entry, String> {
        let whole = self.tree.join(path);
        let found = match fs_err::symlink_metadata(&whole) {
            Ok(found) => found,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Entry::Gone),
            Err(error) => return Err(error.to_string()),
        };
        if found.is_symlink() {
            let target = fs_err::read_link(&whole).map_err(|error| error.to_string())?;
            return Ok(Entry::Link(target.into_os_string().into_vec()));
        }
        if !found.is_file() {
            return Err(format!("{} is no file", path.display()));
        }

        let mode = found.permissions().mode();
        if mode & 0o400 == 0 {
            let readable = std::fs::Permissions::from_mode(mode | 0o400);
            fs_err::set_permissions(&whole, readable).map_err(|error| error.to_string())?;
        }
        let runs = mode & 0o100 != 0;
        Ok(Entry::File { runs })
    }

    /// The objects of files, in their order. A name with a line break is taken alone.
    async fn objects(&self, files: &[PathBuf]) -> Result<Vec<String>, String> {
        let is_broken = |file: &&PathBuf| file.as_os_str().as_bytes().contains(&b'\n');
        match (files, files.iter().find(is_broken)) {
            ([], _) => return Ok(vec![]),
            ([alone], Some(_)) => {
                let bytes = fs_err::read(alone).map_err(|error| error.to_string())?;
                return Ok(vec![self.object(&bytes).await?]);
            }
            (_, Some(_)) => return Err("a name with a line break".to_owned()),
            (_, None) => {}
        }

        let names: Vec<&[u8]> = files
            .iter()
            .map(|file| file.as_os_str().as_bytes())
            .collect();
        let hash = ["hash-object", "-w", "--no-filters", "--stdin-paths"];
        let hashed = self.git(&hash, &names.join(&b'\n')).await?;
        Ok(hashed.lines().map(str::to_owned).collect())
    }

    /// The object of these bytes.
    async fn object(&self, bytes: &[u8]) -> Result<String, String> {
        let hash = ["hash-object", "-w", "--no-filters", "--stdin"];
        let hashed = self.git(&hash, bytes).await?;
        Ok(hashed.trim().to_owned())
    }

    async fn git(&self, args: &[&str], input: &[u8]) -> Result<String, String> {
        let said = self.git_in(&self.tree, true, args, input).await?;
        Ok(String::from_utf8_lossy(&said).into_owned())
    }

    /// Runs git with our own folder on a work tree; without our index where `indexed` is false.
    async fn git_in(
        &self,
        tree: &Path,
        indexed: bool,
        args: &[&str],
        input: &[u8],
    ) -> Result<Vec<u8>, String> {
        let what = args.first().copied().unwrap_or_default();
        let own = self.folder.path();
        let index = own.join(if indexed { "index" } else { "no-index" });
        let at = if what == "init" { own } else { tree };
        let mut command = Command::new("git");
        command
            .args([
                "-c",
                "core.hooksPath=/dev/null",
                "-c",
                "core.safecrlf=false",
            ])
            .args(args)
            .current_dir(at)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .process_group(0)
            .envs(git_environment(&self.slot));
        if what != "init" {
            command
                .env("GIT_DIR", own)
                .env("GIT_WORK_TREE", tree)
                .env("GIT_INDEX_FILE", index);
        }

        let run = async {
            let mut child = named::spawn(&mut command)?;
            if let Some(mut stdin) = child.stdin.take() {
                stdin.write_all(input).await?;
            }
            child.wait_with_output().await
        };
        let output = tokio::time::timeout(DEADLINE, run).await;
        let output = output.map_err(|_| format!("git {what} took too long"))?;
        let output = output.map_err(|error| format!("git {what}: {error}"))?;
        match output.status.success() {
            true => Ok(output.stdout),
            false => Err(format!(
                "git {what}: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            )),
        }
    }
}
