//! Typed ids and small values, parsed at the edges and trusted afterwards.
//!
//! A text that became a `ProjectName`, `FeatureId` or `Sha` can be a path segment, a branch name or
//! a container name without another look, because its alphabet allows nothing else.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Why a text is not an id: what was asked for, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadId {
    /// The project name breaks the rule; the nearest valid name is proposed.
    #[error(
        "\"{given}\" is no project name: use a-z, 0-9 and '-', 1 to 50 characters, not starting \
         with '-'; try \"{nearest}\""
    )]
    Project {
        /// The text that was given.
        given: String,
        /// The nearest name that would be accepted.
        nearest: String,
    },
    /// The subscription's name breaks the rule; the nearest valid name is proposed.
    #[error(
        "\"{given}\" is no name of a subscription: use a-z, 0-9 and '-', 1 to 50 characters, not \
         starting with '-'; try \"{nearest}\""
    )]
    Subscription {
        /// The text that was given.
        given: String,
        /// The nearest name that would be accepted.
        nearest: String,
    },
    /// The feature id breaks the rule.
    #[error(
        "\"{0}\" is no feature id: use lower-case letters, digits and '-', at most 64 characters, \
         as `feature list` shows them"
    )]
    Feature(String),
    /// Not a full git object id.
    #[error("\"{0}\" is no commit id: 40 lower-case hexadecimal digits are needed")]
    Sha(String),
    /// Any other malformed id.
    #[error("\"{0}\" is not a valid {1}")]
    Other(String, &'static str),
}

// Names of the usual length lie where their id does, and cost no allocation: of features and
// sessions there are many, and each is named in many places. A commit is too long for that.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident in $text:ty, $check:expr, $error:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name($text);

        impl $name {
            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                let check: fn(&str) -> bool = $check;
                let error: fn(&str) -> BadId = $error;
                if check(text) { Ok(Self(text.into())) } else { Err(error(text)) }
            }
        }
        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.as_str().to_owned()
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
}

/// Longest project name, so that container and folder names built from it stay below the limits of
/// engines and sockets.
pub const PROJECT_NAME_MAX: usize = 50;
/// Longest feature id: it becomes a branch and a file name.
pub const FEATURE_ID_MAX: usize = 64;
/// Longest name of a reader: it stands in refusals, one line each.
pub const READER_ID_MAX: usize = 64;
const READER_ID_IS: &str =
    "name of a reader: use A-Z, a-z, 0-9, '.', '_' and '-', 1 to 64 characters";

text_id!(
    /// The natural key of a project, `[a-z0-9][a-z0-9-]{0,49}`.
    ProjectName in SmolStr,
    is_project_name,
    |t| BadId::Project { given: t.to_owned(), nearest: nearest_name(t) }
);
text_id!(
    /// The name of an outside reader of the log, as a project's: `[a-z0-9][a-z0-9-]{0,49}`.
    SubscriptionName in SmolStr,
    is_project_name,
    |t| BadId::Subscription { given: t.to_owned(), nearest: nearest_name(t) }
);
text_id!(
    /// The name of an installation's node, as a project's.
    NodeName in SmolStr,
    is_project_name,
    |t| BadId::Other(t.to_owned(), "name of a node")
);
text_id!(
    /// A feature's id within its project, `[a-z0-9][a-z0-9-]*(\.[0-9]+)*`, at most 64 characters.
    FeatureId in SmolStr,
    is_feature_id,
    |t| BadId::Feature(t.to_owned())
);
text_id!(
    /// One agent session, derived from what it was granted for: `s-` and 16 base32 characters.
    SessionId in SmolStr,
    |t| t.len() == 18 && t.starts_with("s-") && t[2..].bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()),
    |t| BadId::Other(t.to_owned(), "session id")
);
text_id!(
    /// One reader of a subscription, by the name that it gives itself: `[A-Za-z0-9._-]{1,64}`.
    ReaderId in SmolStr,
    |t| !t.is_empty() && t.len() <= READER_ID_MAX && t.bytes().all(is_reader_byte),
    |t| BadId::Other(t.to_owned(), READER_ID_IS)
);
text_id!(
    /// A git object id, 40 lower-case hexadecimal digits.
    Sha in Arc<str>,
    |t| t.len() == 40 && t.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)),
    |t| BadId::Sha(t.to_owned())
);

fn is_project_name(t: &str) -> bool {
    let length = 1..=PROJECT_NAME_MAX;
    length.contains(&t.len()) && !t.starts_with('-') && t.chars().all(is_name_char)
}

fn is_reader_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"._-".contains(&b)
}

impl Default for ReaderId {
    /// All readers that give no name are one.
    fn default() -> Self {
        Self("anonymous".into())
    }
}

fn is_feature_id(text: &str) -> bool {
    let mut parts = text.split('.');
    let stem = parts.next().unwrap_or_default();
    !stem.is_empty()
        && text.len() <= FEATURE_ID_MAX
        && !stem.starts_with('-')
        && stem.chars().all(is_name_char)
        && parts.all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()))
}

fn nearest_name(text: &str) -> String {
    let mapped: String = text
        .to_lowercase()
        .chars()
        .map(|c| if is_name_char(c) { c } else { '-' })
        .collect();
    let trimmed: String = mapped
        .trim_matches('-')
        .chars()
        .take(PROJECT_NAME_MAX)
        .collect();

    if trimmed.is_empty() {
        "project".to_owned()
    } else {
        trimmed
    }
}

