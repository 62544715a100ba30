//! The real door in front of the real gate: who is heard on which voice, and what git may push
//! through it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actors::containers::reconciler::Doors;
use actors::ports::engine::{
    ContainerName, Engine, Seen, Sought, StartError, StartSpec, Unreachable, Used,
};
use async_trait::async_trait;
use events::container::{Class, SlotState};
use events::id::{ProjectName, SessionId};
use events::policy::room::HostMemory;
use events::settings::ContainerLimits;
use supercargo::door::{DoorSet, Rooms};
use supercargo::gateway::Gateway;
use supercargo::gateway::providers::Providers;
use supercargo::wire::{CallError, call_socket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UnixStream};
use tokio::sync::watch;

use crate::world::stub::git;
use crate::world::{Server, World, ZOO, context, scripted, story};

/// An engine that only says which process is the main one.
struct MainProcess(i32);

#[async_trait]
impl Engine for MainProcess {
    fn name(&self) -> &'static str {
        "main process"
    }
    async fn list(&self) -> Result<Vec<Seen>, Unreachable> {
        Ok(vec![])
    }
    async fn start(&self, _spec: &StartSpec) -> Result<String, StartError> {
        Err(StartError::failed(
            Class::Other("none".into()),
            "nothing is started here",
        ))
    }
    async fn seek(&self, _limits: &ContainerLimits, _program: &str) -> Result<Sought, StartError> {
        Err(StartError::failed(
            Class::Other("none".into()),
            "nothing is started here",
        ))
    }
    async fn stop(&self, _name: &ContainerName, _grace_ms: u64) -> Result<(), Unreachable> {
        Ok(())
    }
    async fn remove(&self, _name: &ContainerName) -> Result<(), Unreachable> {
        Ok(())
    }
    async fn is_main_process(&self, _name: &ContainerName, pid: i32) -> bool {
        pid == self.0
    }
    fn host_memory(&self) -> Option<HostMemory> {
        None
    }

    async fn used(&self, _name: &ContainerName) -> Result<Option<Used>, Unreachable> {
        Ok(None)
    }

    async fn forget_all_but(&self, _projects: &BTreeSet<ProjectName>) {}

    fn hints(&self) -> watch::Receiver<u64> {
        watch::Sender::new(0).subscribe()
    }
}

/// A coder at work, and its door.
struct Scene {
    world: World,
    server: Server,
    doors: DoorSet,
    session: SessionId,
    feature: String,
    folder: PathBuf,
}

impl Scene {
    async fn set(main_process: i32) -> Self {
        let world = World::new();
        let server = world.start().await;

        server
            .open_zoo(&world, 1, vec![scripted("lions", "hang", &[])])
            .await
            .expect("opened");
        let at_work = server.until(|view| {
            let (n, slot, _) = view
                .enlisted()
                .find(|(_, b, _)| matches!(b.state, SlotState::Running { begun: true, .. }))?;
            Some((n, slot.job()?.clone(), slot.generation))
        });
        let (n, job, generation) = world.within("at work", at_work).await;

        // Its agent is silent, and what follows takes as long as this machine needs for it.
        world.clock.stop();
        let below = world.folder.path().join("d");
        fs_err::create_dir(&below).expect("the folder of the doors");
        let gates = world.folder.path().join("gates");
        let engine = Arc::new(MainProcess(main_process));
        let binary = env!("CARGO_BIN_EXE_supercargo").into();
        let gateway =
            Gateway::new(Arc::new(Providers::built_in().expect("providers"))).expect("a gateway");
        let rooms = Rooms {
            doors: below.clone(),
            gates,
            binary,
            gateway,
        };
        let doors = DoorSet::new(rooms, server.core.sessions.clone(), engine);
        let name = ContainerName {
            project: ZOO.parse().expect("name"),
            n,
            generation,
        };
        doors.keep([(job.session.clone(), name)].into()).await;
        let folder = below.join(job.session.as_str());
        let feature = job.feature.expect("a coder's").to_string();

        Self {
            world,
            server,
            doors,
            session: job.session,
            feature,
            folder,
        }
    }

