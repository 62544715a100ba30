//! Transcripts as one file per session: chunks with their number and length, appended in order.
//!
//! A chunk is framed as `number u64, length u32, bytes`, little-endian. A torn tail after a crash is cut off when the session speaks
//! again; the runner holds unacknowledged chunks and sends them once more.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use actors::ports::PortError;
use actors::ports::transcripts::{CHUNK_MAX, Spoken, Transcripts};
use async_trait::async_trait;
use events::id::{Digest, SessionId};

/// Most bytes kept of one session; what comes after is counted and not kept.
pub const TRANSCRIPT_MAX: u64 = 64 * 1024 * 1024;
const HEADER: usize = 12;
/// Files kept open: more sessions than speak at once on one machine. The one that was silent longest is closed for the next.
const OPEN_MAX: usize = 64;

/// A folder of transcripts.
#[derive(Clone)]
pub struct TranscriptFolder {
    folder: PathBuf,
    open: Arc<Mutex<Files>>,
}

struct Open {
    file: File,
    last: u64,
    size: u64,
    /// When it was used last, counted in appends of the store.
    used: u64,
}

/// The open files, and how many appends there were.
#[derive(Default)]
struct Files {
    by_session: HashMap<SessionId, Open>,
    appends: u64,
}

impl Files {
    /// The open file of a session.
    fn open(&mut self, session: &SessionId, path: &Path) -> std::io::Result<&mut Open> {
        self.appends += 1;
        if !self.by_session.contains_key(session) {
            let silent = self.by_session.iter().min_by_key(|(_, open)| open.used).map(|(session, _)| session.clone());
            if let (Some(silent), true) = (silent, self.by_session.len() >= OPEN_MAX) {
                self.by_session.remove(&silent);
            }
            self.by_session.insert(session.clone(), Open::at(path)?);
        }
        let open = self.by_session.get_mut(session).ok_or_else(|| std::io::Error::other("the file was just opened"))?;
        open.used = self.appends;
        Ok(open)
    }
}

impl TranscriptFolder {
    /// Transcripts in this folder.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, open: Arc::default() }
    }

    fn path(&self, session: &SessionId) -> PathBuf {
        self.folder.join(format!("{session}.chunks"))
    }

    fn append_now(&self, session: &SessionId, seq: u64, bytes: &[u8]) -> Result<u64, PortError> {
        let failed = |e: std::io::Error| PortError::Transient(format!("transcript of {session}: {e}"));
        let mut all = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        std::fs::create_dir_all(&self.folder).map_err(failed)?;
        let open = all.open(session, &self.path(session)).map_err(failed)?;
        if seq <= open.last {
            return Ok(open.last);
        }
        if seq != open.last + 1 {
            return Err(PortError::Permanent(format!("chunk {seq} comes before chunk {}: send that one first", open.last + 1)));
        }
        let kept = if open.size + (bytes.len() as u64) <= TRANSCRIPT_MAX { bytes } else { &[] };
        open.write(seq, kept).map_err(failed)?;
        Ok(seq)
    }
}

impl Open {
    fn at(path: &Path) -> std::io::Result<Self> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let (whole, last) = frames(&bytes).fold((0, 0), |(size, _), (seq, body)| (size + HEADER + body.len(), seq));
        file.set_len(whole as u64)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Self { file, last, size: whole as u64, used: 0 })
    }

    fn write(&mut self, seq: u64, bytes: &[u8]) -> std::io::Result<()> {
        let mut frame = Vec::with_capacity(HEADER + bytes.len());
        frame.extend_from_slice(&seq.to_le_bytes());
        frame.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
        frame.extend_from_slice(bytes);
        self.file.write_all(&frame)?;
        self.last = seq;
        self.size += frame.len() as u64;
        Ok(())
    }
}

/// The whole frames of a file, in order.
fn frames(bytes: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (header, after) = rest.split_at_checked(HEADER)?;
        let seq = u64::from_le_bytes(header[..8].try_into().ok()?);
        let length = usize::try_from(u32::from_le_bytes(header[8..].try_into().ok()?)).ok()?;
        let (body, left) = after.split_at_checked(length)?;
        rest = left;
        Some((seq, body))
    })
}

#[async_trait]
impl Transcripts for TranscriptFolder {
    async fn append(&self, session: &SessionId, seq: u64, bytes: &[u8]) -> Result<u64, PortError> {
        if bytes.len() > CHUNK_MAX {
            return Err(PortError::Permanent(format!("a chunk has {} bytes, {CHUNK_MAX} are allowed", bytes.len())));
        }
        let (store, session, bytes) = (self.clone(), session.clone(), bytes.to_vec());
        let stored = tokio::task::spawn_blocking(move || store.append_now(&session, seq, &bytes)).await;
        stored.unwrap_or_else(|e| Err(PortError::Transient(e.to_string())))
    }

