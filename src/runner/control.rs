//! The runner's side of the control voice. Every request is repeated until it is answered or turned
//! down: the server may be restarting, and a repeated request is answered as the first time.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actors::sessions::wire::{Beat, Ending, SessionBrief};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::watch;
use tokio::time::Instant;

use super::watch::ALONE_MAX;
use crate::wire::{CallError, answered, call_socket, exchange};

/// First pause before a request is repeated; doubles up to [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_millis(20);
/// Longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// An answer that takes longer is asked for again: a server that hangs may have been replaced by
/// another one behind the same path.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// The control socket. Clones share what is known.
#[derive(Clone)]
pub(super) struct Control {
    socket: PathBuf,
    heard: Arc<Mutex<Instant>>,
    last: watch::Sender<Beat>,
}

impl Control {
    /// The control voice of this door.
    pub(super) fn new(door: &Path) -> Self {
        Self {
            socket: door.join("control"),
            heard: Arc::new(Mutex::new(Instant::now())),
            last: watch::Sender::new(Beat {
                open: true,
                full: false,
            }),
        }
    }

    fn last_heard(&self) -> Instant {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    async fn until_answered<T, F>(&self, mut ask: impl FnMut() -> F) -> Result<T, String>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        let mut pause = PAUSE_MIN;

        loop {
            let answer = tokio::time::timeout(ANSWER_WITHIN, ask()).await;
            let answer =
                answer.unwrap_or_else(|_| Err(CallError::Later("no answer in time".to_owned())));
            match answer {
                Ok(answer) => {
                    self.hear();
                    return Ok(answer);
                }
                Err(CallError::Refused(problem)) => {
                    self.hear();
                    return Err(format!("{} ({})", problem.detail, problem.code));
                }
                Err(CallError::Unreachable(why) | CallError::Later(why)) => {
                    if self.last_heard().elapsed() > ALONE_MAX {
                        return Err(format!("no server for too long: {why}"));
                    }
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    async fn post<B: Serialize + Sync, T: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<T, String> {
        self.until_answered(|| call_socket(&self.socket, "POST", path, body))
            .await
    }

    /// Reports for work.
    pub(super) async fn hello(&self) -> Result<SessionBrief, String> {
        self.post("/hello", &()).await
    }

    /// Stores a chunk of output; answers when it is stored or refused for good.
    pub(super) async fn output(&self, seq: u64, bytes: &[u8]) -> Result<u64, String> {
        let path = format!("/output?seq={seq}");
        self.until_answered(|| async {
            let stream = tokio::net::UnixStream::connect(&self.socket).await;
            let stream = stream.map_err(|e| CallError::Unreachable(e.to_string()))?;
            let (status, bytes) = exchange(stream, "POST", &path, bytes.to_vec()).await?;
            answered(status, &bytes)
        })
        .await
    }

    /// Reports the end.
    pub(super) async fn end(&self, ending: &Ending) -> Result<(), String> {
        self.post("/end", ending).await
    }

    /// Sends heartbeats until its task is aborted.
    pub(super) async fn beating(self, every: Duration) {
        loop {
            tokio::time::sleep(every).await;
            match self.post::<_, Beat>("/beat", &()).await {
                Ok(beat) => self.last.send_replace(beat),
                Err(_) => self.last.send_replace(Beat {
                    open: false,
                    full: false,
                }),
            };
        }
    }

    /// Returns when the server says that the work is settled.
    pub(super) async fn settled(&self) {
        self.until(|beat| !beat.open).await;
    }

    /// Returns when the server says that the model's context is as full as it may be.
    pub(super) async fn full(&self) {
        self.until(|beat| beat.open && beat.full).await;
    }

    async fn until(&self, is: impl Fn(&Beat) -> bool) {
        let mut last = self.last.subscribe();
        if last.wait_for(|beat| is(beat)).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Returns when no answer came for this long.
    pub(super) async fn alone_for(&self, time: Duration) {
        loop {
            let until = self.last_heard() + time;
            if Instant::now() >= until {
                return;
            }
            tokio::time::sleep_until(until).await;
        }
    }
}
