//! `supercargo subscription run`: a reader that hands each event to a command. One at a time reads
//! a subscription: this one says who it is, holds a connection for as long as it lives, and waits
//! while another has the turn.

use std::process::Stdio;
use std::time::Duration;

use anyhow::bail;
use events::id::{ReaderId, SubscriptionName};
use futures::StreamExt;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::task::JoinHandle;

use super::DataArgs;
use super::client::Backend;
use crate::api::{Delivery, EventShape, SetAside, Taken, Written};
use crate::named;
use crate::terminal::complain;
use crate::wire::CallError;

/// Events asked for at once: each is acknowledged by itself, so that a restart repeats one at most.
const AT_ONCE: usize = 20;
/// Pause before a command is run again for the same event; doubled each time.
const PAUSE: Duration = Duration::from_secs(1);
/// Longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// Why the server turns a reader down while another has the turn.
const READ_BY_ANOTHER: &str = "read_by_another";
/// Why it turns down what a reader says after it lost the turn.
const LEASE_LOST: &str = "lease_lost";

/// What is handed over, and to whom.
pub(super) struct Handing<'a> {
    pub(super) data: &'a DataArgs,
    pub(super) subscription: &'a SubscriptionName,
    /// Times a command may fail on an event.
    pub(super) tries: u32,
    /// End when there is no event left.
    pub(super) once: bool,
    /// The command and its arguments.
    pub(super) command: &'a [String],
}

/// Hands events over until there is none, or for ever.
pub(super) async fn hand_over(handing: Handing<'_>) -> anyhow::Result<()> {
    let backend = if handing.once {
        Backend::open(handing.data).await?
    } else {
        // What is nobody's to record does not come, however long one waits.
        Backend::of_a_server(handing.data).await?
    };

    let mut reader = Reader {
        handing,
        backend,
        id: own_id()?,
        presence: None,
        from: 0,
    };
    let done = reader.read().await;

    if let Some(presence) = &reader.presence {
        presence.abort();
    }

    reader.backend.close().await;
    done
}

/// A name that no other reader has, and that says which process it is.
fn own_id() -> anyhow::Result<ReaderId> {
    let mut bytes = [0; 5];
    getrandom::fill(&mut bytes).map_err(|e| anyhow::anyhow!("no randomness: {e}"))?;
    let id = format!("run-{}-{}", std::process::id(), events::id::base32(&bytes));
    Ok(id.parse()?)
}

/// One run of the verb.
struct Reader<'a> {
    handing: Handing<'a>,
    backend: Backend,
    id: ReaderId,
    /// The connection that says that it lives.
    presence: Option<JoinHandle<()>>,
    /// The log was looked through up to here.
    from: u64,
}

/// What became of an answer that only the reader whose turn it is gets.
enum Said<T> {
    Answer(T),
    /// It is another's turn, in the server's words.
    Not(String),
}

impl Reader<'_> {
    async fn read(&mut self) -> anyhow::Result<()> {
        let mut waits = false;
        loop {
            let delivery = match self.next(waits).await? {
                Said::Answer(delivery) => delivery,
                Said::Not(why) if self.handing.once => bail!("{why}"),
                Said::Not(why) => {
                    if !waits {
                        complain!("supercargo: {why}; this one waits");
                    }
                    waits = true;
                    continue;
                }
            };

            let was_told = self.pass(&delivery.events).await?;
            waits = was_told && !self.handing.once;
            let looked_on = delivery.next > self.from;
            self.from = if was_told { delivery.next } else { 0 };
            let is_all = delivery.events.is_empty() && !looked_on;
            if self.handing.once && was_told && is_all {
                return Ok(());
            }
        }
    }

    /// Opens the connection that says that this reader lives, where there is none.
    async fn be_there(&mut self) -> anyhow::Result<()> {
        let stands = self
            .presence
            .as_ref()
            .is_some_and(|held| !held.is_finished());
        if stands {
            return Ok(());
        }
        let mut socket = self.backend.connect(&self.path("hold")).await?;
        // Read to its end, which is when pings are answered.
        self.presence = Some(tokio::spawn(async move {
            while let Some(Ok(_)) = socket.next().await {}
        }));
        Ok(())
    }

    fn path(&self, verb: &str) -> String {
        let Self { handing, id, .. } = self;
        let name = handing.subscription;
        format!("/api/v1/subscriptions/{name}/{verb}?reader={id}")
    }

    async fn next(&mut self, wait: bool) -> anyhow::Result<Said<Delivery>> {
        self.be_there().await?;
        let from = self.from;
        let path = format!(
            "{}&from={from}&limit={AT_ONCE}&wait={wait}",
            self.path("next")
        );
        said(self.backend.ask("GET", &path, &()).await, READ_BY_ANOTHER)
    }

    /// Hands events over and says what became of each; false when it was no longer its turn.
    async fn pass(&mut self, events: &[EventShape]) -> anyhow::Result<bool> {
        for event in events {
            self.be_there().await?;
            let position = event.position;
            let told = match self.try_to_take(event).await? {
                Ok(()) => {
                    let path = self.path("acknowledge");
                    let taken = Taken { position };
                    self.backend.ask::<_, Written>("POST", &path, &taken).await
                }
                Err(why) => {
                    complain!("supercargo: position {position} is parked: {why}");
                    let aside = SetAside { position, why };
                    let path = self.path("park");
                    self.backend.ask::<_, Written>("POST", &path, &aside).await
                }
            };
            if let Said::Not(why) = said(told, LEASE_LOST)? {
                complain!("supercargo: position {position} may be handed over twice: {why}");
                return Ok(false);
            }
        }

        Ok(true)
    }

    /// Runs the command for an event until it takes it; the reason when it never did.
    async fn try_to_take(&self, event: &EventShape) -> anyhow::Result<Result<(), String>> {
        let mut pause = PAUSE;
        let mut attempt = 1;

        loop {
            let why = match take(self.handing.command, event).await? {
                Ok(()) => return Ok(Ok(())),
                Err(why) => why,
            };
            if attempt >= self.handing.tries {
                return Ok(Err(format!("{why} ({attempt} tries)")));
            }
            attempt += 1;
            tokio::time::sleep(pause).await;
            pause = PAUSE_MAX.min(pause * 2);
        }
    }
}

/// Tells a turn that is another's from whatever else goes wrong.
fn said<T>(answer: anyhow::Result<T>, code: &str) -> anyhow::Result<Said<T>> {
    match answer {
        Ok(answer) => Ok(Said::Answer(answer)),
        Err(error) => match error.downcast_ref::<CallError>() {
            Some(CallError::Refused(problem)) if problem.code == code => {
                Ok(Said::Not(problem.detail.clone()))
            }
            _ => Err(error),
        },
    }
}

async fn take(command: &[String], event: &EventShape) -> anyhow::Result<Result<(), String>> {
    let Some((program, arguments)) = command.split_first() else {
        bail!("there is no command to hand events to")
    };

    let mut command = Command::new(program);

    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut child = named::spawn(&mut command)?;
    let text = serde_json::to_vec(event)?;

    if let Some(mut stdin) = child.stdin.take()
        && let Err(error) = stdin.write_all(&text).await
    {
        // A command may take an event without reading it; its exit code tells.
        tracing::debug!(%error, "the command did not read the event");
    }

    let output = child.wait_with_output().await?;
    if output.status.success() {
        return Ok(Ok(()));
    }

    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().last().unwrap_or("it said nothing");

    Ok(Err(format!("{}: {last}", output.status)))
}
