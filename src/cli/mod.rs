//! The command line. Exit codes: 0 done, 1 not done (with the reason on standard error), 2 used
//! wrongly.

mod beads;
mod choices;
mod claim;
mod client;
mod container;
mod diff;
mod doctor;
mod evidence;
mod feature;
mod feature_shown;
mod image;
mod log;
mod project;
mod queue;
mod reader;
mod requeue;
mod serve;
mod sign_in;
mod standing;
mod subscription;
mod upstream;
mod usage;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::agent::AgentCommand;
use crate::data::DataFolder;
use crate::engine::seek::SeekArgs;
use crate::runner::RunnerArgs;
use crate::terminal::{Unheard, complain};
use crate::{app, heap, private, telemetry, terminal};

/// Runs a fleet of coding agents against git repositories, from one append-only log.
#[derive(Debug, Parser)]
#[command(name = "supercargo", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
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
    fn is_inside_a_slot(&self) -> bool {
        matches!(
            self,
            Self::Runner(_) | Self::Seek(_) | Self::Script | Self::Agent(_)
        )
    }
}

/// Where the data is, for every command that needs it.
#[derive(Debug, Clone, clap::Args)]
pub struct DataArgs {
    /// The data folder; holds everything
    #[arg(long, env = "SUPERCARGO_DATA", default_value = "supercargo-data")]
    pub data: PathBuf,
    /// The log in a PostgreSQL database (postgres://USER:PASSWORD@HOST:PORT/DATABASE); a file of
    /// the data folder without it
    #[arg(
        long = "log",
        value_name = "URL",
        env = "SUPERCARGO_LOG",
        hide_env_values = true,
        value_parser = crate::log::place::database
    )]
    pub log: Option<String>,
}

impl DataArgs {
    /// The data folder, made when it is not there: for what begins one.
    pub(crate) fn new_folder(&self) -> anyhow::Result<DataFolder> {
        Ok(DataFolder::make(&self.data)?.with_database(self.log.clone()))
    }

    /// The data folder as it is there.
    pub(crate) fn folder(&self) -> anyhow::Result<DataFolder> {
        Ok(DataFolder::open(&self.data)?.with_database(self.log.clone()))
    }
}

/// How reading verbs print.
#[derive(Debug, Clone, clap::Args)]
pub struct OutputArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Runs a verb of Beads.
pub fn bd(bd: crate::agent::bd::Bd) -> ExitCode {
    ExitCode::from(block_on(crate::agent::bd::run(bd)))
}

/// Runs a command line.
pub fn run(cli: Cli) -> ExitCode {
    if !cli.command.is_inside_a_slot() {
        private::close_to_others();
    }

    let done = match cli.command {
        Command::Runner(args) => return exit(crate::runner::run(&args)),
        Command::Seek(args) => return exit(crate::engine::seek::run(&args)),
        Command::Script => return exit(block_on(crate::script::run())),
        Command::Agent(command) => {
            block_on(crate::agent::run(command)).map_err(anyhow::Error::from)
        }
        Command::Serve(args) => {
            heap::make_frugal();
            telemetry::start(telemetry::OF_A_SERVER);
            app::on_system(serve::run(args))
        }
        Command::Try(args) => {
            heap::make_frugal();
            telemetry::start("error");
            app::on_system(crate::trial::run(args))
        }
        Command::Project(command) => quiet(project::run(command)),
        Command::Feature(command) => quiet(feature::run(command)),
        Command::Log(command) => quiet(log::run(command)),
        Command::Image(command) => quiet(image::run(command)),
        Command::Beads(command) => quiet(beads::run(command)),
        Command::Queue(command) => quiet(queue::run(command)),
        Command::Container(command) => quiet(container::run(command)),
        Command::Subscription(command) => quiet(subscription::run(command)),
        Command::SignIn { data } => quiet(sign_in::run(data)),
        Command::Doctor { data, output } => quiet(doctor::run(data, output)),
        Command::Completions { shell } => {
            let mut completions = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "supercargo", &mut completions);
            terminal::raw(&completions).map_err(anyhow::Error::from)
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fault(&error),
    }
}

/// Says what went wrong. Whoever reads only the beginning of an output, as `head` does, made
/// nothing go wrong.
fn fault(error: &anyhow::Error) -> ExitCode {
    let unheard = error.downcast_ref::<Unheard>();
    if unheard.is_some_and(Unheard::is_closed_pipe) {
        return ExitCode::SUCCESS;
    }
    complain!("supercargo: {error:#}");
    ExitCode::FAILURE
}

fn quiet(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    telemetry::start("error");
    app::on_system(work)
}

