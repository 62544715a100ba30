//! Where the server's own log lines go: standard error, filtered by `SUPERCARGO_LOG`.

use tracing_subscriber::EnvFilter;

/// Sets tracing up, once. `default` is what is shown when `SUPERCARGO_LOG` says nothing.
pub fn start(default: &str) {
    let filter =
        EnvFilter::try_from_env("SUPERCARGO_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    if subscriber.try_init().is_err() {
        tracing::debug!("tracing was set up before");
    }
}
