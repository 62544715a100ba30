//! Where a slot waits, and who leads it on.

use super::tests::{commands, states};
use super::{Command, Container, Duty, SlotState};
use crate::ways::Giver::{self, Actor, Person, Policy};
use crate::ways::{Place, Ways};

const IDLE: Place = ("slot", "idle");
const ASSIGNED: Place = ("slot", "assigned");
const REQUESTED: Place = ("slot", "container asked for");
const RUNNING: Place = ("slot", "running");
const ENDED: Place = ("slot", "session over");
const GONE: Place = ("slot", "container gone");
const QUARANTINED: Place = ("slot", "quarantined");
const INTERRUPTED: Place = ("duty", "interrupted");
const WITHHELD: Place = ("duty", "withheld");

impl Ways for Container {
    const PLACES: &'static [Place] = &[
        IDLE,
        ASSIGNED,
        REQUESTED,
        RUNNING,
        ENDED,
        GONE,
        QUARANTINED,
        INTERRUPTED,
        WITHHELD,
    ];

    // The target was lowered by a person.
    const GUARDED: &'static [(Place, &'static [&'static str])] =
        &[(QUARANTINED, &["dismiss"]), (WITHHELD, &["dismiss"])];

    fn places(&self) -> Vec<Place> {
        let Some(slot) = self.slot() else {
            return vec![];
        };

        let state = match &slot.state {
            SlotState::Idle => IDLE,
            SlotState::Assigned { .. } => ASSIGNED,
            SlotState::Requested { .. } => REQUESTED,
            SlotState::Running { .. } => RUNNING,
            SlotState::Ended(ended) if ended.gone => GONE,
            SlotState::Ended(_) => ENDED,
            SlotState::Quarantined { .. } => QUARANTINED,
        };
        let mut places = vec![state];

        match slot.duty {
            Duty::Serve => {}
            Duty::Interrupt { .. } => places.push(INTERRUPTED),
            Duty::Withhold { .. } => places.push(WITHHELD),
        }

        places
    }

    fn givers(command: &Command) -> &'static [Giver] {
        match command {
            Command::Enlist => &[Policy("fleet"), Person("project set --target")],
            Command::Assign { .. } => &[Actor("effects"), Person("project start")],
            Command::RequestStart { .. } => &[Policy("supervise")],
            // The engine answers; it does so too when it was asked to end what it starts.
            Command::RecordStarted { .. } | Command::RecordStartFailed { .. } => {
                &[Actor("containers/reconciler"), Person("container restart")]
            }
            Command::BeginSession { .. } => &[Actor("sessions/runner")],
            Command::EndSession { .. } => &[
                Policy("supervise"),
                Actor("sessions/runner"),
                Person("container stop"),
                Person("container restart"),
            ],
            // What is to end is ended, with force in the end, and the engine is looked at again.
            Command::RecordExited { .. } | Command::RecordLost { .. } => &[
                Actor("containers/reconciler"),
                Person("container stop"),
                Person("container restart"),
            ],
            Command::RecordRemoved { .. } => {
                &[Actor("containers/reconciler"), Person("container restart")]
            }
            Command::Withhold { .. } => &[Person("container stop")],
            Command::Interrupt { .. } => &[Policy("supervise"), Person("container restart")],
            Command::Reinstate { .. } => &[Person("container restart")],
            Command::Dismiss => &[Policy("fleet"), Person("project set --target")],
            Command::KeepTranscript { .. } => &[Actor("containers/reconciler")],
            Command::DropTranscript { .. } => &[Actor("transcript_retention")],
            Command::MeterUsage { .. } | Command::RecordEgress { .. } => {
                &[Actor("sessions/tallies")]
            }
        }
    }
}

/// Its part of the table of ways.
pub(crate) fn table() -> (String, Vec<String>) {
    let mut states = states();
    for name in ["assigned", "requested", "running"] {
        let found = states.iter().find(|(known, _)| *known == name);
        let (_, state) = found.expect("a state of the table");
        let interrupt = Command::Interrupt { by: "ann".into() };
        states.push(("interrupted", crate::ways::folded(state, &[interrupt])));
    }
    crate::ways::table("slot", &states, &commands())
}
