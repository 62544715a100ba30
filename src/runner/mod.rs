//! The runner: the main process of a container. Takes one assignment, prepares the tree, launches
//! the agent, streams its output, sends heartbeats, brings the work to safety, reports the end.
//!
//! It survives server restarts: output is spooled and resent, and every request is repeated until
//! it is answered. Without a server for an hour it secures what it can and ends itself.

mod agent;
mod baits;
mod cache;
mod control;
mod fence;
mod output;
mod relay;
mod salvage;
mod strays;
mod tree;
mod verify;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use actors::sessions::wire::{Ending, NeverRan, SessionBrief};
use events::holder::Role;
use nix::sys::resource::{Resource, setrlimit};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;

use crate::engine::process::end_own_children;
use agent::{Agent, Ended, Stop};
use control::Control;
use output::Output;
use tree::Tree;

/// An agent whose work is settled gets this long to end by itself.
const SETTLED_GRACE: Duration = Duration::from_secs(30);
/// A stopped agent gets this long before it is killed; the rest of the engine's grace is for
/// securing the work.
const AGENT_GRACE: Duration = Duration::from_secs(10);
/// What a session leaves is brought to safety within this time: an agent decides how much that is,
/// and its slot waits.
const SECURED_WITHIN: Duration = Duration::from_secs(900);
/// Time between heartbeats.
const BEAT: Duration = Duration::from_secs(5);
/// Without a server for this long the runner ends itself.
pub(crate) const ALONE_MAX: Duration = Duration::from_secs(3600);
/// Said when the host has too little disk left for a session that keeps packages.
const DISK_FULL: &str =
    "the disk of the host is nearly full: free some, or set the project's --cache to 0";
/// Largest file anything in the container may write.
const FILE_MAX: u64 = 4 * 1024 * 1024 * 1024;
/// How much sooner than others the kernel ends what runs in a container, of 1000.
const GOES_FIRST: &str = "500";
/// Open files of one process in the container.
const OPEN_FILES_MAX: u64 = 4096;

/// How a runner is started.
#[derive(Debug, clap::Args)]
pub struct RunnerArgs {
    /// The folder with the two sockets.
    #[arg(long)]
    door: PathBuf,
    /// The container's own folder. Images and processes of former builds know it by this name.
    #[arg(long = "berth")]
    slot: PathBuf,
    /// Which launch this is: people who look at processes see it.
    #[arg(long)]
    launch: String,
    /// Begin only when a line comes in, and say so; end when none will come.
    #[arg(long)]
    await_word: bool,
    /// The folder for packages that outlive the session, if there is one.
    #[arg(long)]
    cache: Option<PathBuf>,
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

/// Limits for everything below this process. A limit the machine refuses is left as it is.
fn harden(pids: Option<u64>) {
    // When a host runs out of memory this container goes, and neither the server nor what else runs
    // there. Before this process is closed to others: its own files are as well then.
    if let Err(error) = fs_err::write("/proc/self/oom_score_adj", GOES_FIRST) {
        eprintln!("the kernel may end another process for this one's memory: {error}");
    }

    // The agent runs as the same user: it must not be able to attach to this process or to read its
    // memory.
    if let Err(error) = nix::sys::prctl::set_dumpable(false) {
        eprintln!("this process stays open to debuggers of its user: {error}");
    }

    if let Err(error) = fence::raise() {
        eprintln!("no system call is taken away here: {error}");
    }

    let limits = [
        (Resource::RLIMIT_CORE, 0),
        (Resource::RLIMIT_FSIZE, FILE_MAX),
        (Resource::RLIMIT_NOFILE, OPEN_FILES_MAX),
    ];
    let pids = pids.map(|most| (Resource::RLIMIT_NPROC, most));
    for (resource, limit) in limits.into_iter().chain(pids) {
        if let Err(error) = setrlimit(resource, limit, limit) {
            eprintln!("limit {resource:?} stays as it is: {error}");
        }
    }
}

async fn session(args: &RunnerArgs) -> i32 {
    let control = Control::new(&args.door);
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return 1;
    };

    let strays = tokio::spawn(strays::reap());
    let brief = tokio::select! {
        brief = control.hello() => brief,
        _ = terminate.recv() => return 0,
    };
    let brief = match brief {
        Ok(brief) => brief,
        Err(why) => {
            eprintln!("no assignment: {why}");
            return 1;
        }
    };
    let output = Output::start(control.clone(), &args.slot);
    let ending = match relay::start(&args.door).await {
        Ok(url) => {
            let beating = tokio::spawn(control.clone().beating(BEAT));
            let ending = work(args, &brief, &url, &output, &control, &mut terminate).await;
            beating.abort();
            ending
        }
        Err(error) => Ending {
            trouble: Some(format!("no loopback: {error}")),
            ..nothing()
        },
    };
    output.finish().await;
    let reported = control.end(&ending).await;
    strays.abort();

    i32::from(reported.is_err())
}

fn nothing() -> Ending {
    Ending::default()
}

type Terminate = tokio::signal::unix::Signal;

