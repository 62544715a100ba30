//! Why an entry of the merge queue stands where it does, and what it waits for.

use crate::evidence::Evidence;
use crate::merge_queue::{Entry, EntryKind, Event, Stage};
use crate::policy::{Effect, Owed};
use crate::stream::{Position, StreamId};
use crate::view::Remedy;
use crate::why::feature::Subject;
use crate::why::kind::Kind;
use crate::why::telling::Telling;
use crate::why::words::short;
use crate::why::{line, slot};

/// What ends an entry.
const ENDS: &[&str] = &[
    "trunk.advanced",
    "trunk.dequeued",
    "trunk.found_empty",
    "trunk.verification_failed",
    "trunk.change_refused",
];

pub(super) fn tell(telling: &mut Telling<'_>, number: u64) {
    let merge_queue = &telling.view.merge_queue.state;
    let waiting = merge_queue.waiting().find(|entry| entry.number == number);
    let stream = telling.merge_queue();

    if let Some(entry) = waiting {
        return entry_waits(telling, entry);
    }
    if number == 0 || number > merge_queue.entries {
        let project = &telling.view.name;
        let text = format!("the merge queue of {project} has had no entry {number}");
        telling.say(Kind::EntryUnknown, text, &stream, None);
        return;
    }
    ended(telling, number, &stream);
}

/// What became of an entry that waits no more.
fn ended(telling: &mut Telling<'_>, number: u64, stream: &StreamId) {
    let found = end(telling, number);
    let (kind, how) = match found.as_ref().map(|(_, event)| event) {
        Some(Event::Advanced(e)) => (
            Kind::EntryMerged,
            format!("is upstream as {}", short(&e.to)),
        ),
        Some(Event::Dequeued(e)) if e.paths.is_empty() => (
            Kind::EntryLeft,
            format!("was taken off the queue: {}", e.why),
        ),
        Some(Event::Dequeued(e)) => {
            let paths = e.paths.join(", ");
            (
                Kind::EntryLeft,
                format!("does not merge: it conflicts in {paths}"),
            )
        }
        Some(Event::FoundEmpty(_)) => {
            let how = "brought nothing: upstream holds all of it already";
            (Kind::EntryLeft, how.to_owned())
        }
        Some(Event::VerificationFailed(e)) => (
            Kind::EntryLeft,
            format!("failed its verification{}", exit(&e.evidence)),
        ),
        Some(Event::ChangeRefused(e)) => (
            Kind::EntryLeft,
            format!("was refused by {}: {}", e.by, e.why),
        ),
        Some(_) | None => (Kind::EntryLeft, "is judged and waits no more".to_owned()),
    };
    let text = format!("entry {number} {how}");
    telling.say(kind, text, stream, found.map(|(at, _)| at));
}

/// The newest event that ended an entry.
pub(super) fn end(telling: &Telling<'_>, number: u64) -> Option<(Position, Event)> {
    let ends = |event: &Event| of_entry(event) == Some(number);
    telling.found(&telling.merge_queue(), ENDS, ends)
}

/// The entry that an event is about.
pub(super) fn of_entry(event: &Event) -> Option<u64> {
    match event {
        Event::Queued(e) => Some(e.entry),
        Event::CandidateBuilt(e) => Some(e.entry),
        Event::Held(e) => Some(e.entry),
        Event::ChangeApproved(e) => Some(e.entry),
        Event::ChangeRefused(e) => Some(e.entry),
        Event::Dequeued(e) => Some(e.entry),
        Event::FoundEmpty(e) => Some(e.entry),
        Event::BatchClosed(e) => Some(e.entry),
        Event::VerificationStarted(e) => Some(e.entry),
        Event::VerificationLapsed(e) => Some(e.entry),
        Event::Verified(e) => Some(e.entry),
        Event::VerificationFailed(e) => Some(e.entry),
        Event::VerificationDoubted(e) => Some(e.entry),
        Event::Parked(e) => Some(e.entry),
        Event::PublishIntended(e) => Some(e.entry),
        Event::Advanced(e) => Some(e.entry),
        Event::UpstreamMoved(e) => Some(e.entry),
        Event::Opened(_)
        | Event::HeadVerificationStarted(_)
        | Event::HeadVerificationLapsed(_)
        | Event::HeadVerified(_)
        | Event::HeadFailed(_)
        | Event::RedEnded(_)
        | Event::Probed(_)
        | Event::Followed(_)
        | Event::BranchFollowed(_)
        | Event::Halted(_)
        | Event::Unhalted(_) => None,
    }
}

