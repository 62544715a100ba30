//! Given events, when a command, then events or a refusal: every cell of `docs/states/backlog.md`,
//! batches, and the circle.

use crate::id::{Digest, FeatureId, Timestamp};
use proptest::prelude::*;

use super::batch::{BATCH_MAX, COMMENTS_MAX, EDGES_MAX, IMPORT_EDGES_MAX, IMPORT_MAX};
use super::event::{self, Edge};
use super::*;
use crate::aggregate::Aggregate;
use crate::feature::content::Content;
use crate::grid::{assert_documented, given};

fn id(text: &str) -> FeatureId {
    text.parse().expect("feature id")
}
fn edge(feature: &str, on: &str) -> Edge {
    Edge {
        feature: id(feature),
        on: id(on),
    }
}
fn admitted(edges: Vec<Edge>) -> Event {
    event::Admitted {
        batch: Digest::of(b"b"),
        ids: vec![id("a"), id("b"), id("c")],
        edges,
        more: false,
    }
    .into()
}

pub(crate) fn states() -> Vec<(&'static str, Backlog)> {
    let chained = admitted(vec![edge("a", "b"), edge("b", "c")]);
    vec![
        ("empty", given::<Backlog>(&[])),
        ("a, b, c", given(&[admitted(vec![])])),
        ("a → b → c", given(std::slice::from_ref(&chained))),
        (
            "a withdrawn",
            given(&[chained, event::Withdrawn { id: id("a") }.into()]),
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub(crate) fn commands() -> Vec<(&'static str, Command)> {
    use Command as C;
    let batch = Digest::of(b"n");

    vec![
        (
            "admit d",
            C::Admit {
                batch,
                ids: vec![id("d")],
                edges: vec![],
            },
        ),
        (
            "admit d → c",
            C::Admit {
                batch,
                ids: vec![id("d")],
                edges: vec![edge("d", "c")],
            },
        ),
        (
            "admit nothing",
            C::Admit {
                batch,
                ids: vec![],
                edges: vec![],
            },
        ),
        (
            "admit a again",
            C::Admit {
                batch,
                ids: vec![id("a")],
                edges: vec![],
            },
        ),
        (
            "admit d twice",
            C::Admit {
                batch,
                ids: vec![id("d"), id("d")],
                edges: vec![],
            },
        ),
        (
            "admit d ⇄ e",
            C::Admit {
                batch,
                ids: vec![id("d"), id("e")],
                edges: vec![edge("d", "e"), edge("e", "d")],
            },
        ),
        (
            "add c → a",
            C::AddDependency {
                edge: edge("c", "a"),
            },
        ),
        (
            "add a → b",
            C::AddDependency {
                edge: edge("a", "b"),
            },
        ),
        (
            "add a → a",
            C::AddDependency {
                edge: edge("a", "a"),
            },
        ),
        (
            "add a → x",
            C::AddDependency {
                edge: edge("a", "x"),
            },
        ),
        (
            "remove a → b",
            C::RemoveDependency {
                edge: edge("a", "b"),
            },
        ),
        ("withdraw a", C::Withdraw { id: id("a") }),
    ]
}

#[test]
fn grid() {
    assert_documented("backlog", &states(), &commands());
}

fn item(key: &str, on: &[&str]) -> BatchItem {
    let depends_on = on.iter().map(|s| (*s).to_owned()).collect();
    BatchItem {
        key: Some(key.into()),
        depends_on,
        ..BatchItem::of(Content::titled(key))
    }
}

#[test]
fn ids_are_drawn_from_the_digest_and_redrawn_on_collision() {
    let batch = Batch {
        prefix: "feat".into(),
        items: vec![item("x", &[]), item("y", &["x"])],
    };
    let digest = Digest::of(b"one");
    let ids = batch.draw_ids(digest, |_| false);
    assert_eq!(ids, batch.draw_ids(digest, |_| false));
    assert_eq!(ids[0].as_str().len(), "feat-".len() + 5);
    let redrawn = batch.draw_ids(digest, |i| *i == ids[0]);
    assert!(redrawn[0].as_str().starts_with(ids[0].as_str()) && redrawn[0] != ids[0]);

    // Every id of the first round is there: two items get two ids still, and other ones.
    let first = ids[0].as_str().chars().nth(5);
    let again = batch.draw_ids(digest, |id| id.as_str().chars().nth(5) == first);
    assert_eq!(again.len(), 2);
    assert_ne!(again[0].as_str().chars().nth(5), first);

    assert_eq!(
        batch.edges(&ids, |_| false),
        Ok(vec![Edge {
            feature: ids[1].clone(),
            on: ids[0].clone()
        }])
    );
}

#[test]
fn malformed_batches_say_where() {
    let batch = |items| Batch {
        prefix: "feat".into(),
        items,
    };
    assert!(matches!(
        batch(vec![]).check(),
        Err(BatchRefusal::Count { found: 0, .. })
    ));
    assert_eq!(
        batch(vec![item("x", &[]), item("x", &[])]).check(),
        Err(BatchRefusal::Key("x".into()))
    );
    assert!(matches!(
        batch(vec![item("", &[])]).check(),
        Err(BatchRefusal::Item { index: 1, .. })
    ));

    assert!(matches!(
        Batch {
            prefix: "Feat/".into(),
            items: vec![item("x", &[])]
        }
        .check(),
        Err(BatchRefusal::Prefix(_))
    ));
    let dangling = batch(vec![item("x", &["nowhere"])]);
    let ids = dangling.draw_ids(Digest::of(b"d"), |_| false);
    assert_eq!(
        dangling.edges(&ids, |_| false),
        Err(BatchRefusal::Dependency {
            index: 1,
            on: "nowhere".into()
        })
    );
}

/// A batch that no single event holds is admitted in parts, and nothing of it counts before the
/// last part.
#[test]
fn a_large_batch_counts_when_its_last_part_is_there() {
    let ids: Vec<_> = (0..1_201).map(|n| id(&format!("f{n}"))).collect();
    let edges: Vec<_> = (1..1_201)
        .map(|n| edge(&format!("f{n}"), &format!("f{}", n - 1)))
        .collect();
    let admit = Command::Admit {
        batch: Digest::of(b"big"),
        ids: ids.clone(),
        edges: edges.clone(),
    };
    let events = Backlog::default()
        .decide(&admit, Timestamp(0))
        .expect("accepted");
    assert_eq!(events.len(), 6);

    for n in 0..events.len() {
        assert!(given::<Backlog>(&events[..n]).ids.is_empty(), "{n} parts");
    }
    let whole = given::<Backlog>(&events);
    assert_eq!((whole.ids.len(), whole.edges.len()), (1_201, 1_200));
    for (n, id) in ids.iter().enumerate() {
        assert_eq!(usize::try_from(whole.ids[id].index), Ok(n));
    }
    assert_eq!(whole.incoming, Incoming::default());
}

/// Twenty thousand edges in the worst shapes are looked at in one pass.
#[test]
fn a_circle_in_a_large_batch_is_found_and_named() {
    let ids: Vec<_> = (0..10_000).map(|n| id(&format!("f{n}"))).collect();
    let chain = (1..10_000).map(|n| edge(&format!("f{n}"), &format!("f{}", n - 1)));
    let skips = (2..10_000).map(|n| edge(&format!("f{n}"), &format!("f{}", n - 2)));
    let mut edges: Vec<_> = chain.chain(skips).collect();
    let admit = |edges: &[Edge]| {
        let command = Command::Admit {
            batch: Digest::of(b"big"),
            ids: ids.clone(),
            edges: edges.to_vec(),
        };
        Backlog::default().decide(&command, Timestamp(0))
    };
    assert!(admit(&edges).is_ok());

    edges.push(edge("f0", "f2"));
    let Err(Refusal::Cycle { path }) = admit(&edges) else {
        panic!("a circle was accepted");
    };
    let named: Vec<_> = path.split(" → ").collect();
    assert_eq!(named.first(), named.last(), "{path}");
}

proptest! {
    /// C10: whatever is asked, the graph that results from accepted commands has no circle.
    #[test]
    fn accepted_dependencies_stay_acyclic(pairs in prop::collection::vec((0u8..8, 0u8..8), 0..60)) {
        let ids: Vec<_> = (0..8).map(|n| id(&format!("f{n}"))).collect();
        let mut state = given::<Backlog>(&[event::Admitted { batch: Digest::of(b"b"), ids: ids.clone(), edges: vec![], more: false }.into()]);

        for (feature, on) in pairs {
            let edge = Edge { feature: ids[usize::from(feature)].clone(), on: ids[usize::from(on)].clone() };
            for event in state.decide(&Command::AddDependency { edge }, Timestamp(0)).unwrap_or_default() {
                let moment = crate::aggregate::Moment { position: Default::default(), version: Default::default(), at: Timestamp(0) };
                state.evolve(&event, moment);
            }
        }

        for start in &ids {
            for next in state.dependencies(start) {
                prop_assert!(state.path(next, start).is_none(), "{start} reaches itself");
            }
        }
    }
}

fn batch_of(items: Vec<BatchItem>) -> Batch {
    let prefix = "feat".into();
    Batch { prefix, items }
}

#[test]
fn a_batch_is_held_to_its_bounds_from_both_sides() {
    let many = |count: usize| batch_of(vec![BatchItem::of(Content::titled("t")); count]);
    let edges = |count: usize| {
        let mut batch = many(2);
        batch.items[1].depends_on = vec!["a".into(); count];
        batch
    };
    let prefix = |text: &str| Batch {
        prefix: text.into(),
        ..many(1)
    };
    let remark = Remark {
        by: "ann".into(),
        text: "hm".into(),
    };
    let remarks = |count: usize| {
        let mut batch = many(1);
        batch.items[0].comments = vec![remark.clone(); count];
        batch
    };

    // What an agent or a person may hand in, and what an import may.
    for (what, batch, handed_in, imported) in [
        ("nothing", many(0), false, false),
        ("one", many(1), true, true),
        ("a full batch", many(BATCH_MAX), true, true),
        ("one more", many(BATCH_MAX + 1), false, true),
        ("a full import", many(IMPORT_MAX), false, true),
        ("one more of it", many(IMPORT_MAX + 1), false, false),
        ("all edges", edges(EDGES_MAX), true, true),
        ("one more of them", edges(EDGES_MAX + 1), false, true),
        ("all of an import", edges(IMPORT_EDGES_MAX), false, true),
        ("and one more", edges(IMPORT_EDGES_MAX + 1), false, false),
        ("no prefix", prefix(""), false, false),
        ("a long prefix", prefix(&"p".repeat(20)), true, true),
        ("a longer one", prefix(&"p".repeat(21)), false, false),
        ("a comment", remarks(1), false, true),
        ("all comments", remarks(COMMENTS_MAX), false, true),
        ("one more comment", remarks(COMMENTS_MAX + 1), false, false),
    ] {
        let found = (batch.check().is_ok(), batch.check_import().is_ok());
        assert_eq!(found, (handed_in, imported), "{what}");
    }
}

#[test]
fn only_an_import_brings_a_life_before() {
    let changed = |change: fn(&mut BatchItem)| {
        let mut items = vec![item("x", &[]), item("y", &[])];
        change(&mut items[1]);
        batch_of(items)
    };
    let lives: [fn(&mut BatchItem); 5] = [
        |item| item.raw = Some("{}".into()),
        |item| item.born = Born::Closed,
        |item| item.born = Born::Withdrawn,
        |item| item.born = Born::Aside("not now".into()),
        |item| {
            item.comments.push(Remark {
                by: "ann".into(),
                text: "hm".into(),
            });
        },
    ];
    for life in lives {
        let batch = changed(life);
        let refused = batch.check();
        assert!(
            matches!(&refused, Err(BatchRefusal::Item { index: 2, title, .. }) if title == "y"),
            "{refused:?}"
        );
        assert_eq!(batch.check_import(), Ok(()));
    }

    for (born, open, over) in [
        (Born::Open, true, false),
        (Born::Closed, false, true),
        (Born::Withdrawn, false, true),
        (Born::Aside("why".into()), false, false),
    ] {
        assert_eq!((born.is_open(), born.is_over()), (open, over), "{born:?}");
    }
}

#[test]
fn keys_are_names_within_their_batch_alone() {
    let keyless = || BatchItem::of(Content::titled("t"));
    let two = batch_of(vec![keyless(), keyless()]);
    assert_eq!(two.check(), Ok(()), "no key is not one that is used twice");
    let second = batch_of(vec![item("x", &[]), item("", &[])]).check();
    assert!(matches!(second, Err(BatchRefusal::Item { index: 2, .. })));

    // A key stands before an id of the backlog; an id counts only where it is one.
    let known = id("feat-known");
    let batch = batch_of(vec![
        item("feat-known", &[]),
        item("y", &["feat-known", "feat-known"]),
    ]);
    let ids = batch.draw_ids(Digest::of(b"k"), |_| false);
    let (first, second) = (ids[0].clone(), ids[1].clone());
    let own = Edge {
        feature: second.clone(),
        on: first,
    };
    assert_eq!(batch.edges(&ids, |_| true), Ok(vec![own]));

    let batch = batch_of(vec![keyless(), item("y", &["feat-known"])]);
    let other = Edge {
        feature: second,
        on: known.clone(),
    };
    assert_eq!(batch.edges(&ids, |id| *id == known), Ok(vec![other]));
    let refused = batch.edges(&ids, |_| false);
    let dangling = BatchRefusal::Dependency {
        index: 2,
        on: "feat-known".into(),
    };
    assert_eq!(refused, Err(dangling));
}

/// The ids of batches that were admitted are in logs: what is drawn from a digest never changes.
#[test]
fn ids_are_drawn_as_they_always_were() {
    let batch = batch_of(vec![BatchItem::of(Content::titled("t")); 3]);
    let seed = Digest::of(b"one");
    let drawn = batch.draw_ids(seed, |_| false);
    let drawn: Vec<&str> = drawn.iter().map(FeatureId::as_str).collect();
    assert_eq!(drawn, ["feat-awjck", "feat-bi2s7", "feat-awpfc"]);
    assert_eq!(Batch::single(Content::titled("t"), vec![]).prefix, "feat");

    // Two items that draw the same get one each.
    let first = batch.draw_ids(seed, |_| false)[0].clone();
    let short = |id: &FeatureId| id.as_str().len() < "feat-".len() + 6;
    let longer = batch.draw_ids(seed, short);
    assert_eq!(longer.len(), 3);
    for id in &longer {
        assert_eq!(id.as_str().len(), "feat-".len() + 6, "one character more");
    }
    assert!(longer[0].as_str().starts_with(first.as_str()));
}

#[test]
fn edges_come_go_and_are_named_when_they_close_a_circle() {
    let chain = vec![edge("a", "b"), edge("b", "c")];
    let removed: Event = event::DependencyRemoved {
        edge: edge("a", "b"),
    }
    .into();
    let state: Backlog = given(&[admitted(chain), removed]);
    assert_eq!(state.dependencies(&id("a")).count(), 0);
    assert_eq!(state.dependencies(&id("b")).collect::<Vec<_>>(), [&id("c")]);
    let add = |feature, on| Command::AddDependency {
        edge: edge(feature, on),
    };
    assert!(state.decide(&add("c", "a"), Timestamp(0)).is_ok());

    let whole: Backlog = given(&[admitted(vec![edge("a", "b"), edge("b", "c")])]);
    for (command, path) in [
        (add("c", "a"), "c → a → b → c"),
        (add("b", "a"), "b → a → b"),
        (add("a", "a"), "a → a"),
    ] {
        let path = path.to_owned();
        let refused = whole.decide(&command, Timestamp(0));
        assert_eq!(refused, Err(Refusal::Cycle { path }));
    }

    // Nothing depends on what is not there, or left, and nothing that is not there depends.
    let left: Backlog = given(&[admitted(vec![]), event::Withdrawn { id: id("c") }.into()]);
    let admit = |feature, on| Command::Admit {
        batch: Digest::of(b"n"),
        ids: vec![id("d")],
        edges: vec![edge(feature, on)],
    };
    let unknown = |id: &str| Refusal::Unknown { id: id.into() };
    let withdrawn = |id: &str| Refusal::Withdrawn { id: id.into() };
    for (command, refusal) in [
        (admit("d", "x"), unknown("x")),
        (admit("x", "d"), unknown("x")),
        (admit("d", "c"), withdrawn("c")),
        (admit("c", "d"), withdrawn("c")),
        (add("x", "a"), unknown("x")),
        (add("c", "a"), withdrawn("c")),
    ] {
        let refused = left.decide(&command, Timestamp(0));
        assert_eq!(refused, Err(refusal), "{command:?}");
    }
}
