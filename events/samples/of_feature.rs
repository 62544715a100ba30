//! Samples of what happens to a feature.

use super::parts::*;
use crate::feature;
use crate::feature::event as f;
use crate::holder::Holder;
use crate::id::{Epoch, SlotNo};
use crate::outcome::Outcome;
use crate::verdict::Judgement;

#[expect(clippy::too_many_lines, reason = "a sample of each kind")]
pub(crate) fn features() -> Vec<feature::Event> {
    let epoch = Epoch(2);

    vec![
        f::Created {
            content: content(),
            batch: digest(),
            blockers: vec![id("feat-a")],
        }
        .into(),
        f::Edited { content: content() }.into(),
        f::Ranked {
            priority: 4,
            rank: 17,
        }
        .into(),
        f::Blocked { by: id("feat-a") }.into(),
        f::Unblocked { by: id("feat-a") }.into(),
        f::PushDenied {
            epoch: Epoch(2),
            by: text("ann"),
            why: text("claim 2 has ended"),
        }
        .into(),
        f::Commented {
            by: text("ann"),
            text: text("hm"),
        }
        .into(),
        f::Claimed {
            epoch,
            holder: Holder::Slot {
                n: SlotNo(3),
                session: session(),
            },
        }
        .into(),
        f::Released {
            epoch,
            outcome: Outcome::NoWork,
            detail: text("nothing committed"),
        }
        .into(),
        f::ClaimExpired {
            epoch,
            last_seen: 1_700_000_000_000_000,
            up_since: 1_699_999_999_000_000,
        }
        .into(),
        f::QuestionAsked {
            epoch,
            question: text("which?"),
        }
        .into(),
        f::QuestionAnswered { by: text("ann") }.into(),
        f::Submitted {
            epoch,
            sha: sha('a'),
            base: Some(sha('0')),
        }
        .into(),
        f::ReviewStarted {
            slot_session: slot_session(),
        }
        .into(),
        f::ReviewLapsed {
            session: session(),
            outcome: Outcome::Failed,
        }
        .into(),
        f::ReviewPassed {
            session: session(),
            verdict: verdict(Judgement::Pass),
        }
        .into(),
        f::ReviewRejected {
            session: session(),
            verdict: verdict(Judgement::Reject),
        }
        .into(),
        f::MergeBegun {
            candidate: sha('c'),
        }
        .into(),
        f::MergeAborted {
            candidate: sha('c'),
            why: text("upstream moved"),
        }
        .into(),
        f::MergeRejected {
            epoch,
            fault: f::MergeFault::Conflict,
            paths: vec![text("a/b")],
            detail: text("merge it"),
        }
        .into(),
        f::Closed {
            closing: f::Closing::Merged { sha: sha('c') },
            by: text("trunk"),
        }
        .into(),
        f::Reopened {
            why: text("broken"),
            by: text("ann"),
        }
        .into(),
        f::Quarantined {
            why: text("3 failed tries, the bound is 3"),
        }
        .into(),
        f::Requeued { by: text("ann") }.into(),
        f::WorkSecured { epoch, sha: None }.into(),
        f::WorkLost {
            epoch,
            last_sha: Some(sha('a')),
            why: text("vanished"),
        }
        .into(),
        f::Withdrawn { by: text("ann") }.into(),
        f::SetAside {
            why: text("undone"),
        }
        .into(),
    ]
}