/// How a run ended, in words that follow others.
pub(super) fn exit(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Ran { exit, session, .. } => format!(" (exit code {exit}, session {session})"),
        Evidence::NoneConfigured | Evidence::Scaffold => String::new(),
    }
}

/// What an entry brings, in words.
fn brings(entry: &Entry) -> String {
    let number = entry.number;
    match &entry.kind {
        EntryKind::Scaffold => format!("entry {number} (the scaffold)"),
        EntryKind::Feature { feature, .. } => format!("entry {number} ({feature})"),
        EntryKind::Revert {
            feature, restores, ..
        } => match restores {
            true => format!("entry {number} (brings back {feature})"),
            false => format!("entry {number} (takes out {feature})"),
        },
    }
}

/// The newest event of this name about an entry.
pub(super) fn seen(telling: &Telling<'_>, number: u64, name: &str) -> Option<Position> {
    let stream = telling.merge_queue();
    let found = telling.found(&stream, &[name], |event| of_entry(event) == Some(number));
    found.map(|(at, _)| at)
}

/// The stage of an entry that waits, and then what it waits for.
pub(super) fn entry_waits(telling: &mut Telling<'_>, entry: &Entry) {
    let merge_queue = &telling.view.merge_queue.state;
    let (stream, number) = (telling.merge_queue(), entry.number);
    let is_number = |other: &Entry| other.number == number;

    if merge_queue.held.iter().any(is_number) {
        return held(telling, entry, &stream);
    }
    if merge_queue.parked.iter().any(is_number) {
        let text = format!(
            "{} waits beside the queue: the trunk is red without it",
            brings(entry)
        );
        let at = seen(telling, number, "trunk.parked");
        telling.say(Kind::EntryParked, text, &stream, at);
        return line::trunk(telling);
    }

    stage(telling, entry, &stream);
    line::tell(telling, entry);
}

fn held(telling: &mut Telling<'_>, entry: &Entry, stream: &StreamId) {
    let (number, paths) = (entry.number, entry.changes.protected.join(", "));
    let at = seen(telling, number, "trunk.held");
    let text = format!(
        "{} is held: it changes protected paths ({paths})",
        brings(entry)
    );
    telling.say(Kind::EntryHeld, text, stream, at);

    let remedy = Remedy::Approve { entry: number };
    let text = format!("entry {number} waits for a person's approval");
    telling.ask(remedy, text, stream, at);
}

fn stage(telling: &mut Telling<'_>, entry: &Entry, stream: &StreamId) {
    let (number, what) = (entry.number, brings(entry));
    let Some(candidate) = entry.candidate() else {
        let text = format!("{what} is queued: no candidate of it stands on the trunk yet");
        let at = queued(telling, number);
        telling.say(Kind::EntryQueued, text, stream, at);
        return;
    };

    let commit = short(&candidate.sha);
    let (kind, how, shown_by) = built(entry, commit);
    // A batch is verified and published by the name of its last.
    let of = match kind {
        Kind::EntryBuilt | Kind::EntryDoubted => number,
        _ => tip(telling, entry),
    };
    let at = seen(telling, of, shown_by);
    telling.say(kind, format!("{what} {how}"), stream, at);

    if let Stage::Verifying { slot_session, .. } = &entry.stage {
        slot::given(telling, slot_session);
    }
}

