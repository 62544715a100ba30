//! A log, and every instant of it.

use std::sync::Arc;

use actors::instants::Instants;
use actors::projector::Projector;
use actors::rejection::Rejection;
use events::envelope::Envelope;
use events::id::Timestamp;
use events::log::{EventLog, ReadError};
use events::stream::Position;

use super::document::Subject;
use crate::api::{Instant, StateShape, parsed_time};

/// Events that are read at once.
const BATCH: usize = 1_000;

/// A log that is looked at, and the instants of it that were asked for. Clones share them.
#[derive(Clone)]
pub struct Recorded {
    log: Arc<dyn EventLog>,
    instants: Instants,
}

pub(super) fn unread(error: ReadError) -> Rejection {
    Rejection::later("log", error)
}

/// The refusal to tell about what was not there.
pub(super) fn not_there(subject: &Subject, position: Position) -> Rejection {
    let why = format!("there was no {subject} at position {position}");
    Rejection::not_found("not_there", why)
}

impl Recorded {
    /// The instants of a log.
    pub fn of(log: Arc<dyn EventLog>, instants: Instants) -> Self {
        Self { log, instants }
    }

    /// The log.
    pub(super) fn log(&self) -> &Arc<dyn EventLog> {
        &self.log
    }

    /// The position of the newest event; 0 of an empty log.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn head(&self) -> Result<Position, Rejection> {
        Ok(self.log.head().await.map_err(unread)?.position)
    }

    /// The position that these words stand for: a number, or a time in RFC 3339, which is that of
    /// the last event that was not after it; 0 where none was.
    ///
    /// # Errors
    /// The words are neither, or name a position beyond the head; or the log cannot be read.
    pub async fn position_of(&self, when: &str) -> Result<Position, Rejection> {
        let head = self.head().await?;
        match instant(when)? {
            Named::Position(position) => within(position, head),
            Named::Time(time) => self.last_until(time, head).await,
        }
    }

    /// The position that these words stand for, or the newest one.
    ///
    /// # Errors
    /// As of `position_of`.
    pub async fn position_or_newest(&self, when: Option<&str>) -> Result<Position, Rejection> {
        match when {
            Some(when) => self.position_of(when).await,
            None => self.head().await,
        }
    }

    /// Two instants: before the first event and the newest one, where none is named.
    ///
    /// # Errors
    /// As of `position_of`; or the first one is the later one.
    pub async fn between(
        &self,
        (from, to): (Option<&str>, Option<&str>),
    ) -> Result<(Position, Position), Rejection> {
        let first = match from {
            Some(when) => self.position_of(when).await?,
            None => Position(0),
        };
        let last = self.position_or_newest(to).await?;
        if first > last {
            return Err(Rejection::invalid(format!(
                "position {first} is after position {last}: the earlier instant comes first"
            )));
        }
        Ok((first, last))
    }

    /// The last event that is not after a time. Times of a log never go back, so that half of what
    /// is left can be left out at each look.
    async fn last_until(&self, time: Timestamp, head: Position) -> Result<Position, Rejection> {
        let (mut before, mut after) = (0, head.0 + 1);
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            if self.event(Position(middle)).await?.at <= time {
                before = middle;
            } else {
                after = middle;
            }
        }

        Ok(Position(before))
    }

    /// The event at a position, which the log holds.
    ///
    /// # Errors
    /// It holds none there, or cannot be read.
    pub async fn event(&self, position: Position) -> Result<Envelope, Rejection> {
        let before = Position(position.0.saturating_sub(1));
        let found = self.log.read_all(before, 1).await.map_err(unread)?;
        let found = found.into_iter().find(|event| event.position == position);
        found.ok_or_else(|| missing(position))
    }

    /// Events after a position, some at a time and none beyond another one; at least one, where
    /// there is any to come.
    ///
    /// # Errors
    /// The log cannot be read, or has lost one of them.
    pub(super) async fn after(
        &self,
        after: Position,
        through: Position,
    ) -> Result<Vec<Envelope>, Rejection> {
        let left = usize::try_from(through.0.saturating_sub(after.0)).unwrap_or(BATCH);
        let wanted = BATCH.min(left);
        let batch = self.log.read_all(after, wanted).await.map_err(unread)?;

        let expected = (after.0 + 1..).take(wanted);
        let found = batch.iter().map(|envelope| Some(envelope.position.0));
        let found = found.chain(std::iter::repeat(None));

        match expected
            .zip(found)
            .find(|(next, found)| Some(*next) != *found)
        {
            None => Ok(batch),
            Some((next, _)) => Err(missing(Position(next))),
        }
    }

    /// The document of a subject after the event at a position.
    ///
    /// # Errors
    /// The subject was not there, or the log cannot be read.
    pub async fn state(
        &self,
        subject: &Subject,
        position: Position,
    ) -> Result<StateShape, Rejection> {
        let then = self.at(position).await?;
        let document = then.read(|projections| subject.document(projections));
        let Some(state) = document else {
            return Err(not_there(subject, position));
        };

        let instant = Instant::of(position, self.time_of(position).await?);
        Ok(StateShape { instant, state })
    }

    /// When the event at a position was recorded; the beginning of time before the first one.
    ///
    /// # Errors
    /// The log does not hold the position, or cannot be read.
    pub async fn time_of(&self, position: Position) -> Result<Timestamp, Rejection> {
        match position {
            Position(0) => Ok(Timestamp(0)),
            _ => Ok(self.event(position).await?.at),
        }
    }

    /// The projections as they were after the event at this position, which the log holds.
    ///
    /// # Errors
    /// The log cannot be read, or an event in it cannot be folded.
    pub async fn at(&self, position: Position) -> Result<Projector, Rejection> {
        self.instants.at(&self.log, position).await.map_err(unread)
    }
}

