//! Who did it, as part of what, after what: travels with every command and is recorded with every
//! event.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::{BadId, CommandId, SessionId};
use crate::name::Name;
use crate::stream::Position;

/// Who is behind a command.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Principal {
    /// A person, by the name they are known under on this host.
    Operator(Name),
    /// An agent, by its session.
    Session(SessionId),
    /// A rule of ours, by its name.
    Policy(Name),
    /// What observes the outside and reports it: engine, upstream, the server itself.
    Node(Name),
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator(name) => write!(f, "operator:{name}"),
            Self::Session(id) => write!(f, "session:{id}"),
            Self::Policy(name) => write!(f, "policy:{name}"),
            Self::Node(name) => write!(f, "node:{name}"),
        }
    }
}

impl FromStr for Principal {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        match text.split_once(':') {
            Some(("operator", name)) => Ok(Self::Operator(name.into())),
            Some(("session", id)) => Ok(Self::Session(id.parse()?)),
            Some(("policy", name)) => Ok(Self::Policy(name.into())),
            Some(("node", name)) => Ok(Self::Node(name.into())),
            _ => Err(BadId::Other(text.to_owned(), "principal")),
        }
    }
}
impl TryFrom<String> for Principal {
    type Error = BadId;
    fn try_from(text: String) -> Result<Self, BadId> {
        text.parse()
    }
}
impl From<Principal> for String {
    fn from(p: Principal) -> String {
        p.to_string()
    }
}

/// Who, why (correlation), after what (causation).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The principal that asked for it.
    pub principal: Principal,
    /// The command that started it all; equal for everything that follows from one request.
    pub correlation: CommandId,
    /// The event that led here, if one did. Always an earlier position.
    pub causation: Option<Position>,
}

impl Cause {
    /// A first cause: its own correlation, nothing before it.
    pub fn first(principal: Principal, command: CommandId) -> Self {
        Self {
            principal,
            correlation: command,
            causation: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_did_it_is_written_and_read_in_one_way() {
        let session = SessionId::from_bytes([7; 10]);
        for (principal, text) in [
            (Principal::Operator("ann".into()), "operator:ann".to_owned()),
            (Principal::Operator("a:b".into()), "operator:a:b".to_owned()),
            (
                Principal::Session(session.clone()),
                format!("session:{session}"),
            ),
            (
                Principal::Policy("assign".into()),
                "policy:assign".to_owned(),
            ),
            (Principal::Node("engine".into()), "node:engine".to_owned()),
        ] {
            assert_eq!(principal.to_string(), text);
            assert_eq!(text.parse(), Ok(principal.clone()));
            assert_eq!(String::from(principal.clone()), text);
            assert_eq!(Principal::try_from(text), Ok(principal));
        }

        for text in [
            "",
            "ann",
            "robot:ann",
            "Operator:ann",
            "session:",
            "session:x",
        ] {
            assert!(text.parse::<Principal>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_first_cause_is_its_own_and_follows_nothing() {
        let (ann, command) = (Principal::Operator("ann".into()), CommandId([3; 16]));
        let cause = Cause::first(ann.clone(), command);
        assert_eq!(cause.principal, ann);
        assert_eq!((cause.correlation, cause.causation), (command, None));
    }
}
