//! Where a feature waits, and who leads it on.

use super::tests::{commands, states};
use super::{Command, Feature, event::Closing, state::Stage};
use crate::ways::Giver::{self, Actor, Discards, Person, Policy};
use crate::ways::{Place, Ways, folded};

const BLOCKED: Place = ("blockers", "blocked");
const ASIDE: Place = ("aside", "set aside");
const OPEN: Place = ("stage", "open");
const ASKED: Place = ("stage", "asked");
const CLAIMED: Place = ("stage", "claimed");
const SUBMITTED: Place = ("stage", "submitted");
const REVIEWING: Place = ("stage", "in review");
const APPROVED: Place = ("stage", "approved");
const MERGING: Place = ("stage", "merging");
const QUARANTINED: Place = ("stage", "quarantined");

impl Ways for Feature {
    const PLACES: &'static [Place] = &[
        BLOCKED,
        ASIDE,
        OPEN,
        ASKED,
        CLAIMED,
        SUBMITTED,
        REVIEWING,
        APPROVED,
        MERGING,
        QUARANTINED,
    ];

    // What took it out was taken out by a person.
    const GUARDED: &'static [(Place, &'static [&'static str])] = &[
        (ASKED, &["close as restored"]),
        (QUARANTINED, &[]),
        (ASIDE, &["close as restored"]),
    ];

    fn places(&self) -> Vec<Place> {
        let Some(known) = self.known() else {
            return vec![];
        };

        let stage = match &known.stage {
            Stage::Open { question: None } => OPEN,
            Stage::Open { question: Some(_) } => ASKED,
            Stage::Claimed { .. } => CLAIMED,
            Stage::Submitted { review: None, .. } => SUBMITTED,
            Stage::Submitted {
                review: Some(_), ..
            } => REVIEWING,
            Stage::Approved { .. } => APPROVED,
            Stage::Merging { .. } => MERGING,
            Stage::Quarantined { .. } => QUARANTINED,
            Stage::Closed { .. } | Stage::Withdrawn => return vec![],
        };
        let mut places = vec![stage];
        if !known.blockers.is_empty() {
            places.push(BLOCKED);
        }
        if known.aside.is_some() {
            places.push(ASIDE);
        }

        places
    }

    fn givers(command: &Command) -> &'static [Giver] {
        match command {
            Command::Create { .. } => &[Actor("effects"), Person("feature add")],
            Command::Edit { .. } | Command::Rank { .. } => &[Person("feature edit")],
            Command::Comment { .. } => &[Actor("sessions/agent"), Person("feature comment")],
            Command::DenyPush { .. } => &[Actor("claims/outside")],
            Command::Answer { .. } => &[Person("feature answer")],
            Command::Block { .. } => &[Policy("unblock"), Person("feature depend")],
            // What it waits for was closed, or is no dependency any more.
            Command::Unblock { .. } => &[
                Policy("unblock"),
                Person("feature close"),
                Person("feature depend --remove"),
            ],
            Command::Claim { .. } => &[Actor("claims/queue"), Person("feature claim")],
            // The session that has the claim ends.
            Command::Release { .. } => &[
                Policy("assign"),
                Actor("claims/protocol"),
                Person("feature release"),
                Person("container stop"),
            ],
            Command::Expire { .. } => &[Policy("expire")],
            Command::Ask { .. } => &[Actor("claims/protocol")],
            Command::Submit { .. } => &[Actor("claims/protocol"), Person("feature submit")],
            Command::StartReview { .. } => &[Policy("dispatch"), Person("project set --target")],
            // The reviewer's session ends.
            Command::LapseReview { .. } => &[Policy("assign"), Person("container stop")],
            Command::PassReview { .. } | Command::RejectReview { .. } => &[Actor("sessions/agent")],
            Command::BeginMerge { .. } => &[Policy("integrate")],
            // Upstream halted, and the merge queue goes on.
            Command::AbortMerge { .. } => &[Policy("integrate"), Person("queue resume")],
            Command::RejectMerge { .. } => &[Policy("integrate"), Person("queue refuse")],
            Command::Close { closing, .. } => match closing {
                Closing::Merged { .. } => &[Policy("integrate")],
                Closing::Restored { .. } => &[Policy("integrate/undo"), Person("feature undo")],
                Closing::WontDo | Closing::DoneElsewhere => &[Person("feature close")],
            },
            Command::Reopen { .. } => &[Person("feature reopen")],
            Command::TakeOut { .. } => &[Policy("integrate/undo"), Person("feature undo")],
            Command::Requeue { .. } => &[Person("feature requeue")],
            Command::SecureWork { .. } => &[
                Actor("effects"),
                Actor("sessions/runner"),
                Actor("claims/protocol"),
            ],
            Command::LoseWork { .. } => &[Actor("effects")],
            Command::Withdraw { .. } => &[Discards("feature withdraw")],
        }
    }
}

/// Its part of the table of ways.
pub(crate) fn table() -> (String, Vec<String>) {
    let mut states = states();
    let closed = states.iter().find(|(name, _)| *name == "closed");
    let (_, closed) = closed.expect("a closed feature");
    let take_out = Command::TakeOut {
        why: "undone".into(),
        by: "ann".into(),
    };
    states.push(("taken out", folded(closed, &[take_out])));
    crate::ways::table("feature", &states, &commands())
}
