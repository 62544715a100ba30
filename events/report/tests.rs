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

/// What an event adds to the figures.
type Adds = fn(&mut Figures);

/// The figures of a scene, beside those of the scene with these events more.
fn counted_by(events: Vec<f::Event>) -> (Figures, Figures) {
    let mut scene = closed();
    let before = whole(&scene).figures();
    for event in events {
        scene.of("a", event);
    }
    (before, whole(&scene).figures())
}

#[test]
fn each_event_of_a_feature_is_counted_once_where_it_belongs() {
    let by = || "me".to_owned();
    let why = || "why".to_owned();
    let merged = f::Closing::Merged { sha: sha('d') };
    let closed_as = |closing: f::Closing| f::Closed { closing, by: by() };
    let sent_back = f::MergeRejected {
        epoch: crate::id::Epoch(1),
        fault: f::MergeFault::Conflict,
        paths: vec![],
        detail: why(),
    };
    let withdrawn = f::Withdrawn { by: by() };
    let reopened = f::Reopened {
        why: why(),
        by: by(),
    };
    let table: Vec<(&str, f::Event, Adds)> = vec![
        ("withdrawn", withdrawn.into(), |all| all.withdrawn += 1),
        ("reopened", reopened.into(), |all| all.reopened += 1),
        ("quarantined", f::Quarantined { why: why() }.into(), |all| {
            all.quarantined += 1;
        }),
        ("a review", crate::why::tests::rejected().into(), |all| {
            all.review_rejected += 1;
        }),
        ("the queue", sent_back.into(), |all| all.merge_rejected += 1),
        ("merged", closed_as(merged).into(), |all| all.merged += 1),
        ("done", closed_as(f::Closing::DoneElsewhere).into(), |all| {
            all.closed_otherwise += 1;
        }),
        ("requeued", f::Requeued { by: by() }.into(), |_| ()),
    ];

    for (what, event, adds) in table {
        let (mut wanted, found) = counted_by(vec![event]);
        wanted.events += 1;
        adds(&mut wanted);
        assert_eq!(found, wanted, "{what}");
    }
    let mut scene = closed();
    let added = whole(&scene).figures().added;
    scene.feature("b", 1);
    assert_eq!(whole(&scene).figures().added, added + 1);
}

#[test]
fn each_count_is_added_to_its_own() {
    let one = |first: u64| Figures {
        events: first,
        merged: first + 1,
        closed_otherwise: first + 2,
        added: first + 3,
        withdrawn: first + 4,
        reopened: first + 5,
        quarantined: first + 6,
        review_rejected: first + 7,
        merge_rejected: first + 8,
        sessions_begun: first + 9,
        sessions_ended: BTreeMap::from([(crate::outcome::Outcome::Failed, first + 10)]),
        upstream_moved: first + 11,
        usage: crate::usage::Usage {
            requests: first + 12,
            ..crate::usage::Usage::default()
        },
    };
    let mut sum = one(100);
    sum.add(&one(1_000));
    // The sum of two rows of numbers is a row with twice the steps.
    let wanted = [
        1_100, 1_102, 1_104, 1_106, 1_108, 1_110, 1_112, 1_114, 1_116, 1_118,
    ];
    let found = [
        sum.events,
        sum.merged,
        sum.closed_otherwise,
        sum.added,
        sum.withdrawn,
        sum.reopened,
        sum.quarantined,
        sum.review_rejected,
        sum.merge_rejected,
        sum.sessions_begun,
    ];
    assert_eq!(found, wanted);
    let rest = (sum.ended(), sum.upstream_moved, sum.usage.requests);
    assert_eq!(rest, (1_120, 1_122, 1_124));
}

/// What makes something well again.
type Mends = fn(&mut Scene);

