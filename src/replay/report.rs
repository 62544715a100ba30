//! What happened in a span of the log: the events between two instants, read once and told.

use actors::projector::Projector;
use actors::rejection::Rejection;
use events::id::{ProjectName, Timestamp};
use events::report::{Scope, Span, Waiting};
use events::stream::Position;
use events::view::Projections;
use events::why::{About, Question};
use jiff::SpanRelativeTo;

use super::reasons::{Moment, known, observed};
use super::recorded::Recorded;
use crate::api::{ReportShape, Times, parsed_time, time};

/// Longest time that is looked back over, in days: no log is older.
const DAYS_MAX: i64 = 3_660;

/// A span that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The last event before it.
    pub from: Position,
    /// The time that it begins after.
    pub since: Timestamp,
    /// The end of it.
    pub until: Moment,
}

impl Recorded {
    /// The span that these words stand for: each a position, a time, or how long ago, such as 8h;
    /// for the beginning, how long before the end. It ends now, where no end is named.
    ///
    /// # Errors
    /// The words are none of them, or the beginning is after the end; or the log cannot be read.
    pub async fn span(
        &self,
        since: &str,
        until: Option<&str>,
        now: Timestamp,
    ) -> Result<Asked, Rejection> {
        let until = match until {
            Some(words) => self.moment(Some(&instant(words, now)?), now).await?,
            None => self.moment(None, now).await?,
        };

        let words = instant(since, until.now)?;
        let from = self.position_of(&words).await?;
        let since = match parsed_time(&words) {
            Some(time) => time,
            None => self.time_of(from).await?,
        };
        if from > until.position || since > until.now {
            return Err(Rejection::invalid(format!(
                "the report would begin after its end: {} is after {}",
                time(since),
                time(until.now)
            )));
        }
        Ok(Asked { from, since, until })
    }

    /// What happened in a span.
    ///
    /// # Errors
    /// There is no such project, the log cannot be read, or an event in it cannot be folded.
    pub async fn report(&self, scope: Scope, asked: Asked) -> Result<ReportShape, Rejection> {
        let (from, to) = (asked.from, asked.until.position);
        let end = self.at(to).await?;
        if let Scope::Project(name) = &scope {
            known(&end, name)?;
        }

        let start = self.at(from).await?;
        let span = start.read(|start| Span::after(start, scope.clone()));
        let span = self.read_through(span, (from, to), &end).await?;
        let waiting = self.waiting(&scope, &end, asked.until.now).await?;
        let report = end.read(|end| span.done(end, waiting));

        let times = Times {
            since: asked.since,
            until: asked.until.now,
            from: self.time_of(from).await?,
            to: self.time_of(to).await?,
        };
        Ok(ReportShape::of(&report, times))
    }

    /// Reads the events of a span, some at a time.
    async fn read_through(
        &self,
        mut span: Span,
        (from, to): (Position, Position),
        end: &Projector,
    ) -> Result<Span, Rejection> {
        let mut after = from;
        while after < to {
            let batch = self.after(after, to).await?;
            after = batch.last().map_or(to, |last| last.position);

            let taken = end.read(|end| batch.iter().try_for_each(|one| span.take(one, end)));
            taken.map_err(|error| Rejection::later("log", error))?;
        }
        Ok(span)
    }

    /// What waits for a person at the end, project by project.
    async fn waiting(
        &self,
        scope: &Scope,
        end: &Projector,
        now: Timestamp,
    ) -> Result<Waiting, Rejection> {
        let mut waiting = Waiting::new();

        for name in end.read(|end| with_needs(scope, end)) {
            let question = Question {
                project: name.clone(),
                about: About::Project,
            };
            let streams = |end: &Projections| events::why::streams(&question, end);
            let observed = |end: &Projections| observed(end, now);
            let told = self
                .answered(end, &streams, &observed, |record| {
                    events::report::waits(record, &name)
                })
                .await?;

            waiting.insert(name, told);
        }
        Ok(waiting)
    }
}

/// Projects that need a person.
fn with_needs(scope: &Scope, end: &Projections) -> Vec<ProjectName> {
    let is_wanted = |name: &ProjectName| match scope {
        Scope::All => true,
        Scope::Project(wanted) => name == wanted,
    };
    let mut names = Vec::new();
    for (name, view) in &end.projects {
        if is_wanted(name) && view.registered().is_some() && !view.standing().needs_you.is_empty() {
            names.push(name.clone());
        }
    }
    names
}

/// A position or a time, as the log is asked for it; how long before a moment becomes a time.
fn instant(words: &str, before: Timestamp) -> Result<String, Rejection> {
    let is_position = !words.is_empty() && words.bytes().all(|byte| byte.is_ascii_digit());
    if is_position || parsed_time(words).is_some() {
        return Ok(words.to_owned());
    }
    let microseconds = lasting(words)?;
    Ok(time(Timestamp(before.0.saturating_sub(microseconds))))
}

/// How long these words last, in microseconds.
fn lasting(words: &str) -> Result<i64, Rejection> {
    let Ok(span) = words.parse::<jiff::Span>() else {
        return Err(Rejection::invalid(format!(
            "{words} is neither a position, nor a time such as 2026-11-26T04:49:00Z, nor how long \
             ago, such as 8h, 90m or 2d"
        )));
    };
    let Ok(duration) = span.to_duration(SpanRelativeTo::days_are_24_hours()) else {
        return Err(Rejection::invalid(format!(
            "{words} has months or years, which are not all as long: say it in days"
        )));
    };

    let hours_max = DAYS_MAX * 24;
    if !duration.is_positive() || duration.as_hours() > hours_max {
        return Err(Rejection::invalid(format!(
            "{words} is no time to look back over: it is to be more than nothing, and {DAYS_MAX} \
             days at most"
        )));
    }
    Ok(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_a_position_a_time_or_how_long_before_the_end() {
        let end = parsed_time("2026-11-28T08:00:00Z").expect("a time");
        let table = [
            ("0", Ok("0")),
            ("90", Ok("90")),
            ("2026-11-26T04:49:00Z", Ok("2026-11-26T04:49:00Z")),
            ("8h", Ok("2026-11-28T00:00:00.000000Z")),
            ("90m", Ok("2026-11-28T06:30:00.000000Z")),
            ("1h 30m", Ok("2026-11-28T06:30:00.000000Z")),
            ("2d", Ok("2026-11-26T08:00:00.000000Z")),
            ("1w", Ok("2026-11-21T08:00:00.000000Z")),
            ("0h", Err("more than nothing")),
            ("-8h", Err("more than nothing")),
            ("3661d", Err("3660 days at most")),
            ("1000000w", Err("3660 days at most")),
            ("99999999999999999999h", Err("neither a position")),
            ("1mo", Err("say it in days")),
            ("2y", Err("say it in days")),
            ("yesterday", Err("neither a position")),
            ("", Err("neither a position")),
        ];
        for (words, expected) in table {
            match (instant(words, end), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{words}"),
                (Err(refused), Err(said)) => {
                    assert!(refused.to_string().contains(said), "{words}: {refused}");
                }
                (found, _) => panic!("{words}: {found:?}"),
            }
        }
    }
}
