//! Given events, what a feature is: what each leaves of claims, counters, notes and work.

use super::*;
use crate::grid::given;
use crate::scene::{feature, session, sha};
use crate::verdict::{Finding, Judgement, Verdict};

fn created() -> Event {
    event::Created {
        content: Content::titled("A part"),
        batch: Digest::of(b"batch"),
        blockers: vec![feature("first")],
    }
    .into()
}

fn claimed(epoch: u64, holder: Holder) -> Event {
    let epoch = Epoch(epoch);
    event::Claimed { epoch, holder }.into()
}

fn slot_session(n: u8) -> SlotSession {
    SlotSession {
        n: crate::id::SlotNo(1),
        session: session(n),
    }
}

fn by_slot(epoch: u64) -> Event {
    let SlotSession { n, session } = slot_session(1);
    claimed(epoch, Holder::Slot { n, session })
}

fn by_ann(epoch: u64) -> Event {
    let principal = "ann".to_owned();
    claimed(epoch, Holder::Outside { principal })
}

fn submitted(epoch: u64, commit: char) -> Event {
    event::Submitted {
        epoch: Epoch(epoch),
        sha: sha(commit),
        base: None,
    }
    .into()
}

fn released(outcome: Outcome) -> Event {
    event::Released {
        epoch: Epoch(1),
        outcome,
        detail: "exit 1".into(),
    }
    .into()
}

fn expired() -> Event {
    event::ClaimExpired {
        epoch: Epoch(1),
        last_seen: 0,
        up_since: 0,
    }
    .into()
}

fn lapsed(outcome: Outcome) -> Event {
    let session = session(2);
    event::ReviewLapsed { session, outcome }.into()
}

fn reviewed() -> Event {
    let slot_session = slot_session(2);
    event::ReviewStarted { slot_session }.into()
}

fn rejected() -> Event {
    let finding = Finding {
        path: None,
        line: None,
        why: "no usage line".into(),
    };
    let verdict = Verdict {
        judgement: Judgement::Reject,
        findings: vec![finding],
        ran: vec![],
    };
    let session = session(2);
    event::ReviewRejected { session, verdict }.into()
}

fn merge_rejected(fault: MergeFault) -> Event {
    event::MergeRejected {
        epoch: Epoch(1),
        fault,
        paths: vec!["src/x".into()],
        detail: "look".into(),
    }
    .into()
}

fn closed(closing: Closing) -> Event {
    let by = "me".to_owned();
    event::Closed { closing, by }.into()
}

fn reopened() -> Event {
    let (why, by) = ("broken".to_owned(), "me".to_owned());
    event::Reopened { why, by }.into()
}

fn requeued() -> Event {
    event::Requeued { by: "me".into() }.into()
}

fn set_aside() -> Event {
    let why = "undone".to_owned();
    event::SetAside { why }.into()
}

/// What these make of a feature that nothing blocks any more.
fn after(events: &[Event]) -> Known {
    let by = feature("first");
    let mut all = vec![created(), event::Unblocked { by }.into()];
    all.extend(events.iter().cloned());
    let state = given::<Feature>(&all);
    state.known().expect("it exists").clone()
}

/// When the nth of `after`'s events was recorded.
fn at(n: i64) -> Timestamp {
    Timestamp((n + 2) * 1_000_000)
}

fn last_note(known: &Known) -> (&str, &str) {
    let note = known.notes.back().expect("a note");
    (&note.by, &note.text)
}

#[test]
fn a_feature_is_ready_when_it_is_open_for_everybody() {
    assert!(after(&[]).is_ready());
    let blocked = given::<Feature>(&[created()]);
    assert!(!blocked.known().expect("it exists").is_ready());

    let question = event::QuestionAsked {
        epoch: Epoch(1),
        question: "which?".into(),
    };
    let epic = event::Edited {
        content: Content {
            kind: FeatureType::Epic,
            ..Content::titled("All")
        },
    };
    for event in [by_slot(1), question.into(), epic.into(), set_aside()] {
        let name = crate::codec::EventCodec::kind(&event).name;
        assert!(!after(&[event]).is_ready(), "{name}");
    }
}

