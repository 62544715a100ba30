//! A PostgreSQL server of the test run's own: Debian's package, a folder of its own, a free port,
//! loopback only. It ends with the run. Used by the tests and by the benchmarks.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Tries to reach the server while it starts, and the pause between them.
const TRIES: usize = 300;
const PAUSE: std::time::Duration = std::time::Duration::from_millis(100);
/// Whom the server runs as when the tests run as root, which it refuses to.
const USER: &str = "postgres";

struct Server {
    port: u16,
    databases: AtomicUsize,
}

/// The URL of a database that is empty and nobody else's; or why there is no server to be had.
pub(crate) async fn empty() -> Result<String, String> {
    static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
    let server = tokio::task::spawn_blocking(|| SERVER.get_or_init(start))
        .await
        .expect("joined");
    let server = server.as_ref().map_err(Clone::clone)?;
    let name = format!("log_{}", server.databases.fetch_add(1, Ordering::Relaxed));
    let admin = format!("postgres://{USER}@127.0.0.1:{}/postgres", server.port);
    let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(&admin)
        .await
        .expect("connected");
    let sql = format!("CREATE DATABASE {name}");

    sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .execute(&mut connection)
        .await
        .expect("made");
    Ok(format!(
        "postgres://{USER}@127.0.0.1:{}/{name}",
        server.port
    ))
}

/// Where Debian puts the programs of the newest version.
fn programs() -> Result<PathBuf, String> {
    let versions = fs_err::read_dir("/usr/lib/postgresql")
        .map_err(|e| format!("PostgreSQL is not installed: {e}"))?;
    let newest = versions
        .filter_map(|v| v.ok().map(|v| v.path().join("bin")))
        .filter(|bin| bin.join("initdb").exists())
        .max();
    newest.ok_or_else(|| "PostgreSQL is not installed".to_owned())
}

/// A program of PostgreSQL, as a user that it accepts, which ends when the thread ends that started
/// it.
fn as_user(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.arg("--pdeathsig=INT");
    if nix::unistd::geteuid().is_root() {
        command.args(["--reuid", USER, "--regid", USER, "--clear-groups"]);
    }
    command
        .arg(program)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn start() -> Result<Server, String> {
    let programs = programs()?;
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;

    if nix::unistd::geteuid().is_root() {
        let user = nix::unistd::User::from_name(USER)
            .ok()
            .flatten()
            .ok_or("there is no user postgres")?;
        nix::unistd::chown(folder.path(), Some(user.uid), Some(user.gid))
            .map_err(|e| e.to_string())?;
    }

    let data = folder.path().join("data");

    let made = as_user(&programs.join("initdb"))
        .args([
            "--no-sync",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--username",
            USER,
            "--pgdata",
        ])
        .arg(&data)
        .status();
    if !made.is_ok_and(|status| status.success()) {
        return Err("initdb did not make a database".to_owned());
    }

    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|l| l.local_addr())
        .map_err(|e| e.to_string())?
        .port();
    let mut server = as_user(&programs.join("postgres"));

    server.args([
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        "unix_socket_directories=",
        "-c",
        "max_connections=200",
        "-p",
        &port.to_string(),
        "-D",
    ]);
    server.arg(&data);

    // The server ends with the thread that started it, so that thread lives as long as the run.
    std::thread::spawn(move || {
        let ended = server.status();
        eprintln!("PostgreSQL ended: {ended:?}");
        drop(folder);
    });
    for _ in 0..TRIES {
        if Command::new(programs.join("pg_isready"))
            .args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()])
            .status()
            .is_ok_and(|status| status.success())
        {
            return Ok(Server {
                port,
                databases: AtomicUsize::new(0),
            });
        }
        std::thread::sleep(PAUSE);
    }

    Err("the server did not come up".to_owned())
}
