//! `supercargo serve`: the server, until it is told to end.

use std::net::SocketAddr;
use std::path::PathBuf;

use actors::ports::repo::Credential;
use anyhow::{Context, bail};
use events::policy::retain::Retention;
use tokio::signal::unix::{SignalKind, signal};

use super::DataArgs;
use crate::adapters::git::Secrets;
use crate::app::{App, Ownership};
use crate::engine::choice::EngineArgs;
use crate::http;

/// How to serve.
#[derive(Debug, clap::Args)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Where to listen; loopback only
    #[arg(long, default_value = "127.0.0.1:7070", env = "SUPERCARGO_LISTEN")]
    listen: SocketAddr,
    /// File with a private key for ssh, for upstreams of projects that have none of their own; kept in the data folder
    #[arg(long)]
    ssh_key: Option<PathBuf>,
    /// Take the data folder over from a server that hangs or is paused: it records nothing from then on
    #[arg(long)]
    take_over: bool,
    /// File with providers of models and prices, beside the usual ones; default: providers.json in the data folder
    #[arg(long, value_name = "FILE", env = "SUPERCARGO_PROVIDERS")]
    providers: Option<PathBuf>,
    #[command(flatten)]
    kept: KeptArgs,
    #[command(flatten)]
    engine: EngineArgs,
}

/// How long transcripts are kept. That one was there, and what it was, stays in the log.
#[derive(Debug, clap::Args)]
struct KeptArgs {
    /// Remove transcripts this many days after the end of their session
    #[arg(long, value_name = "DAYS", default_value_t = 90)]
    keep_transcripts_days: u64,
    /// Remove the oldest transcripts beyond so many GiB of all of them
    #[arg(long, value_name = "GIB", default_value_t = 20)]
    keep_transcripts_gib: u64,
}

impl KeptArgs {
    fn retention(&self) -> Retention {
        Retention {
            age_ms: self
                .keep_transcripts_days
                .saturating_mul(24 * 3_600 * 1_000),
            bytes: self.keep_transcripts_gib.saturating_mul(1024 * 1024 * 1024),
        }
    }
}

pub(super) async fn run(args: ServeArgs) -> anyhow::Result<()> {
    let ownership = if args.take_over {
        Ownership::TakeOver
    } else {
        Ownership::Respect
    };
    let mut app = App::open(
        args.data.folder()?.with_providers(args.providers),
        ownership,
    )
    .await?;
    if let Some(file) = &args.ssh_key {
        let key =
            std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
        Secrets::new(app.data.secrets()).keep_host_wide(Some(&Credential::SshKey(key)))?;
    }
    app.retain(args.kept.retention());
    for line in app.begin(&args.engine).await? {
        eprintln!("note: {line}");
    }
    let token = http::token::read_or_make(&app.data.token())?;
    let served = app.served(Some(&token));
    let socket = http::listen(&served, &app.data.operator_socket())?;
    let port = http::listen_port(&served, args.listen, &token)?;
    std::fs::write(app.data.url(), format!("http://{}\n", port.address))?;
    // Before the ready line: whoever has read it may end us in order.
    let mut terminate = signal(SignalKind::terminate())?;
    println!("listening on http://{}/#token={token}", port.address);
    let failed = tokio::select! {
        _ = terminate.recv() => None,
        interrupted = tokio::signal::ctrl_c() => interrupted.err().map(|e| e.to_string()),
        why = app.failed() => Some(why),
    };
    let at_work = app.running.core.projector.read(|books| {
        books
            .projects
            .values()
            .map(|book| {
                book.enlisted()
                    .filter(|(_, berth, _)| berth.job().is_some())
                    .count()
            })
            .sum::<usize>()
    });
    port.handle.stop(true).await;
    socket.stop(true).await;
    app.stop().await;
    if at_work > 0 {
        eprintln!(
            "{at_work} sessions run on and are adopted by the next start; `supercargo project stop NAME` ends them"
        );
    }
    match failed {
        Some(why) => bail!("the server had to end: {why}"),
        None => Ok(()),
    }
}
