//! One stream's host over a log in memory: decided once, answered again, decided anew when somebody
//! else was first, and started anew when the log did not say what happened.

use std::sync::atomic::Ordering;

use events::feature::{Command, Event, Feature, event};
use events::log::EventLog;
use events::view::NeedKind;

use super::*;
use crate::testbed_tests::{Testbed, code, command_id, holder, with_hosts, zoo};

const STREAM: &str = "feature-z/a";

fn claim(by: &str) -> Command {
    let holder = holder(by);
    Command::Claim { holder }
}

fn comment(text: &str) -> Command {
    let (by, text) = ("ann".to_owned(), text.to_owned());
    Command::Comment { by, text }
}

async fn send(bed: &Testbed, id: u8, command: Command) -> Result<Executed<Feature>, ExecuteError> {
    bed.send::<Feature>(STREAM, id, command).await
}

async fn recorded(bed: &Testbed) -> usize {
    let head = bed.log.head().await.expect("a head");
    usize::try_from(head.position.0).expect("small")
}

#[test]
fn a_command_is_carried_out_once_and_answered_the_same_again() {
    with_hosts(async {
        let bed = Testbed::with(&["a"]).await;
        let before = recorded(&bed).await;
        let first = send(&bed, 1, claim("ann")).await.expect("accepted");
        assert_eq!(first.receipt.version, Version(2));
        assert!(matches!(&first.events[..], [Event::Claimed(_)]));

        // Its repetition is refused by the rules, and is the same answer all the same.
        let again = send(&bed, 1, claim("ann")).await.expect("accepted");
        assert_eq!(again, first);
        assert_eq!(recorded(&bed).await, before + 1);
        let other = send(&bed, 1, claim("bob")).await;
        assert_eq!(code(other), "id_reused");
        let repeated = send(&bed, 2, comment("x")).await.expect("accepted");
        assert_eq!(send(&bed, 2, comment("x")).await, Ok(repeated));
        assert_eq!(code(send(&bed, 2, comment("y")).await), "id_reused");

        assert_eq!(code(send(&bed, 3, claim("bob")).await), "held");
        assert_eq!(recorded(&bed).await, before + 2);
    });
}

#[test]
fn what_is_so_already_records_nothing_and_says_where_the_stream_is() {
    with_hosts(async {
        let bed = Testbed::with(&["a", "b"]).await;
        let before = recorded(&bed).await;
        let by = crate::scene::feature("b");
        let unblock = Command::Unblock { by };
        let done = send(&bed, 1, unblock).await.expect("accepted");
        assert_eq!((done.events.len(), done.receipt.version), (0, Version(1)));
        assert_eq!(recorded(&bed).await, before);
    });
}

#[test]
fn who_was_second_decides_again_on_what_the_first_did() {
    with_hosts(async {
        let bed = Testbed::with(&["a"]).await;
        send(&bed, 1, comment("loaded")).await.expect("accepted");
        let (epoch, holder) = (events::id::Epoch(1), holder("bob"));
        bed.of("a", event::Claimed { epoch, holder }).await;
        assert_eq!(code(send(&bed, 2, claim("ann")).await), "held");
        let last = send(&bed, 3, comment("on")).await.expect("accepted");
        assert_eq!(last.receipt.version, Version(4));
    });
}

#[test]
fn a_stream_that_moves_at_every_try_is_stale() {
    with_hosts(async {
        let bed = Testbed::with(&["a"]).await;
        let stream: StreamId = STREAM.parse().expect("a stream");
        for _ in 0..DECISIONS_MAX {
            let conflict = AppendError::Conflict {
                stream: stream.clone(),
                expected: Version(1),
                actual: Version(2),
            };
            bed.log.answers.lock().expect("free").push_back(conflict);
        }
        let answer = send(&bed, 1, comment("x")).await;
        assert_eq!(code(answer), format!("stale {stream}"));
        send(&bed, 1, comment("x")).await.expect("accepted now");
    });
}

#[test]
fn a_command_holds_only_while_the_streams_it_names_stand_still() {
    with_hosts(async {
        let bed = Testbed::with(&["a"]).await;
        let project: StreamId = "project-z".parse().expect("a stream");
        for (version, expected) in [(1, "stale project-z"), (2, "")] {
            let given = vec![(project.clone(), Version(version))];
            let answer = bed
                .send_given::<Feature>(STREAM, 1, claim("ann"), given)
                .await;
            match expected {
                "" => drop(answer.expect("accepted")),
                expected => assert_eq!(code(answer), expected),
            }
        }
    });
}

