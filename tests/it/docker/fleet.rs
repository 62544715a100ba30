//! The demo on real containers: the same results as on processes, nothing left behind, also when
//! the server or the engine is killed.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bollard::Docker;
use bollard::query_parameters::{EventsOptions, ImportImageOptions, ListContainersOptions};
use futures::StreamExt;
use nix::sys::signal::Signal;
use supercargo::engine::docker::image::IMAGE;

use super::contract::Watch;
use super::{on_docker, skip};
use crate::binary::{signal, supercargo, wait};
use crate::trial::{has_its_twists, is_built_as_the_log_says};

const FEATURES: usize = 6;
/// Starts of an engine of the test's own before it is given up.
const STARTS_MAX: usize = 3;

fn demo(data: &Path) -> Command {
    let features = FEATURES.to_string();
    let mut command = supercargo(
        &[
            "try",
            "--agents",
            "3",
            "--features",
            &features,
            "--exit-when-done",
        ],
        data,
    );
    let said = fs_err::File::options()
        .create(true)
        .append(true)
        .open(data.join("said"))
        .expect("file")
        .into_file();

    command
        .env("SUPERCARGO_ENGINE", "docker")
        .stdout(said.try_clone().expect("file"))
        .stderr(said);
    command
}

/// A Docker engine of the test's own, with a bridge of its own: another engine's default bridge
/// must not be touched.
struct PrivateEngine {
    folder: tempfile::TempDir,
    bridge: String,
    child: Option<Child>,
}

impl PrivateEngine {
    fn new() -> Result<Self, String> {
        if !nix::unistd::geteuid().is_root() {
            return Err("an engine of the test's own needs root".to_owned());
        }

        let folder = tempfile::tempdir().expect("folder");
        static ENGINES: AtomicU32 = AtomicU32::new(0);
        let bridge = format!(
            "sc{:x}n{}",
            std::process::id() & 0xff_ffff,
            ENGINES.fetch_add(1, Ordering::Relaxed)
        );

        let made = Command::new("ip")
            .args(["link", "add", &bridge, "type", "bridge"])
            .status()
            .map_err(|e| format!("ip: {e}"))?;
        if !made.success() {
            return Err(format!("the bridge {bridge} could not be made"));
        }

        let mut engine = Self {
            folder,
            bridge,
            child: None,
        };
        engine.start()?;

        Ok(engine)
    }

    fn host(&self) -> String {
        format!("unix://{}", self.folder.path().join("d.sock").display())
    }

    /// Starts it and waits until it answers. One that ends over a containerd that hangs after the
    /// kill is started again without it, as a machine's supervisor does.
    fn start(&mut self) -> Result<(), String> {
        for _ in 0..STARTS_MAX {
            self.spawn()?;
            if self.answers() {
                return Ok(());
            }
            self.end_containerd();
        }
        Err(format!("dockerd did not come up: {}", self.said()))
    }

    /// Waits until it answers; false when it ends by itself, or takes too long.
    fn answers(&mut self) -> bool {
        use std::io::{Read, Write};
        let socket = self.folder.path().join("d.sock");

        for _ in 0..600 {
            if let Ok(mut stream) = std::os::unix::net::UnixStream::connect(&socket) {
                let mut answer = String::new();
                let limit = Some(Duration::from_secs(30));
                let asked = stream
                    .set_read_timeout(limit)
                    .and_then(|()| stream.write_all(b"GET /_ping HTTP/1.0\r\nHost: d\r\n\r\n"))
                    .and_then(|()| stream.read_to_string(&mut answer));
                if asked.is_ok() && answer.contains(" 200 ") {
                    return true;
                }
            }
            let child = self.child.as_mut().expect("an engine");
            if child.try_wait().expect("looked at").is_some() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(100));
        }

