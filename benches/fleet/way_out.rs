//! Throughput of the way out: one large answer read from inside a container, over the runner's
//! loopback and the door, against the same answer read directly, in turns.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};

use crate::record::{self, Better};

/// Bytes of one answer.
const BYTES: usize = 512 * 1024 * 1024;
const ROUNDS: usize = 5;
/// Everything is done within this time, or something is wrong.
const WITHIN: Duration = Duration::from_secs(180);

pub(crate) fn run() -> anyhow::Result<()> {
    let port = serve()?;
    let folder = tempfile::tempdir()?;
    let upstream = folder.path().join("upstream.git");
    crate::claims::seed(&upstream)?;
    let data = folder.path().join("data");
    let mut server = begin(&data)?;
    let direct: Vec<f64> = (0..ROUNDS)
        .map(|_| directly(port))
        .collect::<Result<_, _>>()?;
    let through = inside(&data, &upstream, port);
    server.kill()?;
    server.wait()?;
    let (direct, through) = (crate::sorted(direct), crate::sorted(through?));
    let (direct, through) = (
        crate::percentile(&direct, 0.5),
        crate::percentile(&through, 0.5),
    );

    record::figure(
        "way_out",
        through / direct,
        "the same read directly",
        Better::Higher,
    )?;
    println!(
        "way_out: {through:.0} MiB/s from inside a container, {direct:.0} MiB/s directly: {:.2} × \
         ({ROUNDS} rounds)",
        through / direct
    );

    Ok(())
}

/// Answers every request with as many bytes, until the process ends.
fn serve() -> anyhow::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();

    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let (mut asked, part) = ([0; 4096], vec![7u8; 256 * 1024]);
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {BYTES}\r\nConnection: close\r\n\r\n"
                );
                let sent = stream
                    .read(&mut asked)
                    .and_then(|_| stream.write_all(head.as_bytes()));
                // Whoever leaves early has what it wanted.
                drop(sent.and_then(|()| {
                    (0..BYTES / part.len()).try_for_each(|_| stream.write_all(&part))
                }));
            });
        }
    });
    Ok(port)
}

/// MiB per second over loopback.
fn directly(port: u16) -> anyhow::Result<f64> {
    let output = Command::new("curl")
        .args(["-s", "-o", "/dev/null", "-w", "%{speed_download}"])
        .arg(format!("http://127.0.0.1:{port}/"))
        .output()?;
    Ok(String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse::<f64>()
        .context("curl says a speed")?
        / 1024.0
        / 1024.0)
}

fn supercargo(args: &[&str], data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_supercargo"));
    command
        .args(args)
        .arg("--data")
        .arg(data)
        .stdin(Stdio::null());
    command
}

pub(crate) fn begin(data: &Path) -> anyhow::Result<Child> {
    let mut serve = supercargo(
        &[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--engine",
            "process",
            "--allow-unisolated",
        ],
        data,
    );
    let mut server = serve.stdout(Stdio::piped()).spawn()?;

    // The ready line.
    server
        .stdout
        .take()
        .context("a pipe")?
        .read_exact(&mut [0; 10])?;
    Ok(server)
}

pub(crate) fn told(args: &[&str], data: &Path) -> anyhow::Result<()> {
    let output = supercargo(args, data).output()?;
    if output.status.success() {
        Ok(())
    } else {
        bail!("{args:?}: {}", String::from_utf8_lossy(&output.stderr))
    }
}

/// MiB per second as a coder in a container has them.
fn inside(data: &Path, upstream: &Path, port: u16) -> anyhow::Result<Vec<f64>> {
    let (done, listening) = (
        TcpListener::bind("127.0.0.1:0")?,
        format!("127.0.0.1:{port}"),
    );
    let report = done.local_addr()?;
    let agent = format!(
        "for n in $(seq {ROUNDS}); do curl -s --noproxy '' -x $HTTP_PROXY -o /dev/null -w \
         '%{{speed_download}} ' http://{listening}/; done > said; \
         curl -s --noproxy '' -x $HTTP_PROXY --data-binary @said http://{report}/; sleep 60"
    );

    told(
        &[
            "project",
            "add",
            "bench",
            "--git-url",
            &upstream.display().to_string(),
            "--existing",
        ],
        data,
    )?;
    let allowed = [
        "--allow",
        &listening,
        "--allow",
        &report.to_string(),
        "--egress-mib",
        "100000",
    ];

    told(
        &[
            &[
                "project",
                "set",
                "bench",
                "--target",
                "1",
                "--agent-command",
                &agent,
            ],
            &allowed[..],
        ]
        .concat(),
        data,
    )?;
    told(&["feature", "add", "bench", "Read a lot"], data)?;
    told(&["project", "start", "bench"], data)?;
    let (heard, said) = std::sync::mpsc::channel();
    std::thread::spawn(move || heard.send(done.accept().map(|(stream, _)| read(stream))));
    let text = said
        .recv_timeout(WITHIN)
        .context("the agent reported nothing in time")???;

    let speeds: Vec<f64> = text
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .map(|bytes: f64| bytes / 1024.0 / 1024.0)
        .collect();
    if speeds.len() == ROUNDS {
        Ok(speeds)
    } else {
        bail!("the agent reported {text:?}")
    }
}

/// The body of a request.
fn read(mut stream: TcpStream) -> anyhow::Result<String> {
    let (mut text, mut part) = (String::new(), [0; 4096]);
    while !text
        .split_once("\r\n\r\n")
        .is_some_and(|(_, body)| body.ends_with(' '))
    {
        let n = stream.read(&mut part)?;
        if n == 0 {
            bail!("the report ended early");
        }
        text.push_str(&String::from_utf8_lossy(&part[..n]));
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;

    Ok(text
        .split_once("\r\n\r\n")
        .map_or(String::new(), |(_, body)| body.to_owned()))
}
