//! The gate's refs: work of claims, pinned submissions, candidates.

use std::collections::BTreeSet;

use actors::ports::PortError;
use actors::ports::repo::{ClaimWork, Gone, Handed, Looked, Upkeep};
use async_trait::async_trait;
use events::claims::refs;
use events::id::{Epoch, FeatureId, ProjectName, Sha};
use git2::Repository;

use events::merge_queue::event::FILES_MAX;

use super::{Gates, build, lfs, oid, sha as to_sha, trouble};

#[async_trait]
impl ClaimWork for Gates {
    async fn work_head(
        &self,
        project: &ProjectName,
        feature: &FeatureId,
        epoch: Epoch,
    ) -> Result<Option<Sha>, PortError> {
        let feature = feature.clone();
        self.with(project, move |repository| {
            work_head(repository, &feature, epoch)
        })
        .await
    }

    async fn pin(
        &self,
        project: &ProjectName,
        feature: &FeatureId,
        epoch: Epoch,
        sha: &Sha,
    ) -> Result<Handed, PortError> {
        let (feature, sha) = (feature.clone(), sha.clone());
        self.with(project, move |repository| {
            pin(repository, &feature, epoch, &sha)
        })
        .await
    }

    async fn tidy(
        &self,
        project: &ProjectName,
        feature: &FeatureId,
        epoch: Epoch,
    ) -> Result<(), PortError> {
        let feature = feature.clone();
        self.with(project, move |repository| tidy(repository, &feature, epoch))
            .await
    }
}

#[async_trait]
impl Upkeep for Gates {
    async fn maintain(&self, project: &ProjectName, gone: &Gone) -> Result<(), PortError> {
        let gone = gone.clone();

        self.with(project, move |repository| {
            drop_candidates(repository, gone.first_candidate)?;
            let_go(repository, &gone.features)
        })
        .await?;
        let path = self.path(project);

        // What nothing refers to stays two weeks, as git itself has it: a push may be on its way.
        self.git
            .run(
                Some(&path),
                &["gc", "--quiet", "--prune=2.weeks.ago"],
                vec![],
            )
            .await
            .map(|_| ())
    }
}

/// The newest that a claim left: its branch, or what was rescued on top of it. It is kept under a
/// ref of its own, which outlives both.
fn work_head(
    repository: &Repository,
    feature: &FeatureId,
    epoch: Epoch,
) -> Result<Option<Sha>, PortError> {
    let pushed = read_ref(repository, &refs::work(feature, epoch))?;
    let rescued = read_ref(repository, &refs::rescue(feature, epoch))?;
    let newest = match (pushed, rescued) {
        (Some(pushed), Some(rescued)) => {
            let on_top = repository
                .graph_descendant_of(oid(&rescued)?, oid(&pushed)?)
                .map_err(trouble)?;
            Some(if on_top { rescued } else { pushed })
        }
        (pushed, rescued) => pushed.or(rescued),
    };

    if let Some(newest) = &newest {
        repository
            .reference(&refs::kept(feature, epoch), oid(newest)?, true, "kept")
            .map_err(trouble)?;
    }

    Ok(newest)
}

/// Where a fetch puts upstream's branch before the gate's own copy follows it.
pub(super) const SEEN: &str = "refs/supercargo/seen";

/// Moves the gate's copy of upstream's branch to what was fetched, when that holds what upstream
/// held before.
pub(super) fn take_seen(
    repository: &Repository,
    branch: &str,
    known: Option<&Sha>,
) -> Result<Looked, PortError> {
    let seen = repository.refname_to_id(SEEN).map_err(trouble)?;

    if let Some(lost) = known {
        let before = oid(lost)?;
        let holds = before == seen
            || repository
                .graph_descendant_of(seen, before)
                .map_err(trouble)?;
        if !holds {
            return Ok(Looked::Rewritten {
                lost: lost.clone(),
                seen: to_sha(seen)?,
            });
        }
    }

    repository
        .reference(&format!("refs/heads/{branch}"), seen, true, "upstream")
        .map_err(trouble)?;
    let files = build::changed(repository, known.map(oid).transpose()?, seen)?;

    to_sha(seen).map(|seen| Looked::Further {
        seen,
        files: files.into_iter().take(FILES_MAX).collect(),
    })
}

/// Whether the gate's copy of upstream's branch is elsewhere.
pub(super) fn is_behind(
    repository: &Repository,
    branch: &str,
    at: &Sha,
) -> Result<bool, PortError> {
    Ok(read_ref(repository, &format!("refs/heads/{branch}"))?.as_ref() != Some(at))
}

/// Moves the gate's copy of upstream's branch to a commit of the gate, which upstream holds.
pub(super) fn set_branch(repository: &Repository, branch: &str, at: &Sha) -> Result<(), PortError> {
    repository
        .reference(&format!("refs/heads/{branch}"), oid(at)?, true, "published")
        .map(|_| ())
        .map_err(trouble)
}

