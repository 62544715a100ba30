//! Events whose schema changed, on an enum made for it: what was written once is read for ever.

use events::codec::{CodecError, EventCodec, assert_whole_chain, to_named};
use events::event_enum;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

/// The first schema: one name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct NamedV1 {
    name: String,
}

/// The second: two names, and the first one renamed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct NamedV2 {
    given: String,
    family: Option<String>,
}

/// The current one: a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Named {
    names: Vec<String>,
    #[serde(default)]
    note: String,
}

impl From<NamedV1> for NamedV2 {
    fn from(old: NamedV1) -> Self {
        Self {
            given: old.name,
            family: None,
        }
    }
}
impl From<NamedV2> for Named {
    fn from(old: NamedV2) -> Self {
        Self {
            names: std::iter::once(old.given).chain(old.family).collect(),
            note: String::new(),
        }
    }
}
impl From<NamedV1> for Named {
    fn from(old: NamedV1) -> Self {
        NamedV2::from(old).into()
    }
}

event_enum! {
    /// Facts about a bird.
    pub enum Bird {
        Named(Named) = "bird.named", 3, was [1: NamedV1, 2: NamedV2];
    }
}

fn named(names: Vec<String>) -> Result<Bird, CodecError> {
    Ok(Named {
        names,
        note: String::new(),
    }
    .into())
}

proptest! {
    /// L10: what was written under any schema is read as the current one, for ever.
    #[test]
    fn every_earlier_schema_is_read_as_the_current_one(given in ".{0,20}", family in proptest::option::of(".{0,20}")) {
        let first = to_named(&NamedV1 { name: given.clone() });
        prop_assert_eq!(Bird::decode("bird.named", 1, &first), named(vec![given.clone()]));
        let second = to_named(&NamedV2 { given: given.clone(), family: family.clone() });
        prop_assert_eq!(Bird::decode("bird.named", 2, &second), named(std::iter::once(given).chain(family).collect()));
    }

    /// A field that is new with a default, and fields of any order and any unknown ones, make no
    /// other event.
    #[test]
    fn order_and_new_fields_do_not_matter(names in proptest::collection::vec(".{0,10}", 0..4), extra in any::<u64>()) {
        let shuffled = rmp_serde::to_vec_named(&serde_json::json!({ "unknown": extra, "note": "n", "names": names })).expect("bytes");
        let read = Bird::decode("bird.named", 3, &shuffled);
        prop_assert_eq!(read, Ok(Named { names: names.clone(), note: "n".into() }.into()));
        let without = rmp_serde::to_vec_named(&serde_json::json!({ "names": names })).expect("bytes");
        prop_assert_eq!(Bird::decode("bird.named", 3, &without), named(names));
    }

    /// Bytes of anything else are an error, never a panic and never another event.
    #[test]
    fn foreign_bytes_are_errors(schema in 0u16..6, bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(read) = Bird::decode("bird.named", schema, &bytes) {
            prop_assert!((1..=3).contains(&schema));
            prop_assert!(matches!(read, Bird::Named(_)));
        }
    }
}

#[test]
fn a_schema_of_a_newer_build_says_what_is_needed() {
    let newer = Bird::decode("bird.named", 4, &[])
        .expect_err("unknown")
        .to_string();
    assert!(
        newer.contains("bird.named (schema 4)") && newer.contains("a build that knows it"),
        "{newer}"
    );
    assert_eq!(
        Bird::EARLIER.iter().map(|k| k.schema).collect::<Vec<_>>(),
        [1, 2]
    );
}

#[test]
#[should_panic(expected = "every earlier schema")]
fn a_chain_with_a_hole_stops_the_build() {
    assert_whole_chain(&[1], 3);
}

#[test]
#[should_panic(expected = "in order")]
fn a_chain_out_of_order_stops_the_build() {
    assert_whole_chain(&[2, 1], 3);
}
