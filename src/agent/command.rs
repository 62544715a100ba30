//! The verbs of an agent as a command line.

use std::path::{Path, PathBuf};

use actors::sessions::wire::Say;
use clap::Subcommand;
use events::feature::Content;

use super::verbs::{Slot, VerbError};
use crate::terminal::{Unheard, say};

/// What an agent may say.
#[derive(Debug, Subcommand)]
pub enum AgentCommand {
    /// Push the branch and hand it in
    Submit {
        /// Hand in what is committed, without the rest of the tree
        #[arg(long)]
        anyway: bool,
    },
    /// Hand in a verdict (JSON file, - for standard input)
    Verdict {
        /// The document
        file: PathBuf,
    },
    /// Hand in an overseer's report (JSON file, - for standard input)
    Report {
        /// The document
        file: PathBuf,
    },
    /// Hand in a backlog (JSON file, - for standard input)
    Backlog {
        /// The document
        file: PathBuf,
    },
    /// Say something about the feature at hand
    Comment {
        /// The text of the comment
        text: String,
    },
    /// Give the work back
    Release {
        /// The reason, which whoever looks next reads
        reason: String,
    },
    /// Ask a person; the work is secured and the session ends
    Ask {
        /// The question that a person answers
        question: String,
    },
    /// Add a feature to the backlog
    Create {
        /// Its title
        title: String,
        /// Its description
        #[arg(long, default_value = "")]
        description: String,
        /// Ids it depends on
        #[arg(long)]
        depends_on: Vec<String>,
    },
}

/// Carries out one verb and prints the answer.
pub async fn run(command: AgentCommand) -> Result<(), VerbError> {
    let slot = Slot::from_environment()?;
    let said = match command {
        AgentCommand::Submit { anyway } => {
            if !anyway {
                slot.is_committed().await?;
            }
            slot.submit().await?
        }
        AgentCommand::Verdict { file } => {
            slot.say(&Say::Verdict {
                verdict: read(&file)?,
            })
            .await?
        }
        AgentCommand::Report { file } => {
            slot.say(&Say::Report {
                report: read(&file)?,
            })
            .await?
        }
        AgentCommand::Backlog { file } => {
            slot.say(&Say::Backlog {
                batch: read(&file)?,
            })
            .await?
        }
        AgentCommand::Comment { text } => slot.say(&Say::Comment { text }).await?,
        AgentCommand::Release { reason } => slot.say(&Say::Release { reason }).await?,
        AgentCommand::Ask { question } => slot.say(&Say::Ask { question }).await?,
        AgentCommand::Create {
            title,
            description,
            depends_on,
        } => {
            let content = Content {
                description,
                ..Content::titled(&title)
            };
            slot.say(&Say::Create {
                content,
                depends_on,
            })
            .await?
        }
    };
    let told = |error: Unheard| VerbError(error.to_string());
    say!("recorded at position {}", said.position).map_err(told)?;
    for id in said.ids {
        say!("{id}").map_err(told)?;
    }

    Ok(())
}

fn read<T: serde::de::DeserializeOwned>(file: &Path) -> Result<T, VerbError> {
    let text = if file == Path::new("-") {
        std::io::read_to_string(std::io::stdin())
    } else {
        fs_err::read_to_string(file)
    };
    let text = text.map_err(|e| VerbError(format!("{}: {e}", file.display())))?;
    serde_json::from_str(&text).map_err(|e| {
        VerbError(format!(
            "{} is not what is expected here: {e}",
            file.display()
        ))
    })
}