#[test]
fn everything_counts_but_what_is_not_wanted() {
    for (events, counts, done, settled) in [
        (vec![], true, false, false),
        (vec![by_slot(1)], true, false, false),
        (vec![closed(Closing::DoneElsewhere)], true, true, true),
        (vec![closed(Closing::WontDo)], false, true, true),
        (
            vec![event::Withdrawn { by: "me".into() }.into()],
            false,
            false,
            true,
        ),
    ] {
        let known = after(&events);
        let found = (known.counts(), known.is_closed(), known.is_settled());
        assert_eq!(found, (counts, done, settled), "{events:?}");
    }
}

#[test]
fn a_claim_that_ends_counts_by_whose_fault_that_was() {
    type Counter = fn(&Tally) -> u32;
    let table: [(Outcome, Counter); 4] = [
        (Outcome::Failed, |tally| tally.tries),
        (Outcome::ContextFull, |tally| tally.contexts),
        (Outcome::OverBudget, |tally| tally.budgets),
        (Outcome::Lost, |tally| tally.gone),
    ];

    for (outcome, counter) in table {
        let once = after(&[by_slot(1), released(outcome)]);
        let twice = after(&[by_slot(1), released(outcome), by_slot(2), released(outcome)]);
        assert_eq!(counter(&once.tally), 1, "{outcome:?}");
        assert_eq!(counter(&twice.tally), 2, "{outcome:?}");
        let Tally {
            tries,
            contexts,
            budgets,
            gone,
            ..
        } = once.tally;
        assert_eq!(tries + contexts + budgets + gone, 1, "{outcome:?}");
    }

    let nobody = after(&[by_slot(1), released(Outcome::Stopped)]);
    assert_eq!(nobody.tally, Tally::default());
    let lost = after(&[by_slot(1), released(Outcome::Lost)]);
    assert_eq!(lost.tally.gone_at, at(2));
}

#[test]
fn a_claim_that_ends_leaves_the_feature_open_with_a_note_of_what_was_tried() {
    let failed = after(&[by_slot(1), released(Outcome::Failed)]);
    assert_eq!(failed.stage, Stage::Open { question: None });
    let (by, text) = last_note(&failed);
    assert_eq!(by, "supercargo");
    assert!(
        text.contains("Claim 1") && text.contains("exit 1"),
        "{text}"
    );
    let never = after(&[by_slot(1), released(Outcome::NeverStarted)]);
    assert_eq!(never.notes.len(), 0, "nothing was tried");

    let question = "which?".to_owned();
    let asked = event::QuestionAsked {
        epoch: Epoch(1),
        question: question.clone(),
    };
    let waits = after(&[by_slot(1), asked.into(), released(Outcome::Asked)]);
    let question = Some(question);
    assert_eq!(
        waits.stage,
        Stage::Open { question },
        "it waits for a person"
    );
}

#[test]
fn silence_counts_against_sessions_of_ours_only() {
    for (claim, gone) in [(by_slot(1), 1), (by_ann(1), 0)] {
        let known = after(&[claim, expired()]);
        assert_eq!(known.tally.gone, gone);
        assert_eq!(known.stage, Stage::Open { question: None });
        let (_, text) = last_note(&known);
        assert!(text.contains("Claim 1 expired"), "{text}");
    }
    let gone = after(&[by_slot(1), expired()]);
    assert_eq!(gone.tally.gone_at, at(2));
}

#[test]
fn a_submission_begins_its_reviews_anew_and_its_work_is_safe() {
    let handed_in = after(&[by_slot(1), submitted(1, 'a')]);
    let submission = Submission {
        epoch: Epoch(1),
        sha: sha('a'),
        base: None,
    };
    assert_eq!(handed_in.submission(), Some(&submission));
    assert_eq!(handed_in.secured.get(&Epoch(1)), Some(&Some(sha('a'))));

    let reviewing = after(&[by_slot(1), submitted(1, 'a'), reviewed()]);
    let review = Some(slot_session(2));
    let expected = Stage::Submitted { submission, review };
    assert_eq!(reviewing.stage, expected);
    let vanished = after(&[
        by_slot(1),
        submitted(1, 'a'),
        reviewed(),
        lapsed(Outcome::Lost),
    ]);
    assert_eq!(vanished.stage, handed_in.stage, "nobody looks at it");
    let reviewers = vanished.tally.reviewers;
    assert_eq!((reviewers.gone, reviewers.gone_at), (1, at(4)));

    let again = after(&[
        by_slot(1),
        submitted(1, 'a'),
        reviewed(),
        lapsed(Outcome::Lost),
        rejected(),
        by_slot(2),
        submitted(2, 'b'),
    ]);
    assert_eq!(again.tally.reviewers, Lapses::default());
}

