//! The proxy of a session: what may be reached, the way there, and what goes over it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::tunnel;
use actors::sessions::{Leave, Sessions};
use events::egress::{Target, Way, allowed, is_private};
use events::id::SessionId;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch;

/// A connection has to be there within this time.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// An answer has to begin within this time.
const ANSWER_WITHIN: Duration = Duration::from_secs(300);

/// Bytes are told to the session's count in pieces of this size.
const TOLD_EVERY: u64 = 256 * 1024;

/// Headers that are between two neighbours only. Source: RFC 9110, section 7.6.1, and the proxies'
/// own.
const HOP_BY_HOP: [&str; 10] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
];

/// Why nothing goes out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Barred {
    /// The rules do not allow it: it was counted.
    #[error("{0}")]
    Denied(String),
    /// It is allowed and did not work.
    #[error("{0}")]
    Failed(String),
}

/// The body of a plain answer.
pub(crate) type Body = http_body_util::combinators::BoxBody<bytes::Bytes, std::io::Error>;

/// The proxy of one session.
#[derive(Clone)]
pub(crate) struct Proxy {
    pub(crate) sessions: Sessions,
    pub(crate) session: SessionId,
    /// Ends when the door is closed.
    pub(crate) open: watch::Receiver<()>,
}

/// Counts bytes against a session's budget.
pub(super) struct Count {
    pub(super) sessions: Sessions,
    pub(super) session: SessionId,
    /// Bytes that may still pass, as known when this began.
    left: AtomicU64,
    untold: AtomicU64,
}

impl Count {
    /// Takes bytes; false when the budget is spent. Connections of a session share it: each looks
    /// at what all have moved whenever it tells what it has moved itself.
    pub(super) fn take(&self, bytes: u64) -> bool {
        let untold = self.untold.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let mine = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(bytes)
            });
        if mine.is_err() {
            return false;
        }

        if untold < TOLD_EVERY {
            return true;
        }

        self.tell();
        let left = self
            .sessions
            .leave(&self.session)
            .map_or(0, |leave| leave.bytes_left);
        self.left.fetch_min(left, Ordering::Relaxed);

        left > 0
    }

    fn tell(&self) {
        self.sessions
            .moved(&self.session, self.untold.swap(0, Ordering::Relaxed));
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        self.tell();
    }
}

impl Proxy {
    /// Serves a request in absolute form, or a CONNECT.
    pub(crate) async fn serve(&self, request: Request<Incoming>) -> Result<Response<Body>, Barred> {
        if request.method() == Method::CONNECT {
            self.connect(request).await
        } else {
            self.plain(request).await
        }
    }

    fn denied(&self, target: &str, why: &str) -> Barred {
        self.sessions.turned_down(&self.session, target);
        Barred::Denied(format!("{target}: {why}"))
    }

    /// What may be reached under this target, or why nothing.
    async fn reach(
        &self,
        asked: &str,
        target: Option<&Target>,
        way: Way<'_>,
    ) -> Result<(TcpStream, Arc<Count>), Barred> {
        let target = target.ok_or_else(|| {
            self.denied(
                asked,
                "this is no host and port that can be read in one way only",
            )
        })?;
        let shown = target.to_string();
        let leave = self
            .sessions
            .leave(&self.session)
            .map_err(|over| self.denied(&shown, &over.to_string()))?;
        let Leave { rules, bytes_left } = leave;
        let Some(rule) = allowed(&rules, target, way) else {
            return Err(self.denied(
                &shown,
                "the project's egress rules do not allow it; a person may add it to the settings",
            ));
        };
        if bytes_left == 0 {
            return Err(self.denied(&shown, "this session has spent its egress budget"));
        }

        let found = resolved(target).await?;
        let may_be_private = rule.private || target.is_address();
        let may_open = |at: &&SocketAddr| may_be_private || !is_private(at.ip());
        let open: Vec<SocketAddr> = found.iter().filter(may_open).copied().collect();
        if open.is_empty() && !found.is_empty() {
            return Err(self.denied(
                &shown,
                "its name stands for an address of this host or its networks",
            ));
        }

        let stream = connected(&open)
            .await
            .map_err(|why| Barred::Failed(format!("{shown}: {why}")))?;
        let count = Count {
            sessions: self.sessions.clone(),
            session: self.session.clone(),
            left: AtomicU64::new(bytes_left),
            untold: AtomicU64::new(0),
        };
        Ok((stream, Arc::new(count)))
    }

    async fn connect(&self, request: Request<Incoming>) -> Result<Response<Body>, Barred> {
        let asked = request.uri().to_string();
        let target = Target::parse(&asked);
        let (stream, count) = self.reach(&asked, target.as_ref(), Way::Tunnel).await?;
        let Some(target) = target else {
            return Err(self.denied(&asked, "no target"));
        };

        let tunnel = tunnel::Tunnel {
            target,
            stream,
            count,
            proxy: self.clone(),
        };
        tokio::spawn(tunnel.run(request));

        Ok(Response::new(
            http_body_util::Empty::new()
                .map_err(|never| match never {})
                .boxed(),
        ))
    }

