//! Samples of what happens in a slot.

use super::parts::*;
use crate::container;
use crate::container::event as c;
use crate::holder::Role;
use crate::id::{Epoch, Generation};
use crate::outcome::Outcome;

#[expect(clippy::too_many_lines, reason = "a sample of each kind")]
pub(crate) fn containers() -> Vec<container::Event> {
    let generation = Generation(5);
    let assignment = c::Assignment {
        session: session(),
        role: Role::Coder,
        feature: Some(id("feat-a")),
        epoch: Some(Epoch(2)),
        sha: Some(sha('0')),
        agent: Some(settings().agent),
        prompt_digest: digest(),
    };
    let ended = c::SessionEnded {
        session: session(),
        outcome: Outcome::Completed,
        exit_code: Some(0),
        evidence: Some(digest()),
        detail: text("completed"),
    };

    vec![
        c::Enlisted {}.into(),
        c::Assigned { assignment }.into(),
        c::StartRequested { generation }.into(),
        c::Started {
            generation,
            engine_id: text("4711@99"),
        }
        .into(),
        c::StartFailed {
            generation,
            class: container::Class::Image,
            detail: text("missing"),
        }
        .into(),
        c::SessionStarted { session: session() }.into(),
        ended.into(),
        c::Exited {
            generation,
            exit: c::Exit {
                code: Some(137),
                oom: true,
                signal: Some(9),
            },
        }
        .into(),
        c::Lost {
            generation,
            reason: text("not listed"),
        }
        .into(),
        c::Removed { generation }.into(),
        c::Idle {}.into(),
        c::Quarantined {
            why: text("5 failures in a row"),
        }
        .into(),
        c::Withheld { by: text("ann") }.into(),
        c::InterruptRequested {
            session: session(),
            by: text("ann"),
        }
        .into(),
        c::Reinstated { by: text("ann") }.into(),
        c::Dismissed {}.into(),
        c::TranscriptKept {
            session: session(),
            chunks: 4,
            bytes: 4096,
            digest: digest(),
        }
        .into(),
        c::TranscriptDropped { session: session() }.into(),
        c::UsageMetered {
            session: session(),
            models: vec![used()],
        }
        .into(),
        c::EgressRecorded {
            session: session(),
            bytes: 9,
            denied: vec![denied()],
        }
        .into(),
    ]
}
