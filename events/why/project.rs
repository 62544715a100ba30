//! Why a project stands where it does: what is wanted of it, what a person has to do, what is at
//! work, and what is owed next.

use std::collections::BTreeSet;

use crate::container::SlotState;
use crate::holder::Role;
use crate::id::ProjectName;
use crate::policy::until;
use crate::project::{Initialization, Intent, Project, Registered, Repository, utc};
use crate::stream::StreamId;
use crate::why::kind::Kind;
use crate::why::record::Record;
use crate::why::sentence::Sentence;
use crate::why::telling::{Telling, sentence};
use crate::why::{given, hands, needs, queued, slot};

/// A name of which the log holds nothing.
pub(super) fn unknown(record: Record<'_>, name: &ProjectName) -> Sentence {
    let text = format!("there is no project {name}, and there never was one");
    let stream = StreamId::Project(name.clone());
    sentence(record, Kind::ProjectUnknown, text, (&stream, None))
}

pub(super) fn tell(telling: &mut Telling<'_>) {
    let (view, stream) = (telling.view, telling.project());
    let registered = match &view.project.state {
        Project::Unknown => {
            let said = unknown(telling.record, &view.name);
            return telling.said.push(said);
        }
        Project::Deleted => {
            let at = telling.seen(&stream, &["project.deleted"]);
            let text = format!("{} was deleted", view.name);
            telling.say(Kind::ProjectDeleted, text, &stream, at);
            return;
        }
        Project::Registered(registered) => registered,
    };

    intent(telling, registered);
    let before = telling.said.len();
    for need in view.standing().needs_you {
        needs::tell(telling, &need);
    }
    waits(telling, registered);
    telling.due(&stream, |_| true);

    if telling.said.len() == before {
        nothing(telling, registered);
    }
}

/// Whether it was registered and, as far as was read, never stopped.
fn is_new(telling: &Telling<'_>, stream: &StreamId) -> bool {
    let registered = telling.seen(stream, &["project.registered"]);
    registered.is_some() && telling.seen(stream, &["project.stopped"]).is_none()
}

/// What is wanted of it, and who said so.
fn intent(telling: &mut Telling<'_>, registered: &Registered) {
    let (name, stream) = (&telling.view.name, telling.project());
    let tallied = telling.view.tallied();
    let progress = format!(
        "{} of {} features are closed",
        tallied.closed, tallied.total
    );

    let (kind, text, names): (_, _, &[&str]) = match registered.intent {
        Intent::Stopped if is_new(telling, &stream) => (
            Kind::ProjectNew,
            format!("{name} is registered and was never started"),
            &["project.registered"],
        ),
        Intent::Stopped => (
            Kind::ProjectStopped,
            format!("{name} is stopped: {progress}"),
            &["project.stopped"],
        ),
        Intent::Running { since } => (
            Kind::ProjectRuns,
            format!("{name} runs since {}: {progress}", utc(since)),
            &["project.started", "project.resumed"],
        ),
        Intent::Draining { since } => (
            Kind::ProjectDrains,
            format!("{name} drains since {}: nothing new is begun", utc(since)),
            &["project.drain_requested"],
        ),
        Intent::Completed => (
            Kind::ProjectComplete,
            format!("{name} is complete: {progress}, and the last overseer found nothing"),
            &["project.completed"],
        ),
    };
    let at = telling.seen(&stream, names);
    telling.say(kind, text, &stream, at);

    if let Some(by) = &registered.editing {
        let at = telling.seen(&stream, &["project.edit_opened"]);
        let text = format!("{by} edits the backlog: nothing is begun meanwhile");
        telling.say(Kind::ProjectEdited, text, &stream, at);
    }
}

