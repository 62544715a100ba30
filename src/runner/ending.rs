//! What a session came to, as it is reported: the end of its process, or what kept it from running.

use actors::sessions::wire::{Ending, NeverRan, SessionBrief};
use events::holder::Role;

use super::agent::{Ended, Stop};

pub(super) fn nothing() -> Ending {
    Ending::default()
}

/// Something that is not the agent's went wrong.
pub(super) fn trouble(why: String) -> Ending {
    Ending {
        trouble: Some(why),
        ..nothing()
    }
}

/// The setup command failed. A reviewer's tree is the work of an agent, whose fault it may be.
pub(super) fn not_set_up(
    brief: &SessionBrief,
    setup: &str,
    ended: Result<Ended, String>,
) -> Ending {
    let stopped = matches!(&ended, Ok(Ended { stop: Some(_), .. }));
    let ours = brief.role != Role::Reviewer && !stopped;
    Ending {
        trouble: Some(format!("the setup command failed: {setup}")),
        never_ran: ours.then_some(NeverRan::Setup),
        ..ending_of(ended)
    }
}

pub(super) fn never_ran(what: NeverRan, why: String) -> Ending {
    Ending {
        never_ran: Some(what),
        ..trouble(why)
    }
}

pub(super) fn ending_of(ended: Result<Ended, String>) -> Ending {
    match ended {
        Ok(ended) => Ending {
            exit_code: ended.code,
            signal: ended.signal,
            interrupted: ended.stop == Some(Stop::Asked),
            context_full: ended.stop == Some(Stop::Full),
            failure: ended.failure,
            ..nothing()
        },
        Err(why) => trouble(why),
    }
}
