//! K6: what an inspection of any container of ours has to say. Written from the design, not from
//! the code that makes containers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use bollard::Docker;
use bollard::models::ContainerInspectResponse;
use bollard::query_parameters::EventsOptions;
use futures::StreamExt;
use tokio::task::JoinHandle;

/// Vendors' tools as tests show them to containers.
pub(super) const CLIS: [&str; 3] = ["claude", "codex", "opencode"];

/// Inspects every container of any installation at its creation, until the end of a test.
pub(super) struct Watch {
    found: Arc<Mutex<Vec<Result<(), String>>>>,
    task: JoinHandle<()>,
}

impl Watch {
    pub(super) async fn begin(docker: &Docker) -> Self {
        let found: Arc<Mutex<Vec<Result<(), String>>>> = Arc::default();
        let (docker, seen) = (docker.clone(), found.clone());
        let (listening, ready) = tokio::sync::oneshot::channel();
        let task = tokio::spawn(async move {
            let filters = HashMap::from([
                ("event".to_owned(), vec!["create".to_owned()]),
                ("label".to_owned(), vec!["supercargo.instance".to_owned()]),
            ]);
            let mut events = docker.events(Some(EventsOptions {
                filters: Some(filters),
                ..EventsOptions::default()
            }));
            listening.send(()).expect("the test waits");
            while let Some(Ok(event)) = events.next().await {
                let id = event.actor.and_then(|actor| actor.id).unwrap_or_default();
                let inspected = docker.inspect_container(&id, None).await;
                // A container that was removed within a moment has nothing left to say.
                let Ok(inspected) = inspected else { continue };
                seen.lock().expect("found").push(judge(&inspected));
            }
        });
        ready.await.expect("listening");

        Self { found, task }
    }

    pub(super) async fn end(self) {
        self.task.abort();
        let found = self.found.lock().expect("found");
        let breaches: Vec<&String> = found
            .iter()
            .filter_map(|judged| judged.as_ref().err())
            .collect();
        assert!(breaches.is_empty(), "K6: {breaches:#?}");
    }
}

/// Everything that the contract asks of a container.
#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub(crate) fn judge(container: &ContainerInspectResponse) -> Result<(), String> {
    let host = container.host_config.clone().unwrap_or_default();
    let config = container.config.clone().unwrap_or_default();
    let name = container.name.clone().unwrap_or_default();
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let list = |value: &Option<Vec<String>>| value.clone().unwrap_or_default();
    let labels = config.labels.clone().unwrap_or_default();
    let mounts = container.mounts.clone().unwrap_or_default();
    let user = text(&config.user);
    let uid: u32 = user
        .split(':')
        .next()
        .unwrap_or_default()
        .parse()
        .unwrap_or(0);
    let ulimits = host.ulimits.clone().unwrap_or_default();
    let nofile = ulimits
        .iter()
        .any(|u| u.name.as_deref() == Some("nofile") && u.hard.is_some_and(|n| n <= 4096));
    let is_door = |m: &bollard::models::MountPoint| {
        m.typ.as_deref() == Some("bind")
            && m.rw == Some(false)
            && m.destination.as_deref() == Some("/door")
    };

    // The package cache of one slot, where the project keeps any.
    let is_cache = |m: &bollard::models::MountPoint| {
        let own = |path: &str| {
            path.contains("/caches/")
                && (path.contains("/agent/") || path.contains("/verification/"))
        };
        m.typ.as_deref() == Some("bind")
            && m.destination.as_deref() == Some("/cache")
            && m.source.as_deref().is_some_and(own)
    };

    // Agent CLIs that tests bring along; nothing else.
    let is_shown = |m: &bollard::models::MountPoint| {
        let cli = |path: &str| {
            path.strip_prefix("/usr/local/bin/")
                .is_some_and(|name| CLIS.contains(&name))
        };
        m.typ.as_deref() == Some("bind")
            && m.rw == Some(false)
            && m.destination.as_deref().is_some_and(cli)
    };
    let tmpfs = host.tmpfs.clone().unwrap_or_default();
    let bounded = |path: &str| {
        tmpfs
            .get(path)
            .is_some_and(|options| options.contains("size=") && options.contains("nosuid"))
    };
    let secret = |line: &String| {
        ["KEY", "TOKEN", "SECRET", "PASSWORD"]
            .iter()
            .any(|word| line.to_uppercase().contains(word))
    };
    let rules = [
        ("no network", text(&host.network_mode) == "none"),
        (
            "no port",
            host.port_bindings.clone().unwrap_or_default().is_empty(),
        ),
        (
            "every capability dropped",
            list(&host.cap_drop) == ["ALL"] && list(&host.cap_add).is_empty(),
        ),
        ("not privileged", host.privileged != Some(true)),
        (
            "no new privileges, default seccomp",
            list(&host.security_opt) == ["no-new-privileges"],
        ),
        ("read-only root", host.readonly_rootfs == Some(true)),
        ("a user that is not root", uid > 0),
        (
            "memory bounded, no swap beyond it",
            host.memory.is_some_and(|m| m > 0) && host.memory_swap == host.memory,
        ),
        ("processors bounded", host.nano_cpus.is_some_and(|n| n > 0)),
        ("processes bounded", host.pids_limit.is_some_and(|n| n > 0)),
        ("open files bounded", nofile),
        (
            "no log of the engine's own",
            host.log_config
                .as_ref()
                .is_some_and(|log| log.typ.as_deref() == Some("none")),
        ),
        (
            "the door, one cache and what a test shows are the only mounts, all but the cache \
             read-only",
            mounts.iter().filter(|m| is_door(m)).count() == 1
                && mounts.iter().filter(|m| is_cache(m)).count() <= 1
                && mounts
                    .iter()
                    .all(|m| is_door(m) || is_cache(m) || is_shown(m)),
        ),
        (
            "a bounded work folder",
            bounded("/work") && bounded("/tmp") && tmpfs.len() == 2,
        ),
        (
            "no device",
            host.devices.clone().unwrap_or_default().is_empty(),
        ),
        ("own ipc", text(&host.ipc_mode) == "private"),
        ("own processes", text(&host.pid_mode).is_empty()),
        (
            "never started again",
            host.restart_policy
                .and_then(|p| p.maximum_retry_count)
                .unwrap_or(0)
                == 0,
        ),
        (
            "the runner is the main process",
            list(&config.entrypoint) == ["/door/supercargo"] && host.init != Some(true),
        ),
        (
            "no secret in the environment",
            !list(&config.env).iter().any(secret),
        ),
        (
            "labels of whose it is",
            [
                "supercargo.instance",
                "supercargo.name",
                "supercargo.session",
            ]
            .iter()
            .all(|l| labels.contains_key(*l)),
        ),
    ];

    let broken: Vec<&str> = rules
        .iter()
        .filter(|(_, holds)| !holds)
        .map(|(rule, _)| *rule)
        .collect();
    if broken.is_empty() {
        Ok(())
    } else {
        Err(format!("{name}: {}", broken.join("; ")))
    }
}
