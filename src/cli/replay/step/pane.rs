//! The panes that can be gone through.

/// A pane of the debugger, beside the timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pane {
    /// The event's payload.
    Event,
    /// Its causes and consequences.
    Story,
    /// The state of its stream, and what it changed.
    State,
    /// Break conditions and what is watched.
    Watched,
    /// What else might have happened.
    Refused,
}

/// All of them, in the order in which they are gone through.
pub(super) const PANES: [Pane; 5] = [
    Pane::Event,
    Pane::Story,
    Pane::State,
    Pane::Watched,
    Pane::Refused,
];

impl Pane {
    /// Its title.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Story => "causes",
            Self::State => "state",
            Self::Watched => "watched",
            Self::Refused => "refused",
        }
    }

    /// Its place among all of them.
    pub(super) fn place(self) -> usize {
        PANES.iter().position(|pane| *pane == self).unwrap_or(0)
    }

    /// The next one, round and round.
    pub(super) fn next(self) -> Self {
        PANES[(self.place() + 1) % PANES.len()]
    }

    /// The one before.
    pub(super) fn previous(self) -> Self {
        PANES[(self.place() + PANES.len() - 1) % PANES.len()]
    }
}
