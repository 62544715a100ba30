//! Why something was as it was, and what a wish would have come to: the pure answers of `events`,
//! given what they are to be answered from.

use actors::projector::Projector;
use actors::rejection::Rejection;
use events::envelope::Envelope;
use events::id::{ProjectName, Timestamp};
use events::own_time::OwnTime;
use events::policy::{self, Observed};
use events::stream::{Position, StreamId, Version};
use events::view::Projections;
use events::why::{Question, Record, Wish};

use super::recorded::{Recorded, unread};
use crate::api::{WhyNotShape, WhyShape};

/// Events of one stream that are read for an answer, the newest: older ones are no reason any more.
const READ_MAX: u64 = 2_000;

/// An instant that something is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The last event that had happened.
    pub position: Position,
    /// The time, which may be later than that event.
    pub now: Timestamp,
}

impl Recorded {
    /// The moment that these words stand for: a time, a position, which stands for the time of its
    /// event, or now.
    ///
    /// # Errors
    /// The words are neither, or name a position beyond the head; or the log cannot be read.
    pub async fn moment(&self, when: Option<&str>, now: Timestamp) -> Result<Moment, Rejection> {
        let Some(when) = when else {
            let position = self.head().await?;
            let last = self.time_of(position).await?;
            // A clock that was set back is behind what it recorded.
            let now = now.max(last);
            return Ok(Moment { position, now });
        };

        let position = self.position_of(when).await?;
        let last = self.time_of(position).await?;
        let now = crate::api::parsed_time(when).map_or(last, |time| time.max(last));
        Ok(Moment { position, now })
    }

    /// Why something was as it was at a moment, and what it waited for then.
    ///
    /// # Errors
    /// There was no such project; or the log cannot be read, or an event in it cannot be folded.
    pub async fn why(&self, question: &Question, moment: Moment) -> Result<WhyShape, Rejection> {
        let then = self.at(moment.position).await?;
        self.why_in(question, &then, &|then| observed(then, moment.now))
            .await
    }

    /// The same of projections at hand, with what else was observed.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn why_in(
        &self,
        question: &Question,
        projector: &Projector,
        observed: &(dyn Fn(&Projections) -> Observed + Sync),
    ) -> Result<WhyShape, Rejection> {
        known(projector, &question.project)?;
        let streams = |then: &Projections| events::why::streams(question, then);
        self.answered(projector, &streams, observed, |record| {
            let sentences = events::why::why(question, record);
            WhyShape::of(&question.project, instant_of(record), &sentences)
        })
        .await
    }

    /// What a wish would have come to at a moment.
    ///
    /// # Errors
    /// There was no such project; or the log cannot be read, or an event in it cannot be folded.
    pub async fn why_not(&self, wish: &Wish, moment: Moment) -> Result<WhyNotShape, Rejection> {
        let then = self.at(moment.position).await?;
        self.why_not_in(wish, &then, &|then| observed(then, moment.now))
            .await
    }

    /// The same of projections at hand, with what else was observed.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn why_not_in(
        &self,
        wish: &Wish,
        projector: &Projector,
        observed: &(dyn Fn(&Projections) -> Observed + Sync),
    ) -> Result<WhyNotShape, Rejection> {
        known(projector, &wish.project)?;
        let streams = |then: &Projections| events::why::streams_of_wish(wish, then);
        self.answered(projector, &streams, observed, |record| {
            let answer = events::why::why_not(wish, record);
            WhyNotShape::of(&wish.project, instant_of(record), &answer)
        })
        .await
    }

    /// What is answered from the projections, what was observed, and the events of these streams.
    pub(super) async fn answered<T>(
        &self,
        projector: &Projector,
        streams: &(dyn Fn(&Projections) -> Vec<StreamId> + Sync),
        observed: &(dyn Fn(&Projections) -> Observed + Sync),
        answer: impl FnOnce(Record<'_>) -> T,
    ) -> Result<T, Rejection> {
        let named = projector.read(|then| with_versions(streams(then), then));
        let events = self.events_of(named).await?;

        Ok(projector.read(|projections| {
            answer(Record {
                projections,
                observed: &observed(projections),
                events: &events,
            })
        }))
    }

    /// The newest events of these streams up to their versions, in the log's order.
    async fn events_of(
        &self,
        streams: Vec<(StreamId, Version)>,
    ) -> Result<Vec<Envelope>, Rejection> {
        let mut found = Vec::new();
        for (stream, version) in streams {
            let after = Version(version.0.saturating_sub(READ_MAX));
            let wanted = usize::try_from(version.0 - after.0).unwrap_or(usize::MAX);
            let read = self.log().read_stream(&stream, after, wanted).await;
            found.extend(read.map_err(unread)?);
        }

        found.sort_by_key(|event| event.position);
        Ok(found)
    }
}

/// That the log had heard of a project.
pub(super) fn known(projector: &Projector, project: &ProjectName) -> Result<(), Rejection> {
    projector.read(|then| {
        if then.projects.contains_key(project) {
            return Ok(());
        }
        let why = format!(
            "there was no project {project} at position {}",
            then.position
        );
        Err(Rejection::not_found("not_there", why))
    })
}

fn instant_of(record: Record<'_>) -> (Position, Timestamp) {
    (record.projections.position, record.observed.now)
}

/// What the policies would have observed: everything of it that the log says. Signs of life are not
/// recorded; a session's newest is taken to be its beginning.
pub(super) fn observed(projections: &Projections, now: Timestamp) -> Observed {
    let node = &projections.node.state;
    let own = OwnTime::new(now, &node.gaps, &[]);
    let awake = node.gaps.last().map(|gap| gap.after);

    Observed {
        now,
        up_since: awake.max(node.up_since).unwrap_or(now),
        accounts: policy::accounts(projections, &own),
        own,
        ..Observed::default()
    }
}

/// Each stream with its version.
fn with_versions(streams: Vec<StreamId>, then: &Projections) -> Vec<(StreamId, Version)> {
    let versions = streams.into_iter().map(|stream| {
        let version = then.version_of(&stream);
        (stream, version)
    });
    versions.collect()
}