    async fn read(&self, session: &SessionId, after: u64) -> Result<(Vec<u8>, u64), PortError> {
        let bytes = match tokio::fs::read(self.path(session)).await {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok((Vec::new(), 0)),
            Err(e) => return Err(PortError::Transient(format!("transcript of {session}: {e}"))),
        };
        let wanted = frames(&bytes).filter(|(seq, _)| *seq > after);
        Ok(wanted.fold((Vec::new(), after), |(mut text, _), (seq, body)| {
            text.extend_from_slice(body);
            (text, seq)
        }))
    }

    async fn spoken(&self, session: &SessionId) -> Result<Option<Spoken>, PortError> {
        let (path, session) = (self.path(session), session.clone());
        let read = tokio::task::spawn_blocking(move || {
            let bytes = match std::fs::read(&path) {
                Ok(bytes) => bytes,
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                Err(e) => return Err(PortError::Transient(format!("transcript of {session}: {e}"))),
            };
            let mut text = Vec::with_capacity(bytes.len());
            let mut chunks = 0;
            for (seq, body) in frames(&bytes) {
                if seq != chunks + 1 {
                    let why = format!("transcript of {session}: chunk {chunks} is followed by {seq}");
                    return Err(PortError::Permanent(why));
                }
                chunks = seq;
                text.extend_from_slice(body);
            }
            Ok(Some(Spoken { chunks, bytes: text.len() as u64, digest: Digest::of(&text) }))
        });
        read.await.unwrap_or_else(|e| Err(PortError::Transient(e.to_string())))
    }

    async fn remove(&self, session: &SessionId) -> Result<(), PortError> {
        let (store, session) = (self.clone(), session.clone());
        let removed = tokio::task::spawn_blocking(move || {
            store.open.lock().unwrap_or_else(PoisonError::into_inner).by_session.remove(&session);
            match std::fs::remove_file(store.path(&session)) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                    Err(PortError::Transient(format!("removing the transcript of {session}: {e}")))
                }
                _ => Ok(()),
            }
        });
        removed.await.unwrap_or_else(|e| Err(PortError::Transient(e.to_string())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn chunks_are_contiguous_and_repeats_are_answered() {
        let folder = tempfile::tempdir().expect("folder");
        let session = SessionId::from_bytes([7; 10]);
        let store = TranscriptFolder::new(folder.path().to_owned());
        assert_eq!(store.append(&session, 1, b"one ").await, Ok(1));
        assert_eq!(store.append(&session, 2, b"two").await, Ok(2));
        assert_eq!(store.append(&session, 1, b"one ").await, Ok(2), "a repeated chunk is not stored twice");
        assert!(store.append(&session, 4, b"four").await.is_err(), "X1: no gap");
        assert_eq!(store.read(&session, 0).await, Ok((b"one two".to_vec(), 2)));
        assert_eq!(store.read(&session, 1).await, Ok((b"two".to_vec(), 2)));
        let spoken = Spoken { chunks: 2, bytes: 7, digest: Digest::of(b"one two") };
        assert_eq!(store.spoken(&session).await, Ok(Some(spoken)));
        for _ in 0..2 {
            store.remove(&session).await.expect("removed");
        }
        assert_eq!(store.spoken(&session).await, Ok(None));
        std::fs::write(store.path(&session), [&2_u64.to_le_bytes()[..], &0_u32.to_le_bytes()].concat()).expect("a hole");
        assert!(matches!(store.spoken(&session).await, Err(PortError::Permanent(why)) if why.contains("followed by 2")), "X1");
    }

    #[tokio::test]
    async fn the_number_of_open_files_is_bounded_and_a_closed_one_goes_on() {
        let folder = tempfile::tempdir().expect("folder");
        let store = TranscriptFolder::new(folder.path().to_owned());
        let sessions: Vec<SessionId> = (0..100).map(|n| SessionId::from_bytes([n; 10])).collect();
        for seq in 1..=2 {
            for session in &sessions {
                assert_eq!(store.append(session, seq, b"x").await, Ok(seq));
            }
        }
        assert_eq!(store.open.lock().expect("files").by_session.len(), OPEN_MAX);
        for session in &sessions {
            assert_eq!(store.read(session, 0).await, Ok((b"xx".to_vec(), 2)));
        }
    }

    #[tokio::test]
    async fn a_torn_tail_is_cut_and_sent_again() {
        let folder = tempfile::tempdir().expect("folder");
        let session = SessionId::from_bytes([7; 10]);
        TranscriptFolder::new(folder.path().to_owned()).append(&session, 1, b"one").await.expect("stored");
        let path = TranscriptFolder::new(folder.path().to_owned()).path(&session);
        let mut file = OpenOptions::new().append(true).open(&path).expect("file");
        file.write_all(&[2, 0, 0, 0, 0, 0, 0, 0, 9, 0]).expect("torn");
        let store = TranscriptFolder::new(folder.path().to_owned());
        assert_eq!(store.append(&session, 2, b"two").await, Ok(2));
        assert_eq!(store.read(&session, 0).await, Ok((b"onetwo".to_vec(), 2)));
    }
}
