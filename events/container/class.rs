//! Why no session began in a container, in a stable word: what makes two failures equal.

use serde::{Deserialize, Serialize};

/// The kind of a failure. Its words are stored: they never change, and one that another build
/// recorded is kept as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Class {
    /// The image is missing, or nothing of ours runs in it.
    Image,
    /// The engine did not make the container.
    Create,
    /// The engine did not start what it had made.
    Start,
    /// The container's name belongs to somebody else.
    NameTaken,
    /// A folder of the container could not be made.
    Folder,
    /// The package cache could not be had.
    Cache,
    /// What is recorded of a container could not be written or read.
    Record,
    /// The machine gave no random bytes.
    Random,
    /// The process could not be made.
    Spawn,
    /// The runner did not come up.
    Runner,
    /// A trial of the engine did not end as it should.
    Trial,
    /// The engine would not keep the agent apart.
    NotIsolated,
    /// The container was started, and ended before its session began.
    EndedEarly,
    /// Another word.
    Other(String),
}

/// Every word that there is, with what it stands for.
const WORDS: [(&str, Class); 13] = [
    ("image", Class::Image),
    ("create", Class::Create),
    ("start", Class::Start),
    ("name_taken", Class::NameTaken),
    ("folder", Class::Folder),
    ("cache", Class::Cache),
    ("record", Class::Record),
    ("random", Class::Random),
    ("spawn", Class::Spawn),
    ("runner", Class::Runner),
    ("trial", Class::Trial),
    ("not_isolated", Class::NotIsolated),
    ("ended_early", Class::EndedEarly),
];

impl Class {
    /// The stored word.
    pub fn name(&self) -> &str {
        match self {
            Self::Image => "image",
            Self::Create => "create",
            Self::Start => "start",
            Self::NameTaken => "name_taken",
            Self::Folder => "folder",
            Self::Cache => "cache",
            Self::Record => "record",
            Self::Random => "random",
            Self::Spawn => "spawn",
            Self::Runner => "runner",
            Self::Trial => "trial",
            Self::NotIsolated => "not_isolated",
            Self::EndedEarly => "ended_early",
            Self::Other(word) => word,
        }
    }

    /// What a person looks at after such a failure, as an order.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Image => "pull or build the image, or choose another with `project set --image`",
            Self::Folder | Self::Cache | Self::Record => {
                "look at the room and the rights of the data folder's disk"
            }
            Self::NotIsolated => {
                "use an engine that keeps agents apart: `supercargo doctor` tells which"
            }
            Self::EndedEarly => {
                "what runs in the image ends at once, or cannot reach the server: `supercargo \
                 doctor` tries one, and `project set --image` chooses another"
            }
            Self::Create
            | Self::Start
            | Self::NameTaken
            | Self::Random
            | Self::Spawn
            | Self::Runner
            | Self::Trial
            | Self::Other(_) => "`supercargo doctor` looks at the engine",
        }
    }
}

impl From<String> for Class {
    fn from(word: String) -> Self {
        match WORDS.iter().find(|(name, _)| *name == word) {
            Some((_, class)) => class.clone(),
            None => Self::Other(word),
        }
    }
}

impl From<Class> for String {
    fn from(class: Class) -> Self {
        class.name().to_owned()
    }
}

impl std::fmt::Display for Class {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_stored_as_they_are_and_others_are_kept() {
        for (word, class) in WORDS {
            assert_eq!(class.name(), word);
            let stored = crate::codec::to_named(&class);
            assert_eq!(stored, crate::codec::to_named(&word.to_owned()), "{word}");
            assert_eq!(Class::from(word.to_owned()), class);
        }
        let other: Class = serde_json::from_str("\"of_tomorrow\"").expect("a word");
        assert_eq!(other, Class::Other("of_tomorrow".into()));
        assert_eq!(
            serde_json::to_string(&other).expect("a word"),
            "\"of_tomorrow\""
        );
    }

    #[test]
    fn what_is_remedied_has_a_place() {
        for (class, said) in [
            (Class::Image, "`project set --image`"),
            (Class::Folder, "data folder's disk"),
            (Class::NotIsolated, "supercargo doctor"),
            (Class::EndedEarly, "`project set --image`"),
            (Class::Other("anything".into()), "supercargo doctor"),
        ] {
            assert!(class.remedy().contains(said), "{class}");
        }
    }
}
