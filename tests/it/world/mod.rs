//! The World: the outside as tests hold it. A real core on a log in memory, real git in a temporary
//! folder, containers that are tasks, a clock that runs fast and can jump, and a log that can stop
//! in the middle.

pub(crate) mod below;
pub(crate) mod clock;
pub(crate) mod engine;
pub(crate) mod full;
pub(crate) mod fuse;
pub(crate) mod meddler;
pub(crate) mod stub;
pub(crate) mod temper;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actors::ports::transcripts::Transcripts;
use actors::rejection::Rejection;
use actors::sessions::Sessions;
use actors::supervisor::{Core, Running};
use events::audit::{Audit, Breach, Landed, Replay, Spoken};
use events::backlog::{Batch, BatchItem};
use events::feature::Content;
use events::log::EventLog;
use events::memory::MemoryLog;
use events::policy::retain::Retention;
use events::project::ProjectKind;
use events::settings::{AgentSpec, Dialect};
use events::stream::Position;
use events::view::{ProjectView, Projections, snapshot};
use supercargo::adapters::blobs::BlobFolder;
use supercargo::adapters::git::{Gates, Git, Secrets};
use supercargo::adapters::prompts::BuiltIn;
use supercargo::adapters::snapshots::SnapshotFolder;
use supercargo::adapters::transcripts::TranscriptFolder;
use supercargo::api::{NewProject, ProjectChange};
use supercargo::gateway::providers::Providers;
use supercargo::operator::{Operator, OperatorDeps, RequestContext, Wanted};
use tokio::sync::watch;

use clock::FastClock;
use engine::{NoDoors, StubEngine};
use fuse::FuseLog;

/// The project of most stories.
pub(crate) const ZOO: &str = "zoo";
/// A story that takes longer is stuck; a bound of the test, never a measurement.
const STUCK_AFTER: Duration = Duration::from_secs(120);

/// Events between two snapshots: every story makes some, and checks its projections against the log
/// again and again.
const SNAPSHOT_EVERY: u64 = 20;

/// Tries of a third party to push before something is wrong.
const OVERTAKEN_MAX: usize = 10;
/// The same for a part of a story that waits for one thing.
const PART_STUCK_AFTER: Duration = Duration::from_secs(60);

/// Everything outside the core; survives its crashes.
pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) clock: Arc<FastClock>,
    pub(crate) engine: Arc<StubEngine>,
    sessions: watch::Sender<Option<Sessions>>,
    /// The git that the next server speaks to upstreams with.
    pub(crate) transport: std::sync::Mutex<Git>,
    /// How long transcripts are kept.
    pub(crate) retention: Retention,
}

/// Runs a story on an actix system of its own. A thread that blocks for ever defeats every timeout
/// of the runtime: the watchdog ends the whole run then, and names the story.
pub(crate) fn story<F: Future<Output = ()>>(tell: impl FnOnce() -> F) {
    let (told, end) = std::sync::mpsc::channel::<()>();
    let name = std::thread::current()
        .name()
        .unwrap_or("a story")
        .to_owned();

    std::thread::spawn(move || {
        if end.recv_timeout(STUCK_AFTER * 2) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            eprintln!("{name}: a thread is blocked for ever");
            std::process::abort();
        }
    });
    supercargo::app::on_system(async {
        tokio::time::timeout(STUCK_AFTER, tell())
            .await
            .expect("the story is stuck")
    });
    drop(told);
}

impl World {
    /// A world with an upstream that has one commit.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let sessions = watch::Sender::new(None);
        let gates = folder.path().join("gates");
        let engine = Arc::new(StubEngine::new(
            folder.path().join("trees"),
            gates,
            sessions.subscribe(),
        ));
        let world = Self {
            log: Arc::new(MemoryLog::new("world")),
            clock: Arc::new(FastClock::new()),
            engine,
            sessions,
            folder,
            transport: std::sync::Mutex::new(Git::new()),
            retention: Retention::default(),
        };

        world.git(
            world.folder.path(),
            &[
                "init",
                "--quiet",
                "--bare",
                "--initial-branch=main",
                "up.git",
            ],
        );
        world.push_upstream("README", "A zoo\n");

