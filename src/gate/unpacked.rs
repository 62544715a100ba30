//! A request's body on its way to a file, unpacked as it comes: git packs what it asks with, and a
//! few bytes of gzip are a thousand times as many for whoever reads them.

use std::io::{SeekFrom, Write as _};
use std::process::Stdio;

use flate2::write::GzDecoder;
use tokio::fs::File;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use super::GateError;

/// Packed bytes that are unpacked at once: they become at most a thousand times as many.
const STEP: usize = 1024;

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packed {
    Plain,
    Gzip,
}

/// A body on disk.
pub(super) struct Stored {
    pub(super) stdin: Stdio,
    /// Bytes of the body, unpacked.
    pub(super) length: usize,
}

/// The file that a body is written to.
pub(super) struct Unpacked {
    file: File,
    /// Unpacks in memory; none when there is nothing to unpack.
    gzip: Option<GzDecoder<Vec<u8>>>,
    /// Bytes that it may have.
    room: usize,
    /// Bytes in the file so far.
    length: usize,
}

impl Unpacked {
    pub(super) fn new(file: File, packed: Packed, room: usize) -> Self {
        let gzip = (packed == Packed::Gzip).then(|| GzDecoder::new(Vec::new()));

        Self {
            file,
            gzip,
            room,
            length: 0,
        }
    }

    /// Takes the next bytes of the body.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), GateError> {
        if self.gzip.is_none() {
            return self.store(bytes).await;
        }

        for step in bytes.chunks(STEP) {
            let unpacked = match &mut self.gzip {
                Some(gzip) => {
                    gzip.write_all(step).map_err(senseless)?;
                    std::mem::take(gzip.get_mut())
                }
                None => Vec::new(),
            };
            self.store(&unpacked).await?;
        }

        Ok(())
    }

    async fn store(&mut self, bytes: &[u8]) -> Result<(), GateError> {
        self.length += bytes.len();
        if self.length > self.room {
            return Err(GateError::TooLarge(self.room));
        }

        self.file.write_all(bytes).await?;
        Ok(())
    }

    /// The body is there: what is left of it is unpacked, and the file is read from its beginning.
    pub(super) async fn end(mut self) -> Result<Stored, GateError> {
        if let Some(gzip) = self.gzip.take() {
            let last = gzip.finish().map_err(senseless)?;
            self.store(&last).await?;
        }

        self.file.flush().await?;
        self.file.seek(SeekFrom::Start(0)).await?;

        Ok(Stored {
            stdin: self.file.into_std().await.into(),
            length: self.length,
        })
    }
}

fn senseless(error: std::io::Error) -> GateError {
    GateError::Invalid(format!("the body is not what its gzip says: {error}"))
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).expect("packed");
        encoder.finish().expect("packed")
    }

    async fn stored(packed: Packed, room: usize, body: &[u8]) -> Result<usize, GateError> {
        let file = File::from_std(tempfile::tempfile().expect("a file"));
        let mut unpacked = Unpacked::new(file, packed, room);
        for chunk in body.chunks(7_000) {
            unpacked.write(chunk).await?;
        }
        unpacked.end().await.map(|stored| stored.length)
    }

    #[tokio::test]
    async fn a_body_has_room_for_what_it_becomes_and_not_for_what_it_is() {
        let zeros = vec![0; 1_000_000];
        let packed = gzip(&zeros);
        assert!(packed.len() < 2_000, "a bomb of {} bytes", packed.len());

        for (how, body, room, fits) in [
            (Packed::Plain, &zeros, 1_000_000, true),
            (Packed::Plain, &zeros, 999_999, false),
            (Packed::Gzip, &packed, 1_000_000, true),
            (Packed::Gzip, &packed, 999_999, false),
        ] {
            let stored = stored(how, room, body).await;
            match fits {
                true => assert_eq!(stored.expect("it fits"), zeros.len()),
                false => assert!(matches!(stored, Err(GateError::TooLarge(n)) if n == room)),
            }
        }
    }

    #[tokio::test]
    async fn what_is_no_gzip_or_ends_early_is_refused() {
        let whole = gzip(b"0032want");
        for body in [b"0032want".as_slice(), &whole[..whole.len() - 3], b""] {
            let stored = stored(Packed::Gzip, 1_000, body).await;
            assert!(matches!(stored, Err(GateError::Invalid(_))), "{body:?}");
        }
    }
}
