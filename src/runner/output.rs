//! What the agent prints, to the server, without loss: numbered chunks, sent in order, each until
//! it is stored. They are held in memory while the server takes them, and spooled to disk while it
//! does not; an agent that fills its own disk loses nothing of what it said until the memory is
//! full as well, and what is lost is counted and said.

use std::collections::VecDeque;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::control::Control;
use crate::dialect::Listener;

/// Largest chunk read at once.
const CHUNK: usize = 32 * 1024;
/// Most bytes of one session that are taken; what comes after is counted and dropped.
const TAKEN_MAX: u64 = 64 * 1024 * 1024;
/// Most bytes held in memory; what comes beyond goes to disk.
const HELD_MAX: usize = 1024 * 1024;

/// Somebody who reads along until the end of the agent; nobody, where nothing is learned from what
/// is printed.
pub(super) type Heard = Arc<Mutex<Option<Listener>>>;

/// The output of one session.
pub(super) struct Output {
    spool: Arc<Spool>,
    sender: JoinHandle<()>,
}

struct Spool {
    slot: PathBuf,
    state: Mutex<State>,
    grew: Notify,
}

/// A chunk that is not stored by the server yet.
#[derive(Debug, PartialEq, Eq)]
enum Chunk {
    Held(Vec<u8>),
    Spooled { at: u64, length: usize },
}

#[derive(Default)]
struct State {
    /// Those not stored yet, in order.
    chunks: VecDeque<Chunk>,
    /// Bytes of those in memory.
    held: usize,
    /// Bytes on disk.
    spooled: u64,
    /// Bytes taken in all.
    taken: u64,
    /// What is on disk: a file without a name, so that nobody but this process has it.
    file: Option<File>,
    closed: bool,
    dropped: u64,
}

impl Output {
    /// Starts sending what will be said in the slot.
    pub(super) fn start(control: Control, slot: &Path) -> Self {
        let spool = Arc::new(Spool {
            slot: slot.to_owned(),
            state: Mutex::default(),
            grew: Notify::new(),
        });
        let sender = tokio::spawn(spool.clone().send(control));
        Self { spool, sender }
    }

    /// Reads a stream of the agent to its end.
    pub(super) fn take(
        &self,
        mut stream: impl AsyncRead + Unpin + Send + 'static,
        heard: Heard,
    ) -> JoinHandle<()> {
        let spool = self.spool.clone();

        tokio::spawn(async move {
            let mut buffer = vec![0; CHUNK];
            while let Ok(n) = stream.read(&mut buffer).await {
                if n == 0 {
                    return;
                }
                if let Some(listener) = heard
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .as_mut()
                {
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
        self.spool.close();
        if let Err(error) = self.sender.await {
            eprintln!("the sender of the output ended early: {error}");
        }
    }
}

impl Spool {
    fn push(&self, bytes: &[u8]) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.taken.saturating_add(bytes.len() as u64) > TAKEN_MAX {
            state.dropped += bytes.len() as u64;
            return;
        }

        let chunk = if state.held + bytes.len() <= HELD_MAX {
            Some(Chunk::Held(bytes.to_vec()))
        } else {
            self.spool(&mut state, bytes)
                .map_err(|error| eprintln!("output could not be spooled: {error}"))
                .ok()
        };

        match chunk {
            Some(chunk) => {
                match &chunk {
                    Chunk::Held(bytes) => state.held += bytes.len(),
                    Chunk::Spooled { length, .. } => state.spooled += *length as u64,
                }
                state.taken += bytes.len() as u64;
                state.chunks.push_back(chunk);
            }
            None => state.dropped += bytes.len() as u64,
        }

        drop(state);
        self.grew.notify_one();
    }

    /// Writes behind what is there; a part of an earlier try that failed is written over.
    fn spool(&self, state: &mut State, bytes: &[u8]) -> std::io::Result<Chunk> {
        let at = state.spooled;
        let file = match &mut state.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile_in(&self.slot)?),
        };
        file.write_all_at(bytes, at)?;
        Ok(Chunk::Spooled {
            at,
            length: bytes.len(),
        })
    }

    /// Takes no more, and says what was dropped.
    fn close(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.dropped > 0 {
            let said = format!(
                "\n[the runner dropped {} bytes of output here: a session may say {TAKEN_MAX}]\n",
                state.dropped
            );
            state.held += said.len();
            state.chunks.push_back(Chunk::Held(said.into_bytes()));
        }
        state.closed = true;
        drop(state);
        self.grew.notify_one();
    }

    /// The next chunk that is not stored yet. `Err` when there will be none.
    fn next(&self) -> Result<Option<Vec<u8>>, ()> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);

