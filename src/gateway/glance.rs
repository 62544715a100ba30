//! A glance at a JSON object: a few of its fields as they are written, without building the rest.
//! A body of some megabytes, built whole, takes a hundred times as much memory, and who sends it
//! chooses its shape.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer as _, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::Value;
use serde_json::value::RawValue;

/// Longest text of a field that is read: names of models are far shorter.
const TEXT_MAX: usize = 4 * 1024;
/// Largest field that is built.
const BUILT_MAX: usize = 64 * 1024;

/// Fields of one object, as they are written.
#[derive(Debug, Default)]
pub(super) struct Glance<'a>(BTreeMap<&'static str, &'a RawValue>);

impl<'a> Glance<'a> {
    /// These fields of an object; none where the bytes are no object.
    pub(super) fn at(bytes: &'a [u8], wanted: &'static [&'static str]) -> Option<Self> {
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let found = Fields(wanted).deserialize(&mut reader).ok()?;
        reader.end().ok()?;
        Some(Self(found))
    }

    /// A field as it is written.
    pub(super) fn raw(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).map(|raw| raw.get())
    }

    /// A field that is a text.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let raw = self.raw(name).filter(|raw| raw.len() <= TEXT_MAX)?;
        serde_json::from_str(raw).ok()
    }

    /// A field that is small, whole.
    pub(super) fn built(&self, name: &str) -> Option<Value> {
        let raw = self.raw(name).filter(|raw| raw.len() <= BUILT_MAX)?;
        serde_json::from_str(raw).ok()
    }
}

/// Reads an object, or each of a list of objects, one after the other.
pub(super) fn each(bytes: &[u8], mut read: impl FnMut(&[u8])) {
    if !bytes.trim_ascii_start().starts_with(b"[") {
        return read(bytes);
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let whole = reader.deserialize_seq(Parts(&mut read));
    if let Err(error) = whole {
        tracing::debug!(%error, "a list of answers is not read to its end");
    }
}

struct Fields(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Fields {
    type Value = BTreeMap<&'static str, &'de RawValue>;

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Fields {
    type Value = BTreeMap<&'static str, &'de RawValue>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = BTreeMap::new();
        while let Some(key) = map.next_key::<String>()? {
            match self.0.iter().find(|wanted| **wanted == key) {
                Some(wanted) => drop(found.insert(*wanted, map.next_value()?)),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

struct Parts<'f, F>(&'f mut F);

impl<'de, F: FnMut(&[u8])> Visitor<'de> for Parts<'_, F> {
    type Value = ();

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(part) = list.next_element::<&RawValue>()? {
            (self.0)(part.get().as_bytes());
        }
        Ok(())
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_and_the_rest_is_passed_by() {
        let body = br#" {"model":"m\u0031","messages":[{"":0},{}],"stream":true,"usage":{"a":1}} "#;
        let seen = Glance::at(body, &["model", "stream", "usage", "none"]).expect("an object");
        assert_eq!(seen.text("model").as_deref(), Some("m1"));
        assert_eq!(seen.raw("stream"), Some("true"));
        assert_eq!(seen.built("usage").expect("small")["a"], 1);
        assert_eq!(seen.raw("none"), None);
        assert!(Glance::at(b"[1]", &["model"]).is_none());
        assert!(Glance::at(b"{\"model\":\"m\"", &["model"]).is_none(), "cut");
        let long = format!("{{\"model\":\"{}\"}}", "x".repeat(TEXT_MAX));
        let seen = Glance::at(long.as_bytes(), &["model"]).expect("an object");
        assert_eq!(seen.text("model"), None);
    }

    #[test]
    fn lists_are_read_part_by_part() {
        let mut parts = vec![];
        each(b"[{\"a\":1}, 2]", |part| {
            parts.push(String::from_utf8_lossy(part).into_owned())
        });
        assert_eq!(parts, ["{\"a\":1}", "2"]);
        each(b"{}", |part| {
            parts.push(String::from_utf8_lossy(part).into_owned())
        });
        assert_eq!(parts.len(), 3);
    }
}
