//! The kinds of sentences there are: stable words for programs, each with what it is about.

use serde::Serialize;

/// What a sentence tells of its subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// In which state it is, and what brought it there.
    Stands,
    /// What it waits for.
    Waits,
}

/// Declares the kinds, each with its part, its word and what it says.
macro_rules! kinds {
    ($( $(#[$doc:meta])* $kind:ident: $part:ident = $name:literal; )*) => {
        /// What a sentence says, whatever its words.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind { $( $(#[$doc])* $kind, )* }

        impl Kind {
            /// Every kind there is.
            pub const ALL: &'static [Self] = &[ $( Self::$kind, )* ];

            /// It, as wires name it.
            pub fn name(self) -> &'static str {
                match self { $( Self::$kind => $name, )* }
            }

            /// Whether it tells a state or a wait.
            pub fn part(self) -> Part {
                match self { $( Self::$kind => Part::$part, )* }
            }
        }
    };
}

kinds! {
    // -- features
    /// There is no such feature.
    FeatureUnknown: Stands = "feature_unknown";
    /// It is in the backlog, and does not exist yet.
    FeatureAdmitted: Stands = "feature_admitted";
    /// It left the backlog before it existed.
    FeatureLeft: Stands = "feature_left";
    /// It is open since it was created.
    OpenCreated: Stands = "open_created";
    /// It is open since a claim was given back or ended.
    OpenReleased: Stands = "open_released";
    /// It is open since a claim expired.
    OpenExpired: Stands = "open_expired";
    /// It is open since its review rejected the work.
    OpenRejected: Stands = "open_rejected";
    /// It is open since its work did not get upstream.
    OpenUnmerged: Stands = "open_unmerged";
    /// It is open since it was reopened.
    OpenReopened: Stands = "open_reopened";
    /// It is open since a person requeued it.
    OpenRequeued: Stands = "open_requeued";
    /// It is open since a person answered its question.
    OpenAnswered: Stands = "open_answered";
    /// It asked a question.
    Asked: Stands = "asked";
    /// What it had brought was taken out.
    SetAside: Stands = "set_aside";
    /// A session has its claim.
    ClaimedHere: Stands = "claimed_here";
    /// Somebody outside has its claim.
    ClaimedOutside: Stands = "claimed_outside";
    /// Its work is handed in.
    HandedIn: Stands = "handed_in";
    /// A reviewer looks at its work.
    InReview: Stands = "in_review";
    /// Its work is approved.
    Approved: Stands = "approved";
    /// Its work is locked for publishing.
    Merging: Stands = "merging";
    /// It is closed.
    Closed: Stands = "closed";
    /// A bound of it is used up.
    FeatureQuarantined: Stands = "feature_quarantined";
    /// Nobody wants it any more.
    FeatureWithdrawn: Stands = "feature_withdrawn";
    /// Its batch is not whole.
    AwaitsBatch: Waits = "awaits_batch";
    /// Another feature has to be settled first.
    AwaitsFeature: Waits = "awaits_feature";
    /// It is a heading: nobody works on it.
    Heading: Waits = "heading";
    /// What was taken out of it is on its way back.
    AwaitsReturn: Waits = "awaits_return";
    /// It rests after its sessions vanished.
    Rests: Waits = "rests";
    /// Others are before it.
    AwaitsTurn: Waits = "awaits_turn";
    /// Its holder's lease runs.
    LeaseRuns: Waits = "lease_runs";
    // -- slots and sessions
    /// There is no such slot.
    SlotUnknown: Stands = "slot_unknown";
    /// It left service.
    SlotDismissed: Stands = "slot_dismissed";
    /// It has no job.
    SlotIdle: Stands = "slot_idle";
    /// A person took it out of service.
    SlotWithheld: Stands = "slot_withheld";
    /// It failed too often.
    SlotQuarantined: Stands = "slot_quarantined";
    /// It has a job and no container.
    JobAssigned: Stands = "job_assigned";
    /// A container was asked for.
    StartRequested: Stands = "start_requested";
    /// A container runs, and no session yet.
    ContainerRuns: Stands = "container_runs";
    /// A session works.
    SessionWorks: Stands = "session_works";
    /// A person wants the session to end.
    Interrupted: Stands = "interrupted";
    /// The session is over, and its container is there.
    SessionOver: Stands = "session_over";
    /// The session is over, and its container is gone.
    SessionEnded: Stands = "session_ended";
    /// There is no such session.
    SessionUnknown: Stands = "session_unknown";
    /// It was granted work, and its slot has not got the job.
    SessionGranted: Stands = "session_granted";
    /// Starts failed: the next one waits for its pause.
    StartRests: Waits = "start_rests";
    /// The engine is to say that the container runs.
    AwaitsEngine: Waits = "awaits_engine";
    /// The runner is to report for work.
    AwaitsRunner: Waits = "awaits_runner";
    /// The session is to end, or is ended at its limit.
    AwaitsSession: Waits = "awaits_session";
    /// The container is to be gone.
    AwaitsRemoval: Waits = "awaits_removal";
    /// There is no work for it.
    NoWork: Waits = "no_work";
    // -- entries of the merge queue
    /// There is no such entry.
    EntryUnknown: Stands = "entry_unknown";
    /// It waits for its candidate to be built.
    EntryQueued: Stands = "entry_queued";
    /// Its candidate is built.
    EntryBuilt: Stands = "entry_built";
    /// Its candidate was red once.
    EntryDoubted: Stands = "entry_doubted";
    /// A verifier works on its candidate.
    EntryVerifying: Stands = "entry_verifying";
    /// Its candidate is verified.
    EntryVerified: Stands = "entry_verified";
    /// Upstream is being moved to its candidate.
    EntryPublishing: Stands = "entry_publishing";
    /// It changes protected paths.
    EntryHeld: Stands = "entry_held";
    /// The trunk is red without it.
    EntryParked: Stands = "entry_parked";
    /// It is upstream.
    EntryMerged: Stands = "entry_merged";
    /// It left without being published.
    EntryLeft: Stands = "entry_left";
    /// Others are before it in the merge queue.
    AwaitsEntries: Waits = "awaits_entries";
    /// Upstream cannot be used.
    Halted: Waits = "halted";
    /// The trunk itself is to be found green.
    AwaitsTrunk: Waits = "awaits_trunk";
    /// The merge of its batch is to be settled.
    AwaitsMerge: Waits = "awaits_merge";
    // -- projects
    /// There is no such project.
    ProjectUnknown: Stands = "project_unknown";
    /// It was deleted.
    ProjectDeleted: Stands = "project_deleted";
    /// It was never started.
    ProjectNew: Stands = "project_new";
    /// It was stopped.
    ProjectStopped: Stands = "project_stopped";
    /// It runs.
    ProjectRuns: Stands = "project_runs";
    /// It drains.
    ProjectDrains: Stands = "project_drains";
    /// It is complete.
    ProjectComplete: Stands = "project_complete";
    /// Its backlog is being edited.
    ProjectEdited: Stands = "project_edited";
    /// Sessions are at work.
    AtWork: Waits = "at_work";
    /// A session is due that turns the spec into a backlog.
    AwaitsInitializer: Waits = "awaits_initializer";
    /// A session is due that looks at the whole.
    AwaitsOverseer: Waits = "awaits_overseer";
    /// Nothing is owed.
    NothingOwed: Waits = "nothing_owed";
    // -- for all of them
    /// A reviewer is to be given it.
    AwaitsReviewer: Waits = "awaits_reviewer";
    /// A verifier is to be given it.
    AwaitsVerifier: Waits = "awaits_verifier";
    /// The project does not run.
    NotRunning: Waits = "not_running";
    /// Upstream is not copied, or has no commit.
    NoHead: Waits = "no_head";
    /// The spec is no backlog yet.
    NoBacklog: Waits = "no_backlog";
    /// Nothing new is begun on a trunk that is red.
    RedTrunk: Waits = "red_trunk";
    /// Things that sessions need are in trouble.
    InTrouble: Waits = "in_trouble";
    /// No slot is free.
    NoSlot: Waits = "no_slot";
    /// Sessions vanished from it: the next one waits for its pause.
    TriesRest: Waits = "tries_rest";
    /// A person has to do something.
    AwaitsPerson: Waits = "awaits_person";
    /// The server does it next.
    Due: Waits = "due";
}

impl Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests;
