//! Events as stored bytes: a name and a schema number in columns, one struct per pair as a *named*
//! MessagePack map.
//!
//! Positional maps would silently swap same-typed fields after a reorder, and an encoded enum could
//! not skip what it does not know. So the kind is outside the payload, and an unknown kind is an
//! error that says what is needed, never a skip.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A stored event name and its schema number. Names are for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind {
    /// `noun.verb`, past tense.
    pub name: &'static str,
    /// From 1; a new field is a new number.
    pub schema: u16,
}

/// Why stored bytes are not an event we can fold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// A kind this build does not know: a newer build wrote it.
    #[error(
        "event {name} (schema {schema}) is unknown to this build; use a build that knows it, \
         nothing was written"
    )]
    Unknown {
        /// Stored name.
        name: String,
        /// Stored schema number.
        schema: u16,
    },
    /// The bytes do not fit the kind.
    #[error("payload of {name} (schema {schema}) cannot be read: {detail}")]
    Malformed {
        /// Stored name.
        name: String,
        /// Stored schema number.
        schema: u16,
        /// What the decoder said.
        detail: String,
    },
}

/// An event enum that knows its stored kinds.
pub trait EventCodec: Sized + Clone + std::fmt::Debug + PartialEq + Send + Sync + 'static {
    /// Kinds of this enum that are read and not written any more.
    const EARLIER: &'static [Kind];
    /// Every kind of this enum.
    const KINDS: &'static [Kind];
    /// The kind this event is stored under.
    fn kind(&self) -> Kind;
    /// The payload bytes.
    fn encode(&self) -> Vec<u8>;
    /// Reads stored bytes back.
    fn decode(name: &str, schema: u16, payload: &[u8]) -> Result<Self, CodecError>;
}

/// Encodes one payload struct as a named map. Event structs hold only strings, numbers, lists and
/// maps with string keys, for which MessagePack encoding into memory cannot fail.
pub fn to_named<T: Serialize>(value: &T) -> Vec<u8> {
    rmp_serde::to_vec_named(value).expect("event payloads are plain data")
}

/// Decodes one payload struct and refuses trailing bytes, which the decoder alone would accept.
pub fn from_named<T: DeserializeOwned>(
    name: &str,
    schema: u16,
    payload: &[u8],
) -> Result<T, CodecError> {
    let malformed = |detail: String| CodecError::Malformed {
        name: name.to_owned(),
        schema,
        detail,
    };
    let mut rest = payload;
    let value = T::deserialize(&mut rmp_serde::Deserializer::new(&mut rest))
        .map_err(|e| malformed(e.to_string()))?;

    if rest.is_empty() {
        Ok(value)
    } else {
        Err(malformed(format!("{} bytes too many", rest.len())))
    }
}

/// Stops the build when the earlier schemas of a kind are not exactly those before its current one:
/// a stored event must never meet a build that knew its schema once and forgot it.
pub const fn assert_whole_chain(earlier: &[u16], current: u16) {
    assert!(current >= 1, "schemas count from 1");
    assert!(
        earlier.len() + 1 == current as usize,
        "every earlier schema of a kind needs its struct"
    );

    let mut i = 0;
    while i < earlier.len() {
        assert!(
            earlier[i] as usize == i + 1,
            "earlier schemas are listed from 1 on, in order"
        );
        i += 1;
    }
}

/// Declares an event enum: each variant wraps its payload struct and names the kind it is stored
/// under.
///
/// A kind that was stored otherwise before lists its earlier schemas: `Claimed(Claimed) =
/// "feature.claimed", 2, was [1: ClaimedV1];`. The struct of an earlier schema becomes the current
/// one by `From`, when it is read; stored rows are never rewritten. Where every new field has a
/// default, the current struct reads the earlier schema itself. A new meaning is a new kind.
#[macro_export]
macro_rules! event_enum {
    ($(#[$doc:meta])* pub enum $event:ident {
        $( $variant:ident($payload:ty) = $name:literal, $schema:literal $(, was [ $( $earlier:literal: $old:ty ),+ ])?; )*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        #[expect(missing_docs, reason = "each variant wraps the documented struct of its name")]
        pub enum $event { $( $variant($payload), )* }

        $( const _: () = $crate::codec::assert_whole_chain(&[ $( $( $earlier ),+ )? ], $schema); )*

        impl $crate::codec::EventCodec for $event {
            const EARLIER: &'static [$crate::codec::Kind] =
                &[ $( $( $( $crate::codec::Kind { name: $name, schema: $earlier } ),+ , )? )* ];
            const KINDS: &'static [$crate::codec::Kind] = &[ $( $crate::codec::Kind { name: $name, schema: $schema } ),* ];
            fn kind(&self) -> $crate::codec::Kind {
                match self { $( Self::$variant(_) => $crate::codec::Kind { name: $name, schema: $schema }, )* }
            }
            fn encode(&self) -> Vec<u8> {
                match self { $( Self::$variant(payload) => $crate::codec::to_named(payload), )* }
            }
            fn decode(name: &str, schema: u16, payload: &[u8]) -> Result<Self, $crate::codec::CodecError> {
                match (name, schema) {
                    $( ($name, $schema) => $crate::codec::from_named(name, schema, payload).map(Self::$variant), )*
                    $( $( $( ($name, $earlier) => {
                        $crate::codec::from_named::<$old>(name, schema, payload).map(|old| Self::$variant(old.into()))
                    } )+ )? )*
                    _ => Err($crate::codec::CodecError::Unknown { name: name.to_owned(), schema }),
                }
            }
        }
        $( impl From<$payload> for $event {
            fn from(payload: $payload) -> Self { Self::$variant(payload) }
        } )*
    };
}
