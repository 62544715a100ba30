//! What stands behind "done": specs, prompts, verdicts, reports, verification runs and what runners
//! reported, each with the way to read it. Found in the log itself, so that nothing is shown that
//! was not recorded.

use std::collections::BTreeSet;

use events::codec::EventCodec;
use events::envelope::Envelope;
use events::evidence::Evidence;
use events::id::{Digest, FeatureId, ProjectName, SessionId};
use events::stream::{StreamId, Version};
use events::{container, feature, merge_queue, project};

use super::{Done, Operator, unknown_feature};
use crate::api::{EvidenceShape, time};
use actors::rejection::Rejection;

/// Events read at once.
const BATCH: usize = 500;
/// Most pieces of one answer; the newest are kept.
const PIECES_MAX: usize = 1_000;

/// What evidence is asked of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// The project: its specs, backlogs and milestones.
    Project,
    /// A feature: its prompts, verdicts, verifications and sessions.
    Feature(String),
    /// An entry of the merge queue: its verifications.
    Entry(u64),
}

/// Pieces in the order in which they were recorded.
#[derive(Default)]
struct Found(Vec<EvidenceShape>);

impl Found {
    fn add(&mut self, envelope: &Envelope, what: &str, piece: Piece<'_>) {
        self.0.push(EvidenceShape {
            what: what.to_owned(),
            position: envelope.position.0,
            at: time(envelope.at),
            session: piece.session.map(ToString::to_string),
            digest: piece.digest.map(|digest| digest.to_string()),
            text: piece.text,
        });
    }
}

/// What is known of a piece beside the event that names it.
#[derive(Default)]
struct Piece<'a> {
    session: Option<&'a SessionId>,
    digest: Option<Digest>,
    text: Option<String>,
}

impl Operator {
    /// The evidence for a project, a feature or a merge, oldest first.
    pub async fn evidence(&self, name: &str, about: &About) -> Done<Vec<EvidenceShape>> {
        let project = Self::name(name)?;
        self.read(&project, |view| view.registered().map(|_| ()))?;
        let mut found = Found::default();

        match about {
            About::Project => self.of_project(&project, &mut found).await?,
            About::Entry(entry) => {
                let queued = self.read(&project, |view| Some(view.merge_queue.state.entries))?;
                if *entry == 0 || *entry > queued {
                    let why = format!("there was no entry {entry}: {queued} were queued so far");
                    return Err(Rejection::not_found("unknown_entry", why));
                }
                let entries = BTreeSet::from([*entry]);
                self.of_entries(&project, &entries, &mut found).await?;
            }
            About::Feature(id) => {
                self.feature(name, id)?;
                let id = Self::id(id)?;
                self.of_feature(&project, &id, &mut found).await?;
            }
        }

        found.0.sort_by_key(|piece| piece.position);
        let over = found.0.len().saturating_sub(PIECES_MAX);
        found.0.drain(..over);

        Ok(found.0)
    }

    /// The text that a digest stands for.
    pub async fn evidence_text(&self, digest: &str) -> Done<Vec<u8>> {
        let digest: Digest = digest.parse().map_err(Rejection::invalid)?;
        let text = self.core.world.blobs.get(digest).await;
        text.map_err(|error| Rejection::not_found("unknown_digest", error.to_string()))
    }

    async fn events(&self, stream: StreamId) -> Done<Vec<Envelope>> {
        let (mut all, mut after) = (Vec::new(), Version(0));
        loop {
            let batch = self.core.world.log.read_stream(&stream, after, BATCH).await;
            let batch = batch.map_err(|e| Rejection::later("log_unreadable", e.to_string()))?;
            let Some(last) = batch.last() else {
                return Ok(all);
            };
            after = last.version;
            all.extend(batch);
        }
    }

    async fn of_project(&self, name: &ProjectName, found: &mut Found) -> Done<()> {
        for envelope in self.events(StreamId::Project(name.clone())).await? {
            let decoded =
                project::Event::decode(&envelope.kind, envelope.schema, &envelope.payload);
            let (what, session, digest) = match decoded {
                Ok(project::Event::SpecWritten(e)) => ("spec".to_owned(), None, e.digest),
                Ok(project::Event::BacklogProposed(e)) => {
                    ("backlog".to_owned(), Some(e.session), e.digest)
                }
                Ok(project::Event::MilestoneSettled(e)) => {
                    let steps: Vec<String> = e.covers.iter().map(|s| format!("{s} %")).collect();
                    let what = format!("report on {}", steps.join(", "));
                    (what, Some(e.session), e.report)
                }
                _ => continue,
            };
            let piece = Piece {
                session: session.as_ref(),
                digest: Some(digest),
                text: None,
            };
            found.add(&envelope, &what, piece);
        }

        self.of_head(name, found).await
    }

    /// What verifications of the bare trunk came to.
    async fn of_head(&self, name: &ProjectName, found: &mut Found) -> Done<()> {
        for envelope in self.events(StreamId::MergeQueue(name.clone())).await? {
            let decoded =
                merge_queue::Event::decode(&envelope.kind, envelope.schema, &envelope.payload);
            let (head, evidence) = match decoded {
                Ok(merge_queue::Event::HeadVerified(e)) => (e.head, e.evidence),
                Ok(merge_queue::Event::HeadFailed(e)) => (e.head, e.evidence),
                _ => continue,
            };
            let of = format!("the trunk itself at {head}");
            add_verification(found, &envelope, &of, &evidence);
        }
        Ok(())
    }

