//! How a project stands: its counts, and what a person has to look at.

use serde::{Deserialize, Serialize};

use crate::container::SlotState;
use crate::evidence::Evidence;
use crate::feature::Stage;
use crate::merge_queue::{self, MergeQueue};
use crate::policy::integrate::verification;
use crate::project::{Initialization, Intent, Registered, Repository};
use crate::view::need::{Need, NeedKind, Remedy};
use crate::view::projections::ProjectView;

/// Progress over the features that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tallied {
    /// Closed.
    pub closed: u32,
    /// All that count.
    pub total: u32,
}

impl Tallied {
    /// The highest tenth passed, in percent: 0 to 100.
    pub fn step(self) -> u8 {
        let tenths = u64::from(self.closed) * 10 / u64::from(self.total.max(1));
        u8::try_from(tenths * 10).unwrap_or(100)
    }
}

/// One line about a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Progress.
    pub tallied: Tallied,
    /// What waits for a person, most pressing first.
    pub needs_you: Vec<Need>,
}

impl ProjectView {
    /// Whether the final verification settled without findings and nothing came since.
    pub fn is_completed(&self) -> bool {
        self.registered()
            .is_some_and(|r| r.intent == Intent::Completed)
    }

    /// How the project stands.
    pub fn standing(&self) -> Standing {
        let mut needs_you = Vec::new();

        if let Some(registered) = self.registered() {
            needs_of_project(registered, &mut needs_you);
            needs_of_merges(registered, &self.merge_queue.state, &mut needs_you);
            self.needs_of_hands(registered, &mut needs_you);
        }

        needs_of_undoing(&self.merge_queue.state, &mut needs_you);
        self.needs_of_features(&mut needs_you);
        self.needs_of_epics(&mut needs_you);
        self.needs_of_slots(&mut needs_you);

        Standing {
            tallied: self.tallied(),
            needs_you,
        }
    }

    fn needs_of_features(&self, needs: &mut Vec<Need>) {
        for (id, known, _) in self.known() {
            let feature = id.clone();
            match &known.stage {
                Stage::Quarantined { why } => needs.push(Need::new(
                    NeedKind::Feature,
                    format!("{id} is quarantined: {why}"),
                    Remedy::Requeue { feature },
                )),
                Stage::Open {
                    question: Some(question),
                } => needs.push(Need::new(
                    NeedKind::Question,
                    format!("{id} asks: {question}"),
                    Remedy::Answer { feature },
                )),
                Stage::Open { question: None } => {
                    let aside = known.aside.as_ref().map(|why| {
                        let text = format!("{id} was taken out ({why}): it waits for you");
                        Need::new(NeedKind::Aside, text, Remedy::Requeue { feature })
                    });
                    needs.extend(aside);
                }
                Stage::Claimed { .. }
                | Stage::Submitted { .. }
                | Stage::Approved { .. }
                | Stage::Merging { .. }
                | Stage::Closed { .. }
                | Stage::Withdrawn => {}
            }
        }
    }

    fn needs_of_slots(&self, needs: &mut Vec<Need>) {
        for (n, slot, _) in self.enlisted() {
            if let SlotState::Quarantined { why } = &slot.state {
                needs.push(Need::new(
                    NeedKind::Slot,
                    format!("slot {n} is quarantined: {why}"),
                    Remedy::Reinstate { slot: n },
                ));
            }
        }
    }
}

/// The copy of upstream, the initializer and the overseer.
fn needs_of_project(registered: &Registered, needs: &mut Vec<Need>) {
    if let Repository::Failed { reason, .. } = &registered.repository {
        let text = format!("upstream cannot be copied: {reason}");
        needs.push(Need::new(NeedKind::Copy, text, Remedy::Mend));
    }

    for trouble in &registered.troubles {
        needs.push(Need::new(NeedKind::Outside, trouble.told(), Remedy::Retry));
    }

    if let Initialization::Due { lapses } = registered.initialization
        && lapses.is_spent()
    {
        needs.push(Need::new(
            NeedKind::Initialization,
            format!("of the initializers, {lapses}"),
            Remedy::Initialize,
        ));
    }
    let progress = &registered.progress;
    let idle = registered.next_oversight().is_none() && progress.oversight.is_none();

    let due = progress.last.iter().chain(&progress.milestone).next();
    if let (true, true, Some(due)) = (registered.is_running(), idle, due) {
        let text = if due.lapses.is_spent() {
            format!("of the overseers for {} %, {}", due.step, due.lapses)
        } else {
            format!(
                "{} final verifications found something: look before there is another",
                progress.rounds
            )
        };
        needs.push(Need::new(NeedKind::Oversight, text, Remedy::Start));
    }
}

