//! The hardening of every container: one place, every line with its reason. Settings may tighten it
//! later; nothing here can be loosened by configuration, and a privileged container, the host's
//! network or the engine's socket cannot be expressed.

use std::collections::HashMap;
use std::path::Path;

use actors::ports::engine::StartSpec;
use bollard::models::{
    ContainerCreateBody, HostConfig, HostConfigLogConfig, Mount, MountType, ResourcesUlimits,
    RestartPolicy, RestartPolicyNameEnum,
};
use events::id::SlotNo;
use events::settings::ContainerLimits;

use crate::engine::limits;
use crate::engine::owner::Owner;

/// Where a container sees its door; the runner lies in it.
pub(super) const DOOR: &str = "/door";
/// Where a container works.
const WORK: &str = "/work";
/// Where it keeps packages, if it may.
pub(super) const CACHE: &str = "/cache";
/// Open files of one process.
const OPEN_FILES: i64 = 4096;
const MIB: i64 = 1024 * 1024;

/// Label of whose container it is.
pub(super) const INSTANCE: &str = "supercargo.instance";
/// Label of which container it is.
pub(super) const NAME: &str = "supercargo.name";

/// Label of whom it serves.
const SESSION: &str = "supercargo.session";

/// A file or folder that a test shows to its containers, read-only: agent CLIs that are too large
/// to be built into an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    host: String,
    container: String,
}

impl Shown {
    /// What the environment of a test says: `HOST=CONTAINER`, a line each. A build that people use
    /// does not look.
    pub(super) fn by_test() -> Vec<Self> {
        let said = if cfg!(debug_assertions) {
            std::env::var("SUPERCARGO_TEST_MOUNTS").unwrap_or_default()
        } else {
            String::new()
        };
        let pairs = said.lines().filter_map(|line| line.split_once('='));
        pairs
            .map(|(host, container)| Self {
                host: host.to_owned(),
                container: container.to_owned(),
            })
            .collect()
    }

    fn mount(&self) -> Mount {
        mount(&self.host, &self.container, true)
    }
}

fn mount(host: &str, container: &str, read_only: bool) -> Mount {
    Mount {
        target: Some(container.to_owned()),
        source: Some(host.to_owned()),
        typ: Some(MountType::BIND),
        read_only: Some(read_only),
        ..Mount::default()
    }
}

/// What a container is made with.
pub(super) struct Wanted<'a> {
    /// The instance that the container belongs to.
    pub(super) instance: &'a str,
    /// Its image.
    pub(super) image: &'a str,
    /// Its door on this host.
    pub(super) door: &'a Path,
    /// Which launch this is.
    pub(super) launch: &'a str,
    /// Its package cache on this host, if it has one.
    pub(super) cache: Option<&'a Path>,
    /// Files that tests show to it, read-only; empty anywhere else.
    pub(super) shown: &'a [Shown],
    /// What it gets of the host.
    pub(super) limits: &'a ContainerLimits,
    /// Processors of this machine.
    pub(super) cpus: usize,
}

fn labels(spec: &StartSpec, instance: &str) -> HashMap<String, String> {
    let mut labels = HashMap::from([
        (INSTANCE.to_owned(), instance.to_owned()),
        (NAME.to_owned(), spec.name.to_string()),
        (SESSION.to_owned(), spec.session.to_string()),
    ]);
    if let Some((feature, epoch)) = &spec.claim {
        labels.insert("supercargo.feature".to_owned(), feature.to_string());
        labels.insert("supercargo.epoch".to_owned(), epoch.to_string());
    }
    labels
}

