//! Random merges of which it is known what they have to come to: files have an identity beside
//! their path, so that a file of the same content in another place is another file. Sides move,
//! edit, copy and delete; what both did is put together by identity.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use actors::ports::repo::{Base, Built, MergeSpec, Merges, Work};
use anyhow::{Context, bail};
use events::id::{ProjectName, Timestamp};
use git2::build::TreeUpdateBuilder;
use git2::{FileMode, ObjectType, Oid, Repository};
use supercargo::adapters::git::{Gates, Secrets};

/// Merges for which one repository is used: objects of all of them would be many files in one
/// folder.
const AT_ONCE: usize = 400;
/// Lines of a file.
const LINES: usize = 14;
/// How a line begins that a side put into a file.
const EDIT: &str = "edited by ";

/// What an engine came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Merged, as it has to be.
    pub(crate) right: usize,
    /// Merged into something else, without a word.
    pub(crate) wrong: usize,
    /// Merged, where the sides contradict each other about a file that neither edited: every edit
    /// is in its own file.
    pub(crate) loose: usize,
    /// Not merged, where there is nothing to be merged.
    pub(crate) refused: usize,
    /// Not merged, although it is clear what it has to come to.
    pub(crate) needless: usize,
}

/// All engines, on the same merges.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Compared {
    /// libgit2's own.
    pub(crate) libgit2: Tally,
    /// Git's own, `git merge-tree`.
    pub(crate) git: Tally,
    /// The one that candidates are built with.
    pub(crate) ours: Tally,
}

/// Chance that can be had again: splitmix64.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap_or_default()
    }
    fn percent(&mut self, of: usize) -> bool {
        self.below(100) < of
    }
}

/// A file on one side; none when it was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
struct File {
    path: String,
    lines: Vec<String>,
}

type Files = Vec<Option<File>>;
type Listed = BTreeMap<String, Vec<String>>;

struct Case {
    base: Files,
    ours: Files,
    theirs: Files,
}

fn begin(chance: &mut Chance) -> Files {
    let folders = ["", "a/", "b/", "a/x/", "a/y/", "c/"];
    let names = ["one", "two", "three", "index"];
    let (count, classes) = (3 + chance.below(5), 1 + chance.below(3));
    let mut taken = BTreeMap::new();
    for _ in 0..count {
        let path = format!("{}{}", folders[chance.below(6)], names[chance.below(4)]);
        let class = chance.below(classes);
        let lines = (0..LINES).map(|n| format!("{class}: line {n}"));
        taken.entry(path).or_insert_with(|| lines.collect());
    }
    let file = |(path, lines)| Some(File { path, lines });
    taken.into_iter().map(file).collect()
}

/// What one side makes of the files. Names do not lie: who moves keeps the name or gets one that
/// nobody had.
fn changed(base: &Files, side: &str, chance: &mut Chance) -> Files {
    let mut files = base.clone();
    let moves_folder = chance.percent(30);
    let folder = ["a/", "b/", "c/"][chance.below(3)];

    for (n, slot) in files.iter_mut().enumerate() {
        let Some(file) = slot else { continue };
        if moves_folder && file.path.starts_with(folder) {
            file.path = format!("{side}-moved/{}", file.path);
        } else if chance.percent(30) {
            let name = file.path.rsplit('/').next().unwrap_or_default().to_owned();
            file.path = if chance.percent(50) {
                format!("{side}-new{}/{name}", chance.below(3) * 100 + n)
            } else {
                format!("{}{side}-name{n}", ["", "a/", "d/"][chance.below(3)])
            };
        }
        if chance.percent(30) {
            let at = if side == "ours" { 2 } else { LINES - 2 };
            file.lines.insert(at, format!("{EDIT}{side} as {n}"));
        } else if chance.percent(6) {
            *slot = None;
        }
    }

    if chance.percent(20) {
        let kept = chance.below(files.len());
        let stayed = base[kept].as_ref().zip(files[kept].as_ref());
        if let Some((was, _)) = stayed.filter(|(was, file)| was.path == file.path) {
            let path = format!("{side}-copy/{}", chance.below(9));
            let lines = was.lines.clone();
            files.push(Some(File { path, lines }));
        }
    }

    files
}

