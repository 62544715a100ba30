//! Given a feature, when a command of somebody else or beyond a bound, then a refusal; and what a
//! bound that is reached adds.

use super::*;
use crate::codec::EventCodec;
use crate::grid::given;
use crate::scene::{feature, session, sha};
use crate::verdict::{Finding, Judgement, Ran};

fn created() -> Event {
    event::Created {
        content: Content::titled("A part"),
        batch: Digest::of(b"batch"),
        blockers: vec![],
    }
    .into()
}

fn ann() -> Holder {
    let principal = "ann".to_owned();
    Holder::Outside { principal }
}

fn claimed(epoch: u64) -> Event {
    let (epoch, holder) = (Epoch(epoch), ann());
    event::Claimed { epoch, holder }.into()
}

fn submitted() -> Event {
    event::Submitted {
        epoch: Epoch(1),
        sha: sha('a'),
        base: None,
    }
    .into()
}

fn slot_session(n: u8) -> SlotSession {
    SlotSession {
        n: crate::id::SlotNo(1),
        session: session(n),
    }
}

fn pass() -> Verdict {
    let command = "make".to_owned();
    Verdict {
        judgement: Judgement::Pass,
        findings: vec![],
        ran: vec![Ran { command, exit: 0 }],
    }
}

fn reviewing() -> Vec<Event> {
    let slot_session = slot_session(2);
    let started = event::ReviewStarted { slot_session };
    vec![created(), claimed(1), submitted(), started.into()]
}

fn approved() -> Vec<Event> {
    let (session, verdict) = (session(2), pass());
    let passed = event::ReviewPassed { session, verdict };
    [reviewing(), vec![passed.into()]].concat()
}

fn merging() -> Vec<Event> {
    let candidate = sha('c');
    let begun = event::MergeBegun { candidate };
    [approved(), vec![begun.into()]].concat()
}

/// The names of what is recorded, or the code of the refusal.
fn said(events: &[Event], command: &Command) -> String {
    use crate::aggregate::Refusal as _;
    match given::<Feature>(events).decide(command, Timestamp(0)) {
        Ok(events) => {
            let names: Vec<_> = events.iter().map(|event| event.kind().name).collect();
            names.join(" + ")
        }
        Err(refusal) => refusal.code().to_owned(),
    }
}

#[test]
fn a_verdict_counts_from_who_was_asked_on_what_was_handed_in() {
    let verdict = |n, epoch, commit| Command::PassReview {
        session: session(n),
        epoch: Epoch(epoch),
        sha: sha(commit),
        verdict: pass(),
    };
    for (command, expected) in [
        (verdict(2, 1, 'a'), "feature.review_passed"),
        (verdict(3, 1, 'a'), "verdict_not_open"),
        (verdict(2, 2, 'a'), "verdict_not_open"),
        (verdict(2, 1, 'b'), "verdict_not_open"),
    ] {
        assert_eq!(said(&reviewing(), &command), expected, "{command:?}");
    }

    let lapse = |n| Command::LapseReview {
        session: session(n),
        outcome: Outcome::Failed,
    };
    assert_eq!(said(&reviewing(), &lapse(2)), "feature.review_lapsed");
    assert_eq!(said(&reviewing(), &lapse(3)), "no_review");
}

#[test]
fn the_last_reviewer_that_fails_puts_the_feature_before_a_person() {
    let lapse = Command::LapseReview {
        session: session(2),
        outcome: Outcome::Failed,
    };
    let (session, outcome) = (session(2), Outcome::Failed);
    let lapsed: Event = event::ReviewLapsed { session, outcome }.into();
    let slot_session = slot_session(2);
    let started: Event = event::ReviewStarted { slot_session }.into();
    let mut events = reviewing();
    for _ in 1..crate::lapses::OWN_MAX {
        assert_eq!(said(&events, &lapse), "feature.review_lapsed");
        events.extend([lapsed.clone(), started.clone()]);
    }
    let both = "feature.review_lapsed + feature.quarantined";
    assert_eq!(said(&events, &lapse), both);
}

