//! The directory: stream → host. The only handle that others hold; finds the host of a stream, or
//! starts one.

use std::any::Any;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix::prelude::*;
use events::aggregate::Aggregate;
use events::backlog::Backlog;
use events::cause::Cause;
use events::container::Container;
use events::feature::Feature;
use events::id::CommandId;
use events::log::Receipt;
use events::merge_queue::MergeQueue;
use events::node::Node;
use events::policy::{AnyCommand, Tell};
use events::project::Project;
use events::stream::{StreamId, Version};
use events::subscription::Subscription;

use crate::host::{Execute, ExecuteError, Host, Kernel};

/// Threads that hosts live on: appends wait on the log, not on the processor, so two are plenty.
const ARBITERS: usize = 2;
/// A command that is not answered by then has an unknown outcome.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Hosts a command is sent to, one after the other, when they end before they answer.
const HOSTS_TRIED: usize = 3;
/// Addresses that are kept at least before those of ended hosts are looked for.
const SWEEP_FROM: usize = 256;

/// The address of a host, of whichever aggregate.
trait Hosting: Send {
    fn is_alive(&self) -> bool;
    fn as_any(&self) -> &dyn Any;
}

impl<A: Aggregate> Hosting for Addr<Host<A>> {
    fn is_alive(&self) -> bool {
        self.connected()
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[derive(Default)]
struct Hosts {
    by_stream: HashMap<StreamId, Box<dyn Hosting>>,
    /// Their number after the last sweep.
    swept: usize,
}

impl Hosts {
    /// Forgets the hosts that ended, when there may be many: each sweep is paid for by as many
    /// starts.
    fn sweep(&mut self) {
        if self.by_stream.len() >= SWEEP_FROM.max(self.swept * 2) {
            self.by_stream.retain(|_, host| host.is_alive());
            self.swept = self.by_stream.len();
        }
    }
}

/// Finds hosts. Clones share them.
#[derive(Clone)]
pub struct Directory {
    kernel: Kernel,
    hosts: Arc<Mutex<Hosts>>,
    arbiters: Arc<Vec<ArbiterHandle>>,
}

impl Directory {
    /// A directory over a log. Needs a running actix system.
    pub fn new(kernel: Kernel) -> Self {
        let arbiters = (0..ARBITERS).map(|_| Arbiter::new().handle()).collect();
        Self {
            kernel,
            hosts: Arc::default(),
            arbiters: Arc::new(arbiters),
        }
    }

    /// What hosts are made of.
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// Ends the threads of the hosts; commands are answered `Unknown` or `Unavailable` from then
    /// on.
    pub fn stop(&self) {
        for arbiter in self.arbiters.iter() {
            arbiter.stop();
        }
    }

    fn host<A: Aggregate>(&self, stream: &StreamId) -> Result<Addr<Host<A>>, ExecuteError> {
        let quarantine = self
            .kernel
            .quarantine
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = quarantine.get(stream) {
            return Err(ExecuteError::Quarantined {
                stream: stream.clone(),
                why: why.clone(),
            });
        }
        drop(quarantine);
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let known = hosts
            .by_stream
            .get(stream)
            .and_then(|h| h.as_any().downcast_ref::<Addr<Host<A>>>());
        let known = known.filter(|addr| addr.connected());
        if let Some(addr) = known {
            return Ok(addr.clone());
        }
        let mut hasher = DefaultHasher::new();
        stream.hash(&mut hasher);
        let arbiter =
            &self.arbiters[usize::try_from(hasher.finish() % ARBITERS as u64).unwrap_or(0)];
        let (host_stream, kernel) = (stream.clone(), self.kernel.clone());
        let addr = Host::<A>::start_in_arbiter(arbiter, move |_| Host::new(host_stream, kernel));
        hosts.sweep();
        hosts
            .by_stream
            .insert(stream.clone(), Box::new(addr.clone()));
        Ok(addr)
    }

    /// Sends a command to its host. When that ends before it answers, because it was idle or
    /// because of the command before this one, the next host gets it: the command's id makes sure
    /// that it is carried out once.
    async fn send<A: Aggregate>(
        &self,
        stream: &StreamId,
        message: Execute<A>,
    ) -> Result<Receipt, ExecuteError> {
        for _ in 0..HOSTS_TRIED {
            let addr = self.host::<A>(stream)?;
            match addr.send(message.clone()).timeout(ANSWER_WITHIN).await {
                Ok(answer) => return answer,
                Err(MailboxError::Closed) => {}
                Err(MailboxError::Timeout) => {
                    return Err(ExecuteError::Unknown("no answer within 30 s".to_owned()));
                }
            }
        }
        Err(ExecuteError::Unknown(
            "the hosts ended while the command was with them".to_owned(),
        ))
    }

    /// How many hosts live.
    pub fn alive(&self) -> usize {
        let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts
            .by_stream
            .values()
            .filter(|host| host.is_alive())
            .count()
    }

    /// Sends a command to the host of a stream and waits for its answer.
    #[expect(
        clippy::too_many_lines,
        reason = "one arm for each kind; to be split by concept"
    )]
    pub async fn execute(
        &self,
        stream: &StreamId,
        command: AnyCommand,
        id: CommandId,
        cause: Cause,
        preconditions: Vec<(StreamId, Version)>,
    ) -> Result<Receipt, ExecuteError> {
        match command {
            AnyCommand::Project(command) => {
                self.send::<Project>(
                    stream,
                    Execute {
                        command,
                        id,
                        cause,
                        preconditions,
                    },
                )
                .await
            }
            AnyCommand::Backlog(command) => {
                self.send::<Backlog>(
                    stream,
                    Execute {
                        command,
                        id,
                        cause,
                        preconditions,
                    },
                )
                .await
            }
            AnyCommand::Feature(command) => {
                self.send::<Feature>(
                    stream,
                    Execute {
                        command,
                        id,
                        cause,
                        preconditions,
                    },
                )
                .await
            }
            AnyCommand::Container(command) => {
                self.send::<Container>(
                    stream,
                    Execute {
                        command,
                        id,
                        cause,
                        preconditions,
                    },
                )
                .await
            }
            AnyCommand::MergeQueue(command) => {
                self.send::<MergeQueue>(
                    stream,
                    Execute {
                        command,
                        id,
                        cause,
                        preconditions,
                    },
                )
                .await
            }
            AnyCommand::Node(command) => {
                self.send::<Node>(
                    stream,
                    Execute {
                        command,
                        id,
                        cause,
                        preconditions,
                    },
                )
                .await
            }
            AnyCommand::Subscription(command) => {
                self.send::<Subscription>(
                    stream,
                    Execute {
                        command,
                        id,
                        cause,
                        preconditions,
                    },
                )
                .await
            }
        }
    }

    /// Sends a command that a policy owes.
    pub async fn tell(&self, tell: Tell) -> Result<Receipt, ExecuteError> {
        self.execute(
            &tell.stream,
            tell.command,
            tell.id,
            tell.cause,
            tell.preconditions,
        )
        .await
    }
}