    async fn of_feature(&self, name: &ProjectName, id: &FeatureId, found: &mut Found) -> Done<()> {
        let stream = StreamId::Feature(name.clone(), id.clone());
        for envelope in self.events(stream).await? {
            let decoded =
                feature::Event::decode(&envelope.kind, envelope.schema, &envelope.payload);
            let (what, session, verdict) = match decoded {
                Ok(feature::Event::ReviewPassed(e)) => ("verdict: pass", e.session, e.verdict),
                Ok(feature::Event::ReviewRejected(e)) => ("verdict: reject", e.session, e.verdict),
                _ => continue,
            };
            let piece = Piece {
                session: Some(&session),
                digest: None,
                text: serde_json::to_string_pretty(&verdict).ok(),
            };
            found.add(&envelope, what, piece);
        }

        let entries = self.entries_of(name, id).await?;
        self.of_entries(name, &entries, found).await?;
        let slots: Vec<_> = self.read(name, |view| Some(view.slots.keys().copied().collect()))?;
        for n in slots {
            let events = self.events(StreamId::Container(name.clone(), n)).await?;
            of_sessions(&events, id, found);
        }
        if found.0.is_empty() && self.feature(name.as_str(), id.as_str()).is_err() {
            return Err(unknown_feature());
        }
        Ok(())
    }

    async fn entries_of(&self, name: &ProjectName, id: &FeatureId) -> Done<BTreeSet<u64>> {
        let mut entries = BTreeSet::new();
        for envelope in self.events(StreamId::MergeQueue(name.clone())).await? {
            let decoded =
                merge_queue::Event::decode(&envelope.kind, envelope.schema, &envelope.payload);
            if let Ok(merge_queue::Event::Queued(queued)) = decoded
                && subject(&queued.kind) == Some(id)
            {
                entries.insert(queued.entry);
            }
        }
        Ok(entries)
    }

    async fn of_entries(
        &self,
        name: &ProjectName,
        entries: &BTreeSet<u64>,
        found: &mut Found,
    ) -> Done<()> {
        for envelope in self.events(StreamId::MergeQueue(name.clone())).await? {
            let decoded =
                merge_queue::Event::decode(&envelope.kind, envelope.schema, &envelope.payload);
            let (entry, evidence) = match decoded {
                Ok(merge_queue::Event::Verified(e)) => (e.entry, e.evidence),
                Ok(merge_queue::Event::VerificationFailed(e)) => (e.entry, e.evidence),
                Ok(merge_queue::Event::VerificationDoubted(e)) => (e.entry, e.evidence),
                Ok(merge_queue::Event::Parked(e)) => (e.entry, e.evidence),
                _ => continue,
            };
            if entries.contains(&entry) {
                add_verification(found, &envelope, &format!("merge {entry}"), &evidence);
            }
        }

        Ok(())
    }
}

fn subject(kind: &merge_queue::EntryKind) -> Option<&FeatureId> {
    match kind {
        merge_queue::EntryKind::Scaffold => None,
        merge_queue::EntryKind::Feature { feature, .. }
        | merge_queue::EntryKind::Revert { feature, .. } => Some(feature),
    }
}

fn add_verification(found: &mut Found, envelope: &Envelope, of: &str, evidence: &Evidence) {
    match evidence {
        Evidence::Ran {
            tree,
            command,
            exit,
            session,
            tail,
            ..
        } => {
            let what = format!("verification of {of}: exit {exit} on tree {tree}");
            let piece = Piece {
                session: Some(session),
                digest: Some(*command),
                text: Some(tail.clone()),
            };
            found.add(envelope, &what, piece);
        }
        Evidence::NoneConfigured => {
            let what = format!("{of} is UNVERIFIED: the project has no command and accepts that");
            found.add(envelope, &what, Piece::default());
        }
        Evidence::Scaffold => {
            let what = format!("{of} holds files of ours alone");
            found.add(envelope, &what, Piece::default());
        }
    }
}

/// What a slot's sessions on a feature were told, and what their runners reported.
fn of_sessions(events: &[Envelope], id: &FeatureId, found: &mut Found) {
    let mut sessions = BTreeSet::new();

    for envelope in events {
        match container::Event::decode(&envelope.kind, envelope.schema, &envelope.payload) {
            Ok(container::Event::Assigned(e)) if e.assignment.feature.as_ref() == Some(id) => {
                let what = format!("prompt of the {}", e.assignment.role.name());
                let piece = Piece {
                    session: Some(&e.assignment.session),
                    digest: Some(e.assignment.prompt_digest),
                    text: None,
                };
                found.add(envelope, &what, piece);
                sessions.insert(e.assignment.session);
            }
            Ok(container::Event::SessionEnded(e)) if sessions.contains(&e.session) => {
                let what = format!("end of the session: {}", e.outcome.name());
                let piece = Piece {
                    session: Some(&e.session),
                    digest: e.evidence,
                    text: (!e.detail.is_empty()).then_some(e.detail),
                };
                found.add(envelope, &what, piece);
            }
            _ => {}
        }
    }
}