fn listed(files: &Files) -> Listed {
    let known = files.iter().flatten();
    known
        .map(|file| (file.path.clone(), file.lines.clone()))
        .collect()
}

impl Case {
    fn new(chance: &mut Chance) -> Self {
        let base = begin(chance);
        let ours = changed(&base, "ours", chance);
        let theirs = changed(&base, "theirs", chance);
        Self { base, ours, theirs }
    }

    /// What the merge has to come to; none where both sides want what cannot be had together.
    fn truth(&self) -> Option<Listed> {
        let mut all = Vec::new();

        for (n, base) in self.base.iter().enumerate() {
            let base = base.as_ref()?;
            let merged = match (&self.ours[n], &self.theirs[n]) {
                (None, None) => continue,
                (None, Some(left)) | (Some(left), None) if left == base => continue,
                (None, Some(_)) | (Some(_), None) => return None,
                (Some(ours), Some(theirs)) => both(base, ours, theirs)?,
            };
            all.push(Some(merged));
        }

        let added = [&self.ours, &self.theirs].into_iter();
        all.extend(added.flat_map(|side| side.iter().skip(self.base.len()).cloned()));

        Some(listed(&all))
    }
}

/// Whether every edit is in its own file, under a name that a side gave that, and in no other.
fn edits_are_at_home(case: &Case, merged: &Listed) -> bool {
    let sides = [&case.ours, &case.theirs];
    let own = |n: usize, path: &String| {
        let known = sides.iter().filter_map(|side| side.get(n)?.as_ref());
        known.into_iter().any(|file| file.path == *path)
    };

    let edits = sides.iter().flat_map(|side| side.iter().enumerate());
    for (n, file) in edits {
        for edit in file
            .iter()
            .flat_map(|file| &file.lines)
            .filter(|line| line.starts_with(EDIT))
        {
            let mut at = merged.iter().filter(|(_, lines)| lines.contains(edit));
            let (first, second) = (at.next(), at.next());
            if !first.is_some_and(|(path, _)| own(n, path)) || second.is_some() {
                return false;
            }
        }
    }

    true
}

fn both(base: &File, ours: &File, theirs: &File) -> Option<File> {
    let path = match (ours.path == base.path, theirs.path == base.path) {
        (true, _) => &theirs.path,
        (_, true) => &ours.path,
        _ => return None,
    };
    let mut lines = ours.lines.clone();
    if theirs.lines != base.lines {
        let longer = lines.len() - base.lines.len();
        lines.insert(LINES - 2 + longer, theirs.lines[LINES - 2].clone());
    }
    let path = path.clone();
    Some(File { path, lines })
}

fn tree(repository: &Repository, files: &Files) -> anyhow::Result<Oid> {
    let empty = repository.treebuilder(None)?.write()?;
    let mut update = TreeUpdateBuilder::new();
    for (path, lines) in listed(files) {
        let blob = repository.blob((lines.join("\n") + "\n").as_bytes())?;
        update.upsert(path, blob, FileMode::Blob);
    }
    Ok(update.create_updated(repository, &repository.find_tree(empty)?)?)
}

fn commit(repository: &Repository, files: &Files, parent: Option<Oid>) -> anyhow::Result<Oid> {
    let who = git2::Signature::new("bench", "bench@localhost", &git2::Time::new(1, 0))?;
    let tree = repository.find_tree(tree(repository, files)?)?;
    let parent = parent.map(|id| repository.find_commit(id)).transpose()?;
    let parents: Vec<_> = parent.iter().collect();
    Ok(repository.commit(None, &who, &who, "side", &tree, &parents)?)
}

fn read(repository: &Repository, tree: Oid) -> anyhow::Result<Listed> {
    let mut found = Listed::new();
    let mut failed = None;

    repository
        .find_tree(tree)?
        .walk(git2::TreeWalkMode::PreOrder, |folder, entry| {
            if entry.kind() != Some(ObjectType::Blob) {
                return git2::TreeWalkResult::Ok;
            }
            let path = format!("{folder}{}", String::from_utf8_lossy(entry.name_bytes()));
            match repository.find_blob(entry.id()) {
                Ok(blob) => {
                    let text = String::from_utf8_lossy(blob.content()).into_owned();
                    found.insert(path, text.lines().map(str::to_owned).collect());
                }
                Err(error) => failed = Some(error),
            }
            git2::TreeWalkResult::Ok
        })?;
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(found),
    }
}

