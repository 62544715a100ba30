//! Lineage, from the log and from git: where a line of the trunk comes from, and what sessions
//! touched. Streams are read one by one, and of each no more than is asked about.

use actors::ports::repo::{Blame, Blamed, Contents, LineAt};
use actors::projector::Projector;
use actors::rejection::Rejection;
use events::codec::CodecError;
use events::envelope::Envelope;
use events::holder::Role;
use events::id::{Epoch, FeatureId, ProjectName, Sha, SlotNo};
use events::lineage::{Claims, Entries, Filter, OfEntry, OfSession, Sessions};
use events::stream::{Position, StreamId, Version};
use events::view::Projections;

use super::recorded::{Recorded, unread};
use crate::api::{ClaimLineage, EntryLineage, LineShape, SessionLineage};

/// Events that are read at once.
const BATCH: u64 = 1_000;

/// A line of a file of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineOf {
    /// The project.
    pub project: ProjectName,
    /// The path of the file.
    pub path: String,
    /// The number of the line, from 1.
    pub line: usize,
}

impl Recorded {
    /// Where a line of the trunk comes from, as the trunk was after a position.
    ///
    /// # Errors
    /// There is no such project, commit, file or line; or the log or the gate cannot be read.
    pub async fn line(
        &self,
        gates: &dyn Contents,
        of: &LineOf,
        position: Position,
    ) -> Result<LineShape, Rejection> {
        let then = self.at(position).await?;
        let head = then.read(|then| {
            let view = then.projects.get(&of.project)?;
            Some(view.merge_queue.state.head.clone())
        });
        let trunk = trunk(&of.project, head, position)?;
        let blame = blamed(gates, of, &trunk).await?;

        let entry = match &blame.brought {
            Some(brought) => self.entry(&of.project, brought, &then).await?,
            None => None,
        };
        let mut found = LineShape {
            project: of.project.to_string(),
            path: of.path.clone(),
            line: of.line,
            text: blame.text,
            trunk: trunk.to_string(),
            commit: blame.commit.to_string(),
            author: blame.author,
            summary: blame.summary,
            brought: blame.brought.map(|sha| sha.to_string()),
            entry: entry.as_ref().map(EntryLineage::of),
            claim: None,
            session: None,
        };

        if let Some((feature, epoch)) = entry.as_ref().and_then(OfEntry::work) {
            found.claim = self.claim(&of.project, feature, epoch, &then).await?;
            found.session = self.coder(&of.project, feature, epoch, &then).await?;
        }
        Ok(found)
    }

    /// Sessions of one project or of all that are looked for, each with what became of its claim.
    ///
    /// # Errors
    /// There is no such project, or the log cannot be read.
    pub async fn sessions(
        &self,
        project: Option<&ProjectName>,
        filter: &Filter,
        position: Position,
    ) -> Result<Vec<SessionLineage>, Rejection> {
        let then = self.at(position).await?;
        let names = then.read(|then| match project {
            Some(name) => then.projects.contains_key(name).then(|| vec![name.clone()]),
            None => Some(then.projects.keys().cloned().collect()),
        });
        let Some(names) = names else {
            let name = project.map(ToString::to_string).unwrap_or_default();
            return Err(unknown(&name, position));
        };

        let mut found = Vec::new();
        for name in names {
            let slots = then.read(|then| slots(then, &name));
            let sessions = self.of_slots(&name, slots, &then).await?;
            for session in sessions.done(filter) {
                found.push(self.told(&name, &session, &then).await?);
            }
        }
        Ok(found)
    }

    /// A session with the claim that it was about.
    async fn told(
        &self,
        project: &ProjectName,
        session: &OfSession,
        then: &Projector,
    ) -> Result<SessionLineage, Rejection> {
        let claim = match (&session.feature, session.epoch) {
            (Some(feature), Some(epoch)) => self.claim(project, feature, epoch, then).await?,
            (Some(_) | None, _) => None,
        };
        Ok(SessionLineage::of(project.as_str(), session, claim))
    }

    async fn entry(
        &self,
        project: &ProjectName,
        commit: &Sha,
        then: &Projector,
    ) -> Result<Option<OfEntry>, Rejection> {
        let mut entries = Entries::of(commit.clone());
        let stream = StreamId::MergeQueue(project.clone());
        self.each(&stream, then, |event| entries.take(event))
            .await?;
        Ok(entries.done())
    }

