//! `bd` in the berth: the verbs that agents know from Beads, spoken to our door. `close` hands the claimed feature in, `update --status
//! in_progress` says yes to the claim that the session holds, `sync` has nothing to do: what is said is recorded at once.
//!
//! Exit codes are those of Beads' tools: 0, 1 for a failure, 4 for a claim that is not to be had.

use clap::{Parser, Subcommand};
use events::feature::Content;
use serde_json::{Value, json};

use super::verbs::{Berth, VerbError};
use crate::beads::import::imported;
use crate::http::shapes::FeatureShape;
use crate::terminal::{self, complain};
use crate::wire::get_url;
use actors::sessions::wire::Say;

/// A claim that is not to be had.
const NOT_YOURS: u8 = 4;

/// The verbs of Beads, as far as a session has any use for them.
#[derive(Debug, Parser)]
#[command(
    name = "bd",
    about = "The features of this project, in the words of Beads",
    version
)]
pub struct Bd {
    #[command(subcommand)]
    verb: Verb,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Issues that wait for nothing
    Ready {
        /// At most so many
        #[arg(long, short = 'n')]
        limit: Option<usize>,
    },
    /// All issues
    List {
        /// Only those of this status: open, in_progress, blocked or closed
        #[arg(long, short = 's')]
        status: Option<String>,
        /// Closed ones as well
        #[arg(long, short = 'a')]
        all: bool,
        /// At most so many; 0 for no limit
        #[arg(long, short = 'n')]
        limit: Option<usize>,
    },
    /// One issue
    Show { id: String },
    /// Add an issue
    Create {
        title: String,
        #[arg(long, short = 'd', default_value = "")]
        description: String,
        /// 0 (first) to 4, or P0 to P4
        #[arg(long, short = 'p', value_parser = priority)]
        priority: Option<u8>,
        /// bug, feature, task, epic or chore
        #[arg(long = "type", short = 't', default_value = "task")]
        kind: String,
        #[arg(long, short = 'l', value_delimiter = ',')]
        labels: Vec<String>,
        /// What it waits for
        #[arg(long, value_delimiter = ',')]
        deps: Vec<String>,
        /// Print the id alone
        #[arg(long)]
        silent: bool,
    },
    /// Begin the issue that this session holds, or give it back
    Update {
        id: String,
        /// in_progress, or open to give it back
        #[arg(long, short = 's')]
        status: Option<String>,
        /// As --status in_progress
        #[arg(long)]
        claim: bool,
        #[arg(long, default_value = "given back with bd update")]
        notes: String,
    },
    /// Hand in the issue that this session holds: pushes HEAD
    Close {
        id: String,
        #[arg(long, short = 'r')]
        reason: Option<String>,
    },
    /// Only a person opens a closed issue again
    Reopen { id: String },
    /// What an issue waits for
    Dep {
        #[command(subcommand)]
        verb: DepVerb,
    },
    /// What was said about an issue, and saying more
    #[command(alias = "comment")]
    Comments {
        #[command(subcommand)]
        verb: CommentVerb,
    },
    /// Counts
    Stats,
    /// Nothing to do: everything is recorded when it is said
    Sync,
}

#[derive(Debug, Subcommand)]
enum DepVerb {
    /// What it waits for
    List { id: String },
    /// Only at its creation: bd create --deps
    Add { id: String, on: String },
}

#[derive(Debug, Subcommand)]
enum CommentVerb {
    /// What was said
    List { id: String },
    /// Say something about the issue that this session is about
    Add { id: String, text: String },
}

fn priority(text: &str) -> Result<u8, String> {
    let digits = text.trim_start_matches(['P', 'p']);
    digits
        .parse()
        .ok()
        .filter(|p| *p <= 4)
        .ok_or_else(|| format!("\"{text}\": use 0 to 4 or P0 to P4"))
}

/// What a verb printed, or why it did not work and with which exit code.
type Done = Result<String, (u8, String)>;

fn ended(code: u8, why: &dyn std::fmt::Display) -> u8 {
    complain!("Error: {why}");
    code
}

/// Runs a verb; answers the exit code.
pub async fn run(bd: Bd) -> u8 {
    match Session::open() {
        Ok(session) => match session.verb(bd.verb, bd.json).await {
            Ok(text) => match terminal::text(&text) {
                Ok(()) => 0,
                Err(unheard) if unheard.is_closed_pipe() => 0,
                Err(unheard) => ended(1, &unheard),
            },
            Err((code, why)) => ended(code, &why),
        },
        Err(error) => ended(1, &error),
    }
}

