//! The same suite on every engine: processes and Docker. A test takes an engine and knows nothing
//! else of it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actors::ports::engine::{ContainerName, Engine, Seen, StartSpec, Status, Trust};
use events::id::{Generation, SessionId, SlotNo};
use events::settings::ContainerLimits;
use supercargo::engine::caches::Caches;
use supercargo::engine::docker::{DockerEngine, image};
use supercargo::engine::door_path;
use supercargo::engine::owner::Owner;
use supercargo::engine::process::{ProcessEngine, Sandbox};

use crate::docker::on_docker;

/// What takes longer is stuck.
const STUCK_AFTER: Duration = Duration::from_secs(60);

pub(crate) struct Bench {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) binary: PathBuf,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("folder");

        for open in [
            folder.path().to_owned(),
            folder.path().join("d"),
            folder.path().join("bin"),
        ] {
            fs_err::create_dir_all(&open).expect("folder");
            fs_err::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o711))
                .expect("open");
        }

        let binary = folder.path().join("bin/supercargo");
        fs_err::copy(env!("CARGO_BIN_EXE_supercargo"), &binary).expect("binary");

        Self { folder, binary }
    }

    /// A start whose door has no sockets: its runner waits for a server.
    pub(crate) fn spec(&self, n: u16, generation: u64) -> StartSpec {
        let session = SessionId::from_bytes([u8::try_from(n).expect("small"); 10]);
        let door = door_path(&self.folder.path().join("d"), &session);
        fs_err::create_dir_all(&door).expect("door");
        Owner::of(SlotNo(n)).give(&door).expect("given");
        if !door.join("supercargo").exists() {
            fs_err::hard_link(&self.binary, door.join("supercargo")).expect("runner");
        }

        let name = ContainerName {
            project: "zoo".parse().expect("name"),
            n: SlotNo(n),
            generation: Generation(generation),
        };

        StartSpec {
            name,
            session,
            claim: None,
            limits: ContainerLimits::default(),
            ours: true,
            trust: Trust::Agent,
        }
    }

    fn process(&self) -> Arc<dyn Engine> {
        self.processes(Sandbox::probe())
    }

    pub(crate) fn processes(&self, sandbox: Sandbox) -> Arc<dyn Engine> {
        let binary = self.binary.clone();
        let engine = ProcessEngine::new(self.folder.path(), binary, sandbox, false);
        Arc::new(engine.expect("engine"))
    }

    pub(crate) fn docker(&self, docker: &bollard::Docker) -> Arc<dyn Engine> {
        let instance = format!(
            "log-{}",
            self.folder
                .path()
                .file_name()
                .expect("name")
                .to_string_lossy()
        );

        Arc::new(DockerEngine::new(
            docker.clone(),
            &instance,
            image::IMAGE,
            self.folder.path().to_owned(),
            self.folder.path().join("d"),
            Caches::of(self.folder.path()),
        ))
    }
}

async fn seen(engine: &Arc<dyn Engine>, name: &ContainerName) -> Option<Seen> {
    engine
        .list()
        .await
        .expect("listed")
        .into_iter()
        .find(|s| s.name == *name)
}

/// Waits for the engine's hints until its list says so.
async fn until(engine: &Arc<dyn Engine>, mut look: impl FnMut(&[Seen]) -> bool) {
    let mut hints = engine.hints();

    let waiting = async {
        loop {
            hints.mark_unchanged();
            if look(&engine.list().await.expect("listed")) {
                return;
            }
            hints.changed().await.expect("the engine lives");
        }
    };
    tokio::time::timeout(STUCK_AFTER, waiting)
        .await
        .expect("the hints never came");
}

/// The whole life of a container. `again` makes another engine over the same containers, as a
/// restarted server does; `told` is the exit code that this one can know of what an earlier one
/// began.
#[expect(clippy::too_many_lines, reason = "a table of cases")]
async fn life(
    bench: &Bench,
    engine: Arc<dyn Engine>,
    again: impl Fn() -> Arc<dyn Engine>,
    told: Option<i32>,
) {
    let (mut one, two) = (bench.spec(1, 1), bench.spec(2, 7));
    one.limits.cache_mib = 64;
    let id = engine.start(&one).await.expect("started");
    assert_eq!(
        engine.start(&one).await.expect("answered"),
        id,
        "a start is exclusive by name: the same container"
    );
    let both = tokio::join!(engine.start(&two), engine.start(&two));
    let started: Vec<String> = [both.0, both.1]
        .into_iter()
        .filter_map(Result::ok)
        .collect();
    let id_of_two = engine.start(&two).await.expect("answered");
    assert!(
        !started.is_empty() && started.iter().all(|id| *id == id_of_two),
        "two starts at once make one container"
    );
    let found = seen(&engine, &one.name).await.expect("listed");
    assert_eq!(
        (found.status, found.engine_id),
        (Status::Running, id.clone())
    );
    assert_eq!(engine.list().await.expect("listed").len(), 2);
    let used = engine
        .used(&one.name)
        .await
        .expect("counted")
        .expect("it runs");
    assert!(
        used.memory_bytes > 64 * 1024 && used.processes > 0,
        "{used:?}"
    );
    let caches = bench.folder.path().join("caches");
    assert!(
        caches.join("zoo/agent/1").is_dir() && !caches.join("zoo/agent/2").exists(),
        "a cache for whom it was asked"
    );
    engine
        .forget_all_but(&BTreeSet::from(["zoo".parse().expect("name")]))
        .await;
    assert!(caches.join("zoo/agent/1").is_dir());
    assert!(
        !engine
            .is_main_process(&one.name, i32::try_from(std::process::id()).expect("pid"))
            .await,
        "we are not it"
    );
    assert!(!engine.is_main_process(&one.name, 0).await);

    // K5 and promise 1: another server over the same engine adopts what runs.
    let adopted = again();
    assert_eq!(
        seen(&adopted, &one.name)
            .await
            .map(|s| (s.status, s.engine_id)),
        Some((Status::Running, id))
    );
    drop(engine);

    adopted.stop(&one.name, 5_000).await.expect("stopped");
    until(&adopted, |all| {
        all.iter()
            .any(|s| s.name == one.name && matches!(s.status, Status::Exited(_)))
    })
    .await;
    let Some(Seen {
        status: Status::Exited(exit),
        ..
    }) = seen(&adopted, &one.name).await
    else {
        panic!("it has ended")
    };
    assert_eq!(
        (exit.code, exit.oom),
        (told, false),
        "the runner ends in order when it is asked to"
    );
    adopted
        .stop(&one.name, 5_000)
        .await
        .expect("stopping what has ended changes nothing");
    adopted.remove(&one.name).await.expect("removed");
    adopted
        .remove(&one.name)
        .await
        .expect("removing what is gone changes nothing");
    adopted
        .stop(&one.name, 0)
        .await
        .expect("stopping what is gone changes nothing");
    assert_eq!(seen(&adopted, &one.name).await, None);

    adopted.stop(&two.name, 0).await.expect("killed");
    until(&adopted, |all| {
        all.iter()
            .any(|s| s.name == two.name && matches!(s.status, Status::Exited(_)))
    })
    .await;
    adopted.remove(&two.name).await.expect("removed");
    assert_eq!(adopted.list().await.expect("listed"), vec![]);
    assert_eq!(adopted.used(&one.name).await.expect("counted"), None);
    adopted.forget_all_but(&BTreeSet::new()).await;
    assert!(!caches.join("zoo").exists());
}

