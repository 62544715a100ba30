//! What sessions ask of models: which requests pass, with whose key, and what was used.

#[cfg(test)]
mod tests;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actors::ports::models::Protocol;
use actors::sessions::Sessions;
use actors::sessions::asked::{Answer, Refusal};
use actors::sessions::tallies::Used;
use bytes::Bytes;
use events::id::SessionId;
use events::usage::Usage;
use futures::{Stream, StreamExt, TryStreamExt};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};

use super::glance::Glance;
use super::meter::Meter;
use super::providers::{Auth, Key, Provider, Providers};
use super::refusal::{asks, retry_at};

/// Largest request to a model: long contexts with images fit.
pub const REQUEST_MAX: usize = 64 * 1024 * 1024;

/// A provider has to take a connection within this time.
const CONNECT_WITHIN: Duration = Duration::from_secs(30);

/// A provider that says nothing for this long in the middle of an answer is gone: models think for
/// minutes, streams keep talking.
const SILENT_MAX: Duration = Duration::from_secs(900);

/// "Too many requests" and "overloaded", as providers say it.
const LIMITED: [u16; 2] = [429, 529];

/// One request to a provider.
pub struct ModelRequest {
    /// POST or GET.
    pub method: Method,
    /// The name of the provider.
    pub provider: String,
    /// The path after it, with its query.
    pub rest: String,
    /// As the agent sent them.
    pub headers: HeaderMap,
    /// At most [`REQUEST_MAX`] bytes.
    pub body: Bytes,
}

/// A provider's answer, as it comes.
pub struct ModelAnswer {
    /// The status that HTTP has for it.
    pub status: StatusCode,
    /// Headers that mean something to the agent.
    pub headers: HeaderMap,
    /// The body. When it ends, or nobody wants it any more, what was used is recorded.
    pub body: Pin<Box<dyn Stream<Item = Result<Bytes, std::io::Error>> + Send + Sync>>,
}

/// Why a request has no answer of a provider.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// Not one that passes.
    #[error("{0}")]
    Refused(String),
    /// Try again.
    #[error("the provider {0} cannot be asked: {1}")]
    Unreachable(String, String),
}

/// The gateway of this server. Clones share its connections.
#[derive(Clone)]
pub struct Gateway {
    pub(super) providers: Arc<Providers>,
    pub(super) client: reqwest::Client,
}

/// Whether a request of this protocol asks a model, or about models.
pub(super) fn passes(protocol: Protocol, method: &Method, path: &str) -> bool {
    let post = method == Method::POST;
    let get = method == Method::GET;

    match protocol {
        Protocol::Anthropic => {
            (post && matches!(path, "/v1/messages" | "/v1/messages/count_tokens"))
                || (get && is_list(path, "/v1/models"))
        }
        Protocol::Openai => {
            (post && matches!(path, "/responses" | "/chat/completions"))
                || (get && is_list(path, "/models"))
        }
        Protocol::Gemini => {
            let versions = ["/v1beta/models/", "/v1/models/"];
            let Some(asked) = versions
                .iter()
                .find_map(|version| path.strip_prefix(version))
            else {
                return false;
            };
            let verbs = ["generateContent", "streamGenerateContent", "countTokens"];
            match asked.split_once(':') {
                Some((model, verb)) => post && is_word(model) && verbs.contains(&verb),
                None => get && is_word(asked),
            }
        }
    }
}

