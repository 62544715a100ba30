//! `replay what-if`: another course of a project, beside the recorded one.

use events::id::ProjectName;
use events::stream::Position;

use super::command::open;
use crate::api::{CourseShape, WhatIfShape};
use crate::cli::{DataArgs, OutputArgs};
use crate::replay::{Otherwise, WhatIf};
use crate::terminal::{self, say};

/// The arguments of `replay what-if`.
#[derive(Debug, Clone, clap::Args)]
pub(in crate::cli) struct WhatIfArgs {
    /// The project
    project: ProjectName,
    /// From which instant on: a position or a time (from the first event)
    #[arg(long, value_name = "INSTANT")]
    from: Option<String>,
    /// The instant to which the record is taken (the newest)
    #[arg(long, value_name = "INSTANT")]
    to: Option<String>,
    /// How many slots there are
    #[arg(long, allow_negative_numbers = true)]
    slots: Option<u16>,
    /// A setting that is otherwise, as a state names it: batch_max=8
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// The position of something that a person did and that is left out
    #[arg(long, value_name = "POSITION")]
    without: Vec<u64>,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) async fn run(args: WhatIfArgs) -> anyhow::Result<()> {
    let recorded = open(&args.data).await?;
    let between = (args.from.as_deref(), args.to.as_deref());
    let (from, to) = recorded.between(between).await?;
    let asked = WhatIf {
        project: args.project,
        from,
        to,
        slots: args.slots,
        settings: Otherwise::parse(&args.settings)?,
        without: args.without.into_iter().map(Position).collect(),
    };

    let found = recorded.what_if(&asked).await?;
    match args.output.json {
        true => Ok(terminal::json(&found)?),
        false => shown(&found),
    }
}

fn shown(found: &WhatIfShape) -> anyhow::Result<()> {
    match &found.parting {
        None => say!("nothing comes out otherwise")?,
        Some(parting) => say!(
            "the courses part after position {} ({}): {}",
            parting.position,
            parting.at,
            parting.why
        )?,
    }

    say!("")?;
    say!("{:<18} {:>12} {:>12}", "", "recorded", "otherwise")?;
    for (name, of) in ROWS {
        let (recorded, otherwise) = (of(&found.recorded), of(&found.otherwise));
        say!("{name:<18} {recorded:>12} {otherwise:>12}")?;
    }

    for feature in &found.features {
        say!("")?;
        say!("{}: {}", feature.id, feature.title)?;
        say!("  recorded:  {}", feature.recorded)?;
        say!("  otherwise: {}", feature.otherwise)?;
    }
    doubts(found)
}

/// What the answer does not know.
fn doubts(found: &WhatIfShape) -> anyhow::Result<()> {
    if found.endless {
        say!("")?;
        say!("the other course never came to rest: it was cut off")?;
    }
    if found.guessed > 0 {
        let count = found.guessed;
        say!("")?;
        say!(
            "for {count} sessions no recorded one did the same work: others of their role stand \
             for it"
        )?;
    }
    if !found.unexplained.is_empty() {
        let positions: Vec<_> = found.unexplained.iter().map(u64::to_string).collect();
        let positions = positions.join(", ");
        say!("")?;
        say!(
            "nothing in the log owed what was recorded at {positions}: something was seen that is \
             not in it"
        )?;
    }
    Ok(())
}

type Row = (&'static str, fn(&CourseShape) -> String);

/// The figures that are shown.
const ROWS: &[Row] = &[
    ("took", |course| took(course.took_s)),
    ("completed", |course| yes(course.completed)),
    ("merged", |course| course.figures.merged.to_string()),
    ("closed otherwise", |course| {
        course.figures.closed_otherwise.to_string()
    }),
    ("quarantined", |course| {
        course.figures.quarantined.to_string()
    }),
    ("reviews rejected", |course| {
        course.figures.review_rejected.to_string()
    }),
    ("merges rejected", |course| {
        course.figures.merge_rejected.to_string()
    }),
    ("sessions", |course| {
        course.figures.sessions_begun.to_string()
    }),
    ("needs you", |course| course.needs_you.to_string()),
    ("events", |course| course.figures.events.to_string()),
];

fn yes(is: bool) -> String {
    match is {
        true => "yes".to_owned(),
        false => "no".to_owned(),
    }
}

fn took(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{hours}:{minutes:02}:{seconds:02}")
}