#[test]
fn a_merge_is_begun_rejected_and_closed_as_what_was_approved() {
    let begin = |epoch| Command::BeginMerge {
        epoch: Epoch(epoch),
        candidate: sha('c'),
    };
    let reject = |epoch| Command::RejectMerge {
        epoch: Epoch(epoch),
        fault: MergeFault::Red,
        paths: vec![],
        detail: String::new(),
    };
    let abort = |candidate| Command::AbortMerge {
        candidate: sha(candidate),
        why: String::new(),
    };
    let close = |commit| Command::Close {
        closing: Closing::Merged { sha: sha(commit) },
        by: "trunk".into(),
    };
    for (events, command, expected) in [
        (approved(), begin(1), "feature.merge_begun"),
        (approved(), begin(2), "not_approved"),
        (approved(), reject(1), "feature.merge_rejected"),
        (approved(), reject(2), "not_approved"),
        (merging(), abort('c'), "feature.merge_aborted"),
        (merging(), abort('d'), "not_merging"),
        (merging(), close('c'), "feature.closed"),
        (merging(), close('d'), "not_merging"),
    ] {
        assert_eq!(said(&events, &command), expected, "{command:?}");
    }
}

#[test]
fn a_commit_that_goes_back_too_often_puts_the_feature_before_a_person() {
    for (fault, most) in [
        (MergeFault::Conflict, CONFLICTS_MAX),
        (MergeFault::Red, REJECTIONS_MAX),
        (MergeFault::Refused, REJECTIONS_MAX),
    ] {
        let command = Command::RejectMerge {
            epoch: Epoch(1),
            fault,
            paths: vec![],
            detail: String::new(),
        };
        let rejected = event::MergeRejected {
            epoch: Epoch(1),
            fault,
            paths: vec![],
            detail: String::new(),
        };
        let again = [
            vec![Event::from(rejected), claimed(1)],
            approved()[2..].to_vec(),
        ]
        .concat();
        let mut events = approved();
        for _ in 1..most {
            assert_eq!(said(&events, &command), "feature.merge_rejected");
            events.extend(again.clone());
        }
        let both = "feature.merge_rejected + feature.quarantined";
        assert_eq!(said(&events, &command), both, "{fault:?}");
    }

    let rejection = Verdict {
        judgement: Judgement::Reject,
        findings: vec![Finding {
            path: None,
            line: None,
            why: "no".into(),
        }],
        ran: vec![],
    };
    let command = Command::RejectReview {
        session: session(2),
        epoch: Epoch(1),
        sha: sha('a'),
        verdict: rejection.clone(),
    };
    let rejected = event::ReviewRejected {
        session: session(2),
        verdict: rejection,
    };
    let again = [
        vec![Event::from(rejected), claimed(1)],
        reviewing()[2..].to_vec(),
    ]
    .concat();
    let mut events = reviewing();
    for _ in 1..REJECTIONS_MAX {
        assert_eq!(said(&events, &command), "feature.review_rejected");
        events.extend(again.clone());
    }
    let both = "feature.review_rejected + feature.quarantined";
    assert_eq!(said(&events, &command), both);
}

/// What ends a claim again and again, up to the bound of each fault.
#[test]
fn claims_that_end_without_work_are_bounded_by_whose_fault_it_was() {
    for (outcome, most) in [
        (Outcome::Failed, TRIES_MAX),
        (Outcome::ContextFull, CONTEXTS_MAX),
        (Outcome::OverBudget, BUDGETS_MAX),
        (Outcome::Lost, GONE_MAX),
    ] {
        let mut events = vec![created()];
        for n in 1..=most {
            let epoch = Epoch(n.into());
            let detail = String::new();
            events.push(claimed(n.into()));
            let release = Command::Release {
                epoch,
                outcome,
                detail: detail.clone(),
            };
            let expected = match n == most {
                true => "feature.released + feature.quarantined",
                false => "feature.released",
            };
            assert_eq!(said(&events, &release), expected, "{outcome:?}, {n}");
            let released = event::Released {
                epoch,
                outcome,
                detail,
            };
            events.push(released.into());
        }
    }
}

