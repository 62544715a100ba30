//! What runs containers on this machine: the sandbox of processes, Docker, its runc, and the images.

use super::{Check, Verdict, good, lacking};
use crate::engine::docker::{self, image};
use crate::engine::process::Sandbox;

pub(super) fn sandbox() -> Check {
    match Sandbox::probe() {
        Sandbox::Bubblewrap => good(
            "sandbox",
            "bubblewrap works, for containers that are processes",
        ),
        Sandbox::Plain => lacking(
            "sandbox",
            Verdict::Poor,
            "bubblewrap does not work here",
            "install bubblewrap, or use Docker",
        ),
    }
}

/// What to do about an engine that does not answer: one that is there and hears others is not to be
/// started.
fn remedy_for_docker() -> &'static str {
    let named = std::env::var("DOCKER_HOST").unwrap_or_default();
    let socket = match named.strip_prefix("unix://") {
        Some(path) => path,
        None if named.is_empty() => "/var/run/docker.sock",
        None => return "look at DOCKER_HOST, or run fleets with --engine process",
    };

    match std::os::unix::net::UnixStream::connect(socket) {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            "it runs, and its socket is not yours to use: have your user put into its group \
             (`usermod -aG docker USER`, then sign in anew), or run fleets with --engine process"
        }
        _ => "start Docker, or run fleets with --engine process",
    }
}

pub(super) async fn engine() -> Vec<Check> {
    let docker = match docker::connect().await {
        Ok(docker) => docker,
        Err(error) => {
            return vec![lacking(
                "docker",
                Verdict::Poor,
                error.to_string(),
                remedy_for_docker(),
            )];
        }
    };
    let mut found = "it answers".to_owned();
    if let Ok(engine) = docker.version().await
        && let (Some(version), Some(api)) = (engine.version, engine.api_version)
    {
        found = format!("{version}, API {api}");
    }
    let mut checks = vec![good("docker", found)];
    checks.push(runc(&docker).await);
    checks.push(match image::has(&docker, image::FULL).await {
        Ok(true) => good("agents", image::FULL),
        _ => lacking(
            "agents",
            Verdict::Poor,
            format!(
                "{} is not there: the CLIs of vendors do not run",
                image::FULL
            ),
            "supercargo image build --full",
        ),
    });
    checks.push(match image::has(&docker, image::IMAGE).await {
        Ok(true) => good("image", image::IMAGE),
        Ok(false) => lacking(
            "image",
            Verdict::Poor,
            format!("{} is not there", image::IMAGE),
            "supercargo image build",
        ),
        Err(error) => lacking(
            "image",
            Verdict::Poor,
            format!("{error:#}"),
            "supercargo image build",
        ),
    });

    checks
}

/// What starts the containers, held against its known holes. A distribution may have mended an
/// older number: the advice says what to look for.
async fn runc(docker: &bollard::Docker) -> Check {
    let components = match docker.version().await {
        Ok(engine) => engine.components.unwrap_or_default(),
        Err(_) => Vec::new(),
    };
    let mut components = components.into_iter();

    let Some(runc) = components.find(|component| component.name == "runc") else {
        return lacking(
            "runc",
            Verdict::Poor,
            "the engine does not name it",
            "look up its version by hand",
        );
    };

    match holes(&runc.version) {
        None => good("runc", runc.version),
        Some(advice) => lacking("runc", Verdict::Poor, runc.version, advice),
    }
}

/// What is known against this version of runc. Source: the advisories of the project; mended in
/// 1.1.12, and in 1.2.8, 1.3.3 and 1.4.0.
fn holes(version: &str) -> Option<&'static str> {
    let number = |part: &str| {
        let digits = part.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse::<u32>().ok()
    };
    let mut parts = version.split('.').map(number);

    let (major, minor, patch) = (
        parts.next().flatten()?,
        parts.next().flatten()?,
        parts.next().flatten().unwrap_or(0),
    );
    if (major, minor, patch) < (1, 1, 12) {
        return Some(
            "a container may leave it (CVE-2024-21626): unless your distribution mended it, take \
             1.2.8 or newer",
        );
    }

    let is_mended = match (major, minor) {
        (1, 0 | 1) => false,
        (1, 2) => patch >= 8,
        (1, 3) => patch >= 3,
        _ => true,
    };

    if is_mended {
        return None;
    }
    Some(
        "mounts may be redirected (CVE-2025-31133, -52565, -52881): unless your distribution \
         mended it, take 1.2.8, 1.3.3 or newer",
    )
}

#[cfg(test)]
mod tests {
    use super::holes;

    #[test]
    fn versions_with_known_holes_are_told_from_those_without() {
        let table = [
            ("1.1.5+ds1", Some("CVE-2024-21626")),
            ("1.1.12", Some("CVE-2025-31133")),
            ("1.2.7", Some("CVE-2025-31133")),
            ("1.2.8", None),
            ("1.3.2", Some("CVE-2025-31133")),
            ("1.3.3", None),
            ("1.4.0-rc.3", None),
            ("2.0.0", None),
            ("unknown", None),
        ];

        for (version, hole) in table {
            match (holes(version), hole) {
                (None, None) => {}
                (Some(said), Some(hole)) => assert!(said.contains(hole), "{version}: {said}"),
                (said, _) => panic!("{version}: {said:?}"),
            }
        }
    }
}
