//! Reports of logs written by hand: each kind of sentence is said where its event is, and not
//! without it; figures add up; nothing grows beyond its bounds.

use std::collections::BTreeMap;

use crate::envelope::Envelope;
use crate::feature::event as f;
use crate::own_time::OwnTime;
use crate::policy::Observed;
use crate::report::said::tests::everything;
use crate::report::{
    Figures, Kind, POSITIONS_MAX, Report, Said, Scope, Section, Sentence, Span, waits,
};
use crate::scene::{Scene, sha};
use crate::stream::Position;
use crate::view::Projections;
use crate::why::Record;
use crate::why::tests::{closed, folded, halted, merging, one};

/// The report of a part of a log: after one position, up to another.
pub(crate) fn reported(log: &[Envelope], (from, to): (u64, u64), scope: Scope) -> Report {
    let until = |position: u64| usize::try_from(position).expect("small");
    let (start, end) = (folded(&log[..until(from)]), folded(&log[..until(to)]));
    let mut span = Span::after(&start, scope);
    for envelope in &log[until(from)..until(to)] {
        span.take(envelope, &end).expect("a known event");
    }
    let waiting = waiting(&log[..until(to)], &end);
    span.done(&end, waiting)
}

fn waiting(log: &[Envelope], end: &Projections) -> BTreeMap<crate::id::ProjectName, Vec<Sentence>> {
    let now = log.last().map(|event| event.at).unwrap_or_default();
    let observed = Observed {
        now,
        own: OwnTime::new(now, &[], &[]),
        ..Observed::default()
    };
    let record = Record {
        projections: end,
        observed: &observed,
        events: log,
    };
    let names = end.projects.keys();
    names
        .map(|name| (name.clone(), waits(record, name)))
        .collect()
}

fn whole(scene: &Scene) -> Report {
    reported(&scene.log, (0, scene.position), Scope::All)
}

pub(crate) fn lines(report: &Report) -> Vec<String> {
    report.sentences().map(Sentence::text).collect()
}

#[test]
fn nothing_is_one_sentence() {
    let scene = closed();
    let report = reported(&scene.log, (scene.position, scene.position), Scope::All);
    assert_eq!(lines(&report), ["Nothing happened."]);
    assert_eq!((report.first, report.events), (None, 0));

    // A claim is a step on the way: it is counted, and no sentence is made of it.
    let scene = crate::why::tests::claimed();
    let (from, to) = (scene.position - 1, scene.position);
    let report = reported(&scene.log, (from, to), Scope::All);
    assert_eq!(
        lines(&report),
        ["Nothing happened that is told here: 1 event was recorded."]
    );
}

#[test]
fn what_was_merged_is_said_in_the_order_of_the_log() {
    let mut scene = closed();
    scene.feature("b", 2);
    let closing = f::Closing::Merged { sha: sha('d') };
    let by = "trunk".to_owned();
    scene.of("b", f::Closed { closing, by });

    let report = whole(&scene);
    let merged: Vec<_> = report
        .sentences()
        .filter(|one| one.said.kind() == Kind::Merged)
        .collect();
    let texts: Vec<String> = merged.iter().map(|one| one.text()).collect();
    assert_eq!(
        texts,
        [
            "a “a” was merged as cccccccccccc.",
            "b “b” was merged as dddddddddddd."
        ]
    );
    assert_eq!(merged[1].shown.positions, [Position(scene.position)]);

    let project = &report.projects[0];
    assert_eq!(project.before, None, "it was not registered");
    let after = project.after.expect("it is there");
    assert_eq!((after.closed, after.total), (2, 2));
    assert_eq!(project.figures.merged, 2);
}

#[test]
fn figures_of_spans_that_meet_add_up() {
    let scene = everything();
    let all = reported(&scene.log, (0, scene.position), Scope::All).figures();
    assert!(all.merged > 0 && all.ended() > 0 && all.usage.requests > 0);

    for middle in 0..=scene.position {
        let first = reported(&scene.log, (0, middle), Scope::All);
        let second = reported(&scene.log, (middle, scene.position), Scope::All);
        let mut sum = Figures::default();
        sum.add(&first.figures());
        sum.add(&second.figures());
        assert_eq!(sum, all, "parted at {middle}");
        assert_eq!(first.events + second.events, scene.position, "at {middle}");
    }
}

