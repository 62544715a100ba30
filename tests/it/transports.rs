//! Upstreams over ssh and over HTTP with a token: real servers on loopback, a whole story through
//! each, and what must never be seen.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use actix_web::web::{Data, Path as UrlPath, Payload};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use events::id::ProjectName;
use events::log::EventLog;
use events::project::{ProjectKind, Repository};
use events::settings::{AgentSpec, Dialect};
use events::stream::Position;
use supercargo::adapters::git::{Gates, Secrets};
use supercargo::api::{CredentialShape, NewProject, ProjectChange};
use supercargo::gate::{self, GateBody, GateRequest};

use crate::docker::skip;
use crate::world::{Server, World, ZOO, context, scripted, story};

const SECRET: &str = "s3cr3t-t0ken-of-the-test";
/// A file beside the repositories of a host that takes no push.
const READ_ONLY: &str = "read-only";

fn new(git_url: String, credential: Option<CredentialShape>) -> NewProject {
    NewProject {
        name: ZOO.into(),
        git_url,
        kind: ProjectKind::Existing,
        spec: None,
        credential,
    }
}

/// One feature through a whole fleet, on an upstream that is reached in this way.
async fn build(world: &World, server: &Server) {
    let verify = Some("test -f README".to_owned());
    let change = ProjectChange {
        target: Some(1),
        agent: Some(AgentSpec::of(Dialect::Script)),
        verify,
        ..ProjectChange::default()
    };

    server
        .operator
        .change_project(&context(), ZOO, &change)
        .await
        .expect("set");
    let items = vec![scripted(
        "lions",
        "write lions fed\ncommit Feed\nsubmit",
        &[],
    )];
    let batch = events::backlog::Batch {
        prefix: "feat".into(),
        items,
    };

    server
        .operator
        .add_features(&context(), ZOO, &batch)
        .await
        .expect("added");
    server
        .operator
        .intend(&context(), ZOO, supercargo::operator::Wanted::Start)
        .await
        .expect("started");
    world.within("completed", server.completed()).await;
    assert_eq!(world.git(&world.upstream(), &["show", "main:lions"]), "fed");
}

/// L9: the secret is in no event and in no file but the one that keeps it.
async fn is_kept_apart(world: &World, secret: &str) {
    for envelope in world
        .log
        .read_all(Position(0), usize::MAX)
        .await
        .expect("log")
    {
        let payload = String::from_utf8_lossy(&envelope.payload).into_owned();
        assert!(
            !payload.contains(secret),
            "L9: {} holds the secret",
            envelope.kind
        );
    }
    let found = Command::new("grep")
        .args(["-rlF", "--", secret])
        .arg(world.folder.path())
        .output()
        .expect("grep");
    let found = String::from_utf8_lossy(&found.stdout).into_owned();
    assert!(
        found
            .lines()
            .all(|file| file.contains("/secrets/") || file.contains("/key")),
        "L9: {found}"
    );
}

/// An HTTP upstream that wants a user and a token: git's backend behind Basic auth.
async fn http_upstream(root: &Path) -> (actix_web::dev::ServerHandle, String) {
    let root = root.to_owned();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(root.clone()))
            .route("/{repo}.git/{within:.*}", web::route().to(serve))
    });
    let server = server
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .expect("a port");
    let address = server.addrs()[0];
    let running = server.run();
    let handle = running.handle();
    actix::spawn(async move { running.await.is_ok() });

    (handle, format!("http://{address}/up.git"))
}

