//! Runs the demo: upstream and project are made, the fleet works, everything that was started is
//! ended, and the log is audited.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use events::project::ProjectKind;
use events::settings::{AgentSpec, ContainerLimits, Dialect};

use super::ending::Asked;
use super::watch::{End, Watch};
use super::{demo, ending};
use crate::api::shown;
use crate::api::{NewProject, ProjectChange};
use crate::app::{App, DataFolder, Ownership};
use crate::engine::choice::EngineArgs;
use crate::http;
use crate::operator::{Operator, RequestContext, Wanted};
use crate::private;
use crate::terminal::{complain, mention};
use crate::token::{Token, TokenFile};

/// The arguments of `try`, all optional.
#[derive(Debug, clap::Args)]
pub struct TryArgs {
    /// Agents that work at once
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=10))]
    agents: u16,
    /// Features to build
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u16).range(i64::from(demo::FEATURES_MIN)..=i64::from(demo::FEATURES_MAX)))]
    pub(super) features: u16,
    /// End when the project is completed (0) or cannot go on (1)
    #[arg(long)]
    exit_when_done: bool,
    /// Where to listen; loopback only, any free port unless one is named
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Keep the data here; a folder with an unfinished demo goes on with it
    #[arg(long)]
    pub(super) data: Option<PathBuf>,
    /// The log in a PostgreSQL database; a file of the folder without it
    #[arg(
        long = "log",
        value_name = "URL",
        env = "SUPERCARGO_LOG",
        hide_env_values = true,
        value_parser = crate::log::place::database
    )]
    pub(super) log: Option<String>,
    #[command(flatten)]
    pub(super) engine: EngineArgs,
}

/// The demo project's name.
const NAME: &str = "demo";

/// A demo that is over lets its last containers go for this long.
const LAST_CONTAINERS: Duration = Duration::from_secs(20);

/// One that is ended before lets its sessions bring their work to safety for this long.
const LAST_SESSIONS: Duration = Duration::from_secs(45);

/// Runs the demo.
pub async fn run(args: TryArgs) -> anyhow::Result<()> {
    let mut asked = Asked::listen()?;
    let listener = http::take_port(args.listen)?;
    for line in ending::after_dead_demos(&std::env::temp_dir()).await {
        complain!("note: {line}");
    }
    let (folder, temporary) = match &args.data {
        Some(path) => (path.clone(), None),
        None => {
            let made = tempfile::Builder::new()
                .prefix(ending::PREFIX)
                .tempdir()
                .context("a temporary folder")?;
            (made.path().to_owned(), Some(made))
        }
    };
    let data = DataFolder::make(&folder)?.with_database(args.log.clone());
    let ended = demo(&args, &data, listener, &mut asked).await?;

    mention!("{}", ended.summary);
    for breach in &ended.breaches {
        mention!("breach: {breach}");
    }
    if let (Some(temporary), End::Stalled(_) | End::Broken(_)) = (temporary, &ended.end) {
        ending::keep(temporary.path())?;
        mention!("the data is kept in {}", temporary.keep().display());
    }
    judged(&ended, args.exit_when_done, args.data.is_some())
}

/// A demo that is over.
struct Ended {
    end: End,
    pub(super) summary: String,
    breaches: Vec<events::audit::Breach>,
}

/// Runs the demo in this folder until it is over, and ends everything that it started.
async fn demo(
    args: &TryArgs,
    data: &DataFolder,
    listener: TcpListener,
    asked: &mut Asked,
) -> anyhow::Result<Ended> {
    let mut app = App::open(data.clone(), Ownership::Respect).await?;
    app.must_work()?;
    let operator = app.served(None).operator;
    set_up(&operator, data, args).await?;
    for line in app.begin(&args.engine).await? {
        complain!("note: {line}");
    }
    let engine = app.engine().context("an engine was begun")?;
    ending::runs_on(data.path(), &*engine)?;
    let served = app.served(None);
    let socket = http::listen(&served, &data.operator_socket())?;
    let token = Token::File(TokenFile::open(&data.token())?);
    let port = http::listen_port(&served, listener, &token)?;
    let project = operator.project(NAME)?;
    mention!(
        "{} agents, {} features, in {}",
        project.target,
        match project.total {
            0 => u32::from(args.features),
            total => total,
        },
        data.path().display()
    );
    let url = format!("http://{}\n", port.address);
    private::write(&data.url(), url.as_bytes())?;
    mention!(
        "listening on {}",
        port.link(app.running.core.world.clock.now())
    );

    let mut watch = Watch::new(&app.running.core, NAME)?;
    let end = tokio::select! {
        end = watch.follow() => end?,
        why = app.failed() => End::Broken(why),
        () = asked.again() => End::Interrupted,
    };
    if !args.exit_when_done && matches!(end, End::Completed | End::Stalled(_)) {
        mention!("{}", watch.summary());
        mention!(
            "the demo is over; look around with --data {}, end with Ctrl-C",
            data.path().display()
        );
        asked.again().await;
    }
    let in_order = tokio::select! {
        () = last_sessions(&operator, &watch, &end) => true,
        () = asked.again() => false,
    };
    port.handle.stop(in_order).await;
    socket.stop(in_order).await;
    let log = app.running.core.world.log.clone();
    app.stop().await;
    // What is left by then, whatever the projections say of it.
    ending::end_all(&*engine).await?;
    let breaches = match in_order {
        true => crate::log::audit::audit(data, &*log).await?.breaches,
        false => vec![],
    };
    Ok(Ended {
        summary: watch.summary(),
        end,
        breaches,
    })
}

