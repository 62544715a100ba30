//! Commands behind the events of a merge queue.

use super::Redo;
use crate::evidence::Evidence;
use crate::merge_queue::event::{self, Event};
use crate::merge_queue::{Command, MergeQueue};

impl Redo for MergeQueue {
    fn candidates(&self, events: &[Event]) -> Vec<Command> {
        let Some(first) = events.first() else {
            return vec![];
        };

        match first {
            Event::Advanced(_) => {
                // The batch goes up to its last entry.
                events.last().and_then(advanced).into_iter().collect()
            }
            Event::CandidateBuilt(built) => vec![candidate(built, true), candidate(built, false)],
            // Also where an entry that a person has to see closed it: that records the same.
            Event::BatchClosed(closed) => vec![Command::CloseBatch {
                entry: closed.entry,
                why: closed.why.clone(),
            }],
            Event::Dequeued(dequeued) => vec![dropped(dequeued), conflict(dequeued)],
            Event::Followed(followed) => vec![follow(followed)],
            Event::Unhalted(_) => vec![
                Command::Unhalt,
                Command::Follow {
                    from: self.head.clone(),
                    seen: self.head.clone(),
                    files: vec![],
                },
            ],
            Event::UpstreamMoved(moved) => vec![Command::RecordMoved {
                entry: moved.entry,
                from: self.head.clone(),
                seen: moved.seen.clone(),
                files: moved.files.clone(),
            }],
            first => {
                let known = [verification, of_head, told];
                known.iter().filter_map(|of| of(first)).collect()
            }
        }
    }
}

fn advanced(event: &Event) -> Option<Command> {
    match event {
        Event::Advanced(advanced) => Some(Command::RecordAdvanced {
            entry: advanced.entry,
        }),
        _ => None,
    }
}

fn candidate(built: &event::CandidateBuilt, asked: bool) -> Command {
    Command::RecordCandidate {
        entry: built.entry,
        candidate: built.candidate.clone(),
        changes: built.changes.clone(),
        asked,
    }
}

fn dropped(dequeued: &event::Dequeued) -> Command {
    Command::Drop {
        entry: dequeued.entry,
        why: dequeued.why.clone(),
    }
}

fn conflict(dequeued: &event::Dequeued) -> Command {
    Command::RecordConflict {
        entry: dequeued.entry,
        base: dequeued.base.clone(),
        paths: dequeued.paths.clone(),
        why: dequeued.why.clone(),
    }
}

fn follow(followed: &event::Followed) -> Command {
    match &followed.accepted {
        Some(by) => Command::AcceptRewrite {
            seen: followed.to.clone(),
            by: by.clone(),
        },
        None => Command::Follow {
            from: followed.from.clone(),
            seen: Some(followed.to.clone()),
            files: followed.files.clone(),
        },
    }
}

fn verification(event: &Event) -> Option<Command> {
    let (entry, evidence) = match event {
        Event::VerificationStarted(started) => {
            return Some(Command::StartVerification {
                entry: started.entry,
                slot_session: started.slot_session.clone(),
                terms: started.terms.unwrap_or_default(),
            });
        }
        Event::VerificationLapsed(lapsed) => {
            return Some(Command::LapseVerification {
                entry: lapsed.entry,
                session: lapsed.session.clone(),
                outcome: lapsed.outcome,
            });
        }
        Event::Verified(verified) => (verified.entry, &verified.evidence),
        Event::VerificationFailed(failed) => (failed.entry, &failed.evidence),
        Event::VerificationDoubted(doubted) => (doubted.entry, &doubted.evidence),
        Event::Parked(parked) => (parked.entry, &parked.evidence),
        _ => return None,
    };

    Some(Command::RecordVerification {
        entry,
        session: match evidence {
            Evidence::Ran { session, .. } => Some(session.clone()),
            Evidence::NoneConfigured | Evidence::Scaffold => None,
        },
        evidence: evidence.clone(),
    })
}

fn of_head(event: &Event) -> Option<Command> {
    let evidence = match event {
        Event::HeadVerificationStarted(started) => {
            return Some(Command::StartHeadVerification {
                slot_session: started.slot_session.clone(),
                terms: started.terms,
            });
        }
        Event::HeadVerificationLapsed(lapsed) => {
            return Some(Command::LapseHeadVerification {
                session: lapsed.session.clone(),
                outcome: lapsed.outcome,
            });
        }
        Event::RedEnded(ended) => {
            return Some(Command::EndRed {
                why: ended.why.clone(),
            });
        }
        Event::HeadVerified(verified) => &verified.evidence,
        Event::HeadFailed(failed) => &failed.evidence,
        _ => return None,
    };

    match evidence {
        Evidence::Ran { session, .. } => Some(Command::RecordHeadVerification {
            session: session.clone(),
            evidence: evidence.clone(),
        }),
        Evidence::NoneConfigured | Evidence::Scaffold => None,
    }
}

fn told(event: &Event) -> Option<Command> {
    Some(match event {
        Event::Opened(opened) => Command::Open {
            branch: opened.branch.clone(),
            head: opened.head.clone(),
        },
        Event::Queued(queued) => Command::Enqueue {
            kind: queued.kind.clone(),
            priority: queued.priority,
        },
        Event::Held(held) => Command::Hold { entry: held.entry },
        Event::ChangeApproved(approved) => Command::ApproveChange {
            entry: approved.entry,
            by: approved.by.clone(),
        },
        Event::ChangeRefused(refused) => Command::RefuseChange {
            entry: refused.entry,
            by: refused.by.clone(),
            why: refused.why.clone(),
        },
        Event::FoundEmpty(empty) => Command::RecordNothing {
            entry: empty.entry,
            base: empty.base.clone(),
        },

        Event::PublishIntended(intended) => Command::IntendPublish {
            entry: intended.entry,
        },
        Event::Probed(probed) => Command::RecordProbe {
            base: probed.base.clone(),
            collisions: probed.collisions.clone(),
        },
        Event::BranchFollowed(followed) => Command::FollowBranch {
            branch: followed.branch.clone(),
            by: followed.by.clone(),
        },
        Event::Halted(halted) => Command::Halt {
            reason: halted.reason.clone(),
            fault: halted.fault.clone(),
        },
        _ => return None,
    })
}
