//! The folder of transcripts: frames appended, sealed, packed, read and dropped.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use actors::ports::PortError;
use actors::ports::transcripts::{CHUNK_MAX, Spoken, Transcripts};
use async_trait::async_trait;
use events::id::{Digest, SessionId};
use fs_err::os::unix::fs::{FileExt, OpenOptionsExt};
use fs_err::{File, OpenOptions};

use super::packed;
use super::redact::{AGAIN, Redactor};

/// Most bytes kept of one session; what comes after is counted and not kept.
pub const TRANSCRIPT_MAX: u64 = 64 * 1024 * 1024;

/// Bytes before each chunk: its number and its length.
pub(super) const HEADER: usize = 12;

/// Files kept open: more sessions than speak at once on one machine. The one that was silent
/// longest is closed for the next.
pub(super) const OPEN_MAX: usize = 64;

/// A folder of transcripts.
#[derive(Clone)]
pub struct TranscriptFolder {
    folder: PathBuf,
    open: Arc<Mutex<Files>>,
    /// Values that must not be kept, asked for when a session begins to speak.
    pub(super) secrets: Arc<dyn Fn() -> Vec<String> + Send + Sync>,
}

struct Open {
    file: File,
    last: u64,
    size: u64,
    /// The end of what is stored: parts of it with their places in the file, together at least
    /// [`AGAIN`] bytes where there are as many.
    tail: VecDeque<(u64, Vec<u8>)>,
    redactor: Redactor,
    /// When it was used last, counted in appends of the store.
    used: u64,
}

/// The open files, and how many appends there were.
#[derive(Default)]
struct Files {
    pub(super) by_session: HashMap<SessionId, Open>,
    appends: u64,
}

impl Files {
    /// The open file of a session.
    pub(super) fn open(
        &mut self,
        session: &SessionId,
        path: &Path,
        secrets: &dyn Fn() -> Vec<String>,
    ) -> std::io::Result<&mut Open> {
        self.appends += 1;
        if !self.by_session.contains_key(session) {
            let silent = self
                .by_session
                .iter()
                .min_by_key(|(_, open)| open.used)
                .map(|(session, _)| session.clone());
            if let (Some(silent), true) = (silent, self.by_session.len() >= OPEN_MAX) {
                self.by_session.remove(&silent);
            }
            if packed::is_sealed(path) {
                let why = "the session is over, and nothing is added to what it printed";
                return Err(std::io::Error::new(ErrorKind::ReadOnlyFilesystem, why));
            }
            let redactor = Redactor::new(&secrets()).map_err(std::io::Error::other)?;
            self.by_session
                .insert(session.clone(), Open::at(path, redactor)?);
        }

        let open = self
            .by_session
            .get_mut(session)
            .ok_or_else(|| std::io::Error::other("the file was just opened"))?;
        open.used = self.appends;

        Ok(open)
    }
}

impl TranscriptFolder {
    /// Transcripts in this folder.
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            open: Arc::default(),
            secrets: Arc::new(Vec::new),
        }
    }

    /// The same, with values that must not be kept.
    pub fn without(self, secrets: impl Fn() -> Vec<String> + Send + Sync + 'static) -> Self {
        Self {
            secrets: Arc::new(secrets),
            ..self
        }
    }

    pub(super) fn path(&self, session: &SessionId) -> PathBuf {
        self.folder.join(format!("{session}.chunks"))
    }

    fn append_now(&self, session: &SessionId, seq: u64, bytes: &[u8]) -> Result<u64, PortError> {
        let failed =
            |e: std::io::Error| PortError::Transient(format!("transcript of {session}: {e}"));
        let mut all = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        fs_err::create_dir_all(&self.folder).map_err(failed)?;

        let open = all
            .open(session, &self.path(session), &*self.secrets)
            .map_err(|e| match e.kind() {
                ErrorKind::ReadOnlyFilesystem => PortError::Permanent(e.to_string()),
                _ => failed(e),
            })?;
        if seq <= open.last {
            return Ok(open.last);
        }

        if seq != open.last + 1 {
            return Err(PortError::Permanent(format!(
                "chunk {seq} comes before chunk {}: send that one first",
                open.last + 1
            )));
        }

        let kept = if open.size + (bytes.len() as u64) <= TRANSCRIPT_MAX {
            bytes
        } else {
            &[]
        };

        open.write(seq, kept).map_err(failed)?;
        Ok(seq)
    }
}

impl TranscriptFolder {
    pub(super) async fn frames_of(
        &self,
        session: &SessionId,
    ) -> Result<Option<Vec<u8>>, PortError> {
        let (path, session) = (self.path(session), session.clone());
        let read = tokio::task::spawn_blocking(move || {
            packed::read(&path).map_err(|e| match e.kind() {
                // What does not unpack will not unpack the next time either.
                ErrorKind::InvalidInput | ErrorKind::InvalidData | ErrorKind::UnexpectedEof => {
                    PortError::Permanent(format!("transcript of {session} is damaged: {e}"))
                }
                _ => PortError::Transient(format!("transcript of {session}: {e}")),
            })
        });
        read.await
            .unwrap_or_else(|e| Err(PortError::Transient(e.to_string())))
    }
}

impl Open {
    fn at(path: &Path, redactor: Redactor) -> std::io::Result<Self> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let mut open = Self {
            file,
            last: 0,
            size: 0,
            tail: VecDeque::new(),
            redactor,
            used: 0,
        };

        for (seq, body) in frames(&bytes) {
            open.kept(seq, body.to_vec());
        }