/// The refusal to go on without an event that the log has lost.
fn missing(position: Position) -> Rejection {
    let why = format!("position {position} is missing; `log verify` says more");
    unread(ReadError(why))
}

/// An instant in words.
enum Named {
    Position(Position),
    Time(Timestamp),
}

/// Longest part of somebody's words that is said back.
const SAID_BACK: usize = 60;

/// What these words stand for.
fn instant(when: &str) -> Result<Named, Rejection> {
    if let Ok(position) = when.parse::<u64>()
        && position.to_string() == when
    {
        return Ok(Named::Position(Position(position)));
    }
    if let Some(time) = parsed_time(when) {
        return Ok(Named::Time(time));
    }

    let said: String = when.chars().take(SAID_BACK).collect();
    let hint = match () {
        () if when.parse::<jiff::civil::DateTime>().is_ok() => {
            "; it lacks its zone, such as Z or +01:00"
        }
        () if when.contains(' ') => "; a + within a URL is written %2B",
        () => "",
    };
    Err(Rejection::invalid(format!(
        "{said:?} is neither a position such as 42 nor a time such as 2026-11-26T04:49:00Z{hint}"
    )))
}

/// A position that the log has.
fn within(position: Position, head: Position) -> Result<Position, Rejection> {
    if position <= head {
        return Ok(position);
    }
    Err(Rejection::invalid(format!(
        "position {position} is beyond the head of the log, which is {head}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_a_position_or_a_time_and_what_is_neither_is_told_why() {
        let position = |words| match instant(words) {
            Ok(Named::Position(position)) => Some(position.0),
            Ok(Named::Time(_)) | Err(_) => None,
        };
        assert_eq!(position("0"), Some(0));
        assert_eq!(position("42"), Some(42));
        for words in ["+5", "01", "-1", "4 2", "", "18446744073709551616"] {
            assert_eq!(position(words), None, "{words}");
        }

        for words in ["2026-11-26T04:49:00Z", "2026-11-26T05:49:00+01:00"] {
            let Ok(Named::Time(time)) = instant(words) else {
                panic!("{words} is a time");
            };
            assert_eq!(crate::api::time(time), "2026-11-26T04:49:00.000000Z");
        }

        let long = "9".repeat(10_000);
        for (words, told) in [
            ("yesterday", "neither a position such as 42"),
            ("2026-11-26T04:49:00", "it lacks its zone"),
            ("2026-11-26", "it lacks its zone"),
            ("2026-11-26T04:49:00 01:00", "written %2B"),
            (long.as_str(), "neither a position such as 42"),
        ] {
            let Err(why) = instant(words) else {
                panic!("{words} is no instant");
            };
            let why = why.to_string();
            assert!(why.contains(told), "{words}: {why}");
            assert!(why.len() < 300, "{why}");
        }
    }
}
