//! One session from its assignment to its report: the tree, the setup, the agent, and what it
//! leaves brought to safety.

use std::time::Duration;

use actors::sessions::wire::{Ending, NeverRan, SessionBrief};
use events::holder::Role;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;

use super::agent::{Agent, Ended};
use super::control::Control;
use super::ending::{ending_of, never_ran, not_set_up, nothing, trouble};
use super::output::Output;
use super::tree::Tree;
use super::watch::{rescuing, watch};
use super::{RunnerArgs, relay, strays, verify};

/// What a session leaves is brought to safety within this time: an agent decides how much that is,
/// and its slot waits.
const SECURED_WITHIN: Duration = Duration::from_secs(900);
/// Time between heartbeats.
const BEAT: Duration = Duration::from_secs(5);

/// Runs the session that the door assigns; answers the exit code.
pub(super) async fn session(args: &RunnerArgs) -> i32 {
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
        Err(error) => trouble(format!("no loopback: {error}")),
    };
    output.finish().await;
    let reported = control.end(&ending).await;
    strays.abort();

    i32::from(reported.is_err())
}

/// The word of whoever ends this process.
pub(super) type Terminate = tokio::signal::unix::Signal;

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
        Err(why) => return trouble(why),
    };

    if let Some(why) = &brief.trouble {
        return trouble(why.clone());
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

    if let Some(agent) = &brief.agent
        && agent.dialect.needs_model()
    {
        match tree.keep_out_baits().await {
            Ok(kept) if kept.is_empty() => {}
            Ok(kept) => output.note(&format!("[kept from the agent: {}]\n", kept.join(", "))),
            Err(why) => return trouble(why),
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
