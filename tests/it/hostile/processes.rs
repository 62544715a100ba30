//! Hostile processes: what outlives its parent, its group and its session, and ignores a request to
//! end; what an earlier build left; and launches that fail half-way. What is ours is ended and
//! proven to be gone, and nothing else is touched.
//!
//! The runner is a script here: the engine is given another binary.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use actors::ports::engine::{StartSpec, Status};
use supercargo::engine::owner::Owner;
use supercargo::engine::process::Sandbox;

use crate::engine::Bench;

/// A bound of the tests, never a measurement.
const STUCK_AFTER: Duration = Duration::from_secs(60);

/// Begins as a runner does, and then leaves children of every kind behind; each has the data folder
/// in its words.
const RUNNER: &str = r#"#!/bin/sh
read word
echo here
exec > /dev/null 2>&1 < /dev/null
mark="$5"
trap '' TERM
setsid sh -c 'trap "" TERM; sleep 600; sleep 600' "$mark" &
env -i /usr/bin/setsid /bin/sh -c '(trap "" TERM HUP; sleep 600; sleep 600) & exit' "$mark" &
setsid setsid sh -c 'sh -c "sleep 600; sleep 600" "$0" & sh -c "sleep 600; sleep 600" "$0" & exit' "$mark" &
mkfifo "$mark/ready"
: > "$mark/left"
LAST
"#;

fn bench(last: &str) -> Bench {
    let mut bench = Bench::new();
    bench.binary = bench.folder.path().join("bin/script");
    fs_err::write(&bench.binary, RUNNER.replace("LAST", last)).expect("script");
    fs_err::set_permissions(&bench.binary, PermissionsExt::from_mode(0o755)).expect("open");
    bench
}

/// Processes with this path in their words.
pub(crate) fn naming(path: &Path) -> Vec<(i32, String)> {
    let path = path.display().to_string();
    let all = fs_err::read_dir("/proc").expect("processes").flatten();
    let words = all.filter_map(|entry| {
        let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
        let words = fs_err::read(entry.path().join("cmdline")).ok()?;
        Some((pid, String::from_utf8_lossy(&words).replace('\0', " ")))
    });
    words.filter(|(_, words)| words.contains(&path)).collect()
}

fn slot(bench: &Bench, spec: &StartSpec) -> std::path::PathBuf {
    bench
        .folder
        .path()
        .join("berths")
        .join(spec.name.to_string())
}