/// Since when each of the needs of a log waits, with the place that shows it.
fn since(log: &[Envelope]) -> Vec<(crate::view::NeedKind, u64)> {
    let end = folded(log);
    let mut found = vec![];
    for sentence in waiting(log, &end).into_values().flatten() {
        let Said::Waits { need, since, .. } = &sentence.said else {
            panic!("{sentence:?} does not wait");
        };
        let first = sentence.shown.first();
        let place = usize::try_from(first.0).expect("small");
        assert_eq!(*since, Some(log[place - 1].at), "{need:?}");
        found.push((*need, first.0));
    }
    found
}

#[test]
fn what_waits_waits_since_it_was_seen_first_after_it_was_well() {
    use crate::merge_queue::event as q;
    use crate::view::NeedKind;
    let well: [(&str, Mends); 2] = [
        ("a person had it go on", |scene| {
            scene.queue(q::Unhalted {});
        }),
        ("upstream moved", |scene| {
            let (to, files) = (sha('9'), vec![]);
            scene.queue(q::Followed {
                from: None,
                to,
                files,
                accepted: None,
            });
        }),
    ];
    for (what, mend) in well {
        let mut scene = halted(halted(merging()));
        mend(&mut scene);
        let again = scene.position + 1;
        let scene = halted(halted(scene));
        let found = since(&scene.log);
        assert!(
            found.contains(&(NeedKind::Upstream, again)),
            "{what}: {found:?}"
        );
    }

    // What another project's queue goes through is nothing to this one.
    let mut scene = halted(merging());
    let first = scene.position;
    scene.add::<crate::merge_queue::Event>("trunk-other", q::Unhalted {});
    let scene = halted(scene);
    assert!(since(&scene.log).contains(&(NeedKind::Upstream, first)));
}

#[test]
fn a_copy_a_trunk_and_a_thing_wait_since_they_failed_first() {
    use crate::project::event as p;
    use crate::view::NeedKind;
    let failed = || p::CloneFailed {
        reason: "no such path".into(),
    };
    let mut scene = Scene::new();
    let (git_url, kind) = ("/up".to_owned(), crate::project::ProjectKind::Existing);
    scene.project(p::Registered { git_url, kind });
    scene.project(failed()).project(failed()).project(failed());
    assert_eq!(since(&scene.log), [(NeedKind::Copy, 2)]);

    let scene = crate::why::tests::parked();
    let red = scene
        .log
        .iter()
        .find(|event| event.kind == "trunk.head_failed")
        .expect("it is red");
    assert!(since(&scene.log).contains(&(NeedKind::Trunk, red.position.0)));

    // The same trouble seen again is one trouble; another one has its own beginning.
    let mut scene = crate::why::tests::troubled();
    let first = scene.position;
    let found = since(&scene.log);
    assert!(found.contains(&(NeedKind::Outside, first)), "{found:?}");
    crate::why::tests::trouble(&mut scene, crate::project::Thing::Engine);
    let engine = scene.position;
    crate::why::tests::trouble(&mut scene, crate::project::Thing::Setup);
    crate::why::tests::trouble(&mut scene, crate::project::Thing::Engine);
    let found = since(&scene.log);
    for place in [first, engine] {
        assert!(
            found.contains(&(NeedKind::Outside, place)),
            "{place}: {found:?}"
        );
    }
}

#[test]
fn a_queue_that_goes_on_says_so_once() {
    use crate::merge_queue::event as q;
    let on = |scene: &Scene| of_kind(&whole(scene), Kind::WentOn).len();
    let mut scene = halted(merging());
    scene.queue(q::Unhalted {}).queue(q::Unhalted {});
    assert_eq!(on(&scene), 1);
    let mut scene = halted(scene);
    scene.queue(q::Unhalted {});
    let report = whole(&scene);
    assert_eq!(of_kind(&report, Kind::WentOn).len(), 2);
    assert_eq!(of_kind(&report, Kind::Halted).len(), 2, "two troubles");
    let mut well = merging();
    well.queue(q::Unhalted {});
    assert_eq!(on(&well), 0, "it never stood");

    // Another fault is another trouble, without anything in between.
    let mut scene = halted(merging());
    scene.queue(q::Halted {
        reason: "401".into(),
        fault: crate::merge_queue::Fault::Credential,
    });
    assert_eq!(of_kind(&whole(&scene), Kind::Halted).len(), 2);
}

