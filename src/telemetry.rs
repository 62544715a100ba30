//! Where the server's own log lines go: standard error, filtered by `SUPERCARGO_TRACE`. Coloured
//! for a terminal only; a line that cannot be written, because the disk is full or nobody reads, is
//! lost and ends nothing.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// What is shown of a server when nothing is said: its own lines, and of the libraries below it
/// what is wrong.
pub const OF_A_SERVER: &str = "warn,supercargo=info,actors=info,events=info";
/// Names what is shown, as `tracing` writes it.
const FILTER: &str = "SUPERCARGO_TRACE";
/// What the web framework says about requests that are none, and about connections that are cut.
const NOISE: [&str; 2] = ["actix_http=off", "actix_web=off"];

/// Sets tracing up, once. `default` is what is shown when `SUPERCARGO_TRACE` says nothing.
pub fn start(default: &str) {
    let mut filter = EnvFilter::try_from_env(FILTER).unwrap_or_else(|_| EnvFilter::new(default));
    // Whoever sends noise to a port makes the framework call it an error: it is the noise's.
    for noise in NOISE {
        if let Ok(directive) = noise.parse() {
            filter = filter.add_directive(directive);
        }
    }

    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .log_internal_errors(false)
        .with_target(false);
    if subscriber.try_init().is_err() {
        tracing::debug!("tracing was set up before");
    }
}