async fn serve(
    root: Data<std::path::PathBuf>,
    request: HttpRequest,
    path: UrlPath<(String, String)>,
    body: Payload,
) -> HttpResponse {
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    let wanted = format!(
        "Basic {}",
        data_encoding::BASE64.encode(format!("ann:{SECRET}").as_bytes())
    );
    if header("authorization") != wanted {
        return HttpResponse::Unauthorized()
            .insert_header(("www-authenticate", "Basic realm=\"up\""))
            .finish();
    }

    // A host that lets its account read only.
    let pushes = request.query_string().contains("git-receive-pack");
    if pushes && root.join(READ_ONLY).exists() {
        return HttpResponse::Forbidden().finish();
    }

    let (repo, within) = path.into_inner();
    let asked = GateRequest {
        room: gate::REQUEST_MAX,
        within,
        query: request.query_string().to_owned(),
        method: request.method().to_string(),
        content_type: header("content-type"),
        content_encoding: header("content-encoding"),
        git_protocol: header("git-protocol"),
    };
    let answer = gate::serve(&root, &repo, asked, body, |_| Ok(()))
        .await
        .expect("an answer");
    let mut response =
        HttpResponse::build(actix_web::http::StatusCode::from_u16(answer.status).expect("status"));

    for header in answer.headers {
        response.append_header(header);
    }

    match answer.body {
        GateBody::Whole(bytes) => response.body(bytes),
        GateBody::Streamed(reader) => response.streaming(tokio_util::io::ReaderStream::new(reader)),
    }
}

#[test]
fn http_with_a_token() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let (handle, url) = http_upstream(world.folder.path()).await;
        let refused = server
            .operator
            .add_project(&context(), new(url.clone(), None))
            .await
            .expect_err("no token");
        assert_eq!(refused.code, "upstream_unreachable");
        let wrong = CredentialShape::Token {
            user: "ann".into(),
            token: "wrong".into(),
        };
        server
            .operator
            .add_project(&context(), new(url.clone(), Some(wrong)))
            .await
            .expect_err("a wrong token");
        assert!(
            !world
                .folder
                .path()
                .join("secrets")
                .join(ZOO)
                .join("token")
                .exists(),
            "nothing is kept of what was refused"
        );
        // Embedded, as people paste it: it leaves the URL before any event.
        let embedded = url.replace("http://", &format!("http://ann:{SECRET}@"));
        server
            .operator
            .add_project(&context(), new(embedded, None))
            .await
            .expect("added");
        assert_eq!(server.operator.project(ZOO).expect("zoo").git_url, url);
        build(&world, &server).await;
        is_kept_apart(&world, SECRET).await;
        handle.stop(false).await;
        world.end(server).await;
    });
}

/// An sshd of the test's own, for this user.
struct Sshd {
    child: Child,
    port: u16,
}

impl Sshd {
    fn start(folder: &Path) -> Result<Self, String> {
        let make = |args: &[&str]| {
            let made = Command::new("ssh-keygen")
                .args(args)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .status();
            made.map_err(|e| format!("ssh-keygen: {e}")).and_then(|s| {
                if s.success() {
                    Ok(())
                } else {
                    Err("ssh-keygen".into())
                }
            })
        };

        let file = |name: &str| folder.join(name).display().to_string();
        make(&["-q", "-t", "ed25519", "-N", "", "-f", &file("key")])?;
        make(&["-q", "-t", "ed25519", "-N", "", "-f", &file("host_key")])?;
        let free = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = free.local_addr().expect("address").port();
        drop(free);

        Self::serve(folder, port)
    }

    fn serve(folder: &Path, port: u16) -> Result<Self, String> {
        let file = |name: &str| folder.join(name).display().to_string();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile \
             none\nUsePAM no\nStrictModes no\n\
             PermitRootLogin prohibit-password\nPasswordAuthentication \
             no\nKbdInteractiveAuthentication no\n",
            file("host_key"),
            file("key.pub")
        );
        fs_err::write(folder.join("sshd.conf"), config).expect("file");
        if nix::unistd::geteuid().is_root() {
            fs_err::create_dir_all("/run/sshd").map_err(|e| format!("/run/sshd: {e}"))?;
        }

        let child = Command::new("/usr/sbin/sshd")
            .args(["-D", "-e", "-f", &file("sshd.conf")])
            .stdin(Stdio::null())
            .stderr(
                fs_err::File::create(folder.join("sshd.log"))
                    .expect("file")
                    .into_file(),
            )
            .spawn()
            .map_err(|e| format!("sshd: {e}"))?;

