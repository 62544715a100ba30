//! Where the stored answers to commands are: command → position, in memory for as long as answers
//! are kept.
//!
//! The writer asks for every append whether its command was answered before; nearly always it was
//! not. Ids of commands are random, so an index on the disk would touch a page of its own for each.
//! The rows themselves lie in the order of their positions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use events::id::{CommandId, Timestamp};
use events::log::Remembered;
use events::stream::Position;
use rusqlite::{Connection, OptionalExtension};

use crate::log::ledger::DraftedCommand;
use crate::log::retention::{FORGOTTEN_AT_ONCE, Kept, Retention};
use crate::log::row::CommandRow;

/// Columns of a stored answer, in the order of [`CommandRow`], and their tables.
const SELECT: &str = "SELECT a.id, s.name, e.version, a.position, a.body, a.sum FROM answers a \
                      JOIN events e ON e.position = a.position JOIN streams s ON s.id = \
                      e.stream_id";

#[derive(Default)]
struct Known {
    positions: HashMap<CommandId, Position>,
    /// Rows up to here were taken.
    through: Position,
    /// Whether the file was read; from then on the writer of this process adds what it stores.
    read: bool,
}

/// The index over one file's answers. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Answers(Arc<Mutex<Known>>);

impl Answers {
    fn with<T>(&self, f: impl FnOnce(&mut Known) -> T) -> T {
        // Nothing that is done under the lock can leave the map half changed.
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes the answers that were stored since the last time, by whichever process.
    pub(super) fn refresh(&self, connection: &Connection) -> rusqlite::Result<()> {
        self.with(|known| {
            let mut statement = connection.prepare_cached(
                "SELECT position, id FROM answers WHERE position > ? ORDER BY position",
            )?;
            let mut rows = statement.query([signed(known.through)])?;
            while let Some(row) = rows.next()? {
                let position = Position(row.get::<_, i64>(0)?.unsigned_abs());
                known.positions.insert(CommandId(row.get(1)?), position);
                known.through = position;
            }

            known.read = true;
            Ok(())
        })
    }

    /// Where each of these commands has its answer.
    pub(super) fn find<'a>(
        &self,
        commands: impl Iterator<Item = &'a CommandId>,
    ) -> Vec<Option<Position>> {
        self.with(|known| {
            commands
                .map(|id| known.positions.get(id).copied())
                .collect()
        })
    }

    /// Whether a command has no answer, as far as the one process that writes can tell without its
    /// file. `None`: only the file can tell.
    pub(super) fn is_missing(&self, command: &CommandId) -> Option<bool> {
        self.with(|known| known.read.then(|| !known.positions.contains_key(command)))
    }

    /// Takes what a durable batch added and forgot.
    pub(super) fn take(&self, added: &[DraftedCommand], forgotten: &[CommandId]) {
        self.with(|known| {
            for command in added {
                known.positions.insert(command.id, command.receipt.position);
                known.through = command.receipt.position;
            }
            for id in forgotten {
                known.positions.remove(id);
            }
        });
    }

    fn len(&self) -> usize {
        self.with(|known| known.positions.len())
    }

    /// What is kept at the moment.
    pub(super) fn kept(&self, connection: &Connection) -> rusqlite::Result<Kept> {
        Ok(Kept {
            answers: self.len(),
            oldest: oldest(connection)?,
        })
    }
}

/// The stored answer at a position; none when it was forgotten meanwhile.
pub(super) fn stored(
    connection: &Connection,
    position: Position,
) -> rusqlite::Result<Option<Remembered>> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE a.position = ?"))?;
    let found = statement
        .query_row([signed(position)], CommandRow::from_rusqlite)
        .optional()?;
    let known = found.map(CommandRow::remembered).transpose();
    known
        .map(|known| known.map(|(_, known)| known))
        .map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))
}

/// When the oldest kept answer was recorded.
fn oldest(connection: &Connection) -> rusqlite::Result<Option<Timestamp>> {
    let sql = "SELECT e.at FROM answers a JOIN events e USING (position) ORDER BY position LIMIT 1";
    connection
        .prepare_cached(sql)?
        .query_row([], |row| row.get(0))
        .optional()
        .map(|at| at.map(Timestamp))
}

/// Deletes what need not be kept any more, within the caller's transaction; answers what, and how
/// it stands then.
pub(super) fn forget(
    connection: &Connection,
    retention: Retention,
    kept: Kept,
    now: Timestamp,
) -> rusqlite::Result<(Vec<CommandId>, Kept)> {
    if !retention.is_due(kept, now) {
        return Ok((vec![], kept));
    }
    let sql = "SELECT position, a.id, e.at FROM answers a JOIN events e USING (position) ORDER BY \
               position LIMIT ?";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([FORGOTTEN_AT_ONCE], |row| {
        Ok((
            row.get::<_, i64>(0)?,
            CommandId(row.get(1)?),
            Timestamp(row.get(2)?),
        ))
    })?;
    let mut rows = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    rows.truncate(retention.overdue(kept.answers, rows.iter().map(|(_, _, at)| *at), now));
    if let Some((last, _, _)) = rows.last() {
        connection
            .prepare_cached("DELETE FROM answers WHERE position <= ?")?
            .execute([last])?;
    }
    let forgotten: Vec<CommandId> = rows.into_iter().map(|(_, id, _)| id).collect();
    let left = Kept {
        answers: kept.answers - forgotten.len(),
        oldest: oldest(connection)?,
    };
    Ok((forgotten, left))
}

/// What is wrong with the stored answers: none is of no event, or of another one's command, and
/// each is what was written.
pub(super) fn damaged(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT count(*) FROM answers a LEFT JOIN events e USING (position) WHERE e.command \
               IS NOT a.id";
    let strays: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    if strays > 0 {
        return Ok(Some(format!("{strays} stored answers are of no event")));
    }
    let mut statement = connection.prepare(SELECT)?;
    for row in statement.query_map([], CommandRow::from_rusqlite)? {
        if let Err(damage) = row?.remembered() {
            return Ok(Some(damage.to_string()));
        }
    }
    Ok(None)
}

fn signed(position: Position) -> i64 {
    i64::try_from(position.0).unwrap_or(i64::MAX)
}
