//! The host, on an aggregate made for it: a till that holds ten coins at most, whose rules can
//! panic on demand.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use actix::{Actor, Addr};
use actors::feed::Feed;
use actors::host::{Execute, ExecuteError, Host, Kernel, Request};
use events::aggregate::{Aggregate, Moment};
use events::bounds::Bounded;
use events::cause::{Cause, Principal};
use events::id::{CommandId, Timestamp};
use events::log::{Append, AppendError, EventLog, Receipt};
use events::memory::MemoryLog;
use events::stream::{Position, StreamId, Version};
use serde::{Deserialize, Serialize};

use crate::world::below::reads_below;
use crate::world::clock::FastClock;
use crate::world::story;

const FULL: u32 = 10;

#[derive(Debug, Clone, Default, PartialEq)]
struct Till {
    coins: u32,
}

#[derive(Debug, Clone, Serialize)]
enum Order {
    Put,
    PanicInDecide,
    PutCursed,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Put {}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Cursed {}

events::event_enum! {
    /// Facts of a till.
    pub enum Fact {
        Put(Put) = "till.put", 1;
        Cursed(Cursed) = "till.cursed", 1;
    }
}

impl Bounded for Fact {
    fn bounded(self) -> Self {
        self
    }
}

events::refusal_enum! {
    /// Why a till takes nothing.
    pub enum NoMore {
        IsFull {} = "full", "the till is full";
    }
}

impl Aggregate for Till {
    type Command = Order;
    type Event = Fact;
    type Refusal = NoMore;

    fn rules(&self, order: &Order, _now: Timestamp) -> Result<Vec<Fact>, NoMore> {
        match order {
            Order::Put if self.coins >= FULL => Err(NoMore::IsFull {}),
            Order::Put => Ok(vec![Put {}.into()]),
            Order::PutCursed => Ok(vec![Cursed {}.into()]),
            Order::PanicInDecide => panic!("a rule with a hole"),
        }
    }

    fn evolve(&mut self, fact: &Fact, _moment: Moment) {
        match fact {
            Fact::Put(_) => self.coins += 1,
            Fact::Cursed(_) => panic!("a fold with a hole"),
        }
    }
}

/// A log that takes its time over every append, counts how many are in it at once, and can lose its
/// answer once.
struct SlowLog {
    inner: MemoryLog,
    within: AtomicUsize,
    most: AtomicUsize,
    conflicts: AtomicUsize,
    loses_answer: AtomicBool,
}

impl SlowLog {
    fn new() -> Arc<Self> {
        let none = || AtomicUsize::new(0);
        let inner = MemoryLog::new("till");
        Arc::new(Self {
            inner,
            within: none(),
            most: none(),
            conflicts: none(),
            loses_answer: AtomicBool::new(false),
        })
    }
}

impl SlowLog {
    async fn appended(&self, append: Append) -> Result<Receipt, AppendError> {
        let now = self.within.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }

        let appended = self.inner.append(append).await;
        self.within.fetch_sub(1, Ordering::SeqCst);
        if matches!(appended, Err(AppendError::Conflict { .. })) {
            self.conflicts.fetch_add(1, Ordering::SeqCst);
        }

        if self.loses_answer.swap(false, Ordering::SeqCst) {
            return Err(AppendError::Unknown("the answer was lost".to_owned()));
        }

        appended
    }
}

reads_below!(SlowLog);

struct Shop {
    log: Arc<SlowLog>,
    kernel: Kernel,
    stream: StreamId,
}

impl Shop {
    fn open() -> Self {
        let log = SlowLog::new();
        let kernel = Kernel {
            log: log.clone(),
            feed: Feed::new(Position(0)),
            clock: Arc::new(FastClock::new()),
            quarantine: Arc::default(),
            faults: Arc::default(),
            idle: actors::host::IDLE,
        };

        Self {
            log,
            kernel,
            stream: "node-till".parse().expect("stream"),
        }
    }

    fn host(&self) -> Addr<Host<Till>> {
        Host::new(self.stream.clone(), self.kernel.clone()).start()
    }

    async fn coins(&self) -> usize {
        self.log
            .inner
            .read_all(Position(0), usize::MAX)
            .await
            .expect("log")
            .len()
    }
}

fn order(command: Order, n: u32) -> Execute<Till> {
    let id = CommandId::derived(&["order", &n.to_string()]);
    let request = Request {
        id,
        cause: Cause::first(Principal::Operator("ann".into()), id),
        preconditions: vec![],
    };
    Execute::new(command, request)
}

fn code(error: ExecuteError) -> &'static str {
    match error {
        ExecuteError::Refused { code, .. } => code,
        other => panic!("{other}"),
    }
}

/// Forty at once: each decides on what the one before recorded, so ten fit and none is decided
/// twice.
#[test]
fn commands_of_one_stream_are_decided_one_after_the_other() {
    story(|| async {
        let shop = Shop::open();
        let host = shop.host();
        let answers =
            futures::future::join_all((0..40).map(|n| host.send(order(Order::Put, n)))).await;
        let answers: Vec<_> = answers.into_iter().map(|a| a.expect("answered")).collect();
        let mut versions: Vec<u64> = answers
            .iter()
            .flatten()
            .map(|executed| executed.receipt.version.0)
            .collect();
        versions.sort_unstable();
        assert_eq!(versions, (1..=u64::from(FULL)).collect::<Vec<_>>());
        assert!(
            answers
                .into_iter()
                .filter_map(Result::err)
                .all(|refused| code(refused) == "full")
        );
        assert_eq!(
            shop.log.most.load(Ordering::SeqCst),
            1,
            "an append is awaited before the next command is decided"
        );
        assert_eq!(
            shop.log.conflicts.load(Ordering::SeqCst),
            0,
            "no command is decided on stale state"
        );
    });
}