    async fn plain(&self, mut request: Request<Incoming>) -> Result<Response<Body>, Barred> {
        let uri = request.uri().clone();
        let asked = match uri.authority() {
            Some(authority) => authority.to_string(),
            None => uri.to_string(),
        };

        if uri.scheme_str() != Some("http") {
            return Err(self.denied(
                &asked,
                "only plain http is asked for in this way; https comes as CONNECT",
            ));
        }

        let target = match uri.port() {
            Some(_) => Target::parse(&asked),
            None => Target::parse(&format!("{asked}:80")),
        };
        let path = match uri.path_and_query() {
            Some(path) => path.to_string(),
            None => "/".to_owned(),
        };
        let method = request.method().to_string();
        let (stream, count) = self
            .reach(&asked, target.as_ref(), Way::Plain(&method, &path))
            .await?;

        let failed = |e: &dyn std::fmt::Display| Barred::Failed(format!("{asked}: {e}"));
        *request.uri_mut() = path.parse().map_err(|e| failed(&e))?;
        remove_of_hop(request.headers_mut());
        // One reading of the host: the one that was checked.
        let host = HeaderValue::from_str(&asked).map_err(|e| failed(&e))?;
        request.headers_mut().insert("host", host);

        let answer = self.sent(stream, request, &count).await;
        let mut answer = answer.map_err(|why| failed(&why))?;
        remove_of_hop(answer.headers_mut());
        Ok(answer.map(|body| counted(body, count)))
    }

    /// Sends a request that may go out, and counts it.
    async fn sent(
        &self,
        stream: TcpStream,
        request: Request<Incoming>,
        count: &Arc<Count>,
    ) -> Result<Response<Incoming>, String> {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|e| e.to_string())?;
        let mut open = self.open.clone();

        tokio::spawn(async move {
            tokio::select! {
                ended = connection => if let Err(error) = ended { tracing::debug!(%error, "a plain request was cut"); },
                _ = open.changed() => {}
            }
        });

        let sent = count.clone();
        let request = request.map(|body| counted(body, sent));
        match tokio::time::timeout(ANSWER_WITHIN, sender.send_request(request)).await {
            Ok(answer) => answer.map_err(|e| e.to_string()),
            Err(_) => Err("no answer in time".to_owned()),
        }
    }
}

/// The addresses that a target's name stands for.
async fn resolved(target: &Target) -> Result<Vec<SocketAddr>, Barred> {
    let looked_up = tokio::net::lookup_host((target.host.as_str(), target.port));

    match tokio::time::timeout(CONNECT_WITHIN, looked_up).await {
        Ok(Ok(found)) => Ok(found.collect()),
        Ok(Err(why)) => Err(Barred::Failed(format!("{target}: {why}"))),
        Err(_) => Err(Barred::Failed(format!(
            "{target}: its name was not resolved in time"
        ))),
    }
}

/// Removes what is between two neighbours only: by its name, or because the message says so.
fn remove_of_hop(headers: &mut hyper::HeaderMap) {
    for name in connection_options(headers) {
        headers.remove(name);
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

/// Headers that a message names as between neighbours only.
fn connection_options(headers: &hyper::HeaderMap) -> Vec<HeaderName> {
    let named = headers
        .get_all("connection")
        .iter()
        .filter_map(|value| value.to_str().ok());
    named
        .flat_map(|value| value.split(','))
        .filter_map(|name| HeaderName::from_bytes(name.trim().as_bytes()).ok())
        .collect()
}

/// A body whose bytes are counted, and which ends when the budget is spent.
fn counted(body: Incoming, count: Arc<Count>) -> Body {
    let body = body.map_err(std::io::Error::other);

    http_body_util::StreamBody::new(futures::StreamExt::map(
        http_body_util::BodyStream::new(body),
        move |frame| {
            let frame = frame?;
            let bytes = match frame.data_ref() {
                Some(data) => data.len(),
                None => 0,
            };
            if count.take(bytes as u64) {
                Ok(frame)
            } else {
                Err(std::io::Error::other(
                    "the session's egress budget is spent",
                ))
            }
        },
    ))
    .boxed()
}

/// The first of these addresses that takes a connection.
async fn connected(addresses: &[SocketAddr]) -> Result<TcpStream, String> {
    let mut last = "its name has no address".to_owned();
    for address in addresses {
        match tokio::time::timeout(CONNECT_WITHIN, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error.to_string(),
            Err(_) => last = "no connection in time".to_owned(),
        }
    }
    Err(last)
}
