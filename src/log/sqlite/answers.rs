//! Where the stored answers to commands are: command → position, in memory for as long as answers
//! are kept.
//!
//! The writer asks for every append whether its command was answered before; nearly always it was
//! not. Ids of commands are random, so an index on the disk would touch a page of its own for each.
//! The rows themselves lie in the order of their positions.
//!
//! Of each command a mark is kept and not its id: there are many answers, and they stay for long.
//! Where a mark is found, the row says whose answer it is.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
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

/// Bits of an entry that are a position; the rest is the mark of a command. Logs do not come to a
/// million million events; one that did would be told that its commands are not known.
const POSITION_BITS: u32 = 40;

#[derive(Default)]
struct Known {
    /// Marks and positions, in one number each.
    entries: BTreeSet<u64>,
    /// Makes the marks: nobody who chooses ids knows which have the same.
    marks: RandomState,
    /// Rows up to here were taken.
    through: Position,
    /// Whether the file was read; from then on the writer of this process adds what it stores.
    read: bool,
}

impl Known {
    fn entry(&self, id: &CommandId, position: Position) -> u64 {
        let mark = self.marks.hash_one(id) << POSITION_BITS;
        mark | (position.0 & !(u64::MAX << POSITION_BITS))
    }

    fn add(&mut self, id: &CommandId, position: Position) {
        let entry = self.entry(id, position);
        self.entries.insert(entry);
        self.through = position;
    }

    /// Where the answer to a command is, if it has one: perhaps that of another is there.
    fn places(&self, id: &CommandId) -> Vec<Position> {
        let first = self.entry(id, Position(0));
        let last = first | !(u64::MAX << POSITION_BITS);
        let found = self.entries.range(first..=last);
        found.map(|entry| Position(entry - first)).collect()
    }
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
                known.add(&CommandId(row.get(1)?), position);
            }

            known.read = true;
            Ok(())
        })
    }

    /// The stored answer to a command; none when there is none, or none any more.
    pub(super) fn find(
        &self,
        connection: &Connection,
        command: &CommandId,
    ) -> rusqlite::Result<Option<Remembered>> {
        for place in self.with(|known| known.places(command)) {
            if let Some((id, known)) = stored(connection, place)?
                && id == *command
            {
                return Ok(Some(known));
            }
        }
        Ok(None)
    }

    /// Whether a command has no answer, as far as the one process that writes can tell without its
    /// file. `None`, or that it may have one: only the file can tell.
    pub(super) fn is_missing(&self, command: &CommandId) -> Option<bool> {
        self.with(|known| known.read.then(|| known.places(command).is_empty()))
    }

    /// Takes what a durable batch added and forgot.
    pub(super) fn take(&self, added: &[DraftedCommand], forgotten: &[(Position, CommandId)]) {
        self.with(|known| {
            for command in added {
                known.add(&command.id, command.receipt.position);
            }
            for (position, id) in forgotten {
                let entry = known.entry(id, *position);
                known.entries.remove(&entry);
            }
        });
    }

    fn len(&self) -> usize {
        self.with(|known| known.entries.len())
    }

    /// What is kept at the moment.
    pub(super) fn kept(&self, connection: &Connection) -> rusqlite::Result<Kept> {
        Ok(Kept {
            answers: self.len(),
            oldest: oldest(connection)?,
        })
    }
}

/// The stored answer at a position, with its command; none when it was forgotten meanwhile.
fn stored(
    connection: &Connection,
    position: Position,
) -> rusqlite::Result<Option<(CommandId, Remembered)>> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE a.position = ?"))?;
    let found = statement
        .query_row([signed(position)], CommandRow::from_rusqlite)
        .optional()?;
    let known = found.map(CommandRow::remembered).transpose();
    known.map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))
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
) -> rusqlite::Result<(Vec<(Position, CommandId)>, Kept)> {
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

    let places = rows.into_iter();
    let forgotten: Vec<_> = places
        .map(|(position, id, _)| (Position(position.unsigned_abs()), id))
        .collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_leads_to_every_answer_that_may_be_the_one() {
        let mut known = Known::default();
        let [one, two] = [1, 2].map(|n| CommandId([n; 16]));
        known.add(&one, Position(7));
        known.add(&two, Position(9));
        assert_eq!(known.places(&one), [Position(7)]);

        // As another command with the same mark would have it.
        known.add(&one, Position(12));
        assert_eq!(known.places(&one), [Position(7), Position(12)]);
        assert_eq!(known.places(&two), [Position(9)]);
        assert_eq!(known.places(&CommandId([3; 16])), []);
        assert_eq!(known.through, Position(12));
    }
}
