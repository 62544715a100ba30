//! Walks along a log that is longer than what is read at once, and than a chunk of a walk back.

use events::cause::{Cause, Principal};
use events::id::{CommandId, Digest, Timestamp};
use events::log::{Append, EventLog, NewEvent};
use events::memory::MemoryLog;
use events::node::{Event, Started, Stopped};

use super::super::look::{Interest, Viewer};
use super::*;

/// Events of the log.
const LENGTH: u64 = 4_500;
/// Those at which the server stopped; at the others it started.
const STOPS: [u64; 4] = [5, 2_000, 2_001, 4_100];

fn node() -> StreamId {
    "node-1".parse().expect("a stream")
}

fn event(position: u64) -> NewEvent {
    let epoch = position;
    NewEvent::of(&match STOPS.contains(&position) {
        true => Event::from(Stopped { epoch }),
        false => Event::from(Started {
            epoch,
            build: "b".to_owned(),
            last: None,
        }),
    })
}

/// A log in which every event came of the one before, but for the first of each hundred.
async fn long() -> Recorded {
    let log = MemoryLog::new("l");
    for position in 1..=LENGTH {
        let command = CommandId::derived(&["step", &position.to_string()]);
        let mut cause = Cause::first(Principal::Node("n".into()), command);
        cause.causation = Some(Position(position - 1)).filter(|_| position % 100 != 1);
        let append = Append {
            stream: node(),
            expected: Version(position - 1),
            also_expect: vec![],
            events: vec![event(position)],
            command,
            body: Digest([0; 32]),
            cause,
            trace: None,
            at: Timestamp(i64::try_from(position).expect("a time")),
        };
        log.append(append).await.expect("recorded");
    }
    Recorded::of(Arc::new(log), Default::default())
}

fn holds(text: &str) -> Sought {
    Sought::Holds(vec![Arc::new(Expression::parse(text).expect("one"))])
}

#[tokio::test]
async fn a_walk_passes_the_ends_of_batches_and_chunks() {
    let recorded = long().await;
    let subject = Subject::Stream(node());
    let stops = [
        Sought::Type("node.stopped".to_owned()),
        holds("event.type == 'node.stopped'"),
    ];
    for sought in &stops {
        for from in [
            0, 4, 5, 6, 999, 1_999, 2_000, 2_001, 2_002, 4_000, 4_100, LENGTH,
        ] {
            let after = STOPS.iter().find(|stop| **stop > from);
            let before = STOPS.iter().rev().find(|stop| **stop < from);
            for (way, expected) in [(Way::On, after), (Way::Back, before)] {
                let walked = recorded.walk(sought, &subject, (Position(from), way));
                let found = walked.await.expect("a walk").map(|found| found.position.0);
                assert_eq!(found, expected.copied(), "{sought:?} {way:?} from {from}");
            }
        }
    }

    // What holds for long is found where it began, in whichever chunk that is.
    for begins in [1, 64, 1_999, 2_000, 2_001, 4_000] {
        let sought = holds(&format!("state.version > {}", begins - 1));
        for (from, way) in [(0, Way::On), (LENGTH, Way::Back)] {
            let walked = recorded.walk(&sought, &subject, (Position(from), way));
            let found = walked.await.expect("a walk").map(|found| found.position.0);
            assert_eq!(found, Some(begins), "{way:?}");
        }
    }
}

/// A walk that nobody waits for any more has given way long before its end.
#[tokio::test]
async fn a_walk_gives_way_at_every_answer() {
    let recorded = long().await;
    let subject = Subject::Stream(node());
    let sought = holds("state.version > 4499");
    let walk = recorded.walk(&sought, &subject, (Position(0), Way::On));
    let mut gave_way = 0;
    tokio::pin!(walk);
    let walked = std::future::poll_fn(|context| {
        let polled = walk.as_mut().poll(context);
        gave_way += usize::from(polled.is_pending());
        polled
    });
    assert!(walked.await.expect("a walk").is_some());
    assert!(gave_way > 4_000, "{gave_way}");
}

#[tokio::test]
async fn a_story_is_followed_over_pages_and_has_its_bounds() {
    let viewer = Viewer::of(long().await);
    let interest = Interest {
        subject: Subject::Stream(node()),
        breaks: vec![],
        watches: vec![],
    };
    let table = [
        // position, causes, consequences
        (1, 0, 99),
        (100, 20, 0),
        (240, 20, 60),
        (251, 20, 49),
        (LENGTH, 20, 0),
    ];
    for (position, causes, consequences) in table {
        let look = viewer.look(Position(position), &interest).await;
        let look = look.expect("a look");
        let found = (look.story.causes.len(), look.story.consequences.len());
        assert_eq!(found, (causes, consequences), "of {position}");
        assert_eq!(look.head, Position(LENGTH));

        let nearest = look.story.causes.last().map(|cause| cause.position.0);
        let before = (causes > 0).then_some(position - 1);
        assert_eq!(nearest, before, "of {position}");
        let around = look.around.iter().map(|event| event.position.0);
        let first = position.saturating_sub(60).max(1);
        let expected = first..=(position + 60).min(LENGTH);
        assert!(around.eq(expected), "around {position}");
    }
    let beyond = viewer.look(Position(LENGTH + 9), &interest).await;
    assert!(beyond.is_err(), "{beyond:?}");
}
