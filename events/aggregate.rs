//! What every aggregate is: a state folded from events, and two pure functions.

use std::fmt::Debug;

use serde::Serialize;

use crate::bounds::Bounded;
use crate::codec::EventCodec;
use crate::id::Timestamp;
use crate::stream::{Position, Version};

/// Where and when an event was recorded, for folds that keep times or positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Place in the log.
    pub position: Position,
    /// Place in the stream.
    pub version: Version,
    /// Recorded time.
    pub at: Timestamp,
}

/// Why the rules turned a command down: a normal answer, never an error.
pub trait Refusal: std::error::Error + Clone + PartialEq + Send + Sync + 'static {
    /// A stable code for wires and tests.
    fn code(&self) -> &'static str;

    /// What sort of answer it is.
    fn kind(&self) -> RefusalKind;
}

/// What sort of answer a refusal is, whatever the way it came in. Whoever answers over a protocol
/// has one table from these to the protocol's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// What was named is not there.
    NotFound,
    /// What was given cannot be, whatever the state.
    Invalid,
    /// What was given is more than what is taken.
    TooLarge,
    /// Not as things are.
    Conflict,
}

/// A consistency boundary: the default value is "no event yet".
pub trait Aggregate: Default + Clone + Debug + PartialEq + Send + Sync + Unpin + 'static {
    /// Imperative requests. Serialized once, for the digest that tells a repeated body from
    /// another.
    type Command: Clone + Debug + Serialize + Send + Sync + 'static;
    /// Facts, each within its bounds.
    type Event: EventCodec + Bounded;
    /// The reasons for which commands are turned down.
    type Refusal: Refusal;

    /// What this command would record now. Sees the state, the command and the command's own time,
    /// nothing else. An empty list means: accepted, and there is nothing left to record.
    fn rules(
        &self,
        command: &Self::Command,
        now: Timestamp,
    ) -> Result<Vec<Self::Event>, Self::Refusal>;

    /// The rules, and every event of theirs cut to its bounds: what is accepted can be recorded.
    fn decide(
        &self,
        command: &Self::Command,
        now: Timestamp,
    ) -> Result<Vec<Self::Event>, Self::Refusal> {
        let events = self.rules(command, now)?;
        Ok(events.into_iter().map(Bounded::bounded).collect())
    }

    /// Takes one recorded event into the state. Total: every recorded event can be folded.
    fn evolve(&mut self, event: &Self::Event, moment: Moment);
}

/// Declares a refusal enum: each variant with its kind (a conflict where none is given), its stable
/// code, and the sentence a person reads.
#[macro_export]
macro_rules! refusal_enum {
    ($(#[$doc:meta])* pub enum $name:ident { $( $variant:ident $( { $($field:ident: $ty:ty),* } )? $(: $kind:ident)? = $code:literal, $message:literal; )* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, thiserror::Error)]
        #[expect(missing_docs, reason = "each variant carries its own sentence")]
        pub enum $name { $( #[error($message)] $variant $( { $($field: $ty),* } )?, )* }

        impl $crate::aggregate::Refusal for $name {
            fn code(&self) -> &'static str {
                match self { $( Self::$variant $( { $($field: _),* } )? => $code, )* }
            }

            fn kind(&self) -> $crate::aggregate::RefusalKind {
                match self {
                    $( Self::$variant $( { $($field: _),* } )? =>
                        $crate::refusal_kind!($($kind)?), )*
                }
            }
        }
    };
}

/// The kind of a refusal; a conflict where none is given.
#[doc(hidden)]
#[macro_export]
macro_rules! refusal_kind {
    () => {
        $crate::aggregate::RefusalKind::Conflict
    };
    ($kind:ident) => {
        $crate::aggregate::RefusalKind::$kind
    };
}