    /// The agent's voice on loopback, as a runner offers it.
    async fn loopback(&self) -> String {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let url = format!(
            "http://{}/git/{ZOO}.git",
            listener.local_addr().expect("address")
        );
        let socket = self.folder.join("agent");

        tokio::spawn(async move {
            while let Ok((mut inside, _)) = listener.accept().await {
                let Ok(mut outside) = UnixStream::connect(&socket).await else {
                    continue;
                };
                tokio::spawn(async move {
                    tokio::io::copy_bidirectional(&mut inside, &mut outside)
                        .await
                        .is_ok()
                });
            }
        });
        url
    }

    async fn end(self) {
        self.server
            .operator
            .intend(&context(), ZOO, supercargo::operator::Wanted::Stop)
            .await
            .expect("stopped");
        self.world.end(self.server).await;
    }
}

async fn run(folder: &Path, args: &[&str]) -> Result<String, String> {
    let (folder, args): (PathBuf, Vec<String>) = (
        folder.to_owned(),
        args.iter().map(|a| (*a).to_owned()).collect(),
    );
    let ran = tokio::task::spawn_blocking(move || {
        git(
            &folder,
            &args.iter().map(String::as_str).collect::<Vec<_>>(),
        )
    });
    ran.await.expect("ran")
}

fn own_pid() -> i32 {
    i32::try_from(std::process::id()).expect("pid")
}

/// C2 at the effect: a push goes to the branch of the open claim and nowhere else, and not after
/// the claim's end.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn git_pushes_through_the_door_only_to_the_branch_of_the_open_claim() {
    story(|| async {
        let scene = Scene::set(own_pid()).await;
        let url = scene.loopback().await;
        let folder = scene.world.folder.path().to_owned();
        run(&folder, &["clone", "--quiet", &url, "mine"])
            .await
            .expect("a session reads its own project");
        let tree = folder.join("mine");
        fs_err::write(tree.join("lions"), "fed").expect("file");
        run(&tree, &["add", "--all"]).await.expect("added");
        run(&tree, &["commit", "--quiet", "-m", "Feed"])
            .await
            .expect("committed");
        let own = format!("refs/heads/work/{}/1", scene.feature);
        let before = scene.world.landed();
        for (reference, why) in [
            ("refs/heads/main".to_owned(), "not yours to push"),
            ("refs/heads/work/other/1".to_owned(), "not yours to push"),
            ("refs/tags/v1".to_owned(), "not yours to push"),
            (
                format!("refs/heads/work/{}/0", scene.feature),
                "claim 0 is not the one you hold",
            ),
            (
                format!("refs/heads/work/{}/2", scene.feature),
                "claim 2 is not the one you hold",
            ),
        ] {
            let said = run(&tree, &["push", "origin", &format!("HEAD:{reference}")])
                .await
                .expect_err("refused");
            assert!(
                said.contains(why) && said.contains(&own),
                "{reference}: {said}"
            );
        }
        run(
            &tree,
            &["push", "--quiet", "origin", &format!("HEAD:{own}")],
        )
        .await
        .expect("its own");
        let both = [
            "push",
            "origin",
            &format!("HEAD:{own}"),
            "HEAD:refs/heads/main",
        ];
        run(&tree, &["commit", "--quiet", "--allow-empty", "-m", "More"])
            .await
            .expect("committed");
        run(&tree, &both)
            .await
            .expect_err("one foreign ref refuses the whole push");
        run(&tree, &["push", "origin", &format!(":{own}")])
            .await
            .expect_err("deleting");
        let head = run(&tree, &["ls-remote", "origin"]).await.expect("read");
        let first = run(&tree, &["rev-parse", "HEAD~1"]).await.expect("sha");
        assert!(
            head.contains(&format!("{}\t{own}", first.trim())),
            "only the one push arrived: {head}"
        );
        assert_eq!(
            before,
            scene.world.landed(),
            "upstream is the trunk's alone"
        );

        let said = actors::sessions::wire::Say::Release {
            reason: "too hard".into(),
        };
        scene
            .server
            .core
            .sessions
            .say(&scene.session, said)
            .await
            .expect("released");
        let late = run(&tree, &["push", "origin", &format!("HEAD:{own}")])
            .await
            .expect_err("the claim is over");
        assert!(late.contains("stop"), "it is told to stop: {late}");
        scene.end().await;
    });
}

