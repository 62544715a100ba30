//! Memory of the server over thousands of sessions: everything that belongs to a session ends with
//! it.
//!
//! One server runs a project whose features are one file each, a wave of them at a time; every
//! feature takes a coder, a reviewer and a verification. After each wave the resident memory stands
//! beside the number of sessions. The run fails when it is not flat: ten percent up or down after
//! the first two hundred sessions.
//!
//! `cargo bench --bench sessions [-- SESSIONS]` (5000 without a number)

#[path = "../ledger/figures.rs"]
mod figures;
#[path = "../ledger/record.rs"]
mod record;

mod server;

use std::process::ExitCode;

use record::Better;
use server::Server;

/// Sessions of a run that names none.
const SESSIONS: usize = 5_000;
/// What comes before is the start: threads, caches and connections are made as they are first
/// needed.
const START: usize = 200;
/// How far memory may go from where it was after the start.
const FLAT: f64 = 0.10;

/// Resident memory after so many sessions.
struct Sample {
    sessions: usize,
    mib: f64,
}

fn main() -> ExitCode {
    let wanted = std::env::args().skip(1).find_map(|a| a.parse().ok());
    match run(wanted.unwrap_or(SESSIONS)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("sessions: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(wanted: usize) -> anyhow::Result<bool> {
    let server = Server::start()?;
    let mut curve = vec![];
    println!("sessions  resident MiB  of its own MiB  log MiB  features");
    for wave in 0.. {
        let features = server.one_more_wave(wave)?;
        let sessions = server.sessions()?;
        let memory = server.memory()?;
        println!(
            "{sessions:8}  {:12.1}  {:14.1}  {:7.1}  {features:8}",
            memory.resident,
            memory.own,
            server.log_mib()?,
        );
        curve.push(Sample {
            sessions,
            mib: memory.resident,
        });
        if sessions >= wanted {
            break;
        }
    }

    server.stop()?;
    judged(&curve)
}

/// Whether memory stays where it was after the start.
fn judged(curve: &[Sample]) -> anyhow::Result<bool> {
    let after: Vec<&Sample> = curve.iter().filter(|s| s.sessions >= START).collect();
    let (Some(first), Some(last)) = (after.first(), after.last()) else {
        println!("sessions: fewer than {START}, which says nothing");
        return Ok(true);
    };
    let ratios = || after.iter().map(|sample| sample.mib / first.mib);
    let most = ratios().fold(1.0, f64::max);
    let least = ratios().fold(1.0, f64::min);
    let is_flat = most <= 1.0 + FLAT && least >= 1.0 - FLAT;

    record::figure(
        "sessions.memory",
        most,
        "memory after two hundred sessions",
        Better::Lower,
    )?;
    println!(
        "sessions: {:.1} MiB after {}, {:.1} MiB after {}; between {least:.2} and {most:.2} × the \
         first: {}",
        first.mib,
        first.sessions,
        last.mib,
        last.sessions,
        if is_flat { "flat" } else { "NOT FLAT" }
    );
    Ok(is_flat)
}
