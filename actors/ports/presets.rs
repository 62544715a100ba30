//! Presets: named sets of egress rules, such as "the registry of this language", as whoever runs
//! the server keeps them.

use events::egress::EgressRule;

/// The presets of this server.
pub trait EgressPresets: Send + Sync {
    /// The rules of these presets, one preset after the other; or why one cannot be had, and what
    /// to do.
    fn rules(&self, names: &[String]) -> Result<Vec<EgressRule>, String>;
}
