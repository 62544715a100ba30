//! Given events, when a command, then events or a refusal: every cell of `docs/states/backlog.md`, batches, and the circle.

use proptest::prelude::*;

use super::event::{self, Edge};
use super::*;
use crate::aggregate::Aggregate;
use crate::feature::content::Content;
use crate::grid::{assert_documented, given};
use crate::id::Timestamp;

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
        content: Content::titled(key),
        depends_on,
        raw: None,
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
    assert_eq!(batch(vec![]).check(), Err(BatchRefusal::Count(0)));
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

proptest! {
    /// C10: whatever is asked, the graph that results from accepted commands has no circle.
    #[test]
    fn accepted_dependencies_stay_acyclic(pairs in prop::collection::vec((0u8..8, 0u8..8), 0..60)) {
        let ids: Vec<_> = (0..8).map(|n| id(&format!("f{n}"))).collect();
        let mut state = given::<Backlog>(&[event::Admitted { batch: Digest::of(b"b"), ids: ids.clone(), edges: vec![] }.into()]);
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
