//! What the events of a log name that lies beside it: blobs by their digest, and sessions. Payloads
//! are read as plain values, so that an event of a later kind is no exception.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, bail};
use events::codec::EventCodec;
use events::envelope::Envelope;
use events::id::{Digest, ProjectName, SessionId};
use events::log::EventLog;
use events::node::{self, Sealed};
use events::stream::Position;
use rmpv::Value;

use crate::adapters::transcripts::Redactor;
use crate::log::verify::BATCH;

/// Positions that are named in a refusal.
const SHOWN_MAX: usize = 10;

/// What events name, up to a position.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// Digests, of which some are those of blobs.
    pub(super) digests: BTreeSet<Digest>,
    /// Sessions, with the last event that names each.
    pub(super) sessions: BTreeMap<SessionId, Position>,
    /// Sessions of all projects of which the log says that what they printed is kept.
    pub(super) kept: BTreeSet<SessionId>,
    /// Events that hold what looks like a key.
    secret: Vec<Position>,
    /// The newest seal among the events.
    pub(super) seal: Option<Sealed>,
    /// The chain after the last event.
    pub(super) chain: Digest,
}

impl Named {
    /// Walks a log up to a position, which it has.
    pub(super) async fn up_to(
        to: Position,
        log: &dyn EventLog,
        project: Option<&ProjectName>,
        redactor: &Redactor,
    ) -> anyhow::Result<Self> {
        let (mut named, mut after) = (Self::default(), Position(0));

        while after < to {
            let batch = log.read_all(after, BATCH).await?;
            let batch = batch.iter().take_while(|event| event.position <= to);
            let before = after;
            for event in batch {
                after = event.position;
                named.chain = event.digest;
                let counts = project.is_none() || event.stream.project() == project;
                named.take(event, counts, redactor)?;
            }
            if before == after {
                bail!("the log has lost what comes after position {after}: `log verify` says more");
            }
        }

        Ok(named)
    }

    fn take(&mut self, event: &Envelope, counts: bool, redactor: &Redactor) -> anyhow::Result<()> {
        let position = event.position;
        if event.kind == "node.sealed" {
            let seal = node::Event::decode(&event.kind, event.schema, &event.payload)?;
            if let node::Event::Sealed(seal) = seal {
                self.seal = Some(seal);
            }
        }
        let value = rmpv::decode::read_value(&mut &event.payload[..]);
        let value = value.with_context(|| format!("reading the event at {position}"))?;

        let mut holds_a_secret = false;
        for text in texts(&value) {
            holds_a_secret |= redactor.finds(text.as_bytes());
            if let Ok(session) = text.parse::<SessionId>() {
                self.take_session(session, event, counts);
            } else if let (true, Ok(digest)) = (counts, text.parse()) {
                self.digests.insert(digest);
            }
        }
        if holds_a_secret {
            self.secret.push(position);
        }
        Ok(())
    }

    fn take_session(&mut self, session: SessionId, event: &Envelope, counts: bool) {
        match &*event.kind {
            "container.transcript_kept" => {
                self.kept.insert(session.clone());
            }
            "container.transcript_dropped" => {
                self.kept.remove(&session);
            }
            _ => {}
        }
        if counts {
            self.sessions.insert(session, event.position);
        }
    }

    /// Refuses events that hold what looks like a key: they cannot be masked without breaking the
    /// chain.
    pub(super) fn refuse_secrets(&self) -> anyhow::Result<()> {
        if self.secret.is_empty() {
            return Ok(());
        }
        let shown: Vec<String> = self.secret.iter().map(Position::to_string).collect();
        let more = match shown.len() > SHOWN_MAX {
            true => ", …",
            false => "",
        };
        bail!(
            "a bundle is handed to others, and what looks like a key is in the events at {}{more}: \
             look at them with `log show`, then end before them with --to, or take them along with \
             --with-secrets",
            shown[..shown.len().min(SHOWN_MAX)].join(", ")
        )
    }
}

