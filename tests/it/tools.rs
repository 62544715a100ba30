//! The verbs as tools of the Model Context Protocol, and the backlog through the door: what each
//! role is offered, and that a call is the same as the verb.

use crate::newcomer::Newcomer;

/// Works with tools alone, as an agent without a shell's verbs would; what is answered is printed.
const SPEAKER: &str = r#"set -e
rpc() { printf '%s ' "$1"; curl -sS -H 'content-type: application/json' -H 'accept: application/json, text/event-stream' \
        -d "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"$2\",\"params\":$3}" "$SUPERCARGO_URL/mcp"; echo; }
get() { printf '%s ' "$1"; curl -sS "$SUPERCARGO_URL$2"; echo; }
tool() { rpc "$1" tools/call "{\"name\":\"$2\",\"arguments\":$3}"; }
case "$SUPERCARGO_ROLE" in
coder)
    rpc begun initialize '{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"me","version":"1"}}'
    rpc offered tools/list '{}'
    tool mine show '{}'
    tool all list '{"status":"claimed"}'
    tool nobody show '{"id":"feat-zzzz"}'
    tool odd comment '{"txt":"typo"}'
    tool foreign verdict '{"verdict":{"judgement":"pass"}}'
    tool said comment '{"text":"The lions like it"}'
    case "$(get one /v1/feature)" in
        *Feed*) tool found create '{"content":{"title":"Clean the cage"}}' ;;
    esac
    get one /v1/feature
    get blocked '/v1/features?status=blocked'
    get wrong /v1/features/feat-zzzz
    echo made > "$SUPERCARGO_FEATURE.txt"
    git add --all
    git commit --quiet -m Make
    git push --quiet origin "HEAD:refs/heads/$SUPERCARGO_BRANCH"
    tool handed submit "{\"sha\":\"$(git rev-parse HEAD)\"}" ;;
reviewer)
    rpc offered tools/list '{}'
    tool judged verdict '{"verdict":{"judgement":"pass","findings":[],"ran":[{"command":"ls","exit":0}]}}' ;;
overseer) tool reported report '{"report":{"checked":[{"requirement":"it is there","evidence":"ls"}]}}' ;;
esac"#;

/// The lines that begin with this word.
fn lines<'a>(printed: &'a str, word: &str) -> Vec<&'a str> {
    printed
        .lines()
        .filter_map(|line| line.strip_prefix(word)?.strip_prefix(' '))
        .collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn agents_speak_through_tools_as_they_do_through_verbs() {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    me.ok(&[
        "project",
        "set",
        "zoo",
        "--target",
        "1",
        "--verify",
        "test -f README",
        "--agent-command",
        SPEAKER,
    ]);
    me.ok(&["feature", "add", "zoo", "Feed the lions"]);
    me.ok(&["project", "start", "zoo"]);
    me.follow_until_all_is_quiet();
    server.stop();

    let printed = me.printed();
    let first = |word: &str| {
        *lines(&printed, word)
            .first()
            .unwrap_or_else(|| panic!("no {word} in:\n{printed}"))
    };
    assert!(
        first("begun").contains("\"serverInfo\"") && first("begun").contains("\"tools\""),
        "{}",
        first("begun")
    );
    let offered = lines(&printed, "offered");
    let has = |offer: &str, name: &str| offer.contains(&format!("\"name\":\"{name}\""));
    assert!(
        offered
            .iter()
            .any(|offer| has(offer, "submit") && !has(offer, "verdict") && !has(offer, "backlog")),
        "{printed}"
    );
    assert!(
        offered
            .iter()
            .any(|offer| has(offer, "verdict") && !has(offer, "submit")),
        "{printed}"
    );
    let shown = |word: &str| {
        lines(&printed, word)
            .iter()
            .any(|line| line.contains("Feed the lions"))
    };
    assert!(shown("mine") && shown("all"), "{printed}");
    assert!(
        first("nobody").contains("\"isError\":true") && first("nobody").contains("not_found"),
        "{}",
        first("nobody")
    );
    assert!(
        first("odd").contains("\"isError\":true") && first("odd").contains("txt"),
        "{}",
        first("odd")
    );
    assert!(
        first("foreign").contains("\"error\"") && first("foreign").contains("there is no tool"),
        "{}",
        first("foreign")
    );
    assert!(
        first("one").contains("The lions like it"),
        "{}",
        first("one")
    );
    assert_eq!(first("blocked"), "[]");
    assert!(first("wrong").contains("not_found"), "{}", first("wrong"));
    let log = me.export();
    let count = |kind: &str| log.iter().filter(|event| event["type"] == kind).count();
    assert_eq!(
        count("feature.closed"),
        2,
        "what was found was built as well"
    );
    assert!(count("feature.commented") >= 1 && count("project.completed") >= 1);
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
}
