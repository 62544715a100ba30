//! What a session of another course does: what a recorded one did, as its own.

use events::cause::Principal;
use events::container;
use events::evidence::Evidence;
use events::feature;
use events::id::{Epoch, FeatureId, SessionId, Sha, SlotNo};
use events::merge_queue;
use events::policy::AnyCommand;
use events::project;
use events::stream::StreamId;
use events::view::ProjectView;

use super::record::{Act, imagined};

/// A session that does what another one did.
pub(super) struct Actor<'a> {
    pub(super) view: &'a ProjectView,
    pub(super) n: SlotNo,
    pub(super) session: &'a SessionId,
    /// The feature of the recorded session.
    pub(super) of: Option<&'a FeatureId>,
    /// How often what it does was done in this course before.
    pub(super) times: usize,
}

impl Actor<'_> {
    /// In whose name it is done.
    pub(super) fn principal(&self) -> Principal {
        Principal::Session(self.session.clone())
    }

    /// What a recorded act is when this session does it; none of what only the recorded one could
    /// do.
    pub(super) fn does(&self, act: &Act) -> Option<(StreamId, AnyCommand)> {
        let project = &self.view.name;

        match (act.command.as_ref()?, &act.stream) {
            (AnyCommand::Container(command), _) => {
                let command = AnyCommand::Container(self.of_slot(command)?);
                Some((StreamId::Container(project.clone(), self.n), command))
            }
            (AnyCommand::Feature(command), StreamId::Feature(_, id)) => {
                let (id, command) = self.of_feature(id, command)?;
                let stream = StreamId::Feature(project.clone(), id);
                Some((stream, AnyCommand::Feature(command)))
            }
            (AnyCommand::Project(command), stream) => {
                let command = AnyCommand::Project(self.of_project(command)?);
                Some((stream.clone(), command))
            }
            (AnyCommand::MergeQueue(command), stream) => {
                let command = AnyCommand::MergeQueue(self.of_queue(command)?);
                Some((stream.clone(), command))
            }
            (command @ AnyCommand::Backlog(_), stream) => Some((stream.clone(), command.clone())),
            _ => None,
        }
    }

    fn of_slot(&self, command: &container::Command) -> Option<container::Command> {
        let mine = self.session.clone();

        Some(match command.clone() {
            container::Command::BeginSession { .. } => {
                container::Command::BeginSession { session: mine }
            }
            container::Command::EndSession {
                outcome,
                exit_code,
                evidence,
                detail,
                ..
            } => container::Command::EndSession {
                session: mine,
                outcome,
                exit_code,
                evidence,
                detail,
            },
            container::Command::MeterUsage { models, .. } => container::Command::MeterUsage {
                session: mine,
                models,
            },
            container::Command::RecordEgress { bytes, denied, .. } => {
                container::Command::RecordEgress {
                    session: mine,
                    bytes,
                    denied,
                }
            }
            _ => return None,
        })
    }

    /// The claim that this session works under.
    fn epoch(&self) -> Option<Epoch> {
        self.view.slot(self.n)?.job()?.epoch
    }

    /// What is done to the feature of the recorded session is done to this one's.
    fn of_feature(
        &self,
        id: &FeatureId,
        command: &feature::Command,
    ) -> Option<(FeatureId, feature::Command)> {
        if self.of != Some(id) {
            return Some((id.clone(), command.clone()));
        }
        let mine = self.view.slot(self.n)?.job()?.feature.clone()?;
        let command = match command.clone() {
            feature::Command::Submit { sha, .. } => feature::Command::Submit {
                epoch: self.epoch()?,
                sha: self.sha(&mine, &sha)?,
                base: self.view.merge_queue.state.head.clone(),
            },
            feature::Command::SecureWork { sha, .. } => feature::Command::SecureWork {
                epoch: self.epoch()?,
                sha: match sha {
                    Some(sha) => Some(self.sha(&mine, &sha)?),
                    None => None,
                },
            },
            feature::Command::Ask { question, .. } => feature::Command::Ask {
                epoch: self.epoch()?,
                question,
            },

            feature::Command::Release {
                outcome, detail, ..
            } => feature::Command::Release {
                epoch: self.epoch()?,
                outcome,
                detail,
            },
            judged @ (feature::Command::PassReview { .. }
            | feature::Command::RejectReview { .. }) => self.judged(&mine, judged)?,
            other => other,
        };
        Some((mine, command))
    }

    /// A commit as the recorded session made it; a further one of another name, where it is made
    /// once more or for something else.
    fn sha(&self, mine: &FeatureId, sha: &Sha) -> Option<Sha> {
        match (self.times, self.of == Some(mine)) {
            (0, true) => Some(sha.clone()),
            (times, _) => imagined(&format!("{sha} {mine} {times}")),
        }
    }

    /// A verdict, about what is handed in now.
    fn judged(&self, mine: &FeatureId, command: feature::Command) -> Option<feature::Command> {
        let submission = self.view.feature(mine)?.submission()?;
        let (epoch, sha) = (submission.epoch, submission.sha.clone());
        let session = self.session.clone();

        Some(match command {
            feature::Command::PassReview { verdict, .. } => feature::Command::PassReview {
                session,
                epoch,
                sha,
                verdict,
            },
            feature::Command::RejectReview { verdict, .. } => feature::Command::RejectReview {
                session,
                epoch,
                sha,
                verdict,
            },
            other => other,
        })
    }

    fn of_project(&self, command: &project::Command) -> Option<project::Command> {
        let mine = self.session.clone();

        Some(match command.clone() {
            project::Command::ProposeBacklog { digest, count, .. } => {
                project::Command::ProposeBacklog {
                    session: mine,
                    digest,
                    count,
                }
            }
            project::Command::SettleOversight {
                report, findings, ..
            } => project::Command::SettleOversight {
                session: mine,
                report,
                findings,
            },
            project::Command::ReportTrouble {
                thing,
                detail,
                retry_at,
                feature,
                ..
            } => project::Command::ReportTrouble {
                thing,
                detail,
                retry_at,
                session: mine,
                feature,
                since: self.view.project.changed,
            },
            project::Command::EndTrouble { thing, why } => {
                project::Command::EndTrouble { thing, why }
            }
            _ => return None,
        })
    }

    /// Evidence, of the tree that this session was given.
    fn of_queue(&self, command: &merge_queue::Command) -> Option<merge_queue::Command> {
        let queue = &self.view.merge_queue.state;

        match command {
            merge_queue::Command::RecordVerification { evidence, .. } => {
                let tip = queue.tip()?;
                let tree = &tip.candidate()?.tree;
                Some(merge_queue::Command::RecordVerification {
                    entry: tip.number,
                    session: Some(self.session.clone()),
                    evidence: self.evidence(evidence, tree),
                })
            }
            merge_queue::Command::RecordHeadVerification { evidence, .. } => {
                let head = &queue.health.checking.as_ref()?.head;
                let tree = match evidence {
                    Evidence::Ran { tree, .. } if queue.head.as_ref() == Some(head) => tree,
                    _ => head,
                };
                Some(merge_queue::Command::RecordHeadVerification {
                    session: self.session.clone(),
                    evidence: self.evidence(evidence, tree),
                })
            }
            _ => None,
        }
    }

    fn evidence(&self, evidence: &Evidence, tree: &Sha) -> Evidence {
        match evidence.clone() {
            Evidence::Ran {
                command,
                exit,
                log,
                tail,
                ..
            } => Evidence::Ran {
                tree: tree.clone(),
                session: self.session.clone(),
                command,
                exit,
                log,
                tail,
            },
            other => other,
        }
    }
}

#[cfg(test)]
mod tests;
