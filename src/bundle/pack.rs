//! Makes a bundle: grows beside its file, and is renamed when it is whole.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actors::ports::blobs::Blobs;
use anyhow::{Context, bail};
use events::id::{Digest, ProjectName, SessionId};
use events::log::EventLog;
use events::stream::Position;
use events::view::snapshot::FINGERPRINT;
use flate2::Compression;
use flate2::write::GzEncoder;
use fs_err::File;

use super::header::{FORMAT, Header, LeftOut, Part, PartName};
use super::named::Named;
use crate::adapters::blobs::BlobFolder;
use crate::adapters::clock;
use crate::adapters::transcripts::{Redactor, TranscriptFolder};
use crate::api;
use crate::data::DataFolder;
use crate::instance::BUILD;
use crate::log::archive::{self, Writer};
use crate::log::place::Records;
use crate::log::seal::proof::{prove, seal_over};
use crate::replay::Recorded;

/// Why something is left out that a transcript would have been masked for.
const HOLDS_A_KEY: &str = "what looks like a key is in it";

/// What is put into a bundle.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The project whose blobs and transcripts are put in; those of all without one.
    pub project: Option<ProjectName>,
    /// The last event that is put in.
    pub to: Position,
    /// The position at which a reader begins.
    pub at: Position,
    /// Most bytes of transcripts, as they are before they are packed.
    pub transcripts: u64,
    /// Values that must not get out.
    pub secrets: Vec<String>,
    /// Whether events that hold what looks like a key are put in as they are.
    pub with_secrets: bool,
}

/// Writes the log of a data folder, up to a position, to a new file.
///
/// # Errors
/// The file is there already or cannot be written, or the log or what lies beside it cannot be
/// read. Nothing is left of the file then.
pub async fn pack(
    data: &DataFolder,
    log: Arc<dyn EventLog>,
    wanted: &Wanted,
    file: &Path,
) -> anyhow::Result<Header> {
    if fs_err::symlink_metadata(file).is_ok() {
        bail!("{} is there already: name another file", file.display());
    }
    let folder = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let growing = tempfile::tempfile_in(&folder);
    let growing = growing.with_context(|| format!("making a file in {}", folder.display()))?;
    let redactor = Redactor::new(&wanted.secrets).map_err(anyhow::Error::msg)?;

    let packing = Packing {
        data,
        log,
        wanted,
        redactor,
    };
    let body = Body::new(File::from_parts(growing, file));
    let (header, body) = packing.run(body).await?;
    write(&header, body, file, &folder)?;
    Ok(header)
}

/// Puts the pieces together, and gives them their name.
fn write(header: &Header, body: File, file: &Path, folder: &Path) -> anyhow::Result<()> {
    let line = header.line()?;
    let written = settle(&line, body, file, folder);
    written.with_context(|| format!("writing {}", file.display()))
}

fn settle(line: &[u8], mut body: File, file: &Path, folder: &Path) -> std::io::Result<()> {
    let whole = tempfile::NamedTempFile::new_in(folder)?;
    let mut out = Hashing::new(BufWriter::new(whole));
    out.write_all(line)?;
    body.seek(SeekFrom::Start(0))?;
    std::io::copy(&mut body, &mut out)?;

    let digest = out.digest();
    out.inner.write_all(&digest.0)?;
    let whole = out.inner.into_inner().map_err(|e| e.into_error())?;
    whole.as_file().sync_all()?;
    whole.persist_noclobber(file).map_err(|e| e.error)?;
    File::open(folder)?.sync_all()
}

/// A bundle in the making.
struct Packing<'a> {
    data: &'a DataFolder,
    log: Arc<dyn EventLog>,
    wanted: &'a Wanted,
    redactor: Redactor,
}

