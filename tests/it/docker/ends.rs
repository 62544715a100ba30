//! An end is seen when the engine tells it: its list is behind its events, and nothing may be
//! waited for that was told already.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use actors::ports::engine::{ContainerName, Engine, StartSpec, Status, Trust};
use events::id::{Generation, SessionId, SlotNo};
use events::settings::ContainerLimits;
use supercargo::engine::caches::Caches;
use supercargo::engine::docker::DockerEngine;
use supercargo::engine::docker::image::IMAGE;

use super::on_docker;

/// Without a hint for so long none will come; a bound of the test, never a measurement.
const NO_HINT: Duration = Duration::from_secs(8);

#[test]
fn an_end_that_was_told_is_seen_without_another_word() {
    on_docker("ends of containers", |docker| async move {
        let folder = tempfile::tempdir().expect("folder");
        let instance = format!("log-ends-{}", std::process::id());
        let engine = DockerEngine::new(
            docker,
            &instance,
            IMAGE,
            folder.path().to_owned(),
            folder.path().to_owned(),
            Caches::of(folder.path()),
        );
        for n in 1..=12 {
            let session = SessionId::from_bytes([n; 10]);
            let door = folder.path().join(session.as_str());
            fs_err::create_dir(&door).expect("door");
            fs_err::write(door.join("supercargo"), "#!/bin/sh\nsleep 0.1\nexit 7\n")
                .expect("a runner");
            for path in [folder.path(), &door, &door.join("supercargo")] {
                fs_err::set_permissions(path, std::fs::Permissions::from_mode(0o755))
                    .expect("open to all");
            }
            let name = ContainerName {
                project: "zoo".parse().expect("name"),
                n: SlotNo(1),
                generation: Generation(n.into()),
            };
            let spec = StartSpec {
                name: name.clone(),
                session,
                claim: None,
                limits: ContainerLimits::default(),
                ours: true,
                trust: Trust::Agent,
            };
            let mut hints = engine.hints();
            engine.start(&spec).await.expect("started");
            loop {
                hints.mark_unchanged();
                let seen = engine.list().await.expect("listed");
                let status = &seen
                    .iter()
                    .find(|seen| seen.name == name)
                    .expect("there")
                    .status;
                if let Status::Exited(exit) = status {
                    assert_eq!(exit.code, Some(7));
                    break;
                }
                tokio::time::timeout(NO_HINT, hints.changed())
                    .await
                    .expect("a hint")
                    .expect("an engine");
            }
            engine.remove(&name).await.expect("removed");
        }
    });
}