#[test]
fn work_that_goes_back_is_counted_and_says_why() {
    let handed_in = [by_slot(1), submitted(1, 'a'), reviewed()];
    for (event, (rejections, conflicts), by, part) in [
        (rejected(), (1, 0), "reviewer", "\n- no usage line"),
        (merge_rejected(MergeFault::Red), (1, 0), "trunk", "look"),
        (
            merge_rejected(MergeFault::Refused),
            (1, 0),
            "trunk",
            "protected paths (src/x): look",
        ),
        (
            merge_rejected(MergeFault::Conflict),
            (0, 1),
            "trunk",
            "conflicts in src/x. look",
        ),
    ] {
        let known = after(&[&handed_in[..], &[event]].concat());
        let tally = known.tally;
        assert_eq!((tally.rejections, tally.conflicts), (rejections, conflicts));
        assert_eq!(known.stage, Stage::Open { question: None }, "{part}");
        let (said_by, text) = last_note(&known);
        assert_eq!(said_by, by);
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn a_person_gives_a_fresh_start() {
    let used = [by_slot(1), released(Outcome::Failed), set_aside()];
    for fresh in [requeued(), reopened()] {
        let known = after(&[&used[..], &[fresh]].concat());
        assert_eq!(known.tally, Tally::default());
        assert_eq!(known.aside, None);
        assert!(known.is_ready());
    }

    let reopened = after(&[closed(Closing::DoneElsewhere), reopened()]);
    let note = last_note(&reopened);
    assert_eq!(note, ("me", "Reopened: broken"));
}

#[test]
fn what_is_done_waits_for_nobody_and_says_which_commit_brought_it_back() {
    let done = after(&[set_aside(), closed(Closing::DoneElsewhere)]);
    assert_eq!((done.aside, done.restored), (None, None));
    let commit = sha('c');
    let restored = after(&[closed(Closing::Restored {
        commit: commit.clone(),
    })]);
    assert_eq!(restored.restored, Some(commit));
}

#[test]
fn lost_work_is_told_with_what_the_gate_holds_of_it() {
    let why = "vanished".to_owned();
    let last_sha = Some(sha('a'));
    let lost = event::WorkLost {
        epoch: Epoch(1),
        last_sha: last_sha.clone(),
        why,
    };
    let known = after(&[by_slot(1), lost.into()]);
    assert_eq!(known.secured.get(&Epoch(1)), Some(&last_sha));
    let (by, text) = last_note(&known);
    assert_eq!(by, "supercargo");
    assert!(text.contains("claim 1 may be lost: vanished"), "{text}");
}

#[test]
fn the_newest_notes_are_kept() {
    let comment = |n: usize| -> Event {
        let (by, text) = ("ann".to_owned(), n.to_string());
        event::Commented { by, text }.into()
    };
    let all: Vec<Event> = (0..NOTES_KEPT + 2).map(comment).collect();
    let full = after(&all[..NOTES_KEPT]);
    assert_eq!(full.notes.len(), NOTES_KEPT);
    assert_eq!(full.notes[0].text, "0");
    let more = after(&all);
    assert_eq!(more.notes.len(), NOTES_KEPT);
    assert_eq!(more.notes[0].text, "2");
    assert_eq!(last_note(&more).1, (NOTES_KEPT + 1).to_string());
}

#[test]
fn an_answer_stands_beside_its_question_only_where_its_author_said_something() {
    let asked: Event = event::QuestionAsked {
        epoch: Epoch(1),
        question: "which?".into(),
    }
    .into();
    let remark = |by: &str| -> Event {
        let (by, text) = (by.to_owned(), "the old ones".to_owned());
        event::Commented { by, text }.into()
    };
    let answered: Event = event::QuestionAnswered { by: "ann".into() }.into();

    for (by, marked) in [("ann", true), ("bob", false)] {
        let known = after(&[asked.clone(), remark(by), answered.clone()]);
        let (_, text) = last_note(&known);
        assert_eq!(text.starts_with("Answer of a person"), marked, "{by}");
        assert!(known.is_ready());
    }
}

#[test]
fn a_place_in_the_queue_is_changed_whole() {
    let (priority, rank) = (1, -7);
    let known = after(&[event::Ranked { priority, rank }.into()]);
    assert_eq!((known.content.priority, known.content.rank), (1, -7));
}
