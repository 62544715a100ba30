//! Tests on a real Docker engine. Without one they are skipped, which `.ci/run` reports in its
//! closing lines; with one, every container that any of them makes is inspected and held against
//! the hardening of the design (K6).

mod by_hand;
pub(crate) mod contract;
mod ends;
mod fleet;
mod own_image;
mod probe;
mod two;

use std::io::Write;

use bollard::Docker;
use supercargo::engine::docker::image::{BASE, IMAGE, IMPORTED_BASE, Stage, build, first_of, has};

/// Where skipped tests are written down, one line each; `.ci/run` prints the file.
const SKIPPED: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/skipped");

/// The engine with the agent image ready, or why there is none.
async fn ready() -> Result<Docker, String> {
    let docker = supercargo::engine::docker::connect()
        .await
        .map_err(|e| e.to_string())?;
    let words = |e: anyhow::Error| format!("{e:#}");
    if !has(&docker, IMAGE).await.map_err(words)? {
        let base = first_of(&docker, &[BASE, IMPORTED_BASE])
            .await
            .map_err(words)?;
        let base = base.ok_or("the engine has no base image; docker/import-base makes one")?;
        build(&docker, Stage::Light, base, IMAGE, |_| ())
            .await
            .map_err(words)?;
    }

    Ok(docker)
}

/// Runs a test on the engine of this machine, or skips it loudly.
pub(crate) fn on_docker<F: Future<Output = ()>>(test: &str, run: impl FnOnce(Docker) -> F) {
    supercargo::app::on_system(async {
        match ready().await {
            Ok(docker) => {
                let watch = contract::Watch::begin(&docker).await;
                run(docker).await;
                watch.end().await;
            }
            Err(why) => skip(test, &why),
        }
    });
}

/// Writes down that a test was skipped, and why.
pub(crate) fn skip(test: &str, why: &str) {
    eprintln!("SKIPPED {test}: {why}");
    let mut file = fs_err::File::options()
        .create(true)
        .append(true)
        .open(SKIPPED)
        .expect("the list of skipped tests");
    writeln!(file, "{test}: {why}").expect("the list of skipped tests");
}
