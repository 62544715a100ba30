//! What a bundle says of itself, and the bounds within which that is believed.

use std::fmt;
use std::str::FromStr;

use actors::ports::blobs::BLOB_MAX;
use anyhow::{Context, bail};
use events::id::{Digest, ProjectName, SessionId};
use serde::{Deserialize, Serialize};

use crate::adapters::transcripts::TRANSCRIPT_MAX;

/// The form that this build writes and reads.
pub const FORMAT: u32 = 1;
/// Longest header in bytes, with its line end.
pub(super) const HEADER_MAX: u64 = 8 * 1024 * 1024;
/// Bytes that every bundle may unpack to.
const UNPACKED_MIN: u64 = 64 * 1024 * 1024;
/// Times that a larger one may grow: logs grow five to twenty times, and what grows much more was
/// made to fill a disk.
const GROWS_MAX: u64 = 200;
/// Largest proof: one event, and 64 digests.
const PROOF_MAX: u64 = 1024 * 1024;
/// Bytes of the header of the digests of states, and of each digest with its line end.
const STATES_HEADER_MAX: u64 = 4 * 1024;
const STATE_LINE: u64 = 17;

/// The name of a part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PartName {
    /// The events, as a segment of the log.
    Log,
    /// The proof of the last event under a seal.
    Proof,
    /// A digest of every state that the log goes through.
    States,
    /// Contents that an event names.
    Blob(Digest),
    /// Output of a session, in frames.
    Transcript(SessionId),
}

impl fmt::Display for PartName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Log => f.write_str("log"),
            Self::Proof => f.write_str("proof"),
            Self::States => f.write_str("states"),
            Self::Blob(digest) => write!(f, "blob {digest}"),
            Self::Transcript(session) => write!(f, "transcript {session}"),
        }
    }
}

impl FromStr for PartName {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        Ok(match text.split_once(' ') {
            None if text == "log" => Self::Log,
            None if text == "proof" => Self::Proof,
            None if text == "states" => Self::States,
            Some(("blob", digest)) => Self::Blob(digest.parse()?),
            Some(("transcript", session)) => Self::Transcript(session.parse()?),
            _ => bail!("{text:?} is no part of a bundle"),
        })
    }
}

impl TryFrom<String> for PartName {
    type Error = anyhow::Error;

    fn try_from(text: String) -> anyhow::Result<Self> {
        text.parse()
    }
}

impl From<PartName> for String {
    fn from(name: PartName) -> Self {
        name.to_string()
    }
}

/// A part, as it is when it is unpacked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The name of it.
    pub part: PartName,
    /// The number of its bytes.
    pub bytes: u64,
    /// The digest of its bytes.
    pub digest: Digest,
}

impl Part {
    /// Most bytes that a part of this name has, in a bundle that ends at this position.
    fn most(&self, head: u64) -> u64 {
        match self.part {
            PartName::Log => u64::MAX,
            PartName::Proof => PROOF_MAX,
            PartName::States => head.saturating_mul(STATE_LINE) + STATES_HEADER_MAX,
            PartName::Blob(_) => BLOB_MAX as u64,
            // Frames have numbers and lengths beside the bytes that are bounded.
            PartName::Transcript(_) => 2 * TRANSCRIPT_MAX,
        }
    }
}

/// Something that belongs to the log and is not in the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The part that it would have been.
    pub part: PartName,
    /// The reason, in words for people.
    pub why: String,
}

impl LeftOut {
    pub(super) fn because(part: PartName, why: &str) -> Self {
        let why = why.to_owned();
        Self { part, why }
    }
}

/// The first line of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The form of the file.
    pub bundle: u32,
    /// The build that made it.
    pub build: String,
    /// The fingerprint of its rules.
    pub rules: String,
    /// When it was made.
    pub made: String,
    /// The id of the log.
    pub log: String,
    /// The position of the last event.
    pub head: u64,
    /// The digest of the chain there.
    pub digest: Digest,
    /// The last event that is proved to be under a seal; 0 where none is.
    pub sealed: u64,
    /// The public key of that seal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_by: Option<String>,
    /// The project that it is about; all of them without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectName>,
    /// The position at which a reader begins.
    pub at: u64,
    /// Bytes of the parts as they are packed.
    pub packed: u64,
    /// The parts, in the order of their names.
    pub parts: Vec<Part>,
    /// Parts that are not in it, and why.
    pub left_out: Vec<LeftOut>,
}

