//! Issues of Beads both ways: what others changed on the branch since we wrote it is taken, by the
//! rules of `beads::sync`; then everything is written again on top of it.

use std::collections::BTreeMap;

use events::backlog;
use events::feature;
use events::feature::event::Closing;
use events::id::{Digest, FeatureId, ProjectName, Sha};
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
use actors::ports::repo::Onto;
use actors::rejection::Rejection;

/// Who says on a feature what could not be taken.
const BY: &str = "beads";

type Issues = BTreeMap<String, Issue>;

fn by_id(text: &str, what: &str) -> Result<Issues, Rejection> {
    let issues = beads::read(text).map_err(|why| Rejection::invalid(format!("{what}: {why}")))?;
    let (issues, _) = newest(issues);
    let mut by_id = Issues::new();

    for issue in issues {
        let id = issue.get("id").and_then(Value::as_str);
        let id = id.unwrap_or_default().to_owned();
        by_id.insert(id, issue);
    }
    Ok(by_id)
}

/// The text of a file on the branch; one that is not there is empty.
fn text(bytes: Option<Vec<u8>>) -> Done<String> {
    let bytes = bytes.unwrap_or_default();
    let text = beads::decoded(&bytes).map_err(Rejection::invalid)?;
    Ok(text.to_owned())
}

/// What has to be said to the feature so that it is as the file asks.
fn commands(wanted: Asked, by: &str) -> Vec<feature::Command> {
    let mut commands = vec![];
    if let Some(content) = wanted.content {
        commands.push(feature::Command::Edit { content });
    }

    for (author, text) in wanted.comments {
        let by = if author.trim().is_empty() {
            by.to_owned()
        } else {
            author
        };
        commands.push(feature::Command::Comment { by, text });
    }

    let by = by.to_owned();
    match wanted.turn {
        Some(Turn::Closed) => commands.push(feature::Command::Close {
            closing: Closing::DoneElsewhere,
            by,
        }),
        Some(Turn::Deleted) => commands.push(feature::Command::Withdraw { by }),
        Some(Turn::Reopened) => commands.push(feature::Command::Reopen {
            why: "opened again in Beads".to_owned(),
            by,
        }),
        None => {}
    }
    commands
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
        self.copied(&project).await?;
        let (seen, theirs, base) = self.on_branch(&project).await?;
        let mut imported = Issues::new();
        for origin in self.origins(&project).await?.into_values() {
            imported.insert(origin.name, origin.issue);
        }
        let known = self.known_issues(&project).await?;
        let before = by_id(
            &self.export_beads(name).await?,
            "what would be written cannot be read",
        )?;

        let new = theirs.iter().filter(|(id, _)| !known.contains_key(*id));
        let mut synced = self.take_new(context, name, new).await?;
        let now_known = self.known_issues(&project).await?;

        for (id, theirs) in &theirs {
            let (Some(feature), Some(ours)) = (known.get(id), before.get(id)) else {
                continue;
            };
            // Before we wrote it first it was as it was imported; and what is neither was there
            // before us: theirs is what is new.
            let base = base.get(id).or(imported.get(id)).unwrap_or(ours);
            let sides = Sides { base, theirs, ours };
            let one = (feature.as_str(), &now_known);
            self.take_issue(context, &project, one, sides, &mut synced)
                .await?;
        }

        // What somebody pushed meanwhile was not looked at, and is not written over.
        synced.published = self.publish_onto(name, Onto::Seen(seen)).await?;
        Ok(synced)
    }

    /// Where the branch is, what it holds there, and what we wrote to it last.
    async fn on_branch(&self, project: &ProjectName) -> Done<(Option<Sha>, Issues, Issues)> {
        let (branch, path) = (beads::BRANCH, beads::PATH);
        let url = self.read(project, |view| Some(view.registered()?.git_url.clone()))?;
        let repo = &self.core.world.repo;
        let Some(side) = repo.side_file(project, &url, branch, path).await? else {
            return Ok(Default::default());
        };

        let theirs = by_id(
            &text(side.theirs)?,
            &format!("{path} on the branch {branch} cannot be read, mend it there"),
        )?;
        let ours = by_id(&text(side.ours)?, "what was written last cannot be read")?;
        Ok((Some(side.head), theirs, ours))
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

        let line = Value::Object(sides.theirs.clone()).to_string();
        let line = Digest::of(line.as_bytes()).to_string();
        let subject = Subject { project, id, line };
        let mut conflicts = wanted.conflicts.clone();

        let edges = wanted.depends.iter().map(|on| (on, false));
        let edges = edges.chain(wanted.freed.iter().map(|on| (on, true)));
        let edges: Vec<(String, bool)> = edges.map(|(on, remove)| (on.clone(), remove)).collect();
        for (at, command) in commands(wanted, &context.by).into_iter().enumerate() {
            conflicts.extend(self.ask_feature(context, &subject, at, command).await?);
        }
        for (on, remove) in edges {
            match known.get(&on) {
                Some(on) => conflicts.extend(self.ask_edge(context, &subject, on, remove).await?),
                None => conflicts.push(format!("it waits there for {on}, which is not known here")),
            }
        }

        synced.changed += 1;
        for (at, what) in conflicts.into_iter().enumerate() {
            let command = feature::Command::Comment {
                by: BY.to_owned(),
                text: format!("In Beads: {what}."),
            };
            self.ask_feature(context, &subject, at, command).await?;
            let feature = subject.id.to_string();
            synced.conflicts.push(BeadsConflict { feature, what });
        }
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