#[test]
fn the_life_of_a_process() {
    supercargo::app::on_system(async {
        let bench = Bench::new();
        // Nothing but the kernel tells an exit code, and it tells it to the parent.
        life(&bench, bench.process(), || bench.process(), None).await;
    });
}

#[test]
fn the_life_of_a_docker_container() {
    on_docker("the life of a container", |docker| async move {
        let bench = Bench::new();
        let again = || bench.docker(&docker);
        life(&bench, bench.docker(&docker), again, Some(0)).await;
    });
}

/// K4: containers of another installation are neither listed nor stopped nor removed, even under
/// the same name.
#[test]
fn other_installations_on_the_same_engine_are_left_alone() {
    on_docker("two installations on one engine", |docker| async move {
        let (mine, theirs) = (Bench::new(), Bench::new());
        let (my_engine, their_engine) = (mine.docker(&docker), theirs.docker(&docker));
        let (my_spec, their_spec) = (mine.spec(1, 1), theirs.spec(1, 1));
        their_engine.start(&their_spec).await.expect("started");
        assert_eq!(my_engine.list().await.expect("listed"), vec![]);
        my_engine
            .start(&my_spec)
            .await
            .expect("the same name, and another container");
        my_engine.stop(&my_spec.name, 0).await.expect("killed");
        my_engine.remove(&my_spec.name).await.expect("removed");
        assert_eq!(
            seen(&their_engine, &their_spec.name)
                .await
                .map(|s| s.status),
            Some(Status::Running)
        );
        their_engine
            .stop(&their_spec.name, 0)
            .await
            .expect("killed");
        their_engine
            .remove(&their_spec.name)
            .await
            .expect("removed");
    });
}

/// What hands did to a container changes nothing about whose it is and that it can be ended: paused
/// and renamed.
#[test]
fn what_was_paused_or_renamed_by_hand_is_ended_all_the_same() {
    on_docker(
        "a container paused and renamed by hand",
        |docker| async move {
            let bench = Bench::new();
            let engine = bench.docker(&docker);
            for pause in [true, false] {
                let spec = bench.spec(1, u64::from(pause) + 1);
                let id = engine.start(&spec).await.expect("started");
                if pause {
                    docker.pause_container(&id).await.expect("paused");
                } else {
                    let options = bollard::query_parameters::RenameContainerOptions {
                        name: format!("other-{}", &id[..12]),
                    };
                    docker
                        .rename_container(&id, options)
                        .await
                        .expect("renamed");
                }
                assert_eq!(
                    seen(&engine, &spec.name)
                        .await
                        .map(|s| (s.status, s.engine_id)),
                    Some((Status::Running, id.clone()))
                );
                assert_eq!(
                    engine.start(&spec).await.expect("answered"),
                    id,
                    "it is not started a second time"
                );
                engine.stop(&spec.name, 1_000).await.expect("stopped");
                until(&engine, |all| {
                    all.iter().all(|s| s.status != Status::Running)
                })
                .await;
                engine.remove(&spec.name).await.expect("removed");
                assert_eq!(engine.list().await.expect("listed"), vec![]);
            }
        },
    );
}

/// An image that is not there is a failure of the start with words; an engine that is not there is
/// no failure of anything.
#[test]
fn a_start_that_cannot_be_says_why() {
    on_docker("a start without an image", |docker| async move {
        let bench = Bench::new();
        let missing = DockerEngine::new(
            docker,
            "log-missing",
            "supercargo-nothing:never",
            bench.folder.path().to_owned(),
            bench.folder.path().join("d"),
            Caches::of(bench.folder.path()),
        );
        let failed = missing
            .start(&bench.spec(1, 1))
            .await
            .expect_err("no image")
            .to_string();
        assert!(
            failed.starts_with("image: ") && failed.contains("supercargo-nothing"),
            "{failed}"
        );
        assert_eq!(missing.list().await.expect("listed"), vec![]);
    });
}
