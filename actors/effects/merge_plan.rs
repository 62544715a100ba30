//! What merging asks of the repository and what its answers tell the merge queue: pure, so that
//! each case stands in a table.

#[cfg(test)]
mod tests;

use events::id::{Epoch, FeatureId, Sha, Timestamp};
use events::merge_queue::{self, Candidate, Entry, EntryKind};
use events::policy::upkeep;
use events::view::ProjectView;

use crate::ports::PortError;
use crate::ports::repo::{Base, Built, Looked, MergeSpec, Work};

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

/// What the merge queue is told about an upstream that is not where an entry was built: it was
/// compared with that place.
pub(crate) fn moved(entry: u64, from: Option<Sha>, looked: Looked) -> merge_queue::Command {
    told(looked, |seen, files| merge_queue::Command::RecordMoved {
        entry,
        from,
        seen,
        files,
    })
}

/// What the merge queue is told about upstream: where it is, with the paths that changed, or why
/// that is of no use.
pub(crate) fn told(
    looked: Looked,
    at: impl FnOnce(Option<Sha>, Vec<String>) -> merge_queue::Command,
) -> merge_queue::Command {
    match looked {
        Looked::At(seen) => at(seen, vec![]),
        Looked::Further { seen, files } => at(Some(seen), files),
        Looked::Gone => merge_queue::Command::Halt {
            reason: "its branch is gone".to_owned(),
            fault: merge_queue::Fault::BranchGone,
        },
        Looked::Rewritten { lost, seen } => merge_queue::Command::Halt {
            reason: "its branch was rewritten".to_owned(),
            fault: merge_queue::Fault::Rewritten { lost, seen },
        },
    }
}

/// What the merge queue is told about an outside that did not do it.
pub(crate) fn halt(what: &str, error: &PortError) -> merge_queue::Command {
    merge_queue::Command::Halt {
        reason: format!("{what}: {error}"),
        fault: merge_queue::Fault::said(&error.to_string()),
    }
}

/// What the merge queue is told of a candidate that was asked for; nothing, where it has no batch
/// any more that the entry could have joined.
pub(crate) fn answered(
    view: &ProjectView,
    spec: &MergeSpec,
    built: Result<Built, PortError>,
) -> Option<merge_queue::Command> {
    let (entry, base) = (spec.entry, spec.base.clone());
    if spec.on == Base::Candidate {
        return stacked(view, entry, built);
    }

    Some(match built {
        Ok(Built::Candidate(candidate, changes)) => merge_queue::Command::RecordCandidate {
            entry,
            candidate,
            changes,
            asked: spec.on == Base::Upstream,
        },
        Ok(Built::Conflict { paths, why }) => merge_queue::Command::RecordConflict {
            entry,
            base,
            paths,
            why,
        },
        Ok(Built::Nothing) => merge_queue::Command::RecordNothing { entry, base },
        Ok(Built::Moved(looked)) => moved(entry, base, looked),
        Err(error) => halt("building a candidate", &error),
    })
}

/// What came of putting an entry on top of the batch. Where it does not fit there, the batch is
/// whole; it is judged by itself later.
pub(super) fn stacked(
    view: &ProjectView,
    entry: u64,
    built: Result<Built, PortError>,
) -> Option<merge_queue::Command> {
    let tip = view.merge_queue.state.tip()?.number;
    let close = |why: String| merge_queue::Command::CloseBatch { entry: tip, why };

    Some(match built {
        Ok(Built::Candidate(candidate, changes)) => merge_queue::Command::RecordCandidate {
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

pub(crate) fn spec(
    view: &ProjectView,
    entry: u64,
    now: Timestamp,
) -> Option<(MergeSpec, String, String)> {
    let registered = view.registered()?;
    let merge_queue = &view.merge_queue.state;
    let joins = |next: &&Entry| next.number == entry;
    let joining = merge_queue
        .joins(registered.settings.batch_max)
        .filter(joins);

    let (wanted, on, base) = match joining {
        Some(joining) => {
            let tip = merge_queue.tip()?.candidate();
            (joining, Base::Candidate, tip.map(|tip| tip.sha.clone()))
        }
        None => {
            let on = match upkeep::was_just_seen(merge_queue, now) {
                true => Base::Seen,
                false => Base::Upstream,
            };
            let front = merge_queue.front().filter(joins)?;
            (front, on, merge_queue.head.clone())
        }
    };

    let (work, message) = work_of(&wanted.kind);
    let spec = MergeSpec {
        entry,
        base,
        on,
        work,
        protected: registered.settings.protected.clone(),
        verify: registered.settings.verify.clone(),
        hold_checks: registered.settings.hold_checks,
        message,
        at: wanted.at,
    };
    Some((
        spec,
        registered.git_url.clone(),
        view.merge_queue.state.branch.clone()?,
    ))
}

/// What is merged for an entry, and the message of the commit.
fn work_of(kind: &EntryKind) -> (Work, String) {
    match kind {
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
    }
}

pub(crate) fn publication(view: &ProjectView, entry: u64) -> Option<Publication> {
    let merge_queue = &view.merge_queue.state;
    let (front, tip) = (
        merge_queue.front()?,
        merge_queue
            .tip()
            .filter(|tip| tip.number == entry)?
            .candidate()?,
    );
    let claim = |entry: &Entry| match &entry.kind {
        EntryKind::Scaffold | EntryKind::Revert { .. } => None,
        EntryKind::Feature { feature, epoch, .. } => Some((feature.clone(), *epoch)),
    };
    let candidate = Candidate {
        base: front.candidate()?.base.clone(),
        ..tip.clone()
    };
    let (url, branch) = (
        view.registered()?.git_url.clone(),
        merge_queue.branch.clone()?,
    );

    Some(Publication {
        front: front.number,
        candidate,
        url,
        branch,
        claims: merge_queue.batch().filter_map(claim).collect(),
    })
}