        match state.chunks.front() {
            Some(Chunk::Held(bytes)) => Ok(Some(bytes.clone())),
            Some(Chunk::Spooled { at, length }) => {
                let mut bytes = vec![0; *length];
                let file = state.file.as_ref().ok_or(())?;
                file.read_exact_at(&mut bytes, *at)
                    .map_err(|error| eprintln!("the spool cannot be read: {error}"))?;
                Ok(Some(bytes))
            }
            None if state.closed => Err(()),
            None => Ok(None),
        }
    }

    /// The first chunk is stored.
    fn stored(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Chunk::Held(bytes)) = state.chunks.pop_front() {
            state.held -= bytes.len();
        }
        if state
            .chunks
            .iter()
            .all(|chunk| matches!(chunk, Chunk::Held(_)))
        {
            // Nothing on disk is needed any more: it is written over from the beginning.
            state.spooled = 0;
        }
    }

    async fn send(self: Arc<Self>, control: Control) {
        let mut sent = 0u64;

        loop {
            match self.next() {
                Ok(Some(bytes)) => {
                    if let Err(why) = control.output(sent + 1, &bytes).await {
                        eprintln!("output is not taken any more: {why}");
                        return;
                    }
                    sent += 1;
                    self.stored();
                }
                Ok(None) => self.grew.notified().await,
                Err(()) => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(spool: &Spool) -> Vec<u8> {
        let mut said = Vec::new();
        while let Ok(Some(bytes)) = spool.next() {
            said.extend_from_slice(&bytes);
            spool.stored();
        }
        said
    }

    fn spool(slot: &Path) -> Spool {
        Spool {
            slot: slot.to_owned(),
            state: Mutex::default(),
            grew: Notify::new(),
        }
    }

    #[test]
    fn what_memory_does_not_hold_is_on_disk_and_the_order_stays() {
        let folder = tempfile::tempdir().expect("folder");
        let spool = spool(folder.path());

        for round in 0..3u8 {
            let said: Vec<Vec<u8>> = (0..200u8).map(|n| vec![n ^ round; CHUNK / 2]).collect();
            said.iter().for_each(|chunk| spool.push(chunk));
            assert!(spool.state.lock().expect("state").held <= HELD_MAX);
            assert_eq!(all(&spool), said.concat(), "round {round}");
        }

        let state = spool.state.lock().expect("state");
        let file = state.file.as_ref().expect("a spool");
        let on_disk = file.metadata().expect("looked at").len();
        assert!(
            on_disk <= 200 * (CHUNK as u64) / 2,
            "the file is used again: {on_disk}"
        );
        let names = fs_err::read_dir(folder.path()).expect("listed");
        assert_eq!(names.count(), 0, "nobody else finds it");
    }

    #[test]
    fn without_a_disk_memory_serves_and_what_is_lost_is_said() {
        let spool = spool(Path::new("/nowhere"));
        (0..40).for_each(|_| spool.push(&[b'x'; CHUNK]));
        spool.close();
        let said = all(&spool);
        assert_eq!(said.iter().filter(|b| **b == b'x').count(), HELD_MAX);
        let text = String::from_utf8_lossy(&said[HELD_MAX..]).into_owned();
        assert!(
            text.contains(&format!("dropped {} bytes", 40 * CHUNK - HELD_MAX)),
            "{text}"
        );
        assert_eq!(spool.next(), Err(()));
    }
}
