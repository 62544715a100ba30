//! Hostile files: shapes that an agent can give to whatever lies where it may write, on both
//! engines. The list of paths is derived: what is there in a session that runs, what the server is
//! seen to open, and what earlier builds believed.
//!
//! After each shape the server answers as before, within a bound of time, memory and descriptors,
//! and believes nothing; at the end the container is ended and removed, and what the shapes pointed
//! at is as it was.

use fs_err::os::unix::fs::symlink;
use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::Duration;

use actors::ports::engine::{ContainerName, Engine, StartSpec, Status};
use rustix::fs::{CWD, Mode, inotify, mkfifoat};
use serde_json::json;
use supercargo::engine::process::Sandbox;

use crate::docker::on_docker;
use crate::engine::Bench;
use crate::newcomer::{Newcomer, agent_that};

/// An answer that takes longer has been hung.
const ANSWERS_WITHIN: Duration = Duration::from_secs(20);
/// Removing takes as long as there is much to remove; no worker waits for it.
const REMOVED_WITHIN: Duration = Duration::from_secs(120);
/// Memory that a look may cost, in KiB: none of the files is read as a whole.
const TAKEN_KIB: u64 = 64 * 1024;
/// Rights of the file that must stay as it is.
const SECRET_MODE: u32 = 0o640;
/// Names that builds before records of the server's own read from a slot's folder.
const ONCE_BELIEVED: [&str; 3] = ["run.json", "exit.json", "info-0000000000000000.json"];

/// What lies outside and must stay as it is.
struct Outside {
    folder: tempfile::TempDir,
    victim: Child,
}

impl Outside {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let secret = folder.path().join("secret");
        fs_err::write(&secret, b"secret").expect("file");
        fs_err::set_permissions(secret, PermissionsExt::from_mode(SECRET_MODE)).expect("closed");
        fs_err::create_dir(folder.path().join("kept")).expect("folder");
        fs_err::write(folder.path().join("kept/file"), b"kept").expect("file");
        let victim = Command::new("sleep").arg("3600").spawn().expect("a victim");
        Self { folder, victim }
    }

    fn secret(&self) -> PathBuf {
        self.folder.path().join("secret")
    }

    fn victim(&self) -> i32 {
        i32::try_from(self.victim.id()).expect("pid")
    }

    fn is_as_it_was(&mut self, after: &str) {
        let ended = self.victim.try_wait().expect("looked at");
        assert_eq!(ended, None, "{after}: a process that is not ours was ended");
        let secret = fs_err::read(self.secret()).expect("the secret");
        assert_eq!(secret, b"secret", "{after}");
        let mode = fs_err::metadata(self.secret())
            .expect("looked at")
            .permissions();
        assert_eq!(mode.mode() & 0o777, SECRET_MODE, "{after}: its rights");
        assert!(self.folder.path().join("kept/file").exists(), "{after}");
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        drop(self.victim.kill());
        drop(self.victim.wait());
    }
}

/// One way to be hostile at a path that is free.
type Shape = fn(&Path, &Outside);

/// A record as earlier builds had it, with these fields changed.
fn forged(change: serde_json::Value) -> Vec<u8> {
    let mut record = json!({
        "launch": "0000000000000000", "pid": 1, "start_ticks": 1, "child-pid": 1, "code": 0,
        "boot_id": fs_err::read_to_string("/proc/sys/kernel/random/boot_id").expect("boot").trim(),
        "sandboxed": false,
    });
    let fields = change.as_object().expect("fields").clone();
    record.as_object_mut().expect("a record").extend(fields);
    serde_json::to_vec(&record).expect("JSON")
}

fn ticks(pid: i32) -> u64 {
    let stat = fs_err::read_to_string(format!("/proc/{pid}/stat")).expect("stat");
    let fields = stat.rsplit_once(") ").expect("fields").1;
    fields
        .split(' ')
        .nth(19)
        .expect("ticks")
        .parse()
        .expect("number")
}

fn put(path: &Path, bytes: impl AsRef<[u8]>) {
    fs_err::write(path, bytes).expect("written");
}

fn put_pid(path: &Path, pid: i32, start_ticks: u64) {
    let fields = json!({"pid": pid, "child-pid": pid, "start_ticks": start_ticks});
    put(path, forged(fields));
}

