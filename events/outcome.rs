//! How a session ended. Neither exit code 0 nor 137 proves anything: the outcome is judged from
//! evidence.

use serde::{Deserialize, Serialize};

/// The outcome of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It handed in what it was granted for.
    Completed,
    /// It ended in order and handed in nothing.
    NoWork,
    /// It ended with an error.
    Failed,
    /// It went silent.
    Stuck,
    /// It hit the wall limit.
    TimedOut,
    /// Its context was full.
    ContextFull,
    /// It was ended early, and no person asked for that.
    Interrupted,
    /// The model provider refused for now.
    ProviderLimited,
    /// The model provider failed, could not be reached or does not know us.
    ProviderRefused,
    /// The agent's tool could not work: it is missing, broken or silent.
    ToolBroken,
    /// The engine started no container for it, as for others.
    EngineRefused,
    /// Its budget was spent.
    OverBudget,
    /// It vanished: engine, machine or runner, not the agent.
    Lost,
    /// It never got a container.
    NeverStarted,
    /// It asked a question and left.
    Asked,
    /// It gave the work back by itself.
    GivenBack,
    /// A person's stop ended it: of the project, or of its slot.
    Stopped,
}

/// Whose doing it is that a session ended without what it was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Its own agent's.
    Session,
    /// Its context was too small for the task.
    Context,
    /// Its budget was too small.
    Budget,
    /// Engine, machine or runner: it vanished, or never was.
    Outside,
    /// A person's stop, a question, a provider, a tool or an engine in trouble (which has a state
    /// of its own): nothing is to be counted.
    Nobody,
}

impl Outcome {
    /// Whether it uses one of the feature's tries: the agent's failures do, the infrastructure's do
    /// not.
    pub fn uses_try(self) -> bool {
        self.fault() == Fault::Session
    }

    /// Whose doing it is, when it handed in nothing.
    pub fn fault(self) -> Fault {
        match self {
            Self::Completed
            | Self::NoWork
            | Self::Failed
            | Self::Stuck
            | Self::TimedOut
            | Self::GivenBack => Fault::Session,
            Self::ContextFull => Fault::Context,
            Self::OverBudget => Fault::Budget,
            Self::Interrupted | Self::Lost | Self::NeverStarted => Fault::Outside,
            Self::Stopped
            | Self::ProviderLimited
            | Self::ProviderRefused
            | Self::ToolBroken
            | Self::EngineRefused
            | Self::Asked => Fault::Nobody,
        }
    }

    /// Whether it never had a container: there is no work of it to look after.
    pub fn never_began(self) -> bool {
        matches!(self, Self::NeverStarted | Self::EngineRefused)
    }

    /// Whether a thing outside is to blame, which has a state of its own: it counts against no
    /// bound of the work.
    pub fn is_outside(self) -> bool {
        matches!(
            self,
            Self::ProviderLimited | Self::ProviderRefused | Self::ToolBroken | Self::EngineRefused
        )
    }

    /// The outcome as wires and tables name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::NoWork => "no_work",
            Self::Failed => "failed",
            Self::Stuck => "stuck",
            Self::TimedOut => "timed_out",
            Self::ContextFull => "context_full",
            Self::Interrupted => "interrupted",
            Self::ProviderLimited => "provider_limited",
            Self::ProviderRefused => "provider_refused",
            Self::ToolBroken => "tool_broken",
            Self::EngineRefused => "engine_refused",
            Self::OverBudget => "over_budget",
            Self::Lost => "lost",
            Self::NeverStarted => "never_started",
            Self::Asked => "asked",
            Self::GivenBack => "given_back",
            Self::Stopped => "stopped",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_somebodys_doing_and_counts_as_that() {
        use Outcome as O;
        // Whose doing it is; whether a thing outside is to blame; whether it had no container.
        for (outcome, fault, outside, never_began) in [
            (O::Completed, Fault::Session, false, false),
            (O::NoWork, Fault::Session, false, false),
            (O::Failed, Fault::Session, false, false),
            (O::Stuck, Fault::Session, false, false),
            (O::TimedOut, Fault::Session, false, false),
            (O::GivenBack, Fault::Session, false, false),
            (O::ContextFull, Fault::Context, false, false),
            (O::OverBudget, Fault::Budget, false, false),
            (O::Interrupted, Fault::Outside, false, false),
            (O::Lost, Fault::Outside, false, false),
            (O::NeverStarted, Fault::Outside, false, true),
            (O::Stopped, Fault::Nobody, false, false),
            (O::Asked, Fault::Nobody, false, false),
            (O::ProviderLimited, Fault::Nobody, true, false),
            (O::ProviderRefused, Fault::Nobody, true, false),
            (O::ToolBroken, Fault::Nobody, true, false),
            (O::EngineRefused, Fault::Nobody, true, true),
        ] {
            assert_eq!(outcome.fault(), fault, "{outcome:?}");
            assert_eq!(outcome.uses_try(), fault == Fault::Session, "{outcome:?}");
            assert_eq!(outcome.is_outside(), outside, "{outcome:?}");
            assert_eq!(outcome.never_began(), never_began, "{outcome:?}");
        }
    }
}