impl SessionId {
    /// A session id from these bytes.
    pub fn from_bytes(bytes: [u8; 10]) -> Self {
        Self(format!("s-{}", base32(&bytes)).into())
    }

    /// The id of the session that is granted to a slot at one version of the granting stream. That
    /// version is written once, so the id is unique; and a grant that is repeated after a crash
    /// names the same session.
    pub fn granted(stream: &str, version: u64, slot: SlotNo) -> Self {
        let seed =
            CommandId::derived(&["session", stream, &version.to_string(), &slot.to_string()]);
        let mut bytes = [0; 10];
        bytes.copy_from_slice(&seed.0[..10]);
        Self::from_bytes(bytes)
    }
}

/// Lower-case base32 without padding: 5 bits a character.
pub fn base32(bytes: &[u8]) -> String {
    data_encoding::BASE32_NOPAD.encode(bytes).to_lowercase()
}

/// A slot's number within its project, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SlotNo(pub u16);

/// Counts a feature's claims, from 1, never reset. 0 means never claimed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Epoch(pub u64);

/// Counts a slot's containers, from 1, never reset.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Generation(pub u64);

macro_rules! shown_number {
    ($($name:ident)*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}
shown_number!(SlotNo Epoch Generation Timestamp);

/// Microseconds since the Unix epoch. Shown, and compared only with times of the same log; order is
/// by position.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This time and `ms` milliseconds.
    pub fn plus_ms(self, ms: u64) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(ms.saturating_mul(1000)).unwrap_or(i64::MAX)),
        )
    }

    /// Milliseconds from `earlier` to this, 0 when the clock went back.
    pub fn ms_since(self, earlier: Self) -> u64 {
        u64::try_from((self.0 - earlier.0) / 1000).unwrap_or(0)
    }
}

/// Identifies one command; the same id with the same body is answered as the first time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommandId(pub [u8; 16]);

impl CommandId {
    /// The id of a command that some rule owes: the same purpose, subject and epoch or version give
    /// the same id.
    pub fn derived(parts: &[&str]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("supercargo 2026 command id");
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        let mut id = [0; 16];
        id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Self(id)
    }
}

/// A BLAKE3 digest of stored bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

macro_rules! hex_value {
    ($($name:ident $len:literal $what:literal;)*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
        }
        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok();
                let fixed = bytes.and_then(|b| <[u8; $len]>::try_from(b).ok());
                fixed.map(Self).ok_or_else(|| BadId::Other(text.to_owned(), $what))
            }
        }
        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.to_string()
            }
        }
    )*};
}
hex_value! {
    CommandId 16 "command id";
    Digest 32 "digest";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn project_names_propose_the_nearest() {
        for good in ["a", "zoo-9", "9lives"] {
            assert!(good.parse::<ProjectName>().is_ok(), "{good}");
        }

        for (bad, nearest) in [
            ("My App", "my-app"),
            ("-x", "x"),
            ("..", "project"),
            ("", "project"),
            ("a/b", "a-b"),
        ] {
            let refusal = bad.parse::<ProjectName>().expect_err(bad);
            assert_eq!(
                refusal,
                BadId::Project {
                    given: bad.into(),
                    nearest: nearest.into()
                }
            );
            assert!(nearest.parse::<ProjectName>().is_ok());
        }

        assert!("a".repeat(51).parse::<ProjectName>().is_err());
    }

    #[test]
    fn feature_ids_keep_to_branch_safe_text() {
        for good in ["feat-abc12", "bd-1.2.3", "x"] {
            assert!(good.parse::<FeatureId>().is_ok(), "{good}");
        }
        for bad in ["", "-a", "a..1", "a.b", "A", "a/b", "a b", ".1", "a.", "ü"] {
            assert!(bad.parse::<FeatureId>().is_err(), "{bad}");
        }
        assert!("a".repeat(65).parse::<FeatureId>().is_err());
    }

    #[test]
    fn derived_ids_depend_on_every_part_and_its_border() {
        assert_eq!(
            CommandId::derived(&["a", "b"]),
            CommandId::derived(&["a", "b"])
        );
        assert_ne!(CommandId::derived(&["ab"]), CommandId::derived(&["a", "b"]));
        let id = CommandId::derived(&["x"]);
        assert_eq!(id.to_string().parse::<CommandId>().expect("hex"), id);
    }

    /// A grant that is repeated after a crash names the same session; logs hold these names.
    #[test]
    fn a_granted_session_is_one_of_its_stream_version_and_slot() {
        let granted = |stream: &str, version: u64, n: u16| {
            SessionId::granted(stream, version, SlotNo(n)).to_string()
        };
        let first = granted("feature-z/f", 4, 2);
        assert_eq!(first, "s-2kqybfseexftyniv");
        for other in [
            granted("feature-z/g", 4, 2),
            granted("feature-z/f", 5, 2),
            granted("feature-z/f", 4, 3),
        ] {
            assert_ne!(other, first);
        }
    }

    #[test]
    fn a_reader_is_called_by_plain_letters() {
        for (name, fits) in [
            ("chat", true),
            ("Chat-2.b_c", true),
            ("a b", false),
            ("a/b", false),
            ("ä", false),
            ("", false),
        ] {
            assert_eq!(name.parse::<ReaderId>().is_ok(), fits, "{name}");
        }
    }
}