/// The control voice hears the container's main process alone; and what the agent's voice does not
/// know is refused.
#[test]
fn the_control_voice_hears_the_main_process_alone() {
    story(|| async {
        let scene = Scene::set(own_pid() + 1).await;
        for path in ["/hello", "/beat", "/end", "/output?seq=1"] {
            let answer: Result<serde_json::Value, _> =
                call_socket(&scene.folder.join("control"), "POST", path, &()).await;
            assert!(
                matches!(&answer, Err(CallError::Refused(p)) if p.code == "not_heard"),
                "{path}: {answer:?}"
            );
        }
        for path in [
            "/hello",
            "/beat",
            "/end",
            "/git/other.git/info/refs",
            "/git/../../etc/passwd",
            "/",
        ] {
            let answer: Result<serde_json::Value, _> =
                call_socket(&scene.folder.join("agent"), "POST", path, &()).await;
            assert!(
                matches!(&answer, Err(CallError::Refused(p)) if p.code == "not_found"),
                "{path}: {answer:?}"
            );
        }
        scene.end().await;

        let scene = Scene::set(own_pid()).await;
        let beat: actors::sessions::wire::Beat =
            call_socket(&scene.folder.join("control"), "POST", "/beat", &())
                .await
                .expect("heard");
        assert!(beat.open);
        scene.doors.keep([].into()).await;
        assert!(
            !scene.folder.exists(),
            "a closed door leaves nothing behind"
        );
        scene.end().await;
    });
}

/// Bytes as they come over a socket of a door, answered to the end of the connection or as far as
/// they come.
async fn spoken(socket: &Path, said: &[u8]) -> String {
    let mut stream = UnixStream::connect(socket).await.expect("connected");
    stream.write_all(said).await.expect("said");
    let mut heard = vec![0; 4096];
    let length = stream.read(&mut heard).await.expect("heard");
    String::from_utf8_lossy(&heard[..length]).into_owned()
}

/// A body is not waited for where its answer is known before: who may not ask, or asks for what is
/// not there, is told at once.
#[test]
fn no_body_is_read_before_it_is_known_where_it_goes() {
    story(|| async {
        let scene = Scene::set(own_pid()).await;
        let (agent, control) = (scene.folder.join("agent"), scene.folder.join("control"));
        // A length is announced and nothing of it is sent.
        for (socket, path, length, status, code) in [
            (&agent, "/nothing", 100_000_000_u64, 404, "not_found"),
            (
                &agent,
                "/model/anthropic/v1/messages",
                60_000_000,
                404,
                "not_found",
            ),
            (&agent, "/v1/say", 3_000_000, 413, "too_large"),
            (&agent, "/mcp", 3_000_000, 413, "too_large"),
            (&control, "/end", 3_000_000, 413, "too_large"),
            (&control, "/output?seq=1", 100_000_000, 413, "too_large"),
        ] {
            let said = format!(
                "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\naccept: \
                 application/json, text/event-stream\r\n\
                 content-length: {length}\r\n\r\n"
            );
            let heard = spoken(socket, said.as_bytes());
            let heard = scene.world.within(path, heard).await;
            assert!(
                heard.starts_with(&format!("HTTP/1.1 {status}")),
                "{path}: {heard}"
            );
            assert!(heard.contains(code), "{path}: {heard}");
            assert!(
                heard.contains("application/problem+json"),
                "{path}: {heard}"
            );
        }
        scene.end().await;
    });
}

