//! The composition root: the one place that names all parts. One data folder, one log, one server.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actors::instants::Instants;
use actors::ports::engine::Engine;
use actors::snapshots::SNAPSHOT_EVERY;
use actors::supervisor::{Core, Running, World};
use anyhow::{Context, bail};
use events::id::NodeName;
use events::log::EventLog;
use events::policy::retain::Retention;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::adapters::blobs::BlobFolder;
use crate::adapters::checkpoints::CheckpointFolder;
use crate::adapters::clock::SystemClock;
use crate::adapters::git::{Gates, Git, Secrets, too_old};
use crate::adapters::prompts::BuiltIn;
use crate::adapters::snapshots::SnapshotFolder;
use crate::adapters::transcripts::TranscriptFolder;
use crate::door::{DoorSet, Rooms, check_length};
use crate::egress::presets::PresetFile;
use crate::engine::choice::{EngineArgs, Place, choose};
use crate::gateway::Gateway;
use crate::gateway::providers::Providers;
use crate::http::Served;
use crate::http::signin::SignIn;
use crate::log::Health;
use crate::log::place::LogPlace;
use crate::log::seal::sealer::Sealer;
use crate::log::seal::{Anchor, SealKey};
use crate::operator::noise::Noises;
use crate::operator::{Exchange, IssueNames, Operator, OperatorDeps, Past, Readers, Walks};
use crate::private::{self, Kept};
use crate::token::Token;

pub use crate::data::DataFolder;
pub use crate::instance::{BUILD, InstanceLock, Ownership};

/// An opened installation.
pub struct App {
    /// The core and its tasks.
    pub running: Running,
    /// The data folder that it lives in.
    pub data: DataFolder,
    node: NodeName,
    health: watch::Receiver<Health>,
    sealer: Sealer,
    gateway: Gateway,
    engine: Option<Arc<dyn Engine>>,
    noises: Arc<Noises>,
    readers: Arc<Readers>,
    issues: Arc<IssueNames>,
    past: Past,
    walks: Walks,
    sealing: Option<AbortHandle>,
    exchange: Option<AbortHandle>,
    lock: InstanceLock,
}

impl App {
    /// Slots that have a session, as far as is recorded.
    pub fn at_work(&self) -> usize {
        self.running.core.projector.read(|projections| {
            let views = projections.projects.values();
            let slots = views.flat_map(events::view::ProjectView::enlisted);
            slots.filter(|(_, slot, _)| slot.job().is_some()).count()
        })
    }

    /// Opens the installation: commands are taken, nothing is owed or reconciled yet. One that is
    /// for reading only takes none.
    pub async fn open(data: DataFolder, ownership: Ownership) -> anyhow::Result<Self> {
        check_length(&data.doors()).map_err(anyhow::Error::msg)?;
        data.check()?;
        let lock = InstanceLock::take(&data, ownership)?;
        let providers = Arc::new(providers(&data)?);
        let gateway = Gateway::new(providers.clone())?;
        let (log, health) = open_log(&data, ownership).await?;

        if let Some(anchor) = Anchor::read(&data.anchor())? {
            let kept = data.anchor();
            anchor.check(&*log).await.with_context(|| {
                format!(
                    "the log does not hold what {} says was sealed; restore it from a backup",
                    kept.display()
                )
            })?;
        }

        let world = World {
            log,
            clock: Arc::new(SystemClock::default()),
            repo: Arc::new(Gates::new(data.gates(), Secrets::new(data.secrets()))),
            credentials: Arc::new(Secrets::new(data.secrets())),
            blobs: Arc::new(BlobFolder::new(data.blobs())),
            transcripts: Arc::new(transcripts(&data, &providers)),
            prompts: Arc::new(BuiltIn::new().context("the prompts inside the binary")?),
            models: providers.clone(),
            retention: Retention::default(),
            snapshots: Arc::new(SnapshotFolder::new(data.snapshots())),
            snapshot_every: SNAPSHOT_EVERY,
        };

        for closed in [
            data.gates(),
            data.blobs(),
            data.transcripts(),
            data.snapshots(),
        ] {
            private::folder(&closed, 0o700)?;
        }

        let running = Core::open(world).await?;
        let node: NodeName = "local".parse()?;
        let key = SealKey::read_or_make(&data.seal_key())?;
        let sealer = Sealer {
            core: running.core.clone(),
            node: node.clone(),
            key,
            anchor: data.anchor(),
        };

        let checkpoints = CheckpointFolder::new(data.checkpoints());
        let past = Past::of(Instants::with(Arc::new(checkpoints)));

        Ok(Self {
            running,
            data,
            node,
            health,
            sealer,
            gateway,
            engine: None,
            noises: Arc::default(),
            readers: Arc::default(),
            issues: Arc::default(),
            past,
            walks: Walks::default(),
            sealing: None,
            exchange: None,
            lock,
        })
    }

