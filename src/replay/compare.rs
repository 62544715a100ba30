//! Two logs side by side: the first position at which they differ, and how.

use actors::rejection::Rejection;
use events::envelope::Envelope;
use events::stream::Position;

use super::recorded::{Recorded, unread};
use crate::api::{DivergenceShape, EventShape};

/// Events that are read at once.
const BATCH: usize = 1_000;

impl Recorded {
    /// Where two logs part; none where one is the other's beginning, or the same.
    ///
    /// Logs of one origin are compared by halves: a digest of the chain stands for everything
    /// before it. Logs of two origins are walked side by side, by what their events say and not by
    /// when they were recorded.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub async fn parts_from(&self, other: &Self) -> Result<Option<DivergenceShape>, Rejection> {
        let heads = (self.head().await?, other.head().await?);
        let end = heads.0.min(heads.1);
        let place = match self.log().id() == other.log().id() {
            true => self.first_other_digest(other, end).await?,
            false => self.first_other_event(other, end).await?,
        };

        let Some(position) = place else {
            return Ok(None);
        };
        Ok(Some(DivergenceShape {
            position: position.0,
            here: EventShape::from(&self.event(position).await?),
            there: EventShape::from(&other.event(position).await?),
        }))
    }

    async fn first_other_digest(
        &self,
        other: &Self,
        end: Position,
    ) -> Result<Option<Position>, Rejection> {
        let (mut same, mut differs) = (0, end.0 + 1);

        while differs - same > 1 {
            let middle = Position(same + (differs - same) / 2);
            let (here, there) = (self.event(middle).await?, other.event(middle).await?);
            if here.digest == there.digest {
                same = middle.0;
            } else {
                differs = middle.0;
            }
        }
        Ok(Some(Position(differs)).filter(|position| *position <= end))
    }

    async fn first_other_event(
        &self,
        other: &Self,
        end: Position,
    ) -> Result<Option<Position>, Rejection> {
        let mut after = Position(0);
        while after < end {
            let here = self.log().read_all(after, BATCH).await.map_err(unread)?;
            let there = other.log().read_all(after, BATCH).await.map_err(unread)?;

            let mut pairs = here.iter().zip(&there);
            if let Some((one, _)) = pairs.find(|(one, another)| !says_the_same(one, another)) {
                return Ok(Some(one.position));
            }
            let Some(last) = here.last().or(there.last()) else {
                break;
            };
            after = last.position.min(Position(after.0 + BATCH as u64));
        }
        Ok(None)
    }
}

/// Whether two events of different logs say the same of the same thing.
fn says_the_same(one: &Envelope, another: &Envelope) -> bool {
    one.stream == another.stream && one.kind == another.kind && one.payload == another.payload
}

#[cfg(test)]
mod tests {
    use events::cause::{Cause, Principal};
    use events::envelope::genesis;
    use events::id::{CommandId, Digest, Timestamp};
    use events::log::{Append, Head, NewEvent};
    use events::stream::Version;

    use super::*;

    fn envelope(stream: &str, text: &str, at: i64) -> Envelope {
        let comment = events::feature::event::Commented {
            by: "ann".into(),
            text: text.to_owned(),
        };
        let command = CommandId::derived(&["test"]);
        let append = Append {
            stream: stream.parse().expect("a stream"),
            expected: Version(0),
            also_expect: vec![],
            events: vec![NewEvent::of(&events::feature::Event::from(comment))],
            command,
            body: Digest::of(b"body"),
            cause: Cause::first(Principal::Operator("ann".into()), command),
            trace: None,
            at: Timestamp(at),
        };
        let (position, digest) = (Position(0), genesis("log"));
        let head = Head { position, digest };
        append.envelopes(head, Timestamp(0)).remove(0)
    }

    /// When an event was recorded is not what it says.
    #[test]
    fn events_of_two_origins_are_compared_by_what_they_say() {
        let one = envelope("feature-zoo/a", "fed", 1);
        let later = envelope("feature-zoo/a", "fed", 2);
        assert_ne!(one.digest, later.digest);
        assert!(says_the_same(&one, &later));
        let others = [
            envelope("feature-zoo/b", "fed", 1),
            envelope("feature-zoo/a", "left", 1),
        ];
        for other in others {
            assert!(!says_the_same(&one, &other), "{other:?}");
        }
    }
}