fn is_list(path: &str, list: &str) -> bool {
    let Some(rest) = path.strip_prefix(list) else {
        return false;
    };
    match rest.strip_prefix('/') {
        Some(one) => is_word(one),
        None => rest.is_empty(),
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('.')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

/// Headers of an agent's request that a provider may see. What says who asks is ours to say.
pub(super) fn forwarded(headers: &HeaderMap) -> HeaderMap {
    let kept = |name: &HeaderName| {
        let name = name.as_str();
        matches!(
            name,
            "content-type" | "accept" | "user-agent" | "openai-beta"
        ) || name.starts_with("anthropic-")
            || name.starts_with("x-stainless-")
    };

    headers
        .iter()
        .filter(|(name, _)| kept(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Headers of a provider's answer that an agent needs: what the body is, and what the limits are.
fn answered(headers: &HeaderMap) -> HeaderMap {
    let kept = |name: &HeaderName| {
        let name = name.as_str();
        matches!(
            name,
            "content-type"
                | "retry-after"
                | "retry-after-ms"
                | "x-should-retry"
                | "request-id"
                | "x-request-id"
        ) || name.starts_with("anthropic-ratelimit-")
            || name.starts_with("x-ratelimit-")
    };

    headers
        .iter()
        .filter(|(name, _)| kept(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

pub(super) fn show_key(headers: &mut HeaderMap, key: &Key) -> Result<(), String> {
    let secret = |text: &str| {
        let mut value = HeaderValue::from_str(text)
            .map_err(|_| "its key holds what no header can".to_owned())?;
        value.set_sensitive(true);
        Ok::<_, String>(value)
    };

    match key.auth {
        Auth::XApiKey => drop(headers.insert("x-api-key", secret(&key.secret)?)),
        Auth::XGoogApiKey => drop(headers.insert("x-goog-api-key", secret(&key.secret)?)),
        Auth::Bearer => {
            drop(headers.insert("authorization", secret(&format!("Bearer {}", key.secret))?))
        }
        Auth::ClaudeOauth => {
            headers.insert("authorization", secret(&format!("Bearer {}", key.secret))?);
            headers.append(
                "anthropic-beta",
                HeaderValue::from_static("oauth-2025-04-20"),
            );
        }
    }

    Ok(())
}

/// The body as it is sent. A streamed chat says what it used only when it is asked to: then it is.
pub(super) fn asked_to_count(
    protocol: Protocol,
    path: &str,
    body: Bytes,
) -> (Option<String>, Bytes) {
    let Some(seen) = Glance::at(&body, &["model", "stream", "stream_options"]) else {
        return (None, body);
    };

    let model = seen.text("model");
    let options = seen.built("stream_options");
    let counts = options.is_some_and(|options| options.get("include_usage").is_some());
    let silent = seen.raw("stream") == Some("true") && !counts;
    if protocol == Protocol::Openai && path == "/chat/completions" && silent {
        let asked = with_usage(&body, seen.raw("stream_options"));
        return (model, asked);
    }

    (model, body)
}

/// The body of a chat with the wish to be told what it used, in place of the options that it has.
fn with_usage(body: &Bytes, options: Option<&str>) -> Bytes {
    const COUNTED: &str = r#"{"include_usage":true}"#;
    let mut asked = Vec::with_capacity(body.len() + 64);
    if let Some(options) = options {
        let from = options.as_ptr() as usize - body.as_ptr() as usize;
        asked.extend_from_slice(&body[..from]);
        asked.extend_from_slice(COUNTED.as_bytes());
        asked.extend_from_slice(&body[from + options.len()..]);
        return asked.into();
    }

    // A chat that streams has a field at least: what follows the bracket is one.
    let opens = body.iter().position(|byte| *byte == b'{').unwrap_or(0);
    asked.extend_from_slice(&body[..=opens]);
    asked.extend_from_slice(format!("\"stream_options\":{COUNTED},").as_bytes());
    asked.extend_from_slice(&body[opens + 1..]);
    asked.into()
}

impl Gateway {
    /// A gateway to these providers.
    pub fn new(providers: Arc<Providers>) -> anyhow::Result<Self> {
        // Fails when somebody installed one before, and that one is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        // Redirects are the agent's to see: the key goes to the provider that was named and nowhere
        // else.
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_WITHIN)
            .read_timeout(SILENT_MAX)
            .build()?;
        Ok(Self { providers, client })
    }

    /// The providers behind it.
    pub fn providers(&self) -> &Arc<Providers> {
        &self.providers
    }

    /// Whether a session may ask this, whatever the body says; then its provider.
    pub fn check(
        &self,
        sessions: &Sessions,
        session: &SessionId,
        request: &ModelRequest,
    ) -> Result<&Provider, GatewayError> {
        let refused = GatewayError::Refused;
        let own = sessions
            .provider_of(session)
            .map_err(|denied| refused(denied.to_string()))?;

        let name = &request.provider;
        if own.as_deref() != Some(name.as_str()) {
            let why = format!("this session's model is not of the provider {name}");
            return Err(refused(why));
        }

        let known = self.providers.get(name);
        let provider =
            known.ok_or_else(|| refused(format!("the provider {name} is not known here")))?;

        let path = request.rest.split('?').next().unwrap_or_default();
        if !passes(provider.protocol, &request.method, path) {
            let why = format!(
                "{} {path} is not what a model is asked with",
                request.method
            );
            return Err(refused(why));
        }

        Ok(provider)
    }

    /// Serves one request of a session.
    pub async fn serve(
        &self,
        sessions: &Sessions,
        session: &SessionId,
        request: ModelRequest,
    ) -> Result<ModelAnswer, GatewayError> {
        let refused = GatewayError::Refused;
        let provider = self.check(sessions, session, &request)?;
        let path = request.rest.split('?').next().unwrap_or_default();
        let key = provider.key().map_err(|looked| {
            refused(format!(
                "the provider {} has no key: {looked}",
                request.provider
            ))
        })?;
        let mut headers = forwarded(&request.headers);

        if let Some(key) = &key {
            show_key(&mut headers, key).map_err(refused)?;
        }

        let asks = asks(&request.method, path);
        let (asked, body) = asked_to_count(provider.protocol, path, request.body);
        let url = format!("{}{}", provider.url.trim_end_matches('/'), request.rest);
        let sent = self
            .client
            .request(request.method, url)
            .headers(headers)
            .body(body)
            .send()
            .await;

        // The error's own text may hold the URL; it holds no key.
        let answer = sent.map_err(|e| {
            if asks {
                sessions.unreached(session);
            }
            GatewayError::Unreachable(request.provider.clone(), told(&e))
        })?;
        let clock = &sessions.directory.kernel().clock;
        let given = match answer.status() {
            status if status.is_success() => Answer::Given,
            status => Answer::Refused(Refusal {
                status: Some(status.as_u16()),
                retry_at: retry_at(answer.headers(), clock.now()),
            }),
        };
        let (status, headers) = (answer.status(), answered(answer.headers()));
        let content_type = answer
            .headers()
            .get("content-type")
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default();
        let counting = Counting {
            meter: Some(Meter::new(provider.protocol, content_type)),
            asked,
            limited: LIMITED.contains(&status.as_u16()),
            answer: asks.then_some(given),
            provider: request.provider,
            gateway: self.clone(),
            sessions: sessions.clone(),
            session: session.clone(),
        };
        let body = Metered {
            body: Box::pin(answer.bytes_stream().map_err(std::io::Error::other)),
            counting,
        };

        Ok(ModelAnswer {
            status,
            headers,
            body: Box::pin(body),
        })
    }
}

/// An error and what is behind it, in one line.
pub(super) fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}

type Body = Pin<Box<dyn Stream<Item = Result<Bytes, std::io::Error>> + Send + Sync>>;

/// An answer on its way, with somebody who reads along.
struct Metered {
    pub(super) body: Body,
    counting: Counting,
}

/// Counts one answer once: at its end, or when it is dropped before.
struct Counting {
    meter: Option<Meter>,
    asked: Option<String>,
    limited: bool,
    pub(super) answer: Option<Answer>,
    pub(super) provider: String,
    gateway: Gateway,
    sessions: Sessions,
    session: SessionId,
}

impl Stream for Metered {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.body.poll_next_unpin(context);
        match &next {
            Poll::Ready(Some(Ok(bytes))) => {
                if let Some(meter) = &mut self.counting.meter {
                    meter.take(bytes);
                }
            }
            Poll::Ready(Some(Err(_)) | None) => self.counting.count(),
            Poll::Pending => {}
        }
        next
    }
}

impl Counting {
    pub(super) fn count(&mut self) {
        let Some((model, usage)) = self.meter.take().map(Meter::end) else {
            return;
        };

        let model = model.or(self.asked.take());
        let model = model.unwrap_or_else(|| "unknown".to_owned());
        let usage = Usage {
            requests: 1,
            limited: u64::from(self.limited),
            ..usage
        };
        let usage = self.gateway.providers.prices.priced(&model, usage);

        self.sessions.used(
            &self.session,
            Used {
                provider: self.provider.clone(),
                model,
                usage,
                answer: self.answer,
            },
        );
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        self.count();
    }
}