#[test]
fn a_span_that_begins_in_trouble_says_how_it_ended() {
    let mut scene = halted(merging());
    let from = scene.position;
    scene.queue(crate::merge_queue::event::Unhalted {});
    let report = reported(&scene.log, (from, scene.position), Scope::All);
    assert_eq!(lines(&report), ["The merge queue went on."]);
}

#[test]
fn tries_in_a_row_are_one_sentence_and_wait_since_the_first() {
    let scene = halted(halted(halted(merging())));
    let first = scene.position - 2;
    let report = whole(&scene);

    let halts: Vec<_> = of_kind(&report, Kind::Halted);
    let positions: Vec<u64> = halts[0].shown.positions.iter().map(|one| one.0).collect();
    assert_eq!(
        (halts.len(), positions),
        (1, vec![first, first + 1, first + 2])
    );

    let waits = of_kind(&report, Kind::Waits);
    assert_eq!(waits[0].shown.positions, [Position(first)]);
    let since = scene.log[usize::try_from(first).expect("small") - 1].at;
    match &waits[0].said {
        Said::Waits {
            since: said,
            command,
            ..
        } => {
            assert_eq!(*said, Some(since));
            assert_eq!(command.as_deref(), Some("supercargo queue resume z"));
        }
        other => panic!("{other:?}"),
    }
}

pub(crate) fn of_kind(report: &Report, kind: Kind) -> Vec<&Sentence> {
    let sentences = report.sentences();
    sentences.filter(|one| one.said.kind() == kind).collect()
}

/// However much happens, a report is read by a person: so many sentences of a kind, so many
/// positions of a sentence, and the number of the rest.
#[test]
fn a_long_span_makes_no_long_report() {
    let mut scene = one();
    for _ in 0..130 {
        let why = "again".to_owned();
        scene.of("a", f::Quarantined { why });
        scene.of("a", f::Requeued { by: "me".into() });
        let (epoch, by, why) = (crate::id::Epoch(1), "x".to_owned(), "no".to_owned());
        scene.of("a", f::PushDenied { epoch, by, why });
    }
    let report = whole(&scene);

    assert_eq!(of_kind(&report, Kind::Quarantined).len(), 100);
    let more = of_kind(&report, Kind::More);
    let told = more
        .iter()
        .map(|one| (one.text(), one.said.section(), one.shown.count()));
    let text = |kind: &str| format!("30 more sentences of the same kind ({kind}).");
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            (text("quarantined"), Section::SentBack, 30),
            (text("requeued"), Section::People, 30)
        ]
    );

    let denied = of_kind(&report, Kind::PushesDenied);
    assert_eq!(
        (denied[0].shown.positions.len(), denied[0].shown.more),
        (POSITIONS_MAX, 130 - POSITIONS_MAX as u64)
    );
}

#[test]
fn one_project_is_told_without_the_others_and_with_the_server() {
    let mut scene = closed();
    let registered = crate::project::event::Registered {
        git_url: "/up".into(),
        kind: crate::project::ProjectKind::Existing,
    };
    scene.add::<crate::project::Event>("project-other", registered);
    scene.add::<crate::node::Event>("node-n", crate::node::Stopped { epoch: 3 });

    let only = |name: &str| {
        let scope = Scope::Project(name.parse().expect("a name"));
        reported(&scene.log, (0, scene.position), scope)
    };
    let other = only("other");
    assert_eq!(
        lines(&other),
        [
            "The project was registered.",
            "The server ended in order (run 3)."
        ]
    );
    assert_eq!(other.events, 2);
    let names = |report: &Report| -> Vec<String> {
        let projects = report.projects.iter();
        projects.map(|project| project.name.to_string()).collect()
    };
    assert_eq!(names(&only("z")), ["z"]);
    assert_eq!(names(&whole(&scene)), ["other", "z"]);
}
