//! The log in memory is the reference of the others: what it answers, and what it holds then.

use futures::executor::block_on;

use super::*;
use crate::cause::{Cause, Principal};
use crate::codec::Kind;
use crate::id::Digest;
use crate::log::NewEvent;

fn stream(name: &str) -> StreamId {
    name.parse().expect("a stream")
}

/// An append of so many events to a stream at this version, as the command of this number.
fn append(name: &str, expected: u64, events: usize, command: u8) -> Append {
    let kind = Kind {
        name: "feature.commented",
        schema: 1,
    };
    let event = NewEvent {
        kind,
        payload: vec![command],
    };
    let id = CommandId([command; 16]);

    Append {
        stream: stream(name),
        expected: Version(expected),
        also_expect: vec![],
        events: vec![event; events],
        command: id,
        body: Digest::of(&[command]),
        cause: Cause::first(Principal::Operator("ann".into()), id),
        trace: None,
        at: Timestamp(i64::from(command) * 10),
    }
}

fn places(read: Result<Vec<Envelope>, ReadError>) -> Vec<u64> {
    let read = read.expect("read");
    read.iter().map(|envelope| envelope.position.0).collect()
}

/// Two streams: positions 1, 2 and 5 are of the one, 3 and 4 of the other.
fn written() -> MemoryLog {
    let log = MemoryLog::new("zoo");
    for (name, expected, events, command) in [
        ("feature-zoo/a", 0, 2, 1),
        ("feature-zoo/b", 0, 2, 2),
        ("feature-zoo/a", 2, 1, 3),
    ] {
        let receipt = block_on(log.append(append(name, expected, events, command)));
        let version = receipt.expect("recorded").version;
        assert_eq!(version.0, expected + events as u64);
    }
    log
}

#[test]
fn what_was_recorded_is_read_by_place_and_by_stream() {
    let log = written();
    for (after, limit, wanted) in [
        (0, 100, vec![1, 2, 3, 4, 5]),
        (0, 2, vec![1, 2]),
        (2, 2, vec![3, 4]),
        (4, 9, vec![5]),
        (5, 9, vec![]),
        (9, 9, vec![]),
        (0, 0, vec![]),
    ] {
        let read = block_on(log.read_all(Position(after), limit));
        assert_eq!(places(read), wanted, "after {after}, {limit}");
    }
    for (name, after, limit, wanted) in [
        ("feature-zoo/a", 0, 9, vec![1, 2, 5]),
        ("feature-zoo/a", 1, 1, vec![2]),
        ("feature-zoo/a", 3, 9, vec![]),
        ("feature-zoo/b", 0, 9, vec![3, 4]),
        ("feature-zoo/c", 0, 9, vec![]),
    ] {
        let read = block_on(log.read_stream(&stream(name), Version(after), limit));
        assert_eq!(places(read), wanted, "{name} after {after}, {limit}");
    }

    let head = block_on(log.head()).expect("a head");
    let last = block_on(log.read_all(Position(4), 1))
        .expect("read")
        .remove(0);
    assert_eq!((head.position, head.digest), (Position(5), last.digest));
    assert_eq!(log.id(), "zoo");
    let empty = MemoryLog::new("other");
    let head = block_on(empty.head()).expect("a head");
    assert_eq!((head.position.0, head.digest), (0, genesis("other")));
}

#[test]
fn a_command_is_answered_once_whatever_else_it_says_then() {
    let log = written();
    let first = block_on(log.remembered(CommandId([1; 16]))).expect("read");
    let first = first.expect("it was accepted");
    assert_eq!(first.body, Digest::of(&[1]));
    assert_eq!((first.receipt.position.0, first.receipt.version.0), (2, 2));
    let unknown = block_on(log.remembered(CommandId([9; 16])));
    assert_eq!(unknown, Ok(None));

    let same = block_on(log.append(append("feature-zoo/a", 0, 2, 1)));
    let mut other = append("feature-zoo/b", 2, 1, 1);
    other.body = Digest::of(b"another");
    let other = block_on(log.append(other));
    for (answer, same_body) in [(same, true), (other, false)] {
        let receipt = first.receipt.clone();
        let repeated = AppendError::Repeated { receipt, same_body };
        assert_eq!(answer, Err(repeated));
    }
}

#[test]
fn what_is_refused_leaves_nothing_behind() {
    let log = written();
    let mut elsewhere = append("feature-zoo/a", 3, 1, 7);
    elsewhere.also_expect = vec![(stream("feature-zoo/b"), Version(1))];

    for (refused, is_as_expected) in [
        (
            append("feature-zoo/a", 2, 1, 7),
            (|e| matches!(e, AppendError::Conflict { actual, .. } if actual.0 == 3))
                as fn(&AppendError) -> bool,
        ),
        (
            elsewhere,
            |e| matches!(e, AppendError::Precondition { actual, .. } if actual.0 == 2),
        ),
        (append("feature-zoo/a", 3, 0, 7), |e| {
            matches!(e, AppendError::Invalid(_))
        }),
    ] {
        let error = block_on(log.append(refused)).expect_err("refused");
        assert!(is_as_expected(&error), "{error}");
    }

    assert_eq!(block_on(log.head()).expect("a head").position.0, 5);
    assert_eq!(block_on(log.remembered(CommandId([7; 16]))), Ok(None));
    let after = block_on(log.append(append("feature-zoo/a", 3, 1, 7)));
    assert_eq!(after.expect("recorded").position.0, 6);
}

#[test]
fn time_never_goes_back() {
    let log = written();
    let mut early = append("feature-zoo/b", 2, 1, 4);
    early.at = Timestamp(1);
    block_on(log.append(early)).expect("recorded");
    let all = block_on(log.read_all(Position(0), 9)).expect("read");
    let times: Vec<i64> = all.iter().map(|envelope| envelope.at.0).collect();
    assert_eq!(times, [10, 10, 20, 20, 30, 30]);
}
