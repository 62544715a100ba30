//! Settings that are otherwise in another course, from the words of whoever asks: `NAME=VALUE`,
//! with the names that settings have in a state.

use std::sync::Arc;

use actors::course;
use actors::rejection::Rejection;
use events::settings::Settings;
use serde_json::{Map, Value};

/// Settings that are otherwise: each by its name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Otherwise(Map<String, Value>);

impl Otherwise {
    /// Understands settings; a value that is no JSON is a text.
    ///
    /// # Errors
    /// There is no `=`, or a setting is named twice.
    pub fn parse(words: &[String]) -> Result<Self, Rejection> {
        let mut settings = Map::new();
        for one in words {
            let Some((name, value)) = one.split_once('=') else {
                return Err(Rejection::invalid(format!(
                    "{one:?} is no setting: write NAME=VALUE, such as batch_max=8"
                )));
            };
            let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
            if settings.insert(name.to_owned(), value).is_some() {
                let why = format!("the setting {name} is named twice");
                return Err(Rejection::invalid(why));
            }
        }
        Ok(Self(settings))
    }

    /// The change that they are; none where nothing is otherwise.
    ///
    /// # Errors
    /// There is no setting of such a name, or its value cannot be.
    pub fn applied(&self) -> Result<Option<course::Otherwise>, Rejection> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let settings = self.over(&Settings::default())?;
        settings.check().map_err(Rejection::invalid)?;

        let otherwise = self.clone();
        Ok(Some(Arc::new(move |settings: &Settings| {
            // What fits the usual settings fits these.
            let changed = otherwise.over(settings);
            changed.unwrap_or_else(|_| settings.clone())
        })))
    }

    /// These settings over others.
    fn over(&self, settings: &Settings) -> Result<Settings, Rejection> {
        let mut document = document(settings)?;
        document.extend(self.0.clone());
        // Names that there are not are refused by name.
        serde_json::from_value(Value::Object(document)).map_err(|why| {
            let names: Vec<_> = self.0.keys().map(String::as_str).collect();
            Rejection::invalid(format!("{} cannot be so: {why}", names.join(", ")))
        })
    }
}

fn document(settings: &Settings) -> Result<Map<String, Value>, Rejection> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(document)) => Ok(document),
        Ok(_) => Ok(Map::new()),
        Err(error) => Err(Rejection::later("memory", error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Otherwise, Rejection> {
        let words: Vec<String> = words.iter().map(|one| (*one).to_owned()).collect();
        Otherwise::parse(&words)
    }

    /// The usual settings with these over them, or why that cannot be.
    fn over_usual(words: &[&str]) -> Result<Settings, String> {
        let otherwise = parsed(words).map_err(|why| why.to_string())?;
        let applied = otherwise.applied().map_err(|why| why.to_string())?;
        let usual = Settings::default();
        Ok(applied.map_or(usual.clone(), |applied| applied(&usual)))
    }

    #[test]
    fn settings_are_named_as_a_state_names_them() {
        let usual = Settings::default();
        assert_eq!(over_usual(&[]), Ok(usual.clone()));
        assert_eq!(
            over_usual(&["batch_max=8", "verify=make test", "hold_checks=true"]),
            Ok(Settings {
                batch_max: 8,
                verify: Some("make test".to_owned()),
                hold_checks: true,
                ..usual.clone()
            })
        );
        assert_eq!(
            over_usual(&["protected=[\"Makefile\"]", "session_wall_ms=600000"]),
            Ok(Settings {
                protected: vec!["Makefile".to_owned()],
                session_wall_ms: 600_000,
                ..usual
            })
        );
    }

    #[test]
    fn what_cannot_be_set_is_told_by_its_name() {
        for (words, told) in [
            (["batch_max"], "write NAME=VALUE"),
            (["slots=3"], "unknown field `slots`"),
            (["batch_max=many"], "batch_max cannot be so"),
            (["batch_max=0"], "batch"),
            (["batch_max=-1"], "batch_max cannot be so"),
            (["=3"], "unknown field"),
        ] {
            let why = over_usual(&words).expect_err(words[0]);
            assert!(why.contains(told), "{words:?}: {why}");
        }

        let twice = over_usual(&["batch_max=2", "batch_max=3"]).expect_err("twice");
        assert!(twice.contains("named twice"), "{twice}");
    }
}
