//! The agents: what sessions say and how they end. In a storm they do anything; in quiet they do
//! their work.

use events::cause::{Cause, Principal};
use events::container::{self, Assignment, Exit, SlotState};
use events::evidence::Evidence;
use events::feature::{self, Stage};
use events::holder::Role;
use events::id::{CommandId, Digest, SessionId, Sha};
use events::merge_queue;
use events::outcome::Outcome;
use events::policy::AnyCommand;
use events::project;
use events::stream::StreamId;
use events::verdict::{Finding, Judgement, Ran, Verdict};
use events::view::Subject;

use super::model::{Answer, Model, name};
use crate::containers::plan::session_at;
use crate::ports::engine::{ContainerName, Status};

/// How a session that did not do its work ends, as its server judges it.
const BAD_ENDS: [Outcome; 6] = [
    Outcome::NoWork,
    Outcome::Failed,
    Outcome::TimedOut,
    Outcome::ContextFull,
    Outcome::OverBudget,
    Outcome::ProviderLimited,
];

impl Model {
    /// Containers that run, with their sessions.
    pub(super) fn at_work(&self) -> Vec<(ContainerName, SessionId)> {
        self.engine
            .iter()
            .filter(|(_, status)| **status == Status::Running)
            .filter_map(|(name, _)| Some((name.clone(), session_at(&self.projections, name)?)))
            .collect()
    }

    /// One session does one thing.
    pub(super) fn agent(&mut self, container: &ContainerName, session: &SessionId) {
        let Some(slot) = self.view().slot(container.n) else {
            return;
        };

        let (begun, job) = match &slot.state {
            SlotState::Running { begun, job, .. } if job.session == *session => {
                (*begun, job.clone())
            }
            // The start is not recorded yet, or the session is over.
            _ => return,
        };
        self.liveness.session(session, self.now);
        let slot = StreamId::Container(name(), container.n);

        if !begun {
            let command = container::Command::BeginSession {
                session: session.clone(),
            };
            self.say(session, &slot, AnyCommand::Container(command), "begin");
            return;
        }

        let ended = self.work(&job);
        if let Some(outcome) = ended {
            self.end(container, &job, outcome);
        }
    }

    fn say(&mut self, session: &SessionId, stream: &StreamId, c: AnyCommand, key: &str) -> Answer {
        let id = CommandId::derived(&["session", session.as_str(), key]);
        let cause = Cause::first(Principal::Session(session.clone()), id);
        self.send(stream, c, id, cause, &[])
    }

    /// Does some of the job; answers how the session ends, when it does.
    fn work(&mut self, job: &Assignment) -> Option<Outcome> {
        let Some(grant) = self.view().grant_of(&job.session) else {
            return Some(Outcome::Interrupted);
        };

        if self.fails(35) {
            let bad = *self.chance.pick(&BAD_ENDS).unwrap_or(&Outcome::Failed);
            self.blame(job, bad);
            return Some(bad);
        }

        // It takes its time.
        if self.fails(40) {
            return None;
        }

        let done = match (&grant.subject, job.role) {
            (Subject::Claim(..), _) => self.code(job),
            (Subject::Review(..), _) => self.review(job),
            (Subject::Verification(entry), _) => self.verify(job, *entry),
            (Subject::Head, _) => self.verify_head(job),
            (Subject::Oversight, _) => self.oversee(job),
            (Subject::Initialization, _) => self.initialize(job),
        };
        done.then_some(Outcome::Completed)
    }

    fn code(&mut self, job: &Assignment) -> bool {
        let (Some(id), Some(epoch)) = (job.feature.clone(), job.epoch) else {
            return true;
        };

        let sha = self.commit("work");
        self.pushed.insert((id.clone(), epoch), sha.clone());
        let stream = StreamId::Feature(name(), id.clone());
        let command = if self.fails(10) {
            feature::Command::Ask {
                epoch,
                question: "Which?".into(),
            }
        } else {
            let base = self.view().merge_queue.state.head.clone();
            if self.fails(15) {
                self.rotten.insert((id, epoch));
            }
            feature::Command::Submit { epoch, sha, base }
        };

        let key = format!("hand in {}", self.now.0);
        self.say(&job.session, &stream, AnyCommand::Feature(command), &key);

        true
    }

    fn review(&mut self, job: &Assignment) -> bool {
        let (Some(id), session) = (job.feature.clone(), job.session.clone()) else {
            return true;
        };

        let stage = self.view().feature(&id).map(|known| known.stage.clone());
        let Some(Stage::Submitted { submission, .. }) = stage else {
            return true;
        };

        let (epoch, sha) = (submission.epoch, submission.sha);
        let ran = vec![Ran {
            command: "git show".into(),
            exit: 0,
        }];
        let command = if self.fails(25) {
            self.bad.entry(id.clone()).or_default().rejected += 1;
            let finding = Finding {
                path: None,
                line: None,
                why: "No".into(),
            };
            let verdict = Verdict {
                judgement: Judgement::Reject,
                findings: vec![finding],
                ran,
            };
            feature::Command::RejectReview {
                session,
                epoch,
                sha,
                verdict,
            }
        } else {
            let verdict = Verdict {
                judgement: Judgement::Pass,
                findings: vec![],
                ran,
            };
            feature::Command::PassReview {
                session,
                epoch,
                sha,
                verdict,
            }
        };

        let stream = StreamId::Feature(name(), id);

        self.say(
            &job.session,
            &stream,
            AnyCommand::Feature(command),
            "verdict",
        );
        true
    }

