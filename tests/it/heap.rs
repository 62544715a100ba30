//! The heap of a server: one for all its threads, unless the operator says otherwise.

use std::ffi::OsStr;

use crate::binary::{Serving, supercargo};

/// The variable as a running server has it.
fn tunables(given: Option<&OsStr>) -> String {
    let folder = tempfile::tempdir().expect("folder");
    let data = folder.path().join("data");
    let mut serve = supercargo(&["serve", "--listen", "127.0.0.1:0"], &data);
    match given {
        Some(given) => serve.env("GLIBC_TUNABLES", given),
        None => serve.env_remove("GLIBC_TUNABLES"),
    };
    let server = Serving::start(serve);
    let environment = fs_err::read(format!("/proc/{}/environ", server.id())).expect("environ");

    let all = String::from_utf8_lossy(&environment).into_owned();
    let found = all
        .split('\0')
        .find(|one| one.starts_with("GLIBC_TUNABLES="));
    found.unwrap_or_default().to_owned()
}

#[test]
#[cfg(target_env = "gnu")]
fn a_server_has_one_heap_for_all_its_threads() {
    assert!(tunables(None).contains("glibc.malloc.arena_max=1"));
    let own = "glibc.malloc.arena_max=3";
    assert_eq!(
        tunables(Some(OsStr::new(own))),
        format!("GLIBC_TUNABLES={own}")
    );
}
