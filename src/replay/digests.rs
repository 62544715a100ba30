//! Whether this build folds a log to the states that another build folded it to: digests of every
//! state that a log goes through, written by one build and checked by another.
//!
//! They are lines: a header, and for each position the digest of the state of its event's stream
//! after it. A digest is over the state as a document, so that it says nothing of how a build keeps
//! it.

use std::collections::BTreeMap;
use std::io::{BufRead, Lines};

use actors::rebuild::fold_next;
use actors::rejection::Rejection;
use events::envelope::Envelope;
use events::id::Digest;
use events::stream::{Position, StreamId};
use events::view::{Projections, snapshot};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::document::Subject;
use super::recorded::{Recorded, unread};
use crate::api::{DifferingShape, EventShape};
use crate::instance::BUILD;

/// The form that this build writes and reads.
const FORMAT: u32 = 1;
/// Digits of a digest: enough to tell states of one log apart.
const DIGITS: usize = 16;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Header {
    /// The form of the lines that follow.
    format: u32,
    /// The build that folded the states.
    build: String,
    /// The fingerprint of its rules.
    rules: String,
    /// The id of the log.
    log: String,
    /// The position of the last state.
    head: u64,
}

/// Digests that another build wrote.
pub struct Digests<R: BufRead> {
    header: Header,
    lines: Lines<R>,
}

fn refused(why: impl std::fmt::Display) -> Rejection {
    Rejection::invalid(format!("the digests cannot be used: {why}"))
}

impl<R: BufRead> Digests<R> {
    /// Reads the first line.
    ///
    /// # Errors
    /// It is no such file, or was made in a newer form.
    pub fn open(reader: R) -> Result<Self, Rejection> {
        let mut lines = reader.lines();
        let first = lines.next().ok_or_else(|| refused("there is nothing"))?;
        let first = first.map_err(refused)?;

        let header: Header = serde_json::from_str(&first)
            .map_err(|_| refused("they do not begin with the header of `replay digests`"))?;
        if header.format != FORMAT {
            return Err(refused(format!(
                "their form is {}, and this build reads {FORMAT}",
                header.format
            )));
        }
        Ok(Self { header, lines })
    }

    fn next(&mut self, position: Position) -> Result<String, Rejection> {
        let line = self.lines.next();
        let line = line.ok_or_else(|| refused(format!("they end before position {position}")))?;
        let line = line.map_err(refused)?;

        let is_digest = line.len() == DIGITS && line.bytes().all(|b| b.is_ascii_hexdigit());
        match is_digest {
            true => Ok(line),
            false => Err(refused(format!(
                "the line of position {position} is no digest"
            ))),
        }
    }
}

/// The outcome of a check.
#[derive(Debug, Clone, Default)]
pub struct Checked {
    /// States that were compared.
    pub states: u64,
    /// Streams with a state that is another, each at the first such event, in the log's order.
    pub differing: Vec<DifferingShape>,
}

impl Recorded {
    /// Writes the digests of the states of this log up to a position, as this build folds it.
    ///
    /// # Errors
    /// The log cannot be read or folded, or a line is not taken.
    pub async fn digests<E>(
        &self,
        head: Position,
        mut line: impl FnMut(String) -> Result<(), E>,
    ) -> Result<(), E>
    where
        E: From<Rejection>,
    {
        let header = Header {
            format: FORMAT,
            build: BUILD.to_owned(),
            rules: snapshot::FINGERPRINT.to_owned(),
            log: self.log().id(),
            head: head.0,
        };

        line(serde_json::to_string(&header).map_err(|e| Rejection::later("memory", e))?)?;
        self.each_state(head, |_, digest| line(digest)).await
    }

    /// Folds this log and compares every state with the digests.
    ///
    /// # Errors
    /// They are of another log or not whole, or this log is shorter, or cannot be read or folded.
    pub async fn check<R: BufRead>(&self, mut digests: Digests<R>) -> Result<Checked, Rejection> {
        let (log, of) = (self.log().id(), &digests.header.log);
        if *of != log {
            return Err(refused(format!(
                "they are of the log {of}, and this is {log}"
            )));
        }
        let (head, to) = (self.head().await?, Position(digests.header.head));
        if to > head {
            return Err(refused(format!(
                "they go to position {to}, and the log to {head}"
            )));
        }

        let mut differing: BTreeMap<StreamId, EventShape> = BTreeMap::new();
        let mut states = 0;
        self.each_state(to, |envelope, digest| {
            states += 1;
            if digests.next(envelope.position)? != digest {
                let first = differing.entry(envelope.stream.clone());
                first.or_insert_with(|| EventShape::from(envelope));
            }
            Ok::<(), Rejection>(())
        })
        .await?;

        let differing = differing.into_iter().map(|(stream, event)| DifferingShape {
            stream: stream.to_string(),
            event,
        });
        let mut differing: Vec<_> = differing.collect();
        differing.sort_by_key(|one| one.event.position);
        Ok(Checked { states, differing })
    }

    /// Folds the log up to a position, and passes each event with the digest of its stream's state
    /// after it.
    async fn each_state<E: From<Rejection>>(
        &self,
        to: Position,
        mut each: impl FnMut(&Envelope, String) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut projections = Projections::default();
        while projections.position < to {
            let after = projections.position;
            for envelope in &self.after(after, to).await? {
                fold_next(&mut projections, envelope).map_err(unread)?;
                each(envelope, digest(&projections, &envelope.stream))?;
            }
        }
        Ok(())
    }
}

/// The digest of a stream's state.
fn digest(projections: &Projections, stream: &StreamId) -> String {
    let state = Subject::Stream(stream.clone()).document(projections);
    let state = state.unwrap_or(Value::Null).to_string();
    let mut digest = Digest::of(state.as_bytes()).to_string();
    digest.truncate(DIGITS);
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = r#"{"format":1,"build":"b","rules":"r","log":"log-a","head":2}"#;

    fn why<T>(done: Result<T, Rejection>) -> String {
        match done {
            Ok(_) => panic!("it is not refused"),
            Err(why) => why.to_string(),
        }
    }

    #[test]
    fn digests_are_read_in_their_form_and_nothing_else_is() {
        for (text, words) in [
            ("", "there is nothing"),
            ("\n", "do not begin with the header"),
            ("[1]", "do not begin with the header"),
            (r#"{"format":1}"#, "do not begin with the header"),
            (
                r#"{"format":2,"build":"b","rules":"r","log":"l","head":2}"#,
                "their form is 2",
            ),
        ] {
            let said = why(Digests::open(text.as_bytes()));
            assert!(said.contains(words), "{text:?}: {said}");
        }
        let not_text = why(Digests::open(&b"\xff\xfe"[..]));
        assert!(not_text.contains("cannot be used"), "{not_text}");
    }

    #[test]
    fn each_line_is_one_digest() {
        let text = format!("{HEADER}\n0123456789abcdef\nshort\n");
        let mut digests = Digests::open(text.as_bytes()).expect("a header");
        let first = digests.next(Position(1)).expect("a digest");
        assert_eq!(first, "0123456789abcdef");
        let second = why(digests.next(Position(2)));
        assert!(second.contains("position 2 is no digest"), "{second}");
        let third = why(digests.next(Position(3)));
        assert!(third.contains("end before position 3"), "{third}");
    }

    #[test]
    fn a_state_that_is_not_there_has_a_digest_of_its_own() {
        let stream = "project-zoo".parse().expect("a stream");
        let digest = digest(&Projections::default(), &stream);
        assert_eq!(digest, Digest::of(b"null").to_string()[..DIGITS]);
    }
}