/// Whoever sends too much hears why, and not that the connection broke while it was sending.
#[test]
fn a_body_beyond_its_bound_is_let_pass_and_told_why() {
    story(|| async {
        let scene = Scene::set(own_pid()).await;
        let agent = scene.folder.join("agent");
        let chunk = vec![b'x'; 1024 * 1024];
        let head = format!(
            "POST /v1/say HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n",
            40 * chunk.len()
        );
        let sent = async {
            let mut stream = UnixStream::connect(&agent).await.expect("connected");
            stream.write_all(head.as_bytes()).await.expect("said");
            for _ in 0..40 {
                stream.write_all(&chunk).await.expect("let pass");
            }
            let mut heard = vec![0; 4096];
            let length = stream.read(&mut heard).await.expect("heard");
            String::from_utf8_lossy(&heard[..length]).into_owned()
        };
        let heard = scene.world.within("sent", sent).await;
        assert!(heard.starts_with("HTTP/1.1 413"), "{heard}");
        assert!(heard.contains("the body is too large"), "{heard}");
        scene.end().await;
    });
}

/// A push that is not allowed is known by its first line: it is turned down, and nothing of its
/// pack is kept.
#[test]
fn a_push_beyond_its_bound_is_told_why() {
    story(|| async {
        let scene = Scene::set(own_pid()).await;
        let agent = scene.folder.join("agent");
        let (old, new) = ("0".repeat(40), "a".repeat(40));
        let own = format!("refs/heads/work/{}/1", scene.feature);
        let line = format!("{old} {new} {own}\0report-status");
        let head = format!("{:04x}{line}0000PACK\0\0\0\u{2}\0\0\0\u{1}", line.len() + 4);
        let pack = 129 * 1024 * 1024_usize;
        let said = format!(
            "POST /git/{ZOO}.git/git-receive-pack HTTP/1.1\r\nhost: x\r\ncontent-type: \
             application/x-git-receive-pack-request\r\n\
             content-length: {}\r\n\r\n{head}",
            head.len() + pack
        );
        let pushed = async {
            let mut stream = UnixStream::connect(&agent).await.expect("connected");
            stream.write_all(said.as_bytes()).await.expect("said");
            let chunk = vec![0; 1024 * 1024];
            for _ in 0..129 {
                stream
                    .write_all(&chunk)
                    .await
                    .expect("taken, and thrown away");
            }
            let mut heard = vec![0; 4096];
            let length = stream.read(&mut heard).await.expect("heard");
            String::from_utf8_lossy(&heard[..length]).into_owned()
        };
        let heard = scene.world.within("pushed", pushed).await;
        let ng = format!("ng {own} the push has more than 128 MiB");
        assert!(heard.contains(&ng), "{heard}");
        scene.end().await;
    });
}

/// One session's comments come to an end, however many connections it has and whatever the server
/// forgot meanwhile.
#[test]
fn comments_of_a_session_come_to_an_end() {
    story(|| async {
        let scene = Scene::set(own_pid()).await;
        let sessions = &scene.server.core.sessions;
        let say = |n: usize| {
            let said = actors::sessions::wire::Say::Comment {
                text: format!("{n}: {}", "words ".repeat(2_000)),
            };
            sessions.say(&scene.session, said)
        };
        let answers = futures::future::join_all((0..200).map(say)).await;
        let refused: Vec<String> = answers
            .into_iter()
            .filter_map(|answer| answer.err().map(|why| why.to_string()))
            .collect();
        let written = scene.world.facts("feature.commented").await;
        assert_eq!(written.len() + refused.len(), 200);
        let bytes: usize = written
            .iter()
            .map(|e| e["text"].as_str().map_or(0, str::len))
            .sum();
        assert!(bytes <= 256 * 1024 && bytes > 200 * 1024, "{bytes}");
        assert!(
            refused.iter().all(|why| why.contains("as many as one may")),
            "{refused:?}"
        );
        scene.end().await;
    });
}
