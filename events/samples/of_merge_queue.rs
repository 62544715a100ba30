//! Samples of what happens in the merge queue.

use super::parts::*;
use crate::evidence::Evidence;
use crate::id::Epoch;
use crate::merge_queue;
use crate::merge_queue::event as t;
use crate::outcome::Outcome;

#[expect(clippy::too_many_lines, reason = "a sample of each kind")]
pub(crate) fn merge_queues() -> Vec<merge_queue::Event> {
    let entry = 7;
    let candidate = t::Candidate {
        base: Some(sha('0')),
        sha: sha('c'),
        tree: sha('d'),
    };
    let kind = t::EntryKind::Feature {
        feature: id("feat-a"),
        epoch: Epoch(2),
        sha: sha('a'),
        title: text("Sign in"),
    };
    let ran = |exit| Evidence::Ran {
        tree: sha('d'),
        command: digest(),
        exit,
        log: digest(),
        session: session(),
        tail: text("ok"),
    };

    vec![
        t::Opened {
            branch: text("main"),
            head: None,
        }
        .into(),
        t::Queued {
            entry,
            kind,
            priority: 1,
        }
        .into(),
        t::CandidateBuilt {
            entry,
            candidate,
            changes: t::Changes {
                files: vec![text("a/b"), text("Cargo.lock")],
                more: 2,
                protected: vec![text("Cargo.lock")],
                detected: Some(text("cargo test")),
                suggests_anew: true,
                checks: vec![text("a/b")],
            },
        }
        .into(),
        t::Held { entry }.into(),
        t::ChangeApproved {
            entry,
            by: text("operator"),
        }
        .into(),
        t::ChangeRefused {
            entry,
            by: text("operator"),
            why: text("not this one"),
        }
        .into(),
        t::Dequeued {
            entry,
            base: Some(sha('0')),
            paths: vec![text("a/b")],
            why: text("it does not merge"),
        }
        .into(),
        t::FoundEmpty {
            entry,
            base: Some(sha('0')),
        }
        .into(),
        t::BatchClosed {
            entry,
            why: text("the next one does not merge with it"),
        }
        .into(),
        t::VerificationStarted {
            entry,
            slot_session: slot_session(),
            terms: Some(digest()),
        }
        .into(),
        t::VerificationLapsed {
            entry,
            session: session(),
            outcome: Outcome::Lost,
        }
        .into(),
        t::Verified {
            entry,
            evidence: ran(0),
        }
        .into(),
        t::VerificationFailed {
            entry,
            evidence: ran(2),
        }
        .into(),
        t::VerificationDoubted {
            entry,
            evidence: ran(2),
        }
        .into(),
        t::Parked {
            entry,
            evidence: ran(2),
        }
        .into(),
        t::HeadVerificationStarted {
            head: sha('0'),
            slot_session: slot_session(),
            terms: digest(),
        }
        .into(),
        t::HeadVerificationLapsed {
            session: session(),
            outcome: Outcome::Lost,
        }
        .into(),
        t::HeadVerified {
            head: sha('0'),
            evidence: ran(0),
        }
        .into(),
        t::HeadFailed {
            head: sha('0'),
            evidence: ran(127),
        }
        .into(),
        t::RedEnded {
            why: text("nothing is verified any more"),
        }
        .into(),
        t::PublishIntended {
            entry,
            from: Some(sha('0')),
            to: sha('c'),
        }
        .into(),
        t::Advanced {
            entry,
            from: Some(sha('0')),
            to: sha('c'),
        }
        .into(),
        t::UpstreamMoved {
            entry,
            seen: Some(sha('9')),
            files: vec![text("a/b")],
        }
        .into(),
        t::Probed {
            base: sha('b'),
            collisions: vec![t::Collision {
                feature: id("feat-a"),
                epoch: Epoch(2),
                paths: vec![text("a/b")],
            }],
        }
        .into(),
        t::Followed {
            from: Some(sha('a')),
            to: sha('b'),
            files: vec![text("a/b")],
            accepted: Some(text("operator")),
        }
        .into(),
        t::Halted {
            reason: text("unreachable"),
            fault: merge_queue::Fault::Rewritten {
                lost: sha('a'),
                seen: sha('b'),
            },
        }
        .into(),
        t::BranchFollowed {
            branch: text("trunk"),
            by: text("operator"),
        }
        .into(),
        t::Unhalted {}.into(),
    ]
}