struct Session {
    berth: Berth,
    /// The feature that it is about.
    own: String,
}

fn failed(error: impl std::fmt::Display) -> (u8, String) {
    (1, error.to_string())
}

/// Where a feature stands, in Beads' words.
fn status(feature: &FeatureShape) -> &'static str {
    match feature.status.as_str() {
        "open" | "epic" => "open",
        "asked" | "blocked" | "quarantined" => "blocked",
        "closed" | "withdrawn" => "closed",
        _ => "in_progress",
    }
}

fn issue(feature: &FeatureShape) -> Value {
    let content = &feature.content;
    let description = crate::beads::joined(&content.description, &content.steps);
    let dependencies: Vec<Value> = feature
        .blockers
        .iter()
        .map(|on| json!({"issue_id": feature.id, "depends_on_id": on, "type": "blocks"}))
        .collect();
    json!({
        "id": feature.id, "title": content.title, "description": description, "status": status(feature),
        "priority": content.priority, "issue_type": content.kind, "labels": content.labels,
        "assignee": feature.holder, "dependencies": dependencies,
    })
}

fn line(feature: &FeatureShape) -> String {
    format!(
        "{} [P{}] [{}] {}",
        feature.id,
        feature.content.priority,
        status(feature),
        feature.content.title
    )
}

fn shown(features: &[FeatureShape], as_json: bool) -> String {
    if as_json {
        return Value::Array(features.iter().map(issue).collect()).to_string();
    }
    features.iter().map(line).collect::<Vec<_>>().join("\n")
}

impl Session {
    fn open() -> Result<Self, VerbError> {
        Ok(Self {
            berth: Berth::from_environment()?,
            own: std::env::var("SUPERCARGO_FEATURE").unwrap_or_default(),
        })
    }

    async fn all(&self) -> Result<Vec<FeatureShape>, (u8, String)> {
        get_url(&self.berth.url, "/v1/features")
            .await
            .map_err(failed)
    }

    async fn one(&self, id: &str) -> Result<FeatureShape, (u8, String)> {
        get_url(&self.berth.url, &format!("/v1/features/{id}"))
            .await
            .map_err(failed)
    }

    /// Only the feature that the session is about can be worked on.
    fn is_own(&self, id: &str) -> Result<(), (u8, String)> {
        if id == self.own {
            return Ok(());
        }
        let own = if self.own.is_empty() {
            "none".to_owned()
        } else {
            self.own.clone()
        };
        Err((
            NOT_YOURS,
            format!("{id} is not assigned to this session; it is about: {own}"),
        ))
    }

