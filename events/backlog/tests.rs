//! Given events, when a command, then events or a refusal: every cell of `docs/states/backlog.md`,
//! batches, and the circle.

use crate::id::{Digest, FeatureId, Timestamp};
use proptest::prelude::*;

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

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn grid() {
    use Command as C;
    let chained = admitted(vec![edge("a", "b"), edge("b", "c")]);
    let states = vec![
        ("empty", given::<Backlog>(&[])),
        ("a, b, c", given(&[admitted(vec![])])),
        ("a → b → c", given(std::slice::from_ref(&chained))),
        (
            "a withdrawn",
            given(&[chained, event::Withdrawn { id: id("a") }.into()]),
        ),
    ];
    let batch = Digest::of(b"n");

    let commands = vec![
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
    ];
    assert_documented("backlog", &states, &commands);
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
