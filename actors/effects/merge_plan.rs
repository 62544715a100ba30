//! What merging asks of the repository and what its answers tell the trunk: pure, so that each case
//! stands in a table.

use events::id::{Epoch, FeatureId, Sha, Timestamp};
use events::policy::upkeep;
use events::trunk::{self, Candidate, Entry, EntryKind};
use events::view::ProjectBook;

use crate::ports::PortError;
use crate::ports::repo::{Base, Built, Looked, MergeWish, Work};

/// What a candidate is published with.
pub(crate) struct Publication {
    /// The entry that is first.
    pub(crate) front: u64,
    /// From where upstream is moved to where.
    pub(crate) candidate: Candidate,
    pub(crate) url: String,
    pub(crate) branch: String,
    /// Whose work it is.
    pub(crate) claims: Vec<(FeatureId, Epoch)>,
}

/// What the trunk is told about an upstream that is not where an entry was built: it was compared
/// with that place.
pub(crate) fn moved(entry: u64, from: Option<Sha>, looked: Looked) -> trunk::Command {
    told(looked, |seen, files| trunk::Command::RecordMoved {
        entry,
        from,
        seen,
        files,
    })
}

/// What the trunk is told about upstream: where it is, with the paths that changed, or why that is
/// of no use.
pub(crate) fn told(
    looked: Looked,
    at: impl FnOnce(Option<Sha>, Vec<String>) -> trunk::Command,
) -> trunk::Command {
    match looked {
        Looked::At(seen) => at(seen, vec![]),
        Looked::Further { seen, files } => at(Some(seen), files),
        Looked::Gone => trunk::Command::Halt {
            reason: "its branch is gone".to_owned(),
            fault: trunk::Fault::BranchGone,
        },
        Looked::Rewritten { lost, seen } => trunk::Command::Halt {
            reason: "its branch was rewritten".to_owned(),
            fault: trunk::Fault::Rewritten { lost, seen },
        },
    }
}

/// What the trunk is told about an outside that did not do it.
pub(crate) fn halt(what: &str, error: &PortError) -> trunk::Command {
    trunk::Command::Halt {
        reason: format!("{what}: {error}"),
        fault: trunk::Fault::said(&error.to_string()),
    }
}

/// What came of putting an entry on top of the batch. Where it does not fit there, the batch is
/// whole; it is judged by itself later.
pub(crate) fn stacked(
    book: &ProjectBook,
    entry: u64,
    built: Result<Built, PortError>,
) -> Option<trunk::Command> {
    let tip = book.trunk.state.tip()?.number;
    let close = |why: String| trunk::Command::CloseBatch { entry: tip, why };
    Some(match built {
        Ok(Built::Candidate(candidate, changes)) => trunk::Command::RecordCandidate {
            entry,
            candidate,
            changes,
            asked: false,
        },
        Ok(Built::Conflict { paths, .. }) => close(format!(
            "entry {entry} does not merge with it: {}",
            paths.join(", ")
        )),
        Ok(Built::Nothing | Built::Moved(_)) => {
            close(format!("entry {entry} brings nothing beside it"))
        }
        Err(error) => close(format!("entry {entry} was not built on it: {error}")),
    })
}

pub(crate) fn wish(
    book: &ProjectBook,
    entry: u64,
    now: Timestamp,
) -> Option<(MergeWish, String, String)> {
    let registered = book.registered()?;
    let trunk = &book.trunk.state;
    let joining = trunk
        .joins(registered.settings.batch_max)
        .filter(|next| next.number == entry);
    let (on, base) = match joining {
        Some(_) => (
            Base::Candidate,
            trunk
                .tip()?
                .candidate()
                .map(|candidate| candidate.sha.clone()),
        ),
        None if upkeep::was_just_seen(trunk, now) => (Base::Seen, trunk.head.clone()),
        None => (Base::Upstream, trunk.head.clone()),
    };
    let wished = joining.or_else(|| trunk.front().filter(|front| front.number == entry))?;
    let (work, message) = match &wished.kind {
        EntryKind::Scaffold => (
            Work::Scaffold,
            "Scaffold the project\n\nSupercargo-Scaffold: 1\n".to_owned(),
        ),
        EntryKind::Revert {
            feature,
            commit,
            title,
            ..
        } => {
            let message = format!(
                "Undo \"{title}\"\n\nThis takes out what {commit} brought.\n\nSupercargo-Feature: \
                 {feature}\n"
            );
            (Work::Revert(commit.clone()), message)
        }
        EntryKind::Feature {
            feature,
            epoch,
            sha,
            title,
        } => {
            let message =
                format!("{title}\n\nSupercargo-Feature: {feature}\nSupercargo-Claim: {epoch}\n");
            (Work::Merge(sha.clone()), message)
        }
    };
    let protected = registered.settings.protected.clone();
    let wish = MergeWish {
        entry,
        base,
        on,
        work,
        protected,
        verify: registered.settings.verify.clone(),
        hold_checks: registered.settings.hold_checks,
        message,
        at: wished.at,
    };
    Some((
        wish,
        registered.git_url.clone(),
        book.trunk.state.branch.clone()?,
    ))
}

pub(crate) fn publication(book: &ProjectBook, entry: u64) -> Option<Publication> {
    let trunk = &book.trunk.state;
    let (front, tip) = (
        trunk.front()?,
        trunk.tip().filter(|tip| tip.number == entry)?.candidate()?,
    );
    let claim = |entry: &Entry| match &entry.kind {
        EntryKind::Scaffold | EntryKind::Revert { .. } => None,
        EntryKind::Feature { feature, epoch, .. } => Some((feature.clone(), *epoch)),
    };
    let candidate = Candidate {
        base: front.candidate()?.base.clone(),
        ..tip.clone()
    };
    let (url, branch) = (book.registered()?.git_url.clone(), trunk.branch.clone()?);
    Some(Publication {
        front: front.number,
        candidate,
        url,
        branch,
        claims: trunk.batch().filter_map(claim).collect(),
    })
}