/// Waits until the script has left its children behind.
async fn left(slot: &Path) {
    let seen = async {
        while !slot.join("left").exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(STUCK_AFTER, seen)
        .await
        .expect("the script is stuck");
}

fn sandboxes() -> Vec<Sandbox> {
    let mut all = vec![Sandbox::Plain, Sandbox::probe()];
    all.dedup();
    all
}

/// By the server that began it and by the next one; while its first process is there, and after
/// that went by itself.
#[test]
fn what_left_its_group_and_ignores_term_is_ended_with_its_container() {
    supercargo::app::on_system(async {
        for sandbox in sandboxes() {
            for (last, again) in [
                ("wait", false),
                ("wait", true),
                ("exit 0", false),
                ("exit 0", true),
            ] {
                let bench = bench(last);
                let bystander = Bystander::new();
                let mut engine = bench.processes(sandbox);
                let spec = bench.spec(1, 1);
                engine.start(&spec).await.expect("started");
                left(&slot(&bench, &spec)).await;
                if again {
                    engine = bench.processes(sandbox);
                }
                engine.stop(&spec.name, 100).await.expect("stopped");
                let what = format!("{sandbox:?}, {last}, again: {again}");
                assert_eq!(naming(bench.folder.path()), vec![], "{what}");
                let listed = engine.list().await.expect("listed");
                assert!(matches!(listed[0].status, Status::Exited(_)), "{what}");
                engine.remove(&spec.name).await.expect("removed");
                assert_eq!(engine.list().await.expect("listed"), vec![], "{what}");
                assert!(!slot(&bench, &spec).exists());
                bystander.lives();
            }
        }
    });
}

/// A process of the same user that is no container's.
struct Bystander(Child);

impl Bystander {
    fn new() -> Self {
        let mut command = Command::new("sleep");
        command.arg("600");
        if let Owner::Dropped(id) = Owner::of(events::id::SlotNo(1)) {
            command.uid(id).gid(id);
        }
        Self(command.spawn().expect("a bystander"))
    }

    fn lives(mut self) {
        assert_eq!(self.0.try_wait().expect("looked at"), None);
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A launch that cannot be written down, as on a full disk, leaves no process, sandbox or folder of
/// groups behind.
#[test]
fn a_launch_that_cannot_be_written_down_leaves_nothing() {
    supercargo::app::on_system(async {
        for sandbox in sandboxes() {
            let bench = Bench::new();
            let engine = bench.processes(sandbox);
            let launches = bench.folder.path().join("launches");
            fs_err::remove_dir(&launches).expect("removed");
            let failed = engine.start(&bench.spec(1, 1)).await;
            assert!(failed.is_err(), "{sandbox:?}: {failed:?}");
            fs_err::create_dir(&launches).expect("folder");
            assert_eq!(naming(bench.folder.path()), vec![], "{sandbox:?}");
            assert_eq!(engine.list().await.expect("listed"), vec![]);
            engine.start(&bench.spec(1, 1)).await.expect("the next try");
            engine.stop(&bench.spec(1, 1).name, 0).await.expect("ended");
        }
    });
}

/// A runner that ends at once, or says nothing of itself, is a start that failed with its own
/// words.
#[test]
fn a_runner_that_does_not_begin_is_said_and_gone() {
    supercargo::app::on_system(async {
        for sandbox in sandboxes() {
            let bench = bench("");
            fs_err::write(&bench.binary, "#!/bin/sh\nread word\necho no room >&2\n")
                .expect("script");
            let engine = bench.processes(sandbox);
            let failed = engine
                .start(&bench.spec(1, 1))
                .await
                .expect_err("failed")
                .to_string();
            let said = sandbox == Sandbox::Bubblewrap || failed.contains("no room");
            assert!(
                said && failed.contains("ended at once"),
                "{sandbox:?}: {failed}"
            );
            assert_eq!(naming(&bench.folder.path().join("berths")), vec![]);
            assert_eq!(engine.list().await.expect("listed"), vec![]);
        }
    });
}

/// The server died before it could write down which process the runner is: the runner reads an end,
/// and goes.
#[test]
fn a_runner_without_a_word_does_nothing() {
    let bench = Bench::new();
    let mut runner = Command::new(&bench.binary);
    runner.args(["runner", "--launch", "l", "--await-word", "--door"]);
    runner
        .arg(bench.folder.path())
        .arg("--berth")
        .arg(bench.folder.path());
    let ended = runner.stdin(Stdio::null()).output().expect("ran");
    assert_eq!((ended.status.code(), ended.stdout), (Some(0), vec![]));
    assert!(!bench.folder.path().join("runner.log").exists());
}

/// A data folder of a build whose records lay with the agents: nothing in it is believed, what the
/// kernel says is that container's own is ended, and the container is reported as ended.
#[test]
fn a_container_of_an_earlier_build_is_ended_and_not_believed() {
    supercargo::app::on_system(async {
        let bench = Bench::new();
        let spec = bench.spec(1, 1);
        let (slot, bystander) = (slot(&bench, &spec), Bystander::new());
        fs_err::create_dir_all(&slot).expect("slot");
        Owner::of(spec.name.n).give(&slot).expect("given");
        let pid = bystander.0.id();
        let boot = fs_err::read_to_string("/proc/sys/kernel/random/boot_id").expect("boot");
        let forged = format!(
            r#"{{"launch":"0","pid":{pid},"start_ticks":0,"boot_id":"{}"}}"#,
            boot.trim()
        );
        fs_err::write(slot.join("run.json"), forged).expect("record");

        let mut runner = Command::new("sh");
        runner.args([
            "-c",
            "sleep 600; sleep 600",
            "supercargo",
            "runner",
            "--berth",
        ]);
        runner.arg(&slot);
        if let Owner::Dropped(id) = Owner::of(spec.name.n) {
            runner.uid(id).gid(id);
        }
        let mut runner = runner.spawn().expect("an old runner");
        let engine = bench.processes(Sandbox::Plain);
        assert!(
            runner.wait().expect("waited for").code().is_none(),
            "killed"
        );
        let listed = engine.list().await.expect("listed");
        assert_eq!(listed.len(), 1);
        assert!(matches!(&listed[0].status, Status::Exited(exit) if exit.code.is_none()));
        engine.stop(&spec.name, 1_000).await.expect("stopped");
        engine.remove(&spec.name).await.expect("removed");
        assert!(!slot.exists() && naming(&slot).is_empty());
        bystander.lives();
    });
}
