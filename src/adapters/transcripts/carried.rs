//! Transcripts that are carried from one folder to another, as bundles do it: the frames of a
//! session, whole.

use actors::ports::PortError;
use anyhow::bail;
use events::id::SessionId;

use super::folder::{HEADER, TranscriptFolder, frames};
use super::packed;
use crate::private;

/// The frames of a session: chunks with their numbers and lengths, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frames {
    /// The frames as they are stored.
    pub(crate) bytes: Vec<u8>,
}

impl Frames {
    /// What is whole of these bytes: a crash may have cut the last frame.
    fn of(mut bytes: Vec<u8>) -> Self {
        let lengths = frames(&bytes).map(|(_, body)| HEADER + body.len());
        let whole = lengths.sum();
        bytes.truncate(whole);
        Self { bytes }
    }

    /// Frames that somebody else made.
    ///
    /// # Errors
    /// They are cut, or not numbered from 1 on.
    pub(crate) fn whole(bytes: Vec<u8>) -> anyhow::Result<Self> {
        let length = bytes.len();
        let frames = Self::of(bytes);
        if frames.bytes.len() != length {
            bail!("its last chunk is cut");
        }
        frames.check_numbers()?;
        Ok(frames)
    }

    fn check_numbers(&self) -> anyhow::Result<()> {
        for (expected, (number, _)) in (1..).zip(frames(&self.bytes)) {
            if number != expected {
                bail!("its chunk {number} is where chunk {expected} should be");
            }
        }
        Ok(())
    }

    /// The text that the session printed, without numbers and lengths.
    pub(crate) fn text(&self) -> Vec<u8> {
        let bodies: Vec<&[u8]> = frames(&self.bytes).map(|(_, body)| body).collect();
        bodies.concat()
    }
}

impl TranscriptFolder {
    /// The frames of a session; none where nothing is kept of it.
    ///
    /// # Errors
    /// They cannot be read.
    pub(crate) async fn frames(&self, session: &SessionId) -> Result<Option<Frames>, PortError> {
        Ok(self.frames_of(session).await?.map(Frames::of))
    }

    /// Keeps the frames of a session that is over.
    ///
    /// # Errors
    /// They cannot be written.
    pub(crate) fn put_sealed(&self, session: &SessionId, frames: &Frames) -> anyhow::Result<()> {
        let path = packed::sealed(&self.path(session));
        if let Some(folder) = path.parent() {
            private::folder(folder, 0o700)?;
        }
        private::write(&path, &frames.bytes)
    }
}

#[cfg(test)]
mod tests {
    use actors::ports::transcripts::Transcripts;

    use super::*;

    fn frame(number: u64, text: &[u8]) -> Vec<u8> {
        let length = u32::try_from(text.len()).expect("short");
        [&number.to_le_bytes()[..], &length.to_le_bytes(), text].concat()
    }

    fn session() -> SessionId {
        "s-abcdefghij234567".parse().expect("a session")
    }

    #[test]
    fn what_a_crash_cut_is_left_behind() {
        let (first, second) = (frame(1, b"lions "), frame(2, b"bears"));
        let both = [first.clone(), second.clone()].concat();
        assert_eq!(Frames::of(both.clone()).bytes, both);
        assert_eq!(Frames::of(both.clone()).text(), b"lions bears");
        for cut in 1..second.len() {
            let left = Frames::of(both[..both.len() - cut].to_vec());
            assert_eq!(left.bytes, first, "{cut} bytes less");
        }
        assert_eq!(Frames::of(vec![]).text(), b"");
    }

    #[test]
    fn frames_of_somebody_else_are_whole_and_counted_from_one() {
        let whole = |parts: &[Vec<u8>]| match Frames::whole(parts.concat()) {
            Ok(frames) => String::from_utf8(frames.text()).expect("text"),
            Err(error) => error.to_string(),
        };
        let (first, second) = (frame(1, b"a"), frame(2, b"b"));
        assert_eq!(whole(&[first.clone(), second.clone()]), "ab");
        assert_eq!(whole(&[]), "");
        assert_eq!(whole(&[frame(1, b""), frame(2, b"b")]), "b");
        for (parts, words) in [
            (vec![second.clone()], "chunk 2 is where chunk 1 should be"),
            (
                vec![first.clone(), first.clone()],
                "chunk 1 is where chunk 2 should be",
            ),
            (vec![frame(0, b"a")], "chunk 0 is where chunk 1 should be"),
            (vec![first.clone(), b"x".to_vec()], "its last chunk is cut"),
        ] {
            assert!(whole(&parts).contains(words), "{words}: {}", whole(&parts));
        }
    }

    /// What was carried is read as what was written, and nothing is added to it.
    #[tokio::test]
    async fn a_transcript_is_the_same_in_another_folder() {
        let (here, there) = (tempfile::tempdir(), tempfile::tempdir());
        let (here, there) = (here.expect("folder"), there.expect("folder"));
        let from = TranscriptFolder::new(here.path().to_owned());
        let to = TranscriptFolder::new(there.path().join("transcripts"));
        let id = session();
        assert_eq!(from.frames(&id).await, Ok(None));
        for (seq, text) in [(1, "lions "), (2, "bears")] {
            from.append(&id, seq, text.as_bytes()).await.expect("kept");
        }

        let frames = from.frames(&id).await.expect("read").expect("frames");
        to.put_sealed(&id, &frames).expect("written");
        assert_eq!(to.spoken(&id).await, from.spoken(&id).await);
        let (text, newest) = to.read(&id, 1).await.expect("read");
        assert_eq!((&text[..], newest), (&b"bears"[..], 2));
        assert!(to.append(&id, 3, b"storks").await.is_err());

        // Packed as well.
        from.seal(&id).await.expect("sealed");
        from.pack(&id).await.expect("packed");
        assert_eq!(from.frames(&id).await, Ok(Some(frames)));
    }
}
