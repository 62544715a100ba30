//! What every log holds of an append, whatever it is written to: its bounds, what it expects, and
//! the envelopes that it becomes.

use super::*;
use crate::cause::Principal;
use crate::envelope::{PAYLOAD_MAX, genesis};

fn stream(name: &str) -> StreamId {
    name.parse().expect("a stream")
}

/// An append of events with payloads of these lengths.
fn append(payloads: &[usize]) -> Append {
    let kind = Kind {
        name: "feature.commented",
        schema: 1,
    };
    let event = |length: &usize| NewEvent {
        kind,
        payload: vec![0; *length],
    };
    let command = CommandId([1; 16]);

    Append {
        stream: stream("feature-zoo/f1"),
        expected: Version(4),
        also_expect: vec![],
        events: payloads.iter().map(event).collect(),
        command,
        body: Digest::of(b"body"),
        cause: Cause::first(Principal::Operator("ann".into()), command),
        trace: Some("trace".into()),
        at: Timestamp(90),
    }
}

#[test]
fn an_append_holds_one_to_256_events_none_larger_than_its_bound() {
    for (what, payloads, fits) in [
        ("nothing", vec![], false),
        ("one", vec![1], true),
        ("as many as fit", vec![1; EVENTS_PER_APPEND_MAX], true),
        ("one more", vec![1; EVENTS_PER_APPEND_MAX + 1], false),
        ("as large as fits", vec![1, PAYLOAD_MAX], true),
        ("a byte more", vec![PAYLOAD_MAX + 1, 1], false),
        ("empty ones", vec![0, 0], true),
    ] {
        let checked = append(&payloads).check_bounds();
        let refused = matches!(checked, Err(AppendError::Invalid(_)));
        assert_eq!((checked.is_ok(), refused), (fits, !fits), "{what}");
    }
}

#[test]
fn an_append_names_the_stream_that_is_elsewhere() {
    let (own, other) = (stream("feature-zoo/f1"), stream("project-zoo"));
    let mut append = append(&[1]);
    append.also_expect = vec![(own.clone(), Version(4)), (other.clone(), Version(9))];
    let at = |own_at: u64, other_at: u64| {
        let version = |asked: &StreamId| match *asked == other {
            true => Version(other_at),
            false => Version(own_at),
        };
        append.check_expectations(version)
    };

    assert_eq!(at(4, 9), Ok(()));
    for actual in [3, 5] {
        let conflict = AppendError::Conflict {
            stream: own.clone(),
            expected: Version(4),
            actual: Version(actual),
        };
        assert_eq!(at(actual, 9), Err(conflict));
    }
    for actual in [8, 10] {
        let precondition = AppendError::Precondition {
            stream: other.clone(),
            expected: Version(9),
            actual: Version(actual),
        };
        assert_eq!(at(4, actual), Err(precondition));
    }
}

#[test]
fn envelopes_follow_what_is_there_without_a_gap() {
    let head = Head {
        position: Position(10),
        digest: genesis("zoo"),
    };
    let recorded = append(&[3, 5]).envelopes(head, Timestamp(80));
    let places: Vec<_> = recorded
        .iter()
        .map(|e| (e.position.0, e.version.0))
        .collect();
    assert_eq!(places, [(11, 5), (12, 6)]);
    let lengths: Vec<_> = recorded.iter().map(|e| e.payload.len()).collect();
    assert_eq!(lengths, [3, 5]);

    let mut digest = head.digest;
    for envelope in &recorded {
        assert_eq!(envelope.digest, envelope.chained(digest));
        digest = envelope.digest;
        assert_eq!(envelope.trace.as_deref(), Some("trace"));
        assert_eq!(envelope.command, CommandId([1; 16]));
    }

    // A clock that went back records the time of the last event.
    for (last, at) in [(80, 90), (90, 90), (95, 95)] {
        let recorded = append(&[1]).envelopes(head, Timestamp(last));
        assert_eq!(recorded[0].at, Timestamp(at), "after {last}");
    }
}
