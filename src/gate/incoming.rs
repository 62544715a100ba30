//! The body of a request to the gate as it comes: the updates of a push are read and judged first,
//! the rest goes to a file as it arrives. Nothing of it is held in memory beyond one chunk.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use tokio::fs::File;

use super::GateError;
use super::pack::{self, Push};
use super::unpacked::{Packed, Stored, Unpacked};

/// A body that says nothing for so long is given up.
const SILENT_MAX: Duration = Duration::from_secs(60);
/// Bytes of a push beyond its bound that are read and thrown away, so that the pusher reads why it
/// was turned down.
const DISCARDED_MAX: usize = 1024 * 1024 * 1024;

/// A body as it comes.
pub(super) struct Incoming<S> {
    stream: S,
    /// Bytes that it may have.
    room: usize,
    /// Bytes that came so far.
    came: usize,
}

/// The first part of a push, with whatever came along with it.
pub(super) struct Head {
    pub(super) push: Push,
    pub(super) bytes: Vec<u8>,
}

impl<S, E> Incoming<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::fmt::Display,
{
    pub(super) fn new(stream: S, room: usize) -> Self {
        Self {
            stream,
            room,
            came: 0,
        }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, GateError> {
        let next = tokio::time::timeout(SILENT_MAX, self.stream.next()).await;
        let Ok(next) = next else {
            let seconds = SILENT_MAX.as_secs();
            return Err(GateError::Slow(seconds));
        };
        let chunk = next
            .transpose()
            .map_err(|why| GateError::Invalid(format!("the body was cut: {why}")))?;
        if let Some(chunk) = &chunk {
            self.came += chunk.len();
        }
        Ok(chunk)
    }

    /// Reads the updates of a push, and nothing of its pack that did not come with them.
    pub(super) async fn head(&mut self) -> Result<Head, GateError> {
        let mut bytes = Vec::new();
        while !pack::is_head_complete(&bytes).map_err(GateError::Invalid)? {
            let Some(chunk) = self.next().await? else {
                break;
            };
            bytes.extend_from_slice(&chunk);
        }
        let push = pack::parse(&bytes).map_err(GateError::Invalid)?;
        Ok(Head { push, bytes })
    }

    /// Reads what is left and throws it away: whoever pushes reads no answer before it has said
    /// everything.
    pub(super) async fn discard(&mut self) -> Result<(), GateError> {
        while self.next().await?.is_some() {
            if self.came > DISCARDED_MAX {
                return Err(GateError::TooLarge(self.room));
            }
        }
        Ok(())
    }

    /// Writes the body to a file without a name, unpacked. The backend waits in a busy loop for the
    /// rest of a body that ends early: from a file it has all of it, also when this server is
    /// killed meanwhile.
    pub(super) async fn stored(
        &mut self,
        head: &[u8],
        packed: Packed,
        folder: &Path,
    ) -> Result<Stored, GateError> {
        let folder = folder.to_owned();
        let file = tokio::task::spawn_blocking(move || tempfile::tempfile_in(folder));
        let file = File::from_std(file.await.map_err(std::io::Error::other)??);
        let mut unpacked = Unpacked::new(file, packed, self.room);

        unpacked.write(head).await?;
        while let Some(chunk) = self.next().await? {
            if self.came > self.room {
                return Err(GateError::TooLarge(self.room));
            }
            unpacked.write(&chunk).await?;
        }
        unpacked.end().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Chunks = futures::stream::Iter<std::vec::IntoIter<Result<Bytes, std::io::Error>>>;

    fn coming(chunks: &[&[u8]]) -> Incoming<Chunks> {
        let chunks: Vec<_> = chunks
            .iter()
            .map(|chunk| Ok(Bytes::copy_from_slice(chunk)))
            .collect();
        Incoming::new(futures::stream::iter(chunks), 1024)
    }

    #[tokio::test]
    async fn updates_are_known_before_the_pack_is_read() {
        let (old, new) = ("0".repeat(40), "a".repeat(40));
        let line = format!("{old} {new} refs/heads/main");
        let whole = format!("{:04x}{line}0000PACK\0\0\0\x02\0\0\0\x01", line.len() + 4);
        let (first, second) = whole.as_bytes().split_at(30);
        let mut body = coming(&[first, second, b"the pack", b"and more"]);
        let head = body.head().await.expect("a head");
        assert_eq!(head.push.updates.len(), 1);
        assert_eq!(body.came, whole.len(), "nothing more was read");

        let folder = tempfile::tempdir().expect("folder");
        let stored = body.stored(&head.bytes, Packed::Plain, folder.path()).await;
        assert_eq!(stored.expect("stored").length, whole.len() + 16);
    }

    #[tokio::test]
    async fn a_body_that_is_cut_or_senseless_is_no_push() {
        for chunk in ["", "00", "zzzz", "0009ab"] {
            let cut = coming(&[chunk.as_bytes()]).head().await;
            assert!(cut.is_err(), "{chunk:?}");
        }
        let nothing = coming(&[b"0000"]).head().await.expect("no update");
        assert!(nothing.push.updates.is_empty());
    }
}