/// How an entry stands of which a candidate is built, and the event that shows it.
fn built(entry: &Entry, commit: &str) -> (Kind, String, &'static str) {
    match &entry.stage {
        Stage::Built { .. } if !entry.reds.is_empty() => {
            let exit = entry.reds.last().map(exit).unwrap_or_default();
            let how = format!("was red once as {commit}{exit}");
            (Kind::EntryDoubted, how, "trunk.verification_doubted")
        }
        Stage::Queued | Stage::Built { .. } => {
            let how = format!("is built as {commit} and not verified");
            (Kind::EntryBuilt, how, "trunk.candidate_built")
        }

        Stage::Verifying { slot_session, .. } => {
            let how = format!("is being verified as {commit} in slot {}", slot_session.n);
            (Kind::EntryVerifying, how, "trunk.verification_started")
        }
        Stage::Verified { .. } => {
            let how = format!("is verified as {commit}");
            (Kind::EntryVerified, how, "trunk.verified")
        }
        Stage::Publishing { .. } => {
            let how = format!("is being published as {commit}");
            (Kind::EntryPublishing, how, "trunk.publish_intended")
        }
    }
}

/// The entry by whose name the batch of this one goes.
fn tip(telling: &Telling<'_>, entry: &Entry) -> u64 {
    let merge_queue = &telling.view.merge_queue.state;
    let in_batch = merge_queue
        .batch()
        .any(|other| other.number == entry.number);
    let tip = merge_queue.tip().filter(|_| in_batch);
    tip.unwrap_or(entry).number
}

/// What put an entry at the stage of a queued one: it joined, or what was built counts no more.
fn queued(telling: &Telling<'_>, number: u64) -> Option<Position> {
    let joined = ["trunk.queued", "trunk.change_approved"]
        .into_iter()
        .filter_map(|name| seen(telling, number, name));
    let stream = telling.merge_queue();
    let moved = telling.seen(&stream, &["trunk.upstream_moved", "trunk.followed"]);
    joined.chain(moved).max()
}

/// What approved work waits for in the merge queue.
pub(super) fn of_feature(telling: &mut Telling<'_>, subject: &Subject<'_>) {
    let (view, stream) = (telling.view, &subject.stream);
    if entries(telling, subject, is_work) {
        return;
    }

    let queue = telling.merge_queue();
    let about = |owed: &Owed| match owed {
        Owed::Tell(tell) if tell.stream == queue => tell.command.enqueues() == Some(subject.id),
        Owed::Tell(tell) => tell.stream == *stream,
        Owed::Do(_) => false,
    };
    if telling.due(stream, about) {
        return;
    }

    let text = match view.merge_queue.state.branch {
        Some(_) => format!("{} was judged, and nothing follows from it yet", subject.id),
        None => "there is no merge queue before upstream is copied".to_owned(),
    };
    let judged = telling.seen(&queue, ENDS);
    telling.say(Kind::AwaitsMerge, text, &queue, judged);
}

/// Whether an entry brings work of a feature, and takes out none.
fn is_work(kind: &EntryKind) -> bool {
    matches!(kind, EntryKind::Feature { .. })
}

/// What takes a closed feature out again, if something does.
pub(super) fn undoing(telling: &mut Telling<'_>, subject: &Subject<'_>) {
    entries(telling, subject, |kind| {
        matches!(kind, EntryKind::Revert { .. })
    });
    let stream = &subject.stream;
    telling.due(stream, |owed| slot::tells(owed, stream, "integrate"));
}

/// Tells the entries of a feature that wait; answers whether there are any.
fn entries(
    telling: &mut Telling<'_>,
    subject: &Subject<'_>,
    fits: impl Fn(&EntryKind) -> bool,
) -> bool {
    let waiting = telling.view.merge_queue.state.waiting();
    let own = |entry: &&Entry| entry.feature() == Some(subject.id) && fits(&entry.kind);
    let own: Vec<_> = waiting.filter(own).collect();
    for entry in &own {
        entry_waits(telling, entry);
    }
    !own.is_empty()
}

/// Whether an effect builds or publishes an entry.
pub(super) fn moves(owed: &Owed) -> bool {
    matches!(
        owed,
        Owed::Do(Effect::Build { .. } | Effect::Publish { .. })
    )
}