fn exit(code: i32) -> ExitCode {
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

/// Runs a future without the actors: for what runs inside a container.
fn block_on<F: Future>(work: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime
        .expect("a process that cannot make a runtime cannot do anything else either")
        .block_on(work)
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use events::id::SlotNo;
    use events::view::Remedy;

    /// What a person is told to type is a command that there is.
    #[test]
    fn every_remedy_can_be_typed() {
        let feature: events::id::FeatureId = "feat-a".parse().expect("id");
        let seen = "0".repeat(40).parse().expect("sha");
        let remedies = [
            Remedy::Start,
            Remedy::Stop,
            Remedy::Retry,
            Remedy::Initialize,
            Remedy::ResumeQueue,
            Remedy::SetTarget,
            Remedy::Close {
                feature: feature.clone(),
            },
            Remedy::SetVerification,
            Remedy::AcceptUpstream { seen },
            Remedy::FollowBranch,
            Remedy::SetCredential,
            Remedy::ForgetHostKeys,
            Remedy::Approve { entry: 3 },
            Remedy::Undo {
                feature: feature.clone(),
            },
            Remedy::Requeue {
                feature: feature.clone(),
            },
            Remedy::Answer {
                feature: feature.clone(),
            },
            Remedy::Withdraw { feature },
            Remedy::Reinstate { slot: SlotNo(2) },
        ];
        let project = "zoo".parse().expect("name");

        for remedy in remedies {
            let typed = remedy.command(&project).expect("a command");
            let parsed = super::Cli::try_parse_from(typed.split(' '));
            assert!(parsed.is_ok(), "{typed}: {:?}", parsed.err());
        }

        assert_eq!(Remedy::Mend.command(&project), None);
    }

    /// A verb of `docs/states/ways.md`, with its options.
    fn is_typed(verb: &str) -> bool {
        let mut command = <super::Cli as clap::CommandFactory>::command();

        for word in verb.split(' ') {
            if let Some(option) = word.strip_prefix("--") {
                return command
                    .get_arguments()
                    .any(|arg| arg.get_long() == Some(option));
            }
            let Some(found) = command.find_subcommand(word).cloned() else {
                return false;
            };
            command = found;
        }

        true
    }

    /// The ways out of every state that the documentation names are commands that there are.
    #[test]
    fn every_way_out_can_be_typed() {
        let ways = include_str!("../../docs/states/ways.md");
        let lines = ways.lines().filter(|line| line.starts_with("| "));
        let cells = lines.filter_map(|line| line.trim_end_matches(" |").rsplit(" | ").next());
        let verbs: Vec<_> = cells
            .flat_map(|cell| cell.split('`').skip(1).step_by(2))
            .collect();

        assert!(verbs.len() > 100, "the table was not read: {verbs:?}");
        for verb in verbs {
            assert!(is_typed(verb), "{verb} is no command");
        }
    }

    /// The words that a shell makes of a line, as `supercargo` gets them.
    fn words(line: &str) -> Vec<String> {
        let asks = format!("supercargo() {{ printf '%s\\0' \"$@\"; }}; {line}");
        let mut shell = std::process::Command::new("bash");
        let output = shell.args(["-c", &asks]).output().expect("a shell");
        let said = String::from_utf8(output.stdout).expect("text");
        let words = said.split_terminator('\0').map(str::to_owned);
        std::iter::once("supercargo".to_owned())
            .chain(words)
            .collect()
    }

    /// A command as README indents it, or as a page shows it after a prompt and without what only a
    /// shell that has typed the lines before it understands: `tests/it/manual.rs` types those.
    fn plain_command(line: &str) -> Option<&str> {
        let shell = ['|', '$', ';', '>', '&'];
        let prompted = line.strip_prefix("$ ").filter(|line| {
            let answers = line.contains("--help") || line.contains("--version");
            line.starts_with("supercargo ") && !line.contains(shell) && !answers
        });
        line.strip_prefix("    ").or(prompted)
    }

    /// What README and the manual print is what the command line takes.
    #[test]
    fn every_command_of_the_manual_can_be_typed() {
        let folder = fs_err::read_dir("docs/manual").expect("the manual");
        let pages = folder.map(|page| page.expect("a page").path());
        let mut typed = 0;

        for page in pages.chain(["README.md".into()]) {
            let text = fs_err::read_to_string(&page).expect("a page");
            let printed = text.lines().filter_map(plain_command);
            for line in printed.filter(|line| line.contains("supercargo ")) {
                let sha = "0123456789".repeat(4);
                let line = line.replace("--claim N", "--claim 1").replace("SHA", &sha);
                let words = words(&line);
                let parsed = super::Cli::try_parse_from(&words);
                assert!(parsed.is_ok(), "{line}: {words:?}: {:?}", parsed.err());
                typed += 1;
            }
        }

        assert!(typed > 20, "the manual was not read: {typed}");
    }
}
