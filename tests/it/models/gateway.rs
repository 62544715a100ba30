//! The gateway with agents that are plain commands: what passes, whose key it is, what is counted,
//! and what a limit or a full context does.

use serde_json::{Value, json};

use super::endpoint::{Answer, Endpoint};
use super::vendors::{CANARY, providers, serving_with};
use crate::binary::Serving;
use crate::newcomer::{Newcomer, agent_that};

/// Asks its model once, tries what is not the agent's, and does its role.
const CURIOUS: &str = agent_that!(
    r#"set -e
post() { curl -sS -o /dev/null -w "$1 %{http_code}\n" -X POST -H 'content-type: application/json' -H 'x-api-key: mine' \
         -d '{"model":"claude-sonnet-4-5","max_tokens":5,"messages":[{"role":"user","content":"hello"}]}' "$2"; }
base=${ANTHROPIC_BASE_URL%/model/*}
"#,
    r#"    post asked "$ANTHROPIC_BASE_URL/v1/messages"
    printf 'leaked sk-canary-5f0c2f'; sleep 0.3; printf '6c9d3e4b7a8e1d\n'
    post files "$ANTHROPIC_BASE_URL/v1/files"
    post climbs "$ANTHROPIC_BASE_URL/v1/messages/%2e%2e/files"
    post others "$base/model/glm/chat/completions"
    post nobody "$base/model/nobody/v1/messages"
    post bare "$base/model/anthropic"
    echo made > "$SUPERCARGO_FEATURE.txt"
    git add --all
    git commit --quiet -m Make
    supercargo agent submit"#
);

fn begin(endpoint: &Endpoint, agent: &str) -> (Newcomer, Serving) {
    let me = Newcomer::new();
    let server = Serving::start(serving_with(&me, endpoint));
    me.add_zoo();
    let agent = ["--agent-command", agent, "--provider", "anthropic"];

    me.ok(&[
        &[
            "project",
            "set",
            "zoo",
            "--verify",
            "test -f README",
            "--target",
            "1",
        ],
        &agent[..],
    ]
    .concat());
    me.ok(&["feature", "add", "zoo", "Feed the lions"]);
    me.ok(&["project", "start", "zoo"]);

    (me, server)
}

fn of<'a>(log: &'a [Value], kind: &str) -> Vec<&'a Value> {
    log.iter()
        .filter(|event| event["type"] == kind)
        .map(|event| &event["data"])
        .collect()
}

#[test]
fn an_agent_asks_its_own_model_and_nothing_else() {
    let endpoint = Endpoint::start(Box::new(|_| Answer::Fail(500)));
    let (me, server) = begin(&endpoint, CURIOUS);
    me.follow_until_all_is_quiet();
    server.stop();
    let said = me.printed();

    for line in [
        "asked 200",
        "files 404",
        "climbs 404",
        "others 404",
        "nobody 404",
        "bare 404",
    ] {
        assert!(said.contains(line), "{line} is not in:\n{said}");
    }

    assert!(
        !said.contains("6c9d3e4b7a8e1d") && said.contains("leaked ****"),
        "a key that was printed in two pieces is kept:\n{said}"
    );
    let asked = endpoint.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(
        asked[0].keys,
        [CANARY],
        "the agent's own word for a key does not pass"
    );
    let log = me.export();
    let metered = of(&log, "container.usage_metered");
    assert_eq!(metered.len(), 1);

    // 100 tokens read and 20 written at 3 and 15 dollars for a million.
    assert_eq!(metered[0]["models"][0]["usage"]["micro_usd"], 600);
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
}

#[test]
fn a_limit_of_the_provider_costs_no_try_and_makes_a_pause() {
    let endpoint = Endpoint::start(Box::new(|_| Answer::Fail(429)));
    // A request without tools would be answered, so this one offers a shell.
    let agent = r#"curl -sS -X POST -H 'content-type: application/json' -d '{"model":"m","messages":[],
        "tools":[{"name":"Bash","input_schema":{"properties":{"command":{"type":"string"}}}}]}' "$ANTHROPIC_BASE_URL/v1/messages"
        exit 1"#;
    let (me, server) = begin(&endpoint, agent);
    me.follow_until("feature.released");

    // Nothing is begun meanwhile: the pause is a minute.
    me.follow_until("container.idle");
    server.stop();
    let log = me.export();
    let ended = of(&log, "container.session_ended");
    assert_eq!(ended.len(), 1, "one session, and then a pause: {ended:?}");
    assert_eq!(ended[0]["outcome"], "provider_limited");
    assert_eq!(
        of(&log, "container.usage_metered")[0]["models"][0]["usage"]["limited"],
        1
    );
}

#[test]
fn a_full_context_ends_the_session_with_its_work_secured() {
    let endpoint = Endpoint::start(Box::new(|_| Answer::Fail(500)));
    // The answer says 120 tokens; this model holds 150.
    let agent = r#"echo half > half.txt
        curl -sS -X POST -H 'content-type: application/json' -d '{"model":"tiny-1","messages":[]}' "$ANTHROPIC_BASE_URL/v1/messages"
        sleep 600"#;
    let me = Newcomer::new();
    let file = providers(me.folder.path(), &endpoint);
    let mut content: Value =
        serde_json::from_slice(&fs_err::read(&file).expect("file")).expect("JSON");
    content["prices"] = json!({"tiny-": {"input": 1.0, "output": 1.0, "context": 150}});
    fs_err::write(&file, content.to_string()).expect("file");
    let file = file.display().to_string();
    let serve = me.command(&[
        "serve",
        "--allow-unisolated",
        "--listen",
        "127.0.0.1:0",
        "--providers",
        &file,
    ]);
    let server = Serving::start(serve);
    me.add_zoo();

    me.ok(&[
        "project",
        "set",
        "zoo",
        "--target",
        "1",
        "--agent-command",
        agent,
        "--provider",
        "anthropic",
    ]);
    me.ok(&["feature", "add", "zoo", "Feed the lions"]);
    me.ok(&["project", "start", "zoo"]);
    me.follow_until("feature.released");
    server.stop();
    let log = me.export();
    assert_eq!(
        of(&log, "container.session_ended")[0]["outcome"],
        "context_full"
    );
    assert!(
        of(&log, "feature.work_secured")[0]["sha"].is_string(),
        "what was not committed is secured"
    );
}

#[test]
fn a_model_that_its_vendor_has_not_is_refused_and_one_that_nobody_can_look_up_is_said() {
    let me = Newcomer::new();
    let endpoint = Endpoint::start(Box::new(|_| Answer::Fail(500)));
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let at = silent.local_addr().expect("an address");
    let file = super::vendors::providers(me.folder.path(), &endpoint);
    let text = fs_err::read_to_string(&file).expect("providers");
    let mut providers: Value = serde_json::from_str(&text).expect("JSON");
    let mute = json!({"protocol": "openai", "url": format!("http://{at}/v1"), "keys": []});
    providers["providers"]["mute"] = mute;
    fs_err::write(&file, providers.to_string()).expect("providers");
    let file = file.display().to_string();
    let serve = ["serve", "--allow-unisolated", "--listen", "127.0.0.1:0"];
    let server = Serving::start(me.command(&[&serve[..], &["--providers", &file]].concat()));
    me.add_zoo();

    let set = |option: &'static str, model: &'static str| ["project", "set", "zoo", option, model];
    for option in ["--model", "--reviewer-model"] {
        let invented = "claude-sonnet-99";
        let words = "has no model \"claude-sonnet-99\"; it has claude-sonnet-4-5-20250929";
        me.refused(&set(option, invented), words);
    }
    me.refused(
        &set("--model", "glm-99"),
        "has no model \"glm/glm-99\"; it has glm-4.7",
    );
    let known = me.ok(&set("--model", "claude-sonnet-4-5"));
    assert!(!known.contains("unchecked"), "{known}");
    for (model, why) in [
        ("opus", "the tool's own"),
        ("mute/qwen3", "no answer within"),
    ] {
        let said = me.ok(&set("--model", model));
        assert!(
            said.contains("unchecked: whether the provider") && said.contains(why),
            "{said}"
        );
    }
    // What is set already is not looked up again.
    let again = me.ok(&set("--verify", "make test"));
    assert!(!again.contains("unchecked"), "{again}");
    server.stop();
}

#[test]
fn models_that_cannot_be_asked_are_refused_when_they_are_chosen() {
    let me = Newcomer::new();
    let mut serve = me.command(&["serve", "--allow-unisolated", "--listen", "127.0.0.1:0"]);

    for name in [
        "ANTHROPIC_API_KEY",
        "CLAUDE_CODE_OAUTH_TOKEN",
        "OPENAI_API_KEY",
        "GEMINI_API_KEY",
        "ZHIPU_API_KEY",
    ] {
        serve.env_remove(name);
    }

    let server = Serving::start(serve);
    me.add_zoo();
    me.refused(
        &["project", "set", "zoo", "--model", "claude-sonnet-4-5"],
        "ANTHROPIC_API_KEY",
    );
    me.refused(
        &["project", "set", "zoo", "--model", "nobody/x"],
        "known are anthropic",
    );
    me.refused(
        &["project", "set", "zoo", "--model", "qwen3"],
        "provider/model",
    );
    me.refused(
        &["project", "set", "zoo", "--reviewer-model", "gpt-5"],
        "OPENAI_API_KEY",
    );
    me.refused(
        &["project", "set", "zoo", "--provider", "anthropic"],
        "goes with --model",
    );
    me.refused(&["project", "set", "zoo", "--memory", "1"], "memory_mib");
    me.refused(&["project", "set", "zoo", "--work", "9999"], "part");
    me.refused(
        &["project", "set", "zoo", "--allow", "https://example.org"],
        "is no port",
    );
    let shown = me.ok(&["project", "show", "zoo", "--json"]);
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(
        shown["settings"]["agent"]["dialect"], "unset",
        "nothing was changed"
    );
    server.stop();
    let file = me.folder.path().join("broken.json");
    fs_err::write(&file, "{").expect("file");
    me.refused(
        &["serve", "--providers", &file.display().to_string()],
        "broken.json",
    );
    me.refused(
        &["serve", "--providers", "/nowhere/providers.json"],
        "/nowhere/providers.json",
    );
}
