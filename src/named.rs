//! Errors of the system that say what they were about. The system itself says "Permission denied"
//! and "Address already in use"; files are named by `fs_err`, and here is what it has not: folders
//! with a mode, sockets, programs, and calls on open descriptors.

use std::fmt::Display;
use std::io::Error;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Output;

/// Names what was tried in an error of the system; its kind stays.
pub fn about<E: Into<Error>>(what: impl Display) -> impl FnOnce(E) -> Error {
    move |error| {
        let error = error.into();
        Error::new(error.kind(), format!("{what}: {error}"))
    }
}

/// Makes one folder with this mode, less what the umask takes.
#[expect(
    clippy::disallowed_methods,
    reason = "fs_err has no folders that are made with a mode"
)]
pub fn make_folder(path: &Path, mode: u32) -> std::io::Result<()> {
    let made = std::fs::DirBuilder::new().mode(mode).create(path);
    made.map_err(about(format_args!("making the folder {}", path.display())))
}

/// The same, with the folders above it.
#[expect(
    clippy::disallowed_methods,
    reason = "fs_err has no folders that are made with a mode"
)]
pub fn make_folders(path: &Path, mode: u32) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    let made = builder.recursive(true).mode(mode).create(path);
    made.map_err(about(format_args!("making the folder {}", path.display())))
}

/// Listens on a socket file.
pub fn listen_at(path: &Path) -> std::io::Result<UnixListener> {
    UnixListener::bind(path).map_err(about(format_args!("listening on {}", path.display())))
}

/// Listens on a port.
pub fn listen_on(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).map_err(about(format_args!("listening on {address}")))
}

/// Starts a program.
pub fn spawn(command: &mut tokio::process::Command) -> std::io::Result<tokio::process::Child> {
    let started = command.spawn();
    started.map_err(|error| not_started(command.as_std(), error))
}

/// Runs a program to its end.
pub async fn output(command: &mut tokio::process::Command) -> std::io::Result<Output> {
    let ended = command.output().await;
    ended.map_err(|error| not_started(command.as_std(), error))
}

/// The same, for whoever may wait.
pub fn ended(command: &mut std::process::Command) -> std::io::Result<Output> {
    let ended = command.output();
    ended.map_err(|error| not_started(command, error))
}

/// A folder that is not there reads like a program that is not there: both are named.
fn not_started(command: &std::process::Command, error: Error) -> Error {
    let program = command.get_program().display();
    match command.get_current_dir() {
        Some(folder) => about(format_args!("starting {program} in {}", folder.display()))(error),
        None => about(format_args!("starting {program}"))(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind;

    /// What is not to be had is named, and what kind of error it is stays known.
    fn named<T>(tried: std::io::Result<T>, kind: ErrorKind, what: &str) {
        let error = tried.err().expect("refused");
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(what), "{error}: {what}");
    }

    #[test]
    fn a_file_in_the_place_of_a_folder_is_named() {
        let folder = tempfile::tempdir().expect("folder");
        let taken = folder.path().join("taken");
        fs_err::write(&taken, b"").expect("file");
        let (below, what) = (taken.join("below"), taken.display().to_string());
        let kind = ErrorKind::NotADirectory;
        named(make_folder(&below, 0o700), kind, &what);
        named(make_folders(&below, 0o700), kind, &what);
        named(fs_err::write(&below, b""), kind, &what);
        named(fs_err::read(&below), kind, &what);
        named(crate::foreign::read(&below, 1), kind, &what);
        named(crate::foreign::write(&below, b""), kind, &what);
        named(crate::foreign::empty(&taken), kind, &what);
        named(listen_at(&below), kind, &what);

        named(make_folder(&taken, 0o700), ErrorKind::AlreadyExists, &what);
    }

    #[test]
    fn a_port_and_a_socket_in_use_are_named() {
        let first = listen_on(([127, 0, 0, 1], 0).into()).expect("a free port");
        let address = first.local_addr().expect("its address");
        let again = listen_on(address);
        named(again, ErrorKind::AddrInUse, &address.to_string());

        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("socket");
        let _first = listen_at(&path).expect("a free path");
        let what = path.display().to_string();
        named(listen_at(&path), ErrorKind::AddrInUse, &what);
    }

    #[actix_web::test]
    async fn a_program_that_is_not_there_is_named_with_its_folder() {
        let folder = tempfile::tempdir().expect("folder");
        let mut git = tokio::process::Command::new("/nowhere/git");
        let kind = ErrorKind::NotFound;
        named(spawn(&mut git), kind, "/nowhere/git");
        named(output(&mut git).await, kind, "/nowhere/git");
        let gone = folder.path().join("gone");
        let mut sh = tokio::process::Command::new("sh");
        sh.current_dir(&gone);
        named(spawn(&mut sh), kind, &gone.display().to_string());
    }
}
