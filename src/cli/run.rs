//! Running a command line: what each command needs around it, and the exit code that it comes to.

use std::process::ExitCode;

use clap::CommandFactory;

use super::command::{Cli, Command};
use super::{
    beads, container, doctor, feature, image, lineage, log, project, queue, replay, report, serve,
    sign_in, subscription,
};
use crate::terminal::{Unheard, complain};
use crate::{app, heap, private, telemetry, terminal};

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
        Command::Replay(command) => quiet(replay::run(command)),
        Command::Report(args) => quiet(report::run(args)),
        Command::Lineage(command) => quiet(lineage::run(command)),
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