/// What it waits for that no person has to do.
fn waits(telling: &mut Telling<'_>, registered: &Registered) {
    let stream = telling.project();
    if let Repository::Failed { attempts, at, .. } = registered.repository {
        let until = until::copy(telling.record.observed, attempts, at);
        let at = telling.seen(&stream, &["project.clone_failed"]);
        let text = format!("upstream is copied again {}", utc(until));
        telling.say(Kind::NoHead, text, &stream, at).until = Some(until);
    }
    if let Intent::Draining { since } = registered.intent {
        let until = until::drain(registered, telling.record.observed, since);
        let at = telling.seen(&stream, &["project.drain_requested"]);
        let text = format!("it is stopped when nothing is at work, or {}", utc(until));
        telling.say(Kind::AtWork, text, &stream, at).until = Some(until);
    }

    at_work(telling);
    due(telling, registered);
}

/// Sessions that have work: those that slots run or are to run, and work that was given to one
/// whose slot has not got it yet.
fn at_work(telling: &mut Telling<'_>) {
    let view = telling.view;
    let (mut words, mut seen) = (Vec::new(), Vec::new());
    let mut of_slots = BTreeSet::new();
    for (n, slot, _) in view.enlisted() {
        let Some(job) = slot
            .job()
            .filter(|_| !matches!(slot.state, SlotState::Ended(_)))
        else {
            continue;
        };
        let begun = matches!(slot.state, SlotState::Running { begun: true, .. });
        let at = if begun {
            slot.begun_at
        } else {
            slot.assigned_at
        };
        words.push(format!("{} in slot {n}", slot::work(job)));
        seen.push(at);
        of_slots.insert(&job.session);
    }

    for grant in view.grants() {
        let session = &grant.slot_session.session;
        let is_over = view
            .sessions
            .get(session)
            .is_some_and(|one| one.ended.is_some());
        if of_slots.contains(session) || is_over {
            continue;
        }
        let (what, _, at) = given::recorded(telling, &grant);
        words.push(format!("{what} for slot {}", grant.slot_session.n));
        seen.extend(at);
    }

    if !words.is_empty() {
        let (stream, words) = (telling.project(), words.join(", "));
        let text = format!("sessions are at work: {words}");
        telling.say(Kind::AtWork, text, &stream, seen);
    }
}

/// Sessions that the project itself needs.
fn due(telling: &mut Telling<'_>, registered: &Registered) {
    let stream = telling.project();
    if let Initialization::Due { lapses } = registered.initialization
        && !lapses.is_spent()
    {
        let at = telling.seen(&stream, &["project.initialization_due"]);
        let text = "the spec waits for an initializer";
        telling.say(Kind::AwaitsInitializer, text, &stream, at);
        queued::rests(telling, lapses, &stream, "project.initialization_lapsed");
        hands::tell(telling, Role::Initializer);
    }

    let progress = &registered.progress;
    let due = progress.last.iter().chain(&progress.milestone).next();
    if let (Some(due), Some(_)) = (due, registered.next_oversight()) {
        let names = ["project.final_verification_due", "project.milestone_due"];
        let at = telling.seen(&stream, &names);
        let text = format!("an overseer is due at {} %", due.step);
        telling.say(Kind::AwaitsOverseer, text, &stream, at);
        queued::rests(telling, due.lapses, &stream, "project.oversight_lapsed");
        hands::tell(telling, Role::Overseer);
    }
}

/// Why nothing goes on although nothing is in the way.
fn nothing(telling: &mut Telling<'_>, registered: &Registered) {
    let stream = telling.project();
    if registered.intent == Intent::Completed {
        return;
    }
    if let Some((role, work)) = telling.view.waits_for_slots(registered)
        && hands::tell(telling, role)
    {
        telling.say(Kind::NothingOwed, work, &stream, None);
        return;
    }
    if !registered.is_running() {
        return hands::not_running(telling, registered);
    }

    let wake = telling.agenda.wake;
    let text = match wake {
        Some(wake) => format!("nothing is owed now; it is looked at again {}", utc(wake)),
        None => "nothing is owed, and nothing waits for a session".to_owned(),
    };
    telling.say(Kind::NothingOwed, text, &stream, None).until = wake;
}
