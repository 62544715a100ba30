//! `replay why` and `replay why-not`: sentences, each with the events that show it.

use clap::{Args, Subcommand};
use events::id::{FeatureId, ProjectName, SessionId, SlotNo};
use events::stream::Position;
use events::why::{
    About, Answer, Claimant, Deed, Foreseen, Part, Prospect, Question, Sentence, Wish,
};
use serde_json::{Value, json};

use crate::adapters::clock;
use crate::api::time;
use crate::replay::{Moment, Recorded};
use crate::terminal::{self, say};

/// What is asked about.
#[derive(Debug, Clone, Subcommand)]
pub(in crate::cli) enum AboutArgs {
    /// A project
    Project {
        /// Its name
        name: ProjectName,
    },
    /// A feature
    Feature {
        /// The name of the project
        name: ProjectName,
        /// The id of the feature
        feature: FeatureId,
    },
    /// A slot
    Slot {
        /// The name of the project
        name: ProjectName,
        /// The number of the slot
        slot: u16,
    },
    /// An entry of the merge queue
    Merge {
        /// The name of the project
        name: ProjectName,
        /// The number of the entry
        entry: u64,
    },
    /// A session
    Session {
        /// The name of the project
        name: ProjectName,
        /// The id of the session
        session: SessionId,
    },
}

/// What is wished for.
#[derive(Debug, Clone, Subcommand)]
pub(in crate::cli) enum WishArgs {
    /// That a feature is claimed
    Claim {
        #[command(flatten)]
        feature: FeatureArgs,
        /// By the fleet in this slot; in whatever slot is free without it
        #[arg(long, conflicts_with = "by")]
        slot: Option<u16>,
        /// By somebody outside, by name
        #[arg(long)]
        by: Option<String>,
    },
    /// That the work of a feature goes on towards upstream
    Merge(FeatureArgs),
    /// That a feature is closed as done elsewhere
    Close(FeatureArgs),
    /// That a closed feature is opened again
    Reopen(FeatureArgs),
    /// That a feature is given a fresh start
    Requeue(FeatureArgs),
    /// That the project starts
    Start {
        /// The name of the project
        name: ProjectName,
    },
    /// That it ends in order
    Drain {
        /// The name of the project
        name: ProjectName,
    },
    /// That it stops
    Stop {
        /// The name of the project
        name: ProjectName,
    },
    /// That an entry of the merge queue may change protected paths
    Approve {
        /// The name of the project
        name: ProjectName,
        /// The number of the entry
        entry: u64,
    },
    /// That the merge queue goes on
    Resume {
        /// The name of the project
        name: ProjectName,
    },
    /// That a slot is put back into service
    Reinstate {
        /// The name of the project
        name: ProjectName,
        /// The number of the slot
        slot: u16,
    },
}

/// A feature of a project.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct FeatureArgs {
    /// The name of the project
    name: ProjectName,
    /// The id of the feature
    feature: FeatureId,
}

impl AboutArgs {
    fn question(self) -> Question {
        let (project, about) = match self {
            Self::Project { name } => (name, About::Project),
            Self::Feature { name, feature } => (name, About::Feature(feature)),
            Self::Slot { name, slot } => (name, About::Slot(SlotNo(slot))),
            Self::Merge { name, entry } => (name, About::Merge(entry)),
            Self::Session { name, session } => (name, About::Session(session)),
        };
        Question { project, about }
    }
}

impl WishArgs {
    fn wish(self) -> Wish {
        let (project, deed) = match self {
            Self::Claim { feature, slot, by } => {
                let by = match (slot, by) {
                    (Some(slot), _) => Claimant::Slot(SlotNo(slot)),
                    (None, Some(name)) => Claimant::Outside(name),
                    (None, None) => Claimant::Fleet,
                };
                let FeatureArgs { name, feature } = feature;
                (name, Deed::Claim { feature, by })
            }
            Self::Merge(of) => (of.name, Deed::Merge(of.feature)),
            Self::Close(of) => (of.name, Deed::Close(of.feature)),
            Self::Reopen(of) => (of.name, Deed::Reopen(of.feature)),
            Self::Requeue(of) => (of.name, Deed::Requeue(of.feature)),
            Self::Start { name } => (name, Deed::Start),
            Self::Drain { name } => (name, Deed::Drain),
            Self::Stop { name } => (name, Deed::Stop),
            Self::Approve { name, entry } => (name, Deed::Approve(entry)),
            Self::Resume { name } => (name, Deed::Resume),
            Self::Reinstate { name, slot } => (name, Deed::Reinstate(SlotNo(slot))),
        };
        Wish { project, deed }
    }
}

