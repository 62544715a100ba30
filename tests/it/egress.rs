//! The budget of the way out: connections of a session share it, and when it is spent nothing more
//! goes out.

use std::io::{Read, Write};
use std::net::TcpListener;

use crate::newcomer::Newcomer;

/// Bytes of one answer: eight times the budget.
const ANSWER: usize = 8 * 1024 * 1024;
/// What four connections may pass beyond the budget before each has told what it moved.
const BEYOND: u64 = 4 * 1024 * 1024;

const GREEDY: &str = r#"get() { curl -s --noproxy '' -x $HTTP_PROXY -o /dev/null -w "$1 %{http_code}\n" http://$2/; }
for n in 1 2 3 4; do get first TARGET & done
wait
get after TARGET
exit 1"#;

#[test]
fn a_budget_is_shared_by_all_connections_and_ends_them() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let target = listener.local_addr().expect("an address").to_string();

    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {ANSWER}\r\nConnection: close\r\n\r\n"
                );
                let asked = stream.read(&mut [0; 4096]);
                // Whoever leaves early was cut off: that is what the test is about.
                drop(
                    asked
                        .and_then(|_| stream.write_all(head.as_bytes()))
                        .and_then(|()| stream.write_all(&vec![b'x'; ANSWER])),
                );
            });
        }
    });
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    let agent = GREEDY.replace("TARGET", &target);

    me.ok(&[
        "project",
        "set",
        "zoo",
        "--target",
        "1",
        "--agent-command",
        &agent,
        "--allow",
        &target,
        "--egress-mib",
        "1",
    ]);
    me.ok(&["feature", "add", "zoo", "Feed the lions"]);
    me.ok(&["project", "start", "zoo"]);
    me.follow_until("feature.released");
    server.stop();
    let printed = me.printed();
    assert!(printed.contains("after 403"), "{printed}");
    let log = me.export();
    let first = log
        .iter()
        .find(|event| event["type"] == "container.assigned")
        .expect("a session");
    let session = &first["data"]["assignment"]["session"];
    let recorded = log.iter().filter(|event| {
        event["type"] == "container.egress_recorded" && event["data"]["session"] == *session
    });
    let bytes: u64 = recorded
        .clone()
        .map(|event| event["data"]["bytes"].as_u64().expect("bytes"))
        .sum();
    assert!(
        (1024 * 1024..1024 * 1024 + BEYOND).contains(&bytes),
        "{bytes} bytes moved"
    );
    assert!(
        recorded
            .flat_map(|event| event["data"]["denied"].as_array().expect("denied"))
            .any(|denied| denied["target"] == target.as_str())
    );
}
