//! Names of the gate's refs that belong to a claim or an entry of the merge queue: pushed work, what
//! was rescued of it, what was handed in, what it left, and candidates.

use super::Claim;
use crate::id::{Epoch, FeatureId};
use crate::project::BRANCH_MAX;

/// Folder of pushed work.
pub const WORK: &str = "refs/heads/work/";
/// Folder of what the runner puts aside while a session works; never used by the trunk.
pub const RESCUE: &str = "refs/rescue/";
/// Folder of what claims left, whatever became of their branches.
pub const KEPT: &str = "refs/supercargo/kept/";
/// Folder of the merge queue's candidates.
pub const CANDIDATES: &str = "refs/supercargo/candidates/";

/// Where a claim's work is pushed.
pub fn work(feature: &FeatureId, epoch: Epoch) -> String {
    format!("{WORK}{feature}/{epoch}")
}

/// Where what is not committed yet is brought to safety.
pub fn rescue(feature: &FeatureId, epoch: Epoch) -> String {
    format!("{RESCUE}{feature}/{epoch}")
}

/// Where the newest that a claim left is kept.
pub fn kept(feature: &FeatureId, epoch: Epoch) -> String {
    format!("{KEPT}{feature}/{epoch}")
}

/// The branch of a claim's work, as people and git's verbs name it.
pub fn branch(feature: &FeatureId, epoch: Epoch) -> String {
    format!("work/{feature}/{epoch}")
}

/// Where what a claim handed in is pinned.
pub fn submitted(feature: &FeatureId, epoch: Epoch) -> String {
    format!("refs/supercargo/submitted/{feature}/{epoch}")
}

/// The candidate of an entry of the merge queue.
pub fn candidate(entry: u64) -> String {
    format!("{CANDIDATES}{entry}")
}

/// Whether a branch is where those of claims go, so that neither lets the other be.
pub fn collides(branch: &str) -> bool {
    let folder = branch_folder();
    let rest = branch.strip_prefix(folder);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a name is one that git takes for a branch, and that is not where claims are
/// (`git check-ref-format`).
pub fn may_be_trunk(branch: &str) -> bool {
    let is_odd = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    let is_part =
        |part: &str| !part.is_empty() && !part.starts_with(['.', '-']) && !part.ends_with(".lock");
    let parts_fit = branch.split('/').all(is_part);
    let fits = parts_fit && branch.len() <= BRANCH_MAX && !branch.ends_with('.');

    fits && !branch.contains(is_odd)
        && !branch.contains("..")
        && !branch.contains("@{")
        && branch != "@"
        && !collides(branch)
}

/// The first part of the branches of claims.
fn branch_folder() -> &'static str {
    let folder = WORK.strip_prefix("refs/heads/").unwrap_or(WORK);
    folder.trim_end_matches('/')
}

/// The claim that a ref of pushed work belongs to.
pub fn claim_of(reference: &str) -> Option<Claim> {
    let (feature, epoch) = reference.strip_prefix(WORK)?.rsplit_once('/')?;
    let feature: FeatureId = feature.parse().ok()?;
    let epoch = Epoch(epoch.parse().ok()?);

    // Only as we write it: a number has more spellings than one, and each would be a ref of its
    // own.
    (work(&feature, epoch) == reference).then_some(Claim { feature, epoch })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trunk_is_not_where_claims_are() {
        for (branch, expected) in [
            ("work", true),
            ("work/main", true),
            ("main", false),
            ("workshop", false),
            ("my/work", false),
        ] {
            assert_eq!(collides(branch), expected, "{branch}");
        }
        let feature = "feat-abc".parse().expect("id");
        assert!(collides(&branch(&feature, Epoch(1))));
    }

    #[test]
    fn a_trunk_has_a_name_that_git_takes() {
        for (branch, expected) in [
            ("main", true),
            ("release/2026.1", true),
            ("über", true),
            ("", false),
            ("/main", false),
            ("main/", false),
            ("a//b", false),
            ("-main", false),
            ("a/.b", false),
            ("main.lock", false),
            ("main.", false),
            ("a..b", false),
            ("a b", false),
            ("a:b", false),
            ("a*", false),
            ("a\nb", false),
            ("@", false),
            ("a@{1}", false),
            ("work/feat-abc/1", false),
        ] {
            assert_eq!(may_be_trunk(branch), expected, "{branch:?}");
        }
        assert!(
            may_be_trunk(&"b".repeat(BRANCH_MAX)) && !may_be_trunk(&"b".repeat(BRANCH_MAX + 1))
        );
    }

    #[test]
    fn a_name_leads_back_to_its_claim() {
        let (feature, epoch): (FeatureId, Epoch) = ("feat-abc".parse().expect("id"), Epoch(7));
        assert_eq!(
            claim_of(&work(&feature, epoch)),
            Some(Claim {
                feature: feature.clone(),
                epoch
            })
        );
        assert_eq!(
            format!("refs/heads/{}", branch(&feature, epoch)),
            work(&feature, epoch)
        );

        for other in [
            rescue(&feature, epoch),
            kept(&feature, epoch),
            format!("{WORK}feat-abc"),
            format!("{WORK}feat-abc/x"),
            format!("{WORK}feat-abc/+7"),
            format!("{WORK}feat-abc/07"),
            format!("{WORK}feat-abc/7/"),
            format!("{WORK}feat-abc//7"),
        ] {
            assert_eq!(claim_of(&other), None, "{other}");
        }
    }

    /// Refs lie in gates that exist: their names never change.
    #[test]
    fn refs_have_the_names_that_they_always_had() {
        let feature: FeatureId = "feat-a.1".parse().expect("an id");
        let epoch = Epoch(3);
        for (found, wanted) in [
            (work(&feature, epoch), "refs/heads/work/feat-a.1/3"),
            (branch(&feature, epoch), "work/feat-a.1/3"),
            (rescue(&feature, epoch), "refs/rescue/feat-a.1/3"),
            (kept(&feature, epoch), "refs/supercargo/kept/feat-a.1/3"),
            (
                submitted(&feature, epoch),
                "refs/supercargo/submitted/feat-a.1/3",
            ),
            (candidate(7), "refs/supercargo/candidates/7"),
        ] {
            assert_eq!(found, wanted);
        }
    }
}
