//! Whose turn it is to read a subscription: one reader at a time gets what is due and says what
//! became of it. Whoever shows a sign of life keeps the turn, whoever leaves or says nothing for
//! too long gives way. Not recorded: a server that begins anew knows of no reader.

use crate::id::{ReaderId, SubscriptionName, Timestamp};
use crate::own_time::OwnTime;
use crate::refusal_enum;

/// Longest silence of a reader that keeps its turn.
pub const LEASE_MS: i64 = 60_000;

refusal_enum! {
    /// Why a reader is turned down.
    pub enum Refusal {
        ReadByAnother { name: SubscriptionName, by: ReaderId } = "read_by_another",
            "{name} is read by {by}: one reader at a time gets its events; ask with wait=true to \
             be the next when it goes";
        LeaseLost { reader: ReaderId, by: ReaderId } = "lease_lost",
            "{reader} lost its turn to {by}, which is given what {reader} did not acknowledge: \
             nothing was recorded; drop what you hold and ask for what is next";
    }
}

/// The turn of one subscription.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Turn(Option<Lease>);

/// The turn of the one reader that reads now.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Lease {
    reader: ReaderId,
    heard: Timestamp,
}

impl Lease {
    fn ends(&self, own: &OwnTime) -> Timestamp {
        let heard = own.since(self.heard);
        Timestamp(heard.0.saturating_add(LEASE_MS * 1_000))
    }
}

/// A turn that is another's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The reader that has it.
    pub by: ReaderId,
    /// When it ends, if nothing is heard until then.
    pub until: Timestamp,
}

impl Turn {
    /// Whoever has it.
    pub fn reader(&self, own: &OwnTime) -> Option<&ReaderId> {
        let lease = self.0.as_ref().filter(|lease| lease.ends(own) > own.now);
        lease.map(|lease| &lease.reader)
    }

    /// Takes the turn where it is free, and keeps one's own.
    pub fn take(&mut self, reader: &ReaderId, own: &OwnTime) -> Result<(), Taken> {
        if let Some(lease) = &self.0
            && lease.reader != *reader
            && lease.ends(own) > own.now
        {
            return Err(Taken {
                by: lease.reader.clone(),
                until: lease.ends(own),
            });
        }
        self.0 = Some(Lease {
            reader: reader.clone(),
            heard: own.now,
        });

        Ok(())
    }

    /// A sign of life: keeps one's own turn, and takes none.
    pub fn hear(&mut self, reader: &ReaderId, now: Timestamp) {
        if let Some(lease) = self.0.as_mut().filter(|lease| lease.reader == *reader) {
            lease.heard = now;
        }
    }

    /// Gives one's own turn back; answers whether it was that.
    pub fn leave(&mut self, reader: &ReaderId) -> bool {
        let left = self.0.take_if(|lease| lease.reader == *reader);
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::own_time::Gap;

    /// What happens to a turn, and what comes of it.
    enum Step {
        /// A reader asks at this second, and gets it.
        Gets(&'static str, i64),
        /// It is another's, until this second.
        Waits(&'static str, i64, i64),
        /// A sign of life at this second.
        Lives(&'static str, i64),
        /// A reader leaves.
        Leaves(&'static str, bool),
        /// The server stands still from this second to that.
        Stands(i64, i64),
    }

    fn at(second: i64) -> Timestamp {
        Timestamp(second * 1_000_000)
    }

    fn id(name: &str) -> ReaderId {
        name.parse().expect("a reader")
    }

    /// Plays steps on a fresh turn.
    fn play(what: &str, steps: &[Step]) {
        use Step::*;
        let (mut turn, mut gaps) = (Turn::default(), vec![]);

        for step in steps {
            let own = |second: i64| OwnTime::new(at(second), &gaps, &[]);
            match step {
                Gets(reader, second) => {
                    assert_eq!(turn.take(&id(reader), &own(*second)), Ok(()), "{what}");
                    assert_eq!(turn.reader(&own(*second)), Some(&id(reader)), "{what}");
                }
                Waits(reader, second, until) => {
                    let taken = turn.take(&id(reader), &own(*second));
                    assert_eq!(taken.map_err(|t| t.until), Err(at(*until)), "{what}");
                }
                Lives(reader, second) => turn.hear(&id(reader), at(*second)),
                Leaves(reader, was) => assert_eq!(turn.leave(&id(reader)), *was, "{what}"),
                Stands(before, after) => gaps.push(Gap {
                    before: at(*before),
                    after: at(*after),
                }),
            }
        }
    }

    #[test]
    fn one_reader_at_a_time_and_whoever_goes_gives_way() {
        use Step::*;

        let table: [(&str, &[Step]); 8] = [
            (
                "one's own again",
                &[Gets("a", 0), Gets("a", 10), Gets("a", 500)],
            ),
            (
                "two",
                &[
                    Gets("a", 0),
                    Waits("b", 1, 60),
                    Waits("c", 59, 60),
                    Gets("b", 60),
                ],
            ),
            (
                "the first comes back",
                &[Gets("a", 0), Gets("b", 60), Waits("a", 61, 120)],
            ),
            (
                "asking is a sign",
                &[Gets("a", 0), Gets("a", 50), Waits("b", 60, 110)],
            ),
            (
                "so is any other",
                &[Gets("a", 0), Lives("a", 40), Waits("b", 60, 100)],
            ),
            (
                "not that of another",
                &[
                    Gets("a", 0),
                    Lives("b", 40),
                    Waits("b", 59, 60),
                    Gets("b", 60),
                ],
            ),
            (
                "who leaves gives way at once",
                &[
                    Gets("a", 0),
                    Leaves("b", false),
                    Leaves("a", true),
                    Gets("b", 1),
                ],
            ),
            (
                "time that was not ours",
                &[
                    Gets("a", 0),
                    Stands(10, 100),
                    Waits("b", 101, 150),
                    Gets("b", 150),
                ],
            ),
        ];
        for (what, steps) in table {
            play(what, steps);
        }
    }
}
