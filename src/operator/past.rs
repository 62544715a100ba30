//! Any instant of the past: the operator whose reads answer as they would have then, the position
//! of a time, and the run as a whole: how many events when, and what a person would look for.

use std::sync::Arc;

use actors::instants::Instants;
use actors::rejection::Rejection;
use events::envelope::Envelope;
use events::id::{ProjectName, Timestamp};
use events::log::{EventLog, ReadError};
use events::marks::{MarkKind, mark_of};
use events::stream::Position;
use tokio::sync::Mutex;

use super::{Done, Operator};
use crate::api::{BucketShape, Instant, MarkShape, TimelineShape, shown, time};
use crate::replay::Recorded;

/// Events that are read at once.
const BATCH: usize = 1_000;
/// Marks of one answer; the newest are kept.
const MARKS_MAX: usize = 500;
/// Longest words of a mark, in characters.
const WORDS_MAX: usize = 160;

/// What was looked at of the past. Clones share it; it is a cache of what the log says.
#[derive(Clone, Default)]
pub struct Past {
    instants: Instants,
    run: Arc<Mutex<Run>>,
}

impl Past {
    /// A past of which the instants are found like this.
    pub fn of(instants: Instants) -> Self {
        let run = Arc::default();
        Self { instants, run }
    }
}

/// When each event was recorded, whose it is, and which a person would look for.
#[derive(Default)]
struct Run {
    /// One for each position, from the first one on.
    events: Vec<(Timestamp, Option<ProjectName>)>,
    marks: Vec<Mark>,
}

/// An event that a person would look for.
#[derive(Debug, Clone)]
struct Mark {
    position: Position,
    at: Timestamp,
    kind: MarkKind,
    event: String,
    project: Option<ProjectName>,
    /// The event in words.
    text: String,
}

impl Mark {
    fn shape(&self) -> MarkShape {
        MarkShape {
            position: self.position.0,
            at: time(self.at),
            kind: self.kind,
            event: self.event.clone(),
            project: self.project.as_ref().map(ToString::to_string),
            text: self.text.clone(),
        }
    }
}

impl Run {
    /// Reads what the log has beyond what is known.
    async fn catch_up(&mut self, log: &Arc<dyn EventLog>) -> Result<(), ReadError> {
        loop {
            let after = Position(self.events.len() as u64);
            let batch = log.read_all(after, BATCH).await?;
            for envelope in &batch {
                self.take(envelope);
            }
            if batch.len() < BATCH {
                return Ok(());
            }
        }
    }

    fn take(&mut self, envelope: &Envelope) {
        let project = envelope.stream.project().cloned();
        self.events.push((envelope.at, project.clone()));

        let kind = mark_of(&envelope.kind, &envelope.cause.principal);
        self.marks.extend(kind.map(|kind| {
            Mark {
                position: envelope.position,
                at: envelope.at,
                kind,
                event: envelope.kind.to_string(),
                project,
                text: shown::line(&envelope.into())
                    .chars()
                    .take(WORDS_MAX)
                    .collect(),
            }
        }));
    }

    fn at(&self, position: Position) -> Timestamp {
        match self.event(position) {
            Some((at, _)) => *at,
            None => Timestamp(0),
        }
    }

    /// When the event of a position was recorded, and of which project it is.
    fn event(&self, position: Position) -> Option<&(Timestamp, Option<ProjectName>)> {
        let place = position.0.checked_sub(1)?;
        self.events.get(usize::try_from(place).ok()?)
    }

