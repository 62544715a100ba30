//! A walk along the log ends where a look at every position would have ended, and a step back
//! undoes a step forward.

use std::sync::Arc;

use events::stream::Position;
use supercargo::replay::{
    Expression, Found, Interest, Recorded, Sought, Subject, View, Viewer, Way,
};

use super::laws::{recorded, run, zoo};
use crate::world::{World, story};

const BREAKS: [&str; 5] = [
    "project.closed > 1",
    "slots.exists(s, s.n == 1 && s.role == 'coder')",
    "project.total - project.closed == 1",
    "event.type == 'feature.closed' && project.closed > 1",
    "event.type.startsWith('container.')",
];

/// Positions at which one of these newly holds, by a look at each.
async fn looked_up(recorded: &Recorded, subject: &Subject, asked: &Expression) -> Vec<Position> {
    let head = recorded.head().await.expect("a head");
    let (mut found, mut held) = (vec![], false);
    for position in 1..=head.0 {
        let event = recorded.event(Position(position)).await.expect("an event");
        if !subject.is_moved_by(&event) {
            continue;
        }
        let answer = recorded.ask(asked, subject, Position(position)).await;
        let holds = answer.expect("an answer").holds();
        if holds && (!held || asked.is_of_events()) {
            found.push(Position(position));
        }
        held = holds;
    }
    found
}

/// What a walk is to find from a position, among the positions that are to be found.
fn nearest(all: &[Position], (from, way): (Position, Way)) -> Option<Position> {
    match way {
        Way::On => all.iter().find(|one| **one > from).copied(),
        Way::Back => all.iter().rev().find(|one| **one < from).copied(),
    }
}

/// Walks from everywhere, both ways.
async fn walks(recorded: &Recorded, subject: &Subject, sought: &Sought, all: &[Position]) {
    let head = recorded.head().await.expect("a head").0;
    for from in (0..=head).step_by(29).chain([head]) {
        for way in [Way::On, Way::Back] {
            let from = (Position(from), way);
            let found = recorded.walk(sought, subject, from).await.expect("a walk");
            let found = found.map(|found| found.position);
            assert_eq!(found, nearest(all, from), "{sought:?} from {from:?}");
        }
    }
}

#[test]
fn a_walk_ends_where_a_look_at_every_position_would() {
    story(|| async {
        let world = World::new();
        let (server, _) = run(&world).await;
        let recorded = recorded(&world);
        let subject = zoo(View::State);
        for text in BREAKS {
            let asked = Arc::new(Expression::parse(text).expect("an expression"));
            let all = looked_up(&recorded, &subject, &asked).await;
            assert!(!all.is_empty(), "{text} never holds");
            walks(&recorded, &subject, &Sought::Holds(vec![asked]), &all).await;
        }

        let head = recorded.head().await.expect("a head").0;
        let mut events = vec![];
        for position in 1..=head {
            events.push(recorded.event(Position(position)).await.expect("an event"));
        }
        let stream = "container-zoo/1".parse().expect("a stream");
        let table = [
            Sought::Type("feature.".to_owned()),
            Sought::Type("feature.closed".to_owned()),
            Sought::Type("feature.clos".to_owned()),
            Sought::Stream(stream),
            Sought::Subject,
        ];
        for sought in table {
            let is = |event: &&events::envelope::Envelope| match &sought {
                Sought::Type(name) if name == "feature." => event.kind.starts_with("feature."),
                Sought::Type(name) => *event.kind == **name,
                Sought::Stream(stream) => event.stream == *stream,
                _ => event.stream.project().is_some(),
            };
            let all: Vec<Position> = events.iter().filter(is).map(|one| one.position).collect();
            assert_eq!(
                all.is_empty(),
                matches!(&sought, Sought::Type(name) if name.ends_with("clos"))
            );
            walks(&recorded, &subject, &sought, &all).await;
        }
        world.end(server).await;
    });
}

