//! One id finds everything in a server's log: the caller of a command, its host, its append and
//! what follows from it. Read off the log that the real binary writes while it makes one claim and
//! one merge.

use serde_json::Value;

use crate::binary::Serving;
use crate::newcomer::{AGENT, Newcomer};

/// What a server writes with everything of ours shown.
struct Lines(Vec<String>);

impl Lines {
    /// A line that holds all of these words, each behind the one before.
    fn has(&self, words: &[&str]) {
        let in_order = |line: &&String| {
            let mut rest = line.as_str();
            words.iter().all(|word| match rest.split_once(word) {
                Some((_, after)) => {
                    rest = after;
                    true
                }
                None => false,
            })
        };
        let named = |line: &&String| line.contains(words[0]) && line.contains(words[1]);
        let near: Vec<_> = self.0.iter().filter(named).collect();

        assert!(
            self.0.iter().any(|line| in_order(&line)),
            "{words:?}: {near:#?}"
        );
    }
}

fn text<'a>(event: &'a Value, field: &str) -> &'a str {
    event[field].as_str().expect("text")
}

/// The first event of a kind.
fn first<'a>(events: &'a [Value], kind: &str) -> &'a Value {
    let mut events = events.iter();
    let found = events.find(|event| event["type"] == kind);
    found.unwrap_or_else(|| panic!("{kind} was not recorded"))
}

/// Makes a claim and a merge; the log of the server, and the events.
fn a_claim_and_a_merge() -> (Lines, Vec<Value>) {
    let me = Newcomer::new();
    let path = me.folder.path().join("server.log");
    let log = fs_err::File::create(&path).expect("a file");
    let mut serve = me.command(&["serve", "--allow-unisolated", "--listen", "127.0.0.1:0"]);
    serve.env("SUPERCARGO_TRACE", "warn,supercargo=debug,actors=debug");
    let server = Serving::start_telling(serve, log.into_parts().0.into());

    me.add_zoo();
    let set = ["project", "set", "zoo", "--verify", "test -f README"];
    me.ok(&[&set[..], &["--agent-command", AGENT]].concat());
    me.ok(&["feature", "add", "zoo", "Feed the lions"]);
    me.ok(&["project", "start", "zoo"]);
    me.follow_until("feature.closed");
    me.stop_all();
    server.stop();

    let log = fs_err::read_to_string(&path).expect("the log");
    (Lines(log.lines().map(str::to_owned).collect()), me.export())
}

#[test]
fn one_id_finds_the_caller_the_host_the_append_and_the_effects_of_a_claim_and_a_merge() {
    let (log, events) = a_claim_and_a_merge();

    // What a person asked for: the request, the verb, the command, its host and the append.
    let started = first(&events, "project.started");
    let id = text(started, "command");
    let command = format!("command{{command={id} stream=project-zoo");
    let verb = format!("intend{{request={id}");
    let request = format!("request{{id={id} method=POST");
    log.has(&[&request, &verb, &command, "host", "append{", "recorded"]);
    log.has(&[&request, "answered"]);

    // What a person adds to the backlog is made under the same id.
    let admitted = first(&events, "backlog.admitted");
    let (id, created) = (text(admitted, "command"), first(&events, "feature.created"));
    assert_eq!(text(created, "correlation"), id);
    let created = format!("command{{command={}", text(created, "command"));
    log.has(&["effect=\"creating", id, &created, "append{", "recorded"]);

    // A claim that a policy asked for is the beginning of a story, and the id of that is on all
    // that follows: the claim, the assignment of the slot, the start of its container, what the
    // session says, and the merge.
    let claimed = first(&events, "feature.claimed");
    let (story, command) = (text(claimed, "correlation"), text(claimed, "command"));
    let recorded = format!("recorded position={}", claimed["position"]);
    let by = format!("correlation={story}");
    let command = format!("command{{command={command}");
    log.has(&[
        "effect=\"claiming",
        &by,
        "claim_queue{",
        &command,
        &by,
        "host",
        "append{",
    ]);
    let recorded = recorded.replace("recorded ", "");
    log.has(&["effect=\"claiming", &by, &command, "append{", &recorded]);

    for (effect, kind) in [
        ("assigning slot", "container.assigned"),
        ("building entry", "trunk.candidate_built"),
        ("publishing entry", "trunk.advanced"),
    ] {
        let event = first(&events, kind);
        assert_eq!(
            text(event, "correlation"),
            story,
            "{kind} is of another story"
        );
        let effect = format!("effect=\"{effect}");
        let own = format!("command={}", text(event, "command"));
        let position = format!("position={}", event["position"]);
        log.has(&[
            &effect, &by, &own, "command{", &own, &by, "host", "append{", &position,
        ]);
    }
    log.has(&["step{", "step=\"start\"", &by, "command{", &by, "append{"]);
    log.has(&["step{", "step=\"start\"", &by, "engine.start{"]);
    log.has(&[
        "door{session=",
        "path=\"/v1/say\"",
        "command{",
        &by,
        "append{",
    ]);
}
