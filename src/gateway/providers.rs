//! The providers of models: where each is, how it is spoken to, where its key comes from, and what
//! its models cost.
//!
//! The usual ones are known. `providers.json` in the data folder, or `serve --providers FILE`, adds
//! to them and replaces them by name:
//!
//! ```json
//! {
//!   "providers": {
//!     "local": {"protocol": "openai", "url": "http://127.0.0.1:8000/v1", "keys": []},
//!     "anthropic": {"protocol": "anthropic", "url": "https://api.anthropic.com",
//!                   "keys": [{"file": "/etc/supercargo/anthropic.key", "auth": "x_api_key"}]}
//!   },
//!   "prices": {"my-model": {"input": 0.5, "output": 2.0, "context": 128000}}
//! }
//! ```
//!
//! Prices are dollars for a million tokens, found by the beginning of the model's name. They
//! change: the built-in ones are a start.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use actors::ports::models::{Listed, Models, Protocol};
use anyhow::{Context, bail};
use async_trait::async_trait;
use events::usage::{Price, Prices};
use serde::{Deserialize, Serialize};

use super::catalogue;

/// The usual providers and prices.
const BUILT_IN: &str = include_str!("providers.json");

/// How a key is shown to a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auth {
    /// `x-api-key`.
    XApiKey,
    /// `Authorization: Bearer`.
    Bearer,
    /// `x-goog-api-key`.
    XGoogApiKey,
    /// A Claude OAuth token: a bearer, and the word that allows it.
    ClaudeOauth,
}

/// Where a key comes from. One that is not there is passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySource {
    /// The name of a variable of the server's environment.
    #[serde(default)]
    pub env: Option<String>,
    /// A file with the key and nothing else, read at every request, so that it may be exchanged.
    #[serde(default)]
    pub file: Option<PathBuf>,
    /// How it is shown.
    pub auth: Auth,
}

/// One provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// How it is spoken to.
    pub protocol: Protocol,
    /// Where it is, without the path of a request. For `openai` with the version, for the others
    /// without.
    pub url: String,
    /// Where its key comes from, the first that is there; an empty list asks without a key.
    pub keys: Vec<KeySource>,
}

/// A key as it is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// The key itself.
    pub secret: String,
    /// How it is shown.
    pub auth: Auth,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key(…, {:?})", self.auth)
    }
}

/// The providers of this server.
#[derive(Debug, Clone, PartialEq)]
pub struct Providers {
    by_name: BTreeMap<String, Provider>,
    /// What their models cost.
    pub prices: Prices,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    providers: BTreeMap<String, Provider>,
    #[serde(default)]
    prices: BTreeMap<String, Price>,
}

impl KeySource {
    fn key(&self) -> Option<Key> {
        let secret = self.in_file().or_else(|| self.in_environment())?;
        let secret = secret.trim().to_owned();
        if secret.is_empty() {
            return None;
        }
        Some(Key {
            secret,
            auth: self.auth,
        })
    }

    fn in_file(&self) -> Option<String> {
        fs_err::read_to_string(self.file.as_ref()?).ok()
    }

    fn in_environment(&self) -> Option<String> {
        std::env::var(self.env.as_ref()?).ok()
    }

    fn shown(&self) -> String {
        let env = self.env.as_ref().map(|name| format!("set {name}"));
        let file = self
            .file
            .as_ref()
            .map(|file| format!("write it to {}", file.display()));
        [env, file]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" or ")
    }
}

impl Provider {
    /// Its key, if it has one; or where one was looked for.
    pub fn key(&self) -> Result<Option<Key>, String> {
        if self.keys.is_empty() {
            return Ok(None);
        }
        let found = self.keys.iter().find_map(KeySource::key);
        let looked = || {
            self.keys
                .iter()
                .map(KeySource::shown)
                .collect::<Vec<_>>()
                .join(", or ")
        };
        found.map(Some).ok_or_else(looked)
    }

    fn check(&self, name: &str) -> anyhow::Result<()> {
        let url = reqwest::Url::parse(&self.url)
            .with_context(|| format!("the provider {name}: {}", self.url))?;
        let plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() || !plain {
            bail!(
                "the provider {name}: {} has to be http(s)://host[/path] and nothing more",
                self.url
            );
        }

        if self
            .keys
            .iter()
            .any(|source| source.env.is_none() && source.file.is_none())
        {
            bail!("the provider {name}: a key comes from \"env\" or from \"file\"");
        }
        Ok(())
    }
}

impl Providers {
    /// The usual ones.
    pub fn built_in() -> anyhow::Result<Self> {
        Self {
            by_name: BTreeMap::new(),
            prices: Prices::default(),
        }
        .with(BUILT_IN, "the built-in providers")
    }

