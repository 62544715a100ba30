//! Why a feature stands where it does, and what it waits for.

use crate::feature::event::{Closing, Event, MergeFault};
use crate::feature::{FeatureType, Known, Stage, Submission};
use crate::holder::{Holder, SlotSession};
use crate::id::{FeatureId, Timestamp};
use crate::policy::until;
use crate::project::utc;
use crate::stream::StreamId;
use crate::view::Remedy;
use crate::why::kind::Kind;
use crate::why::telling::Telling;
use crate::why::words::short;
use crate::why::{merge, queued, slot};

/// What brings a feature to the stage of open work.
const OPENING: &[&str] = &[
    "feature.created",
    "feature.released",
    "feature.claim_expired",
    "feature.review_rejected",
    "feature.merge_rejected",
    "feature.reopened",
    "feature.requeued",
    "feature.question_answered",
];

/// A feature, and where its events are.
pub(super) struct Subject<'a> {
    pub(super) id: &'a FeatureId,
    pub(super) known: &'a Known,
    pub(super) stream: StreamId,
}

pub(super) fn tell(telling: &mut Telling<'_>, id: &FeatureId) {
    let view = telling.view;
    let Some(known) = view.feature(id) else {
        return unknown(telling, id);
    };
    let stream = telling.feature(id);
    let subject = Subject { id, known, stream };

    match &known.stage {
        Stage::Open { question } => open(telling, &subject, question.as_deref()),
        Stage::Claimed { holder, since } => claimed(telling, &subject, holder, *since),
        Stage::Submitted { submission, review } => {
            submitted(telling, &subject, submission, review.as_ref());
        }
        Stage::Approved { submission } => approved(telling, &subject, submission),
        Stage::Merging { candidate, .. } => {
            let text = format!("{id} is locked while {} is published", short(candidate));
            let begun = telling.seen(&subject.stream, &["feature.merge_begun"]);
            telling.say(Kind::Merging, text, &subject.stream, begun);
            merge::of_feature(telling, &subject);
        }
        Stage::Closed { closing } => closed(telling, &subject, closing),
        Stage::Quarantined { why } => quarantined(telling, &subject, why),
        Stage::Withdrawn => {
            let text = format!("{id} was withdrawn: nobody wants it any more");
            let withdrawn = telling.seen(&subject.stream, &["feature.withdrawn"]);
            telling.say(Kind::FeatureWithdrawn, text, &subject.stream, withdrawn);
        }
    }
}

/// One that has no event: it is being created, left before that, or never was.
fn unknown(telling: &mut Telling<'_>, id: &FeatureId) {
    let backlog = &telling.view.backlog.state;
    let (left, origin) = (backlog.withdrawn.contains(id), backlog.ids.get(id));
    let stream = telling.backlog();

    if left {
        let named = |event: &crate::backlog::Event| match event {
            crate::backlog::Event::Withdrawn(event) => event.id == *id,
            _ => false,
        };
        let at = telling.found(&stream, &["backlog.withdrawn"], named);
        let text = format!("{id} was withdrawn before it was created");
        telling.say(Kind::FeatureLeft, text, &stream, at.map(|(at, _)| at));
    } else if let Some(origin) = origin {
        let text = format!("{id} was taken into the backlog and is not created yet");
        telling.say(Kind::FeatureAdmitted, text, &stream, [origin.admitted]);
        queued::batch(telling, id, origin.batch);
    } else {
        let project = &telling.view.name;
        let text = format!("there is no feature {id} in {project}, and there never was one");
        telling.say(Kind::FeatureUnknown, text, &stream, None);
    }
}

fn open(telling: &mut Telling<'_>, subject: &Subject<'_>, question: Option<&str>) {
    let (id, stream) = (subject.id, &subject.stream);

    if let Some(question) = question {
        let asked = telling.seen(stream, &["feature.question_asked"]);
        let text = format!("{id} stands still: claim {} asked", subject.known.epoch);
        let text = format!("{text} \"{question}\" and gave it back");
        telling.say(Kind::Asked, text, stream, asked);
        let remedy = Remedy::Answer {
            feature: id.clone(),
        };
        telling.ask(remedy, format!("{id} waits for an answer"), stream, asked);
        return;
    }

    opened(telling, subject);
    if let Some(why) = &subject.known.aside {
        let aside = telling.seen(stream, &["feature.set_aside"]);
        let text = format!("{id} was set aside: {why}");
        telling.say(Kind::SetAside, text, stream, aside);
        let remedy = Remedy::Requeue {
            feature: id.clone(),
        };
        telling.ask(remedy, format!("{id} waits for a person"), stream, aside);
    }
    if subject.known.content.kind == FeatureType::Epic {
        heading(telling, subject);
    }
    queued::tell(telling, subject);
}

