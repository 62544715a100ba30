//! Lineage as documents: where a line comes from, and what sessions touched.

use events::evidence::Evidence;
use events::lineage::{Fate, OfClaim, OfEntry, OfSession};
use events::merge_queue::EntryKind;
use events::usage::Usage;
use events::verdict::Judgement;
use serde::Serialize;

/// Where a line of a file on the trunk comes from.
#[derive(Debug, Clone, Serialize)]
pub struct LineShape {
    /// The project.
    pub project: String,
    /// The path of the file.
    pub path: String,
    /// The number of the line.
    pub line: usize,
    /// The line.
    pub text: String,
    /// The commit of the trunk at which it is looked at.
    pub trunk: String,
    /// The commit that wrote the line.
    pub commit: String,
    /// Whoever that commit names as its author.
    pub author: String,
    /// The first line of what it says.
    pub summary: String,
    /// The commit of the trunk that brought it.
    pub brought: Option<String>,
    /// The entry of the merge queue that did; none when somebody else brought the commit.
    pub entry: Option<EntryLineage>,
    /// The claim under which it was handed in.
    pub claim: Option<ClaimLineage>,
    /// The session that held the claim; none of a holder outside.
    pub session: Option<SessionLineage>,
}

/// An entry of the merge queue that was published.
#[derive(Debug, Clone, Serialize)]
pub struct EntryLineage {
    /// Its number.
    pub number: u64,
    /// The kind of work: `feature`, `revert` or `scaffold`.
    pub kind: &'static str,
    /// The feature that it is about.
    pub feature: Option<String>,
    /// Where it joined the queue.
    pub queued: u64,
    /// Where it was verified.
    pub verified: Option<u64>,
    /// The exit code of the verification; none where no command ran.
    pub exit: Option<i32>,
    /// Where upstream was moved to it.
    pub advanced: u64,
}

/// A claim, and what became of its work.
#[derive(Debug, Clone, Serialize)]
pub struct ClaimLineage {
    /// The feature.
    pub feature: String,
    /// Its title, where it is known.
    pub title: Option<String>,
    /// The number of the claim.
    pub epoch: u64,
    /// Whoever held it.
    pub holder: String,
    /// Where it was granted.
    pub claimed: u64,
    /// The commit that was handed in.
    pub sha: Option<String>,
    /// Where that is recorded.
    pub submitted: Option<u64>,
    /// The verdicts of reviewers, in order.
    pub verdicts: Vec<VerdictLineage>,
    /// What became of it: a stable word.
    pub fate: &'static str,
    /// The commit that brought it upstream, where one did.
    pub merged: Option<String>,
    /// Where its fate is to be seen.
    pub position: u64,
}

/// A verdict of a reviewer.
#[derive(Debug, Clone, Serialize)]
pub struct VerdictLineage {
    /// The session that judged.
    pub session: String,
    /// `pass` or `reject`.
    pub judgement: &'static str,
    /// The number of findings.
    pub findings: usize,
    /// Where it is recorded.
    pub position: u64,
}

/// A session, and what became of its claim.
#[derive(Debug, Clone, Serialize)]
pub struct SessionLineage {
    /// Its id.
    pub session: String,
    /// The project.
    pub project: String,
    /// The number of its slot.
    pub slot: u16,
    /// What it was for.
    pub role: &'static str,
    /// The feature that it was about.
    pub feature: Option<String>,
    /// The number of the claim that it was about.
    pub epoch: Option<u64>,
    /// Its agent.
    pub agent: Option<&'static str>,
    /// The model that the agent was to use.
    pub model: Option<String>,
    /// The models that were metered.
    pub models: Vec<String>,
    /// The digest of its prompt, or of a verifier's command line.
    pub prompt: String,
    /// Where it was given its work.
    pub assigned: u64,
    /// The position of its end.
    pub ended: Option<u64>,
    /// The outcome that it ended with.
    pub outcome: Option<&'static str>,
    /// What it used of its models.
    pub usage: Usage,
    /// What is kept of what it said.
    pub transcript: Option<TranscriptLineage>,
    /// The claim that it held, or whose work it judged.
    pub claim: Option<ClaimLineage>,
}

/// A transcript that is kept.
#[derive(Debug, Clone, Serialize)]
pub struct TranscriptLineage {
    /// Its chunks, numbered from 1.
    pub chunks: u64,
    /// Its bytes.
    pub bytes: u64,
    /// Where it is read over HTTP.
    pub path: String,
    /// Where it is recorded.
    pub position: u64,
}

impl EntryLineage {
    /// The entry as a document.
    pub fn of(entry: &OfEntry) -> Self {
        let (kind, feature) = match &entry.kind {
            EntryKind::Scaffold => ("scaffold", None),
            EntryKind::Feature { feature, .. } => ("feature", Some(feature.to_string())),
            EntryKind::Revert { feature, .. } => ("revert", Some(feature.to_string())),
        };
        let exit = match &entry.verified {
            Some((_, Evidence::Ran { exit, .. })) => Some(*exit),
            Some((_, Evidence::NoneConfigured | Evidence::Scaffold)) | None => None,
        };

        Self {
            number: entry.number,
            kind,
            feature,
            queued: entry.queued.0,
            verified: entry.verified.as_ref().map(|(at, _)| at.0),
            exit,
            advanced: entry.advanced.0,
        }
    }
}

