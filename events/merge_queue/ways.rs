//! Where the merge queue and its entries wait, and who leads them on.

use super::tests::{commands, states};
use super::{Command, Entry, Fault, MergeQueue, Stage};
use crate::evidence::Evidence;
use crate::ways::Giver::{self, Actor, Person, Policy};
use crate::ways::{Place, Ways, rounds};

const HALTED: Place = ("upstream", "halted");
const REWRITTEN: Place = ("upstream", "rewritten");
const QUEUED: Place = ("front entry", "queued");
const BUILT: Place = ("front entry", "built");
const VERIFYING: Place = ("front entry", "verifying");
const VERIFIED: Place = ("front entry", "verified");
const PUBLISHING: Place = ("front entry", "publishing");
const VERIFIERS: Place = ("front entry", "verifiers given up");
const HELD: Place = ("held entry", "held");
const PARKED: Place = ("parked entry", "parked");
const CHECKING: Place = ("head", "in verification");
const RED: Place = ("head", "red");
const PROBERS: Place = ("head", "verifiers given up");

fn stage(front: &Entry) -> Place {
    match front.stage {
        Stage::Queued => QUEUED,
        Stage::Built { .. } => BUILT,
        Stage::Verifying { .. } => VERIFYING,
        Stage::Verified { .. } => VERIFIED,
        Stage::Publishing { .. } => PUBLISHING,
    }
}

impl Ways for MergeQueue {
    const PLACES: &'static [Place] = &[
        HALTED, REWRITTEN, QUEUED, BUILT, VERIFYING, VERIFIED, PUBLISHING, VERIFIERS, HELD, PARKED,
        CHECKING, RED, PROBERS,
    ];

    const GUARDED: &'static [(Place, &'static [&'static str])] = &[
        // What was lost is there again, or other trouble is seen first.
        (
            REWRITTEN,
            &[
                "follow (elsewhere)",
                "follow (where it was)",
                "halt",
                "record candidate",
                "record moved (elsewhere)",
            ],
        ),
        // Its feature waits for it no more.
        (HELD, &["drop"]),
        // It is dropped like that, or upstream moved and a fresh candidate is built.
        (
            VERIFIERS,
            &["drop", "record moved", "record moved (elsewhere)"],
        ),
        (PROBERS, &[]),
    ];

    fn places(&self) -> Vec<Place> {
        let mut places = vec![];

        places.extend(self.halt.as_ref().map(|halt| match halt.fault {
            Fault::Rewritten { .. } => REWRITTEN,
            _ => HALTED,
        }));
        if let Some(front) = self.front() {
            places.push(stage(front));
            if front.lapses.is_spent() {
                places.push(VERIFIERS);
            }
        }

        for (place, is_there) in [
            (HELD, !self.held.is_empty()),
            (PARKED, !self.parked.is_empty()),
            (CHECKING, self.health.checking.is_some()),
            (RED, self.health.red.is_some()),
            (PROBERS, self.health.lapses.is_spent()),
        ] {
            if is_there {
                places.push(place);
            }
        }
        places
    }

    fn givers(command: &Command) -> &'static [Giver] {
        match command {
            Command::Open { .. } => &[Policy("admit"), Person("project add")],
            Command::Enqueue { .. } => &[
                Policy("admit"),
                Policy("integrate"),
                Person("project scaffold"),
                Person("feature undo"),
            ],
            Command::RecordCandidate { .. } => &[Actor("effects/merge_plan")],
            Command::RecordConflict { .. } | Command::RecordNothing { .. } => {
                &[Actor("effects/merge_plan")]
            }
            Command::Hold { .. } => &[Policy("integrate")],
            Command::ApproveChange { .. } => &[Person("queue approve")],
            Command::RefuseChange { .. } => &[Person("queue refuse")],
            Command::StartVerification { .. } => &[Policy("verify"), Person("project start")],
            Command::StartHeadVerification { .. } => &[Policy("verify")],
            // The verifier's session ends.
            Command::LapseVerification { .. } | Command::LapseHeadVerification { .. } => {
                &[Policy("assign"), Person("container stop")]
            }
            Command::RecordHeadVerification { .. } => {
                &[Actor("sessions/runner"), Person("queue resume")]
            }
            // There is no command any more, or another one.
            Command::EndRed { .. } => &[Policy("integrate"), Person("project set --verify")],
            Command::RecordVerification { evidence, .. } => match evidence {
                Evidence::Ran { .. } => &[Actor("sessions/runner")],
                Evidence::NoneConfigured | Evidence::Scaffold => &[
                    Policy("integrate"),
                    Person("project set --allow-unverified"),
                ],
            },
            Command::CloseBatch { .. } => &[Actor("effects/merge_plan")],
            Command::IntendPublish { .. } => &[Policy("integrate")],
            Command::RecordAdvanced { .. } => &[Actor("effects/merge")],
            // Upstream is looked at, and was moved by somebody else.
            Command::RecordMoved { .. } => &[
                Actor("effects/merge_plan"),
                Person("project upstream fetch"),
            ],
            Command::Halt { .. } => &[Actor("effects/merge_plan")],
            Command::RecordProbe { .. } => &[Actor("effects/merge")],
            Command::Follow { .. } => &[Actor("upstream_poller"), Person("project upstream fetch")],
            Command::AcceptRewrite { .. } => &[Person("project upstream accept")],
            Command::FollowBranch { .. } => &[Person("project upstream follow")],
            Command::Unhalt => &[Person("queue resume")],
            // The feature is closed or set aside while its entry waits.
            Command::Drop { .. } => &[Policy("integrate"), Person("feature close")],
        }
    }
}

/// Its part of the table of ways.
pub(crate) fn table() -> (String, Vec<String>) {
    let commands = commands();
    let mut states = states();
    let command = |name: &str| {
        let found = commands.iter().find(|(known, _)| *known == name);
        found.expect("a command of the table").1.clone()
    };

    for (from, name, [start, lapse]) in [
        (
            "built",
            "verifiers lost",
            ["start verification", "lapse verification"],
        ),
        (
            "parked, red trunk",
            "probes lost",
            ["start head verification", "lapse head verification"],
        ),
    ] {
        let found = states.iter().find(|(known, _)| *known == from);
        let (_, state) = found.expect("a state of the table");
        let round = [command(start), command(lapse)];
        states.push((name, rounds(state, &round, 5)));
    }

    crate::ways::table("merge queue", &states, &commands)
}
