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

    let mut told = Told {
        sha: sha.as_ref().map(ToString::to_string).unwrap_or_default(),
        verify: verify(view, registered, grant).unwrap_or_default(),
        closed: closed(view),
        step: step(registered),
        ..Told::nothing(grant.subject.role(), view.name.as_str())
    };
    if let Some((id, epoch)) = feature {
        told.feature = id.to_string();
        told.epoch = epoch.0;
        told.branch = refs::branch(id, epoch);
        told.similar = similar(view, id);
    }
    if let Some(known) = known {
        told.title = known.content.title.clone();
        told.description = known.content.description.clone();
        told.steps = known.content.steps.clone();
        told.notes = known.notes.iter().map(note).collect();
        told.earlier = earlier(feature, known);
    }

    let agent = match grant.subject {
        Subject::Verification(_) | Subject::Head => None,
        Subject::Claim(..) | Subject::Review(..) | Subject::Initialization | Subject::Oversight => {
            Some(registered.settings.agent_of(grant.subject.role()).clone())
        }
    };
    let assignment = Assignment {
        session: grant.slot_session.session.clone(),
        role: grant.subject.role(),
        feature: feature.map(|(id, _)| id.clone()),
        epoch: feature.map(|(_, epoch)| epoch),
        sha,
        agent,
        prompt_digest: Digest::default(),
    };

    Some((told, assignment))
}

/// What is done, with why some of it may not hold any more: that is looked at first.
fn closed(view: &ProjectView) -> Vec<String> {
    let (mut stale, mut sound) = (vec![], vec![]);

    for (id, known, _) in view.known() {
        if !known.is_closed() {
            continue;
        }
        let line = format!("{id}: {}", known.content.title);
        let reasons = view.stale(id);
        match reasons.is_empty() {
            true => sound.push(line),
            false => stale.push(format!("{line} — {}", reasons.join("; "))),
        }
    }

    stale.append(&mut sound);
    stale
}

/// The milestone that the overseer at work looks at; 0 when there is none.
fn step(registered: &Registered) -> u8 {
    let run = registered.progress.oversight.as_ref();
    match run.map(|run| run.kind) {
        Some(project::OversightKind::Milestone { step }) => step,
        Some(project::OversightKind::Final) => 100,
        None => 0,
    }
}

#[cfg(test)]
mod tests;