#[test]
fn of_several_breaks_the_one_that_was_reached_is_named() {
    story(|| async {
        let world = World::new();
        let (server, _) = run(&world).await;
        let recorded = recorded(&world);
        let asked = ["project.closed > 2", "project.closed > 0"];
        let asked = asked.map(|text| Arc::new(Expression::parse(text).expect("one")));
        let sought = Sought::Holds(asked.to_vec());
        let subject = zoo(View::State);
        let walk = |from, way| recorded.walk(&sought, &subject, (from, way));

        let first = walk(Position(0), Way::On)
            .await
            .expect("a walk")
            .expect("one");
        let last = walk(first.position, Way::On)
            .await
            .expect("a walk")
            .expect("one");
        assert_eq!((first.which, last.which), (1, 0));
        assert_eq!(walk(last.position, Way::On).await.expect("a walk"), None);
        let head = recorded.head().await.expect("a head");
        let back = walk(head, Way::Back).await.expect("a walk");
        assert_eq!(back, Some(Found { which: 0, ..last }));

        let neither = Arc::new(Expression::parse("project.total").expect("one"));
        let sought = Sought::Holds(vec![neither]);
        let walked = recorded
            .walk(&sought, &subject, (Position(0), Way::On))
            .await;
        let why = walked.expect_err("no condition").message;
        assert!(why.contains("neither true nor false"), "{why}");
        world.end(server).await;
    });
}

/// Whatever was looked at before, a position looks the same.
#[test]
fn a_look_depends_on_its_position_alone() {
    story(|| async {
        let world = World::new();
        let (server, _) = run(&world).await;
        let recorded = recorded(&world);
        let parsed = |text: &str| Arc::new(Expression::parse(text).expect("an expression"));
        let interest = Interest {
            subject: zoo(View::State),
            breaks: BREAKS.iter().map(|text| parsed(text)).collect(),
            watches: vec![parsed("project.closed"), parsed("event.type")],
        };
        let head = recorded.head().await.expect("a head").0;
        let viewer = Viewer::of(recorded.clone());
        let see = async |viewer: &Viewer, position| {
            let look = viewer.look(Position(position), &interest).await;
            format!("{:?}", look.expect("a look"))
        };

        for from in (0..head).step_by(19) {
            let before = see(&viewer, from).await;
            let there = see(&viewer, from + 1).await;
            assert_eq!(see(&viewer, from).await, before, "a step back to {from}");
            let anew = Viewer::of(recorded.clone());
            assert_eq!(see(&anew, from + 1).await, there, "at {}", from + 1);
        }

        // What a play stops at is what a walk stops at.
        for (n, asked) in interest.breaks.iter().enumerate() {
            let all = looked_up(&recorded, &interest.subject, asked).await;
            for position in (1..=head).step_by(13) {
                let look = viewer
                    .look(Position(position), &interest)
                    .await
                    .expect("a look");
                let stops = look.conditions[n].is_new;
                assert_eq!(
                    stops,
                    all.contains(&Position(position)),
                    "{asked:?} at {position}"
                );
            }
        }
        world.end(server).await;
    });
}

#[test]
fn a_look_tells_what_led_there_what_it_changed_and_what_might_have_been() {
    story(|| async {
        let world = World::new();
        let (server, _) = run(&world).await;
        let recorded = recorded(&world);
        let subject = zoo(View::State);
        let claimed = Sought::Type("feature.claimed".to_owned());
        let first = recorded
            .walk(&claimed, &subject, (Position(0), Way::On))
            .await;
        let first = first.expect("a walk").expect("a claim").position;
        let interest = Interest {
            subject,
            breaks: vec![],
            watches: vec![],
        };
        let viewer = Viewer::of(recorded.clone());
        let look = viewer.look(first, &interest).await.expect("a look");

        let follows: Vec<&str> = look
            .story
            .consequences
            .iter()
            .map(|one| one.event.kind.as_str())
            .collect();
        assert_eq!(
            follows[..2],
            ["container.assigned", "container.start_requested"]
        );
        let next = viewer
            .look(look.story.consequences[1].event.position, &interest)
            .await;
        let causes = next.expect("a look").story.causes;
        let causes: Vec<&str> = causes.iter().map(|one| one.kind.as_str()).collect();
        assert_eq!(causes, ["feature.claimed", "container.assigned"]);

        let changed = look.changed.expect("a change");
        let places = changed.edits.iter().map(|(place, _)| place.to_string());
        assert!(places.clone().count() > 0, "{changed:?}");
        let stream = Subject::Stream(changed.stream);
        let change = recorded.changes(&stream, (Position(first.0 - 1), first));
        let of_state = change
            .await
            .expect("a difference")
            .into_iter()
            .filter_map(|one| one.path.strip_prefix("/state").map(str::to_owned));
        assert_eq!(places.collect::<Vec<_>>(), of_state.collect::<Vec<_>>());

        let deeds: Vec<(&str, &str)> = look
            .alternatives
            .iter()
            .map(|one| (one.deed.as_str(), one.answer.code.unwrap_or("")))
            .collect();
        assert_eq!(deeds[0].0, "claim");
        assert!(deeds.contains(&("reopen", "not_closed")), "{deeds:?}");
        world.end(server).await;
    });
}