/// Lets the sessions end: those of a completed project by themselves, others because the project is
/// stopped.
async fn last_sessions(operator: &Operator, watch: &Watch, end: &End) {
    if matches!(end, End::Completed) {
        return watch.last_containers(LAST_CONTAINERS).await;
    }
    mention!("ending the demo; Ctrl-C again ends it at once");
    let stop = operator
        .intend(&RequestContext::fresh("try"), NAME, Wanted::Stop)
        .await;
    match stop {
        Ok(_) => watch.last_containers(LAST_SESSIONS).await,
        Err(why) => tracing::debug!(?why, "the project was not running any more"),
    }
}

/// What a demo that ended so comes to. An end that was asked for is none too early, unless
/// completion was.
fn judged(ended: &Ended, exit_when_done: bool, stays: bool) -> anyhow::Result<()> {
    let breaches = ended.breaches.len();

    match &ended.end {
        End::Completed if breaches == 0 => Ok(()),
        End::Completed => {
            bail!("the project is completed, and the audit of its log found {breaches} breaches")
        }
        End::Stalled(why) => bail!("the project cannot go on by itself: {why}"),
        End::Broken(why) => bail!("the server had to end: {why}"),
        End::Interrupted if exit_when_done && stays => {
            bail!("ended before the project was completed; the same --data goes on with it")
        }
        End::Interrupted if exit_when_done => bail!("ended before the project was completed"),
        End::Interrupted => {
            if stays {
                mention!("the same --data goes on with it");
            }
            Ok(())
        }
    }
}

/// Makes upstream and the project, or finds them as an earlier run left them. Every step may be
/// repeated.
async fn set_up(operator: &Operator, data: &DataFolder, args: &TryArgs) -> anyhow::Result<()> {
    let upstream = upstream(data.path())?;
    let context = |what: &str| RequestContext::keyed("try", what);

    if operator.project(NAME).is_err() {
        let spec = Some(demo::spec(args.features)?);
        let git_url = upstream.display().to_string();
        let new = NewProject {
            name: NAME.to_owned(),
            git_url,
            kind: ProjectKind::New,
            spec,
            credential: None,
        };
        operator.add_project(&context("add"), new).await?;
    }

    let project = operator.project(NAME)?;
    if project.settings.verify.is_none() {
        let verify = Some(demo::VERIFY.to_owned());
        let spec = Some(demo::spec(args.features)?);
        // Scripted agents need little; small limits let a small machine run all of them at once.
        let container = Some(ContainerLimits {
            memory_mib: 256,
            work_mib: 128,
            ..ContainerLimits::default()
        });
        let change = ProjectChange {
            target: Some(args.agents),
            agent: Some(AgentSpec::of(Dialect::Script)),
            verify,
            spec,
            container,
            ..ProjectChange::default()
        };
        operator
            .change_project(&context("settings"), NAME, &change)
            .await?;
    }

    if project.status == "stopped" {
        operator
            .intend(&RequestContext::fresh("try"), NAME, Wanted::Start)
            .await?;
    }

    Ok(())
}

fn upstream(data: &Path) -> anyhow::Result<PathBuf> {
    let path = data.join("upstream.git");
    if !path.exists() {
        let mut options = git2::RepositoryInitOptions::new();
        options
            .bare(true)
            .initial_head("main")
            .external_template(false);
        git2::Repository::init_opts(&path, &options).context("making an empty upstream")?;
    }
    Ok(path)
}

/// A milestone on one line.
pub(super) fn milestone(at: events::id::Timestamp, covers: &[u8], findings: u32) -> String {
    let steps: Vec<String> = covers.iter().map(|step| format!("{step} %")).collect();
    format!(
        "{}  {} overseen, {findings} findings",
        shown::time(at),
        steps.join(", ")
    )
}