    /// Keeps transcripts within other bounds than the usual ones, from the beginning of the fleet
    /// on.
    pub fn retain(&mut self, retention: Retention) {
        self.running.core.world.retention = retention;
    }

    /// Refuses a folder that nothing can be recorded in.
    pub(crate) fn must_work(&self) -> anyhow::Result<()> {
        if self.data.is_read_only() {
            bail!(
                "this folder is looked at, and not worked with: it was unpacked from a bundle, or \
                 forked without --live"
            );
        }
        Ok(())
    }

    /// Begins to run the fleet; answers what has to be said about its engine.
    pub async fn begin(&mut self, args: &EngineArgs) -> anyhow::Result<Vec<String>> {
        self.must_work()?;
        let binary = install_binary(&self.data)?;
        let instance = self.running.core.world.log.id();
        let place = Place {
            data: self.data.path(),
            doors: self.data.doors(),
            binary: binary.clone(),
            instance: &instance,
        };
        let chosen = choose(args, place).await?;
        let sessions = self.running.core.sessions.clone();
        let rooms = Rooms {
            doors: self.data.doors(),
            gates: self.data.gates(),
            binary,
            gateway: self.gateway.clone(),
        };
        let projects = self
            .running
            .core
            .projector
            .read(|projections| projections.registered_names());
        chosen.engine.forget_all_but(&projects).await;
        self.engine = Some(chosen.engine.clone());
        let doors = Arc::new(DoorSet::new(rooms, sessions, chosen.engine.clone()));
        self.running
            .begin(&self.node, BUILD, chosen.engine, doors)
            .await?;
        self.sealing = Some(tokio::spawn(self.sealer.clone().run()).abort_handle());
        let exchange = Exchange::new(self.served(None).operator);
        self.exchange = Some(tokio::spawn(exchange.run()).abort_handle());
        let git = Git::new().run(None, &["version"], vec![]).await;
        let old = match git {
            Ok(version) => too_old(&version),
            Err(error) => Some(error.to_string()),
        };
        let mut said = chosen.said;
        said.extend(old.map(|why| format!("{why}; until then nothing is merged")));

        Ok(said)
    }

    /// What runs the fleet, once that was begun.
    pub fn engine(&self) -> Option<Arc<dyn Engine>> {
        self.engine.clone()
    }

    /// What its HTTP works with; with a token when it listens on a port.
    pub fn served(&self, token: Option<&Token>) -> Served {
        let hooks = token.cloned();
        let deps = OperatorDeps {
            engine: self.engine.clone(),
            data: self.data.path().to_owned(),
            presets: Some(Arc::new(PresetFile::of(self.data.path()))),
            hooks,
            noises: self.noises.clone(),
            readers: self.readers.clone(),
            issues: self.issues.clone(),
            past: self.past.clone(),
            walks: self.walks.clone(),
        };

        Served {
            operator: Operator {
                core: self.running.core.clone(),
                deps,
            },
            gates: self.data.gates(),
            read_only: self.data.is_read_only(),
            signin: token.cloned().map(SignIn::new),
        }
    }

    /// Returns why this server cannot go on; never, while it can.
    pub async fn failed(&self) -> String {
        if self.data.is_read_only() {
            return self.running.failed().await;
        }
        let mut health = self.health.clone();
        tokio::select! {
            why = self.running.failed() => why,
            found = health.wait_for(|health| health.closed.is_some()) => match found {
                Ok(health) => health.closed.clone().unwrap_or_default(),
                Err(_) => "the log's writer ended".to_owned(),
            },
        }
    }

    /// Ends in order. Running agents live on and are adopted by the next start.
    pub async fn stop(self) {
        if let Some(exchange) = &self.exchange {
            exchange.abort();
        }

        if let Some(sealing) = &self.sealing {
            sealing.abort();
            if let Err(error) = self.sealer.seal().await {
                tracing::warn!(%error, "the log's end is not sealed; the next start seals it");
            }
        }

        let log = self.running.core.world.log.clone();
        match self.data.is_read_only() {
            // Nothing is recorded in it, so nothing of an end either.
            true => self.running.crash(),
            false => self.running.stop(&self.node).await,
        }
        log.close().await;
        if !self.lock.is_ours() {
            return;
        }

        // Nobody is reached there any more: a file that says otherwise misleads.
        for gone in [self.data.operator_socket(), self.data.url()] {
            match fs_err::remove_file(&gone) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    tracing::warn!(%error, path = %gone.display(), "left behind");
                }
                _ => {}
            }
        }
    }
}

