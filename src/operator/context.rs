//! What every request brings along: who has it, the id under which it is answered once, and the
//! version that its caller looked at.

use events::id::CommandId;
use events::stream::Version;

/// One request: who has it, and the id under which it is answered once.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// The name of whoever asks, as the log has it.
    pub by: String,
    /// Under which id.
    pub id: CommandId,
    /// The version the stream must still have, if the caller looked at one.
    pub expect: Option<Version>,
}

impl RequestContext {
    /// A request under a fresh id.
    pub fn fresh(by: &str) -> Self {
        let mut id = [0; 16];
        getrandom::fill(&mut id)
            .expect("a machine without randomness cannot tell one request from another");
        Self {
            by: by.to_owned(),
            id: CommandId(id),
            expect: None,
        }
    }

    /// A request under the caller's own key.
    pub fn keyed(by: &str, key: &str) -> Self {
        Self {
            by: by.to_owned(),
            id: CommandId::derived(&["operator", by, key]),
            expect: None,
        }
    }

    /// A further command of the same request.
    pub(super) fn part(&self, what: &str) -> CommandId {
        CommandId::derived(&["part", &self.id.to_string(), what])
    }
}
