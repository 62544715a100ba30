//! Reads the command line, runs it, and answers its exit code.

use clap::Parser;

fn main() -> std::process::ExitCode {
    supercargo::cli::run(supercargo::cli::Cli::parse())
}