/// What is read of a header before anything else.
#[derive(Deserialize)]
struct Form {
    bundle: u32,
    #[serde(default)]
    build: String,
}

impl Header {
    /// Reads a header, without its line end.
    ///
    /// # Errors
    /// It is none, of another form, or promises what no bundle holds.
    pub fn parse(line: &[u8]) -> anyhow::Result<Self> {
        let begins = line.first() == Some(&b'{');
        let form: Option<Form> = match serde_json::from_slice(line) {
            Ok(form) if begins => Some(form),
            _ => None,
        };
        let form = form.context("it does not begin with the header of `replay bundle`")?;
        if form.bundle != FORMAT {
            bail!(
                "its form is {}, and this build reads {FORMAT}: it was made by {:?}; open it with \
                 that build or a newer one",
                form.bundle,
                form.build
            );
        }

        let header: Self = serde_json::from_slice(line).context("its header cannot be read")?;
        header.check()?;
        Ok(header)
    }

    /// Whether the parts are those of a bundle, and none is larger than it can be.
    fn check(&self) -> anyhow::Result<()> {
        if self.at > self.head || self.head == 0 {
            bail!("its header names position {} of {}", self.at, self.head);
        }

        let begins = self.parts.first().map(|part| &part.part);
        if begins != Some(&PartName::Log) {
            bail!("its header names no log");
        }
        let mut pairs = self.parts.windows(2);
        if let Some(pair) = pairs.find(|pair| pair[0].part >= pair[1].part) {
            bail!("its header names {} after {}", pair[1].part, pair[0].part);
        }

        let mut all = self.parts.iter();
        if let Some(part) = all.find(|part| part.bytes > part.most(self.head)) {
            bail!(
                "its header promises {} bytes of {}, at most {} are possible",
                part.bytes,
                part.part,
                part.most(self.head)
            );
        }
        self.check_growth()
    }

    /// Whether it unpacks to no more than a file of its size does.
    fn check_growth(&self) -> anyhow::Result<()> {
        let sizes = self.parts.iter().map(|part| part.bytes);
        let unpacked = sizes.fold(0_u64, u64::saturating_add);
        let most = UNPACKED_MIN.max(self.packed.saturating_mul(GROWS_MAX));
        if unpacked > most {
            bail!(
                "its {} bytes would unpack to {unpacked}, at most {most} are taken",
                self.packed
            );
        }
        Ok(())
    }

    /// Whether a part of this name is in the bundle.
    pub fn has(&self, name: &PartName) -> bool {
        self.parts.iter().any(|part| part.part == *name)
    }

    /// Sessions whose transcripts its maker left out.
    pub fn absent(&self) -> impl Iterator<Item = &SessionId> {
        self.left_out.iter().filter_map(|left| match &left.part {
            PartName::Transcript(session) => Some(session),
            _ => None,
        })
    }

    /// The header as a line.
    pub(super) fn line(&self) -> anyhow::Result<Vec<u8>> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        if line.len() as u64 > HEADER_MAX {
            bail!(
                "the list of {} parts is above {HEADER_MAX} bytes: bundle an earlier instant with \
                 --to, or one project with --project",
                self.parts.len()
            );
        }
        Ok(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, bytes: u64) -> Part {
        Part {
            part: name.parse().expect("a name"),
            bytes,
            digest: Digest::of(b"x"),
        }
    }

    fn header(parts: Vec<Part>) -> Header {
        Header {
            bundle: FORMAT,
            build: "supercargo 0.0.0".to_owned(),
            rules: "rules".to_owned(),
            made: "2026-11-26T04:49:00Z".to_owned(),
            log: "log-a".to_owned(),
            head: 9,
            digest: Digest::of(b"chain"),
            sealed: 7,
            sealed_by: Some("key".to_owned()),
            project: Some("zoo".parse().expect("a name")),
            at: 5,
            packed: 1_000,
            parts,
            left_out: vec![],
        }
    }