    /// The part between two positions, of one project or of all, in so many shares of time.
    fn timeline(
        &self,
        project: Option<&ProjectName>,
        (from, to): (Position, Position),
        shares: usize,
    ) -> TimelineShape {
        // Before the first event there is no time to begin at.
        let from = Position(from.0.max(1).min(to.0));
        let wanted = |of: &Option<ProjectName>| project.is_none() || of.as_ref() == project;
        let (begin, end) = (self.at(from), self.at(to));
        let span = end.0.saturating_sub(begin.0).max(1);
        let share_of = |at: Timestamp| {
            let passed = i128::from(at.0.saturating_sub(begin.0));
            let share = passed * shares as i128 / (i128::from(span) + 1);
            usize::try_from(share).unwrap_or(0).min(shares - 1)
        };

        let mut buckets = vec![(from, 0_u32); shares];
        for position in from.0.max(1)..=to.0 {
            let position = Position(position);
            let Some((at, of)) = self.event(position) else {
                break;
            };
            let bucket = &mut buckets[share_of(*at)];
            if bucket.1 == 0 {
                bucket.0 = position;
            }
            bucket.1 += u32::from(wanted(of));
        }

        let within = |mark: &&Mark| (from..=to).contains(&mark.position) && wanted(&mark.project);
        let mut marks: Vec<MarkShape> = self.marks.iter().filter(within).map(Mark::shape).collect();
        marks.drain(..marks.len().saturating_sub(MARKS_MAX));
        let buckets = buckets.into_iter().map(|(position, count)| BucketShape {
            position: position.0,
            count,
        });

        TimelineShape {
            head: self.events.len() as u64,
            from: Instant::of(from, begin),
            to: Instant::of(to, end),
            buckets: buckets.collect(),
            marks,
        }
    }
}

fn unread(error: ReadError) -> Rejection {
    Rejection::later("log", error)
}

impl Operator {
    /// The log, and every instant of it.
    pub fn recorded(&self) -> Recorded {
        let instants = self.deps.past.instants.clone();
        Recorded::of(self.core.world.log.clone(), instants)
    }

    /// The position that these words stand for: a number, or a time in RFC 3339, which is that of
    /// the last event that was not after it.
    pub async fn position_of(&self, when: &str) -> Done<Position> {
        self.recorded().position_of(when).await
    }

    /// Whoever reads here reads what was so after the event at this position. Nothing is written
    /// through it.
    pub async fn as_of(&self, position: Position) -> Done<Self> {
        let mut then = self.clone();
        then.core.projector = self.recorded().at(position).await?;
        // What runs now did not run then.
        then.deps.engine = None;
        Ok(then)
    }

    /// The run between two instants: of one project, or of all.
    pub async fn timeline(
        &self,
        project: Option<&str>,
        (from, to): (Option<&str>, Option<&str>),
        shares: usize,
    ) -> Done<TimelineShape> {
        let project = project.map(Self::name).transpose()?;
        let from = match from {
            Some(when) => self.position_of(when).await?,
            None => Position(1),
        };
        let until = match to {
            Some(when) => Some(self.position_of(when).await?),
            None => None,
        };

        let mut run = self.deps.past.run.lock().await;
        run.catch_up(&self.core.world.log).await.map_err(unread)?;
        let to = until.unwrap_or(Position(run.events.len() as u64));
        if from > to {
            return Err(Rejection::invalid(format!(
                "from={from} is after to={to}: the earlier one comes first"
            )));
        }

        Ok(run.timeline(project.as_ref(), (from, to), shares.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(times: &[i64]) -> Run {
        let event = |at: &i64| (Timestamp(*at), None);
        Run {
            events: times.iter().map(event).collect(),
            marks: vec![],
        }
    }

    #[test]
    fn shares_of_time_are_equal_and_nothing_is_lost() {
        let run = run(&[0, 1, 2, 50, 51, 99, 100]);
        let all = run.timeline(None, (Position(1), Position(7)), 4);
        let counts: Vec<u32> = all.buckets.iter().map(|bucket| bucket.count).collect();
        assert_eq!(counts, [3, 1, 1, 2]);
        assert_eq!(all.buckets[1].position, 4);

        let before_all = run.timeline(None, (Position(0), Position(7)), 4);
        assert_eq!(before_all.from.position, 1, "no share begins in 1970");

        for (from, to) in [(1, 7), (2, 5), (4, 4), (0, 0), (7, 7)] {
            for shares in [1, 2, 3, 50] {
                let part = run.timeline(None, (Position(from), Position(to)), shares);
                let sum: u32 = part.buckets.iter().map(|bucket| bucket.count).sum();
                let expected = if from == 0 { 0 } else { to - from + 1 };
                assert_eq!(u64::from(sum), expected, "{from} to {to} in {shares}");
            }
        }
    }
}
