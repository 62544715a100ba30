//! What a piece of work changes: of a feature, wherever it stands, and of an entry of the merge
//! queue, a held one above all.

use actors::ports::repo::{Against, DiffForm, DiffSpec};
use events::feature::{Known, Stage};
use events::id::{FeatureId, ProjectName, Sha};
use events::merge_queue::{Entry, EntryKind};
use events::view::ProjectView;

use super::{Done, Operator, unknown_feature};
use actors::rejection::Rejection;

/// How much of a change is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HowMuch {
    /// The files and how much of each, without the lines.
    pub stat: bool,
    /// One file or folder alone.
    pub path: Option<String>,
}

/// A commit and what it is compared with.
struct Work {
    /// What it is, for people.
    what: String,
    sha: Sha,
    against: Against,
}

impl Work {
    /// A commit that stands on the trunk.
    fn published(what: &str, sha: &Sha) -> Self {
        Self {
            what: what.to_owned(),
            sha: sha.clone(),
            against: Against::FirstParent,
        }
    }

    /// A commit that branched off somewhere.
    fn branched(what: String, sha: &Sha, merge_queue: Option<&Sha>) -> Self {
        let against = match merge_queue {
            Some(head) => Against::Fork(head.clone()),
            None => Against::Nothing,
        };
        Self {
            what,
            sha: sha.clone(),
            against,
        }
    }
}

/// The work of a feature, as far as the projections know of it.
fn of_feature(view: &ProjectView, known: &Known) -> Option<Work> {
    let merge_queue = view.merge_queue.state.head.as_ref();
    let newest = || {
        let mut left = known.secured.iter().rev();
        left.find_map(|(epoch, sha)| {
            let what = format!("what claim {epoch} left");
            Some(Work::branched(what, sha.as_ref()?, merge_queue))
        })
    };

    match &known.stage {
        Stage::Submitted { submission, .. } | Stage::Approved { submission } => Some(Work {
            what: format!("handed in under claim {}", submission.epoch),
            sha: submission.sha.clone(),
            against: match &submission.base {
                Some(base) => Against::Commit(base.clone()),
                None => Against::Nothing,
            },
        }),
        Stage::Merging { candidate, .. } => Some(Work::published("being merged", candidate)),
        Stage::Closed { closing } => match closing.commit() {
            Some(commit) => Some(Work::published("merged", commit)),
            None => newest(),
        },
        Stage::Open { .. }
        | Stage::Claimed { .. }
        | Stage::Quarantined { .. }
        | Stage::Withdrawn => newest(),
    }
}

/// The work of an entry: its candidate, the newest one when it is to be built anew (a held one is,
/// and a parked one), or what the first will be built of.
fn of_entry(view: &ProjectView, entry: &Entry) -> Option<Work> {
    let number = entry.number;

    if let Some(candidate) = entry.candidate() {
        let what = format!("candidate of entry {number}");
        return Some(Work::published(&what, &candidate.sha));
    }

    if let Some(candidate) = &entry.newest {
        let what = format!("newest candidate of entry {number}, to be built anew");
        return Some(Work::published(&what, &candidate.sha));
    }

    match &entry.kind {
        EntryKind::Feature { epoch, sha, .. } => {
            let what = format!("handed in under claim {epoch}");
            let merge_queue = view.merge_queue.state.head.as_ref();
            Some(Work::branched(what, sha, merge_queue))
        }
        EntryKind::Scaffold | EntryKind::Revert { .. } => None,
    }
}

impl Operator {
    /// What a feature's work changes: as it was merged, handed in or pushed last.
    pub async fn feature_diff(&self, name: &str, id: &str, much: HowMuch) -> Done<Vec<u8>> {
        let (project, id) = (Self::name(name)?, Self::id(id)?);
        let found = self.read(&project, |view| {
            view.registered()?;
            let known = view.feature(&id);
            Some(known.map(|known| of_feature(view, known)))
        })?;
        let recorded = found.ok_or_else(unknown_feature)?;

        let pushed = self.pushed(&project, &id).await?;
        let work = pushed.or(recorded).ok_or_else(|| {
            Rejection::not_found("no_work", "nothing was pushed for this feature yet")
        })?;
        self.diff(&project, work, much).await
    }

    /// What the present claim of a feature has pushed, if there is one and it has.
    async fn pushed(&self, project: &ProjectName, id: &FeatureId) -> Done<Option<Work>> {
        let (epoch, merge_queue) = self.read(project, |view| {
            let known = view.feature(id)?;
            let is_claimed = matches!(known.stage, Stage::Claimed { .. });
            Some((
                is_claimed.then_some(known.epoch),
                view.merge_queue.state.head.clone(),
            ))
        })?;
        let Some(epoch) = epoch else {
            return Ok(None);
        };

        let head = self.core.world.repo.work_head(project, id, epoch).await?;
        let what = format!("pushed under claim {epoch}, not handed in");

        Ok(head.map(|head| Work::branched(what, &head, merge_queue.as_ref())))
    }

    /// What an entry of the merge queue changes.
    pub async fn entry_diff(&self, name: &str, number: u64, much: HowMuch) -> Done<Vec<u8>> {
        let project = Self::name(name)?;
        let found = self.read(&project, |view| {
            view.registered()?;
            let merge_queue = &view.merge_queue.state;
            let aside = merge_queue.held.iter().chain(&merge_queue.parked);
            let mut all = merge_queue.queue.iter().chain(aside);
            let entry = all.find(|entry| entry.number == number);
            Some(entry.map(|entry| of_entry(view, entry)))
        })?;
        let work = found.ok_or_else(|| {
            let why =
                format!("entry {number} is not in the queue; `feature diff` shows what was merged");
            Rejection::not_found("unknown_entry", why)
        })?;
        let work = work.ok_or_else(|| {
            let why = format!("nothing was built of entry {number} yet; ask again");
            Rejection::not_found("not_built", why)
        })?;

        self.diff(&project, work, much).await
    }

    async fn diff(&self, project: &ProjectName, work: Work, much: HowMuch) -> Done<Vec<u8>> {
        let context = DiffSpec {
            sha: work.sha,
            against: work.against,
            form: match much.stat {
                true => DiffForm::Stat,
                false => DiffForm::Patch,
            },
            path: much.path,
        };
        let mut text = format!("# {}: commit {}\n", work.what, context.sha).into_bytes();
        text.extend(self.core.world.repo.diff(project, &context).await?);
        Ok(text)
    }
}