/// The transcript store, which keeps none of this server's secrets.
fn transcripts(data: &DataFolder, providers: &Arc<Providers>) -> TranscriptFolder {
    let (place, providers) = (data.clone(), providers.clone());
    TranscriptFolder::new(data.transcripts()).without(move || known_secrets(&place, &providers))
}

/// Values that neither a transcript nor a bundle may hold.
fn known_secrets(data: &DataFolder, providers: &Providers) -> Vec<String> {
    let token = private::read(&data.token(), Kept::Secret).ok().flatten();
    let secrets = Secrets::new(data.secrets());
    providers
        .secrets()
        .into_iter()
        .chain(secrets.values())
        .chain(token)
        .collect()
}

/// The same of a data folder that no server need be on.
///
/// # Errors
/// Its file of providers cannot be read.
pub(crate) fn secrets_of(data: &DataFolder) -> anyhow::Result<Vec<String>> {
    Ok(known_secrets(data, &providers(data)?))
}

/// The providers of models, as the data folder or the operator says.
fn providers(data: &DataFolder) -> anyhow::Result<Providers> {
    let (file, needed) = data.providers();

    Providers::read(&file, needed)
}

/// Opens the log of a data folder. A folder belongs to one log: what it keeps beside it, gates and
/// blobs, is of use to no other.
async fn open_log(
    data: &DataFolder,
    ownership: Ownership,
) -> anyhow::Result<(Arc<dyn EventLog>, watch::Receiver<Health>)> {
    if data.is_read_only() {
        let stored = data.place().read().await?;
        let health = stored.health();
        return Ok((stored.into_log(), health));
    }
    let known = private::read(&data.log_id(), Kept::Unaltered)?.map(|id| id.trim().to_owned());
    if let Some(known) = &known
        && data.place() == LogPlace::File(data.log())
        && !data.log().exists()
    {
        bail!(
            "{} belongs to the log {known}, and there is none here: give the --log that it was \
             made with, or restore a backup",
            data.path().display()
        );
    }
    let (log, health) = data.place().open(&new_log_id()?, ownership).await?;

    match known {
        Some(known) if known != log.id() => {
            bail!(
                "{} belongs to the log {known}, this is {}; choose another --data or --log",
                data.path().display(),
                log.id()
            )
        }
        Some(_) => {}
        None => private::write(&data.log_id(), format!("{}\n", log.id()).as_bytes())?,
    }

    Ok((log, health))
}

fn new_log_id() -> anyhow::Result<String> {
    let mut bytes = [0; 10];
    getrandom::fill(&mut bytes).map_err(|e| anyhow::anyhow!("no randomness: {e}"))?;
    Ok(format!("log-{}", events::id::base32(&bytes)))
}

/// Puts this binary where every slot's user can run it. Linked where possible, copied otherwise.
fn install_binary(data: &DataFolder) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("finding this binary")?;
    let length = fs_err::metadata(&own)?.len();
    let folder = data.path().join("bin");
    private::folder(&folder, 0o755)?;
    let installed = folder.join("supercargo");

    if !same_file(&own, &installed, length) {
        let put = put_binary(&own, &folder.join("supercargo.new"), &installed);
        put.with_context(|| format!("putting this binary at {}", installed.display()))?;
    }
    Ok(installed)
}

fn put_binary(own: &Path, beside: &Path, installed: &Path) -> std::io::Result<()> {
    if beside.exists() {
        fs_err::remove_file(beside)?;
    }
    // A link has the mode of the file that we were started from, which is not ours to change.
    let for_all = fs_err::metadata(own)?.permissions().mode() & 0o005 == 0o005;
    if !for_all || fs_err::hard_link(own, beside).is_err() {
        fs_err::copy(own, beside)?;
        fs_err::set_permissions(beside, std::fs::Permissions::from_mode(0o755))?;
    }
    // Renamed into place, so that a running runner keeps the file it was started from.
    fs_err::rename(beside, installed)
}

fn same_file(own: &Path, installed: &Path, length: u64) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (fs_err::metadata(own), fs_err::metadata(installed)) {
        (Ok(a), Ok(b)) => {
            (a.ino() == b.ino() && a.dev() == b.dev())
                || (b.len() == length && b.mtime() >= a.mtime())
        }
        _ => false,
    }
}

/// Runs a future on an actix system over a small multi-threaded runtime.
pub fn on_system<F: Future>(work: F) -> F::Output {
    let system = actix::System::with_tokio_rt(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build();
        runtime.expect("a process that cannot start two threads cannot do anything else either")
    });
    system.block_on(work)
}
