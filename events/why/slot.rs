//! Why a slot stands where it does, and what it waits for; the same for the session in it.

use crate::cause::Principal;
use crate::container::{Assignment, Duty, Ended, Slot, SlotState, event};
use crate::feature::{self, Stage};
use crate::holder::SlotSession;
use crate::id::{SessionId, SlotNo, Timestamp};
use crate::merge_queue;
use crate::policy::{AnyCommand, Effect, Owed, Tell, until};
use crate::project::{self, Registered, utc};
use crate::stream::StreamId;
use crate::view::{ProjectView, Remedy};
use crate::why::kind::Kind;
use crate::why::telling::Telling;
use crate::why::{hands, owing, words};

/// A slot in service, and where its events are.
struct Subject<'a> {
    n: SlotNo,
    slot: &'a Slot,
    stream: StreamId,
}

/// Whether a command of this policy is owed to a stream; of any, where none is named.
pub(super) fn tells(owed: &Owed, to: &StreamId, policy: &str) -> bool {
    match owed {
        Owed::Tell(tell) => {
            let by = match &tell.cause.principal {
                Principal::Policy(name) => policy.is_empty() || **name == *policy,
                Principal::Operator(_) | Principal::Session(_) | Principal::Node(_) => false,
            };
            tell.stream == *to && by
        }
        Owed::Do(_) => false,
    }
}

pub(super) fn tell(telling: &mut Telling<'_>, n: SlotNo) {
    let (view, stream) = (telling.view, telling.slot(n));
    let Some(slot) = view.slot(n) else {
        return absent(telling, n, &stream);
    };

    let subject = Subject { n, slot, stream };
    if let Duty::Withhold { by } = &slot.duty {
        let at = telling.seen(&subject.stream, &["container.withheld"]);
        let text = format!("slot {n} was taken out of service by {by}");
        telling.say(Kind::SlotWithheld, text, &subject.stream, at);
        let text = format!("slot {n} takes nothing");
        telling.ask(Remedy::Reinstate { slot: n }, text, &subject.stream, at);
    }
    state(telling, &subject);
}

/// One that is in no service: it was dismissed, or never enlisted.
fn absent(telling: &mut Telling<'_>, n: SlotNo, stream: &StreamId) {
    let dismissed = telling.seen(stream, &["container.dismissed"]);
    let target = match telling.view.registered() {
        Some(registered) => registered.target,
        None => 0,
    };

    if telling.view.slots.contains_key(&n) {
        let text = format!("slot {n} left service: the project wants {target}");
        telling.say(Kind::SlotDismissed, text, stream, dismissed);
    } else {
        let project = telling.project();
        let names = ["project.target_set", "project.registered"];
        let at = telling.seen(&project, &names);
        let text = match (n.0, n.0 <= target) {
            (0, _) => "there is no slot 0: slots are counted from 1".to_owned(),
            (_, true) => format!("slot {n} is not in service yet: the project wants {target}"),
            (_, false) => format!("there is no slot {n}: the project wants {target}"),
        };
        telling.say(Kind::SlotUnknown, text, &project, at);
    }
    telling.due(stream, |owed| tells(owed, stream, "fleet"));
}

fn state(telling: &mut Telling<'_>, subject: &Subject<'_>) {
    let (n, stream) = (subject.n, &subject.stream);

    match &subject.slot.state {
        SlotState::Idle => idle(telling, subject),
        SlotState::Assigned { job } => assigned(telling, subject, job),
        SlotState::Requested { job, at } => {
            let requested = telling.seen(stream, &["container.start_requested"]);
            let text = format!("slot {n} starts a container for {}", work(job));
            telling.say(Kind::StartRequested, text, stream, requested);
            let since = utc(*at);
            let text = format!("the engine was asked for it {since}, and has not answered");
            telling.say(Kind::AwaitsEngine, text, stream, requested);
        }
        SlotState::Running { job, at, begun, .. } => {
            running(telling, subject, (job, *at), *begun);
            interrupted(telling, subject);
        }
        SlotState::Ended(ended) => over(telling, subject, ended),
        SlotState::Quarantined { why } => {
            let at = telling.seen(stream, &["container.quarantined"]);
            let text = format!("slot {n} is quarantined: {why}");
            telling.say(Kind::SlotQuarantined, text, stream, at);
            let text = format!("slot {n} waits for a person");
            telling.ask(Remedy::Reinstate { slot: n }, text, stream, at);
        }
    }
}

/// A job in words.
pub(super) fn work(job: &Assignment) -> String {
    let (who, session) = (words::role(job.role), &job.session);
    match &job.feature {
        Some(feature) => format!("{who} of {feature} (session {session})"),
        None => format!("{who} (session {session})"),
    }
}

