//! The operator's HTTP, on a Unix socket in the data folder that only its owner can open. `office.rs` is what it can do.

mod caller;
pub mod office;
pub mod problem;
mod routes;
pub mod shapes;

use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;

use actix_web::dev::{Extensions, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use anyhow::Context;
use tokio::net::UnixStream;

use caller::{Peer, owner_only};
use office::Office;

/// Largest request body: a spec or a backlog.
const BODY_MAX: usize = 8 * 1024 * 1024;

/// Listens on `socket` until the handle is stopped.
pub fn listen(office: Office, socket: &Path) -> anyhow::Result<ServerHandle> {
    if socket.exists() {
        // The instance lock is ours, so a socket that is there is left over.
        std::fs::remove_file(socket)?;
    }
    let listener = UnixListener::bind(socket).with_context(|| format!("listening on {}", socket.display()))?;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600))?;
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(office.clone()))
            .app_data(web::JsonConfig::default().limit(BODY_MAX).error_handler(problem::bad_json))
            .app_data(web::PathConfig::default().error_handler(problem::bad_path))
            .wrap(from_fn(owner_only))
            .configure(routes::configure)
            .default_service(web::to(problem::no_route))
    })
    .workers(1)
    .disable_signals()
    .shutdown_timeout(2)
    .on_connect(|connection, data: &mut Extensions| {
        let stream = connection.downcast_ref::<UnixStream>();
        if let Some(cred) = stream.and_then(|s| s.peer_cred().ok()) {
            data.insert(Peer(cred.uid()));
        }
    })
    .listen_uds(listener)
    .with_context(|| format!("listening on {}", socket.display()))?;
    let server = server.run();
    let handle = server.handle();
    actix::spawn(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "the operator's HTTP ended");
        }
    });
    Ok(handle)
}
