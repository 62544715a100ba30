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
use tracing::{Span, instrument};

use crate::executed::{self, Answered, Executed};
use crate::host::{Execute, ExecuteError, Host, Kernel, Request};

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

    /// Sends a command to its host and waits for its answer. When the host ends before it answers,
    /// because it was idle or because of the command before this one, the next host gets it: the
    /// command's id makes sure that it is carried out once.
    #[instrument(name = "command", skip_all, fields(
        command = %message.request.id, %stream, principal = %message.request.cause.principal,
        correlation = %message.request.cause.correlation,
    ))]
    pub async fn carry_out<A: Aggregate>(
        &self,
        stream: &StreamId,
        mut message: Execute<A>,
    ) -> Result<Executed<A>, ExecuteError> {
        message.span = Span::current();

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

    /// What was carried out under this id before; none when nothing was.
    pub async fn answered<A: Aggregate>(
        &self,
        id: CommandId,
    ) -> Result<Option<Answered<A>>, ExecuteError> {
        let answered = executed::answered(&*self.kernel.log, id).await;
        answered.map_err(|e| ExecuteError::Unavailable(e.to_string()))
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

    /// Sends a command of whichever aggregate, for whoever needs no more than its receipt.
    pub async fn execute(
        &self,
        stream: &StreamId,
        command: AnyCommand,
        id: CommandId,
        cause: Cause,
        preconditions: Vec<(StreamId, Version)>,
    ) -> Result<Receipt, ExecuteError> {
        let request = Request {
            id,
            cause,
            preconditions,
        };

        match command {
            AnyCommand::Project(command) => self.receipt::<Project>(stream, command, request).await,
            AnyCommand::Backlog(command) => self.receipt::<Backlog>(stream, command, request).await,
            AnyCommand::Feature(command) => self.receipt::<Feature>(stream, command, request).await,
            AnyCommand::Container(command) => {
                self.receipt::<Container>(stream, command, request).await
            }
            AnyCommand::MergeQueue(command) => {
                self.receipt::<MergeQueue>(stream, command, request).await
            }
            AnyCommand::Node(command) => self.receipt::<Node>(stream, command, request).await,
            AnyCommand::Subscription(command) => {
                self.receipt::<Subscription>(stream, command, request).await
            }
        }
    }

    async fn receipt<A: Aggregate>(
        &self,
        stream: &StreamId,
        command: A::Command,
        request: Request,
    ) -> Result<Receipt, ExecuteError> {
        let executed = self
            .carry_out::<A>(stream, Execute::new(command, request))
            .await?;
        Ok(executed.receipt)
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

/// Runs a test where hosts can live.
#[cfg(test)]
pub(crate) fn with_hosts(test: impl Future<Output = ()>) {
    System::new().block_on(test);
}
