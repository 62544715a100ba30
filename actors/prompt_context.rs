//! What a granted session is told and assigned: facts of the projections, put together for a
//! prompt.

use events::container::Assignment;
use events::feature;
use events::id::{Digest, Epoch, FeatureId, Sha};
use events::policy::integrate::verification;
use events::policy::verify::of_head;
use events::project::{self, Registered};
use events::view::{Grant, ProjectView, Subject};

use crate::ports::prompts::Told;
use events::claims::refs;

/// Earlier claims that a prompt names.
const EARLIER_MAX: usize = 3;

/// The verification command: of the entry that is verified, or as the project has it.
fn verify(view: &ProjectView, registered: &Registered, grant: &Grant) -> Option<String> {
    let entry = match &grant.subject {
        Subject::Verification(number) => view
            .merge_queue
            .state
            .batch()
            .find(|entry| entry.number == *number),
        Subject::Head => return of_head(registered, &view.merge_queue.state).map(str::to_owned),
        Subject::Claim(..) | Subject::Review(..) | Subject::Initialization | Subject::Oversight => {
            None
        }
    };

    match entry {
        Some(entry) => verification(registered, entry).map(str::to_owned),
        None => registered.settings.verify.clone(),
    }
}

/// What earlier claims of a feature left, newest first: the next coder may go on from it.
fn earlier(feature: Option<(&FeatureId, Epoch)>, known: &feature::Known) -> Vec<String> {
    let Some((id, now)) = feature else {
        return vec![];
    };

    let left = known
        .secured
        .iter()
        .rev()
        .filter(|(epoch, _)| **epoch < now)
        .filter_map(|(epoch, sha)| Some((epoch, sha.as_ref()?)));

    left.take(EARLIER_MAX)
        .map(|(epoch, sha)| {
            format!(
                "claim {epoch} left {sha}: `git fetch origin {}`",
                refs::kept(id, *epoch)
            )
        })
        .collect()
}

/// What is like it: a hint where to look, and whose way not to cross.
fn similar(view: &ProjectView, id: &FeatureId) -> Vec<String> {
    let files = view
        .similar_files(id)
        .into_iter()
        .map(|path| format!("`{path}` was changed by features like this one"));
    let underway = view.similar_underway(id).into_iter().map(|other| {
        let title = view
            .feature(other)
            .map(|known| known.content.title.as_str())
            .unwrap_or_default();
        format!("{other} (\"{title}\") is under way now: keep out of its way where you can")
    });
    files.chain(underway).collect()
}

/// What somebody said, as one item of a list: every further line of it is marked, so that no text
/// can pass for somebody else's.
fn note(note: &feature::Note) -> String {
    let lines: Vec<&str> = note.text.lines().collect();
    format!("{}: {}", note.by, lines.join("\n  > "))
}

/// The commit that a session works on.
fn works_on(view: &ProjectView, grant: &Grant, known: Option<&feature::Known>) -> Option<Sha> {
    let merge_queue = &view.merge_queue.state;
    match &grant.subject {
        Subject::Review(..) => Some(known?.submission()?.sha.clone()),
        Subject::Verification(_) => Some(merge_queue.tip()?.candidate()?.sha.clone()),
        Subject::Head => Some(merge_queue.health.checking.as_ref()?.head.clone()),
        Subject::Claim(..) | Subject::Initialization | Subject::Oversight => {
            merge_queue.head.clone()
        }
    }
}

/// What a granted session is told and assigned.
pub(crate) fn prompt_context(view: &ProjectView, grant: &Grant) -> Option<(Told, Assignment)> {
    let registered = view.registered()?;
    let feature = grant.subject.feature();
    let known = feature.and_then(|(id, _)| view.feature(id));
    let sha = works_on(view, grant, known);
    let content = known.map(|k| k.content.clone()).unwrap_or_default();
    let mut closed: Vec<(Vec<String>, String)> = view
        .known()
        .filter(|(_, k, _)| k.is_closed())
        .map(|(id, k, _)| (view.stale(id), format!("{id}: {}", k.content.title)))
        .collect();

    // What may not hold any more is looked at first.
    closed.sort_by_key(|(stale, _)| stale.is_empty());
    let closed = closed.into_iter().map(|(stale, line)| {
        if stale.is_empty() {
            line
        } else {
            format!("{line} — {}", stale.join("; "))
        }
    });
    let run = registered.progress.oversight.as_ref().map(|o| o.kind);
    let told = Told {
        role: grant.subject.role(),
        project: view.name.to_string(),
        spec: String::new(),
        feature: feature.map_or_else(String::new, |(id, _)| id.to_string()),
        title: content.title,
        description: content.description,
        steps: content.steps,
        epoch: feature.map_or(0, |(_, epoch)| epoch.0),
        notes: known.map_or_else(Vec::new, |k| k.notes.iter().map(note).collect()),
        remarks: vec![],
        similar: feature.map_or_else(Vec::new, |(id, _)| similar(view, id)),
        earlier: known.map_or_else(Vec::new, |known| earlier(feature, known)),
        sha: sha.as_ref().map_or_else(String::new, ToString::to_string),
        branch: feature.map_or_else(String::new, |(id, epoch)| refs::branch(id, epoch)),
        verify: verify(view, registered, grant).unwrap_or_default(),
        closed: closed.collect(),
        step: match run {
            Some(project::OversightKind::Milestone { step }) => step,
            Some(project::OversightKind::Final) => 100,
            None => 0,
        },
    };
    let verifier = matches!(grant.subject, Subject::Verification(_) | Subject::Head);
    let assignment = Assignment {
        session: grant.slot_session.session.clone(),
        role: grant.subject.role(),
        feature: feature.map(|(id, _)| id.clone()),
        epoch: feature.map(|(_, epoch)| epoch),
        sha,
        agent: (!verifier).then(|| registered.settings.agent_of(grant.subject.role()).clone()),
        prompt_digest: Digest::default(),
    };

    Some((told, assignment))
}

#[cfg(test)]
mod tests;