        world
    }

    pub(crate) fn upstream(&self) -> PathBuf {
        self.folder.path().join("up.git")
    }

    /// Takes upstream away, or brings it back.
    pub(crate) fn move_upstream(&self, away: bool) {
        let (here, there) = (self.upstream(), self.folder.path().join("away.git"));
        let (from, to) = if away { (here, there) } else { (there, here) };
        fs_err::rename(from, to).expect("moved");
    }

    /// Upstream's folder, wherever it is now.
    pub(crate) fn upstream_anywhere(&self) -> String {
        let away = self.folder.path().join("away.git");
        let found = if away.exists() { away } else { self.upstream() };
        found.display().to_string()
    }

    /// A third party's commit on upstream; somebody who is overtaken starts over, as people do.
    pub(crate) fn push_upstream(&self, file: &str, text: &str) {
        let tree = tempfile::tempdir().expect("folder");

        for n in 0..OVERTAKEN_MAX {
            let name = format!("t{n}");
            self.git(
                tree.path(),
                &[
                    "clone",
                    "--quiet",
                    self.upstream().to_str().expect("path"),
                    &name,
                ],
            );
            let tree = tree.path().join(name);
            self.git(&tree, &["checkout", "--quiet", "-B", "main"]);
            fs_err::write(tree.join(file), text).expect("file");
            self.git(&tree, &["add", "--all"]);
            self.git(
                &tree,
                &["commit", "--quiet", "-m", &format!("Change {file}")],
            );
            if stub::git(&tree, &["push", "--quiet", "origin", "main"]).is_ok() {
                return;
            }
        }

        panic!("overtaken {OVERTAKEN_MAX} times");
    }

    pub(crate) fn git(&self, folder: &std::path::Path, args: &[&str]) -> String {
        stub::git(folder, args).unwrap_or_else(|why| panic!("git {args:?}: {why}"))
    }

    pub(crate) fn snapshots(&self) -> SnapshotFolder {
        SnapshotFolder::new(self.folder.path().join("snapshots"))
    }

    fn outside(&self, log: Arc<dyn EventLog>) -> actors::supervisor::World {
        let secrets = Secrets::new(self.folder.path().join("secrets"));
        let git = self.transport.lock().expect("nobody panicked").clone();

        actors::supervisor::World {
            log,
            clock: self.clock.clone(),
            credentials: Arc::new(secrets.clone()),
            repo: Arc::new(Gates::new(self.folder.path().join("gates"), secrets).with_git(git)),
            blobs: Arc::new(BlobFolder::new(self.folder.path().join("blobs"))),
            transcripts: Arc::new(TranscriptFolder::new(
                self.folder.path().join("transcripts"),
            )),
            prompts: Arc::new(BuiltIn::new().expect("templates")),
            models: Arc::new(Providers::built_in().expect("providers")),
            retention: self.retention,
            snapshots: Arc::new(self.snapshots()),
            snapshot_every: SNAPSHOT_EVERY,
        }
    }

    /// Starts a server on this world.
    pub(crate) async fn start(&self) -> Server {
        self.start_on(self.log.clone()).await.expect("started")
    }

    /// Starts a server whose log stops as the fuse says. `None` when it stopped during the start
    /// already.
    pub(crate) async fn start_fused(&self, fuse: &Arc<FuseLog>) -> Option<Server> {
        self.start_on(fuse.clone()).await
    }

    /// Starts a server on a log of the story's own.
    pub(crate) async fn start_on(&self, log: Arc<dyn EventLog>) -> Option<Server> {
        let mut running = Core::open(self.outside(log)).await.ok()?;
        let node = "node-1".parse().expect("node");

        let begun = running
            .begin(&node, "test", self.engine.clone(), Arc::new(NoDoors))
            .await;
        if begun.is_err() {
            running.crash();
            return None;
        }

        self.sessions
            .send_replace(Some(running.core.sessions.clone()));
        Some(Server {
            operator: Operator {
                core: running.core.clone(),
                deps: OperatorDeps {
                    data: self.folder.path().to_owned(),
                    ..OperatorDeps::default()
                },
            },
            core: running.core.clone(),
            running,
        })
    }

    /// Prints what was recorded, for whoever looks at a story that went wrong.
    pub(crate) async fn tell(&self) {
        let log = self.log.clone();
        let all = events::log::EventLog::read_all(&*log, Position(0), usize::MAX)
            .await
            .expect("log");
        for envelope in &all {
            eprintln!("{}", supercargo::api::shown::line(&envelope.into()));
        }
    }

    /// Ends a server as a crash would.
    pub(crate) fn crash(&self, server: Server) {
        self.sessions.send_replace(None);
        server.running.crash();
    }

    /// Ends a server in order.
    pub(crate) async fn stop(&self, server: Server) {
        self.sessions.send_replace(None);
        server.running.stop(&"node-1".parse().expect("node")).await;
    }

    /// What upstream's first-parent chain holds, oldest first.
    pub(crate) fn landed(&self) -> Vec<Landed> {
        let format = "--format=%H%x00%T%x00%(trailers:key=Supercargo-Feature,valueonly)%x01";
        let listed = self.git(
            &self.upstream(),
            &["log", "--first-parent", "--reverse", format, "main"],
        );
        let commits = listed
            .split('\u{1}')
            .map(str::trim)
            .filter(|c| !c.is_empty());

        commits
            .map(|commit| {
                let mut parts = commit.split('\0');
                let mut next = || parts.next().unwrap_or_default().trim().to_owned();
                let (sha, tree, feature) = (next(), next(), next());
                Landed {
                    sha,
                    tree,
                    feature: (!feature.is_empty()).then_some(feature),
                }
            })
            .collect()
    }

    /// Runs the audit over the whole log and upstream.
    pub(crate) async fn breaches(&self) -> Vec<Breach> {
        let (mut audit, mut replay) = (
            Audit::new(&self.log.id()),
            Replay::every(&self.log.id(), SNAPSHOT_EVERY),
        );

        for envelope in self
            .log
            .read_all(Position(0), usize::MAX)
            .await
            .expect("log")
        {
            audit.take(&envelope);
            replay.take(&envelope);
        }

        let transcripts = TranscriptFolder::new(self.folder.path().join("transcripts"));
        for session in audit.transcripts() {
            let kept = transcripts
                .spoken(&session.parse().expect("session"))
                .await
                .expect("read");
            let kept = kept.map(|s| Spoken {
                chunks: s.chunks,
                bytes: s.bytes,
                digest: s.digest.to_string(),
            });
            audit.compare_transcript(&session, kept.as_ref());
        }

        for project in audit.projects() {
            audit.compare(&project, &self.landed(), Position(u64::MAX));
        }

        replay.finish().into_iter().chain(audit.finish()).collect()
    }

    /// Waits for a part of a story; when it is stuck, says where the log ends.
    pub(crate) async fn within<T>(&self, what: &str, part: impl Future<Output = T>) -> T {
        if let Ok(done) = tokio::time::timeout(PART_STUCK_AFTER, part).await {
            return done;
        }

        let log = self
            .log
            .read_all(Position(0), usize::MAX)
            .await
            .expect("log");
        let tail: Vec<String> = log
            .iter()
            .rev()
            .take(15)
            .rev()
            .map(|e| supercargo::api::shown::line(&e.into()))
            .collect();
        panic!("{what}: stuck after\n{}", tail.join("\n"));
    }

    /// How often a kind of event was recorded.
    pub(crate) async fn count(&self, kind: &str) -> usize {
        self.log
            .read_all(Position(0), usize::MAX)
            .await
            .expect("log")
            .iter()
            .filter(|e| e.kind == kind)
            .count()
    }

    /// When the events of this kind were recorded, oldest first.
    pub(crate) async fn times(&self, kind: &str) -> Vec<i64> {
        let log = self
            .log
            .read_all(Position(0), usize::MAX)
            .await
            .expect("log");
        log.iter()
            .filter(|e| e.kind == kind)
            .map(|e| e.at.0)
            .collect()
    }

    /// What the events of this kind say, oldest first.
    pub(crate) async fn facts(&self, kind: &str) -> Vec<serde_json::Value> {
        let log = self
            .log
            .read_all(Position(0), usize::MAX)
            .await
            .expect("log");
        log.iter()
            .filter(|e| e.kind == kind)
            .map(|e| supercargo::api::EventShape::from(e).data)
            .collect()
    }

    /// Ends a story: the audit has to be clean, and the projections have to be what the log says.
    pub(crate) async fn end(&self, server: Server) {
        let served = server.core.projector.read(Projections::clone);
        self.crash(server);
        let log: Arc<dyn EventLog> = self.log.clone();
        let folded = actors::rebuild::fold(&log, Projections::default(), served.position)
            .await
            .expect("folded");
        assert_eq!(
            snapshot::first_difference(&served, &folded),
            None,
            "L5: the projections that served"
        );
        assert_eq!(
            self.count("node.books_diverged").await,
            0,
            "L5: the background check"
        );
        let breaches = self.breaches().await;

        assert!(
            breaches.is_empty(),
            "the audit found:\n{}",
            breaches
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("\n")
        );
    }
}

