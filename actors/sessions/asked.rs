//! What a session asked its model's provider, and what became of it: read off the answers, never
//! off what the agent says about them.

use events::id::Timestamp;

/// A provider's answer to a question to a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It did what was asked.
    Given,
    /// It did not.
    Refused(Refusal),
}

/// What a provider did not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status; none when it could not be reached.
    pub status: Option<u16>,
    /// Until when it said to wait.
    pub retry_at: Option<Timestamp>,
}

/// What a session asked its model's provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// Whether it asked anything.
    pub(super) any: bool,
    /// Whether any question was answered.
    pub(super) answered: bool,
    /// What became of the last question, when it was not answered.
    pub(super) refusal: Option<Refusal>,
}

impl Asked {
    /// Takes the next answer.
    pub(super) fn hear(&mut self, answer: Answer) {
        self.any = true;
        match answer {
            Answer::Given => (self.answered, self.refusal) = (true, None),
            Answer::Refused(refusal) => self.refusal = Some(refusal),
        }
    }
}
