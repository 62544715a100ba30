//! The runner is tried in an image before the fleet trusts it.

use std::os::unix::fs::PermissionsExt;

use supercargo::engine::docker::image::IMAGE;
use supercargo::engine::docker::probe::runner_works;

use super::on_docker;

#[test]
fn a_runner_that_does_not_work_in_the_image_is_refused_with_what_it_said() {
    on_docker("the runner tried in an image", |docker| async move {
        let folder = tempfile::tempdir().expect("folder");
        fs_err::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))
            .expect("open to all");
        let runner = folder.path().join("supercargo");
        fs_err::copy(env!("CARGO_BIN_EXE_supercargo"), &runner).expect("copied");
        runner_works(&docker, "log-probe", IMAGE, folder.path())
            .await
            .expect("it works");
        runner_works(&docker, "log-probe", IMAGE, folder.path())
            .await
            .expect("nothing of the first is in the way");

        let broken = [
            (
                "#!/bin/sh\necho version GLIBC_9.9 not found >&2; exit 1\n",
                "exit code 1 and said \"version GLIBC_9.9 not found\"",
            ),
            ("#!/bin/sh\nexit 0\n", "exit code 0 and said \"\""),
            ("#!/nowhere\n", "no such file or directory"),
        ];
        for (program, words) in broken {
            fs_err::write(&runner, program).expect("written");
            let refused = runner_works(&docker, "log-probe", IMAGE, folder.path())
                .await
                .expect_err("refused");
            let said = format!("{refused:#}");
            assert!(said.contains(words) && said.contains(IMAGE), "{said}");
        }
        let nothing = runner_works(&docker, "log-probe", "no-such-image:1", folder.path())
            .await
            .expect_err("refused");
        assert!(
            format!("{nothing:#}").contains("no-such-image:1"),
            "{nothing:#}"
        );
    });
}
