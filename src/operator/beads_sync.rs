//! Issues of Beads both ways: what others changed on the branch since we wrote it is taken, by the
//! rules of `beads::sync`; then everything is written again on top of it.

use std::collections::BTreeMap;

use events::backlog;
use events::feature;
use events::feature::event::Closing;
use events::id::{Digest, FeatureId, ProjectName};
use events::policy::AnyCommand;
use events::stream::StreamId;
use serde_json::Value;
use tracing::instrument;

use super::{Done, Operator, RequestContext};
use crate::api::{BeadsConflict, BeadsSynced, LeftOut};
use crate::beads::import::UnderWay;
use crate::beads::read::newest;
use crate::beads::sync::{Asked, Sides, Turn, asked};
use crate::beads::{self, Issue};
use actors::rejection::Rejection;

/// Who says on a feature what could not be taken.
const BY: &str = "beads";

type Issues = BTreeMap<String, Issue>;

fn by_id(text: &str, what: &str) -> Result<Issues, Rejection> {
    let issues = beads::read(text).map_err(|why| Rejection::invalid(format!("{what}: {why}")))?;
    let (issues, _) = newest(issues);
    let named = |issue: Issue| {
        (
            issue
                .get("id")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            issue,
        )
    };

    Ok(issues.into_iter().map(named).collect())
}

/// The feature that an issue is, and where the words of this exchange are recorded under.
struct Subject<'a> {
    project: &'a ProjectName,
    id: FeatureId,
    /// What the file says of it: the same file asks for the same thing once.
    line: String,
}

impl Operator {
    /// Takes what others changed on the branch since we wrote it, and writes everything again.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn sync_beads(&self, context: &RequestContext, name: &str) -> Done<BeadsSynced> {
        let project = Self::name(name)?;
        let url = self.read(&project, |view| Some(view.registered()?.git_url.clone()))?;
        let side = self
            .core
            .world
            .repo
            .side_file(&project, &url, beads::BRANCH, beads::PATH)
            .await?;
        let text = |bytes: Option<Vec<u8>>| {
            let bytes = bytes.unwrap_or_default();
            let text = beads::decoded(&bytes).map_err(Rejection::invalid)?;
            Ok::<_, Rejection>(text.to_owned())
        };
        let (theirs, base) = match side {
            Some(side) => (text(side.theirs)?, text(side.ours)?),
            None => Default::default(),
        };
        let (branch, path) = (beads::BRANCH, beads::PATH);
        let theirs = by_id(
            &theirs,
            &format!("{path} on the branch {branch} cannot be read, mend it there"),
        )?;
        let base = by_id(&base, "what was written last cannot be read")?;
        let (known, mut imported) = (self.known_issues(&project).await?, Issues::new());
        let origins = self.origins(&project).await?.into_values();
        imported.extend(origins.map(|origin| (origin.name, origin.issue)));
        let before = by_id(
            &self.export_beads(name).await?,
            "what would be written cannot be read",
        )?;
        let new = theirs.iter().filter(|(id, _)| !known.contains_key(*id));
        let mut synced = self.take_new(context, name, new).await?;
        let now_known = self.known_issues(&project).await?;

        for (id, issue) in theirs.iter().filter(|(id, _)| known.contains_key(*id)) {
            let Some(ours) = before.get(id) else { continue };
            // Before we wrote it first it was as it was imported; and what is neither was there
            // before us: theirs is what is new.
            let base = base.get(id).or_else(|| imported.get(id)).unwrap_or(ours);
            let sides = Sides {
                base,
                theirs: issue,
                ours,
            };
            self.take_issue(
                context,
                &project,
                (&known[id], &now_known),
                sides,
                &mut synced,
            )
            .await?;
        }