fn link(path: &Path, to: impl AsRef<Path>) {
    symlink(to, path).expect("linked");
}

fn named(path: &Path, more: &[u8]) -> PathBuf {
    let mut name = path.as_os_str().as_bytes().to_vec();
    name.extend_from_slice(more);
    PathBuf::from(std::ffi::OsStr::from_bytes(&name))
}

fn deep(path: &Path) {
    fs_err::create_dir(path).expect("folder");
    let open = || rustix::fs::open(path, rustix::fs::OFlags::DIRECTORY, Mode::empty());
    let mut at = open().expect("opened");
    for _ in 0..1100 {
        rustix::fs::mkdirat(&at, "deeper", Mode::RWXU).expect("made");
        let next = rustix::fs::openat(&at, "deeper", rustix::fs::OFlags::DIRECTORY, Mode::empty());
        at = next.expect("opened");
    }
}

fn device(path: &Path) {
    let device = rustix::fs::makedev(1, 5);
    let made = rustix::fs::mknodat(
        CWD,
        path,
        rustix::fs::FileType::CharacterDevice,
        Mode::RWXU,
        device,
    );
    // Who may not make one can link to one.
    if made.is_err() {
        link(path, "/dev/full");
    }
}

const SHAPES: &[(&str, Shape)] = &[
    ("a FIFO", |p, _| mkfifoat(CWD, p, Mode::RWXU).expect("fifo")),
    ("a link to an endless device", |p, _| link(p, "/dev/zero")),
    ("a link to a secret", |p, o| link(p, o.secret())),
    ("a hard link to a secret", |p, o| {
        // Another disk has none.
        if fs_err::hard_link(o.secret(), p).is_err() {
            link(p, o.secret());
        }
    }),
    ("a dangling link", |p, o| {
        link(p, o.folder.path().join("new"))
    }),
    ("a link to itself", |p, _| link(p, p)),
    ("a link to a folder of others", |p, o| {
        link(p, o.folder.path().join("kept"))
    }),
    ("a link to the root", |p, _| link(p, "/")),
    (
        "a link to a process's root, which is like a mount",
        |p, _| link(p, "/proc/1/root"),
    ),
    ("a link to the reader's own input", |p, _| {
        link(p, "/proc/self/fd/0")
    }),
    ("a folder", |p, _| fs_err::create_dir(p).expect("folder")),
    ("a folder without rights", |p, _| {
        fs_err::create_dir_all(p.join("in/it")).expect("folder");
        for folder in [p.join("in"), p.to_owned()] {
            fs_err::set_permissions(folder, PermissionsExt::from_mode(0o0)).expect("shut");
        }
    }),
    ("a folder deeper than a path is long", |p, _| deep(p)),
    ("a folder with many files", |p, _| {
        fs_err::create_dir(p).expect("folder");
        (0..200).for_each(|n| put(&p.join(n.to_string()), b""));
    }),
    ("a socket", |p, _| {
        // Made where its path is short, and moved.
        let near = tempfile::tempdir().expect("folder");
        let socket = near.path().join("s");
        std::os::unix::net::UnixListener::bind(&socket).expect("bound");
        if fs_err::rename(&socket, p).is_err() {
            link(p, "/run/docker.sock");
        }
    }),
    ("a device", |p, _| device(p)),
    ("a huge file", |p, _| put(p, vec![b'['; 4 * 1024 * 1024])),
    ("a sparse file", |p, _| {
        let file = fs_err::File::create(p).expect("file");
        file.set_len(1 << 40).expect("sparse");
    }),
    ("JSON that is deep", |p, _| put(p, "[".repeat(200_000))),
    ("the pid of another process", |p, o| {
        put_pid(p, o.victim(), ticks(o.victim()))
    }),
    ("the pid of the server", |p, _| {
        let own = i32::try_from(std::process::id()).expect("pid");
        put_pid(p, own, ticks(own));
    }),
    ("the pid of the first process", |p, _| {
        put_pid(p, 1, ticks(1))
    }),
    ("a negative pid", |p, o| {
        put_pid(p, -o.victim(), ticks(o.victim()))
    }),
    ("pid minus one", |p, _| put_pid(p, -1, 0)),
    ("pid 0", |p, _| put_pid(p, 0, 0)),
    ("another start time", |p, o| {
        put_pid(p, o.victim(), ticks(o.victim()) + 1)
    }),
    ("another boot", |p, o| {
        let fields = json!({"pid": o.victim(), "boot_id": "another"});
        put(p, forged(fields));
    }),
    ("an exit code of 0", |p, _| {
        put(p, forged(json!({"code": 0})))
    }),
    ("a group of others", |p, o| {
        let fields = json!({"pid": o.victim(), "group": "/sys/fs/cgroup"});
        put(p, forged(fields));
    }),
    ("numbers out of range", |p, _| {
        put(
            p,
            r#"{"launch":"0","pid":99999999999999999999,"start_ticks":-1,"boot_id":"","code":1e400}"#,
        );
    }),
    ("keys twice", |p, o| {
        let pid = o.victim();
        put(
            p,
            format!(r#"{{"launch":"0","pid":{pid},"pid":1,"start_ticks":1,"boot_id":"x"}}"#),
        );
    }),
    ("a byte order mark", |p, _| {
        put(p, [b"\xef\xbb\xbf", forged(json!({})).as_slice()].concat());
    }),
    ("bytes that are no text", |p, _| {
        put(p, b"{\"launch\":\"\xff\xfe\xc0\"}")
    }),
    ("a NUL", |p, _| put(p, b"{\"launch\":\"a\0b\"}\0")),
    ("half a record", |p, _| {
        let whole = forged(json!({}));
        put(p, &whole[..whole.len() / 2]);
    }),
    ("nothing", |p, _| put(p, b"")),
    ("an unreadable file", |p, _| {
        put(p, forged(json!({})));
        fs_err::set_permissions(p, PermissionsExt::from_mode(0o0)).expect("shut");
    }),
    ("a file of root's rights", |p, _| {
        put(p, b"#!/bin/sh\n");
        fs_err::set_permissions(p, PermissionsExt::from_mode(0o6777)).expect("opened");
    }),
    ("a name with a line break", |p, _| {
        put(&named(p, b"\nrun.json"), forged(json!({})))
    }),
    ("a name that is no text", |p, _| {
        put(&named(p, b"\xff\xfe"), forged(json!({})))
    }),
    ("a name that looks like ours", |p, _| {
        put(&p.with_file_name("supercargo-zoo-1-1"), forged(json!({})));
        put(&p.with_file_name(".lifted-0"), b"");
    }),
];

/// What a session's container is, apart from what lies in its folders.
struct Session<'a> {
    engine: &'a Arc<dyn Engine>,
    name: ContainerName,
    spec: StartSpec,
    id: String,
}

