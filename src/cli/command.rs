//! The commands that there are, as clap reads them.

use clap::{Parser, Subcommand};

use super::{
    DataArgs, OutputArgs, beads, container, feature, image, lineage, log, project, queue, replay,
    report, serve, subscription,
};
use crate::agent::AgentCommand;
use crate::engine::seek::SeekArgs;
use crate::runner::RunnerArgs;

/// Runs a fleet of coding agents against git repositories, from one append-only log.
#[derive(Debug, Parser)]
#[command(name = "supercargo", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
/// The commands; the first word of a line.
pub(super) enum Command {
    /// Run the server on a data folder
    Serve(serve::ServeArgs),
    /// Run a demo fleet of scripted agents: no key, no network
    Try(crate::trial::TryArgs),
    /// Add, show and run projects
    #[command(subcommand)]
    Project(project::ProjectCommand),
    /// Add, show and claim features
    #[command(subcommand)]
    Feature(feature::FeatureCommand),
    /// Read the log
    #[command(subcommand)]
    Log(log::LogCommand),
    /// Look at any instant of the past: states, differences, where something began
    #[command(subcommand)]
    Replay(replay::ReplayCommand),
    /// Tell what happened in the last hours, each sentence with the events that show it
    Report(report::ReportArgs),
    /// Follow a line of the trunk back to the work that brought it, or a session, an agent or a
    /// model to all that it touched
    #[command(subcommand)]
    Lineage(lineage::LineageCommand),
    /// Issues of Beads: take them in, write features out as such
    #[command(subcommand)]
    Beads(beads::BeadsCommand),
    /// The merge queue: look at it, let held changes through or send them back
    #[command(subcommand, alias = "trunk")]
    Queue(queue::QueueCommand),
    /// Look at slots and containers, stop and restart them
    #[command(subcommand)]
    Container(container::ContainerCommand),
    /// Keep the place of readers of the log; hand events to a command
    #[command(subcommand)]
    Subscription(subscription::SubscriptionCommand),
    /// Print a link that signs a browser in, once
    SignIn {
        #[command(flatten)]
        data: DataArgs,
    },
    /// Say whether this machine has what a fleet needs
    Doctor {
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Print completions for a shell
    Completions {
        /// The shell that completes the words
        shell: clap_complete::Shell,
    },
    /// The image that containers are made from
    #[command(subcommand)]
    Image(image::ImageCommand),
    /// What agents say, inside a session
    #[command(subcommand)]
    Agent(AgentCommand),
    /// The main process of a container
    #[command(hide = true)]
    Runner(RunnerArgs),
    /// Whether a program is where a container finds it
    #[command(hide = true)]
    Seek(SeekArgs),
    /// The scripted agent
    #[command(hide = true)]
    Script,
}

impl Command {
    /// Whether this runs beside an agent, whose files are made as the agent expects them.
    pub(super) fn is_inside_a_slot(&self) -> bool {
        matches!(
            self,
            Self::Runner(_) | Self::Seek(_) | Self::Script | Self::Agent(_)
        )
    }
}