    /// The usual ones, and what a file says; the file may be missing when nobody named it.
    ///
    /// # Errors
    /// The file, and what is wrong with it.
    pub fn read(file: &Path, named: bool) -> anyhow::Result<Self> {
        let usual = Self::built_in()?;
        match fs_err::read_to_string(file) {
            Ok(text) => usual.with(&text, &file.display().to_string()),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && !named => Ok(usual),
            Err(e) => Err(e).with_context(|| format!("reading {}", file.display())),
        }
    }

    fn with(mut self, text: &str, from: &str) -> anyhow::Result<Self> {
        let file: File = serde_json::from_str(text)
            .with_context(|| format!("{from} is not what is expected there"))?;
        for (name, provider) in file.providers {
            let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if name.is_empty() || !name.chars().all(word) {
                bail!(
                    "{from}: \"{name}\" is no name of a provider: lower case letters, digits and \
                     hyphens"
                );
            }
            provider.check(&name).with_context(|| from.to_owned())?;
            self.by_name.insert(name, provider);
        }

        self.prices.0.extend(file.prices);
        Ok(self)
    }

    /// One provider.
    pub fn get(&self, name: &str) -> Option<&Provider> {
        self.by_name.get(name)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Provider)> {
        self.by_name
            .iter()
            .map(|(name, provider)| (name.as_str(), provider))
    }

    /// Every key there is now: nothing that an agent prints may hold one.
    pub fn secrets(&self) -> Vec<String> {
        let keys = self
            .by_name
            .values()
            .flat_map(|provider| &provider.keys)
            .filter_map(KeySource::key);
        keys.map(|key| key.secret).collect()
    }
}

#[async_trait]
impl Models for Providers {
    fn protocol(&self, name: &str) -> Result<Protocol, String> {
        let provider = self.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.by_name.keys().map(String::as_str).collect();
            format!(
                "the provider {name} is not known here; known are {}; providers.json adds others",
                known.join(", ")
            )
        })?;

        match provider.key() {
            Ok(_) => Ok(provider.protocol),
            Err(looked) => Err(format!(
                "the provider {name} has no key: {looked}, and start the server again"
            )),
        }
    }

    fn context(&self, model: &str) -> u64 {
        self.prices.context(model)
    }

    async fn listed(&self, name: &str, model: &str) -> Listed {
        match self.get(name) {
            Some(provider) => catalogue::listed(provider, model).await,
            None => Listed::Unchecked(format!("the provider {name} is not known here")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_adds_and_replaces_and_a_wrong_one_is_named() {
        let usual = Providers::built_in().expect("built in");
        assert_eq!(
            usual.get("anthropic").map(|p| p.protocol),
            Some(Protocol::Anthropic)
        );
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join("providers.json");
        assert_eq!(Providers::read(&file, false).expect("none is fine"), usual);
        assert!(
            Providers::read(&file, true).is_err(),
            "a named one has to be there"
        );
        let key = folder.path().join("key");
        let text = serde_json::json!({
            "providers": {"local": {"protocol": "openai", "url": "http://127.0.0.1:1/v1", "keys": [{"file": key, "auth": "bearer"}]}},
            "prices": {"m-": {"input": 1.0, "output": 2.0, "context": 1000}},
        });
        fs_err::write(&file, text.to_string()).expect("file");
        let mine = Providers::read(&file, true).expect("providers");
        assert!(
            mine.protocol("local")
                .expect_err("no key yet")
                .contains("write it to")
        );
        fs_err::write(&key, " sk-canary-0123 \n").expect("key");
        assert_eq!(mine.protocol("local"), Ok(Protocol::Openai));
        assert!(mine.secrets().contains(&"sk-canary-0123".to_owned()));
        assert!(
            !format!("{:?}", mine.get("local").expect("local").key()).contains("canary"),
            "keys are not shown"
        );
        assert_eq!(mine.context("m-1"), 1000);
        assert!(
            mine.protocol("nobody")
                .expect_err("unknown")
                .contains("local")
        );

        for wrong in [
            r#"{"providers": {"A b": {"protocol": "openai", "url": "http://h", "keys": []}}}"#,
            r#"{"providers": {"a": {"protocol": "openai", "url": "ftp://h", "keys": []}}}"#,
            r#"{"providers": {"a": {"protocol": "openai", "url": "http://u:p@h", "keys": []}}}"#,
            r#"{"providers": {"a": {"protocol": "openai", "url": "http://h", "keys": [{"auth": "bearer"}]}}}"#,
            r#"{"providers": {"a": {"protocol": "telepathy", "url": "http://h", "keys": []}}}"#,
            r#"{"provider": {}}"#,
        ] {
            fs_err::write(&file, wrong).expect("file");
            let why = format!("{:#}", Providers::read(&file, true).expect_err(wrong));
            assert!(why.contains("providers.json"), "{why}");
        }
    }
}
