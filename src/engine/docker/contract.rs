//! The hardening of every container: one place, every line with its reason. Settings may tighten it later; nothing here can be
//! loosened by configuration, and a privileged container, the host's network or the engine's socket cannot be expressed.

use std::collections::HashMap;
use std::path::Path;

use actors::ports::engine::StartSpec;
use bollard::models::{
    ContainerCreateBody, HostConfig, HostConfigLogConfig, Mount, MountType, ResourcesUlimits, RestartPolicy,
    RestartPolicyNameEnum,
};
use events::id::BerthNo;

use crate::engine::owner::Owner;

/// Where a container sees its door; the runner lies in it.
pub(super) const DOOR: &str = "/door";
/// Where a container works.
const WORK: &str = "/work";
/// Memory of a container, the work folder included, and no swap beyond it: an agent, its tools and a build of a mid-sized project.
const MEMORY: i64 = 4 * 1024 * 1024 * 1024;
/// Size of the work folder. It lies in memory, so it is bounded by the kernel and gone with the container.
const WORK_SIZE: &str = "2g";
/// Size of `/tmp`.
const TMP_SIZE: &str = "512m";
/// Processes and threads: enough for a parallel build, too few for a fork bomb to matter.
const PIDS: i64 = 1024;
/// Processors of one container, unless the machine has fewer.
const CPUS: i64 = 2;
/// Open files of one process.
const OPEN_FILES: i64 = 4096;
/// Shared memory: browsers in tests need some.
const SHM: i64 = 128 * 1024 * 1024;

/// Label of whose container it is.
pub(super) const INSTANCE: &str = "supercargo.instance";
/// Label of which container it is.
pub(super) const NAME: &str = "supercargo.name";

/// Label of whom it serves.
const SESSION: &str = "supercargo.session";

/// What a container is made with.
pub(super) struct Wanted<'a> {
    /// Whose it is.
    pub(super) instance: &'a str,
    /// Its image.
    pub(super) image: &'a str,
    /// Its door on this host.
    pub(super) door: &'a Path,
    /// Which launch this is.
    pub(super) launch: &'a str,
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
    let tmpfs = |size: &str, mode: &str| format!("rw,exec,nosuid,nodev,size={size},mode={mode},uid={user},gid={user}");
    let cpus = i64::try_from(wanted.cpus).unwrap_or(CPUS).clamp(1, CPUS);
    HostConfig {
        // The only way out is the door: no interface but loopback, so nothing to filter and nothing to leak through.
        network_mode: Some("none".to_owned()),
        cap_drop: Some(vec!["ALL".to_owned()]),
        privileged: Some(false),
        // A set-uid program gives nothing; the engine's own seccomp profile stays in force because none is named here.
        security_opt: Some(vec!["no-new-privileges".to_owned()]),
        // What is written is in the work folder and goes with the container: fresh context is literal.
        readonly_rootfs: Some(true),
        tmpfs: Some(HashMap::from([(WORK.to_owned(), tmpfs(WORK_SIZE, "0700")), ("/tmp".to_owned(), tmpfs(TMP_SIZE, "1777"))])),
        mounts: Some(vec![Mount {
            target: Some(DOOR.to_owned()),
            source: Some(wanted.door.display().to_string()),
            typ: Some(MountType::BIND),
            read_only: Some(true),
            ..Mount::default()
        }]),
        memory: Some(MEMORY),
        memory_swap: Some(MEMORY),
        oom_kill_disable: Some(false),
        nano_cpus: Some(cpus * 1_000_000_000),
        pids_limit: Some(PIDS),
        shm_size: Some(SHM),
        ulimits: Some(vec![ulimit("nofile", OPEN_FILES), ulimit("core", 0)]),
        ipc_mode: Some("private".to_owned()),
        // The runner is the main process itself: it reaps, and the control voice knows it by its pid.
        init: Some(false),
        // Output goes through the door, once; a second copy in the engine's files would have no bound.
        log_config: Some(HostConfigLogConfig { typ: Some("none".to_owned()), config: None }),
        // One container is one session: it never starts again.
        restart_policy: Some(RestartPolicy { name: Some(RestartPolicyNameEnum::NO), maximum_retry_count: None }),
        auto_remove: Some(false),
        ..HostConfig::default()
    }
}

fn ulimit(name: &str, limit: i64) -> ResourcesUlimits {
    ResourcesUlimits { name: Some(name.to_owned()), soft: Some(limit), hard: Some(limit) }
}

/// The body of the request that makes a session's container.
pub(super) fn create(spec: &StartSpec, wanted: &Wanted<'_>) -> ContainerCreateBody {
    let runner = ["runner", "--door", DOOR, "--berth", WORK, "--launch", wanted.launch];
    body(Owner::of(spec.name.n), labels(spec, wanted.instance), &runner, wanted)
}

/// The body of the request that makes a container which only says the runner's version. The folder `binaries` is its door.
pub(super) fn probe(instance: &str, image: &str, binaries: &Path) -> ContainerCreateBody {
    let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let labels = HashMap::from([label(INSTANCE, instance), label(NAME, "probe"), label(SESSION, "probe")]);
    let wanted = Wanted { instance, image, door: binaries, launch: "", cpus: 1 };
    body(Owner::of(BerthNo(0)), labels, &["--version"], &wanted)
}

fn body(owner: Owner, labels: HashMap<String, String>, arguments: &[&str], wanted: &Wanted<'_>) -> ContainerCreateBody {
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
