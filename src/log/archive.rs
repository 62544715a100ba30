//! The log outside of a database, whole: JSON Lines for people and other tools, segments for
//! machines. Both keep positions, times, payload bytes and digests, so that the chain can be
//! checked and a log be made of them again.
//!
//! A segment is the magic `SCLOG\x01\r\n`, then frames: length in bytes (u32, little endian) and a
//! named MessagePack map. The first frame is the [`Header`], every other a [`Record`].

use std::io::{BufRead, Read, Write};

use anyhow::{Context, bail};
use data_encoding::HEXLOWER;
use events::envelope::{Envelope, PAYLOAD_MAX};
use events::id::Digest;
use serde::{Deserialize, Serialize};

use crate::api::EventShape;

/// What a segment begins with. The line break shows damage by tools that change line ends.
const MAGIC: &[u8; 8] = b"SCLOG\x01\r\n";
/// Largest frame in bytes: a payload and its envelope.
const FRAME_MAX: usize = PAYLOAD_MAX + 16 * 1024;
/// The form of both.
const FORMAT: u32 = 1;

/// What the records are from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The log's own id.
    pub log: String,
    /// The form of what follows.
    pub format: u32,
}

impl Header {
    /// The header for a log.
    pub fn of(log: &str) -> Self {
        Self {
            log: log.to_owned(),
            format: FORMAT,
        }
    }
}

/// An event, with what the log keeps to answer its command again. The last event of a command has
/// that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The event.
    pub envelope: Envelope,
    /// Digest of the body of its command.
    pub answers: Option<Digest>,
}

/// An event as a line of JSON: as people read it, and the bytes it is stored as.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Line {
    /// As people read it.
    #[serde(flatten)]
    pub shown: EventShape,
    /// The stored payload, hex.
    pub payload: String,
    /// Digest of the body of its command, with the last event of a command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<Digest>,
}

impl Line {
    /// The line of an event.
    pub fn of(envelope: &Envelope, answers: Option<Digest>) -> Self {
        Self {
            shown: EventShape::from(envelope),
            payload: HEXLOWER.encode(&envelope.payload),
            answers,
        }
    }

    /// The event; what people read beside the payload is not looked at.
    pub fn envelope(&self) -> anyhow::Result<Envelope> {
        let payload = HEXLOWER
            .decode(self.payload.as_bytes())
            .context("the payload is not hex")?;
        self.shown.envelope(payload)
    }
}

/// Writes one form or the other.
pub enum Writer<W> {
    /// JSON Lines.
    Lines(W),
    /// A segment.
    Segment(W),
}

impl<W: Write> Writer<W> {
    /// Writes what comes first.
    pub fn header(&mut self, header: &Header) -> anyhow::Result<()> {
        match self {
            Self::Lines(out) => Ok(writeln!(out, "{}", serde_json::to_string(header)?)?),
            Self::Segment(out) => {
                out.write_all(MAGIC)?;
                frame(out, &rmp_serde::to_vec_named(header)?)
            }
        }
    }

    /// Writes one event.
    pub fn record(&mut self, record: &Record) -> anyhow::Result<()> {
        match self {
            Self::Lines(out) => Ok(writeln!(
                out,
                "{}",
                serde_json::to_string(&Line::of(&record.envelope, record.answers))?
            )?),
            Self::Segment(out) => frame(out, &rmp_serde::to_vec_named(record)?),
        }
    }
}

impl<W: Write> Writer<W> {
    /// Ends it: everything is handed on.
    pub fn finish(self) -> anyhow::Result<()> {
        let (Self::Lines(mut out) | Self::Segment(mut out)) = self;
        Ok(out.flush()?)
    }
}

fn frame(out: &mut impl Write, bytes: &[u8]) -> anyhow::Result<()> {
    out.write_all(&u32::try_from(bytes.len())?.to_le_bytes())?;
    Ok(out.write_all(bytes)?)
}

/// Reads one form or the other; which one shows in the first byte.
pub struct Reader<R> {
    input: R,
    segment: bool,
    /// What the records are from.
    pub header: Header,
}

impl<R: BufRead> Reader<R> {
    /// Reads what comes first.
    pub fn open(mut input: R) -> anyhow::Result<Self> {
        let segment = input.fill_buf()?.first() == Some(&MAGIC[0]);
        let header: Header = if segment {
            let mut magic = [0; MAGIC.len()];
            input
                .read_exact(&mut magic)
                .context("the file is too short")?;
            if &magic != MAGIC {
                bail!("this is no segment of a log, or one of a newer form");
            }
            let bytes = next_frame(&mut input)?.context("the file ends before its header")?;
            rmp_serde::from_slice(&bytes).context("the header cannot be read")?
        } else {
            let mut line = String::new();
            input.read_line(&mut line).context("the file is no text")?;
            serde_json::from_str(&line).context("the first line is no header of an exported log")?
        };

        if header.format != FORMAT {
            bail!("the form is {}, this build reads {FORMAT}", header.format);
        }

        Ok(Self {
            input,
            segment,
            header,
        })
    }

    /// The next event; `None` at the end.
    pub fn read(&mut self) -> anyhow::Result<Option<Record>> {
        if self.segment {
            let Some(bytes) = next_frame(&mut self.input)? else {
                return Ok(None);
            };
            return Ok(Some(
                rmp_serde::from_slice(&bytes).context("a frame cannot be read")?,
            ));
        }

        let mut line = String::new();
        let limit = 4 * FRAME_MAX as u64;
        (&mut self.input).take(limit).read_line(&mut line)?;
        if line.is_empty() {
            return Ok(None);
        }

        if !line.ends_with('\n') {
            bail!("the last line is cut short, or longer than any event");
        }

        let line: Line = serde_json::from_str(&line).context("a line cannot be read")?;

        Ok(Some(Record {
            envelope: line.envelope()?,
            answers: line.answers,
        }))
    }
}

fn next_frame(input: &mut impl BufRead) -> anyhow::Result<Option<Vec<u8>>> {
    if input.fill_buf()?.is_empty() {
        return Ok(None);
    }

    let mut length = [0; 4];
    input
        .read_exact(&mut length)
        .context("the file is cut short")?;

    let length = usize::try_from(u32::from_le_bytes(length))?;
    if length > FRAME_MAX {
        bail!("a frame of {length} bytes, at most {FRAME_MAX} are possible");
    }

    let mut bytes = vec![0; length];
    input
        .read_exact(&mut bytes)
        .context("the file is cut short")?;

    Ok(Some(bytes))
}