impl Session<'_> {
    async fn begun(engine: &Arc<dyn Engine>, spec: StartSpec) -> Session<'_> {
        let id = engine.start(&spec).await.expect("started");
        let name = spec.name.clone();
        Session {
            engine,
            name,
            spec,
            id,
        }
    }

    /// Everything that the server asks of an engine while a session runs is answered as if nothing
    /// lay there.
    async fn answers(&self, outside: &Outside, after: &str) {
        let asked = async {
            let listed = self.engine.list().await.expect("listed");
            let seen = listed.iter().find(|seen| seen.name == self.name);
            let seen = seen.unwrap_or_else(|| panic!("{after}: it is not listed"));
            assert_eq!(
                (&seen.status, seen.engine_id.as_str()),
                (&Status::Running, self.id.as_str()),
                "{after}"
            );
            let again = self.engine.start(&self.spec).await;
            assert_eq!(
                again.as_deref(),
                Ok(self.id.as_str()),
                "{after}: begun again"
            );
            let used = self.engine.used(&self.name).await.expect("counted");
            assert!(used.is_some(), "{after}: it runs, and uses something");

            let own = i32::try_from(std::process::id()).expect("pid");
            for pid in [outside.victim(), own, 1, 0, -1, -outside.victim(), i32::MAX] {
                let believed = self.engine.is_main_process(&self.name, pid).await;
                assert!(!believed, "{after}: {pid} is the main process");
            }
        };
        let answered = tokio::time::timeout(ANSWERS_WITHIN, asked).await;
        answered.unwrap_or_else(|_| panic!("{after}: the server hangs"));
    }

    /// It is ended and removed, whatever lies there.
    async fn goes(&self, after: &str) {
        let going = async {
            self.engine.stop(&self.name, 0).await.expect("stopped");
            self.engine.remove(&self.name).await.expect("removed");
            let listed = self.engine.list().await.expect("listed");
            assert!(listed.iter().all(|seen| seen.name != self.name), "{after}");
        };
        let gone = tokio::time::timeout(REMOVED_WITHIN, going).await;
        gone.unwrap_or_else(|_| panic!("{after}: it cannot be removed"));
    }
}

