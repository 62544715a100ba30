//! Providers of models, as sessions need to know them. The keys stay with the adapter.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// How a provider is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// Anthropic Messages.
    Anthropic,
    /// OpenAI Responses and Chat Completions, and whoever speaks as OpenAI does.
    Openai,
    /// Gemini's generateContent.
    Gemini,
}

/// What a provider says of a model's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    /// It has one of that name.
    Known,
    /// It has none.
    Unknown {
        /// Names that it has, most alike first.
        similar: Vec<String>,
    },
    /// Nobody knows: why it could not be asked.
    Unchecked(String),
}

/// The providers of this server.
#[async_trait]
pub trait Models: Send + Sync {
    /// How a provider is spoken to; or why it cannot be used, and what to do.
    fn protocol(&self, provider: &str) -> Result<Protocol, String>;
    /// Tokens that the context of a model holds.
    fn context(&self, model: &str) -> u64;
    /// Whether a provider has a model of this name, as it says itself.
    async fn listed(&self, provider: &str, model: &str) -> Listed;
}