/// Why something is as it is.
pub(super) async fn why(
    recorded: &Recorded,
    about: AboutArgs,
    at: Option<&str>,
    as_json: bool,
) -> anyhow::Result<()> {
    let moment = recorded.moment(at, clock::now()).await?;
    let question = about.question();
    let sentences = recorded.why(&question, moment).await?;
    if as_json {
        let sentences: Vec<Value> = sentences.iter().map(shape).collect();
        return Ok(terminal::json(&sentences)?);
    }

    say!("{}", head(moment))?;
    for sentence in &sentences {
        say(sentence, &question.project)?;
    }
    Ok(())
}

/// What a wish comes to.
pub(super) async fn why_not(
    recorded: &Recorded,
    wish: WishArgs,
    at: Option<&str>,
    as_json: bool,
) -> anyhow::Result<()> {
    let moment = recorded.moment(at, clock::now()).await?;
    let wish = wish.wish();
    let answer = recorded.why_not(&wish, moment).await?;
    if as_json {
        return Ok(terminal::json(&answer_shape(&answer))?);
    }

    say!("{}", head(moment))?;
    say!("{}", prospect(&answer.prospect))?;
    for sentence in &answer.because {
        say(sentence, &wish.project)?;
    }
    Ok(())
}

fn head(moment: Moment) -> String {
    format!(
        "after position {}, at {}",
        moment.position,
        time(moment.now)
    )
}

/// A sentence in a line, and what a person can do in a second one.
fn say(sentence: &Sentence, project: &ProjectName) -> anyhow::Result<()> {
    let mark = match sentence.part {
        Part::Stands => ' ',
        Part::Waits => '~',
    };
    say!(
        "{mark} {}  ({})",
        sentence.text,
        places(&sentence.positions)
    )?;

    let remedy = sentence.remedy.as_ref();
    if let Some(command) = remedy.and_then(|remedy| remedy.command(project)) {
        say!("    supercargo {command}")?;
    }
    Ok(())
}

fn places(positions: &[Position]) -> String {
    let places: Vec<String> = positions.iter().map(ToString::to_string).collect();
    places.join(", ")
}

fn prospect(prospect: &Prospect) -> String {
    match prospect {
        Prospect::Accepted(next) => format!("It would be accepted: {}.", foreseen(next)),
        Prospect::Owed { policy, next } => {
            format!(
                "It happens by itself, by the policy {policy}: {}.",
                foreseen(next)
            )
        }
        Prospect::Begun { effect } => format!("The server is about to begin it: {effect}."),
        Prospect::Refused(refused) => {
            format!("It would be refused: {} ({}).", refused.text, refused.code)
        }
        Prospect::Missing => "Nothing refuses it, and something is missing for it.".to_owned(),
    }
}

fn foreseen(next: &Foreseen) -> String {
    let kinds: Vec<String> = next
        .events
        .iter()
        .map(|event| event.kind.name.to_owned())
        .collect();
    match kinds[..] {
        [] => format!("{} is so already", next.command),
        _ => format!("{} would be recorded in {}", kinds.join(", "), next.stream),
    }
}

fn shape(sentence: &Sentence) -> Value {
    let mut shape = json!(sentence);
    shape["until"] = json!(sentence.until.map(time));
    shape
}

fn answer_shape(answer: &Answer) -> Value {
    let kind = match &answer.prospect {
        Prospect::Accepted(_) => "accepted",
        Prospect::Owed { .. } => "owed",
        Prospect::Begun { .. } => "begun",
        Prospect::Refused(_) => "refused",
        Prospect::Missing => "missing",
    };
    let because: Vec<Value> = answer.because.iter().map(shape).collect();
    json!({ "prospect": kind, "text": prospect(&answer.prospect), "because": because })
}