    async fn claim(
        &self,
        project: &ProjectName,
        id: &FeatureId,
        epoch: Epoch,
        then: &Projector,
    ) -> Result<Option<ClaimLineage>, Rejection> {
        let mut claims = Claims::default();
        let stream = StreamId::Feature(project.clone(), id.clone());
        self.each(&stream, then, |event| claims.take(event)).await?;

        let title = then.read(|then| {
            let known = then.projects.get(project)?.feature(id)?;
            Some(known.content.title.clone())
        });
        let claims = claims.done();
        let claim = claims.get(&epoch);
        Ok(claim.map(|claim| ClaimLineage::of((id.as_str(), title.as_deref()), claim)))
    }

    /// The session that held a claim.
    async fn coder(
        &self,
        project: &ProjectName,
        id: &FeatureId,
        epoch: Epoch,
        then: &Projector,
    ) -> Result<Option<SessionLineage>, Rejection> {
        let own = then.read(|then| {
            let view = then.projects.get(project)?;
            let mut all = view.sessions.iter();
            let (session, record) = all.find(|(_, record)| {
                record.role == Role::Coder
                    && record.feature.as_ref() == Some(id)
                    && record.epoch == Some(epoch)
            })?;
            Some((session.clone(), record.n))
        });
        let Some((session, n)) = own else {
            return Ok(None);
        };

        let sessions = self.of_slots(project, vec![n], then).await?;
        let found = sessions.done(&Filter::Session(session));
        let found = found.first();
        Ok(found.map(|session| SessionLineage::of(project.as_str(), session, None)))
    }

    /// The sessions of these slots of a project.
    async fn of_slots(
        &self,
        project: &ProjectName,
        slots: Vec<SlotNo>,
        then: &Projector,
    ) -> Result<Sessions, Rejection> {
        let mut sessions = Sessions::default();
        for n in slots {
            let stream = StreamId::Container(project.clone(), n);
            self.each(&stream, then, |event| sessions.take(event))
                .await?;
        }
        Ok(sessions)
    }

    /// Reads a stream as far as it went then.
    async fn each(
        &self,
        stream: &StreamId,
        then: &Projector,
        mut take: impl FnMut(&Envelope) -> Result<(), CodecError>,
    ) -> Result<(), Rejection> {
        let end = then.read(|then| then.version_of(stream));
        let mut after = Version(0);
        while after < end {
            let wanted = usize::try_from(BATCH.min(end.0 - after.0)).unwrap_or(1);
            let batch = self.log().read_stream(stream, after, wanted).await;
            let batch = batch.map_err(unread)?;
            let Some(last) = batch.last() else {
                break;
            };

            after = last.version;
            for event in &batch {
                take(event).map_err(|error| Rejection::later("log", error))?;
            }
        }
        Ok(())
    }
}

/// Every slot that a project ever had.
fn slots(then: &Projections, project: &ProjectName) -> Vec<SlotNo> {
    match then.projects.get(project) {
        Some(view) => view.slots.keys().copied().collect(),
        None => vec![],
    }
}

fn unknown(project: &str, position: Position) -> Rejection {
    let why = format!("there is no project {project} at position {position}");
    Rejection::not_found("unknown_project", why)
}

/// The commit of the trunk; it may not be known yet.
fn trunk(
    project: &ProjectName,
    head: Option<Option<Sha>>,
    position: Position,
) -> Result<Sha, Rejection> {
    match head {
        Some(Some(head)) => Ok(head),
        Some(None) => {
            let why = format!("the trunk of {project} has no commit at position {position}");
            Err(Rejection::not_found("no_commit", why))
        }
        None => Err(unknown(project.as_str(), position)),
    }
}

async fn blamed(gates: &dyn Contents, of: &LineOf, trunk: &Sha) -> Result<Blame, Rejection> {
    let LineOf {
        project,
        path,
        line,
    } = of;
    let at = LineAt {
        at: trunk.clone(),
        path: path.clone(),
        line: *line,
    };

    let why = match gates.blame(project, &at).await? {
        Blamed::Line(blame) => return Ok(blame),
        Blamed::NoFile => format!("there is no file {path} at {trunk}"),
        Blamed::NoLine { lines } => format!("{path} has {lines} lines at {trunk}"),
        Blamed::TooLarge { size } => {
            let why = format!("{path} has {size} bytes: larger files are not read");
            return Err(Rejection::invalid(why));
        }
    };
    Err(Rejection::not_found("no_line", why))
}