#[test]
fn a_trunk_is_red_once_until_it_is_green_or_over() {
    use crate::merge_queue::event as q;
    let evidence = crate::why::tests::evidence;
    let red = || q::HeadFailed {
        head: sha('0'),
        evidence: evidence(1),
    };
    let green = || q::HeadVerified {
        head: sha('0'),
        evidence: evidence(0),
    };
    let ended = || q::RedEnded {
        why: "nothing is verified any more".into(),
    };
    let told = |events: Vec<crate::merge_queue::Event>| {
        let mut scene = one();
        for event in events {
            scene.queue(event);
        }
        let report = whole(&scene);
        let (reds, greens) = (Kind::TrunkRed, Kind::TrunkGreen);
        (of_kind(&report, reds).len(), of_kind(&report, greens).len())
    };

    for (what, events, wanted) in [
        ("red twice", vec![red().into(), red().into()], (1, 0)),
        ("red and green", vec![red().into(), green().into()], (1, 1)),
        (
            "green twice",
            vec![red().into(), green().into(), green().into()],
            (1, 1),
        ),
        (
            "red again",
            vec![red().into(), green().into(), red().into()],
            (2, 1),
        ),
        (
            "red again after it was over",
            vec![red().into(), ended().into(), red().into()],
            (2, 0),
        ),
        ("green, and it never was red", vec![green().into()], (0, 0)),
    ] {
        assert_eq!(told(events), wanted, "{what}");
    }
}

#[test]
fn a_move_of_upstream_is_counted_however_it_is_found() {
    use crate::merge_queue::event as q;
    let moved = q::UpstreamMoved {
        entry: 1,
        seen: Some(sha('9')),
        files: vec![],
    };
    let followed = |accepted: Option<&str>| q::Followed {
        from: None,
        to: sha('9'),
        files: vec![],
        accepted: accepted.map(str::to_owned),
    };
    let events: [crate::merge_queue::Event; 3] = [
        moved.into(),
        followed(None).into(),
        followed(Some("ann")).into(),
    ];
    for event in events {
        let mut scene = merging();
        let before = whole(&scene).figures().upstream_moved;
        scene.queue(event.clone());
        let after = whole(&scene).figures().upstream_moved;
        assert_eq!(after, before + 1, "{event:?}");
    }
}

#[test]
fn a_span_says_where_it_begins_and_ends_and_what_was_there_before() {
    let scene = closed();
    let (from, to) = (4, scene.position);
    let report = reported(&scene.log, (from, to), Scope::All);
    let place = |n: u64| {
        let envelope = &scene.log[usize::try_from(n).expect("small") - 1];
        Some((envelope.position, envelope.at))
    };
    assert_eq!((report.from, report.to), (Position(from), Position(to)));
    assert_eq!((report.first, report.last), (place(from + 1), place(to)));
    assert_eq!(report.events, to - from);

    let before = report.projects[0].before.expect("it was registered");
    assert_eq!((before.closed, before.total), (0, 0));
    let merged = reported(&scene.log, (to - 1, to), Scope::All);
    let before = merged.projects[0].before.expect("it was registered");
    assert_eq!((before.closed, before.total), (0, 1));

    // A project of which nothing is to be told is left out, unless it is asked for.
    let quiet = one();
    let none = reported(&quiet.log, (quiet.position, quiet.position), Scope::All);
    assert_eq!(none.projects.len(), 0);
    let asked = Scope::Project("z".parse().expect("a name"));
    let asked = reported(&quiet.log, (quiet.position, quiet.position), asked);
    assert_eq!(asked.projects.len(), 1);
}
