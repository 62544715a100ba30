//! A report on the wire: what happened between two instants, in sentences that cite the log.

use std::collections::BTreeMap;

use events::id::Timestamp;
use events::report::{Figures, Named, OfProject, Report, Said, Section, Sentence};
use events::stream::Position;
use events::usage::Usage;
use events::view::Tallied;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Instant, time};

/// What happened between two instants.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReportShape {
    /// The time that it begins after; none where it begins with the first event.
    pub since: Option<String>,
    /// The time that it ends with.
    pub until: String,
    /// The last event before it.
    pub from: Instant,
    /// The last one of the log that it reaches to.
    pub to: Instant,
    /// The first event that it is about.
    pub first: Option<Instant>,
    /// The last one that it is about.
    pub last: Option<Instant>,
    /// The number of events that it is about.
    pub events: u64,
    /// The figures of all its projects together.
    pub figures: FiguresShape,
    /// What is told of each project; those of which there is nothing are left out.
    pub projects: Vec<ProjectReport>,
    /// What is told of the server, and of the span where there is nothing else.
    pub server: Vec<ReportSentence>,
}

/// What a report tells of one project.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProjectReport {
    /// Its name.
    pub project: String,
    /// Its features at the beginning; none before it was registered.
    pub before: Option<TallyShape>,
    /// Its features at the end; none where it is deleted.
    pub after: Option<TallyShape>,
    /// Its figures.
    pub figures: FiguresShape,
    /// Its sentences, section by section.
    pub sentences: Vec<ReportSentence>,
}

/// The features of a project that count.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct TallyShape {
    /// Those that are not closed.
    pub open: u32,
    /// Those that are.
    pub closed: u32,
    /// All of them.
    pub total: u32,
}

/// Sums over the events of a span.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FiguresShape {
    /// Events that were recorded.
    pub events: u64,
    /// Features that were merged.
    pub merged: u64,
    /// Features that were closed otherwise.
    pub closed_otherwise: u64,
    /// Features that were added.
    pub added: u64,
    /// Features that were withdrawn.
    pub withdrawn: u64,
    /// Features that were opened again.
    pub reopened: u64,
    /// Features that were quarantined.
    pub quarantined: u64,
    /// Submissions that reviewers sent back.
    pub review_rejected: u64,
    /// Submissions that the merge queue sent back.
    pub merge_rejected: u64,
    /// Sessions that were given work.
    pub sessions_begun: u64,
    /// Sessions that ended, by their outcome.
    pub sessions_ended: BTreeMap<String, u64>,
    /// Times that somebody else moved upstream.
    pub upstream_moved: u64,
    /// What sessions used of their models.
    pub usage: Usage,
}

/// A sentence of a report.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ReportSentence {
    /// What it says, for programs: a stable word.
    pub kind: &'static str,
    /// The part of the report that it belongs to.
    pub section: Section,
    /// What it says, for people.
    pub text: String,
    /// Where that is to be seen: the first of the events that show it.
    pub positions: Vec<u64>,
    /// The number of further ones.
    pub more: u64,
    /// The feature that it is about, if it is about one.
    pub feature: Option<String>,
    /// Since when it waits, where that is known.
    pub since: Option<String>,
    /// What a person types, where it waits for one.
    pub command: Option<String>,
}

impl ReportSentence {
    fn of(sentence: &Sentence) -> Self {
        let (since, command) = match &sentence.said {
            Said::Waits { since, command, .. } => (since.map(time), command.clone()),
            _ => (None, None),
        };

        Self {
            kind: sentence.said.kind().name(),
            section: sentence.said.section(),
            text: sentence.text(),
            positions: sentence.shown.positions.iter().map(|one| one.0).collect(),
            more: sentence.shown.more,
            feature: feature(&sentence.said).map(|named| named.id.to_string()),
            since,
            command,
        }
    }
}

fn feature(said: &Said) -> Option<&Named> {
    match said {
        Said::Merged { what, .. }
        | Said::ReviewRejected { what, .. }
        | Said::MergeRejected { what, .. }
        | Said::Quarantined { what, .. }
        | Said::WorkLost { what, .. }
        | Said::SetAside { what, .. }
        | Said::ClosedOtherwise { what, .. }
        | Said::Withdrawn { what, .. }
        | Said::Reopened { what, .. }
        | Said::Requeued { what, .. }
        | Said::Asked { what, .. }
        | Said::Answered { what, .. } => Some(what),
        _ => None,
    }
}

impl TallyShape {
    fn of(tallied: Tallied) -> Self {
        Self {
            open: tallied.total.saturating_sub(tallied.closed),
            closed: tallied.closed,
            total: tallied.total,
        }
    }
}

impl FiguresShape {
    /// The shape of figures.
    pub(crate) fn of(figures: &Figures) -> Self {
        let ended = figures.sessions_ended.iter();

        Self {
            events: figures.events,
            merged: figures.merged,
            closed_otherwise: figures.closed_otherwise,
            added: figures.added,
            withdrawn: figures.withdrawn,
            reopened: figures.reopened,
            quarantined: figures.quarantined,
            review_rejected: figures.review_rejected,
            merge_rejected: figures.merge_rejected,
            sessions_begun: figures.sessions_begun,
            sessions_ended: ended
                .map(|(outcome, count)| (outcome.name().to_owned(), *count))
                .collect(),
            upstream_moved: figures.upstream_moved,
            usage: figures.usage,
        }
    }
}

impl ProjectReport {
    fn of(told: &OfProject) -> Self {
        Self {
            project: told.name.to_string(),
            before: told.before.map(TallyShape::of),
            after: told.after.map(TallyShape::of),
            figures: FiguresShape::of(&told.figures),
            sentences: told.sentences.iter().map(ReportSentence::of).collect(),
        }
    }
}

/// The times of a report, as they were asked for.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// The time that it begins after.
    pub since: Timestamp,
    /// The time that it ends with.
    pub until: Timestamp,
    /// When the last event before it was recorded.
    pub from: Timestamp,
    /// When the last one that it reaches to was.
    pub to: Timestamp,
}

impl ReportShape {
    /// The report of a span that was asked for with these times.
    pub fn of(report: &Report, times: Times) -> Self {
        let instant = |(position, at): (Position, Timestamp)| Instant::of(position, at);

        Self {
            since: (times.since > Timestamp(0)).then(|| time(times.since)),
            until: time(times.until),
            from: Instant::of(report.from, times.from),
            to: Instant::of(report.to, times.to),
            first: report.first.map(instant),
            last: report.last.map(instant),
            events: report.events,
            figures: FiguresShape::of(&report.figures()),
            projects: report.projects.iter().map(ProjectReport::of).collect(),
            server: report.server.iter().map(ReportSentence::of).collect(),
        }
    }
}
