//! What if: another course of a project, beside the one that was recorded.

use actors::course::{Change, Course, Ending, Record};
use actors::rejection::Rejection;
use events::envelope::Envelope;
use events::feature::{Known, Stage};
use events::id::{FeatureId, ProjectName, Timestamp};
use events::project::Intent;
use events::report::{Figures, Scope, Span, Waiting};
use events::stream::Position;
use events::view::{ProjectView, Projections};

use super::otherwise::Otherwise;
use super::reasons::known;
use super::recorded::{Recorded, unread};
use crate::api::{CourseShape, FeatureCourse, FiguresShape, PartingShape, WhatIfShape, time};

/// What is asked about another course.
#[derive(Debug, Clone)]
pub struct WhatIf {
    /// The project.
    pub project: ProjectName,
    /// The instant from which on something is otherwise.
    pub from: Position,
    /// The instant to which the record is taken.
    pub to: Position,
    /// The number of slots, if it is otherwise.
    pub slots: Option<u16>,
    /// Settings that are otherwise.
    pub settings: Otherwise,
    /// Positions of events that are left out.
    pub without: Vec<Position>,
}

fn unfolded(error: impl std::fmt::Display) -> Rejection {
    Rejection::later("log", error)
}

impl Recorded {
    /// The recorded course of a project, and the one that it would have taken.
    ///
    /// # Errors
    /// There was no such project, or what is otherwise cannot be; or the log cannot be read, or an
    /// event in it cannot be folded.
    pub async fn what_if(&self, asked: &WhatIf) -> Result<WhatIfShape, Rejection> {
        known(&self.at(asked.to).await?, &asked.project)?;
        let record = self.record(asked).await?;
        let change = asked.change(&record)?;

        let course = record.course(&change).map_err(unfolded)?;
        let told = Told::of(&record, &course)?;
        Ok(told.shape())
    }

    /// What was recorded of the project between the two instants.
    async fn record(&self, asked: &WhatIf) -> Result<Record, Rejection> {
        let start = self.at(asked.from).await?.read(Clone::clone);
        let first = Position(asked.to.0.min(asked.from.0 + 1));
        let since = self.time_of(first).await?;
        let mut reading = Record::read(asked.project.clone(), start, since);

        let mut after = asked.from;
        while after < asked.to {
            for envelope in self.after(after, asked.to).await? {
                after = envelope.position;
                reading
                    .take(envelope)
                    .map_err(|error| unread_at(after, error))?;
            }
        }
        reading.end().map_err(|error| unread_at(after, error))
    }
}

fn unread_at(position: Position, error: impl std::fmt::Display) -> Rejection {
    unread(events::log::ReadError(format!(
        "position {position}: {error}"
    )))
}

impl WhatIf {
    /// What is otherwise, once it is known that it can be.
    fn change(&self, record: &Record) -> Result<Change, Rejection> {
        for position in &self.without {
            if *position <= self.from || *position > self.to {
                let (from, to) = (self.from, self.to);
                return Err(Rejection::invalid(format!(
                    "position {position} cannot be left out: it is not among those after {from} \
                     up to {to}"
                )));
            }
            if !record.can_leave_out(*position) {
                return Err(Rejection::invalid(format!(
                    "what was recorded at position {position} followed from something else: only \
                     what a person did can be left out"
                )));
            }
        }

        Ok(Change {
            slots: self.slots,
            settings: self.settings.applied()?,
            without: self.without.iter().copied().collect(),
        })
    }
}

/// Two courses, with what is told of both.
struct Told<'a> {
    record: &'a Record,
    course: &'a Course,
    recorded: CourseShape,
    otherwise: CourseShape,
}

impl<'a> Told<'a> {
    fn of(record: &'a Record, course: &'a Course) -> Result<Self, Rejection> {
        let recorded: Vec<&Envelope> = record.events().collect();
        let otherwise: Vec<&Envelope> = course.events.iter().collect();
        Ok(Self {
            recorded: course_of(record, &recorded, &record.end)?,
            otherwise: course_of(record, &otherwise, &course.projections)?,
            record,
            course,
        })
    }