impl Packing<'_> {
    async fn run(&self, mut body: Body) -> anyhow::Result<(Header, File)> {
        let Wanted {
            project, to, at, ..
        } = self.wanted;
        let named = Named::up_to(*to, &*self.log, project.as_ref(), &self.redactor).await?;
        if !self.wanted.with_secrets {
            named.refuse_secrets()?;
        }

        self.put_events(&mut body).await?;
        let (sealed, sealed_by) = self.put_proof(&named, &mut body).await?;
        self.put_states(&mut body).await?;
        let mut left_out = self.put_blobs(&named, &mut body).await?;
        left_out.extend(self.put_transcripts(&named, &mut body).await?);

        let (packed, parts) = body.finish()?;
        let packed_bytes = packed.metadata()?.len();
        let header = Header {
            bundle: FORMAT,
            build: BUILD.to_owned(),
            rules: FINGERPRINT.to_owned(),
            made: api::time(clock::now()),
            log: self.log.id(),
            head: to.0,
            digest: named.chain,
            sealed: sealed.0,
            sealed_by,
            project: project.clone(),
            at: at.0,
            packed: packed_bytes,
            parts,
            left_out,
        };
        Ok((header, packed))
    }

    async fn put_events(&self, body: &mut Body) -> anyhow::Result<()> {
        let mut part = body.begin(PartName::Log);
        let mut writer = Writer::Segment(&mut part);
        writer.header(&archive::Header::of(&self.log.id()))?;

        let mut records = Records::of(&*self.log);
        'all: while let Some(batch) = records.next().await? {
            for record in &batch {
                if record.envelope.position > self.wanted.to {
                    break 'all;
                }
                writer.record(record)?;
            }
        }

        part.end();
        Ok(())
    }

    /// Puts the proof of the last event in, where a seal is over it. Otherwise the events hold the
    /// seals that there are. Answers how far they go, and whose they are.
    async fn put_proof(
        &self,
        named: &Named,
        body: &mut Body,
    ) -> anyhow::Result<(Position, Option<String>)> {
        let to = self.wanted.to;
        if seal_over(&*self.log, to).await?.is_some() {
            let proof = prove(&*self.log, to).await?;
            body.put(PartName::Proof, &serde_json::to_vec(&proof)?)?;
            return Ok((to, Some(proof.seal.key)));
        }
        Ok(match &named.seal {
            Some(seal) => (seal.statement.last, Some(seal.key.clone())),
            None => (Position(0), None),
        })
    }

    async fn put_states(&self, body: &mut Body) -> anyhow::Result<()> {
        let recorded = Recorded::of(self.log.clone(), Default::default());
        let mut part = body.begin(PartName::States);
        let written = recorded.digests(self.wanted.to, |line| -> anyhow::Result<()> {
            Ok(writeln!(part, "{line}")?)
        });
        written.await?;
        part.end();
        Ok(())
    }

    async fn put_blobs(&self, named: &Named, body: &mut Body) -> anyhow::Result<Vec<LeftOut>> {
        let blobs = BlobFolder::new(self.data.blobs());
        let mut left_out = vec![];

        for digest in &named.digests {
            // Digests are of commands and states as well: what has no blob names none.
            if !blobs.has(*digest) {
                continue;
            }
            let part = PartName::Blob(*digest);
            match blobs.get(*digest).await {
                Ok(bytes) if self.redactor.finds(&bytes) => {
                    left_out.push(LeftOut::because(part, HOLDS_A_KEY));
                }
                Ok(bytes) => body.put(part, &bytes)?,
                Err(error) => left_out.push(LeftOut::because(part, &error.to_string())),
            }
        }

        Ok(left_out)
    }

    /// Puts transcripts in, those of the newest sessions first, until there is no room for more.
    async fn put_transcripts(
        &self,
        named: &Named,
        body: &mut Body,
    ) -> anyhow::Result<Vec<LeftOut>> {
        let store = TranscriptFolder::new(self.data.transcripts());
        let (chosen, mut left_out) = self.chosen(named, &store).await?;
        let told: BTreeSet<PartName> = left_out.iter().map(|left| left.part.clone()).collect();
        for session in &named.kept {
            let part = PartName::Transcript(session.clone());
            if told.contains(&part) || chosen.contains(session) {
                continue;
            }
            let why = match named.sessions.contains_key(session) {
                true => "nothing is kept of it any more",
                false => "it is of another project",
            };
            left_out.push(LeftOut::because(part, why));
        }

        // Read again one by one, in the order of their names: all of them at once are too many.
        for session in &chosen {
            let part = PartName::Transcript(session.clone());
            match store.frames(session).await? {
                Some(frames) => body.put(part, &frames.bytes)?,
                None => left_out.push(LeftOut::because(part, "it was removed meanwhile")),
            }
        }
        Ok(left_out)
    }

    /// The sessions whose transcripts there is room for.
    async fn chosen(
        &self,
        named: &Named,
        store: &TranscriptFolder,
    ) -> anyhow::Result<(BTreeSet<SessionId>, Vec<LeftOut>)> {
        let mut newest: Vec<_> = named.sessions.iter().collect();
        newest.sort_by_key(|(_, last)| Reverse(**last));
        let (mut chosen, mut left_out) = (BTreeSet::new(), vec![]);
        let (mut room, most) = (self.wanted.transcripts, self.wanted.transcripts);

        for (session, _) in newest {
            let part = PartName::Transcript(session.clone());
            let frames = match store.frames(session).await {
                Ok(Some(frames)) => frames,
                Ok(None) => continue,
                Err(error) => {
                    left_out.push(LeftOut::because(part, &error.to_string()));
                    continue;
                }
            };
            let bytes = frames.bytes.len() as u64;
            if self.redactor.finds(&frames.text()) {
                left_out.push(LeftOut::because(part, HOLDS_A_KEY));
            } else if bytes > room {
                let why = format!("it has {bytes} bytes, {room} of {most} were left");
                left_out.push(LeftOut::because(part, &why));
            } else {
                room -= bytes;
                chosen.insert(session.clone());
            }
        }

        Ok((chosen, left_out))
    }
}