        open.file.set_len(open.size)?;
        open.file.seek(SeekFrom::End(0))?;

        Ok(open)
    }

    /// Takes note of a chunk that is stored at the end.
    fn kept(&mut self, seq: u64, body: Vec<u8>) {
        let at = self.size + HEADER as u64;
        self.last = seq;
        self.size = at + body.len() as u64;
        self.tail.push_back((at, body));
        let mut held: usize = self.tail.iter().map(|(_, body)| body.len()).sum();

        while let Some(first) = self
            .tail
            .front()
            .map(|(_, body)| body.len())
            .filter(|first| held - first >= AGAIN)
        {
            held -= first;
            self.tail.pop_front();
        }
    }

    /// The bytes without their secrets; what of one was stored before is masked there.
    fn masked(&mut self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        let before: Vec<u8> = self
            .tail
            .iter()
            .flat_map(|(_, body)| body.iter().copied())
            .collect();
        let mut whole = [&before, bytes].concat();
        self.redactor.mask(&mut whole);
        let new = whole.split_off(before.len());

        if whole == before {
            return Ok(new);
        }

        let mut rest = &whole[..];

        for (at, body) in &mut self.tail {
            let (now, after) = rest.split_at(body.len());
            rest = after;
            if now != &body[..] {
                self.file.write_all_at(now, *at)?;
                body.copy_from_slice(now);
            }
        }

        Ok(new)
    }

    pub(super) fn write(&mut self, seq: u64, bytes: &[u8]) -> std::io::Result<()> {
        let bytes = self.masked(bytes)?;
        let mut frame = Vec::with_capacity(HEADER + bytes.len());
        frame.extend_from_slice(&seq.to_le_bytes());
        frame.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
        frame.extend_from_slice(&bytes);
        // Always behind what is known to be whole: a write that failed half-way is written over.
        self.file.write_all_at(&frame, self.size)?;
        self.kept(seq, bytes);
        Ok(())
    }
}

/// The whole frames of a file, in order.
pub(super) fn frames(bytes: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
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
            return Err(PortError::Permanent(format!(
                "a chunk has {} bytes, {CHUNK_MAX} are allowed",
                bytes.len()
            )));
        }
        let (store, session, bytes) = (self.clone(), session.clone(), bytes.to_vec());
        let stored =
            tokio::task::spawn_blocking(move || store.append_now(&session, seq, &bytes)).await;
        stored.unwrap_or_else(|e| Err(PortError::Transient(e.to_string())))
    }

    async fn read(&self, session: &SessionId, after: u64) -> Result<(Vec<u8>, u64), PortError> {
        let bytes = self.frames_of(session).await?.unwrap_or_default();
        let wanted = frames(&bytes).filter(|(seq, _)| *seq > after);
        let (mut text, mut newest) = (Vec::new(), after);
        for (seq, body) in wanted {
            text.extend_from_slice(body);
            newest = seq;
        }
        Ok((text, newest))
    }

    async fn spoken(&self, session: &SessionId) -> Result<Option<Spoken>, PortError> {
        let Some(bytes) = self.frames_of(session).await? else {
            return Ok(None);
        };

        let session = session.clone();
        let read = tokio::task::spawn_blocking(move || {
            let mut text = Vec::with_capacity(bytes.len());
            let mut chunks = 0;
            for (seq, body) in frames(&bytes) {
                if seq != chunks + 1 {
                    let why =
                        format!("transcript of {session}: chunk {chunks} is followed by {seq}");
                    return Err(PortError::Permanent(why));
                }
                chunks = seq;
                text.extend_from_slice(body);
            }
            Ok(Some(Spoken {
                chunks,
                bytes: text.len() as u64,
                digest: Digest::of(&text),
            }))
        });

        read.await
            .unwrap_or_else(|e| Err(PortError::Transient(e.to_string())))
    }

    async fn seal(&self, session: &SessionId) -> Result<Option<Spoken>, PortError> {
        let (store, over) = (self.clone(), session.clone());
        let sealed = tokio::task::spawn_blocking(move || {
            let mut all = store.open.lock().unwrap_or_else(PoisonError::into_inner);
            all.by_session.remove(&over);
            // While nobody may open it: a chunk that is on its way comes before or is refused.
            packed::seal(&store.path(&over))
                .map_err(|e| PortError::Transient(format!("sealing the transcript of {over}: {e}")))
        });
        sealed
            .await
            .unwrap_or_else(|e| Err(PortError::Transient(e.to_string())))?;
        self.spoken(session).await
    }

    async fn pack(&self, session: &SessionId) -> Result<(), PortError> {
        let (store, session) = (self.clone(), session.clone());
        let packed = tokio::task::spawn_blocking(move || {
            let failed = |e: std::io::Error| {
                PortError::Transient(format!("packing the transcript of {session}: {e}"))
            };
            packed::pack(&store.path(&session)).map_err(failed)
        });
        packed
            .await
            .unwrap_or_else(|e| Err(PortError::Transient(e.to_string())))
    }

    async fn remove(&self, session: &SessionId) -> Result<(), PortError> {
        let (store, session) = (self.clone(), session.clone());

        let removed = tokio::task::spawn_blocking(move || {
            store
                .open
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .by_session
                .remove(&session);
            let failed = |e: std::io::Error| {
                PortError::Transient(format!("removing the transcript of {session}: {e}"))
            };
            packed::remove(&store.path(&session)).map_err(failed)
        });
        removed
            .await
            .unwrap_or_else(|e| Err(PortError::Transient(e.to_string())))
    }
}