fn idle(telling: &mut Telling<'_>, subject: &Subject<'_>) {
    let (n, stream, slot) = (subject.n, &subject.stream, subject.slot);
    let names = [
        "container.idle",
        "container.enlisted",
        "container.reinstated",
    ];
    let at = telling.seen(stream, &names);
    let text = match &slot.last {
        Some((session, outcome)) => {
            let how = outcome.name();
            format!("slot {n} has no job: its last session {session} ended ({how})")
        }
        None => format!("slot {n} has no job: no session has run in it since it was enlisted"),
    };
    telling.say(Kind::SlotIdle, text, stream, at);

    if matches!(slot.duty, Duty::Withhold { .. }) {
        return;
    }
    let mine = |owed: &Owed| tells(owed, stream, "") || gives(owed, n);
    let is_due = reserved(telling, subject) | telling.due(stream, mine);
    if !is_due {
        nothing_given(telling, subject);
    }
}

/// Whether an effect gives work to this slot.
fn gives(owed: &Owed, to: SlotNo) -> bool {
    match owed {
        Owed::Do(Effect::ClaimFor { n, .. }) => *n == to,
        Owed::Do(Effect::Assign { grant, .. }) => grant.slot_session.n == to,
        Owed::Do(_) | Owed::Tell(_) => false,
    }
}

/// Commands to other streams that grant work to this slot.
fn reserved(telling: &mut Telling<'_>, subject: &Subject<'_>) -> bool {
    let n = subject.n;
    let mut given = Vec::new();
    for (owed, reserves) in &telling.agenda.owed {
        if let (Owed::Tell(tell), Some((slot, role))) = (owed, reserves.slot)
            && slot == n
        {
            given.push((words::role(role), owing::made_owed(telling, tell)));
        }
    }

    for (role, at) in &given {
        let text = format!("the server is about to give slot {n} the work of {role}");
        telling.say(Kind::Due, text, &subject.stream, *at);
    }
    !given.is_empty()
}

/// Why nothing is given to a slot that is free.
fn nothing_given(telling: &mut Telling<'_>, subject: &Subject<'_>) {
    let Some(registered) = telling.view.registered() else {
        return;
    };
    if !registered.is_running() {
        return hands::not_running(telling, registered);
    }

    let (n, wake) = (subject.n, telling.agenda.wake);
    let (text, until) = match telling.view.waits_for_slots(registered) {
        Some((role, _)) if hands::tell(telling, role) => return,
        Some((_, work)) if gives_to_others(telling, n) => (
            format!("{work}, and other slots are given work first"),
            None,
        ),
        Some((_, work)) => match wake {
            Some(wake) => {
                let when = utc(wake);
                let text = format!("{work}, and it rests: it is looked at again {when}");
                (text, Some(wake))
            }
            None => (
                format!("nothing is given to slot {n} now, although {work}"),
                None,
            ),
        },
        None => ("nothing waits for a session".to_owned(), None),
    };
    telling.say(Kind::NoWork, text, &subject.stream, None).until = until;
}

/// Whether other slots are about to be given work.
fn gives_to_others(telling: &Telling<'_>, n: SlotNo) -> bool {
    let mut owed = telling.agenda.owed.iter();
    owed.any(|(owed, reserves)| match (owed, reserves.slot) {
        (_, Some((other, _))) => other != n,
        (Owed::Do(Effect::ClaimFor { n: other, .. }), None) => *other != n,
        (Owed::Do(_) | Owed::Tell(_), None) => false,
    })
}

fn assigned(telling: &mut Telling<'_>, subject: &Subject<'_>, job: &Assignment) {
    let (n, stream, slot) = (subject.n, &subject.stream, subject.slot);
    let text = format!("slot {n} has a job and no container: {}", work(job));
    telling.say(Kind::JobAssigned, text, stream, [slot.assigned_at]);
    interrupted(telling, subject);
    if telling.due(stream, |owed| tells(owed, stream, "supervise")) {
        return;
    }

    let project = telling.project();
    if telling.due(&project, |owed| tells(owed, &project, "engine")) {
        return;
    }
    let failed = slot.unstarted.last();
    let why = match failed {
        Some(failed) => format!("{}: {}", failed.class, failed.detail),
        None => "the last container was lost".to_owned(),
    };
    let until = until::start(slot, telling.record.observed);
    let failures = words::counted(slot.failures as usize, "time");
    let at = failed.map(|failed| failed.at);
    let text = format!("starts failed {failures} in a row ({why})");
    let text = format!("{text}: the next is tried {}", utc(until));
    telling.say(Kind::StartRests, text, stream, at).until = Some(until);
}