/// What opened it last.
fn opened(telling: &mut Telling<'_>, subject: &Subject<'_>) {
    let (id, stream) = (subject.id, &subject.stream);
    let found = telling.found::<Event>(stream, OPENING, |_| true);

    let (kind, why) = match found.as_ref().map(|(_, event)| event) {
        Some(Event::Released(e)) => {
            let how = e.outcome.name();
            let why = format!("claim {} ended without a submission ({how})", e.epoch);
            (Kind::OpenReleased, with(why, &e.detail))
        }
        Some(Event::ClaimExpired(e)) => {
            let seen = utc(Timestamp(e.last_seen));
            let why = format!("claim {} expired, its holder was last seen {seen}", e.epoch);
            (Kind::OpenExpired, why)
        }
        Some(Event::ReviewRejected(e)) => {
            let findings = e
                .verdict
                .findings
                .iter()
                .map(|finding| finding.why.as_str());
            let findings: Vec<_> = findings.collect();
            let why = format!("session {} reviewed the work and rejected it", e.session);
            (Kind::OpenRejected, with(why, &findings.join("; ")))
        }
        Some(Event::MergeRejected(e)) => {
            let why = match e.fault {
                MergeFault::Conflict => format!("its work conflicts in {}", e.paths.join(", ")),
                MergeFault::Red => "its work failed the verification on the trunk".to_owned(),
                MergeFault::Refused => "a person did not let its changes through".to_owned(),
            };
            (Kind::OpenUnmerged, with(why, &e.detail))
        }
        Some(Event::Reopened(e)) => {
            let why = format!("{} reopened it", e.by);
            (Kind::OpenReopened, with(why, &e.why))
        }
        Some(Event::Requeued(e)) => (Kind::OpenRequeued, format!("{} requeued it", e.by)),
        Some(Event::QuestionAnswered(e)) => (
            Kind::OpenAnswered,
            format!("{} answered its question", e.by),
        ),
        Some(_) => (Kind::OpenCreated, "nobody has worked on it yet".to_owned()),
        // What opened it lies before what was read.
        None => (Kind::OpenCreated, "nobody works on it".to_owned()),
    };
    let at = found.map(|(at, _)| at);
    telling.say(kind, format!("{id} is open: {why}"), stream, at);
}

/// A reason with what was said about it.
fn with(why: String, detail: &str) -> String {
    let first = detail.trim().lines().next().unwrap_or_default();
    match first.is_empty() {
        true => why,
        false => format!("{why}: {first}"),
    }
}

fn heading(telling: &mut Telling<'_>, subject: &Subject<'_>) {
    let (id, stream) = (subject.id, &subject.stream);
    let named = telling.seen(stream, &["feature.edited", "feature.created"]);
    let text = format!("{id} is an epic, a heading that nobody works on");
    let heading = telling.say(Kind::Heading, text, stream, named);
    heading.remedy = Some(Remedy::Close {
        feature: id.clone(),
    });
}

fn claimed(telling: &mut Telling<'_>, subject: &Subject<'_>, holder: &Holder, since: Timestamp) {
    let (id, stream, epoch) = (subject.id, &subject.stream, subject.known.epoch);
    let at = telling.seen(stream, &["feature.claimed"]);
    let since_when = utc(since);

    match holder {
        Holder::Slot { n, session } => {
            let text = format!("slot {n} has claim {epoch} of {id} since {since_when}");
            let text = format!("{text}, with session {session}");
            telling.say(Kind::ClaimedHere, text, stream, at);
            let given = SlotSession {
                n: *n,
                session: session.clone(),
            };
            slot::given(telling, &given);
        }
        Holder::Outside { principal } => {
            let text = format!("{principal} has claim {epoch} of {id} since {since_when}");
            telling.say(Kind::ClaimedOutside, text, stream, at);
        }
    }
    lease(telling, subject, (holder, since));
}