impl ClaimLineage {
    /// A claim of this feature as a document.
    pub fn of((feature, title): (&str, Option<&str>), claim: &OfClaim) -> Self {
        let (at, fate) = &claim.fate;
        let verdicts = claim.verdicts.iter().map(|one| VerdictLineage {
            session: one.session.to_string(),
            judgement: match one.judgement {
                Judgement::Pass => "pass",
                Judgement::Reject => "reject",
            },
            findings: one.findings,
            position: one.position.0,
        });

        Self {
            feature: feature.to_owned(),
            title: title.map(str::to_owned),
            epoch: claim.epoch.0,
            holder: claim.holder.to_string(),
            claimed: claim.claimed.0,
            sha: claim.submitted.as_ref().map(|(_, sha)| sha.to_string()),
            submitted: claim.submitted.as_ref().map(|(at, _)| at.0),
            verdicts: verdicts.collect(),
            fate: word(fate),
            merged: match fate {
                Fate::Merged(sha) | Fate::Undone(sha) => Some(sha.to_string()),
                _ => None,
            },
            position: at.0,
        }
    }
}

fn word(fate: &Fate) -> &'static str {
    match fate {
        Fate::Held => "held",
        Fate::Released(_) => "released",
        Fate::Expired => "expired",
        Fate::HandedIn => "handed_in",
        Fate::SentBack => "sent_back",
        Fate::Passed => "passed",
        Fate::Unmerged => "unmerged",
        Fate::Merged(_) => "merged",
        Fate::Undone(_) => "undone",
    }
}

impl SessionLineage {
    /// A session of this project as a document.
    pub fn of(project: &str, session: &OfSession, claim: Option<ClaimLineage>) -> Self {
        let agent = session.agent.as_ref();
        let id = session.session.to_string();
        let transcript = session
            .transcript
            .map(|(at, chunks, bytes)| TranscriptLineage {
                chunks,
                bytes,
                path: format!("/api/v1/sessions/{id}/transcript"),
                position: at.0,
            });

        Self {
            session: id,
            project: project.to_owned(),
            slot: session.n.0,
            role: session.role.name(),
            feature: session.feature.as_ref().map(ToString::to_string),
            epoch: session.epoch.map(|epoch| epoch.0),
            agent: agent.map(|agent| agent.dialect.name()),
            model: agent.and_then(|agent| agent.model.clone()),
            models: session.models.iter().cloned().collect(),
            prompt: session.prompt.to_string(),
            assigned: session.assigned.0,
            ended: session.ended.map(|(at, _)| at.0),
            outcome: session.ended.map(|(_, outcome)| outcome.name()),
            usage: session.usage,
            transcript,
            claim,
        }
    }
}

#[cfg(test)]
mod tests {
    use events::id::{Epoch, Sha};
    use events::outcome::Outcome;
    use events::stream::Position;

    use super::*;

    fn sha(sign: &str) -> Sha {
        sign.repeat(40).parse().expect("a commit")
    }

    fn claim(fate: Fate) -> OfClaim {
        OfClaim {
            epoch: Epoch(2),
            claimed: Position(3),
            holder: events::holder::Holder::Outside {
                principal: "ann".into(),
            },
            submitted: Some((Position(4), sha("b"))),
            verdicts: vec![],
            fate: (Position(9), fate),
        }
    }

    #[test]
    fn each_fate_has_its_word_and_a_commit_where_there_is_one() {
        let table = [
            (Fate::Held, "held", false),
            (Fate::Released(Outcome::Lost), "released", false),
            (Fate::Expired, "expired", false),
            (Fate::HandedIn, "handed_in", false),
            (Fate::SentBack, "sent_back", false),
            (Fate::Passed, "passed", false),
            (Fate::Unmerged, "unmerged", false),
            (Fate::Merged(sha("c")), "merged", true),
            (Fate::Undone(sha("c")), "undone", true),
        ];
        for (fate, word, has_commit) in table {
            let told = ClaimLineage::of(("feat-x", Some("Feed")), &claim(fate));
            assert_eq!((told.fate, told.position), (word, 9));
            assert_eq!(told.merged, has_commit.then(|| "c".repeat(40)), "{word}");
            assert_eq!((told.holder.as_str(), told.submitted), ("ann", Some(4)));
        }
    }

    #[test]
    fn an_entry_says_what_it_brought_and_what_it_was_verified_with() {
        let feature = || "feat-x".parse().expect("an id");
        let revert = EntryKind::Revert {
            feature: feature(),
            commit: sha("a"),
            title: "Feed".into(),
            restores: false,
        };
        let work = EntryKind::Feature {
            feature: feature(),
            epoch: Epoch(1),
            sha: sha("b"),
            title: "Feed".into(),
        };
        let ours = Some((Position(2), Evidence::Scaffold));
        let none = Some((Position(2), Evidence::NoneConfigured));
        let table = [
            (EntryKind::Scaffold, ours, "scaffold", None, Some(2)),
            (revert, None, "revert", Some("feat-x"), None),
            (work, none, "feature", Some("feat-x"), Some(2)),
        ];
        for (kind, verified, word, of, at) in table {
            let told = EntryLineage::of(&OfEntry {
                number: 4,
                kind,
                queued: Position(1),
                verified,
                advanced: Position(3),
            });
            assert_eq!((told.kind, told.feature.as_deref()), (word, of));
            assert_eq!((told.verified, told.exit), (at, None), "{word}");
        }
    }
}
