//! What holds of replay whatever the log: a state of the past is the one that was seen live, a
//! difference leads from one state to the other, and a search by halves finds what a walk finds.

use std::collections::BTreeMap;
use std::sync::Arc;

use events::id::Timestamp;
use events::log::EventLog;
use events::stream::Position;
use events::view::Projections;
use json_patch::jsonptr::PointerBuf;
use serde_json::{Map, Value};
use supercargo::api::{Change, Edit};
use supercargo::replay::{Expression, Recorded, Subject, View};

use crate::world::{Server, World, ZOO, scripted, story};

const VIEWS: [View; 8] = [
    View::State,
    View::Project,
    View::Board,
    View::Features,
    View::Fleet,
    View::Queue,
    View::Needs,
    View::Sessions,
];

/// A question to which the answer is no from the beginning to the end.
const NEVER: &str = "project.closed > 99";

/// What was seen of every view.
pub(super) type Seen = BTreeMap<Position, Vec<Option<Value>>>;

pub(super) fn zoo(view: View) -> Subject {
    Subject::Project(ZOO.parse().expect("a name"), view)
}

fn every_view(projections: &Projections) -> Vec<Option<Value>> {
    let views = VIEWS.iter().map(|view| zoo(*view).document(projections));
    views
        .chain([Subject::Projects.document(projections)])
        .collect()
}

/// A fleet with trouble on its way, and what was seen of it live.
pub(super) async fn run(world: &World) -> (Server, Seen) {
    let server = world.start().await;
    let items = vec![
        scripted("roof", "write roof tiles\ncommit Roof\nsubmit", &["walls"]),
        scripted(
            "walls",
            "@1 exit 1\n@2+ write walls stone\n@2+ commit W\n@2+ submit",
            &[],
        ),
        scripted("floor", "write floor wood\ncommit Floor\nsubmit", &[]),
    ];
    server.open_zoo(world, 2, items).await.expect("opened");

    let watched = server.core.projector.clone();
    let (over, mut ended) = tokio::sync::oneshot::channel::<()>();
    let watcher = tokio::spawn(async move {
        let mut seen = Seen::new();
        let mut changes = watched.changes();
        loop {
            changes.mark_unchanged();
            let look = watched.read(|now| (now.position, every_view(now)));
            seen.insert(look.0, look.1);
            tokio::select! {
                () = changes.changed() => {}
                _ = &mut ended => return seen,
            }
        }
    });

    world.within("completed", server.completed()).await;
    drop(over);
    let seen = watcher.await.expect("a watcher");
    (server, seen)
}

pub(super) fn recorded(world: &World) -> Recorded {
    let log: Arc<dyn EventLog> = world.log.clone();
    Recorded::of(log, Default::default())
}

#[test]
fn a_state_of_the_past_is_the_one_that_was_seen_live() {
    story(|| async {
        let world = World::new();
        let (server, seen) = run(&world).await;
        let recorded = recorded(&world);
        assert!(seen.len() > 30, "{} looks", seen.len());

        // Backwards and forwards: what was looked at before makes no difference.
        for (position, live) in seen.iter().rev().chain(seen.iter()) {
            let then = recorded.at(*position).await.expect("an instant");
            assert_eq!(&then.read(every_view), live, "at {position}");
        }
        world.end(server).await;
    });
}

#[test]
fn a_time_stands_for_the_last_event_that_is_not_after_it() {
    story(|| async {
        let world = World::new();
        let (server, _) = run(&world).await;
        let recorded = recorded(&world);
        let log = world.log.read_all(Position(0), usize::MAX).await;
        let times: Vec<_> = log.expect("a log").iter().map(|event| event.at).collect();
        let (first, last) = (times[0], times[times.len() - 1]);

        let random = (0..50).map(|_| fastrand::i64(first.0 - 9..=last.0 + 9));
        for asked in random.chain([first.0 - 1, first.0, last.0, last.0 + 1]) {
            let walked = times.iter().take_while(|at| at.0 <= asked).count() as u64;
            let when = supercargo::api::time(Timestamp(asked));
            let found = recorded.position_of(&when).await.expect("a position");
            assert_eq!(found, Position(walked), "{when}");
        }
        world.end(server).await;
    });
}

/// The states of a project's streams, by the streams' names.
fn by_stream(projections: &Projections, changes: &[Change]) -> BTreeMap<String, Value> {
    let streams = changes.iter().map(|change| change.stream.clone());
    let state = |name: &String| {
        let subject = Subject::Stream(name.parse().expect("a stream"));
        subject.document(projections).unwrap_or(Value::Null)
    };
    streams.map(|name| (name.clone(), state(&name))).collect()
}

fn apply(state: &mut Value, change: &Change) {
    let path = PointerBuf::parse(change.path.clone()).expect("a pointer");
    if path.is_root() {
        let Edit::Added { is } = &change.edit else {
            panic!("{change:?}")
        };
        state.clone_from(is);
        return;
    }
    let patch = match &change.edit {
        Edit::Added { is } => serde_json::json!({"op": "add", "path": path, "value": is}),
        Edit::Changed { is, .. } => serde_json::json!({"op": "replace", "path": path, "value": is}),
        Edit::Removed { .. } => serde_json::json!({"op": "remove", "path": path}),
    };
    let patch: json_patch::Patch =
        serde_json::from_value(Value::Array(vec![patch])).expect("a patch");
    json_patch::patch(state, &patch).expect("it fits");
}

