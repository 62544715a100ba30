//! Opens a bundle, which anybody may have made: everything is checked against what is promised, and
//! bounded by it, before it is of use to anybody.

use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Take};
use std::path::{Path, PathBuf};

use actors::ports::blobs::Blobs;
use anyhow::{Context, bail};
use events::id::Digest;
use events::log::EventLog;
use flate2::bufread::GzDecoder;
use fs_err::os::unix::fs::OpenOptionsExt;
use fs_err::{File, OpenOptions};
use nix::fcntl::OFlag;

use super::header::{HEADER_MAX, Header, Part, PartName};
use crate::adapters::blobs::BlobFolder;
use crate::adapters::transcripts::{Frames, TranscriptFolder};
use crate::data::DataFolder;
use crate::log::SqliteLog;
use crate::log::archive::Reader;
use crate::log::backup::newest_seal;
use crate::log::seal::Anchor;
use crate::log::seal::proof::{self, Proof};
use crate::log::verify::{Verified, Walk, verify};
use crate::private;

/// Bytes of the digest at the end.
const TRAILER: u64 = 32;
/// Bytes that are looked at at once.
const PIECE: usize = 64 * 1024;

/// A bundle that is whole: not a bit of it differs from what its maker wrote.
pub struct Bundle {
    /// The file by the name that it was opened by.
    path: PathBuf,
    file: File,
    /// Where the parts begin.
    body: u64,
    /// What it says of itself.
    pub header: Header,
}

impl Bundle {
    /// Opens a file and looks at all of it; nothing is unpacked yet.
    ///
    /// # Errors
    /// It is no bundle, of a newer form, cut, or altered.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let opened = OpenOptions::new()
            .read(true)
            .custom_flags(OFlag::O_NONBLOCK.bits())
            .open(path);
        let file = opened.context("opening the bundle")?;
        Self::of(path, file)
            .with_context(|| format!("{} cannot be opened as a bundle", path.display()))
    }

    fn of(path: &Path, file: File) -> anyhow::Result<Self> {
        let found = file.metadata()?;
        if !found.is_file() {
            bail!("it is not a file");
        }

        let mut line = vec![];
        let mut begin = BufReader::new((&file).take(HEADER_MAX));
        begin.read_until(b'\n', &mut line)?;
        let body = line.len() as u64;
        let is_whole = line.pop_if(|last| *last == b'\n').is_some();
        if !is_whole && line.starts_with(b"{\"bundle\":") {
            bail!("it is cut within its header");
        }
        let header = Header::parse(&line)?;

        let expected = body.saturating_add(header.packed).saturating_add(TRAILER);
        match found.len() {
            length if length < expected => {
                bail!("it is cut: it has {length} of {expected} bytes. Have it sent again")
            }
            length if length > expected => {
                bail!("it has {length} bytes and should have {expected}. Have it sent again")
            }
            _ => {}
        }
        let bundle = Self {
            path: path.to_owned(),
            file,
            body,
            header,
        };
        bundle.check_whole(expected - TRAILER)?;
        Ok(bundle)
    }

    /// Compares all bytes with the digest behind them.
    fn check_whole(&self, length: u64) -> anyhow::Result<()> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0))?;
        let (mut hasher, mut piece) = (blake3::Hasher::new(), vec![0; PIECE]);
        let mut left = file.take(length);
        loop {
            match left.read(&mut piece)? {
                0 => break,
                read => hasher.update(&piece[..read]),
            };
        }

        let mut trailer = [0; 32];
        (&self.file).read_exact(&mut trailer)?;
        if trailer != *hasher.finalize().as_bytes() {
            bail!(
                "it was altered: its bytes are not those that it was made of. Have it sent again"
            );
        }
        Ok(())
    }

    /// Makes a data folder of it that can be read and not worked with. It grows beside that folder
    /// under another name and is renamed when all of it was checked.
    ///
    /// # Errors
    /// The folder is there and not empty, cannot be made, or the parts are not what they should be.
    /// Nothing is left of it then.
    pub async fn unpack(&self, to: &Path) -> anyhow::Result<DataFolder> {
        if fs_err::symlink_metadata(to).is_ok() && !is_empty_folder(to) {
            bail!(
                "{} is not empty: name a folder that is not there",
                to.display()
            );
        }
        let parent = match to.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let growing = tempfile::Builder::new()
            .prefix(".bundle-")
            .tempdir_in(parent);
        let growing =
            growing.with_context(|| format!("making a folder in {}", parent.display()))?;

        let data = DataFolder::make(growing.path())?;
        let filled = self.fill(&data).await;
        filled
            .with_context(|| format!("{} is refused, and nothing is kept", self.path.display()))?;
        let settled = growing.keep();
        if let Err(error) = fs_err::rename(&settled, to) {
            fs_err::remove_dir_all(&settled)?;
            return Err(error).with_context(|| format!("making {}", to.display()));
        }
        DataFolder::open(to)
    }

    async fn fill(&self, data: &DataFolder) -> anyhow::Result<()> {
        let mut body = self.body()?;
        for part in &self.header.parts {
            let mut reader = PartReader::of(part, &mut body);
            let put = self.put(&mut reader, data).await;
            put.with_context(|| format!("the part {}", part.part))?;
            reader.finish()?;
        }
        finish(body)?;

        private::write(&data.log_id(), format!("{}\n", self.header.log).as_bytes())?;
        let shown = serde_json::to_vec_pretty(&self.header)?;
        private::write(&data.bundle(), &shown)
    }

    fn body(&self) -> anyhow::Result<Body<'_>> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(self.body))?;
        let packed = file.take(self.header.packed);
        Ok(GzDecoder::new(BufReader::new(packed)))
    }

    async fn put(&self, part: &mut PartReader<'_, '_>, data: &DataFolder) -> anyhow::Result<()> {
        match &part.part.part {
            PartName::Log => self.put_events(part, data).await,
            PartName::Proof => {
                let bytes = part.all()?;
                self.check_proof(&bytes)?;
                private::write(&data.path().join("proof.json"), &bytes)
            }
            PartName::States => {
                let bytes = part.all()?;
                private::write(&data.states(), &bytes)
            }
            PartName::Blob(digest) => {
                let bytes = part.all()?;
                if Digest::of(&bytes) != *digest {
                    bail!("its bytes are not those of its name");
                }
                BlobFolder::new(data.blobs()).put(bytes).await?;
                Ok(())
            }
            PartName::Transcript(session) => {
                let frames = Frames::whole(part.all()?)?;
                TranscriptFolder::new(data.transcripts()).put_sealed(session, &frames)
            }
        }
    }

    /// Makes the log, and walks it: the chain and the seals hold up to where the header says.
    async fn put_events(
        &self,
        part: &mut PartReader<'_, '_>,
        data: &DataFolder,
    ) -> anyhow::Result<()> {
        let header = &self.header;
        let records = Reader::open(BufReader::new(part))?;
        if records.header.log != header.log {
            bail!(
                "it is of the log {}, not {}",
                records.header.log,
                header.log
            );
        }
        data.place().import(records).await?;

        let log = SqliteLog::open_reader(&data.log()).await?;
        match verify(&log, &Walk::default()).await? {
            Verified::Sound { head, digest, .. }
                if (head.0, digest) != (header.head, header.digest) =>
            {
                bail!(
                    "it ends at position {head}, and not as the header says at {}",
                    header.head
                )
            }
            Verified::Sound { sealed, .. }
                if sealed.0 < header.sealed && !header.has(&PartName::Proof) =>
            {
                bail!(
                    "it is sealed up to {sealed}, and not as the header says to {}",
                    header.sealed
                )
            }
            Verified::Sound { .. } => {}
            Verified::Broken { at, damage } => bail!("position {at} is {damage}"),
        }
        if let Some(seal) = newest_seal(&log).await? {
            let log = log.id();
            Anchor { log, seal }.write(&data.anchor())?;
        }
        Ok(())
    }

    /// Whether the proof is that of the last event.
    fn check_proof(&self, bytes: &[u8]) -> anyhow::Result<()> {
        let proof: Proof = serde_json::from_slice(bytes)?;
        let event = proof::check(&proof, self.header.sealed_by.as_deref())?;

        let proved = (proof.log.as_str(), event.position.0, event.digest);
        let header = &self.header;
        let is_told = header.sealed == header.head;
        if !is_told || proved != (header.log.as_str(), header.head, header.digest) {
            bail!("it proves another event than the last one");
        }
        Ok(())
    }
}