fn host_config(user: u32, wanted: &Wanted<'_>) -> HostConfig {
    let tmpfs = |mib: u32, mode: &str| {
        format!("rw,exec,nosuid,nodev,size={mib}m,mode={mode},uid={user},gid={user}")
    };
    let limits = wanted.limits;

    let tmp = limits::tmp_mib(limits);
    let memory = i64::from(limits.memory_mib) * MIB;

    // An engine refuses more processors than there are.
    let cpu_milli =
        i64::from(limits.cpu_milli).min(i64::try_from(wanted.cpus).unwrap_or(1).max(1) * 1000);

    HostConfig {
        // The only way out is the door: no interface but loopback, so nothing to filter and nothing
        // to leak through.
        network_mode: Some("none".to_owned()),
        cap_drop: Some(vec!["ALL".to_owned()]),
        privileged: Some(false),
        // A set-uid program gives nothing; the engine's own seccomp profile stays in force because
        // none is named here.
        security_opt: Some(vec!["no-new-privileges".to_owned()]),
        // What is written is in the work folder and goes with the container: fresh context is
        // literal.
        readonly_rootfs: Some(true),
        tmpfs: Some(HashMap::from([
            (WORK.to_owned(), tmpfs(limits.work_mib, "0700")),
            ("/tmp".to_owned(), tmpfs(tmp, "1777")),
        ])),
        mounts: Some(mounts(wanted)),
        memory: Some(memory),
        memory_swap: Some(memory),
        oom_kill_disable: Some(false),
        nano_cpus: Some(cpu_milli * 1_000_000),
        pids_limit: Some(i64::from(limits.pids)),
        shm_size: Some(i64::from(limits::SHARED_MIB) * MIB),
        ulimits: Some(vec![ulimit("nofile", OPEN_FILES), ulimit("core", 0)]),
        ipc_mode: Some("private".to_owned()),
        // The runner is the main process itself: it reaps, and the control voice knows it by its
        // pid.
        init: Some(false),
        // Output goes through the door, once; a second copy in the engine's files would have no
        // bound.
        log_config: Some(HostConfigLogConfig {
            typ: Some("none".to_owned()),
            config: None,
        }),
        // One container is one session: it never starts again.
        restart_policy: Some(RestartPolicy {
            name: Some(RestartPolicyNameEnum::NO),
            maximum_retry_count: None,
        }),
        auto_remove: Some(false),
        ..HostConfig::default()
    }
}

/// The door, the cache of this slot, and what a test shows; nothing else can be asked for.
fn mounts(wanted: &Wanted<'_>) -> Vec<Mount> {
    let door = mount(&wanted.door.display().to_string(), DOOR, true);
    let cache = wanted
        .cache
        .map(|cache| mount(&cache.display().to_string(), CACHE, false));
    [door]
        .into_iter()
        .chain(cache)
        .chain(wanted.shown.iter().map(Shown::mount))
        .collect()
}

fn ulimit(name: &str, limit: i64) -> ResourcesUlimits {
    ResourcesUlimits {
        name: Some(name.to_owned()),
        soft: Some(limit),
        hard: Some(limit),
    }
}

/// The body of the request that makes a session's container.
pub(super) fn create(spec: &StartSpec, wanted: &Wanted<'_>) -> ContainerCreateBody {
    let mut runner = vec![
        "runner",
        "--door",
        DOOR,
        "--berth",
        WORK,
        "--launch",
        wanted.launch,
    ];
    runner.extend(wanted.cache.iter().flat_map(|_| ["--cache", CACHE]));

    body(
        Owner::of(spec.name.n),
        labels(spec, wanted.instance),
        &runner,
        wanted,
    )
}

/// The body of the request that makes a container which only says the runner's version. The folder
/// `binaries` is its door.
pub(super) fn probe(
    instance: &str,
    image: &str,
    binaries: &Path,
    arguments: &[&str],
) -> ContainerCreateBody {
    let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let labels = HashMap::from([
        label(INSTANCE, instance),
        label(NAME, "probe"),
        label(SESSION, "probe"),
    ]);
    let limits = ContainerLimits::default();

    // A program that is shown to sessions is there for a trial as well.
    let shown = Shown::by_test();
    let wanted = Wanted {
        instance,
        image,
        door: binaries,
        launch: "",
        cache: None,
        shown: &shown,
        limits: &limits,
        cpus: 1,
    };

    body(Owner::of(SlotNo(0)), labels, arguments, &wanted)
}

fn body(
    owner: Owner,
    labels: HashMap<String, String>,
    arguments: &[&str],
    wanted: &Wanted<'_>,
) -> ContainerCreateBody {
    let user = owner.uid();

    ContainerCreateBody {
        image: Some(wanted.image.to_owned()),
        user: Some(format!("{user}:{user}")),
        entrypoint: Some(vec![format!("{DOOR}/supercargo")]),
        cmd: Some(arguments.iter().map(|word| (*word).to_owned()).collect()),
        // No secret and no setting of ours: what a session needs comes with its assignment.
        env: Some(vec![format!("HOME={WORK}/home")]),
        working_dir: Some(WORK.to_owned()),
        labels: Some(labels),
        host_config: Some(host_config(user, wanted)),
        ..ContainerCreateBody::default()
    }
}
