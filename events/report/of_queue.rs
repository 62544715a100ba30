//! What events of a merge queue tell.

use crate::evidence::Evidence;
use crate::id::Sha;
use crate::merge_queue::MergeQueue;
use crate::merge_queue::event::{Event, Followed, Halted, HeadFailed};
use crate::report::account::{Account, Count, clipped};
use crate::report::said::Said;
use crate::report::span::Place;

impl Account {
    /// Takes how the merge queue stands where the span begins.
    pub(super) fn begin(&mut self, queue: &MergeQueue) {
        self.is_halted = queue.halt.is_some();
        self.is_red = queue.health.red.is_some();
    }

    pub(super) fn queue(&mut self, place: Place<'_>, event: &Event) {
        let at = place.position;
        if self.is_halted && ends_a_halt(event) {
            self.is_halted = false;
            self.end_halt();
            self.say(at, Said::WentOn {});
        }

        match event {
            Event::Halted(e) => self.halted(place, e),
            // While it is red it is looked at again and again.
            Event::HeadFailed(e) if !self.is_red => self.red(place, e),
            Event::HeadVerified(e) if self.is_red => {
                self.is_red = false;
                let head = e.head.clone();
                self.say(at, Said::TrunkGreen { head });
            }
            Event::RedEnded(_) => self.is_red = false,

            Event::UpstreamMoved(e) => self.moved(place, e.seen.as_ref()),
            Event::Followed(e) => self.followed(place, e),
            Event::VerificationLapsed(_) | Event::HeadVerificationLapsed(_) => {
                self.count(at, Count::VerificationsLapsed);
            }
            // What people do; or a step on the way: what an entry comes to is told by its feature.
            other => {
                if let Some(said) = of_person(other) {
                    self.say(at, said);
                }
            }
        }
    }

    /// A queue that stands says so again at each try: that is one sentence.
    fn halted(&mut self, place: Place<'_>, halted: &Halted) {
        self.is_halted = true;
        let is_another = match &self.halt {
            Some(halt) => halt.value.0 != halted.fault,
            None => false,
        };
        if is_another {
            self.end_halt();
        }

        let mut halt = self.halt.take().unwrap_or_default();
        halt.value = (halted.fault.clone(), clipped(&halted.reason));
        halt.shown.add(place.position);
        self.halt = Some(halt);
    }

    fn red(&mut self, place: Place<'_>, failed: &HeadFailed) {
        self.is_red = true;
        let exit = match &failed.evidence {
            Evidence::Ran { exit, .. } => Some(*exit),
            Evidence::NoneConfigured | Evidence::Scaffold => None,
        };
        let head = failed.head.clone();
        self.say(place.position, Said::TrunkRed { head, exit });
    }

    fn moved(&mut self, place: Place<'_>, to: Option<&Sha>) {
        self.figures.upstream_moved += 1;
        self.moved.value = to.cloned();
        self.moved.shown.add(place.position);
    }

    fn followed(&mut self, place: Place<'_>, followed: &Followed) {
        let Some(by) = &followed.accepted else {
            return self.moved(place, Some(&followed.to));
        };
        self.figures.upstream_moved += 1;
        let (to, by) = (followed.to.clone(), by.clone());
        self.say(place.position, Said::UpstreamAccepted { to, by });
    }
}

/// What a person said of an entry or of upstream, or is asked.
fn of_person(event: &Event) -> Option<Said> {
    Some(match event {
        Event::Held(e) => Said::Held { entry: e.entry },
        Event::ChangeApproved(e) => Said::Approved {
            entry: e.entry,
            by: clipped(&e.by),
        },
        Event::ChangeRefused(e) => Said::Refused {
            entry: e.entry,
            by: clipped(&e.by),
            why: clipped(&e.why),
        },

        Event::BranchFollowed(e) => Said::BranchFollowed {
            branch: clipped(&e.branch),
            by: clipped(&e.by),
        },
        _ => return None,
    })
}

/// Whether upstream was asked and answered, or a person had the queue go on.
fn ends_a_halt(event: &Event) -> bool {
    matches!(
        event,
        Event::Unhalted(_)
            | Event::BranchFollowed(_)
            | Event::CandidateBuilt(_)
            | Event::Advanced(_)
            | Event::UpstreamMoved(_)
            | Event::Followed(_)
    )
}
