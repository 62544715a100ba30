//! What of a request goes on to a provider, and what does not.

use super::*;
use serde_json::Value;

#[test]
fn only_what_a_model_is_asked_with_passes() {
    let (post, get) = (Method::POST, Method::GET);

    let table = [
        (Protocol::Anthropic, &post, "/v1/messages", true),
        (Protocol::Anthropic, &get, "/v1/models/claude-x", true),
        (Protocol::Anthropic, &post, "/v1/files", false),
        (
            Protocol::Anthropic,
            &get,
            "/v1/organizations/api_keys",
            false,
        ),
        (Protocol::Anthropic, &post, "/v1/messages/batches", false),
        (Protocol::Anthropic, &post, "/v1/messages/../files", false),
        (Protocol::Anthropic, &get, "/v1/models/..", false),
        (Protocol::Openai, &post, "/responses", true),
        (Protocol::Openai, &post, "/chat/completions", true),
        (Protocol::Openai, &get, "/models", true),
        (Protocol::Openai, &get, "/responses/resp_1", false),
        (Protocol::Openai, &post, "/files", false),
        (Protocol::Openai, &Method::DELETE, "/models/x", false),
        (
            Protocol::Gemini,
            &post,
            "/v1beta/models/gemini-x:streamGenerateContent",
            true,
        ),
        (
            Protocol::Gemini,
            &post,
            "/v1beta/models/gemini-x:delete",
            false,
        ),
        (
            Protocol::Gemini,
            &post,
            "/v1beta/models/../files:generateContent",
            false,
        ),
        (Protocol::Gemini, &post, "/v1beta/cachedContents", false),
        (Protocol::Gemini, &get, "/upload/v1beta/files", false),
    ];
    for (protocol, method, path, expected) in table {
        assert_eq!(
            passes(protocol, method, path),
            expected,
            "{protocol:?} {method} {path}"
        );
    }
}

#[test]
fn the_agents_own_words_about_who_it_is_do_not_pass() {
    let names = [
        "authorization",
        "x-api-key",
        "x-goog-api-key",
        "cookie",
        "host",
        "proxy-authorization",
        "x-forwarded-for",
    ];
    let mut headers: HeaderMap = names
        .iter()
        .map(|name| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static("canary"),
            )
        })
        .collect();
    headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
    let mut passed = forwarded(&headers);
    assert_eq!(passed.len(), 1);
    let key = Key {
        secret: "k".into(),
        auth: Auth::ClaudeOauth,
    };
    show_key(&mut passed, &key).expect("a key");
    assert_eq!(passed["authorization"], "Bearer k");
    assert!(passed["authorization"].is_sensitive());

    assert!(
        show_key(
            &mut passed,
            &Key {
                secret: "a\nb".into(),
                auth: Auth::Bearer
            }
        )
        .is_err()
    );
}

#[test]
fn a_streamed_chat_is_asked_what_it_used() {
    let body = Bytes::from_static(br#"{"model":"m","stream":true}"#);
    let (model, sent) = asked_to_count(Protocol::Openai, "/chat/completions", body.clone());
    assert_eq!(model.as_deref(), Some("m"));
    assert_eq!(
        serde_json::from_slice::<Value>(&sent).expect("JSON")["stream_options"]["include_usage"],
        true
    );
    assert_eq!(
        asked_to_count(Protocol::Openai, "/responses", body.clone()).1,
        body
    );

    assert_eq!(
        asked_to_count(
            Protocol::Anthropic,
            "/v1/messages",
            Bytes::from_static(b"no JSON")
        )
        .1,
        "no JSON"
    );
}
