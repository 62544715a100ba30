//! T12, T13: more than sixty ways out of a container, tried for real. A canary listens on every
//! address of the host; nothing may reach it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::{Arc, Mutex};

use serde_json::json;

use super::{begin, of};
use crate::docker::on_docker;

/// Requests and connections as the outside saw them.
type Seen = Arc<Mutex<Vec<String>>>;

/// Serves each connection on a thread of its own, until the process ends.
fn listen(
    listener: TcpListener,
    serve: impl Fn(TcpStream) + Send + Sync + Clone + 'static,
) -> SocketAddr {
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = serve.clone();
            std::thread::spawn(move || serve(stream));
        }
    });
    address
}

/// Notes whoever comes, on every address of the host, TCP and UDP.
fn canary(seen: &Seen) -> u16 {
    let noted = seen.clone();
    let listener = TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0))
        .or_else(|_| TcpListener::bind("0.0.0.0:0"))
        .expect("a port");
    let port = listen(listener, move |stream| {
        noted
            .lock()
            .expect("seen")
            .push(format!("tcp from {:?}", stream.peer_addr()))
    })
    .port();
    let udp = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, port))
        .or_else(|_| UdpSocket::bind(("0.0.0.0", port)))
        .expect("a port");
    let noted = seen.clone();

    std::thread::spawn(move || {
        let mut buffer = [0; 2048];
        while let Ok((n, from)) = udp.recv_from(&mut buffer) {
            noted
                .lock()
                .expect("seen")
                .push(format!("udp {n} bytes from {from}"));
        }
    });
    port
}

/// What is allowed: says which host and path it was asked for, and sends whoever asks for
/// `/ok/away` to the canary.
fn web(seen: &Seen, canary: u16) -> u16 {
    let seen = seen.clone();
    let serve = move |mut stream: TcpStream| {
        let mut lines = BufReader::new(stream.try_clone().expect("cloned"))
            .lines()
            .map_while(Result::ok);
        let Some(first) = lines.next() else { return };
        let headers: Vec<String> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
        let host = headers
            .iter()
            .find(|line| line.to_lowercase().starts_with("host:"))
            .cloned()
            .unwrap_or_default();
        let proxy = headers
            .iter()
            .any(|line| line.to_lowercase().starts_with("proxy-"));
        seen.lock()
            .expect("seen")
            .push(format!("{first} {host} proxy headers {proxy}"));
        let body = format!("{} {first}", host.to_lowercase().replace("host:", "host"));
        let head = if first.contains("/ok/away") {
            format!("302 Found\r\nLocation: http://127.0.0.1:{canary}/")
        } else {
            "200 OK".into()
        };
        let answer = format!(
            "HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        drop(stream.write_all(answer.as_bytes()));
    };

    listen(TcpListener::bind("127.0.0.1:0").expect("a port"), serve).port()
}

/// Sends back what it gets.
fn echo() -> u16 {
    let serve = |mut stream: TcpStream| {
        let mut buffer = [0; 1024];
        while let Ok(n) = stream.read(&mut buffer) {
            if n == 0 || stream.write_all(&buffer[..n]).is_err() {
                return;
            }
        }
    };
    listen(TcpListener::bind("127.0.0.1:0").expect("a port"), serve).port()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn sixty_ways_out_and_nothing_leaves() {
    on_docker("sixty ways out of a container", |_| async move {
        let (caught, asked) = (Seen::default(), Seen::default());
        let canary = canary(&caught);
        let (web, echo) = (web(&asked, canary), echo());
        let hosts = std::process::Command::new("hostname")
            .arg("-I")
            .output()
            .map(|o| o.stdout)
            .unwrap_or_default();
        let hosts = String::from_utf8(hosts).expect("text");
        let given = format!("{canary} {web} {echo} {}", hosts.trim());
        let coder = format!(
            "HOSTILE='{given}' perl routes.pl; echo x > x.txt; git add x.txt; git commit -qm x; \
             supercargo agent submit"
        );
        let rules = json!({"egress": [
            {"host": "127.0.0.1", "port": web, "methods": ["GET"], "path_prefix": "/ok/"},
            {"host": "127.0.0.1", "port": echo},
            {"host": "localhost", "port": canary},
        ]});
        let (me, server) = begin(&coder, &rules, &[("routes.pl", include_str!("routes.pl"))]);
        me.follow_until_all_is_quiet();
        server.stop();
        let said = me.printed();
        let routes: Vec<&str> = said
            .lines()
            .filter(|line| line.starts_with("route "))
            .collect();
        assert!(said.contains("routes done"), "{said}");
        assert!(routes.len() >= 70, "{} routes:\n{said}", routes.len());
        assert_eq!(
            *caught.lock().expect("seen"),
            Vec::<String>::new(),
            "the canary was reached:\n{said}"
        );

        let (allowed, tried): (Vec<&str>, Vec<&str>) = routes
            .iter()
            .partition(|line| line.starts_with("route ALLOWED"));
        for line in tried {
            let answer = line.rsplit_once(": ").map_or("", |(_, answer)| answer);
            let open = [
                "connected",
                "answered",
                "resolved",
                "got one",
                "HTTP/1.1 200",
                "there",
            ];
            assert!(!open.iter().any(|word| answer.starts_with(word)), "{line}");
        }
        let says = |part: &str| {
            assert!(
                allowed.iter().any(|line| line.contains(part)),
                "{part} is not in {allowed:#?}"
            )
        };
        assert!(
            said.contains("route vsock host: failed Operation not permitted"),
            "no namespace keeps vsock apart:\n{said}"
        );
        says(&format!("get: host 127.0.0.1:{web}"));
        says("302");
        says("tunnel: HTTP/1.1 200");
        says("ping");
        let asked = asked.lock().expect("seen").clone();
        assert!(
            asked
                .iter()
                .all(|line| line.starts_with("GET /ok/") && line.ends_with("proxy headers false")),
            "{asked:#?}"
        );

        let log = me.export();
        let recorded = of(&log, "container.egress_recorded");
        let denied: Vec<&serde_json::Value> = recorded
            .iter()
            .flat_map(|event| event["denied"].as_array().expect("denied"))
            .collect();
        let count: u64 = denied
            .iter()
            .map(|d| d["count"].as_u64().expect("a number"))
            .sum();
        assert!(count >= 25, "{denied:#?}");
        let named = |host: &str| {
            denied
                .iter()
                .any(|d| d["target"].as_str().is_some_and(|t| t.contains(host)))
        };
        assert!(
            named("169.254.169.254:80")
                && named("localhost")
                && named(&format!("127.0.0.1:{canary}")),
            "{denied:#?}"
        );
        assert!(
            recorded
                .iter()
                .any(|event| event["bytes"].as_u64() > Some(0)),
            "what went out is counted"
        );
        assert!(me.ok(&["log", "audit"]).starts_with("clean"));
    });
}
