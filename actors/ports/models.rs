//! Providers of models, as sessions need to know them. The keys stay with the adapter.

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

/// The providers of this server.
pub trait Models: Send + Sync {
    /// How a provider is spoken to; or why it cannot be used, and what to do.
    fn protocol(&self, provider: &str) -> Result<Protocol, String>;
    /// Tokens that the context of a model holds.
    fn context(&self, model: &str) -> u64;
}
