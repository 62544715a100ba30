//! Named sets of rules, such as "the registry of this language": the operator's file `egress.json`
//! in the data folder. None is built in: which hosts a house trusts is for the house to say.
//!
//! ```json
//! {"presets": {"packages": [{"host": "packages.example.org"}, {"host": "*.cdn.example.org"}]}}
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use actors::ports::presets::EgressPresets;
use events::egress::EgressRule;
use serde::Deserialize;

/// The file's name.
const FILE: &str = "egress.json";

/// The file of presets, in a data folder.
#[derive(Debug)]
pub(crate) struct PresetFile {
    data: PathBuf,
}

impl PresetFile {
    /// The file of this data folder.
    pub(crate) fn of(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
        }
    }
}

impl EgressPresets for PresetFile {
    fn rules(&self, names: &[String]) -> Result<Vec<EgressRule>, String> {
        let presets = Presets::read(&self.data)?;
        let mut rules = Vec::new();
        for name in names {
            rules.extend_from_slice(presets.rules(name)?);
        }

        Ok(rules)
    }
}

/// What the file says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Presets {
    presets: BTreeMap<String, Vec<EgressRule>>,
}

impl Presets {
    /// Reads what the data folder has: it is looked at whenever it is asked for, so a change needs
    /// no new start. Every rule is checked.
    fn read(data: &Path) -> Result<Self, String> {
        let path = data.join(FILE);
        let text = match fs_err::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => return Err(format!("{}: {error}", path.display())),
        };

        let read: Self =
            serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
        for (name, rules) in &read.presets {
            rules
                .iter()
                .try_for_each(EgressRule::check)
                .map_err(|why| format!("{}, preset {name}: {why}", path.display()))?;
        }

        Ok(read)
    }

    /// The rules of a preset.
    fn rules(&self, name: &str) -> Result<&[EgressRule], String> {
        let known = || match self
            .presets
            .keys()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ")
        {
            none if none.is_empty() => {
                format!("there is none: write {FILE} into the server's data folder")
            }
            some => format!("there are: {some}"),
        };
        self.presets
            .get(name)
            .map(Vec::as_slice)
            .ok_or_else(|| format!("no egress preset \"{name}\"; {}", known()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_read_checked_and_named() {
        let folder = tempfile::tempdir().expect("folder");
        let none = Presets::read(folder.path()).expect("no file is no preset");
        assert!(
            none.rules("npm")
                .expect_err("unknown")
                .contains("write egress.json")
        );
        let write = |text: &str| fs_err::write(folder.path().join(FILE), text).expect("written");
        write(
            r#"{"presets": {"npm": [{"host": "npm.example.org"}], "deb": [{"host": "deb.example.org", "port": 80}]}}"#,
        );
        let read = Presets::read(folder.path()).expect("read");
        assert_eq!(read.rules("npm").expect("known")[0].port, 443);
        assert!(
            read.rules("pip")
                .expect_err("unknown")
                .contains("there are: deb, npm")
        );
        let names = ["npm".to_owned(), "deb".to_owned()];
        let rules = PresetFile::of(folder.path()).rules(&names).expect("both");
        let ports: Vec<u16> = rules.iter().map(|rule| rule.port).collect();
        assert_eq!(ports, [443, 80], "one preset after the other");

        for wrong in [
            r#"{"presets": {"npm": [{"host": "https://npm"}]}}"#,
            r#"{"preset": {}}"#,
            "{",
        ] {
            write(wrong);
            assert!(
                Presets::read(folder.path())
                    .expect_err(wrong)
                    .contains(FILE),
                "{wrong}"
            );
        }
    }
}