        false
    }

    /// Ends the containerd of this engine, and no other.
    fn end_containerd(&self) {
        let file = self.folder.path().join("exec/containerd/containerd.pid");
        let pid = fs_err::read_to_string(&file).unwrap_or_default();
        let Ok(pid) = pid.trim().parse::<i32>() else {
            return;
        };
        let line = fs_err::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let ours = self.folder.path().display().to_string();
        if String::from_utf8_lossy(&line).contains(&ours) {
            let _gone = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), Signal::SIGKILL);
        }
        let _gone = fs_err::remove_file(file);
    }

    fn spawn(&mut self) -> Result<(), String> {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let log = fs_err::File::options()
            .create(true)
            .append(true)
            .open(path("log"))
            .expect("file")
            .into_file();
        let child = Command::new("dockerd")
            .args([
                "--data-root",
                &path("root"),
                "--exec-root",
                &path("exec"),
                "-p",
                &path("pid"),
                "-H",
                &self.host(),
            ])
            .args([
                "--bridge",
                &self.bridge,
                "--iptables=false",
                "--ip-masq=false",
            ])
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("file"))
            .stderr(log)
            .spawn();
        self.child = Some(child.map_err(|e| format!("dockerd: {e}"))?);

        Ok(())
    }

    /// The end of what it says of itself.
    fn said(&self) -> String {
        let log = fs_err::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }

    /// Lets it hang, or go on.
    fn signal(&self, which: Signal) {
        signal(self.child.as_ref().expect("an engine"), which);
    }

    fn kill(&mut self) {
        let mut child = self.child.take().expect("an engine");
        child.kill().expect("killed");
        child.wait().expect("waited");
        fs_err::remove_file(self.folder.path().join("d.sock")).expect("its socket is left behind");
    }

    /// Copies an image from another engine.
    async fn take(&self, from: &Docker, image: &str) -> Docker {
        let mut bytes = Vec::new();
        let mut parts = from.export_image(image);
        while let Some(part) = parts.next().await {
            bytes.extend_from_slice(&part.expect("exported"));
        }

        let socket = self.folder.path().join("d.sock");
        let docker = Docker::connect_with_unix(
            socket.to_str().expect("path"),
            60,
            bollard::API_DEFAULT_VERSION,
        )
        .expect("client");
        let docker = docker.negotiate_version().await.expect("version");

        let mut loaded = docker.import_image(
            ImportImageOptions::default(),
            bollard::body_full(bytes.into()),
            None,
        );
        while let Some(line) = loaded.next().await {
            line.expect("loaded");
        }

        docker
    }
}

impl Drop for PrivateEngine {
    fn drop(&mut self) {
        if let Some(child) = self.child.take() {
            signal(&child, Signal::SIGTERM);
            wait(child);
        }

        // An engine that was killed leaves its data folder mounted on itself.
        drop(
            Command::new("umount")
                .arg(self.folder.path().join("root"))
                .stderr(Stdio::null())
                .status(),
        );
        drop(
            Command::new("ip")
                .args(["link", "delete", &self.bridge])
                .status(),
        );
    }
}