/// Gives a path this shape, whatever was there.
fn shaped(path: &Path, shape: Shape, outside: &Outside) {
    supercargo::foreign::remove(path).expect("free");
    shape(path, outside);
}

/// Memory and descriptors of this process, which the engine runs in.
fn taken() -> (u64, usize) {
    let status = fs_err::read_to_string("/proc/self/status").expect("status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.expect("a line").trim().trim_end_matches(" kB");
    let descriptors = fs_err::read_dir("/proc/self/fd").expect("listed").count();
    (kib.trim().parse().expect("a number"), descriptors)
}

/// The names that lie below a folder, two levels of them: more are of the repository and its tools.
fn names_in(folder: &Path) -> BTreeSet<PathBuf> {
    let mut names = BTreeSet::new();
    for entry in fs_err::read_dir(folder).into_iter().flatten().flatten() {
        let name = PathBuf::from(entry.file_name());
        let below = fs_err::read_dir(entry.path())
            .into_iter()
            .flatten()
            .flatten();
        names.extend(below.map(|below| name.join(below.file_name())));
        names.insert(name);
    }
    names
}

/// What lies in a slot's folder while an agent works in it: a session of the real server, on
/// processes.
fn names_of_a_session() -> BTreeSet<PathBuf> {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    let agent = agent_that!(
        "set -e\n",
        r#"bd comments add "$SUPERCARGO_FEATURE" "I am here"; sleep 600"#
    );
    let set = [
        "project",
        "set",
        "zoo",
        "--verify",
        "true",
        "--target",
        "1",
        "--agent-command",
    ];
    me.ok(&[&set[..], &[agent]].concat());
    me.ok(&["feature", "add", "zoo", "Feed the lions"]);
    me.ok(&["project", "start", "zoo"]);
    me.follow_until("feature.commented");

    let data = me.folder.path().join("data");
    let slots = fs_err::read_dir(data.join("berths"))
        .expect("slots")
        .flatten();
    let names = slots.flat_map(|slot| names_in(&slot.path())).collect();
    doors_are_the_servers_own(&data);
    me.ok(&["project", "stop", "zoo"]);
    me.follow_until("container.removed");
    server.stop();
    names
}

/// A door is never its agent's: what the server opens there is its own.
fn doors_are_the_servers_own(data: &Path) {
    use std::os::unix::fs::MetadataExt;
    let own = nix::unistd::geteuid().as_raw();
    for door in fs_err::read_dir(data.join("d")).expect("doors").flatten() {
        let found = door.metadata().expect("looked at");
        assert_eq!((found.uid(), found.mode() & 0o027), (own, 0), "{door:?}");
    }
    let launches = fs_err::metadata(data.join("launches")).expect("records");
    assert_eq!((launches.uid(), launches.mode() & 0o777), (own, 0o700));
}

/// What is opened, read or changed directly in a folder while this is done.
async fn opened_in(folder: &Path, done: impl Future<Output = ()>) -> Vec<String> {
    let watch = inotify::init(inotify::CreateFlags::NONBLOCK).expect("inotify");
    inotify::add_watch(&watch, folder, inotify::WatchFlags::ALL_EVENTS).expect("watched");
    done.await;
    let mut room = [std::mem::MaybeUninit::uninit(); 64 * 1024];
    let mut events = inotify::Reader::new(&watch, &mut room);
    let mut seen = Vec::new();
    while let Ok(event) = events.next() {
        seen.push(format!("{:?} {:?}", event.file_name(), event.events()));
    }
    seen
}

/// Holds the runner still: whatever is done in its folder from then on, somebody else does.
fn held_still(id: &str) {
    let pid: i32 = id.split('@').next().expect("a pid").parse().expect("a pid");
    let pid = nix::unistd::Pid::from_raw(pid);
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGSTOP).expect("held");
}

