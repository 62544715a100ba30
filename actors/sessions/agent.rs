//! The agent's voice: submit, verdict, report, backlog, comment, release, ask, create; and whether
//! it may push.

use events::aggregate::Aggregate;
use events::backlog::batch::BROUGHT_MAX;
use events::backlog::{self, Batch, BatchItem};
use events::feature::{self, Content, FeatureType, Stage};
use events::holder::Role;
use events::id::{Digest, Epoch, FeatureId, SessionId, Sha};
use events::outcome::Outcome;
use events::policy::AnyCommand;
use events::project;
use events::stream::StreamId;
use events::verdict::{Finding, Judgement, Report, Verdict};
use events::view::Subject;

use super::wire::{Said, Say};
use super::{Place, Sessions};
use crate::admissions::{admission, admitted_before, made};
use crate::host::ExecuteError;
use crate::refs;
use crate::rejection::Rejection;

/// Longest title of a bug that an overseer finds, in characters: it is the first line of what it
/// said.
const BUG_TITLE_MAX: usize = 120;

impl Sessions {
    /// Carries out what an agent says.
    pub async fn say(&self, session: &SessionId, say: Say) -> Result<Said, Rejection> {
        self.place(session)?;
        let _turn = self.turn(session, &say).await?;
        // Looked at again: what was said before may have ended it.
        let place = self.place(session)?;
        self.liveness.session(session, self.now());
        match say {
            Say::Submit { sha } => self.submit(session, &place, sha).await,
            Say::Verdict { verdict } => self.verdict(session, &place, verdict).await,
            Say::Report { report } => self.report(session, &place, report).await,
            Say::Backlog { batch } => self.propose(session, &place, batch).await,
            Say::Comment { text } => {
                let (feature, _) = at_feature(&place)?;
                self.may_comment(session, text.len())?;
                let key = Digest::of(text.as_bytes()).to_string();
                let command = feature::Command::Comment {
                    by: place.job.role.name().to_owned(),
                    text,
                };
                self.to_feature(session, &place, feature, command, &["comment", &key])
                    .await
            }
            Say::Release { reason } => {
                let (feature, epoch) = claim(&place)?;
                self.secure_now(session, &place, feature, epoch).await?;
                let command = feature::Command::Release {
                    epoch,
                    outcome: Outcome::GivenBack,
                    detail: reason,
                };
                self.to_feature(session, &place, feature, command, &["release"])
                    .await
            }
            Say::Ask { question } => {
                let (feature, epoch) = claim(&place)?;
                self.secure_now(session, &place, feature, epoch).await?;
                let command = feature::Command::Ask { epoch, question };
                self.to_feature(session, &place, feature, command, &["ask"])
                    .await
            }
            Say::Create {
                content,
                depends_on,
            } => {
                let batch = Batch::single(content, depends_on);
                self.admit(session, &place, &batch, BROUGHT_MAX).await
            }
        }
    }

    /// Whether this session may push to this ref now: only a coder, only its own claim's, only
    /// while that is open.
    pub fn may_push(&self, session: &SessionId, reference: &str) -> Result<(), Rejection> {
        let place = self.place(session)?;
        self.one_more_push(session)?;
        // What is rescued goes nowhere but there: it may come late.
        if let (Some(feature), Some(epoch), Role::Coder) =
            (&place.job.feature, place.job.epoch, place.job.role)
            && reference == refs::rescue(feature, epoch)
        {
            return Ok(());
        }
        let (feature, epoch) = claim(&place)?;
        let allowed = refs::work(feature, epoch);
        self.liveness.session(session, self.now());
        if reference == allowed {
            return Ok(());
        }
        match refs::claim_of(reference).filter(|(of, _)| of == feature) {
            Some((_, given)) => Err(Rejection::conflict(
                "stale_epoch",
                format!("claim {given} is not the open one: push to {allowed}"),
            )),
            None => Err(Rejection::conflict(
                "foreign_ref",
                format!("{reference} is not yours to push: push to {allowed}"),
            )),
        }
    }

    /// The project whose gate this session may read.
    pub fn gate_of(&self, session: &SessionId) -> Result<events::id::ProjectName, Rejection> {
        self.place(session).map(|place| place.project)
    }