    #[test]
    fn parts_are_written_as_they_are_read() {
        let blob = format!("blob {}", Digest::of(b"x"));
        for name in [
            "log",
            "proof",
            "states",
            &blob,
            "transcript s-abcdefghij234567",
        ] {
            let part: PartName = name.parse().expect(name);
            assert_eq!(part.to_string(), name);
            let json = serde_json::to_string(&part).expect("JSON");
            assert_eq!(json, format!("{name:?}"));
            assert_eq!(serde_json::from_str::<PartName>(&json).expect("read"), part);
        }
        for name in [
            "",
            "Log",
            "log ",
            "blob",
            "blob x",
            "transcript",
            "transcript s-x",
            "x y",
        ] {
            assert!(name.parse::<PartName>().is_err(), "{name:?} is a part");
        }
    }

    /// The order of the file: the log comes first, and what is bounded by it comes after.
    #[test]
    fn parts_are_ordered_by_what_they_are() {
        let blob = format!("blob {}", Digest::of(b"x"));
        let names = [
            "log",
            "proof",
            "states",
            &blob,
            "transcript s-abcdefghij234567",
        ];
        let names: Vec<PartName> = names
            .iter()
            .map(|name| name.parse().expect("one"))
            .collect();
        let mut sorted = names.clone();
        sorted.sort();
        assert_eq!(sorted, names);
    }

    #[test]
    fn a_header_is_read_as_it_was_written() {
        let whole = header(vec![part("log", 900), part("states", 4_000)]);
        let line = whole.line().expect("a line");
        let (end, text) = line.split_last().expect("a line end");
        assert_eq!(*end, b'\n');
        assert_eq!(Header::parse(text).expect("a header"), whole);
        assert!(
            text.starts_with(b"{\"bundle\":1,\"build\":"),
            "its form comes first"
        );
        assert!(whole.has(&PartName::Log) && !whole.has(&PartName::Proof));

        let bare = Header {
            sealed_by: None,
            project: None,
            ..whole
        };
        let line = bare.line().expect("a line");
        assert_eq!(
            Header::parse(&line[..line.len() - 1]).expect("a header"),
            bare
        );
    }

    #[test]
    fn what_is_added_to_a_header_later_is_passed_over() {
        let line = header(vec![part("log", 900)]).line().expect("a line");
        let mut shown: serde_json::Value = serde_json::from_slice(&line).expect("JSON");
        shown["later"] = serde_json::json!({"more": 1});
        assert!(Header::parse(shown.to_string().as_bytes()).is_ok());
    }

    #[test]
    fn growth_is_bounded_by_the_file_and_small_ones_may_grow() {
        let of = |packed: u64, bytes: u64| {
            let header = Header {
                packed,
                ..header(vec![part("log", bytes)])
            };
            header.check().map_err(|error| error.to_string())
        };
        assert_eq!(of(10, UNPACKED_MIN), Ok(()));
        let why = of(10, UNPACKED_MIN + 1).expect_err("too much");
        assert!(
            why.contains("would unpack to 67108865, at most 67108864"),
            "{why}"
        );
        let large = 4 * UNPACKED_MIN;
        let packed = large.div_ceil(GROWS_MAX);
        assert_eq!(of(packed, large), Ok(()));
        assert!(of(packed, large + GROWS_MAX).is_err());
        assert!(of(packed - 1, large).is_err());
    }

    #[test]
    fn a_list_that_no_reader_would_take_is_not_written() {
        let session = |n: usize| format!("transcript s-{n:016}");
        let parts = (0..90_000).map(|n| part(&session(n), 1)).collect();
        let why = header(parts).line().expect_err("too long").to_string();
        assert!(why.contains("--to") && why.contains("90000 parts"), "{why}");
    }

    #[test]
    fn the_sessions_whose_transcripts_were_left_out_are_named() {
        let mut whole = header(vec![part("log", 900)]);
        for name in [
            "transcript s-abcdefghij234567",
            &format!("blob {}", Digest::of(b"x")),
        ] {
            let left = LeftOut::because(name.parse().expect("a part"), "no room");
            whole.left_out.push(left);
        }
        let absent: Vec<_> = whole.absent().map(SessionId::as_str).collect();
        assert_eq!(absent, ["s-abcdefghij234567"]);
    }
}
