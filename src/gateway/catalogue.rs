//! Whether a provider has a model of some name, asked of the provider itself: its list is the only
//! one that is right today. Who does not answer in time, or keeps no list, leaves the name
//! unchecked, and that is said.

use std::time::Duration;

use actors::ports::models::{Listed, Protocol};
use hyper::StatusCode;
use hyper::header::{HeaderMap, HeaderValue};
use reqwest::Url;
use serde_json::Value;

use super::providers::Provider;
use super::{show_key, told};

/// A person waits for the answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(4);
/// Longest list that is read, in bytes.
const LIST_MAX: usize = 4 * 1024 * 1024;
/// Names of models that are shown instead.
const SIMILAR_MAX: usize = 5;
/// The version of its API that Anthropic wants named.
const ANTHROPIC_VERSION: &str = "2023-06-01";

/// What a provider says of a model.
pub(super) async fn listed(provider: &Provider, model: &str) -> Listed {
    let asked = tokio::time::timeout(ANSWER_WITHIN, ask(provider, model)).await;
    let late = || format!("no answer within {} s", ANSWER_WITHIN.as_secs());
    asked
        .unwrap_or_else(|_| Err(late()))
        .unwrap_or_else(Listed::Unchecked)
}

async fn ask(provider: &Provider, model: &str) -> Result<Listed, String> {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|e| told(&e))?;
    let headers = headers(provider)?;
    let list = list(provider)?;
    let mut one = list.clone();
    one.path_segments_mut()
        .map_err(|()| format!("{list} is no address of a list"))?
        .push(model);

    // Asked for one, a vendor also knows its own short names, which its list may leave out.
    let (status, answer) = get(&client, one, &headers).await?;
    match status {
        StatusCode::OK if name_of(&answer).is_some() => return Ok(Listed::Known),
        StatusCode::OK | StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST => {}
        other => return Err(format!("it answered {}", other.as_u16())),
    }

    let (status, answer) = get(&client, paged(provider.protocol, list), &headers).await?;
    let names = names(&answer);
    match status {
        StatusCode::OK if names.iter().any(|name| name == model) => Ok(Listed::Known),
        // An empty list says nothing, and neither does the first page of several.
        StatusCode::OK if !names.is_empty() && is_whole(&answer) => Ok(Listed::Unknown {
            similar: similar(names, model),
        }),
        StatusCode::OK | StatusCode::NOT_FOUND => Err("it keeps no list of its models".to_owned()),
        other => Err(format!("it answered {}", other.as_u16())),
    }
}

fn headers(provider: &Provider) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    if provider.protocol == Protocol::Anthropic {
        let version = HeaderValue::from_static(ANTHROPIC_VERSION);
        headers.insert("anthropic-version", version);
    }
    if let Some(key) = provider.key()? {
        show_key(&mut headers, &key)?;
    }
    Ok(headers)
}

/// Where a provider keeps its list.
fn list(provider: &Provider) -> Result<Url, String> {
    let path = match provider.protocol {
        Protocol::Anthropic => "/v1/models",
        Protocol::Openai => "/models",
        Protocol::Gemini => "/v1beta/models",
    };
    let url = format!("{}{path}", provider.url.trim_end_matches('/'));
    Url::parse(&url).map_err(|e| format!("{url}: {e}"))
}

/// The list, as much of it as one answer may hold.
fn paged(protocol: Protocol, mut list: Url) -> Url {
    match protocol {
        Protocol::Anthropic => drop(list.query_pairs_mut().append_pair("limit", "1000")),
        Protocol::Gemini => drop(list.query_pairs_mut().append_pair("pageSize", "1000")),
        Protocol::Openai => {}
    }
    list
}

async fn get(
    client: &reqwest::Client,
    url: Url,
    headers: &HeaderMap,
) -> Result<(StatusCode, Value), String> {
    let sent = client.get(url).headers(headers.clone()).send().await;
    let mut answer = sent.map_err(|e| told(&e.without_url()))?;
    let (status, mut body) = (answer.status(), Vec::new());

    while let Some(chunk) = answer.chunk().await.map_err(|e| told(&e.without_url()))? {
        if body.len() + chunk.len() > LIST_MAX {
            return Err(format!("its list is longer than {LIST_MAX} bytes"));
        }
        body.extend_from_slice(&chunk);
    }

    // What is no JSON names nothing.
    let value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Ok((status, value))
}

/// The name of a model as its description has it.
fn name_of(model: &Value) -> Option<&str> {
    let name = model.get("id").or(model.get("name"))?.as_str()?;
    Some(name.strip_prefix("models/").unwrap_or(name))
}

fn names(list: &Value) -> Vec<String> {
    let models = match list.get("data").or(list.get("models")) {
        Some(Value::Array(models)) => models.as_slice(),
        Some(_) | None => &[],
    };
    let names = models.iter().filter_map(name_of);
    names.map(str::to_owned).collect()
}

/// Whether nothing follows the answer.
fn is_whole(list: &Value) -> bool {
    let more = list.get("has_more").and_then(Value::as_bool);
    more != Some(true) && list.get("nextPageToken").is_none()
}

/// Those that begin most alike.
fn similar(mut names: Vec<String>, model: &str) -> Vec<String> {
    let alike = |name: &String| {
        let pairs = name.chars().zip(model.chars());
        pairs.take_while(|(one, other)| one == other).count()
    };
    names.sort_by_key(|name| std::cmp::Reverse(alike(name)));
    names.truncate(SIMILAR_MAX);
    names
}