fn is_empty_folder(path: &Path) -> bool {
    match fs_err::read_dir(path) {
        Ok(mut entries) => entries.next().is_none(),
        Err(_) => false,
    }
}

/// The parts, as they are unpacked one after the other.
type Body<'a> = GzDecoder<BufReader<Take<&'a File>>>;

/// Sees to it that nothing comes after the last part.
fn finish(mut body: Body<'_>) -> anyhow::Result<()> {
    let more = body.read(&mut [0]).context("unpacking the end")?;
    let mut packed = body.into_inner();
    if more > 0 || !packed.fill_buf()?.is_empty() {
        bail!("there is more in it than its header lists");
    }
    Ok(())
}

/// Reads one part and nothing of the next one.
struct PartReader<'a, 'b> {
    part: &'a Part,
    body: &'a mut Body<'b>,
    left: u64,
    hasher: blake3::Hasher,
}

impl<'a, 'b> PartReader<'a, 'b> {
    fn of(part: &'a Part, body: &'a mut Body<'b>) -> Self {
        Self {
            part,
            body,
            left: part.bytes,
            hasher: blake3::Hasher::new(),
        }
    }

    /// The whole part, which is bounded by what its kind may have.
    fn all(&mut self) -> std::io::Result<Vec<u8>> {
        let mut bytes = vec![];
        self.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Whether it had the bytes that were promised.
    fn finish(mut self) -> anyhow::Result<()> {
        let read = std::io::copy(&mut self, &mut std::io::sink());
        read.with_context(|| format!("unpacking the part {}", self.part.part))?;
        let digest = Digest(*self.hasher.finalize().as_bytes());
        if self.left > 0 || digest != self.part.digest {
            bail!("the part {} is not what the header says", self.part.part);
        }
        Ok(())
    }
}

impl Read for PartReader<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let most = most.min(into.len());
        let read = self.body.read(&mut into[..most])?;
        self.hasher.update(&into[..read]);
        self.left -= read as u64;
        Ok(read)
    }
}