/// The parts, packed one after the other.
struct Body {
    encoder: GzEncoder<BufWriter<File>>,
    parts: Vec<Part>,
}

impl Body {
    fn new(file: File) -> Self {
        Self {
            encoder: GzEncoder::new(BufWriter::new(file), Compression::default()),
            parts: vec![],
        }
    }

    fn begin(&mut self, name: PartName) -> Growing<'_> {
        Growing {
            out: Hashing::new(&mut self.encoder),
            parts: &mut self.parts,
            name,
        }
    }

    fn put(&mut self, name: PartName, bytes: &[u8]) -> anyhow::Result<()> {
        let mut part = self.begin(name);
        part.write_all(bytes)?;
        part.end();
        Ok(())
    }

    fn finish(self) -> anyhow::Result<(File, Vec<Part>)> {
        let file = self.encoder.finish()?;
        let file = file.into_inner().map_err(|error| error.into_error())?;
        Ok((file, self.parts))
    }
}

/// A part that is being written.
struct Growing<'a> {
    out: Hashing<&'a mut GzEncoder<BufWriter<File>>>,
    parts: &'a mut Vec<Part>,
    name: PartName,
}

impl Growing<'_> {
    /// Takes note of it in the list.
    fn end(self) {
        self.parts.push(Part {
            part: self.name,
            bytes: self.out.bytes,
            digest: self.out.digest(),
        });
    }
}

impl Write for Growing<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

/// Passes on what is written, and knows its digest.
struct Hashing<W> {
    inner: W,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl<W> Hashing<W> {
    fn new(inner: W) -> Self {
        Self {
            inner,
            hasher: blake3::Hasher::new(),
            bytes: 0,
        }
    }

    fn digest(&self) -> Digest {
        Digest(*self.hasher.finalize().as_bytes())
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}