        synced.published = self.publish_beads(name).await?;
        Ok(synced)
    }

    /// Imports what the branch has and this project does not know.
    async fn take_new(
        &self,
        context: &RequestContext,
        name: &str,
        new: impl Iterator<Item = (&String, &serde_json::Map<String, Value>)>,
    ) -> Done<BeadsSynced> {
        let lines: Vec<String> = new
            .map(|(_, issue)| Value::Object(issue.clone()).to_string())
            .collect();
        if lines.is_empty() {
            return Ok(BeadsSynced::default());
        }

        let taken = self
            .import_beads(context, name, &lines.join("\n"), UnderWay::Theirs)
            .await?;
        let waits = |left: LeftOut| BeadsConflict {
            what: format!(
                "it waits there for {}, which is not new as well, or would close a circle",
                left.on
            ),
            feature: left.issue,
        };
        Ok(BeadsSynced {
            taken: taken.taken,
            conflicts: taken.left_out.into_iter().map(waits).collect(),
            ..BeadsSynced::default()
        })
    }

    async fn take_issue(
        &self,
        context: &RequestContext,
        project: &ProjectName,
        (id, known): (&str, &BTreeMap<String, String>),
        sides: Sides<'_>,
        synced: &mut BeadsSynced,
    ) -> Done<()> {
        let id = Self::id(id)?;
        let wanted = self.read(project, |view| {
            Some(view.feature(&id).map(|known| asked(known, sides)))
        })?;
        let Some(wanted) = wanted.filter(|wanted| *wanted != Asked::default()) else {
            return Ok(());
        };

        let line =
            Digest::of(Value::Object(sides.theirs.clone()).to_string().as_bytes()).to_string();
        let subject = Subject { project, id, line };
        let mut conflicts = wanted.conflicts.clone();
        let mut commands: Vec<feature::Command> = wanted
            .content
            .into_iter()
            .map(|content| feature::Command::Edit { content })
            .collect();
        let said = wanted.comments.into_iter().map(|(by, text)| {
            let by = if by.trim().is_empty() {
                context.by.clone()
            } else {
                by
            };
            feature::Command::Comment { by, text }
        });
        commands.extend(said);
        commands.extend(wanted.turn.map(|turn| match turn {
            Turn::Closed => feature::Command::Close {
                closing: Closing::DoneElsewhere,
                by: context.by.clone(),
            },
            Turn::Deleted => feature::Command::Withdraw {
                by: context.by.clone(),
            },
            Turn::Reopened => feature::Command::Reopen {
                why: "opened again in Beads".to_owned(),
                by: context.by.clone(),
            },
        }));
        for (at, command) in commands.into_iter().enumerate() {
            conflicts.extend(self.ask_feature(context, &subject, at, command).await?);
        }

        let edges = wanted
            .depends
            .iter()
            .map(|on| (on, false))
            .chain(wanted.freed.iter().map(|on| (on, true)));
        for (on, remove) in edges {
            match known.get(on) {
                Some(on) => conflicts.extend(self.ask_edge(context, &subject, on, remove).await?),
                None => conflicts.push(format!("it waits there for {on}, which is not known here")),
            }
        }

        for (at, what) in conflicts.iter().enumerate() {
            let command = feature::Command::Comment {
                by: BY.to_owned(),
                text: format!("In Beads: {what}."),
            };
            self.ask_feature(context, &subject, at, command).await?;
        }

        synced.changed += 1;
        let feature = subject.id.to_string();

        synced
            .conflicts
            .extend(conflicts.into_iter().map(|what| BeadsConflict {
                feature: feature.clone(),
                what,
            }));
        Ok(())
    }

    /// Asks the nth thing of a feature; answers why it was turned down, if it was.
    async fn ask_feature(
        &self,
        context: &RequestContext,
        subject: &Subject<'_>,
        at: usize,
        command: feature::Command,
    ) -> Done<Option<String>> {
        let stream = StreamId::Feature(subject.project.clone(), subject.id.clone());
        self.ask(context, subject, (at, stream), AnyCommand::Feature(command))
            .await
    }

    async fn ask_edge(
        &self,
        context: &RequestContext,
        subject: &Subject<'_>,
        on: &str,
        remove: bool,
    ) -> Done<Option<String>> {
        let edge = backlog::event::Edge {
            feature: subject.id.clone(),
            on: Self::id(on)?,
        };
        let command = match remove {
            true => backlog::Command::RemoveDependency { edge },
            false => backlog::Command::AddDependency { edge },
        };

        self.ask(
            context,
            subject,
            (0, StreamId::Backlog(subject.project.clone())),
            AnyCommand::Backlog(command),
        )
        .await
    }

    async fn ask(
        &self,
        context: &RequestContext,
        subject: &Subject<'_>,
        (at, stream): (usize, StreamId),
        command: AnyCommand,
    ) -> Done<Option<String>> {
        let Subject { project, id, line } = subject;
        let told = RequestContext::keyed(
            &context.by,
            &format!("beads sync {project} {id} {line} {at} {command:?}"),
        );

        match self.tell(&told, told.id, stream, command).await {
            Ok(_) => Ok(None),
            Err(problem) if !problem.is_passing() => Ok(Some(problem.message)),
            Err(problem) => Err(problem),
        }
    }
}