    #[expect(
        clippy::too_many_lines,
        reason = "one arm for each kind; to be split by concept"
    )]
    async fn verb(&self, verb: Verb, as_json: bool) -> Done {
        match verb {
            Verb::Ready { limit } => {
                let ready = |f: &FeatureShape| f.status == "open";
                let all: Vec<_> = self
                    .all()
                    .await?
                    .into_iter()
                    .filter(ready)
                    .take(limit.unwrap_or(10))
                    .collect();
                Ok(shown(&all, as_json))
            }
            Verb::List {
                status: wanted,
                all,
                limit,
            } => {
                let is = |f: &FeatureShape| {
                    wanted
                        .as_ref()
                        .map_or(all || status(f) != "closed", |wanted| status(f) == wanted)
                };
                let most = limit.filter(|n| *n > 0).unwrap_or(usize::MAX);
                let found: Vec<_> = self
                    .all()
                    .await?
                    .into_iter()
                    .filter(is)
                    .take(most)
                    .collect();
                Ok(shown(&found, as_json))
            }
            Verb::Show { id } => {
                let feature = self.one(&id).await?;
                let described =
                    crate::beads::joined(&feature.content.description, &feature.content.steps);
                Ok(if as_json {
                    issue(&feature).to_string()
                } else {
                    format!("{}\n\n{described}", line(&feature))
                })
            }
            Verb::Create { .. } => self.create(verb, as_json).await,
            Verb::Update {
                id,
                status: wanted,
                claim,
                notes,
            } => {
                self.update(&id, wanted.as_deref(), claim, notes, as_json)
                    .await
            }
            Verb::Close { id, .. } => {
                self.is_own(&id)?;
                let said = self.berth.submit().await.map_err(failed)?;
                Ok(format!(
                    "{id} is handed in, recorded at position {}; it is closed when it is reviewed and merged",
                    said.position
                ))
            }
            Verb::Reopen { id } => Err(failed(format!(
                "{id}: only a person opens it again; say what is wrong with `bd create`"
            ))),
            Verb::Dep {
                verb: DepVerb::List { id },
            } => {
                let feature = self.one(&id).await?;
                Ok(if as_json {
                    json!(feature.blockers).to_string()
                } else {
                    feature.blockers.join("\n")
                })
            }
            Verb::Dep {
                verb: DepVerb::Add { id, on },
            } => Err(failed(format!(
                "{id} cannot be made to wait for {on} now: say it at its creation, `bd create --deps`"
            ))),
            Verb::Comments {
                verb: CommentVerb::List { id },
            } => {
                let feature = self.one(&id).await?;
                Ok(if as_json {
                    json!(feature.notes).to_string()
                } else {
                    feature.notes.join("\n")
                })
            }
            Verb::Comments {
                verb: CommentVerb::Add { id, text },
            } => {
                self.is_own(&id)?;
                let said = self
                    .berth
                    .say(&Say::Comment { text })
                    .await
                    .map_err(failed)?;
                Ok(format!("recorded at position {}", said.position))
            }
            Verb::Stats => self.stats(as_json).await,
            Verb::Sync => Ok("nothing to do: everything is recorded when it is said".to_owned()),
        }
    }

    async fn create(&self, verb: Verb, as_json: bool) -> Done {
        let Verb::Create {
            title,
            description,
            priority,
            kind,
            labels,
            deps,
            silent,
        } = verb
        else {
            return Ok(String::new());
        };
        let Value::Object(line) = json!({"id": "new", "title": title, "description": description, "issue_type": kind, "labels": labels, "priority": priority.unwrap_or(2)})
        else {
            return Ok(String::new());
        };
        let content: Content = imported(&line).item.content;
        let said = self
            .berth
            .say(&Say::Create {
                content,
                depends_on: deps,
            })
            .await
            .map_err(failed)?;
        let id = said
            .ids
            .first()
            .map(ToString::to_string)
            .unwrap_or_default();
        Ok(match (as_json, silent) {
            (true, _) => json!({"id": id, "title": title, "status": "open"}).to_string(),
            (false, true) => id,
            (false, false) => format!("Created {id}: {title}"),
        })
    }

    async fn update(
        &self,
        id: &str,
        wanted: Option<&str>,
        claim: bool,
        notes: String,
        as_json: bool,
    ) -> Done {
        match (wanted, claim) {
            (Some("in_progress"), _) | (None, true) => {
                self.is_own(id)?;
                let feature = self.one(id).await?;
                Ok(if as_json {
                    issue(&feature).to_string()
                } else {
                    line(&feature)
                })
            }
            (Some("open"), false) => {
                self.is_own(id)?;
                let said = self
                    .berth
                    .say(&Say::Release { reason: notes })
                    .await
                    .map_err(failed)?;
                Ok(format!(
                    "{id} is given back, recorded at position {}",
                    said.position
                ))
            }
            (Some("closed"), false) => Err(failed("hand it in with `bd close`")),
            _ => Err(failed(
                "only its status can be changed from here: in_progress, or open to give it back",
            )),
        }
    }

    async fn stats(&self, as_json: bool) -> Done {
        let all = self.all().await?;
        let count = |word: &str| all.iter().filter(|f| status(f) == word).count();
        let ready = all.iter().filter(|f| f.status == "open").count();
        let (open, doing, blocked, closed) = (
            count("open"),
            count("in_progress"),
            count("blocked"),
            count("closed"),
        );
        if as_json {
            let stats = json!({"total_issues": all.len(), "open_issues": open, "in_progress_issues": doing,
                "blocked_issues": blocked, "closed_issues": closed, "ready_issues": ready});
            return Ok(stats.to_string());
        }
        Ok(format!(
            "{} issues: {open} open, {doing} in progress, {blocked} blocked, {closed} closed; {ready} ready",
            all.len()
        ))
    }
}
