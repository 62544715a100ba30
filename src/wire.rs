//! HTTP over a stream of bytes, as a client: one request, one answer, on a Unix socket or on
//! loopback.

use std::path::Path;

use actors::sessions::wire::Problem;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite};

/// Largest answer that is read.
const ANSWER_MAX: usize = 64 * 1024 * 1024;

/// Why a request has no good answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CallError {
    /// Nobody is there, or the answer was cut: the same request may be sent again.
    #[error("{0}")]
    Unreachable(String),
    /// Try the same request again later.
    #[error("{0}")]
    Later(String),
    /// Turned down.
    #[error("{} ({})", .0.detail, .0.code)]
    Refused(Problem),
}

impl CallError {
    fn unreachable(what: &str, error: impl std::fmt::Display) -> Self {
        Self::Unreachable(format!("{what}: {error}"))
    }
}

/// Sends a request over a connected stream and reads the whole answer.
pub async fn exchange<S>(
    stream: S,
    method: &str,
    path: &str,
    body: Vec<u8>,
) -> Result<(StatusCode, Bytes), CallError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) =
        handshake.map_err(|e| CallError::unreachable("connecting", e))?;
    let driven = tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "supercargo")
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body)))
        .map_err(|e| CallError::unreachable("the request", e))?;
    let answer = sender
        .send_request(request)
        .await
        .map_err(|e| CallError::unreachable("sending", e))?;
    let status = answer.status();
    let bytes = Limited::new(answer.into_body(), ANSWER_MAX).collect().await;
    let bytes = bytes
        .map_err(|e| CallError::unreachable("reading the answer", e))?
        .to_bytes();
    driven.abort();

    Ok((status, bytes))
}

/// Reads an answer as JSON, or as the problem that it is.
pub fn answered<T: DeserializeOwned>(status: StatusCode, bytes: &[u8]) -> Result<T, CallError> {
    if status.is_success() {
        let text = if bytes.is_empty() { b"null" } else { bytes };
        return serde_json::from_slice(text)
            .map_err(|e| CallError::unreachable("the answer makes no sense", e));
    }

    let unnamed = || Problem {
        code: status.as_u16().to_string(),
        detail: String::from_utf8_lossy(bytes).into_owned(),
    };
    let problem = serde_json::from_slice(bytes).unwrap_or_else(|_| unnamed());
    let again = status == StatusCode::SERVICE_UNAVAILABLE;

    Err(if again {
        CallError::Later(problem.detail)
    } else {
        CallError::Refused(problem)
    })
}

/// A request with a JSON body to a Unix socket.
pub async fn call_socket<B: Serialize, T: DeserializeOwned>(
    socket: &Path,
    method: &str,
    path: &str,
    body: &B,
) -> Result<T, CallError> {
    let stream = UnixStream::connect(socket).await;
    let stream = stream.map_err(|e| CallError::unreachable(&socket.display().to_string(), e))?;
    let body = serde_json::to_vec(body).map_err(|e| CallError::unreachable("the request", e))?;
    let (status, bytes) = exchange(stream, method, path, body).await?;
    answered(status, &bytes)
}

/// What a Unix socket answers to a GET, as it is.
pub async fn call_text(socket: &Path, path: &str) -> Result<Bytes, CallError> {
    let stream = UnixStream::connect(socket).await;
    let stream = stream.map_err(|e| CallError::unreachable(&socket.display().to_string(), e))?;
    let (status, bytes) = exchange(stream, "GET", path, vec![]).await?;
    if status.is_success() {
        Ok(bytes)
    } else {
        answered(status, &bytes).and_then(|never: serde_json::Value| {
            Err(CallError::Unreachable(format!(
                "the answer makes no sense: {never}"
            )))
        })
    }
}

/// A WebSocket over a Unix socket.
pub async fn open_socket(
    socket: &Path,
    path: &str,
) -> Result<WebSocketStream<UnixStream>, CallError> {
    let stream = UnixStream::connect(socket).await;
    let stream = stream.map_err(|e| CallError::unreachable(&socket.display().to_string(), e))?;

    let opened = client_async(format!("ws://supercargo{path}"), stream).await;
    match opened {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::Error::Http(answer)) => {
            let (head, body) = answer.into_parts();
            let never: serde_json::Value =
                answered(head.status, body.as_deref().unwrap_or_default())?;
            Err(CallError::unreachable("the answer makes no sense", never))
        }
        Err(error) => Err(CallError::unreachable("opening a WebSocket", error)),
    }
}

/// What an `http://host:port` address answers to a GET.
pub async fn get_url<T: DeserializeOwned>(url: &str, path: &str) -> Result<T, CallError> {
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let stream = tokio::net::TcpStream::connect(address)
        .await
        .map_err(|e| CallError::unreachable(url, e))?;
    let (status, bytes) = exchange(stream, "GET", path, vec![]).await?;
    answered(status, &bytes)
}

/// A request with a JSON body to an `http://host:port` address.
pub async fn call_url<B: Serialize, T: DeserializeOwned>(
    url: &str,
    path: &str,
    body: &B,
) -> Result<T, CallError> {
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let stream = tokio::net::TcpStream::connect(address)
        .await
        .map_err(|e| CallError::unreachable(url, e))?;
    let body = serde_json::to_vec(body).map_err(|e| CallError::unreachable("the request", e))?;
    let (status, bytes) = exchange(stream, "POST", path, body).await?;
    answered(status, &bytes)
}