/// Two hosts of one stream, as after a failover: the log's expected versions keep them from
/// overwriting each other.
#[test]
fn a_host_that_was_overtaken_reads_the_tail_and_decides_again() {
    story(|| async {
        let shop = Shop::open();
        let (one, two) = (shop.host(), shop.host());
        for n in 0..12 {
            let host = if n % 2 == 0 { &one } else { &two };
            let answer = host.send(order(Order::Put, n)).await.expect("answered");
            assert_eq!(
                answer
                    .map(|executed| executed.receipt.version.0)
                    .map_err(code),
                if n < FULL {
                    Ok(u64::from(n) + 1)
                } else {
                    Err("full")
                }
            );
        }
        assert!(
            shop.log.conflicts.load(Ordering::SeqCst) > 0,
            "the overtaken one was told by the log"
        );
        assert_eq!(shop.coins().await, 10);
    });
}

/// I1: an answer that was lost ends the host; the next one reads the truth, and the same command is
/// answered from it.
#[test]
fn after_an_unknown_outcome_the_next_host_reads_the_truth() {
    story(|| async {
        let shop = Shop::open();
        let host = shop.host();
        host.send(order(Order::Put, 0))
            .await
            .expect("answered")
            .expect("put");
        shop.log.loses_answer.store(true, Ordering::SeqCst);
        let lost = host.send(order(Order::Put, 1)).await.expect("answered");
        assert!(matches!(lost, Err(ExecuteError::Unknown(_))), "{lost:?}");
        let ended = host.send(order(Order::Put, 2)).await;
        assert!(
            ended.is_err() || matches!(ended, Ok(Err(ExecuteError::Unavailable(_)))),
            "{ended:?}"
        );
        let next = shop.host();
        let again = next
            .send(order(Order::Put, 1))
            .await
            .expect("answered")
            .expect("the stored receipt");
        assert_eq!(
            (again.receipt.version, again.receipt.position),
            (Version(2), Position(2))
        );
        assert_eq!(shop.coins().await, 2);
    });
}

/// A refusal that is the repetition of a success: the stored receipt; with another body: id reused.
#[test]
fn a_repeated_command_is_answered_from_the_log_even_when_the_rules_would_refuse_it_now() {
    story(|| async {
        let shop = Shop::open();
        let host = shop.host();
        for n in 0..FULL {
            host.send(order(Order::Put, n))
                .await
                .expect("answered")
                .expect("put");
        }
        let again = host
            .send(order(Order::Put, 3))
            .await
            .expect("answered")
            .expect("the stored receipt");
        assert_eq!(again.receipt.version, Version(4));
        assert_eq!(again.events, vec![Fact::from(Put {})]);
        let other = host
            .send(order(Order::PutCursed, 3))
            .await
            .expect("answered");
        assert_eq!(other, Err(ExecuteError::IdReused));
        assert_eq!(
            host.send(order(Order::Put, 99))
                .await
                .expect("answered")
                .map_err(code),
            Err("full")
        );
        assert_eq!(shop.coins().await, 10);
    });
}

#[test]
fn a_panic_in_decide_ends_the_host_and_the_next_one_goes_on() {
    story(|| async {
        let shop = Shop::open();
        let host = shop.host();
        host.send(order(Order::Put, 0))
            .await
            .expect("answered")
            .expect("put");
        let panicked = host
            .send(order(Order::PanicInDecide, 1))
            .await
            .expect("answered");
        let said = panicked.expect_err("nothing was decided").to_string();
        assert!(said.contains("a rule with a hole"), "{said}");
        assert!(
            !host.connected() || host.send(order(Order::Put, 2)).await.is_err(),
            "its state is thrown away"
        );
        let next = shop
            .host()
            .send(order(Order::Put, 3))
            .await
            .expect("answered")
            .expect("put");
        assert_eq!(next.receipt.version, Version(2));
        assert_eq!(next.events, vec![Fact::from(Put {})]);
        assert!(
            shop.kernel
                .quarantine
                .lock()
                .expect("quarantine")
                .is_empty(),
            "the stream itself is well"
        );
    });
}

/// A fold that panics would panic again at every start: the stream is set aside with the reason,
/// and nothing else suffers.
#[test]
fn a_panic_in_evolve_quarantines_the_stream() {
    story(|| async {
        let shop = Shop::open();
        let cursed = shop
            .host()
            .send(order(Order::PutCursed, 0))
            .await
            .expect("answered");
        assert!(
            matches!(&cursed, Err(ExecuteError::Quarantined { why, .. }) if why.contains("position 1")),
            "{cursed:?}"
        );
        let next = shop
            .host()
            .send(order(Order::Put, 1))
            .await
            .expect("answered");
        assert!(
            matches!(&next, Err(ExecuteError::Quarantined { why, .. }) if why.contains("a fold with a hole")),
            "{next:?}"
        );
        assert!(
            shop.kernel
                .quarantine
                .lock()
                .expect("quarantine")
                .contains_key(&shop.stream)
        );
        assert_eq!(shop.coins().await, 1, "what was recorded stays recorded");
    });
}
