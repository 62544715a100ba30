//! Why a session stands where it does: granted, at work, or over and how.

use crate::container::Slot;
use crate::container::event::Event;
use crate::holder::SlotSession;
use crate::id::SessionId;
use crate::project::utc;
use crate::view::grants::Grant;
use crate::view::sessions::SessionRecord;
use crate::why::given;
use crate::why::kind::Kind;
use crate::why::slot;
use crate::why::telling::Telling;
use crate::why::words;

pub(super) fn tell(telling: &mut Telling<'_>, session: &SessionId) {
    let view = telling.view;
    let grant = view.grant_of(session);

    match (view.sessions.get(session), grant) {
        (Some(record), grant) => known(telling, session, record, grant.as_ref()),
        (None, Some(grant)) => {
            granted(telling, &grant);
            slot::given(telling, &grant.slot_session);
        }
        (None, None) => {
            let (stream, project) = (telling.project(), &view.name);
            let text = format!("{project} has no session {session}, and never had one");
            telling.say(Kind::SessionUnknown, text, &stream, None);
        }
    }
}

/// A session that its slot was given.
fn known(
    telling: &mut Telling<'_>,
    session: &SessionId,
    record: &SessionRecord,
    grant: Option<&Grant>,
) {
    let job = telling.view.slot(record.n).and_then(Slot::job);
    let has_slot = match job {
        Some(job) => job.session == *session,
        None => false,
    };
    if has_slot {
        return slot::tell(telling, record.n);
    }

    past(telling, session, record);
    if let Some(grant) = grant {
        granted(telling, grant);
        slot::given(telling, &grant.slot_session);
    }
}

/// A session that is over, and nothing of it is left in its slot.
fn past(telling: &mut Telling<'_>, session: &SessionId, record: &SessionRecord) {
    let (n, stream) = (record.n, telling.slot(record.n));
    let own = |event: &Event| match event {
        Event::SessionEnded(event) => event.session == *session,
        _ => false,
    };
    let found = telling.found(&stream, &["container.session_ended"], own);
    let at = found.as_ref().map(|(at, _)| *at);
    let detail = match &found {
        Some((_, Event::SessionEnded(event))) => event.detail.clone(),
        Some(_) | None => String::new(),
    };

    let who = words::role(record.role);
    let text = match record.ended {
        Some((when, how)) => {
            let (when, how) = (utc(when), how.name());
            format!("session {session}, {who} in slot {n}, ended {when} ({how})")
        }
        None => format!("session {session}, {who} in slot {n}, is not at work any more"),
    };
    let text = match detail.is_empty() {
        true => text,
        false => format!("{text}: {detail}"),
    };
    telling.say(Kind::SessionEnded, text, &stream, at);
}

/// What a session was granted.
fn granted(telling: &mut Telling<'_>, grant: &Grant) {
    let SlotSession { n, session } = &grant.slot_session;
    let (what, stream, at) = given::recorded(telling, grant);
    let text = format!("{what} is granted to session {session} in slot {n}");
    telling.say(Kind::SessionGranted, text, &stream, at);
}
