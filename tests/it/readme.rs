//! README's five minutes, typed as they are printed, with each engine: from an empty repository and
//! a spec to a merge.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::binary::Serving;
use crate::newcomer::Newcomer;
use crate::world::stub::git;

const README: &str = include_str!("../../README.md");
const SECTION: &str = "## Five minutes to a fleet";

/// The blocks of commands in the section, without its last line, which never ends.
fn blocks() -> [String; 2] {
    let (_, section) = README.split_once(SECTION).expect("the section");
    let mut blocks = vec![];
    for part in section.split("\n\n") {
        let lines = part.trim_start_matches('\n').lines();
        let commands: Option<Vec<&str>> = lines.map(|line| line.strip_prefix("    ")).collect();
        blocks.extend(commands.filter(|lines| !lines.is_empty()));
    }
    let (last, fleet) = blocks[1].split_last().expect("commands");
    assert_eq!(*last, "supercargo log tail --follow");
    [blocks[0].join("\n"), fleet.join("\n")]
}

/// A shell with a home of its own, in the folder of the project, that types these lines.
fn types(me: &Newcomer, lines: &str, engine: &str) -> Command {
    let binary = Path::new(env!("CARGO_BIN_EXE_supercargo"));
    let folder = binary.parent().expect("its folder").display();

    // The build and the data folder are the test's.
    let lines = lines
        .replace("$PWD/target/debug", &folder.to_string())
        .replace("~/supercargo", "$HOME/../data");
    let mut shell = Command::new("bash");

    shell
        .args(["-ec", &lines])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("HOME", home(me))
        .env("SUPERCARGO_ENGINE", engine)
        .env("SUPERCARGO_LISTEN", "127.0.0.1:0");
    shell
}

fn home(me: &Newcomer) -> PathBuf {
    me.folder.path().join("home")
}

fn as_printed(engine: &str) {
    let me = Newcomer::new();
    fs_err::create_dir(home(&me)).expect("a home");
    let [server, fleet] = blocks();

    // The shell gives its place to the server, so that a signal reaches it; machines without
    // bubblewrap run this test too.
    let serve = "exec supercargo serve --allow-unisolated";
    let server = server.replace("supercargo serve", serve);
    let server = Serving::start(types(&me, &server, engine));
    let typed = types(&me, &fleet, engine).output().expect("typed");
    let said = String::from_utf8_lossy(&typed.stderr);
    assert!(typed.status.success(), "{said}");

    me.follow_until("feature.closed");
    me.stop_all();
    server.stop();
    me.ok(&["log", "audit"]);
    let upstream = home(&me).join("zoo.git");
    let written = git(&upstream, &["ls-tree", "--name-only", "main", "features/"]).expect("read");
    assert!(written.contains(".md"), "nothing was merged: {written}");
}

#[test]
fn five_minutes_as_printed_end_in_a_merge_with_processes() {
    as_printed("process");
}

#[test]
fn five_minutes_as_printed_end_in_a_merge_with_docker() {
    crate::docker::on_docker("README as printed", |_| async {
        as_printed("docker");
    });
}