fn running(
    telling: &mut Telling<'_>,
    subject: &Subject<'_>,
    (job, at): (&Assignment, Timestamp),
    begun: bool,
) {
    let (n, stream, since) = (subject.n, &subject.stream, utc(at));
    if !begun {
        let started = telling.seen(stream, &["container.started"]);
        let text = format!("slot {n} runs a container since {since}, for {}", work(job));
        telling.say(Kind::ContainerRuns, text, stream, started);
        let text = "its runner has not reported for work yet";
        telling.say(Kind::AwaitsRunner, text, stream, started);
        return;
    }

    let began = [subject.slot.begun_at];
    let text = format!("slot {n} runs {} since {since}", work(job));
    telling.say(Kind::SessionWorks, text, stream, began);
    if telling.due(stream, |owed| tells(owed, stream, "supervise")) {
        return;
    }
    let text = format!("session {} is to say what its work came to", job.session);
    let limit = limit(telling, at);
    let text = match limit {
        Some(limit) => format!("{text}; it is stopped {} at the latest", utc(limit)),
        None => text,
    };
    // The limit counts from the container's start.
    let started = telling.seen(stream, &["container.started"]);
    let shown_by = began.into_iter().chain(started.filter(|_| limit.is_some()));
    telling
        .say(Kind::AwaitsSession, text, stream, shown_by)
        .until = limit;
}

fn limit(telling: &Telling<'_>, at: Timestamp) -> Option<Timestamp> {
    let registered: &Registered = telling.view.registered()?;
    Some(until::wall(registered, telling.record.observed, at))
}

/// That a person wants it to end.
fn interrupted(telling: &mut Telling<'_>, subject: &Subject<'_>) {
    if !subject.slot.is_interrupted() || matches!(subject.slot.duty, Duty::Withhold { .. }) {
        return;
    }
    let stream = &subject.stream;
    let names = ["container.interrupt_requested"];
    let found = telling.found::<event::Event>(stream, &names, |_| true);
    let by = match &found {
        Some((_, event::Event::InterruptRequested(asked))) => asked.by.clone(),
        Some(_) | None => "somebody".to_owned(),
    };
    let text = format!("{by} asked for an end of the session in slot {}", subject.n);
    telling.say(Kind::Interrupted, text, stream, found.map(|(at, _)| at));
}

fn over(telling: &mut Telling<'_>, subject: &Subject<'_>, ended: &Ended) {
    let (n, stream) = (subject.n, &subject.stream);
    let at = telling.seen(stream, &["container.session_ended"]);
    let (how, session) = (ended.outcome.name(), &ended.job.session);
    let text = format!("session {session} in slot {n} is over ({how})");
    telling.say(Kind::SessionOver, text, stream, at);

    let secures = |owed: &Owed| match owed {
        Owed::Do(Effect::Secure { feature, .. }) => Some(feature) == ended.job.feature.as_ref(),
        Owed::Do(_) | Owed::Tell(_) => false,
    };
    telling.due(stream, secures);
    let text = match ended.gone {
        true => format!("the container of slot {n} ended and is to be removed"),
        false => format!("the container of slot {n} is to end and to be removed"),
    };
    let names = [
        "container.exited",
        "container.lost",
        "container.session_ended",
    ];
    let at = telling.seen(stream, &names);
    telling.say(Kind::AwaitsRemoval, text, stream, at);
}

/// What becomes of work that was given to a session in a slot.
pub(super) fn given(telling: &mut Telling<'_>, given: &SlotSession) {
    let (view, stream) = (telling.view, telling.slot(given.n));
    let works = match view.slot(given.n) {
        Some(slot) => slot.job().is_some_and(|job| job.session == given.session),
        None => false,
    };
    if works {
        return tell(telling, given.n);
    }

    // The slot follows its grant, or the grant ends: one of both is owed.
    let follows = |owed: &Owed| match owed {
        Owed::Do(Effect::Assign { grant, .. }) => grant.slot_session == *given,
        Owed::Do(_) => false,
        Owed::Tell(tell) => ends(view, tell, &given.session),
    };
    telling.due(&stream, follows);
}

/// Whether a command ends the grant of a session.
fn ends(view: &ProjectView, tell: &Tell, of: &SessionId) -> bool {
    match (&tell.command, &tell.stream) {
        (AnyCommand::Feature(feature::Command::Release { .. }), StreamId::Feature(_, id)) => {
            let stage = view.feature(id).map(|known| &known.stage);
            matches!(stage, Some(Stage::Claimed { holder, .. }) if holder.session() == Some(of))
        }
        (AnyCommand::Feature(feature::Command::LapseReview { session, .. }), _)
        | (
            AnyCommand::Project(
                project::Command::LapseInitialization { session, .. }
                | project::Command::LapseOversight { session, .. },
            ),
            _,
        )
        | (
            AnyCommand::MergeQueue(
                merge_queue::Command::LapseVerification { session, .. }
                | merge_queue::Command::LapseHeadVerification { session, .. },
            ),
            _,
        ) => session == of,
        _ => false,
    }
}