/// Makes the copy of upstream's branch the gate's own branch; one that upstream had under another
/// name before goes.
pub(super) fn name_trunk(repository: &Repository, branch: &str) -> Result<(), PortError> {
    let wanted = format!("refs/heads/{branch}");
    let head = repository.find_reference("HEAD").map_err(trouble)?;
    let before = head.symbolic_target().map_err(trouble)?;
    let before = before.unwrap_or_default().to_owned();
    if before == wanted {
        return Ok(());
    }

    repository.set_head(&wanted).map_err(trouble)?;
    match repository.find_reference(&before) {
        Ok(mut left) => left.delete().map_err(trouble),
        Err(e) if e.code() == git2::ErrorCode::NotFound => Ok(()),
        Err(e) => Err(trouble(e)),
    }
}

/// Moves the gate's copy of upstream's branch to a commit that does not hold what it held; that one
/// stays pinned.
pub(super) fn replace(
    repository: &Repository,
    branch: &str,
    lost: &Sha,
    seen: &Sha,
) -> Result<(), PortError> {
    let pinned = format!("refs/supercargo/replaced/{lost}");
    repository
        .reference(&pinned, oid(lost)?, true, "replaced")
        .map_err(trouble)?;
    repository
        .reference(
            &format!("refs/heads/{branch}"),
            oid(seen)?,
            true,
            "accepted",
        )
        .map_err(trouble)?;

    Ok(())
}

/// What a ref points to, if it exists.
pub(super) fn read_ref(repository: &Repository, name: &str) -> Result<Option<Sha>, PortError> {
    match repository.refname_to_id(name) {
        Ok(found) => to_sha(found).map(Some),
        Err(e) if e.code() == git2::ErrorCode::NotFound => Ok(None),
        Err(e) => Err(trouble(e)),
    }
}

/// Pins a submission after comparing it with what was pushed.
fn pin(
    repository: &Repository,
    feature: &FeatureId,
    epoch: Epoch,
    sha: &Sha,
) -> Result<Handed, PortError> {
    let name = refs::work(feature, epoch);
    match read_ref(repository, &name)? {
        None => {
            return Err(PortError::Permanent(format!(
                "nothing was pushed to {name}: push first, then submit"
            )));
        }
        Some(pushed) if pushed != *sha => {
            return Err(PortError::Permanent(format!(
                "{name} holds {pushed}, not {sha}: push that commit, then submit"
            )));
        }
        Some(_) => {}
    }

    let commit = oid(sha)?;
    let merge_queue = repository.head().ok().and_then(|head| head.target());

    let fork = merge_queue.and_then(|merge_queue| repository.merge_base(commit, merge_queue).ok());
    if let Some(why) = build::unfit(repository, fork, commit)? {
        return Err(PortError::Permanent(format!(
            "{why}; take it out and hand in again"
        )));
    }

    let tree = build::tree_of(repository, commit)?;
    if let Some(refusal) = lfs::refusal(repository, fork, merge_queue, &tree)? {
        return Err(PortError::Permanent(refusal.why));
    }

    let adds_nothing = match (fork, merge_queue) {
        (Some(fork), Some(merge_queue)) => {
            build::adds_nothing(repository, fork, merge_queue, commit)?
        }
        // It shares nothing with the trunk, or there is none yet.
        _ => false,
    };
    let base = fork.map(to_sha).transpose()?;
    repository
        .reference(&refs::submitted(feature, epoch), commit, true, "submitted")
        .map_err(trouble)?;

    Ok(Handed { base, adds_nothing })
}

/// Removes the candidates of entries before this one: what was published is upstream, what was not
/// is history.
fn drop_candidates(repository: &Repository, first: u64) -> Result<(), PortError> {
    let found = repository
        .references_glob(&format!("{}*", refs::CANDIDATES))
        .map_err(trouble)?;
    let found: Vec<_> = found.filter_map(Result::ok).collect();
    for mut reference in found {
        let name = reference.name().unwrap_or_default();
        let number = name.rsplit('/').next().unwrap_or_default();
        if let Ok(number) = number.parse::<u64>()
            && number < first
        {
            reference.delete().map_err(trouble)?;
        }
    }

    Ok(())
}

/// Removes the work refs of a claim whose work was merged; what was handed in stays pinned.
fn tidy(repository: &Repository, feature: &FeatureId, epoch: Epoch) -> Result<(), PortError> {
    for name in [
        refs::work(feature, epoch),
        refs::rescue(feature, epoch),
        refs::kept(feature, epoch),
    ] {
        match repository.find_reference(&name) {
            Ok(mut reference) => reference.delete().map_err(trouble)?,
            Err(e) if e.code() == git2::ErrorCode::NotFound => {}
            Err(e) => return Err(trouble(e)),
        }
    }
    Ok(())
}

/// Removes what every claim left of these features; what was handed in stays pinned.
fn let_go(repository: &Repository, features: &BTreeSet<FeatureId>) -> Result<(), PortError> {
    for folder in [refs::WORK, refs::RESCUE, refs::KEPT] {
        let found = repository
            .references_glob(&format!("{folder}*"))
            .map_err(trouble)?;
        let found: Vec<_> = found.filter_map(Result::ok).collect();
        for mut reference in found {
            let name = reference.name().unwrap_or_default();
            let below = name.strip_prefix(folder).unwrap_or_default();
            let feature = below.split('/').next().unwrap_or_default();
            if let Ok(feature) = feature.parse()
                && features.contains(&feature)
            {
                reference.delete().map_err(trouble)?;
            }
        }
    }

    Ok(())
}
