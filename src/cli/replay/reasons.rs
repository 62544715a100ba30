//! `replay why` and `replay why-not`: sentences, each with the positions of the events that show
//! it.

use clap::Args;

use super::command::open;
use crate::adapters::clock;
use crate::api::{PartShape, SentenceShape};
use crate::cli::{DataArgs, OutputArgs};
use crate::replay::{AboutKind, DeedKind, Moment, Recorded, question, wish};
use crate::terminal::{self, say};

/// The log that is asked, when, and how the answer is printed.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct AskedArgs {
    /// A position, or a time such as 2026-11-26T04:49:00Z; now without it
    #[arg(long, value_name = "POSITION|TIME")]
    at: Option<String>,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    output: OutputArgs,
}

impl AskedArgs {
    /// The log, and the moment that is asked about.
    async fn open(&self) -> anyhow::Result<(Recorded, Moment)> {
        let recorded = open(&self.data).await?;
        let moment = recorded.moment(self.at.as_deref(), clock::now()).await?;
        Ok((recorded, moment))
    }
}

/// A question.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct WhyArgs {
    /// The kind of thing that is asked about
    about: AboutKind,
    /// The name of the project
    project: String,
    /// The id of the feature or session, the number of the slot or entry
    id: Option<String>,
    #[command(flatten)]
    asked: AskedArgs,
}

/// A wish.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct WishArgs {
    /// The deed that is wished for
    deed: DeedKind,
    /// The name of the project
    project: String,
    /// The id of the feature, the number of the slot or of the entry of the merge queue
    id: Option<String>,
    /// Whoever would claim: a slot's number, or the name of somebody outside
    #[arg(long)]
    by: Option<String>,
    #[command(flatten)]
    asked: AskedArgs,
}

/// Why something is as it is.
pub(super) async fn why(args: WhyArgs) -> anyhow::Result<()> {
    let question = question(&args.project, args.about, args.id.as_deref())?;
    let (recorded, moment) = args.asked.open().await?;
    let why = recorded.why(&question, moment).await?;
    if args.asked.output.json {
        return Ok(terminal::json(&why)?);
    }

    say!("after position {}, at {}", why.position, why.now)?;
    why.sentences.iter().try_for_each(line)
}

/// What a wish comes to.
pub(super) async fn why_not(args: WishArgs) -> anyhow::Result<()> {
    let (id, by) = (args.id.as_deref(), args.by.as_deref());
    let wish = wish(&args.project, args.deed, id, by)?;
    let (recorded, moment) = args.asked.open().await?;
    let answer = recorded.why_not(&wish, moment).await?;
    if args.asked.output.json {
        return Ok(terminal::json(&answer)?);
    }

    say!("after position {}, at {}", answer.position, answer.now)?;
    say!("{}", answer.text)?;
    answer.because.iter().try_for_each(line)
}

/// A sentence in a line, and what a person can do in a second one.
fn line(sentence: &SentenceShape) -> anyhow::Result<()> {
    let mark = match sentence.part {
        PartShape::Stands => ' ',
        PartShape::Waits => '~',
    };
    let positions: Vec<String> = sentence.positions.iter().map(u64::to_string).collect();
    let shown_by = match sentence.is_shown {
        true => positions.join(", "),
        false => format!("up to {}", positions.join(", ")),
    };
    say!("{mark} {}  ({shown_by})", sentence.text)?;

    if let Some(command) = &sentence.command {
        say!("    {command}")?;
    }
    Ok(())
}