/// The merge queue: what cannot be verified, upstream's trouble, and what waits for an approval.
fn needs_of_merges(registered: &Registered, merge_queue: &MergeQueue, needs: &mut Vec<Need>) {
    let tip = merge_queue.tip();
    if let Some(tip) = tip
        && waits_for_a_command(registered, tip)
    {
        needs.push(Need::new(
            NeedKind::Verification,
            "a merge waits: set a verification command, or accept merging without one",
            Remedy::SetVerification,
        ));
    }

    if let Some(halt) = &merge_queue.halt {
        let advice = halt.fault.advice();
        let text = format!("the merge queue is halted: {advice} ({})", halt.reason);
        needs.push(Need::new(NeedKind::Upstream, text, remedy_of(&halt.fault)));
    }

    if let Some(red) = &merge_queue.health.red {
        needs.push(need_of_red(merge_queue, red));
    }

    let lapses = &merge_queue.health.lapses;
    if lapses.is_spent() {
        let text = format!("of the verifiers of the trunk itself, {lapses}");
        needs.push(Need::new(NeedKind::Verifiers, text, Remedy::ResumeQueue));
    }

    if let Some(tip) = tip
        && tip.lapses.is_spent()
    {
        let text = format!("of the verifiers of entry {}, {}", tip.number, tip.lapses);
        needs.push(Need::new(NeedKind::Verifiers, text, Remedy::ResumeQueue));
    }

    needs.extend(merge_queue.held.iter().map(need_of_held));
}

/// Whether a candidate is built that nothing verifies, in a project that does not accept that.
pub(crate) fn waits_for_a_command(registered: &Registered, tip: &merge_queue::Entry) -> bool {
    !registered.settings.allow_unverified
        && verification(registered, tip).is_none()
        && matches!(tip.stage, merge_queue::Stage::Built { .. })
        && !tip.needs_approval()
}

/// An entry that changes protected paths.
fn need_of_held(held: &merge_queue::Entry) -> Need {
    let entry = held.number;
    let what = match held.feature() {
        Some(feature) => feature.as_str(),
        None => "the scaffold",
    };
    let paths = held.changes.protected.join(", ");
    let text =
        format!("entry {entry} of {what} changes {paths}: `queue approve` or `queue refuse` it");

    Need::new(NeedKind::Held, text, Remedy::Approve { entry })
}

/// The trunk is red without any work of ours, or its verification cannot be run at all.
fn need_of_red(merge_queue: &MergeQueue, red: &merge_queue::Red) -> Need {
    let branch = merge_queue.branch.as_deref().unwrap_or("the branch");
    let (exit, session, tail) = match &red.evidence {
        Evidence::Ran {
            exit,
            session,
            tail,
            ..
        } => (*exit, session.to_string(), tail.as_str()),
        Evidence::NoneConfigured | Evidence::Scaffold => (0, String::new(), ""),
    };
    let said = tail.trim_end().rsplit('\n').next().unwrap_or_default();
    let how = format!("exit code {exit}, seen by session {session}: {said}");
    let waits = format!(
        "{} merges wait beside the queue and nothing new is begun; it is tried again by itself",
        merge_queue.parked.len()
    );
    let head = &red.head;

    if red.evidence.is_unrunnable() {
        let text = format!(
            "the verification command cannot be run, not even on {branch} itself at {head} \
             ({how}): \
             set one that can with `project set --verify`, or install what it calls; {waits}"
        );
        return Need::new(NeedKind::Verification, text, Remedy::ResumeQueue);
    }

    let text = format!(
        "the trunk is red before us: {branch} itself fails its own verification at {head} ({how}); \
         mend upstream or the command; {waits}"
    );
    Need::new(NeedKind::Trunk, text, Remedy::ResumeQueue)
}

/// What a person does about an upstream that cannot be used.
fn remedy_of(fault: &merge_queue::Fault) -> Remedy {
    match fault {
        merge_queue::Fault::Credential => Remedy::SetCredential,
        merge_queue::Fault::HostKey => Remedy::ForgetHostKeys,
        merge_queue::Fault::Rewritten { seen, .. } => Remedy::AcceptUpstream { seen: seen.clone() },
        merge_queue::Fault::BranchGone => Remedy::FollowBranch,
        merge_queue::Fault::Unreachable
        | merge_queue::Fault::Missing
        | merge_queue::Fault::Refused
        | merge_queue::Fault::Other => Remedy::ResumeQueue,
    }
}

fn needs_of_undoing(merge_queue: &MergeQueue, needs: &mut Vec<Need>) {
    for (id, undone) in &merge_queue.undone {
        let text = match &undone.verdict {
            merge_queue::Verdict::Conflict { paths, .. } => format!(
                "{id} could not be undone: later work changed {}",
                paths.join(", ")
            ),
            merge_queue::Verdict::Red { exit, .. } => format!(
                "{id} could not be undone: the verification without it ended with exit code {exit}"
            ),
            merge_queue::Verdict::Nothing { .. } => format!(
                "{id} could not be undone: upstream does not hold what it brought any more; \
                 reopen it when it is to be done again"
            ),
            merge_queue::Verdict::Merged(_)
            | merge_queue::Verdict::Refused { .. }
            | merge_queue::Verdict::Dropped { .. } => continue,
        };

        let feature = id.clone();
        needs.push(Need::new(NeedKind::Undo, text, Remedy::Undo { feature }));
    }
}
