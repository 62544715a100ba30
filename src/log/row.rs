//! Rows of PostgreSQL's event table, and the stored answers of both databases, as what they mean.

use events::cause::Cause;
use events::envelope::Envelope;
use events::id::{CommandId, Digest, Timestamp};
use events::log::{ReadError, Receipt, Remembered};
use events::stream::{Position, Version};

use super::ledger::command_sum;

/// The columns every read selects, in this order.
pub const COLUMNS: &str = "e.position, s.name, e.version, t.name, e.schema, e.at, p.name, \
                           e.correlation, e.causation, e.command, \
                           e.trace, e.payload, e.digest";
/// The tables behind [`COLUMNS`].
pub const TABLES: &str = "events e JOIN streams s ON s.id = e.stream_id JOIN event_types t ON t.id \
                          = e.type_id \
                          JOIN principals p ON p.id = e.principal_id";

/// A row as PostgreSQL gives it.
#[derive(sqlx::FromRow)]
pub struct Row(
    i64,
    String,
    i64,
    String,
    i64,
    i64,
    String,
    Vec<u8>,
    Option<i64>,
    Vec<u8>,
    Option<String>,
    Vec<u8>,
    Vec<u8>,
);

impl Row {
    /// The envelope; an error names the position whose columns make no sense.
    pub fn envelope(self) -> Result<Envelope, ReadError> {
        let position = self.0;
        let bad = |what: &str| {
            ReadError(format!(
                "position {position}: the stored {what} makes no sense"
            ))
        };
        let number = |n: i64, what| u64::try_from(n).map_err(|_| bad(what));
        let id = |bytes: &[u8], what| {
            <[u8; 16]>::try_from(bytes)
                .map(CommandId)
                .map_err(|_| bad(what))
        };

        Ok(Envelope {
            position: Position(number(self.0, "position")?),
            stream: self.1.parse().map_err(|_| bad("stream name"))?,
            version: Version(number(self.2, "version")?),
            kind: self.3.into(),
            schema: u16::try_from(self.4).map_err(|_| bad("schema number"))?,
            at: Timestamp(self.5),
            cause: Cause {
                principal: self.6.parse().map_err(|_| bad("principal"))?,
                correlation: id(&self.7, "correlation")?,
                causation: self
                    .8
                    .map(|n| number(n, "causation").map(Position))
                    .transpose()?,
            },
            command: id(&self.9, "command id")?,
            trace: self.10,
            payload: self.11,
            digest: <[u8; 32]>::try_from(self.12.as_slice())
                .map(Digest)
                .map_err(|_| bad("digest"))?,
        })
    }
}

/// The columns of a stored answer in PostgreSQL, in this order; the tables are [`COMMAND_TABLES`].
pub const COMMAND_COLUMNS: &str = "c.id, s.name, c.version, c.position, c.body, c.sum";
/// The tables behind [`COMMAND_COLUMNS`].
pub const COMMAND_TABLES: &str = "commands c JOIN streams s ON s.id = c.stream_id";

/// A stored answer as a database gives it.
#[derive(sqlx::FromRow)]
pub struct CommandRow(Vec<u8>, String, i64, i64, Vec<u8>, i64);

impl CommandRow {
    /// Reads one row of a rusqlite statement that selects id, stream, version, position, body and
    /// sum.
    pub fn from_rusqlite(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self(
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
            row.get(5)?,
        ))
    }

    /// The answer with its command; an error names the command whose row is not what was written.
    pub fn remembered(self) -> Result<(CommandId, Remembered), ReadError> {
        let id = <[u8; 16]>::try_from(self.0)
            .map_err(|_| ReadError("a stored command id makes no sense".to_owned()))?;
        let id = CommandId(id);
        let bad = |what: &str| ReadError(format!("command {id}: the stored {what} makes no sense"));
        let body = <[u8; 32]>::try_from(self.4)
            .map(Digest)
            .map_err(|_| bad("body digest"))?;
        let number = |n: i64, what| u64::try_from(n).map_err(|_| bad(what));

        let receipt = Receipt {
            stream: self.1.parse().map_err(|_| bad("stream name"))?,
            version: Version(number(self.2, "version")?),
            position: Position(number(self.3, "position")?),
        };
        if self.5 == command_sum(id, &receipt, body) {
            Ok((id, Remembered { receipt, body }))
        } else {
            Err(bad("answer"))
        }
    }
}
