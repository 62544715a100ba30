//! `supercargo feature …`.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Subcommand;
use events::feature::{Content, FeatureType};
use events::id::{FeatureId, ProjectName};

use super::claim::{self, ClaimArgs, HeldArgs};
use super::client::ask;
use super::diff::{self, DiffArgs};
use super::evidence::{self, FeatureEvidence};
use super::feature_shown;
use super::requeue::{self, RequeueArgs};
use super::{DataArgs, OutputArgs};
use crate::api::{
    CloseRequest, Dependency, FeatureChange, FeatureShape, How, NewFeature, Text, Written,
};
use crate::terminal::{self, say};

/// Verbs on features.
#[derive(Debug, Subcommand)]
pub(super) enum FeatureCommand {
    /// Add a feature
    Add(AddArgs),
    /// All features of a project, in the order of the queue
    List {
        /// The name of the project
        project: ProjectName,
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Change what it asks for, or its place in the queue; what is not named stays
    Edit(EditArgs),
    /// What stands behind it: prompts, verdicts, verifications, and how to read them
    Evidence(FeatureEvidence),
    /// One feature
    Show {
        /// The name of the project
        project: ProjectName,
        /// Its id
        id: FeatureId,
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// What its work changes, as it was merged, handed in or pushed last
    Diff {
        #[command(flatten)]
        feature: IdArgs,
        #[command(flatten)]
        much: DiffArgs,
    },
    /// Claim a feature for yourself or an agent of your own
    Claim(ClaimArgs),
    /// Give a claim back
    Release {
        #[command(flatten)]
        held: HeldArgs,
        /// The reason, which whoever looks next reads
        #[arg(long)]
        reason: String,
    },
    /// Hand in a pushed commit
    Submit {
        #[command(flatten)]
        held: HeldArgs,
        /// The commit
        #[arg(long)]
        sha: String,
    },
    /// Close a feature by hand
    Close {
        #[command(flatten)]
        feature: IdArgs,
        /// The way in which it is closed
        #[arg(long, value_enum, default_value = "done-elsewhere")]
        how: How,
    },
    /// Open a closed feature again; the text says why
    Reopen(TextArgs),
    /// Take out what a merged feature brought, and open it again; or bring back what was taken out
    Undo(IdArgs),
    /// Take a feature out of quarantine, or all that are
    Requeue(RequeueArgs),
    /// Take a feature out of the backlog
    Withdraw(IdArgs),
    /// Let a feature wait for another
    Depend {
        #[command(flatten)]
        feature: IdArgs,
        /// The one it waits for
        on: FeatureId,
        /// Let it wait no more
        #[arg(long)]
        remove: bool,
    },
    /// Say something about a feature
    Comment(TextArgs),
    /// Answer a feature's question, so that work goes on
    Answer(TextArgs),
}

/// A feature of a project.
#[derive(Debug, clap::Args)]
pub(super) struct IdArgs {
    /// The name of the project
    project: ProjectName,
    /// Its id
    id: FeatureId,
    #[command(flatten)]
    data: DataArgs,
}

impl IdArgs {
    async fn tell<B: serde::Serialize>(
        &self,
        method: &str,
        verb: &str,
        body: &B,
    ) -> anyhow::Result<()> {
        let path = format!(
            "/api/v1/projects/{}/features/{}{verb}",
            self.project, self.id
        );
        let written: Written = ask(&self.data, method, &path, body).await?;
        say!("recorded at position {}", written.position)?;
        Ok(())
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct TextArgs {
    /// The name of the project
    project: ProjectName,
    /// Its id
    id: FeatureId,
    /// The text, as others will read it
    text: String,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct AddArgs {
    /// The name of the project
    project: ProjectName,
    /// Its title
    #[arg(required_unless_present = "batch")]
    title: Option<String>,
    /// Its description
    #[arg(long, default_value = "")]
    description: String,
    /// A step; may be given again
    #[arg(long = "step")]
    steps: Vec<String>,
    /// 0 (first) to 4 (last)
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(0..=4))]
    priority: u8,
    /// Id of a feature it depends on; may be given again
    #[arg(long)]
    depends_on: Vec<FeatureId>,
    /// A label; may be given again. Features with a label in common are taken for alike
    #[arg(long = "label")]
    labels: Vec<String>,
    /// Shown as a badge
    #[arg(long, default_value = "")]
    category: String,
    /// It is a bug
    #[arg(long)]
    bug: bool,
    /// Many features at once, as a JSON file of the form {"items": […]}
    #[arg(long, conflicts_with = "title")]
    batch: Option<PathBuf>,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Changes to a feature.
#[derive(Debug, clap::Args)]
pub(super) struct EditArgs {
    #[command(flatten)]
    feature: IdArgs,
    /// Its title
    #[arg(long)]
    title: Option<String>,
    /// Its description
    #[arg(long)]
    description: Option<String>,
    /// A step; may be given again, and replaces the steps there were
    #[arg(long = "step")]
    steps: Vec<String>,
    /// 0 (first) to 4 (last)
    #[arg(long, value_parser = clap::value_parser!(u8).range(0..=4))]
    priority: Option<u8>,
    /// Order within the priority, ascending
    #[arg(long, allow_negative_numbers = true)]
    rank: Option<i64>,
    /// A label; may be given again, and replaces the labels there were
    #[arg(long = "label")]
    labels: Vec<String>,
    /// Shown as a badge
    #[arg(long)]
    category: Option<String>,
}

async fn edit(args: EditArgs) -> anyhow::Result<()> {
    let given = |texts: Vec<String>| (!texts.is_empty()).then_some(texts);
    let change = FeatureChange {
        title: args.title,
        description: args.description,
        steps: given(args.steps),
        category: args.category,
        labels: given(args.labels),
        priority: args.priority,
        rank: args.rank,
    };
    if change == FeatureChange::default() {
        bail!(
            "nothing is to be changed: name --title, --description, --step, --priority, --rank, \
             --label or --category"
        );
    }

    args.feature.tell("PATCH", "", &change).await
}

pub(super) async fn run(command: FeatureCommand) -> anyhow::Result<()> {
    match command {
        FeatureCommand::Add(args) => add(args).await,
        FeatureCommand::List {
            project,
            data,
            output,
        } => list(&project, &data, output.json).await,
        FeatureCommand::Show {
            project,
            id,
            data,
            output,
        } => feature_shown::show(&project, &id, &data, output.json).await,
        FeatureCommand::Edit(args) => edit(args).await,
        FeatureCommand::Evidence(asked) => evidence::of_feature(&asked).await,
        FeatureCommand::Diff { feature, much } => {
            let path = format!("projects/{}/features/{}/diff", feature.project, feature.id);
            diff::show(&feature.data, &path, &much).await
        }
        FeatureCommand::Claim(args) => claim::claim(args).await,
        FeatureCommand::Release { held, reason } => claim::release(held, reason).await,
        FeatureCommand::Submit { held, sha } => claim::submit(held, sha).await,
        FeatureCommand::Close { feature, how } => {
            feature.tell("POST", "/close", &CloseRequest { how }).await
        }
        FeatureCommand::Reopen(args) => speak(args, "reopen").await,
        FeatureCommand::Requeue(args) => requeue::run(&args).await,
        FeatureCommand::Undo(args) => args.tell("POST", "/undo", &()).await,
        FeatureCommand::Withdraw(feature) => feature.tell("DELETE", "", &()).await,
        FeatureCommand::Depend {
            feature,
            on,
            remove,
        } => {
            feature
                .tell(
                    "POST",
                    "/dependencies",
                    &Dependency {
                        on: on.to_string(),
                        remove,
                    },
                )
                .await
        }
        FeatureCommand::Comment(args) => speak(args, "comments").await,
        FeatureCommand::Answer(args) => speak(args, "answer").await,
    }
}

async fn list(project: &ProjectName, data: &DataArgs, json: bool) -> anyhow::Result<()> {
    let features: Vec<FeatureShape> = ask(
        data,
        "GET",
        &format!("/api/v1/projects/{project}/features"),
        &(),
    )
    .await?;

    if json {
        terminal::json(&features)?;
        return Ok(());
    }

    if features.is_empty() {
        say!("no feature yet; `supercargo feature add {project} TITLE` adds one")?;
    }

    for f in features {
        say!(
            "{:<16} P{} {:<12} {}{}",
            f.id,
            f.content.priority,
            f.status,
            f.content.title,
            feature_shown::imported_as(&f)
        )?;
    }

    Ok(())
}

async fn speak(args: TextArgs, verb: &str) -> anyhow::Result<()> {
    let path = format!(
        "/api/v1/projects/{}/features/{}/{verb}",
        args.project, args.id
    );
    let written: Written = ask(&args.data, "POST", &path, &Text { text: args.text }).await?;
    say!("recorded at position {}", written.position)?;
    Ok(())
}

async fn add(args: AddArgs) -> anyhow::Result<()> {
    let base = format!("/api/v1/projects/{}/features", args.project);
    let written: Written = match &args.batch {
        Some(file) => {
            let text = fs_err::read_to_string(file)?;
            let batch: events::backlog::Batch = serde_json::from_str(&text)
                .with_context(|| format!("{} is not a batch of features", file.display()))?;
            ask(
                &args.data,
                "POST",
                &format!("/api/v1/projects/{}/backlog", args.project),
                &batch,
            )
            .await?
        }
        None => {
            let content = Content {
                description: args.description,
                steps: args.steps,
                priority: args.priority,
                labels: args.labels,
                category: args.category,
                kind: if args.bug {
                    FeatureType::Bug
                } else {
                    FeatureType::Feature
                },
                ..Content::titled(&args.title.unwrap_or_default())
            };
            let depends_on = args.depends_on.iter().map(ToString::to_string).collect();
            ask(
                &args.data,
                "POST",
                &base,
                &NewFeature {
                    content,
                    depends_on,
                },
            )
            .await?
        }
    };

    tell_added(&args.project, &args.data, written, args.output.json).await
}

/// Says what was added. The first word of each line is the id, for scripts.
async fn tell_added(
    project: &ProjectName,
    data: &DataArgs,
    written: Written,
    json: bool,
) -> anyhow::Result<()> {
    let mut added = Vec::with_capacity(written.ids.len());

    for id in &written.ids {
        let path = format!("/api/v1/projects/{project}/features/{id}");
        let feature: FeatureShape = ask(data, "GET", &path, &()).await?;
        if !json {
            let Content {
                title, priority, ..
            } = &feature.content;
            say!(
                "{id}  added to {project}, P{priority}, {}: {title}",
                feature.status
            )?;
        }
        added.push(feature);
    }

    if json {
        return match added.as_slice() {
            [one] => Ok(terminal::json(one)?),
            many => Ok(terminal::json(&many)?),
        };
    }

    Ok(())
}
