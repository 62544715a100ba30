//! Followers of one log: each sees every event once and in order, however slow it is; and they
//! share what was read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actors::feed::Feed;
use actors::follower::Follower;
use async_trait::async_trait;
use events::envelope::Envelope;
use events::id::CommandId;
use events::log::{Append, AppendError, EventLog, Head, ReadError, Receipt, Remembered};
use events::memory::MemoryLog;
use events::stream::{Position, StreamId, Version};

const FOLLOWERS: u64 = 50;
const EVENTS: u64 = 6_000;

/// Counts how often it is read.
struct Counting(MemoryLog, AtomicUsize);

#[async_trait]
impl EventLog for Counting {
    fn id(&self) -> String {
        self.0.id()
    }
    async fn append(&self, append: Append) -> Result<Receipt, AppendError> {
        self.0.append(append).await
    }
    async fn read_stream(
        &self,
        stream: &StreamId,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Envelope>, ReadError> {
        self.0.read_stream(stream, after, limit).await
    }
    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<Envelope>, ReadError> {
        self.1.fetch_add(1, Ordering::SeqCst);
        // As from a disk: others get to run meanwhile.
        tokio::task::yield_now().await;
        self.0.read_all(after, limit).await
    }
    async fn head(&self) -> Result<Head, ReadError> {
        self.0.head().await
    }
    async fn remembered(&self, command: CommandId) -> Result<Option<Remembered>, ReadError> {
        self.0.remembered(command).await
    }
}

async fn follow(mut follower: Follower, after: u64, pause: u64) {
    let mut seen = after;
    while seen < EVENTS {
        let batch = follower
            .next()
            .await
            .expect("read")
            .expect("the feed lives");
        for envelope in &*batch {
            assert_eq!(envelope.position.0, seen + 1, "once and in order");
            seen += 1;
        }
        for _ in 0..pause {
            tokio::task::yield_now().await;
        }
    }

    assert_eq!(seen, EVENTS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_see_everything_and_share_what_was_read() {
    let log = Arc::new(Counting(MemoryLog::new("shared"), AtomicUsize::new(0)));
    let feed = Feed::new(Position(0));
    let start = |after: u64, pause: u64| {
        let follower = Follower::new(log.clone(), &feed, Position(after));
        tokio::spawn(follow(follower, after, pause))
    };

    // Live ones, slow ones that fall behind what is kept, and later ones that begin in the middle.
    let mut all: Vec<_> = (0..FOLLOWERS)
        .map(|n| start(0, if n % 10 == 0 { 400 } else { 0 }))
        .collect();

    for n in 0..EVENTS {
        let receipt = log
            .append(crate::log::append("feature-p/a", n, 1, n))
            .await
            .expect("recorded");
        feed.advance(receipt.position);
        if n % 8 == 0 {
            tokio::task::yield_now().await;
        }
        if n == EVENTS / 2 {
            all.extend([start(0, 0), start(n / 2, 3), start(n, 0)]);
        }
    }

    for follower in all {
        follower.await.expect("saw everything");
    }
}

/// What is new is read once, not once by each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_new_is_read_once_for_all() {
    const STEPS: u64 = 100;
    let log = Arc::new(Counting(MemoryLog::new("shared"), AtomicUsize::new(0)));
    let feed = Feed::new(Position(0));
    let mut followers: Vec<_> = (0..FOLLOWERS)
        .map(|_| Follower::new(log.clone(), &feed, Position(0)))
        .collect();

    for n in 0..STEPS {
        let receipt = log
            .append(crate::log::append("feature-p/a", n, 1, n))
            .await
            .expect("recorded");
        feed.advance(receipt.position);
        let all = followers.into_iter().map(|mut follower| {
            tokio::spawn(async move {
                let batch = follower
                    .next()
                    .await
                    .expect("read")
                    .expect("the feed lives");
                assert_eq!(
                    batch.iter().map(|e| e.position.0).collect::<Vec<_>>(),
                    [n + 1]
                );
                follower
            })
        });
        followers = futures::future::join_all(all)
            .await
            .into_iter()
            .map(|f| f.expect("saw it"))
            .collect();
    }

    assert_eq!(log.1.load(Ordering::SeqCst) as u64, STEPS);
}