    async fn to_feature(
        &self,
        session: &SessionId,
        place: &Place,
        feature: &FeatureId,
        command: feature::Command,
        key: &[&str],
    ) -> Result<Said, Rejection> {
        let stream = StreamId::Feature(place.project.clone(), feature.clone());
        let receipt = self
            .command(session, stream, AnyCommand::Feature(command), key)
            .await?;
        Ok(Said {
            position: receipt.position.0,
            ids: vec![],
        })
    }

    async fn secure_now(
        &self,
        session: &SessionId,
        place: &Place,
        feature: &FeatureId,
        epoch: Epoch,
    ) -> Result<(), Rejection> {
        let sha = self.repo.work_head(&place.project, feature, epoch).await?;
        let command = feature::Command::SecureWork { epoch, sha };
        self.to_feature(session, place, feature, command, &["secure"])
            .await
            .map(|_| ())
    }

    /// The commit is pinned in the gate before the fact is recorded: what is acknowledged is safe.
    async fn submit(
        &self,
        session: &SessionId,
        place: &Place,
        sha: Sha,
    ) -> Result<Said, Rejection> {
        let (feature, epoch) = claim(place)?;
        let handed = self.repo.pin(&place.project, feature, epoch, &sha).await?;
        if let Some(why) = handed.refusal(&sha) {
            return Err(Rejection::conflict("nothing_to_submit", why));
        }
        let key = ["submit", sha.as_str()];
        let command = feature::Command::Submit {
            epoch,
            sha: sha.clone(),
            base: handed.base,
        };
        self.to_feature(session, place, feature, command, &key)
            .await
    }

    async fn verdict(
        &self,
        session: &SessionId,
        place: &Place,
        verdict: Verdict,
    ) -> Result<Said, Rejection> {
        let refused = || {
            Rejection::conflict(
                "verdict_not_open",
                "this session was not asked to judge a submission",
            )
        };
        let (feature, _) = at_feature(place)?;
        let open = self.projector.read(|projections| {
            let known = projections.projects.get(&place.project)?.feature(feature)?;
            match &known.stage {
                Stage::Submitted { submission, .. } => {
                    Some((submission.epoch, submission.sha.clone()))
                }
                _ => None,
            }
        });
        let (epoch, sha) = open.ok_or_else(refused)?;
        let session_id = session.clone();
        let command = match verdict.judgement {
            Judgement::Pass => feature::Command::PassReview {
                session: session_id,
                epoch,
                sha,
                verdict,
            },
            Judgement::Reject => feature::Command::RejectReview {
                session: session_id,
                epoch,
                sha,
                verdict,
            },
        };
        self.to_feature(session, place, feature, command, &["verdict"])
            .await
    }

    /// Each finding of a report becomes a feature before the report is settled, so that nothing is
    /// complete meanwhile.
    async fn report(
        &self,
        session: &SessionId,
        place: &Place,
        report: Report,
    ) -> Result<Said, Rejection> {
        report
            .check()
            .map_err(|why| Rejection::invalid(why.to_string()))?;
        if !matches!(
            place.grant.as_ref().map(|g| &g.subject),
            Some(Subject::Oversight)
        ) {
            return Err(Rejection::conflict(
                "not_underway",
                "this session was not asked to oversee the project",
            ));
        }
        let bytes = serde_json::to_vec(&report).map_err(|e| Rejection::invalid(e.to_string()))?;
        let digest = self.blobs.put(bytes).await?;
        let mut ids = Vec::new();
        if !report.findings.is_empty() {
            let items = report.findings.iter().map(bug);
            let batch = Batch {
                prefix: "bug".to_owned(),
                items: items.collect(),
            };
            ids = self.admit(session, place, &batch, u32::MAX).await?.ids;
        }
        let findings = u32::try_from(report.findings.len()).unwrap_or(u32::MAX);
        let command = project::Command::SettleOversight {
            session: session.clone(),
            report: digest,
            findings,
        };
        let stream = StreamId::Project(place.project.clone());
        let receipt = self
            .command(session, stream, AnyCommand::Project(command), &["report"])
            .await?;
        Ok(Said {
            position: receipt.position.0,
            ids,
        })
    }

    async fn propose(
        &self,
        session: &SessionId,
        place: &Place,
        batch: Batch,
    ) -> Result<Said, Rejection> {
        let (digest, command) = self.checked(place, &batch).await?;
        let backlog::Command::Admit { ids, .. } = command else {
            return Err(Rejection::invalid("no batch"));
        };
        let count = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let propose = project::Command::ProposeBacklog {
            session: session.clone(),
            digest,
            count,
        };
        let stream = StreamId::Project(place.project.clone());
        let receipt = self
            .command(session, stream, AnyCommand::Project(propose), &["backlog"])
            .await?;
        Ok(Said {
            position: receipt.position.0,
            ids,
        })
    }

