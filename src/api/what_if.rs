//! Two courses of a project beside each other: the recorded one, and one that it might have taken.

use serde::Serialize;
use utoipa::ToSchema;

use super::report::FiguresShape;

/// The recorded course of a project beside another one.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WhatIfShape {
    /// The project.
    pub project: String,
    /// The position after which both begin.
    pub from: u64,
    /// Where they part; nothing, where what is otherwise makes no difference.
    pub parting: Option<PartingShape>,
    /// Whether the other course never came to rest and was cut off.
    pub endless: bool,
    /// Sessions of the other course for whose work there was no recorded one, so that another one
    /// of their role stands for it.
    pub guessed: u32,
    /// Positions of the record that came from a policy or an effect although nothing in the
    /// projections owed them: something was seen that is not recorded.
    pub unexplained: Vec<u64>,
    /// The recorded course.
    pub recorded: CourseShape,
    /// The other one.
    pub otherwise: CourseShape,
    /// Features that come out otherwise.
    pub features: Vec<FeatureCourse>,
}

/// The instant at which two courses part.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PartingShape {
    /// The last position that they have in common.
    pub position: u64,
    /// When the next event was recorded, RFC 3339.
    pub at: String,
    /// What is otherwise there, in words.
    pub why: String,
}

/// A course in figures.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CourseShape {
    /// What happened in it, counted.
    pub figures: FiguresShape,
    /// Seconds from its beginning to the last feature that was closed or quarantined, or to the
    /// project's completion.
    pub took_s: u64,
    /// Whether the project is completed at its end.
    pub completed: bool,
    /// What needs a person at its end.
    pub needs_you: u64,
}

/// A feature in both courses.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FeatureCourse {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// How it stands at the end of the recorded course, and since when.
    pub recorded: String,
    /// The same of the other one.
    pub otherwise: String,
}
