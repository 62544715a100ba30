//! What the agent prints, to the server, without loss: numbered chunks, spooled to disk, sent in order, each until it is stored.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::control::Control;
use crate::dialect::Listener;

/// Largest chunk read at once.
const CHUNK: usize = 32 * 1024;
/// Most bytes of one session that are spooled; what comes after is counted and dropped.
const SPOOL_MAX: u64 = 64 * 1024 * 1024;

/// Somebody who reads along until the end of the agent; nobody, where nothing is learned from what is printed.
pub(super) type Heard = Arc<Mutex<Option<Listener>>>;

/// The output of one session.
pub(super) struct Output {
    spool: Arc<Spool>,
    sender: JoinHandle<()>,
}

struct Spool {
    path: PathBuf,
    state: Mutex<State>,
    grew: Notify,
}

#[derive(Default)]
struct State {
    /// Lengths of the spooled chunks, in order; the first is chunk 1.
    chunks: Vec<usize>,
    size: u64,
    closed: bool,
    dropped: u64,
}

impl Output {
    /// Starts sending what will be spooled in the berth.
    pub(super) fn start(control: Control, berth: &Path) -> Self {
        let spool = Arc::new(Spool { path: berth.join("spool"), state: Mutex::default(), grew: Notify::new() });
        let sender = tokio::spawn(spool.clone().send(control));
        Self { spool, sender }
    }

    /// Reads a stream of the agent to its end.
    pub(super) fn take(&self, mut stream: impl AsyncRead + Unpin + Send + 'static, heard: Heard) -> JoinHandle<()> {
        let spool = self.spool.clone();
        tokio::spawn(async move {
            let mut buffer = vec![0; CHUNK];
            while let Ok(n) = stream.read(&mut buffer).await {
                if n == 0 {
                    return;
                }
                if let Some(listener) = heard.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
                    listener.take(&buffer[..n]);
                }
                spool.push(&buffer[..n]);
            }
        })
    }

    /// Adds text of the runner's own.
    pub(super) fn note(&self, text: &str) {
        self.spool.push(text.as_bytes());
    }

    /// Returns when everything is stored.
    pub(super) async fn finish(self) {
        {
            let mut state = self.spool.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.closed = true;
        }
        self.spool.grew.notify_one();
        if let Err(error) = self.sender.await {
            eprintln!("the sender of the output ended early: {error}");
        }
    }
}

impl Spool {
    fn push(&self, bytes: &[u8]) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.size >= SPOOL_MAX {
            state.dropped += bytes.len() as u64;
            return;
        }
        let written = OpenOptions::new().create(true).append(true).open(&self.path).and_then(|mut file| file.write_all(bytes));
        match written {
            Ok(()) => {
                state.chunks.push(bytes.len());
                state.size += bytes.len() as u64;
            }
            Err(error) => eprintln!("output could not be spooled: {error}"),
        }
        drop(state);
        self.grew.notify_one();
    }

    /// The next chunk after `sent` chunks of together `offset` bytes. `Err` when there will be none.
    fn next(&self, sent: usize, offset: u64) -> Result<Option<Vec<u8>>, ()> {
        let (length, closed) = {
            let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            (state.chunks.get(sent).copied(), state.closed)
        };
        match length {
            Some(length) => {
                read_at(&self.path, offset, length).map(Some).map_err(|error| eprintln!("the spool is gone: {error}"))
            }
            None if closed => Err(()),
            None => Ok(None),
        }
    }

    async fn send(self: Arc<Self>, control: Control) {
        let (mut sent, mut offset) = (0usize, 0u64);
        loop {
            match self.next(sent, offset) {
                Ok(Some(bytes)) => {
                    if let Err(why) = control.output(sent as u64 + 1, &bytes).await {
                        eprintln!("output is not taken any more: {why}");
                        return;
                    }
                    sent += 1;
                    offset += bytes.len() as u64;
                }
                Ok(None) => self.grew.notified().await,
                Err(()) => return,
            }
        }
    }
}

fn read_at(path: &Path, offset: u64, length: usize) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = vec![0; length];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}
