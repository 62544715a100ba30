//! The words of the wire: what the API takes and gives, and how events are shown. Unknown fields
//! are refused: a typo must not pass for an omission.

mod beads;
mod board;
mod changes;
mod claim;
mod event;
mod evidence;
mod feature;
mod fleet;
mod integrity;
mod lineage;
mod merge_queue;
mod noise;
mod past;
mod problem;
mod project;
mod replay;
mod report;
pub mod shown;
mod subscription;
mod times;
mod upstream;
mod usage;
mod written;

pub use beads::{
    Adopted, BeadsConflict, BeadsFile, BeadsPublished, BeadsSynced, BeadsTaken, Fitted, LeftOut,
};
pub use board::{Board, Card, CardEntry, Columns, HeldBy, board};
pub use changes::{BoardChanges, Placed, ProjectChanges};
pub use claim::{ClaimShape, Heartbeat, Leased, NewClaim, Release, Submission};
pub use event::{EventPage, EventShape};
pub use evidence::EvidenceShape;
pub use feature::{
    CloseRequest, Dependency, FeatureChange, FeatureShape, How, NewFeature, Requeued, feature,
    features, sessions_on,
};
pub use fleet::{Found, Hit, SessionShape, SlotShape, Stats, session, sessions, slots, stats};
pub use integrity::{BreachShape, LogShape, WalkStep};
pub use lineage::{
    ClaimLineage, EntryLineage, LineShape, SessionLineage, TranscriptLineage, VerdictLineage,
};
pub use merge_queue::{ConflictShape, EntryShape, MergeQueueShape, ScaffoldShape, merge_queue};
pub use noise::Noise;
pub use past::{BucketShape, Instant, MarkShape, TimelineShape};
pub use problem::{PROBLEM_JSON, ProblemShape};
pub use project::{
    CredentialShape, NeedShape, NewProject, NewTarget, ProjectChange, ProjectShape, project,
};
pub use replay::{
    Change, CourseShape, DifferingShape, DivergenceShape, Edit, FeatureCourse, FlipShape,
    PartShape, PartingShape, ProspectShape, SentenceShape, StateShape, WhatIfShape, WhyNotShape,
    WhyShape,
};
pub use report::{FiguresShape, ProjectReport, ReportSentence, ReportShape, TallyShape, Times};
pub use subscription::{
    Again, Delivery, NewSubscription, ParkedShape, SetAside, SubscriptionShape, Taken,
};
pub use times::{parsed_time, time};
pub use upstream::{AcceptUpstream, FollowBranch, HookShape, MoveUpstream, UpstreamShape};
pub use usage::{ContainerUsage, DiskUsage, ProjectUsage};
pub use written::{Text, Written};