async fn work(
    args: &RunnerArgs,
    brief: &SessionBrief,
    url: &str,
    output: &Output,
    control: &Control,
    terminate: &mut Terminate,
) -> Ending {
    let deadline = Instant::now() + Duration::from_millis(brief.wall_ms);
    let prepared = tokio::select! {
        prepared = Tree::prepare(brief, url, args) => prepared,
        _ = terminate.recv() => return Ending { interrupted: true, ..nothing() },
    };
    let tree = match prepared {
        Ok(tree) => tree,
        Err(why) => {
            return Ending {
                trouble: Some(why),
                ..nothing()
            };
        }
    };

    if let Some(why) = &brief.trouble {
        return Ending {
            trouble: Some(why.clone()),
            ..nothing()
        };
    }

    if let Some(setup) = brief
        .setup
        .as_ref()
        .filter(|_| brief.role != Role::Verifier)
    {
        let run = Agent::shell(setup, &tree, brief, url, output);
        let ended = watch(run, &tree, control, deadline, terminate).await;
        if !matches!(&ended, Ok(Ended { code: Some(0), .. })) {
            return not_set_up(brief, setup, ended);
        }
    }
    if brief.role == Role::Verifier {
        return verify::run(brief, &tree, url, output, deadline, terminate).await;
    }

    if brief
        .agent
        .as_ref()
        .is_some_and(|agent| agent.dialect.needs_model())
    {
        match tree.keep_out_baits().await {
            Ok(kept) if kept.is_empty() => {}
            Ok(kept) => output.note(&format!("[kept from the agent: {}]\n", kept.join(", "))),
            Err(why) => {
                return Ending {
                    trouble: Some(why),
                    ..nothing()
                };
            }
        }
    }
    let launched = match Agent::launch(brief, &tree, url, output) {
        Ok(launched) => launched,
        Err(why) => return never_ran(NeverRan::Tool, why),
    };
    let ended = tokio::select! {
        ended = watch(Ok(launched), &tree, control, deadline, terminate) => ended,
        never = rescuing(brief, &tree) => never,
    };
    let mut ending = ending_of(ended);

    if brief.role == Role::Coder {
        ending.unsecured = left_unsecured(&tree, brief).await;
    }

    if let Some(left) = &ending.unsecured {
        output.note(&format!("[not brought to safety: {left}]\n"));
    }

    ending
}

/// Brings what a coder leaves to safety; what could not be, in words.
async fn left_unsecured(tree: &Tree, brief: &SessionBrief) -> Option<String> {
    match tokio::time::timeout(SECURED_WITHIN, tree.secure(brief)).await {
        Ok(Ok(left)) => left,
        Ok(Err(why)) => Some(why),
        Err(_) => Some(format!("it took longer than {SECURED_WITHIN:?}")),
    }
}

/// The setup command failed. A reviewer's tree is the work of an agent, whose fault it may be.
fn not_set_up(brief: &SessionBrief, setup: &str, ended: Result<Ended, String>) -> Ending {
    let stopped = matches!(&ended, Ok(Ended { stop: Some(_), .. }));
    let ours = brief.role != Role::Reviewer && !stopped;
    Ending {
        trouble: Some(format!("the setup command failed: {setup}")),
        never_ran: ours.then_some(NeverRan::Setup),
        ..ending_of(ended)
    }
}

fn never_ran(what: NeverRan, why: String) -> Ending {
    Ending {
        trouble: Some(why),
        never_ran: Some(what),
        ..nothing()
    }
}

fn ending_of(ended: Result<Ended, String>) -> Ending {
    match ended {
        Ok(ended) => Ending {
            exit_code: ended.code,
            signal: ended.signal,
            interrupted: ended.stop == Some(Stop::Asked),
            context_full: ended.stop == Some(Stop::Full),
            failure: ended.failure,
            ..nothing()
        },
        Err(why) => Ending {
            trouble: Some(why),
            ..nothing()
        },
    }
}

/// Brings what a coder has not committed to safety now and then, until it is dropped.
async fn rescuing(brief: &SessionBrief, tree: &Tree) -> Result<Ended, String> {
    if brief.role != Role::Coder {
        return std::future::pending().await;
    }
    let mut last = None;
    loop {
        tokio::time::sleep(Duration::from_millis(brief.rescue_ms)).await;
        match tree.rescue(brief, last.as_deref()).await {
            Ok(now) => last = Some(now),
            Err(why) => eprintln!("not rescued: {why}"),
        }
    }
}

/// Waits for a process, and ends it when asked to, when its time is up, or when its work is settled
/// and it stays.
async fn watch(
    launched: Result<Agent, String>,
    tree: &Tree,
    control: &Control,
    deadline: Instant,
    terminate: &mut Terminate,
) -> Result<Ended, String> {
    let mut agent = launched?;
    let settled = control.settled();
    let stop = tokio::select! {
        ended = agent.wait() => return ended,
        _ = terminate.recv() => Some(Stop::Asked),
        () = tokio::time::sleep_until(deadline) => Some(Stop::Asked),
        () = control.alone_for(ALONE_MAX) => Some(Stop::Asked),
        () = control.full() => Some(Stop::Full),
        () = cache::disk_is_full(tree.cache.as_deref()) => {
            agent.stop(AGENT_GRACE).await?;
            return Err(DISK_FULL.to_owned());
        }
        () = async { settled.await; tokio::time::sleep(SETTLED_GRACE).await } => None,
    };
    let ended = agent.stop(AGENT_GRACE).await?;

    Ok(Ended { stop, ..ended })
}

/// Where things are within a slot.
pub(crate) fn home(slot: &Path) -> PathBuf {
    slot.join("home")
}