fn by_libgit2(repository: &Repository, ours: Oid, theirs: Oid) -> anyhow::Result<Option<Oid>> {
    let (ours, theirs) = (
        repository.find_commit(ours)?,
        repository.find_commit(theirs)?,
    );
    let mut index = repository.merge_commits(&ours, &theirs, None)?;
    if index.has_conflicts() {
        return Ok(None);
    }
    Ok(Some(index.write_tree_to(repository)?))
}

fn by_git(folder: &Path, ours: Oid, theirs: Oid) -> anyhow::Result<Option<Oid>> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["merge-tree", "--write-tree", "--no-messages"])
        .args([ours.to_string(), theirs.to_string()])
        .output()?;

    match output.status.code() {
        Some(0) => Ok(Some(String::from_utf8(output.stdout)?.trim().parse()?)),
        Some(1) => Ok(None),
        _ => bail!(
            "git merge-tree: {}",
            String::from_utf8_lossy(&output.stderr)
        ),
    }
}

/// As the merge queue builds it.
async fn by_us(gates: &Gates, ours: Oid, theirs: Oid) -> anyhow::Result<Built> {
    let spec = MergeSpec {
        entry: 1,
        base: Some(ours.to_string().parse()?),
        on: Base::Candidate,
        work: Work::Merge(theirs.to_string().parse()?),
        protected: vec![],
        verify: None,
        hold_checks: false,
        message: "Merge\n".to_owned(),
        at: Timestamp(1_000_000),
    };
    let project: ProjectName = "bench".parse()?;

    Ok(gates.build(&project, "", "main", &spec).await?)
}

impl Tally {
    fn count(&mut self, case: &Case, merged: Option<&Listed>) {
        let counted = match (case.truth(), merged) {
            (Some(truth), Some(merged)) if truth == *merged => &mut self.right,
            (None, Some(merged)) if edits_are_at_home(case, merged) => &mut self.loose,
            (_, Some(_)) => &mut self.wrong,
            (None, None) => &mut self.refused,
            (Some(_), None) => &mut self.needless,
        };
        *counted += 1;
    }
}

/// Merges so many times with every engine.
pub(crate) async fn compare(count: usize, seed: u64) -> anyhow::Result<Compared> {
    let mut chance = Chance(seed);
    let mut compared = Compared::default();

    let mut left = count;
    while left > 0 {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("gates/bench.git");
        let repository = Repository::init_bare(&path)?;
        let secrets = Secrets::new(folder.path().join("secrets"));
        let gates = Gates::new(folder.path().join("gates"), secrets);
        for _ in 0..left.min(AT_ONCE) {
            let case = Case::new(&mut chance);
            one(&repository, &gates, &case, &mut compared)
                .await
                .context("a merge")?;
        }
        left -= left.min(AT_ONCE);
    }

    Ok(compared)
}

async fn one(
    repository: &Repository,
    gates: &Gates,
    case: &Case,
    compared: &mut Compared,
) -> anyhow::Result<()> {
    let base = commit(repository, &case.base, None)?;
    let ours = commit(repository, &case.ours, Some(base))?;
    let theirs = commit(repository, &case.theirs, Some(base))?;
    let look = |tree: Option<Oid>| tree.map(|tree| read(repository, tree)).transpose();
    let merged = look(by_libgit2(repository, ours, theirs)?)?;
    compared.libgit2.count(case, merged.as_ref());
    let merged = look(by_git(repository.path(), ours, theirs)?)?;
    compared.git.count(case, merged.as_ref());
    let merged = match by_us(gates, ours, theirs).await? {
        Built::Candidate(candidate, _) => Some(candidate.tree.as_str().parse()?),
        Built::Nothing => Some(repository.find_commit(ours)?.tree_id()),
        Built::Conflict { .. } => None,
        Built::Moved(_) => bail!("nothing moves here"),
    };
    let merged = look(merged)?;
    compared.ours.count(case, merged.as_ref());

    Ok(())
}
