//! The start of the process: it waits for the word to begin, limits itself, and runs its session.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::limits::harden;
use super::session::session;
use crate::engine::process::end_own_children;

/// How a runner is started.
#[derive(Debug, clap::Args)]
pub struct RunnerArgs {
    /// The folder with the two sockets.
    #[arg(long)]
    pub(super) door: PathBuf,
    /// The container's own folder. Images and processes of former builds know it by this name.
    #[arg(long = "berth")]
    pub(super) slot: PathBuf,
    /// Which launch this is: people who look at processes see it.
    #[arg(long)]
    launch: String,
    /// Begin only when a line comes in, and say so; end when none will come.
    #[arg(long)]
    await_word: bool,
    /// The folder for packages that outlive the session, if there is one.
    #[arg(long)]
    pub(super) cache: Option<PathBuf>,
    /// The number of processes and threads there may be, where no engine holds them.
    #[arg(long)]
    pids: Option<u64>,
}

/// Runs one session and answers the exit code.
pub fn run(args: &RunnerArgs) -> i32 {
    if nix::unistd::setsid().is_err() {
        // The sandbox already made a session for us.
    }

    if args.await_word && !begun(args) {
        return 0;
    }

    harden(args.pids);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let code = match runtime {
        Ok(runtime) => runtime.block_on(session(args)),
        Err(error) => {
            eprintln!("no runtime: {error}");
            1
        }
    };

    if let Err(why) = end_own_children() {
        eprintln!("{why}");
    }

    code
}

/// Waits for the word of whoever started us, and answers it. False when there is nobody any more:
/// then nobody knows of us either.
fn begun(args: &RunnerArgs) -> bool {
    // Without a namespace of its own, what loses its parent below this process is its child, and is
    // ended with it.
    if let Err(error) = nix::sys::prctl::set_child_subreaper(true) {
        eprintln!("children that lost their parent are not ours: {error}");
    }
    if !matches!(std::io::stdin().read(&mut [0]), Ok(1)) {
        return false;
    }
    here(&args.slot)
        .map_err(|error| eprintln!("the runner cannot begin: {error}"))
        .is_ok()
}

/// Answers the word, and turns to a file of its own: the pipes end with the server that made them,
/// and this process may not.
fn here(slot: &Path) -> std::io::Result<()> {
    let none = fs_err::File::open("/dev/null")?;
    let log = fs_err::File::create(slot.join("runner.log"))?;
    writeln!(std::io::stdout(), "here")?;
    std::io::stdout().flush()?;

    nix::unistd::dup2_stdin(&none)?;
    nix::unistd::dup2_stdout(&log)?;
    nix::unistd::dup2_stderr(&log)?;
    Ok(())
}
