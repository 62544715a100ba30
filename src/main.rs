//! Reads the command line, runs it, and answers its exit code.

use std::path::Path;

use clap::Parser;

fn main() -> std::process::ExitCode {
    // Under this name it is the tool that agents know from Beads.
    let called = std::env::args_os().next().unwrap_or_default();
    if Path::new(&called)
        .file_name()
        .is_some_and(|name| name == "bd")
    {
        return supercargo::cli::bd(supercargo::agent::bd::Bd::parse());
    }
    supercargo::cli::run(supercargo::cli::Cli::parse())
}