#[test]
fn a_difference_leads_from_one_state_to_the_other_and_names_the_events() {
    story(|| async {
        let world = World::new();
        let (server, seen) = run(&world).await;
        let recorded = recorded(&world);
        let head = recorded.head().await.expect("a head").0;
        let pairs = (0..40).map(|_| {
            let (one, other) = (fastrand::u64(0..=head), fastrand::u64(0..=head));
            (Position(one.min(other)), Position(one.max(other)))
        });

        for (from, to) in pairs.chain([(Position(0), Position(head))]) {
            let changes = recorded.changes(&zoo(View::State), (from, to)).await;
            let changes = changes.expect("a difference");
            let before = recorded.at(from).await.expect("an instant");
            let after = recorded.at(to).await.expect("an instant");
            let mut made = before.read(|then| by_stream(then, &changes));
            for change in &changes {
                apply(made.get_mut(&change.stream).expect("a stream"), change);
                assert!(
                    from.0 < change.position && change.position <= to.0,
                    "{change:?}"
                );
            }
            assert_eq!(
                made,
                after.read(|then| by_stream(then, &changes)),
                "{from} to {to}"
            );
            let untouched = before.read(|then| zoo(View::State).document(then));
            let still = after.read(|then| zoo(View::State).document(then));
            assert_eq!(changes.is_empty(), untouched == still, "{from} to {to}");
        }

        drop(seen);
        world.end(server).await;
    });
}

/// Each change is the work of its event: the place was another right before it.
#[test]
fn the_named_event_made_the_change() {
    story(|| async {
        let world = World::new();
        let (server, _) = run(&world).await;
        let recorded = recorded(&world);
        let head = recorded.head().await.expect("a head");
        let between = (Position(head.0 / 3), head);
        let changes = recorded
            .changes(&zoo(View::State), between)
            .await
            .expect("changes");
        assert!(changes.len() > 40, "{}", changes.len());

        for change in changes {
            let path = PointerBuf::parse(change.path.clone()).expect("a pointer");
            let stream = Subject::Stream(change.stream.parse().expect("a stream"));
            let mut around = Vec::new();
            for position in [change.position - 1, change.position] {
                let then = recorded.at(Position(position)).await.expect("an instant");
                let state = then.read(|then| stream.document(then));
                let state = state.unwrap_or(Value::Object(Map::new()));
                around.push(path.resolve(&state).ok().cloned());
            }
            assert_ne!(around[0], around[1], "{change:?}");
            let event = recorded
                .event(Position(change.position))
                .await
                .expect("an event");
            assert_eq!(
                (event.stream.to_string(), event.kind.to_string()),
                (change.stream, change.event)
            );
        }
        world.end(server).await;
    });
}

#[test]
fn a_search_by_halves_finds_what_a_walk_finds() {
    story(|| async {
        let world = World::new();
        let (server, _) = run(&world).await;
        let recorded = recorded(&world);
        let head = recorded.head().await.expect("a head");
        let questions = [
            "project.closed > 0",
            "project.closed > 1",
            "project.closed == 3",
            "project.total >= 3",
            "sessions.size() > 2",
            "features.exists(f, f.content.title == 'roof')",
            "features.exists(f, f.content.title == 'roof' && f.status == 'closed')",
            "state.merge_queue.version > 4",
            // Of these there are many places, and they end as they began.
            "queue.queue.size() > 0",
            "slots.exists(slot, slot.status == 'running')",
            NEVER,
        ];

        for question in questions {
            let asked = Expression::parse(question).expect("an expression");
            let subject = zoo(View::State);
            let mut walked = Vec::new();
            let mut before = false;
            for position in 0..=head.0 {
                let answer = recorded.ask(&asked, &subject, Position(position)).await;
                let holds = answer.expect("an answer").holds();
                if position > 0 && holds != before {
                    walked.push((Position(position), holds));
                }
                before = holds;
            }
            assert_eq!(walked.is_empty(), question == NEVER, "{question}");
            let ends = [0, head.0 / 2, head.0];
            for (from, to) in ends.into_iter().flat_map(|from| ends.map(|to| (from, to))) {
                if from >= to {
                    continue;
                }
                let (from, to) = (Position(from), Position(to));
                let within = |flip: &&(Position, bool)| from < flip.0 && flip.0 <= to;
                let flips: Vec<_> = walked.iter().filter(within).copied().collect();

                let found = recorded.bisect(&asked, &subject, (from, to)).await;
                let found = found.expect("a search");
                let found = found.map(|flip| (flip.position, flip.holds));
                let told = format!("{question} between {from} and {to}: {flips:?}");
                match (found, flips.len() % 2) {
                    // It is the same at both ends: the first place, if there is any.
                    (found, 0) => assert_eq!(found, flips.first().copied(), "{told}"),
                    (Some(found), _) => assert!(flips.contains(&found), "{told}: {found:?}"),
                    (None, _) => panic!("{told}: nothing is found"),
                }
            }
        }
        world.end(server).await;
    });
}
