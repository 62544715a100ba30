//! Where the server's own log lines go: standard error, filtered by `SUPERCARGO_LOG`.

use tracing_subscriber::EnvFilter;

/// What the web framework says about requests that are none, and about connections that are cut.
const NOISE: [&str; 2] = ["actix_http=off", "actix_web=off"];

/// Sets tracing up, once. `default` is what is shown when `SUPERCARGO_LOG` says nothing.
pub fn start(default: &str) {
    let filter =
        EnvFilter::try_from_env("SUPERCARGO_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    // Whoever sends noise to a port makes the framework call it an error: it is the noise's.
    let filter = NOISE
        .iter()
        .fold(filter, |filter, noise| match noise.parse() {
            Ok(directive) => filter.add_directive(directive),
            Err(_) => filter,
        });
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    if subscriber.try_init().is_err() {
        tracing::debug!("tracing was set up before");
    }
}