/// Every text of a value, however deep.
fn texts(value: &Value) -> Vec<&str> {
    let (mut found, mut open) = (vec![], vec![value]);
    while let Some(value) = open.pop() {
        match value {
            Value::String(text) => found.extend(text.as_str()),
            Value::Binary(bytes) => found.extend(std::str::from_utf8(bytes)),
            Value::Array(items) => open.extend(items),
            Value::Map(pairs) => {
                for (key, value) in pairs {
                    open.extend([key, value]);
                }
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use events::cause::{Cause, Principal};
    use events::id::{CommandId, Timestamp};
    use events::stream::Version;
    use serde_json::json;

    use super::*;

    const SESSION: &str = "s-abcdefghij234567";

    fn event(position: u64, stream: &str, kind: &str, payload: &serde_json::Value) -> Envelope {
        let id = CommandId::derived(&[&position.to_string()]);
        Envelope {
            position: Position(position),
            stream: stream.parse().expect("a stream"),
            version: Version(position),
            kind: kind.into(),
            schema: 1,
            at: Timestamp(0),
            cause: Cause::first(Principal::Node("local".into()), id),
            command: id,
            trace: None,
            payload: rmp_serde::to_vec_named(payload).expect("a payload"),
            digest: Digest::of(&position.to_le_bytes()),
        }
    }

    fn named(events: &[(Envelope, bool)]) -> Named {
        let redactor = Redactor::new(&["a known value".to_owned()]).expect("a redactor");
        let mut named = Named::default();
        for (event, counts) in events {
            named.take(event, *counts, &redactor).expect("taken");
        }
        named
    }

    #[test]
    fn texts_are_found_however_deep_they_are() {
        let deep = json!({"a": ["b", {"c": {"d": "e"}}], "f": 7, "g": null, "h": [[["i"]]]});
        let bytes = rmp_serde::to_vec_named(&deep).expect("a value");
        let value = rmpv::decode::read_value(&mut &bytes[..]).expect("read");
        let mut found = texts(&value);
        found.sort_unstable();
        assert_eq!(found, ["a", "b", "c", "d", "e", "f", "g", "h", "i"]);

        let bytes = Value::Array(vec![b"lions".to_vec().into(), vec![0xff, 0xfe].into()]);
        assert_eq!(texts(&bytes), ["lions"]);
    }

    #[test]
    fn digests_and_sessions_are_those_of_the_project_at_hand() {
        let (ours, theirs) = (Digest::of(b"ours"), Digest::of(b"theirs"));
        let found = named(&[
            (
                event(
                    1,
                    "project-zoo",
                    "x.y",
                    &json!({"a": {"b": ours}, "c": SESSION}),
                ),
                true,
            ),
            (
                event(
                    2,
                    "project-ark",
                    "x.y",
                    &json!([theirs, "s-2345672345672345"]),
                ),
                false,
            ),
            (
                event(
                    3,
                    "project-zoo",
                    "x.y",
                    &json!({"c": SESSION, "d": "s-short"}),
                ),
                true,
            ),
        ]);
        assert_eq!(found.digests, BTreeSet::from([ours]));
        let sessions = BTreeMap::from([(SESSION.parse().expect("one"), Position(3))]);
        assert_eq!(found.sessions, sessions);
        assert!(found.refuse_secrets().is_ok());
    }

    #[test]
    fn a_transcript_is_kept_until_it_is_dropped() {
        let kept = |position: u64, what: &str| {
            let kind = format!("container.transcript_{what}");
            event(
                position,
                "container-zoo/1",
                &kind,
                &json!({"session": SESSION}),
            )
        };
        let found = named(&[(kept(1, "kept"), false)]);
        assert_eq!(found.kept.len(), 1, "of every project");
        assert!(found.sessions.is_empty());
        let found = named(&[(kept(1, "kept"), true), (kept(2, "dropped"), true)]);
        assert!(found.kept.is_empty());
        assert_eq!(found.sessions.len(), 1);
    }

    #[test]
    fn events_with_keys_are_counted_and_the_first_of_them_named() {
        let key = "ghp_".to_owned() + &"a1B2".repeat(9);
        let texts = [
            key.as_str(),
            "use a known value",
            "password=hunter22",
            "all is well",
        ];
        let events = texts.iter().zip(1..).map(|(text, position)| {
            let payload = json!({"content": {"description": text}});
            (
                event(position, "feature-zoo/feat-aaaaa", "x.y", &payload),
                false,
            )
        });
        let found = named(&events.collect::<Vec<_>>());
        let why = found.refuse_secrets().expect_err("keys").to_string();
        assert!(why.contains("in the events at 1, 2, 3:"), "{why}");

        let many = (1..=40).map(|n| {
            (
                event(n, "project-zoo", "x.y", &json!(["pwd=hunter22"])),
                true,
            )
        });
        let why = named(&many.collect::<Vec<_>>()).refuse_secrets();
        let why = why.expect_err("keys").to_string();
        assert!(
            why.contains("8, 9, 10, …: look at them with `log show`"),
            "{why}"
        );
    }

    #[test]
    fn a_payload_that_cannot_be_read_is_named() {
        let mut broken = event(7, "project-zoo", "x.y", &json!({}));
        broken.payload = vec![0x81];
        let redactor = Redactor::new(&[]).expect("a redactor");
        let why = Named::default().take(&broken, true, &redactor);
        assert!(
            why.expect_err("broken")
                .to_string()
                .contains("the event at 7")
        );
    }
}
