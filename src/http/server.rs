//! The server on its socket and on its port.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use actix_web::dev::{Extensions, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::web::ServiceConfig;
use actix_web::{App, HttpServer, web};
use anyhow::{Context, bail};
use events::id::Timestamp;
use tokio::net::{TcpStream, UnixStream};

use super::access::Access;
use super::caller::{Listener, Peer, ReadOnly, guard};
use super::routes::git::Gates;
use super::routes::live::Subscribers;
use super::routes::session::SignInHere;
use super::signin::SignIn;
use super::{former, head, problem, routes};
use crate::named;
use crate::operator::Operator;
use crate::token::Token;

/// Largest request body: a spec or a backlog.
pub(super) const BODY_MAX: usize = 8 * 1024 * 1024;

/// Connections to one port at once.
const CONNECTIONS_MAX: usize = 4096;

/// What the routes work with.
#[derive(Clone)]
pub struct Served {
    /// The operator's verbs.
    pub operator: Operator,
    /// The folder of the gates.
    pub gates: PathBuf,
    /// Whether all of it is only shown, as of a bundle.
    pub read_only: bool,
    /// How browsers come in, where a port is listened on.
    pub signin: Option<SignIn>,
}

/// Everything but the listener.
pub(super) fn configure(config: &mut ServiceConfig, served: &Served, subscribers: &Subscribers) {
    config
        .app_data(web::Data::new(served.operator.clone()))
        .app_data(web::Data::new(Gates(served.gates.clone())))
        .app_data(web::Data::new(subscribers.clone()))
        .app_data(web::Data::new(ReadOnly(served.read_only)))
        .app_data(web::Data::new(SignInHere(served.signin.clone())))
        .app_data(
            web::JsonConfig::default()
                .limit(BODY_MAX)
                .error_handler(problem::bad_json),
        )
        .app_data(web::PathConfig::default().error_handler(problem::bad_path))
        .app_data(web::QueryConfig::default().error_handler(problem::bad_query))
        .configure(routes::configure)
        .default_service(web::to(routes::bridge::elsewhere));
}

pub(super) fn run(server: actix_web::dev::Server) -> ServerHandle {
    let handle = server.handle();
    actix::spawn(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "an HTTP listener ended");
        }
    });
    handle
}

/// Listens on `socket` until the handle is stopped.
pub fn listen(served: &Served, socket: &Path) -> anyhow::Result<ServerHandle> {
    if socket.exists() {
        // The instance lock is ours, so a socket that is there is left over.
        fs_err::remove_file(socket)?;
    }

    let listener = named::listen_at(socket)?;
    fs_err::set_permissions(socket, std::fs::Permissions::from_mode(0o600))
        .with_context(|| format!("closing {} to others", socket.display()))?;
    let (served, subscribers) = (served.clone(), Subscribers::default());
    let server = HttpServer::new(move || {
        let listener = web::Data::new(Listener::Socket);
        App::new()
            .app_data(listener)
            .wrap(from_fn(guard))
            .wrap(from_fn(former::follow))
            .wrap(from_fn(head::as_get))
            .configure(|config| configure(config, &served, &subscribers))
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

    Ok(run(server.run()))
}

/// A port that is listened on.
pub struct Port {
    /// Stops it.
    pub handle: ServerHandle,
    /// The address that is listened on.
    pub address: SocketAddr,
    pub(super) signin: SignIn,
}

impl Port {
    /// An address that signs a browser in, once. What stands behind `#` is a token for an hour, and
    /// is sent to nobody but by the page itself.
    pub fn link(&self, now: Timestamp) -> String {
        format!("http://{}/#token={}", self.address, self.signin.pass(now))
    }
}

/// Takes a port of loopback. Taken before anything is begun: who cannot have it has nothing to end.
///
/// # Errors
/// It is not loopback's, or somebody else has it.
pub fn take_port(address: SocketAddr) -> anyhow::Result<TcpListener> {
    if !address.ip().is_loopback() {
        bail!(
            "{address} is reached from other machines, which needs TLS: listen on 127.0.0.1 and \
             put a proxy in front"
        );
    }
    named::listen_on(address).context("--listen names another address")
}

/// Serves on a port that was taken until the handle is stopped. Only whoever holds the token gets
/// in.
pub fn listen_port(
    served: &Served,
    listener: TcpListener,
    token: impl Into<Token>,
) -> anyhow::Result<Port> {
    let address = listener.local_addr().context("the port that was taken")?;
    let names = ["127.0.0.1", "localhost", "[::1]"];
    let token = token.into();
    let signin = served.signin.clone();
    let signin = signin.unwrap_or_else(|| SignIn::new(token.clone()));
    let access = Access::new(&names, address.port(), token, signin.clone());

    let served = Served {
        signin: Some(signin.clone()),
        ..served.clone()
    };
    let subscribers = Subscribers::default();
    let server = HttpServer::new(move || {
        let listener = web::Data::new(Listener::Port(access.clone()));
        App::new()
            .app_data(listener)
            .wrap(from_fn(guard))
            .wrap(from_fn(former::follow))
            .wrap(from_fn(head::as_get))
            .configure(|config| configure(config, &served, &subscribers))
    })
    .workers(2)
    .max_connections(CONNECTIONS_MAX)
    .disable_signals()
    .shutdown_timeout(2)
    .on_connect(|connection, _| {
        // An answer in several pieces would wait for an acknowledgement that the other side delays:
        // 40 ms for each request of a clone.
        if let Some(Err(error)) = connection
            .downcast_ref::<TcpStream>()
            .map(|stream| stream.set_nodelay(true))
        {
            tracing::debug!(%error, "a connection answers in large pieces only");
        }
    })
    .listen(listener)
    .with_context(|| format!("listening on {address}"))?;

    Ok(Port {
        handle: run(server.run()),
        address,
        signin,
    })
}
