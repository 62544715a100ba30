//! Every state of the tables of the aggregates, and whatever each command of theirs leads to: none
//! without a state, none that waits without a wait, and no sentence without events to show for it.

use std::collections::BTreeSet;

use crate::aggregate::Aggregate;
use crate::codec::EventCodec;
use crate::envelope::Envelope;
use crate::id::{SlotNo, Timestamp};
use crate::scene::{Scene, feature};
use crate::stream::{Position, StreamId};
use crate::why::tests::{answered, listed, question};
use crate::why::{About, Kind, Part, Sentence, Shown, streams};
use crate::{container, merge_queue, project};

/// Moments of questions, in seconds after the newest event: at once, within every pause, and after
/// all of them.
const LATER: [i64; 4] = [0, 1, 400, 100_000];

/// A state of an aggregate in a log around it.
pub(crate) struct State {
    pub(crate) name: String,
    pub(crate) scene: Scene,
}

/// The states of a table, and those that one more command leads to from each.
pub(crate) fn states<A: Aggregate>(
    logs: Vec<(&'static str, Vec<A::Event>)>,
    commands: &[(&'static str, A::Command)],
    given: fn() -> Scene,
    stream: &str,
) -> Vec<State> {
    let mut states = Vec::new();
    for (name, log) in logs {
        let state = crate::grid::given::<A>(&log);
        for (command_name, command) in commands {
            let Ok(events) = state.decide(command, Timestamp(1_000_000_000)) else {
                continue;
            };
            let name = format!("{name}, then {command_name}");
            states.push(around::<A>(
                name,
                [log.clone(), events].concat(),
                given(),
                stream,
            ));
        }
        states.push(around::<A>(name.to_owned(), log, given(), stream));
    }
    states
}

fn around<A: Aggregate>(name: String, log: Vec<A::Event>, mut scene: Scene, stream: &str) -> State {
    for event in &log {
        scene.add::<A::Event>(stream, event.clone());
    }
    State { name, scene }
}

/// The features of the tables, in a project that runs.
pub(crate) fn features() -> Vec<State> {
    let given = || {
        let mut scene = Scene::running(2);
        scene.feature("other", 2).admitted("a");
        scene
    };
    let (logs, commands) = (
        crate::feature::tests::logs(),
        crate::feature::tests::commands(),
    );
    states::<crate::feature::Feature>(logs, &commands, given, "feature-z/a")
}

pub(crate) fn slots() -> Vec<State> {
    let given = || {
        let mut scene = Scene::running(0);
        scene.project(project::event::TargetSet { count: 1 });
        scene
    };
    let (logs, commands) = (container::tests::logs(), container::tests::commands());
    states::<container::Container>(logs, &commands, given, "container-z/1")
}

pub(crate) fn projects() -> Vec<State> {
    let (logs, commands) = (project::tests::logs(), project::tests::commands());
    states::<project::Project>(logs, &commands, Scene::new, "project-z")
}

/// The merge queues of the tables, in a project that runs; its own queue is left out.
pub(crate) fn queues() -> Vec<State> {
    let given = || {
        let mut whole = Scene::running(2);
        whole.feature("feat-1", 2);
        let mut scene = Scene::new();
        let own = whole
            .log
            .iter()
            .filter(|event| !matches!(event.stream, StreamId::MergeQueue(_)));
        for event in own {
            scene.again(event);
        }
        scene
    };
    let (logs, commands) = (merge_queue::tests::logs(), merge_queue::tests::commands());
    states::<merge_queue::MergeQueue>(logs, &commands, given, "trunk-z")
}

impl Scene {
    /// Adds an event as it was recorded elsewhere.
    fn again(&mut self, event: &Envelope) -> &mut Self {
        match event.stream {
            StreamId::Project(_) => self.copied::<project::Event>(event),
            StreamId::Backlog(_) => self.copied::<crate::backlog::Event>(event),
            StreamId::Feature(..) => self.copied::<crate::feature::Event>(event),
            StreamId::Container(..) => self.copied::<container::Event>(event),
            StreamId::MergeQueue(_) => self.copied::<merge_queue::Event>(event),
            StreamId::Node(_) | StreamId::Subscription(_) => self,
        }
    }

    fn copied<E: EventCodec>(&mut self, event: &Envelope) -> &mut Self {
        let known = E::decode(&event.kind, event.schema, &event.payload).expect("known");
        self.add::<E>(&event.stream.to_string(), known)
    }
}

/// The answer about a state at a moment after it.
pub(crate) fn told(state: &State, about: &About, later: i64) -> Vec<Sentence> {
    let seconds = i64::try_from(state.scene.position).expect("small") + later;
    let scene = &state.scene;
    answered(&scene.log, &scene.projections, about, seconds)
}

/// What is over, and waits for nothing.
fn is_over(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Closed
            | Kind::FeatureWithdrawn
            | Kind::FeatureLeft
            | Kind::FeatureUnknown
            | Kind::SlotDismissed
            | Kind::SlotUnknown
            | Kind::ProjectUnknown
            | Kind::ProjectDeleted
            | Kind::ProjectComplete
            | Kind::EntryMerged
            | Kind::EntryLeft
            | Kind::EntryUnknown
            | Kind::SessionEnded
            | Kind::SessionUnknown
    )
}

/// What is wrong with an answer about something in this log.
fn wrong(said: &[Sentence], scene: &Scene, now: Timestamp) -> Option<&'static str> {
    let Some(first) = said.first() else {
        return Some("nothing is said");
    };
    if first.part != Part::Stands {
        return Some("it does not begin with the state");
    }
    let waits = said.iter().any(|one| one.part == Part::Waits);
    if !waits && !is_over(first.kind) {
        return Some("it waits, and nobody knows for what");
    }

    let ends = Position(scene.position);
    for one in said {
        let is_there = |at: &Position| *at <= ends && (*at > Position(0) || ends == Position(0));
        if one.positions.is_empty() || !one.positions.iter().all(is_there) {
            return Some("it cites what is not there");
        }
        if one.until.is_some_and(|until| until <= now) {
            return Some("it waits until what is past");
        }
        if one.text.is_empty() || one.part != one.kind.part() {
            return Some("it says nothing");
        }
    }
    None
}

/// Asks about every state at every moment.
fn walk(states: &[State], about: &About) {
    let mut all = String::new();
    for state in states {
        for later in LATER {
            let said = told(state, about, later);
            if let Some(wrong) = wrong(
                &said,
                &state.scene,
                state.scene.now().plus_ms(later.unsigned_abs() * 1_000),
            ) {
                all += &format!("{} after {later} s: {wrong}\n{}", state.name, listed(&said));
            }
        }
    }
    assert!(all.is_empty(), "{about:?}\n{all}");
}

#[test]
fn no_feature_is_without_a_reason() {
    walk(&features(), &About::Feature(feature("a")));
}

#[test]
fn no_slot_is_without_a_reason() {
    walk(&slots(), &About::Slot(SlotNo(1)));
}

#[test]
fn no_project_is_without_a_reason() {
    walk(&projects(), &About::Project);
    walk(&features(), &About::Project);
    walk(&slots(), &About::Project);
    walk(&queues(), &About::Project);
}

#[test]
fn no_entry_is_without_a_reason() {
    for number in [1, 2, 9] {
        walk(&queues(), &About::Merge(number));
    }
}

/// Every session that any of these logs knows, and one that none does.
#[test]
fn no_session_is_without_a_reason() {
    for n in [1, 2, 3, 9] {
        let about = About::Session(crate::scene::session(n));
        walk(&slots(), &about);
        walk(&features(), &about);
    }
}

/// What stands for what is not there is said to: no sentence passes off an event for another.
#[test]
fn what_is_cited_for_lack_of_an_event_says_so() {
    let mut kinds = BTreeSet::new();
    for state in features() {
        for one in told(&state, &About::Feature(feature("a")), 1) {
            if one.shown == Shown::Newest {
                kinds.insert(one.kind);
            }
        }
    }
    assert_eq!(kinds, [Kind::Due].into());
}

/// What was read of a stream may begin late: the words stay, and the newest event stands in.
#[test]
fn what_is_not_read_is_not_made_up() {
    for state in features() {
        let scene = &state.scene;
        let about = About::Feature(feature("a"));
        let whole = told(&state, &about, 1);
        let seconds = i64::try_from(scene.position).expect("small") + 1;
        let bare = answered(&[], &scene.projections, &about, seconds);

        let kinds = |said: &[Sentence]| -> Vec<Part> { said.iter().map(|one| one.part).collect() };
        assert_eq!(kinds(&bare), kinds(&whole), "{}", state.name);
        let made_up = bare.iter().find(|one| one.text.contains("has worked"));
        assert_eq!(made_up.map(|one| &one.text), None, "{}", state.name);
        for one in &bare {
            let is_there = one.positions.iter().all(|at| at.0 <= scene.position);
            assert!(!one.positions.is_empty() && is_there, "{}", state.name);
        }
    }
}

/// A question names each stream once, and those of the thing that it is about.
#[test]
fn a_question_names_the_streams_that_it_needs() {
    let mut scene = Scene::running(2);
    scene.feature("a", 2).feature("b", 2).feature("c", 2);
    scene.claimed("a", &crate::scene::session(1));
    scene.of("c", crate::feature::event::Blocked { by: feature("b") });
    let whole = [
        "backlog-z",
        "container-z/1",
        "container-z/2",
        "project-z",
        "trunk-z",
    ];

    for (about, more) in [
        (About::Feature(feature("a")), vec!["feature-z/a"]),
        (
            About::Feature(feature("c")),
            vec!["feature-z/b", "feature-z/c"],
        ),
        (About::Project, vec!["feature-z/a"]),
        (About::Slot(SlotNo(2)), vec![]),
        (
            About::Session(crate::scene::session(1)),
            vec!["feature-z/a"],
        ),
        (About::Merge(1), vec![]),
    ] {
        let named = streams(&question(about.clone()), &scene.projections);
        let named: Vec<_> = named.iter().map(ToString::to_string).collect();
        let mut expected: Vec<_> = whole.iter().chain(&more).map(ToString::to_string).collect();
        expected.sort();
        assert_eq!(named.iter().collect::<BTreeSet<_>>().len(), named.len());
        let mut named = named;
        named.sort();
        assert_eq!(named, expected, "{about:?}");
    }
}