    fn shape(self) -> WhatIfShape {
        let parting = self.course.parting.as_ref();
        WhatIfShape {
            project: self.record.project.to_string(),
            from: self.record.start.position.0,
            parting: parting.map(|parting| PartingShape {
                position: parting.position.0,
                at: time(parting.at),
                why: parting.why.clone(),
            }),
            endless: self.course.ending == Ending::Endless,
            guessed: self.course.guessed,
            unexplained: self.course.unexplained.iter().map(|at| at.0).collect(),
            features: self.features(),
            recorded: self.recorded,
            otherwise: self.otherwise,
        }
    }

    /// Features of which something came out otherwise.
    fn features(&self) -> Vec<FeatureCourse> {
        let project = &self.record.project;
        let was = self.record.end.projects.get(project);
        let is = self.course.projections.projects.get(project);
        let ids = was.iter().chain(&is).flat_map(|view| view.known());
        let mut ids: Vec<&FeatureId> = ids.map(|(id, ..)| id).collect();
        ids.sort();
        ids.dedup();

        let told = ids.into_iter().map(|id| {
            let title = [was, is]
                .into_iter()
                .flatten()
                .find_map(|view| view.feature(id));
            FeatureCourse {
                id: id.to_string(),
                title: title
                    .map(|known| known.content.title.clone())
                    .unwrap_or_default(),
                recorded: self.stands(was, id),
                otherwise: self.stands(is, id),
            }
        });
        told.filter(|one| one.recorded != one.otherwise).collect()
    }

    /// How a feature stands at the end of a course, and since when.
    fn stands(&self, view: Option<&ProjectView>, id: &FeatureId) -> String {
        let tracked = view.and_then(|view| Some((view.feature(id)?, view.features.get(id)?)));
        let Some((known, tracked)) = tracked else {
            return "not there".to_owned();
        };

        let after = since(self.record.since, tracked.changed);
        let claims = known.epoch.0;
        format!("{} after {after}, {claims} claims", stage(known))
    }
}

fn stage(known: &Known) -> &'static str {
    match known.stage {
        Stage::Open { .. } => "open",
        Stage::Claimed { .. } => "claimed",
        Stage::Submitted { .. } => "handed in",
        Stage::Approved { .. } => "approved",
        Stage::Merging { .. } => "merging",
        Stage::Closed { .. } => "closed",
        Stage::Quarantined { .. } => "quarantined",
        Stage::Withdrawn => "withdrawn",
    }
}

/// How long after a time something was, to the second.
fn since(from: Timestamp, at: Timestamp) -> String {
    let seconds = (at.0 - from.0).max(0) / 1_000_000;
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, minutes) => format!("{minutes} min {} s", seconds % 60),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// What is told of a course.
fn course_of(
    record: &Record,
    events: &[&Envelope],
    end: &Projections,
) -> Result<CourseShape, Rejection> {
    let scope = Scope::Project(record.project.clone());
    let mut span = Span::after(&record.start, scope);
    for envelope in events {
        span.take(envelope, end).map_err(unfolded)?;
    }
    let report = span.done(end, Waiting::new());
    let figures: Figures = report.figures();

    let view = end.projects.get(&record.project);
    let needs = view.map_or(0, |view| view.standing().needs_you.len());
    let last = events.iter().rev().find(|event| is_of_work(event));
    Ok(CourseShape {
        figures: FiguresShape::of(&figures),
        took_s: match last {
            Some(last) => seconds(record.since, last.at),
            None => 0,
        },
        completed: view.is_some_and(is_completed),
        needs_you: u64::try_from(needs).unwrap_or(u64::MAX),
    })
}

/// Whether an event is one of the fleet's work, and not of what is tidied up after it.
fn is_of_work(event: &Envelope) -> bool {
    let is_end = ["feature.closed", "feature.quarantined", "project.completed"];
    is_end.contains(&&*event.kind)
}

fn is_completed(view: &ProjectView) -> bool {
    let intent = view.registered().map(|registered| registered.intent);
    matches!(intent, Some(Intent::Completed))
}

fn seconds(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from((to.0 - from.0).max(0) / 1_000_000).unwrap_or(0)
}