    /// Takes a batch into the backlog, from a session that has brought fewer than `most` features.
    async fn admit(
        &self,
        session: &SessionId,
        place: &Place,
        batch: &Batch,
        most: u32,
    ) -> Result<Said, Rejection> {
        let bytes = serde_json::to_vec(batch).map_err(|e| Rejection::invalid(e.to_string()))?;
        let digest = Digest::of(&bytes).to_string();
        let key = ["admit", digest.as_str()];
        let before = admitted_before(&*self.directory.kernel().log, Self::id(session, &key)).await;
        if let Some(admitted) = before.map_err(|e| Rejection::later("log_unavailable", e))? {
            return Ok(Said {
                position: admitted.receipt.position.0,
                ids: admitted.ids,
            });
        }
        let brought = self.projector.read(|projections| {
            projections
                .projects
                .get(&place.project)
                .and_then(|view| view.sessions.get(session))
                .map_or(0, |record| record.brought)
        });
        if brought >= most {
            let why = format!(
                "this session has brought {brought} features, which is as many as one may: say the \
                 rest in a comment"
            );
            return Err(Rejection::conflict("too_many", why));
        }
        let (_, command) = self.checked(place, batch).await?;
        let ids = match &command {
            backlog::Command::Admit { ids, .. } => ids.clone(),
            _ => vec![],
        };
        let stream = StreamId::Backlog(place.project.clone());
        let receipt = self
            .command(session, stream, AnyCommand::Backlog(command), &key)
            .await?;
        made(&self.projector, &place.project, &ids).await;
        Ok(Said {
            position: receipt.position.0,
            ids,
        })
    }

    /// Checks a batch against the backlog as it stands, so that whoever hands it in hears about it,
    /// and stores it.
    async fn checked(
        &self,
        place: &Place,
        batch: &Batch,
    ) -> Result<(Digest, backlog::Command), Rejection> {
        let bytes = serde_json::to_vec(batch).map_err(|e| Rejection::invalid(e.to_string()))?;
        if bytes.len() > backlog::batch::BATCH_BYTES_MAX {
            return Err(Rejection::too_large(format!(
                "the batch has {} bytes",
                bytes.len()
            )));
        }
        let digest = Digest::of(&bytes);
        let now = self.now();
        let command = self.projector.read(|projections| {
            let view = projections.projects.get(&place.project);
            let view = view.ok_or_else(|| {
                Rejection::from(ExecuteError::refused(&project::Refusal::UnknownProject))
            })?;
            batch
                .check()
                .map_err(|why| Rejection::invalid(why.to_string()))?;
            let command = admission(view, digest, batch)
                .map_err(|why| Rejection::invalid(why.to_string()))?;
            let decided = view.backlog.state.decide(&command, now);
            decided.map_err(|refusal| {
                Rejection::conflict(
                    events::aggregate::Refusal::code(&refusal),
                    refusal.to_string(),
                )
            })?;
            Ok::<_, Rejection>(command)
        })?;
        self.blobs.put(bytes).await?;
        Ok((digest, command))
    }
}

fn at_feature(place: &Place) -> Result<(&FeatureId, Epoch), Rejection> {
    match (&place.job.feature, place.job.epoch) {
        (Some(feature), Some(epoch)) => Ok((feature, epoch)),
        _ => Err(Rejection::conflict(
            "no_feature",
            "this session has no feature at hand",
        )),
    }
}

/// The claim this session holds. Its absence is said in the words that make an agent stop.
fn claim(place: &Place) -> Result<(&FeatureId, Epoch), Rejection> {
    match place.grant.as_ref().map(|g| &g.subject) {
        Some(Subject::Claim(..)) => at_feature(place),
        _ => Err(Rejection::conflict(
            "no_claim",
            "this session holds no open claim: it ended, stop working on it",
        )),
    }
}

/// The feature that a finding of the overseer becomes.
fn bug(finding: &Finding) -> BatchItem {
    let first_line = finding.why.trim_start().lines().next().unwrap_or_default();
    BatchItem::of(Content {
        title: first_line
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(BUG_TITLE_MAX)
            .collect(),
        description: finding.to_string(),
        kind: FeatureType::Bug,
        priority: 1,
        ..Content::default()
    })
}