/// What the demo printed, and where its log ends: of a demo that never came to its end, why.
fn said(data: &Path) -> String {
    let printed = fs_err::read_to_string(data.join("said")).unwrap_or_default();
    let tail = supercargo(&["log", "tail", "--lines", "60"], data).output();
    let shown = supercargo(&["project", "show", "demo"], data).output();
    let text = |output: std::io::Result<std::process::Output>| {
        let output = output.expect("ran");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    format!("{printed}\n{}\n{}", text(shown), text(tail))
}

/// Containers that carry the label of the installation in this folder.
async fn left(docker: &Docker, data: &Path) -> usize {
    let log = supercargo::log::SqliteLog::open_reader(&data.join("log.db"))
        .await
        .expect("log");
    let instance = events::log::EventLog::id(&log);
    let filters = HashMap::from([(
        "label".to_owned(),
        vec![format!("supercargo.instance={instance}")],
    )]);
    let options = ListContainersOptions {
        all: true,
        filters: Some(filters),
        ..ListContainersOptions::default()
    };

    docker
        .list_containers(Some(options))
        .await
        .expect("list")
        .len()
}

async fn run(child: std::process::Child) -> Option<i32> {
    tokio::task::spawn_blocking(move || wait(child))
        .await
        .expect("waited")
}

#[test]
fn the_demo_is_built_in_containers_and_nothing_is_left_behind() {
    on_docker("the demo in containers", |docker| async move {
        let folder = tempfile::tempdir().expect("folder");
        let code = run(demo(folder.path()).spawn().expect("started")).await;
        assert_eq!(code, Some(0), "{}", said(folder.path()));
        is_built_as_the_log_says(folder.path(), FEATURES);
        has_its_twists(folder.path());
        assert_eq!(
            left(&docker, folder.path()).await,
            0,
            "K3: a completed project owns no containers"
        );
    });
}

/// F1 on containers: the server is killed, running containers are adopted, the project completes.
#[test]
fn the_server_is_killed_in_the_middle() {
    on_docker("the server killed amid containers", |docker| async move {
        for ms in [2_500, 5_000] {
            let folder = tempfile::tempdir().expect("folder");
            let mut first = demo(folder.path()).spawn().expect("started");
            tokio::time::sleep(Duration::from_millis(ms)).await;
            first.kill().expect("killed");
            first.wait().expect("waited");
            let code = run(demo(folder.path()).spawn().expect("started")).await;
            assert_eq!(
                code,
                Some(0),
                "killed after {ms} ms: {}",
                said(folder.path())
            );
            is_built_as_the_log_says(folder.path(), FEATURES);
            assert_eq!(
                left(&docker, folder.path()).await,
                0,
                "killed after {ms} ms"
            );
        }
    });
}

/// Returns when the engine tells the next event of this kind; also when it cannot tell anything any
/// more.
async fn told(docker: &Docker, kind: &str) {
    let filters = HashMap::from([("event".to_owned(), vec![kind.to_owned()])]);
    let mut events = docker.events(Some(EventsOptions {
        filters: Some(filters),
        ..EventsOptions::default()
    }));
    drop(events.next().await);
}

/// F37: the engine itself is killed under running containers and comes back, once in each phase of
/// a container's life: nothing is concluded while it is away, the sessions that ended with it are
/// lost and cost no try, the project completes.
#[test]
fn the_engine_is_killed_in_every_phase() {
    on_docker(
        "the engine killed under its containers",
        |docker| async move {
            let mut engine = match PrivateEngine::new() {
                Ok(engine) => engine,
                Err(why) => return skip("the engine killed under its containers", &why),
            };
            let private = engine.take(&docker, IMAGE).await;
            let watch = Watch::begin(&private).await;
            let folder = tempfile::tempdir().expect("folder");
            let mut command = demo(folder.path());
            let child = command
                .env("DOCKER_HOST", engine.host())
                .spawn()
                .expect("started");
            let mut ended = tokio::spawn(run(child));
            // The trial of the runner is over: what comes now are sessions.
            told(&private, "destroy").await;
            let mut killed = 0;
            for phase in ["create", "start", "die", "destroy"] {
                tokio::select! {
                    _ = &mut ended => panic!("it ended before the engine was killed at {phase}: \
                                              {}", said(folder.path())),
                    () = told(&private, phase) => {}
                }
                engine.kill();
                killed += 1;
                tokio::time::sleep(Duration::from_secs(1)).await;
                engine.start().expect("started again");
            }
            assert_eq!(
                ended.await.expect("waited"),
                Some(0),
                "{}\n{}",
                said(folder.path()),
                engine.said()
            );
            assert_eq!(killed, 4);
            is_built_as_the_log_says(folder.path(), FEATURES);
            assert_eq!(left(&private, folder.path()).await, 0);
            watch.end().await;
        },
    );
}

/// F37 without an end: the engine hangs for longer than any request waits. That is a state and no
/// fact about a container: no claim ends by it, no session is lost, and the project completes when
/// the engine goes on.
#[test]
fn the_engine_hangs_in_the_middle() {
    on_docker(
        "the engine hanging under its containers",
        |docker| async move {
            let engine = match PrivateEngine::new() {
                Ok(engine) => engine,
                Err(why) => return skip("the engine hanging under its containers", &why),
            };
            let private = engine.take(&docker, IMAGE).await;
            let folder = tempfile::tempdir().expect("folder");
            let mut command = demo(folder.path());
            let child = command
                .env("DOCKER_HOST", engine.host())
                .spawn()
                .expect("started");
            let ended = tokio::spawn(run(child));
            tokio::time::sleep(Duration::from_secs(3)).await;
            engine.signal(Signal::SIGSTOP);
            tokio::time::sleep(Duration::from_secs(15)).await;
            engine.signal(Signal::SIGCONT);
            assert_eq!(
                ended.await.expect("waited"),
                Some(0),
                "{}",
                said(folder.path())
            );
            is_built_as_the_log_says(folder.path(), FEATURES);
            let stats = supercargo(&["log", "stats", "--json"], folder.path())
                .output()
                .expect("ran")
                .stdout;
            let stats: serde_json::Value = serde_json::from_slice(&stats).expect("JSON");
            assert_eq!(
                stats["kinds"]["container.lost"]["events"]
                    .as_u64()
                    .unwrap_or(0),
                0,
                "a silent engine loses nothing"
            );
            assert_eq!(left(&private, folder.path()).await, 0);
        },
    );
}
