//! T37, K4: two installations on one engine, both reaping what is left over, and somebody else's
//! container beside them that has a name like ours: each builds its own demo, and nothing foreign
//! is touched.

use bollard::models::ContainerCreateBody;
use bollard::query_parameters::{CreateContainerOptions, RemoveContainerOptions};
use nix::sys::signal::Signal;
use supercargo::engine::docker::image::IMAGE;

use super::on_docker;
use crate::binary::{signal, supercargo, wait};
use crate::trial::is_built_as_the_log_says;

#[test]
fn two_installations_share_an_engine() {
    on_docker("two installations on one engine", |docker| async move {
        let name = format!("supercargo-demo-1-1.foreign{}", std::process::id());
        let options = CreateContainerOptions {
            name: Some(name.clone()),
            ..CreateContainerOptions::default()
        };
        let body = ContainerCreateBody {
            image: Some(IMAGE.to_owned()),
            cmd: Some(vec!["sleep".to_owned(), "600".to_owned()]),
            ..ContainerCreateBody::default()
        };
        docker
            .create_container(Some(options), body)
            .await
            .expect("made");
        docker.start_container(&name, None).await.expect("started");

        let folders = [
            tempfile::tempdir().expect("folder"),
            tempfile::tempdir().expect("folder"),
        ];
        let demo = |folder: &tempfile::TempDir| {
            let mut demo = supercargo(
                &[
                    "try",
                    "--agents",
                    "2",
                    "--features",
                    "4",
                    "--exit-when-done",
                ],
                folder.path(),
            );
            demo.env("SUPERCARGO_ENGINE", "docker")
                .stdout(std::process::Stdio::null())
                .spawn()
                .expect("started")
        };
        let first = demo(&folders[0]);
        let second = demo(&folders[1]);
        // One of them is killed in the middle, and reaps at its next start while the other one
        // works.
        while fs_err::read_dir(folders[0].path().join("transcripts")).map_or(0, Iterator::count) < 3
        {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        signal(&first, Signal::SIGKILL);
        wait(first);
        assert_eq!(wait(demo(&folders[0])), Some(0), "the killed one went on");
        assert_eq!(wait(second), Some(0), "the other one was not disturbed");
        folders
            .iter()
            .for_each(|folder| is_built_as_the_log_says(folder.path(), 4));

        let foreign = docker
            .inspect_container(&name, None)
            .await
            .expect("still there");
        assert_eq!(
            foreign.state.and_then(|state| state.running),
            Some(true),
            "somebody else's container is not ours to touch"
        );
        let options = RemoveContainerOptions {
            force: true,
            ..RemoveContainerOptions::default()
        };
        docker
            .remove_container(&name, Some(options))
            .await
            .expect("removed");
    });
}