        for _ in 0..100 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(Self { child, port });
            }
            std::thread::sleep(Duration::from_millis(50));
        }

        Err("sshd did not come up".to_owned())
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn ssh_with_a_key_and_a_pinned_host() {
    let folder = tempfile::tempdir().expect("folder");
    let sshd = match Sshd::start(folder.path()) {
        Ok(sshd) => sshd,
        Err(why) => return skip("ssh with a key", &why),
    };
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let user = nix::unistd::User::from_uid(nix::unistd::geteuid())
            .expect("user")
            .expect("a name")
            .name;
        let url = format!(
            "ssh://{user}@127.0.0.1:{}{}",
            sshd.port,
            world.upstream().display()
        );
        let key = fs_err::read_to_string(folder.path().join("key")).expect("key");
        server
            .operator
            .add_project(&context(), new(url.clone(), None))
            .await
            .expect_err("no key");
        let credential = Some(CredentialShape::SshKey { key: key.clone() });
        server
            .operator
            .add_project(&context(), new(url.clone(), credential))
            .await
            .expect("added");
        build(&world, &server).await;
        let body = key.lines().nth(2).expect("a line of the key").to_owned();
        is_kept_apart(&world, &body).await;
        let known = world
            .folder
            .path()
            .join("secrets")
            .join(ZOO)
            .join("known_hosts");
        assert!(
            fs_err::read_to_string(&known)
                .expect("pinned")
                .contains("127.0.0.1"),
            "pinned at first use"
        );

        // Another host key under the same address: somebody in between, until a person says
        // otherwise.
        let port = sshd.port;
        drop(sshd);
        for file in ["host_key", "host_key.pub"] {
            fs_err::remove_file(folder.path().join(file)).expect("removed");
        }
        let host_key = folder.path().join("host_key").display().to_string();
        assert!(
            Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f", &host_key])
                .status()
                .expect("ran")
                .success()
        );
        let _other = Sshd::serve(folder.path(), port).expect("again");
        let secrets = Secrets::new(world.folder.path().join("secrets"));
        let gates = Gates::new(world.folder.path().join("gates"), secrets);
        let name: ProjectName = ZOO.parse().expect("name");
        let probed = actors::ports::repo::Fitness::probe(&gates, &name, &url)
            .await
            .expect_err("another host key")
            .to_string();
        assert!(
            probed.contains("Host key verification failed")
                || probed.contains("IDENTIFICATION HAS CHANGED"),
            "{probed}"
        );
        world.end(server).await;
    });
}

/// What only a host can tell is asked for when a project is added: whether it takes a push at all,
/// and whether it has the whole history.
#[test]
fn a_host_that_takes_no_push_or_has_part_of_the_history_is_named() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let (handle, url) = http_upstream(world.folder.path()).await;
        let token = || {
            Some(CredentialShape::Token {
                user: "ann".into(),
                token: SECRET.into(),
            })
        };
        let closed = world.folder.path().join(READ_ONLY);
        fs_err::write(&closed, "").expect("a file");
        let refused = server
            .operator
            .add_project(&context(), new(url.clone(), token()))
            .await
            .expect_err("it takes no push");
        assert_eq!(refused.code, "upstream_unfit");
        for word in ["takes no push", "--ssh-key", "--token-file"] {
            assert!(refused.message.contains(word), "{}", refused.message);
        }
        fs_err::remove_file(&closed).expect("opened");
        world.push_upstream("more", "of everything");

        let whole = format!("file://{}", world.upstream().display());
        let shallow = world.folder.path().join("shallow.git");
        let shallow = shallow.display().to_string();
        let part = [
            "clone", "--quiet", "--bare", "--depth", "1", &whole, &shallow,
        ];
        world.git(world.folder.path(), &part);
        let url = url.replace("/up.git", "/shallow.git");
        let added = server
            .operator
            .add_project(&context(), new(url, token()))
            .await;
        added.expect("registered");
        let failed = server.until(|view| match &view.registered()?.repository {
            Repository::Failed { reason, .. } => Some(reason.clone()),
            Repository::Pending | Repository::Cloned { .. } => None,
        });
        let said = world.within("not copied", failed).await;
        for word in ["shallow", "git fetch --unshallow"] {
            assert!(said.contains(word), "{said}");
        }
        handle.stop(false).await;
        world.end(server).await;
    });
}