/// What the rules say to a state that the caller never saw is no answer to it.
#[test]
fn a_command_about_another_version_of_its_stream_is_overtaken_and_not_refused() {
    with_hosts(async {
        let bed = Testbed::with(&["a"]).await;
        let own: StreamId = STREAM.parse().expect("a stream");
        send(&bed, 1, claim("ann")).await.expect("claimed");
        for (version, expected) in [(1, format!("stale {own}")), (2, "held".to_owned())] {
            let given = vec![(own.clone(), Version(version))];
            let answer = bed
                .send_given::<Feature>(STREAM, 2, claim("bob"), given)
                .await;
            assert_eq!(code(answer), expected);
        }
    });
}

#[test]
fn what_the_log_does_not_take_is_said_and_the_next_command_finds_the_truth() {
    let gone = || "gone".to_owned();
    let table = [
        (AppendError::Busy, "busy", false),
        (AppendError::Invalid(gone()), "invalid", false),
        (AppendError::Unknown(gone()), "unknown", true),
        (AppendError::Closed(gone()), "unavailable", true),
        (AppendError::NotNow(gone()), "unavailable", true),
    ];

    for (answer, expected, fails) in table {
        with_hosts(async move {
            let bed = Testbed::with(&["a"]).await;
            for _ in 0..Chore::Record.heard_after() {
                let answers = &bed.log.answers;
                answers.lock().expect("free").push_back(answer.clone());
                let said = code(send(&bed, 1, claim("ann")).await);
                assert_eq!(said, expected, "{answer:?}");
            }
            let needs = bed.faults.needs_you(&zoo());
            let stuck = needs.iter().any(|need| need.kind == NeedKind::Stuck);
            assert_eq!(stuck, fails, "{answer:?}");

            let done = send(&bed, 1, claim("ann")).await.expect("accepted now");
            assert_eq!(done.receipt.version, Version(2));
            assert_eq!(bed.faults.needs_you(&zoo()).len(), 0, "it works again");
        });
    }
}

/// The append whose end nobody heard of was recorded: it is found, and not done again.
#[test]
fn an_append_of_unknown_end_that_was_recorded_is_answered_as_done() {
    with_hosts(async {
        let bed = Testbed::with(&["a"]).await;
        bed.log.loses_an_answer.store(true, Ordering::SeqCst);
        let answer = send(&bed, 1, claim("ann")).await;
        assert_eq!(code(answer), "unknown");
        let before = recorded(&bed).await;
        let again = send(&bed, 1, claim("ann")).await.expect("it was done");
        assert!(matches!(&again.events[..], [Event::Claimed(_)]));
        assert_eq!(again.receipt.version, Version(2));
        assert_eq!(recorded(&bed).await, before);
    });
}

#[test]
fn a_stream_that_is_longer_than_one_read_is_loaded_whole() {
    with_hosts(async {
        let bed = Testbed::with(&["a"]).await;
        let length = LOAD_BATCH as u64 * 2;
        for n in 1..length {
            let (by, text) = ("ann".to_owned(), n.to_string());
            bed.of("a", event::Commented { by, text }).await;
        }
        let done = send(&bed, 1, claim("ann")).await.expect("accepted");
        assert_eq!(done.receipt.version, Version(length + 1));
        let id = command_id(1);
        let kept = bed.log.remembered(id).await.expect("read").expect("known");
        assert_eq!(kept.receipt, done.receipt);
    });
}

#[test]
fn a_stream_that_cannot_be_folded_is_served_by_nobody() {
    with_hosts(async {
        let bed = Testbed::with(&["a"]).await;
        // An event of another aggregate: this one cannot read it.
        let opened = events::merge_queue::event::Opened {
            branch: "main".into(),
            head: None,
        };
        bed.record::<events::merge_queue::Event>(STREAM, opened)
            .await;
        for id in [1, 2] {
            let answer = send(&bed, id, claim("ann")).await;
            assert_eq!(code(answer), "quarantined");
        }
        let other = bed.send::<Feature>("feature-z/b", 3, claim("ann")).await;
        assert_eq!(code(other), "unknown_feature", "others are served");
    });
}
