//! The agent's voice: submit, verdict, report, backlog, comment, release, ask, create; and whether
//! it may push.

use events::aggregate::Aggregate;
use events::backlog::batch::BROUGHT_MAX;
use events::backlog::{self, Batch, BatchItem};
use events::claims::allowance::{may_bring, may_comment};
use events::claims::{self, NotAllowed};
use events::feature::{self, Content, FeatureType, Stage};
use events::id::{CommandId, Digest, Epoch, FeatureId, SessionId, Sha};
use events::log::Receipt;
use events::policy::AnyCommand;
use events::project;
use events::steering::one_line;
use events::stream::StreamId;
use events::verdict::{Finding, Judgement, Report, Verdict};
use events::view::Subject;

use super::wire::{Said, Say};
use super::{Place, Sessions};
use crate::admissions::{admission, admitted_before, made, seed};
use crate::claims::protocol::{Protocol, UnderClaim};
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
            Say::Submit { sha } => {
                let asked = self.under(session, &place, &["submit", sha.as_str()])?;
                self.claims().submit(&asked, sha).await.map(said)
            }
            Say::Verdict { verdict } => self.verdict(session, &place, verdict).await,
            Say::Report { report } => self.report(session, &place, report).await,
            Say::Backlog { batch } => self.propose(session, &place, batch).await,
            Say::Comment { text } => self.comment(session, &place, text).await,
            Say::Release { reason } => {
                let asked = self.under(session, &place, &["release"])?;
                self.claims().release(&asked, reason).await.map(said)
            }
            Say::Ask { question } => {
                let asked = self.under(session, &place, &["ask"])?;
                self.claims().ask(&asked, question).await.map(said)
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

    /// Whether this session may push to this ref now; a push is a sign of life.
    pub fn may_push(&self, session: &SessionId, reference: &str) -> Result<(), Rejection> {
        let place = self.place(session)?;
        self.one_more_push(session)?;
        let holder = place.holder();
        let may = self.projector.view(&place.project, |view| {
            claims::may_push(view, &holder, reference)
        })?;
        self.liveness.session(session, self.now());
        may.map_err(|refusal| Rejection::refused(&refusal))
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
        self.command(session, stream, AnyCommand::Feature(command), key)
            .await
            .map(said)
    }

    fn claims(&self) -> Protocol {
        Protocol::new(
            self.directory.clone(),
            self.projector.clone(),
            self.work.clone(),
        )
    }

    /// A request under the claim that the session was given. `key` makes its id.
    fn under(
        &self,
        session: &SessionId,
        place: &Place,
        key: &[&str],
    ) -> Result<UnderClaim, Rejection> {
        let holder = place.holder();
        let given = self
            .projector
            .view(&place.project, |view| claims::given(view, &holder))?;
        let claim = given.map_err(|refusal| Rejection::refused(&refusal))?;
        let id = Self::id(session, key);

        Ok(UnderClaim {
            project: place.project.clone(),
            holder,
            claim,
            cause: self.cause(session, id),
            id,
            secure: Self::id(session, &["secure"]),
        })
    }

    /// A comment on its own feature, as often and as long as a session may speak.
    async fn comment(
        &self,
        session: &SessionId,
        place: &Place,
        text: String,
    ) -> Result<Said, Rejection> {
        let (feature, _) = at_feature(place)?;
        let may = self.projector.view(&place.project, |view| {
            may_comment(view, session, text.len())
        })?;
        may.map_err(|refusal| Rejection::refused(&refusal))?;

        let key = Digest::of(text.as_bytes()).to_string();
        let command = feature::Command::Comment {
            by: place.job.role.name().to_owned(),
            text,
        };
        self.to_feature(session, place, feature, command, &["comment", &key])
            .await
    }

    /// The claim and the commit that wait for a reviewer's verdict.
    fn submission(&self, place: &Place, feature: &FeatureId) -> Option<(Epoch, Sha)> {
        self.projector.read(|projections| {
            let known = projections.projects.get(&place.project)?.feature(feature)?;
            match &known.stage {
                Stage::Submitted { submission, .. } => {
                    Some((submission.epoch, submission.sha.clone()))
                }
                Stage::Open { .. }
                | Stage::Claimed { .. }
                | Stage::Approved { .. }
                | Stage::Merging { .. }
                | Stage::Closed { .. }
                | Stage::Quarantined { .. }
                | Stage::Withdrawn => None,
            }
        })
    }

    async fn verdict(
        &self,
        session: &SessionId,
        place: &Place,
        verdict: Verdict,
    ) -> Result<Said, Rejection> {
        let (feature, _) = at_feature(place)?;
        let Some((epoch, sha)) = self.submission(place, feature) else {
            return Err(Rejection::refused(&feature::Refusal::VerdictNotOpen));
        };

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
            return Err(Rejection::refused(&project::Refusal::NotUnderway));
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
        let (digest, command) = self.checked(place, &batch, None).await?;
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

        let id = Self::id(session, &key);
        if let Some(admitted) = admitted_before(&self.directory, id).await? {
            return Ok(Said {
                position: admitted.receipt.position.0,
                ids: admitted.ids,
            });
        }

        let may = self
            .projector
            .view(&place.project, |view| may_bring(view, session, most))?;
        may.map_err(|refusal| Rejection::refused(&refusal))?;
        let (_, command) = self.checked(place, batch, Some(id)).await?;
        let ids = match &command {
            backlog::Command::Admit { ids, .. } => ids.clone(),
            backlog::Command::AddDependency { .. }
            | backlog::Command::RemoveDependency { .. }
            | backlog::Command::Withdraw { .. } => vec![],
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
    /// and stores it. Its ids are drawn for this request, or, where a policy will admit it, as that
    /// does: from its content.
    async fn checked(
        &self,
        place: &Place,
        batch: &Batch,
        request: Option<CommandId>,
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
        let command = self.projector.view(&place.project, |view| {
            batch
                .check()
                .map_err(|why| Rejection::invalid(why.to_string()))?;
            let seed = request.map_or(digest, |request| seed(digest, request, 0));
            let command = admission(view, digest, batch, seed)
                .map_err(|why| Rejection::invalid(why.to_string()))?;
            let decided = view.backlog.state.decide(&command, now);
            decided.map_err(|refusal| Rejection::refused(&refusal))?;
            Ok::<_, Rejection>(command)
        })??;
        self.blobs.put(bytes).await?;

        Ok((digest, command))
    }
}

fn at_feature(place: &Place) -> Result<(&FeatureId, Epoch), Rejection> {
    let (Some(feature), Some(epoch)) = (&place.job.feature, place.job.epoch) else {
        return Err(Rejection::refused(&NotAllowed::NoFeature));
    };
    Ok((feature, epoch))
}

/// The answer to a verb that brought nothing but itself.
fn said(receipt: Receipt) -> Said {
    Said {
        position: receipt.position.0,
        ids: vec![],
    }
}

/// The feature that a finding of the overseer becomes.
fn bug(finding: &Finding) -> BatchItem {
    let first_line = finding.why.trim_start().lines().next().unwrap_or_default();
    BatchItem::of(Content {
        title: one_line(first_line).chars().take(BUG_TITLE_MAX).collect(),
        description: finding.to_string(),
        kind: FeatureType::Bug,
        priority: 1,
        ..Content::default()
    })
}
