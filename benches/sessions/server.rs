//! The server of the run: the real binary on a data folder of its own, its containers processes,
//! its agents scripts.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::{Value, json};
use supercargo::wire::{call_socket, call_text};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Slots of the project: enough that none waits for another's start.
const SLOTS: usize = 8;
/// Features of one wave.
const WAVE: usize = 40;
/// A wave that takes longer stands still.
const WAVE_WITHIN: Duration = Duration::from_secs(600);
/// An upstream on this disk that takes longer is not copied.
const COPIED_WITHIN: Duration = Duration::from_secs(30);
/// Pause between two looks at a wave that is not over.
const LOOK_EVERY: Duration = Duration::from_millis(300);
const PROJECT: &str = "/api/v1/projects/bench";

/// MiB of the server's process.
pub(crate) struct Memory {
    /// All that is resident.
    pub(crate) resident: f64,
    /// Of that, what no file stands behind.
    pub(crate) own: f64,
}

pub(crate) struct Server {
    folder: TempDir,
    child: Child,
    runtime: Runtime,
}

impl Server {
    /// Starts a server with a running project.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        upstream(folder.path().join("upstream.git"))?;
        let data = folder.path().join("data");
        let mut child = Command::new(env!("CARGO_BIN_EXE_supercargo"))
            .env("SUPERCARGO_ENGINE", "process")
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(&data)
            .stdout(Stdio::piped())
            .stderr(fs_err::File::create(folder.path().join("said"))?.into_file())
            .spawn()?;
        let mut ready = String::new();
        BufReader::new(child.stdout.take().context("stdout")?).read_line(&mut ready)?;
        if !ready.contains("listening on") {
            bail!("the server did not come up: {ready}");
        }

        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let server = Self {
            folder,
            child,
            runtime,
        };
        server.make_project()?;

        Ok(server)
    }

    fn make_project(&self) -> anyhow::Result<()> {
        let url = self.folder.path().join("upstream.git");
        let new = json!({"name": "bench", "git_url": url, "kind": "existing"});
        self.call("POST", "/api/v1/projects", &new)?;
        let change = json!({
            "target": SLOTS,
            "agent": {"dialect": "script"},
            "verify": "true",
            "batch_max": 4,
            "container": {"memory_mib": 256, "work_mib": 128},
        });
        self.call("PATCH", PROJECT, &change)?;
        Ok(())
    }

    /// Starts the project once its upstream is copied.
    fn work(&self) -> anyhow::Result<()> {
        let begun = now();
        loop {
            match self.call("POST", &format!("{PROJECT}/start"), &json!({})) {
                Ok(_) => return Ok(()),
                Err(why) if begun.elapsed() > COPIED_WITHIN => return Err(why),
                Err(_) => std::thread::sleep(LOOK_EVERY),
            }
        }
    }

    /// Adds features and waits until all are closed; answers how many there are.
    pub(crate) fn one_more_wave(&self, wave: usize) -> anyhow::Result<usize> {
        let numbers = wave * WAVE..(wave + 1) * WAVE;
        let items: Vec<Value> = numbers.map(feature).collect();
        let batch = json!({"prefix": "part", "items": items});
        self.call("POST", &format!("{PROJECT}/backlog"), &batch)?;
        if wave == 0 {
            self.work()?;
        }

        let begun = now();
        loop {
            let project = self.call("GET", PROJECT, &json!(null))?;
            let closed = project["closed"].as_u64().unwrap_or_default();
            if closed == ((wave + 1) * WAVE) as u64 {
                return Ok((wave + 1) * WAVE);
            }
            if begun.elapsed() > WAVE_WITHIN {
                bail!("wave {wave} stands still: {project}");
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Sessions so far, by the transcripts that are kept of them.
    pub(crate) fn sessions(&self) -> anyhow::Result<usize> {
        let kept = fs_err::read_dir(self.data().join("transcripts"))?;
        Ok(kept.count())
    }

    pub(crate) fn memory(&self) -> anyhow::Result<Memory> {
        let status = fs_err::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let mib = |name: &str| -> Option<f64> {
            let line = status.lines().find(|line| line.starts_with(name))?;
            let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
            Some(kib / 1024.0)
        };
        Ok(Memory {
            resident: mib("VmRSS:").context("VmRSS")?,
            own: mib("RssAnon:").context("RssAnon")?,
        })
    }

    pub(crate) fn log_mib(&self) -> anyhow::Result<f64> {
        let length = fs_err::metadata(self.data().join("log.db"))?.len();
        Ok(length as f64 / 1024.0 / 1024.0)
    }

    /// Ends the server in order.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.child.id())?);
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM)?;
        self.child.wait()?;
        Ok(())
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        let socket = self.data().join("operator.sock");
        if method == "GET" {
            let text = self.runtime.block_on(call_text(&socket, path))?;
            return Ok(serde_json::from_slice(&text)?);
        }
        let answered = self
            .runtime
            .block_on(call_socket(&socket, method, path, body));
        answered.with_context(|| format!("{method} {path}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ended in order already, unless the run failed.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The wall clock of the benchmark.
fn now() -> Instant {
    #[expect(
        clippy::disallowed_methods,
        reason = "a benchmark measures the machine's time"
    )]
    Instant::now()
}

/// A feature whose scripted coder writes one file and hands it in.
fn feature(n: usize) -> Value {
    let script = format!(
        "```supercargo-script\nwrite parts/part-{n}.txt Part {n}\ncommit Add part {n}\nsubmit\n```"
    );
    json!({"content": {"title": format!("Part {n}"), "description": script}})
}

/// A bare repository with one commit.
fn upstream(path: PathBuf) -> anyhow::Result<()> {
    let mut options = git2::RepositoryInitOptions::new();

    options
        .bare(true)
        .initial_head("main")
        .external_template(false);
    let repository = git2::Repository::init_opts(path, &options)?;
    let when = git2::Time::new(1_700_000_000, 0);
    let author = git2::Signature::new("bench", "bench@localhost", &when)?;
    let mut root = repository.treebuilder(None)?;
    root.insert("README", repository.blob(b"A bench\n")?, 0o100_644)?;
    let tree = repository.find_tree(root.write()?)?;
    let main = Some("refs/heads/main");
    repository.commit(main, &author, &author, "Begin\n", &tree, &[])?;

    Ok(())
}