/// Until when silence is borne.
fn lease(telling: &mut Telling<'_>, subject: &Subject<'_>, held: (&Holder, Timestamp)) {
    let (stream, observed) = (&subject.stream, telling.record.observed);
    let Some(registered) = telling.view.registered() else {
        return;
    };
    let Some(lease) = until::lease(telling.view, registered, observed, held) else {
        return;
    };
    let expires = |owed: &crate::policy::Owed| slot::tells(owed, stream, "expire");
    if telling.due(stream, expires) {
        return;
    }

    let (holder, _) = held;
    let claimed = telling.seen(stream, &["feature.claimed"]);
    // A session is heard of first when its container starts.
    let started = match holder {
        Holder::Slot { n, .. } => telling.seen(&telling.slot(*n), &["container.started"]),
        Holder::Outside { .. } => None,
    };
    let at = claimed.into_iter().chain(started);
    let seen = utc(lease.last_seen);
    let text = format!("{} waits for {holder}, seen last {seen}", subject.id);
    let text = format!(
        "{text}: the claim expires {} if it stays silent",
        utc(lease.ends)
    );
    let runs = telling.say(Kind::LeaseRuns, text, stream, at);
    runs.until = Some(lease.ends);
}

fn submitted(
    telling: &mut Telling<'_>,
    subject: &Subject<'_>,
    submission: &Submission,
    review: Option<&SlotSession>,
) {
    let (id, stream) = (subject.id, &subject.stream);
    let (sha, epoch) = (short(&submission.sha), submission.epoch);

    if let Some(reviewer) = review {
        let at = telling.seen(stream, &["feature.review_started"]);
        let (n, session) = (reviewer.n, &reviewer.session);
        let text = format!("slot {n} reviews {sha} of {id}, with session {session}");
        telling.say(Kind::InReview, text, stream, at);
        slot::given(telling, reviewer);
        return;
    }

    let at = telling.seen(stream, &["feature.submitted"]);
    let text = format!("{id} was handed in as {sha} under claim {epoch}");
    telling.say(Kind::HandedIn, text, stream, at);
    queued::review(telling, subject);
}

fn approved(telling: &mut Telling<'_>, subject: &Subject<'_>, submission: &Submission) {
    let (id, stream, sha) = (subject.id, &subject.stream, short(&submission.sha));
    let names = ["feature.review_passed", "feature.merge_aborted"];
    let found = telling.found::<Event>(stream, &names, |_| true);

    let text = match found.as_ref().map(|(_, event)| event) {
        Some(Event::MergeAborted(e)) => format!("{id} is approved; publishing it ended: {}", e.why),
        Some(Event::ReviewPassed(e)) => {
            format!("{id} is approved: session {} found {sha} good", e.session)
        }
        Some(_) | None => format!("{id} is approved as {sha}"),
    };
    telling.say(Kind::Approved, text, stream, found.map(|(at, _)| at));
    merge::of_feature(telling, subject);
}

fn closed(telling: &mut Telling<'_>, subject: &Subject<'_>, closing: &Closing) {
    let (id, stream) = (subject.id, &subject.stream);
    let found = telling.found::<Event>(stream, &["feature.closed"], |_| true);
    let by = match &found {
        Some((_, Event::Closed(event))) => event.by.clone(),
        Some(_) | None => "somebody".to_owned(),
    };

    let text = match closing {
        Closing::Merged { sha } => format!("{id} is closed: it was merged as {}", short(sha)),
        Closing::Restored { commit } => {
            let commit = short(commit);
            format!("{id} is closed: {commit} brought back what was taken out of it")
        }
        Closing::DoneElsewhere => format!("{id} is closed by {by}: it was done elsewhere"),
        Closing::WontDo => format!("{id} is closed by {by}: it will not be done"),
    };
    telling.say(Kind::Closed, text, stream, found.map(|(at, _)| at));
    merge::undoing(telling, subject);
}

fn quarantined(telling: &mut Telling<'_>, subject: &Subject<'_>, why: &str) {
    let (id, stream) = (subject.id, &subject.stream);
    let at = telling.seen(stream, &["feature.quarantined"]);
    let text = format!("{id} is quarantined: {why}");
    telling.say(Kind::FeatureQuarantined, text, stream, at);

    let remedy = Remedy::Requeue {
        feature: id.clone(),
    };
    telling.ask(remedy, format!("{id} waits for a person"), stream, at);
}