/// A running server of a world.
pub(crate) struct Server {
    pub(crate) core: Core,
    pub(crate) operator: Operator,
    running: Running,
}

pub(crate) fn context() -> RequestContext {
    RequestContext::fresh("ann")
}

/// A feature whose agent follows this script.
pub(crate) fn scripted(key: &str, script: &str, on: &[&str]) -> BatchItem {
    let description = format!("```supercargo-script\n{script}\n```");
    let content = Content {
        description,
        ..Content::titled(key)
    };
    BatchItem {
        key: Some(key.to_owned()),
        depends_on: on.iter().map(|s| (*s).to_owned()).collect(),
        ..BatchItem::of(content)
    }
}

impl Server {
    /// Adds the zoo with these features and settings, and starts it. Every step may be repeated
    /// after a crash.
    pub(crate) async fn open_zoo(
        &self,
        world: &World,
        target: u16,
        items: Vec<BatchItem>,
    ) -> Result<(), Rejection> {
        let key = |what: &str| RequestContext::keyed("ann", what);
        let git_url = world.upstream().display().to_string();
        let new = NewProject {
            name: ZOO.into(),
            git_url,
            kind: ProjectKind::Existing,
            spec: None,
            credential: None,
        };

        if self.operator.project(ZOO).is_err() {
            self.operator.add_project(&key("add"), new).await?;
        }

        let verify = Some("test -f README".to_owned());
        let change = ProjectChange {
            target: Some(target),
            agent: Some(AgentSpec::of(Dialect::Script)),
            verify,
            ..ProjectChange::default()
        };
        self.operator
            .change_project(&key("set"), ZOO, &change)
            .await?;
        if !items.is_empty() {
            let batch = Batch {
                prefix: "feat".into(),
                items,
            };
            self.operator
                .add_features(&key("batch"), ZOO, &batch)
                .await?;
        }

        if self.operator.project(ZOO)?.status == "stopped" {
            self.operator.intend(&context(), ZOO, Wanted::Start).await?;
        }

        Ok(())
    }

    /// Reads the zoo's view.
    pub(crate) fn zoo<T>(&self, read: impl FnOnce(&ProjectView) -> T) -> T {
        let name = ZOO.parse().expect("name");
        self.core
            .projector
            .read(|projections| read(projections.projects.get(&name).expect("the zoo")))
    }

    /// Waits until the zoo's view answers `Some`.
    pub(crate) async fn until<T>(&self, mut look: impl FnMut(&ProjectView) -> Option<T>) -> T {
        let name = ZOO.parse().expect("name");
        self.core
            .projector
            .wait_until(|projections| projections.projects.get(&name).and_then(&mut look))
            .await
    }

    /// Waits until the zoo is completed and owns no container.
    pub(crate) async fn completed(&self) {
        self.until(|view| {
            let idle = view.enlisted().all(|(_, slot, _)| slot.job().is_none());
            (view.is_completed() && idle).then_some(())
        })
        .await;
    }
}