#[test]
fn silence_is_bounded_for_sessions_of_ours_only() {
    let expire = |epoch| Command::Expire {
        epoch: Epoch(epoch),
        last_seen: Timestamp(0),
        up_since: Timestamp(0),
    };
    let expired = |epoch| -> Event {
        event::ClaimExpired {
            epoch: Epoch(epoch),
            last_seen: 0,
            up_since: 0,
        }
        .into()
    };
    let SlotSession { n, session } = slot_session(1);
    let ours = Holder::Slot { n, session };

    for (holder, last) in [
        (ours, "feature.claim_expired + feature.quarantined"),
        (ann(), "feature.claim_expired"),
    ] {
        let mut events = vec![created()];
        for n in 1..=u64::from(GONE_MAX) {
            let (epoch, holder) = (Epoch(n), holder.clone());
            events.push(event::Claimed { epoch, holder }.into());
            let expected = match n == u64::from(GONE_MAX) {
                true => last,
                false => "feature.claim_expired",
            };
            assert_eq!(said(&events, &expire(n)), expected, "{n}");
            events.push(expired(n));
        }
    }
}

#[test]
fn texts_and_names_fit_or_are_refused() {
    let (most, long) = ("x".repeat(COMMENT_MAX), "x".repeat(COMMENT_MAX + 1));
    let by = "ann".to_owned();
    for (text, taken) in [(most.as_str(), true), (&long, false), (" ", false)] {
        let text = text.to_owned();
        let comment = Command::Comment {
            by: by.clone(),
            text: text.clone(),
        };
        let said_comment = said(&[created()], &comment);
        assert_eq!(said_comment == "feature.commented", taken, "{said_comment}");
        let ask = Command::Ask {
            epoch: Epoch(1),
            question: text,
        };
        let said_ask = said(&[created(), claimed(1)], &ask);
        assert_eq!(said_ask != "invalid", taken, "{said_ask}");
    }

    for (length, expected) in [(NAME_MAX, "feature.claimed"), (NAME_MAX + 1, "invalid")] {
        let principal = "x".repeat(length);
        let holder = Holder::Outside { principal };
        let claim = Command::Claim { holder };
        assert_eq!(said(&[created()], &claim), expected);
    }
    for (priority, expected) in [
        (PRIORITY_MAX, "feature.ranked"),
        (PRIORITY_MAX + 1, "invalid"),
    ] {
        let rank = Command::Rank { priority, rank: 0 };
        assert_eq!(said(&[created()], &rank), expected);
    }
}

#[test]
fn no_content_out_of_bounds_is_created_or_edited() {
    let content = Content::titled("");
    let edit = Command::Edit {
        content: content.clone(),
    };
    assert_eq!(said(&[created()], &edit), "invalid");
    let create = Command::Create {
        content,
        batch: Digest::of(b"b"),
        blockers: vec![],
        born: Born::Open,
        comments: vec![],
    };
    assert_eq!(said(&[], &create), "invalid");
}

#[test]
fn what_is_set_aside_waits_for_a_person_and_can_be_requeued() {
    let why = "undone".to_owned();
    let aside: Event = event::SetAside { why }.into();
    let requeue = Command::Requeue { by: "me".into() };
    let claim = Command::Claim { holder: ann() };
    let waits = [created(), aside];
    assert_eq!(said(&waits, &claim), "set_aside");
    assert_eq!(said(&waits, &requeue), "feature.requeued");
    assert_eq!(said(&[created()], &requeue), "not_quarantined");
}

#[test]
fn blockers_are_added_and_taken_off_once() {
    let by = feature("first");
    let (block, unblock) = (
        Command::Block { by: by.clone() },
        Command::Unblock { by: by.clone() },
    );
    let blocked: Event = event::Blocked { by }.into();
    let free = [created()];
    let held = [created(), blocked];
    assert_eq!(said(&free, &block), "feature.blocked");
    assert_eq!(said(&held, &block), "", "it is already");
    assert_eq!(said(&held, &unblock), "feature.unblocked");
    assert_eq!(said(&free, &unblock), "", "it is not");
    let claim = Command::Claim { holder: ann() };
    assert_eq!(said(&held, &claim), "blocked");
}
