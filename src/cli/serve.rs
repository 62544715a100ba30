//! `supercargo serve`: the server, until it is told to end.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;

use actors::ports::repo::Credential;
use anyhow::{Context, bail};
use events::id::Timestamp;
use events::policy::retain::Retention;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::DataArgs;
use crate::adapters::git::Secrets;
use crate::app::{App, Ownership};
use crate::data::DataFolder;
use crate::engine::choice::EngineArgs;
use crate::http;
use crate::private;
use crate::terminal::{complain, mention};
use crate::token::{Token, TokenFile};

/// The arguments of `serve`, beside the data folder.
#[derive(Debug, clap::Args)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Where to listen; loopback only
    #[arg(long, default_value = "127.0.0.1:7070", env = "SUPERCARGO_LISTEN")]
    listen: SocketAddr,
    /// File with a private key for ssh, for upstreams of projects that have none of their own; kept
    /// in the data folder
    #[arg(long)]
    ssh_key: Option<PathBuf>,
    /// Take the data folder over from a server that hangs or is paused: it records nothing from
    /// then on
    #[arg(long)]
    take_over: bool,
    /// File with providers of models and prices, beside the usual ones; default: providers.json in
    /// the data folder
    #[arg(long, value_name = "FILE", env = "SUPERCARGO_PROVIDERS")]
    providers: Option<PathBuf>,
    #[command(flatten)]
    kept: KeptArgs,
    #[command(flatten)]
    engine: EngineArgs,
}

/// The signals that ask for an orderly end: from a person, from a supervisor, and from a terminal
/// that went away.
struct Ends([Signal; 3]);

impl Ends {
    fn listen() -> anyhow::Result<Self> {
        let heard = |kind| signal(kind).context("listening to signals");

        Ok(Self([
            heard(SignalKind::terminate())?,
            heard(SignalKind::interrupt())?,
            heard(SignalKind::hangup())?,
        ]))
    }

    async fn asked(&mut self) {
        let [terminate, interrupt, hangup] = &mut self.0;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// Says where it listens. A server whose output is not taken goes on.
fn ready(port: &http::Port, now: Timestamp) {
    mention!("listening on {}", port.link(now));
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
    let listener = http::take_port(args.listen)?;
    let ownership = if args.take_over {
        Ownership::TakeOver
    } else {
        Ownership::Respect
    };

    let mut app = App::open(
        args.data.new_folder()?.with_providers(args.providers),
        ownership,
    )
    .await?;

    if let Some(file) = args.ssh_key.as_ref().filter(|_| !app.data.is_read_only()) {
        let key = fs_err::read_to_string(file)?;
        Secrets::new(app.data.secrets()).keep_host_wide(Some(&Credential::SshKey(key)))?;
    }

    app.retain(args.kept.retention());
    if let Some(file) = app.data.not_read() {
        complain!("note: {file}");
    }

    if app.data.is_read_only() {
        let folder = app.data.path().display();
        complain!("note: {folder} is for reading only: it is shown, and nothing is changed");
    } else {
        for line in app.begin(&args.engine).await? {
            complain!("note: {line}");
        }
    }

    listened(app, listener).await
}

/// Shows a folder that was unpacked from a bundle, until this process is told to end.
pub(super) async fn show(data: DataFolder, listen: SocketAddr) -> anyhow::Result<()> {
    let listener = http::take_port(listen)?;
    let app = App::open(data, Ownership::Respect).await?;
    listened(app, listener).await
}

/// Listens until this process is told to end, and ends in order.
async fn listened(app: App, listener: TcpListener) -> anyhow::Result<()> {
    let token = Token::File(TokenFile::open(&app.data.token())?);
    let served = app.served(Some(&token));
    let socket = http::listen(&served, &app.data.operator_socket())?;
    let port = http::listen_port(&served, listener, &token)?;
    let url = format!("http://{}\n", port.address);
    private::write(&app.data.url(), url.as_bytes())?;

    // Before the ready line: whoever has read it may end us in order.
    let mut ends = Ends::listen()?;
    ready(&port, app.running.core.world.clock.now());
    let failed = tokio::select! {
        () = ends.asked() => None,
        why = app.failed() => Some(why),
    };
    let at_work = match app.data.is_read_only() {
        true => 0,
        false => app.at_work(),
    };
    port.handle.stop(true).await;
    socket.stop(true).await;
    app.stop().await;
    if at_work > 0 {
        complain!(
            "{at_work} sessions run on and are adopted by the next start, which is what ends them as \
             well: `supercargo project stop NAME` is carried out then"
        );
    }

    match failed {
        Some(why) => bail!("the server had to end: {why}"),
        None => Ok(()),
    }
}