    fn verify(&mut self, job: &Assignment, entry: u64) -> bool {
        let merge_queue = &self.view().merge_queue.state;
        let Some(candidate) = merge_queue.tip().and_then(|tip| tip.candidate()).cloned() else {
            return true;
        };

        let rotten = merge_queue.batch().any(|entry| self.is_rotten(entry));
        let evidence = self.ran(job, candidate.tree, rotten);
        let command = merge_queue::Command::RecordVerification {
            entry,
            session: Some(job.session.clone()),
            evidence,
        };
        self.tell_merge_queue(job, command);

        true
    }

    fn verify_head(&mut self, job: &Assignment) -> bool {
        let Some(head) = self.view().merge_queue.state.head.clone() else {
            return true;
        };
        let evidence = self.ran(job, head, false);
        let session = job.session.clone();
        self.tell_merge_queue(
            job,
            merge_queue::Command::RecordHeadVerification { session, evidence },
        );
        true
    }

    fn tell_merge_queue(&mut self, job: &Assignment, command: merge_queue::Command) {
        let (stream, command) = (
            StreamId::MergeQueue(name()),
            AnyCommand::MergeQueue(command),
        );
        self.say(&job.session, &stream, command, "evidence");
    }

    fn is_rotten(&self, entry: &merge_queue::Entry) -> bool {
        match &entry.kind {
            merge_queue::EntryKind::Feature { feature, epoch, .. } => {
                self.rotten.contains(&(feature.clone(), *epoch))
            }
            merge_queue::EntryKind::Scaffold | merge_queue::EntryKind::Revert { .. } => false,
        }
    }

    /// What a run of the verification comes to: red where the tree is, where nothing could be
    /// green, and once without a reason.
    fn ran(&mut self, job: &Assignment, tree: Sha, rotten: bool) -> Evidence {
        let flaky = self.fails(10) && self.flaked.insert(tree.clone());
        let exit = match self.broken {
            Some(exit) => exit,
            None => i32::from(rotten || flaky),
        };
        let mishap = match self.broken {
            Some(_) => self.outages,
            None => 0,
        };

        if exit != 0 && !rotten {
            self.mishaps.entry(tree.clone()).or_default().insert(mishap);
        }

        Evidence::Ran {
            tree,
            command: Digest::of(b"make test"),
            exit,
            log: Digest::of(b"log"),
            session: job.session.clone(),
            tail: String::new(),
        }
    }

    fn oversee(&mut self, job: &Assignment) -> bool {
        let mut findings = 0;

        if self.fails(20) {
            self.add_features(1);
            findings = 1;
        }

        let command = project::Command::SettleOversight {
            session: job.session.clone(),
            report: Digest::of(b"report"),
            findings,
        };
        let stream = StreamId::Project(name());

        self.say(
            &job.session,
            &stream,
            AnyCommand::Project(command),
            "report",
        );
        true
    }

    fn initialize(&mut self, job: &Assignment) -> bool {
        let batch = self.batch(3);
        let count = u32::try_from(batch.items.len()).unwrap_or_default();
        let digest = self.keep(batch);
        let command = project::Command::ProposeBacklog {
            session: job.session.clone(),
            digest,
            count,
        };
        let stream = StreamId::Project(name());

        self.say(
            &job.session,
            &stream,
            AnyCommand::Project(command),
            "backlog",
        );
        true
    }

    /// The runner was asked to stop, and reports.
    pub(super) fn interrupted(&mut self, session: &SessionId) {
        let found = self.at_work().into_iter().find(|(_, s)| s == session);
        let Some((container, _)) = found else { return };
        let job = self.view().slot(container.n).and_then(|b| b.job().cloned());
        if let Some(job) = job {
            self.end(&container, &job, Outcome::Interrupted);
        }
    }

    /// The session reports its end: its work first.
    fn end(&mut self, container: &ContainerName, job: &Assignment, outcome: Outcome) {
        if let (Role::Coder, Some(id), Some(epoch)) = (job.role, job.feature.clone(), job.epoch) {
            let known = self.view().feature(&id);
            let secured = known.is_none_or(|known| known.secured.contains_key(&epoch));
            if !secured {
                let sha = self.pushed.get(&(id.clone(), epoch)).cloned();
                let command = feature::Command::SecureWork { epoch, sha };
                let stream = StreamId::Feature(name(), id);
                self.say(
                    &job.session,
                    &stream,
                    AnyCommand::Feature(command),
                    "secure",
                );
            }
        }

        let command = container::Command::EndSession {
            session: job.session.clone(),
            outcome,
            exit_code: Some(0),
            evidence: None,
            detail: outcome.name().into(),
        };
        let stream = StreamId::Container(name(), container.n);
        self.say(&job.session, &stream, AnyCommand::Container(command), "end");
        let exit = Exit::with_code(Some(0));
        self.engine.insert(container.clone(), Status::Exited(exit));
    }

    /// Notes what was really bad, for the judge.
    fn blame(&mut self, job: &Assignment, outcome: Outcome) {
        let Some(id) = job.feature.clone() else {
            return;
        };
        let bad = self.bad.entry(id).or_default();
        match (job.role, outcome) {
            (_, Outcome::ProviderLimited) => {}
            (Role::Reviewer, _) => bad.reviewers += 1,
            (_, Outcome::ContextFull) => bad.full += 1,
            (_, Outcome::OverBudget) => bad.spent += 1,
            _ => bad.tries += 1,
        }
    }
}
