//! Hosts end when they are idle. Commands that arrive at that very moment are carried out all the
//! same, once.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use actors::directory::Directory;
use actors::feed::Feed;
use actors::host::Kernel;
use events::cause::{Cause, Principal};
use events::id::CommandId;
use events::log::EventLog;
use events::memory::MemoryLog;
use events::node;
use events::policy::AnyCommand;
use events::stream::{Position, StreamId};

use crate::world::clock::FastClock;
use crate::world::story;

/// Shorter than the pauses between commands: nearly every one meets a host that ends.
const IDLE: Duration = Duration::ZERO;
const WORKERS: u64 = 6;
const COMMANDS: u64 = 80;
const STREAMS: u64 = 3;

async fn start(directory: &Directory, stream: u64, n: u64) {
    let stream: StreamId = format!("node-n{stream}").parse().expect("stream");
    let id = CommandId::derived(&["idle", &n.to_string()]);
    let cause = Cause::first(Principal::Node("test".into()), id);
    let command = AnyCommand::Node(node::Command::Start {
        build: n.to_string(),
        last: None,
    });
    directory
        .execute(&stream, command, id, cause, vec![])
        .await
        .unwrap_or_else(|e| panic!("command {n}: {e}"));
}

#[test]
fn no_command_is_lost_to_a_host_that_ends() {
    story(|| async {
        let log = Arc::new(MemoryLog::new("idle"));
        let (feed, clock) = (Feed::new(Position(0)), Arc::new(FastClock::new()));
        let kernel = Kernel {
            log: log.clone(),
            feed,
            clock,
            quarantine: Arc::default(),
            faults: Arc::default(),
            idle: IDLE,
        };
        let directory = Directory::new(kernel);
        let workers = (0..WORKERS).map(|worker| {
            let directory = directory.clone();
            async move {
                for n in 0..COMMANDS {
                    let n = worker * COMMANDS + n;
                    start(&directory, n % STREAMS, n).await;
                    // 0 to 3 ms, so that all ends of the idle time are met.
                    tokio::time::sleep(Duration::from_micros(n * 377 % 3_000)).await;
                }
            }
        });
        futures::future::join_all(workers).await;
        let recorded = log.read_all(Position(0), usize::MAX).await.expect("log");
        let commands: HashSet<_> = recorded.iter().map(|envelope| envelope.command).collect();
        assert_eq!(
            (recorded.len() as u64, commands.len() as u64),
            (WORKERS * COMMANDS, WORKERS * COMMANDS),
            "each once"
        );
        while directory.alive() > 0 {
            tokio::time::sleep(IDLE).await;
        }
        start(&directory, 0, 99_999).await;
        let head = log.head().await.expect("head").position;
        assert_eq!(
            head,
            Position(WORKERS * COMMANDS + 1),
            "a stream without host has one when there is a command"
        );
        directory.stop();
    });
}
