//! An HTTP client of one connection, with every header in the test's hand.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::TOKEN;

/// Speaks to one server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Client {
    address: SocketAddr,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) etag: Option<String>,
    pub(super) json: Value,
    /// The body as text, and its length in bytes.
    pub(super) text: String,
    pub(super) length: usize,
    headers: HeaderMap,
}

impl Answer {
    /// A header; nothing when it is not there.
    pub(super) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    pub(super) fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or_default()
    }
}

/// A connection that is kept open.
pub(super) struct Line {
    sender: SendRequest<Full<Bytes>>,
}

impl Client {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    pub(super) fn host(&self) -> String {
        self.address.to_string()
    }

    pub(super) async fn line(&self) -> Line {
        let stream = TcpStream::connect(self.address).await.expect("connected");
        let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("HTTP");
        tokio::spawn(async move { connection.await.is_ok() });
        Line { sender }
    }

    /// What whoever holds the token sends.
    pub(super) fn request(&self, method: &str, path: &str, body: &Value) -> Request<Full<Bytes>> {
        self.bare(method, path, body)
            .header("host", self.host())
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {TOKEN}"))
            .body(text(body))
            .expect("a request")
    }

    /// A request without a header.
    pub(super) fn bare(
        &self,
        method: &str,
        path: &str,
        _body: &Value,
    ) -> hyper::http::request::Builder {
        Request::builder().method(method).uri(path)
    }

    pub(super) async fn send(&self, request: Request<Full<Bytes>>) -> Answer {
        self.line().await.send(request).await.expect("answered")
    }

    pub(super) async fn call(&self, method: &str, path: &str, body: Value) -> Answer {
        self.send(self.request(method, path, &body)).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, body).await
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, Value::Null).await
    }
}

pub(super) fn text(body: &Value) -> Full<Bytes> {
    Full::new(if body.is_null() {
        Bytes::new()
    } else {
        Bytes::from(body.to_string())
    })
}

impl Line {
    /// The answer; none when the server cut the connection.
    pub(super) async fn send(&mut self, request: Request<Full<Bytes>>) -> Option<Answer> {
        self.sender.ready().await.ok()?;
        let answer = self.sender.send_request(request).await.ok()?;
        let status = answer.status();
        let etag = answer
            .headers()
            .get("etag")
            .and_then(|tag| tag.to_str().ok())
            .map(str::to_owned);
        let headers = answer.headers().clone();
        let bytes = answer.into_body().collect().await.ok()?.to_bytes();
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Some(Answer {
            status,
            etag,
            json,
            text: String::from_utf8_lossy(&bytes).into_owned(),
            length: bytes.len(),
            headers,
        })
    }
}