fn place(folder: &Path, name: &Path) -> PathBuf {
    let place = folder.join(name);
    let above = place.parent().expect("a folder");
    if !above.is_dir() || above.is_symlink() {
        supercargo::foreign::remove(above).expect("free");
        fs_err::create_dir_all(above).expect("folder");
    }
    place
}

/// Every shape at every name of a slot's folder, and in its cache.
async fn on_processes(sandbox: Sandbox, names: &BTreeSet<PathBuf>) {
    let (bench, mut outside) = (Bench::new(), Outside::new());
    let engine = bench.processes(sandbox);
    let before = taken();
    for (generation, (called, shape)) in (1..).zip(SHAPES) {
        let mut spec = bench.spec(1, generation);
        spec.limits.cache_mib = 64;
        let slot = bench
            .folder
            .path()
            .join("berths")
            .join(spec.name.to_string());
        let session = Session::begun(&engine, spec).await;
        held_still(&session.id);
        let opened = opened_in(&slot, session.answers(&outside, "before")).await;
        assert_eq!(opened, Vec::<String>::new(), "the server looks into a slot");

        for name in names {
            shaped(&place(&slot, name), *shape, &outside);
            let after = format!("{called} at {}, {sandbox:?}", name.display());
            session.answers(&outside, &after).await;
        }
        let cache = bench.folder.path().join("caches/zoo/agent/1");
        ["npm", "cargo"]
            .iter()
            .for_each(|tool| shaped(&cache.join(tool), *shape, &outside));
        session.goes(called).await;
        assert!(!slot.exists(), "{called}: the slot is left");
        outside.is_as_it_was(called);
    }
    let after = taken();
    assert!(
        after.0 < before.0 + TAKEN_KIB,
        "{before:?} {after:?}: memory"
    );
    assert!(after.1 < before.1 + 32, "{before:?} {after:?}: descriptors");
}

#[test]
fn nothing_that_lies_in_a_slot_of_a_process_is_believed() {
    assert!(SHAPES.len() >= 30);
    let mut names = names_of_a_session();
    assert!(names.len() > 5, "{names:?}");
    names.extend(ONCE_BELIEVED.map(PathBuf::from));
    supercargo::app::on_system(async {
        on_processes(Sandbox::Plain, &names).await;
        if Sandbox::probe() == Sandbox::Bubblewrap {
            on_processes(Sandbox::Bubblewrap, &names).await;
        }
    });
}

/// On Docker a slot lies in memory of the container, and the server sees its cache alone.
#[test]
fn nothing_that_lies_in_a_cache_of_docker_is_believed() {
    on_docker("hostile files", |docker| async move {
        let (bench, mut outside) = (Bench::new(), Outside::new());
        let engine = bench.docker(&docker);
        let cache = bench.folder.path().join("caches/zoo/agent/1");
        let spec = |generation| {
            let mut spec = bench.spec(1, generation);
            spec.limits.cache_mib = 64;
            spec
        };
        let session = Session::begun(&engine, spec(1)).await;
        for (called, shape) in SHAPES {
            ["npm", "cargo", "run.json"]
                .iter()
                .for_each(|name| shaped(&cache.join(name), *shape, &outside));
            session.answers(&outside, called).await;
        }
        session.goes("every shape").await;
        // The next session looks at the cache that this one left.
        for (generation, (called, shape)) in (2..).zip(SHAPES) {
            shaped(&cache.join("npm"), *shape, &outside);
            let caches = supercargo::engine::caches::Caches::of(bench.folder.path());
            let prepared = tokio::time::timeout(ANSWERS_WITHIN, async {
                let spec = spec(generation);
                caches.prepare(&spec).await.map(|_| ())
            });
            assert_eq!(prepared.await, Ok(Ok(())), "{called}");
        }
        let last = Session::begun(&engine, spec(1_000)).await;
        last.answers(&outside, "the next session").await;
        last.goes("the next session").await;
        outside.is_as_it_was("Docker");
    });
}
