//! What sentences of a report say, as data: the kinds there are, each with what it tells of and the
//! part of the report that it belongs to.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::agent::Dialect;
use crate::feature::event::{Closing, MergeFault};
use crate::holder::Role;
use crate::id::{FeatureId, Sha, SlotNo, Timestamp};
use crate::merge_queue::Fault;
use crate::outcome::Outcome;
use crate::own_time::Gap;
use crate::project::Thing;
use crate::stream::Position;
use crate::usage::Usage;
use crate::view::NeedKind;

/// A part of a report, in the order in which a person reads it.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// The features that are upstream now.
    Merged,
    /// What stands still until a person does something.
    Waits,
    /// Work that was sent back, and work that came to nothing.
    SentBack,
    /// Features that came, left, or were opened and closed otherwise.
    Features,
    /// Milestones, the backlog, and the end.
    Milestones,
    /// Trouble outside, alarms, and a merge queue that stood.
    Faults,
    /// Upstream, as others moved it.
    Upstream,
    /// Sessions and their slots.
    Sessions,
    /// Tokens and money.
    Spend,
    /// Acts of people.
    People,
    /// The server's own starts, stops and gaps.
    Server,
}

impl Section {
    /// Every section, in order.
    pub const ALL: [Self; 11] = [
        Self::Merged,
        Self::Waits,
        Self::SentBack,
        Self::Features,
        Self::Milestones,
        Self::Faults,
        Self::Upstream,
        Self::Sessions,
        Self::Spend,
        Self::People,
        Self::Server,
    ];

    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Merged => "Merged",
            Self::Waits => "Needs you",
            Self::SentBack => "Sent back",
            Self::Features => "Features",
            Self::Milestones => "Milestones",
            Self::Faults => "Faults and alarms",
            Self::Upstream => "Upstream",
            Self::Sessions => "Sessions",
            Self::Spend => "Spend",
            Self::People => "What people did",
            Self::Server => "Server",
        }
    }
}

/// A feature, as people know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its id.
    pub id: FeatureId,
    /// Its title at the end of the span; none when it is not known.
    pub title: Option<String>,
}

/// Declares what is said: each kind with its part of the report, its word and its data.
macro_rules! said {
    ($(
        $(#[$doc:meta])*
        $kind:ident { $( $field:ident: $type:ty ),* } in $section:ident = $name:literal;
    )*) => {
        /// The kinds of sentences, without what they tell of.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind { $( $(#[$doc])* $kind, )* }

        /// The content of a sentence.
        #[derive(Debug, Clone, PartialEq)]
        #[expect(missing_docs, reason = "each field is what the sentence of its kind names")]
        pub enum Said { $( $(#[$doc])* $kind { $( $field: $type ),* }, )* }

        impl Kind {
            /// Every kind there is.
            pub const ALL: &'static [Self] = &[ $( Self::$kind, )* ];

            /// It, as wires name it.
            pub fn name(self) -> &'static str {
                match self { $( Self::$kind => $name, )* }
            }

            /// The part of the report that it belongs to.
            pub fn section(self) -> Section {
                match self { $( Self::$kind => Section::$section, )* }
            }
        }

        impl Said {
            /// The kind of sentence that says it.
            pub fn kind(&self) -> Kind {
                match self { $( Self::$kind { .. } => Kind::$kind, )* }
            }
        }
    };
}

said! {
    /// A feature is upstream.
    Merged { what: Named, commit: Sha } in Merged = "merged";
    /// Something waits for a person, since when it is known.
    Waits { need: NeedKind, text: String, since: Option<Timestamp>, command: Option<String> }
        in Waits = "waits";
    /// A reviewer sent work back.
    ReviewRejected { what: Named, findings: u64, first: String } in SentBack = "review_rejected";
    /// Work did not get through the merge queue.
    MergeRejected { what: Named, fault: MergeFault, paths: Vec<String>, detail: String }
        in SentBack = "merge_rejected";
    /// A feature used up one of its bounds.
    Quarantined { what: Named, why: String } in SentBack = "quarantined";
    /// Work of a claim may be gone.
    WorkLost { what: Named, why: String } in SentBack = "work_lost";
    /// What a feature had brought was taken out.
    SetAside { what: Named, why: String } in SentBack = "set_aside";
    /// Features were added.
    Added { times: u64 } in Features = "added";
    /// A feature was closed, and not by a merge.
    ClosedOtherwise { what: Named, closing: Closing, by: String } in Features = "closed_otherwise";
    /// Nobody wants a feature any more.
    Withdrawn { what: Named, by: String } in Features = "withdrawn";
    /// A closed feature was opened again.
    Reopened { what: Named, why: String, by: String } in Features = "reopened";
    /// A backlog was handed in.
    BacklogProposed { count: u32 } in Milestones = "backlog_proposed";
    /// The project has its backlog.
    Initialized { count: u32 } in Milestones = "initialized";
    /// Progress passed a tenth.
    MilestoneReached { step: u8, closed: u32, total: u32 } in Milestones = "milestone_reached";
    /// An overseer reported.
    OverseerReported { covers: Vec<u8>, findings: u32 } in Milestones = "overseer_reported";
    /// Everything that counts is closed.
    AllClosed { closed: u32 } in Milestones = "all_closed";
    /// The final verification found nothing.
    Completed { } in Milestones = "completed";
    /// There is work again.
    Resumed { why: String } in Milestones = "resumed";
    /// Initializers ended without a backlog.
    InitializersLapsed { times: u64 } in Milestones = "initializers_lapsed";
    /// Overseers ended without a report.
    OverseersLapsed { times: u64 } in Milestones = "overseers_lapsed";
    /// The projections that served were not what the log says.
    Diverged { from: Position, through: Position } in Faults = "diverged";
    /// Upstream could not be copied.
    CopyFailed { times: u64, reason: String } in Faults = "copy_failed";
    /// Upstream could not be used.
    Halted { times: u64, fault: Fault, reason: String } in Faults = "halted";
    /// The merge queue goes on.
    WentOn { } in Faults = "went_on";
    /// The trunk was red without any work of ours.
    TrunkRed { head: Sha, exit: Option<i32> } in Faults = "trunk_red";
    /// It is green again.
    TrunkGreen { head: Sha } in Faults = "trunk_green";
    /// A thing that sessions need was in trouble.
    Trouble { thing: Thing, times: u64, detail: String } in Faults = "trouble";
    /// It works again.
    TroubleEnded { thing: Thing, why: String } in Faults = "trouble_ended";
    /// Further things were in trouble, or out of it.
    MoreTrouble { times: u64 } in Faults = "more_trouble";
    /// Containers did not start.
    StartsFailed { times: u64 } in Faults = "starts_failed";
    /// Containers vanished.
    ContainersLost { times: u64 } in Faults = "containers_lost";
    /// A slot failed too often.
    SlotQuarantined { n: SlotNo, why: String } in Faults = "slot_quarantined";
    /// Somebody else moved upstream.
    UpstreamMoved { times: u64, to: Option<Sha> } in Upstream = "upstream_moved";
    /// A person took a rewritten upstream as it is.
    UpstreamAccepted { to: Sha, by: String } in Upstream = "upstream_accepted";
    /// Upstream's branch has another name.
    BranchFollowed { branch: String, by: String } in Upstream = "branch_followed";
    /// Sessions were given work.
    SessionsBegun { roles: BTreeMap<Role, u64> } in Sessions = "sessions_begun";
    /// Sessions ended, each in its way.
    SessionsEnded { outcomes: BTreeMap<Outcome, u64> } in Sessions = "sessions_ended";
    /// Claims ended because their holders went silent.
    ClaimsExpired { times: u64 } in Sessions = "claims_expired";
    /// Reviewers ended without a verdict.
    ReviewsLapsed { times: u64 } in Sessions = "reviews_lapsed";
    /// Verifiers ended without evidence.
    VerificationsLapsed { times: u64 } in Sessions = "verifications_lapsed";
    /// Pushes were turned down.
    PushesDenied { times: u64 } in Sessions = "pushes_denied";
    /// Sessions wanted to reach what they may not.
    EgressDenied { times: u64 } in Sessions = "egress_denied";
    /// A model was used.
    Used { agent: Option<Dialect>, provider: String, model: String, usage: Usage }
        in Spend = "used";
    /// Further models were used.
    UsedOthers { usage: Usage } in Spend = "used_others";
    /// All that was used.
    UsedInAll { usage: Usage } in Spend = "used_in_all";
    /// The project was registered.
    Registered { } in People = "registered";
    /// A person started it.
    Started { by: String } in People = "started";
    /// A person wanted it to end in order.
    Drained { by: String } in People = "drained";
    /// A person, or the end of the drain, stopped it.
    Stopped { by: String } in People = "stopped";
    /// A person deleted it.
    Deleted { by: String } in People = "deleted";
    /// Its settings were changed.
    SettingsChanged { times: u64 } in People = "settings_changed";
    /// Another number of slots is wanted.
    TargetSet { count: u16 } in People = "target_set";
    /// An agent asked a question.
    Asked { what: Named, question: String } in People = "asked";
    /// A person answered.
    Answered { what: Named, by: String } in People = "answered";
    /// A feature got a fresh start.
    Requeued { what: Named, by: String } in People = "requeued";
    /// An entry waited for an approval.
    Held { entry: u64 } in People = "held";
    /// A person let an entry through.
    Approved { entry: u64, by: String } in People = "approved";
    /// A person did not.
    Refused { entry: u64, by: String, why: String } in People = "refused";
    /// A person took a slot out of service.
    SlotWithheld { n: SlotNo, by: String } in People = "slot_withheld";
    /// A person put it back.
    SlotReinstated { n: SlotNo, by: String } in People = "slot_reinstated";
    /// The server began to run.
    ServerStarted { run: u64, last: Option<Timestamp>, at: Timestamp } in Server = "server_started";
    /// It ended in order.
    ServerStopped { run: u64 } in Server = "server_stopped";
    /// It stood still, or its clock was set.
    StoodStill { gap: Gap } in Server = "stood_still";
    /// Further sentences of a kind, of which as many are told as can be read.
    More { of: Kind, times: u64 } in Server = "more";
    /// There is nothing to tell.
    Nothing { events: u64 } in Server = "nothing";
}

impl Said {
    /// The part of the report that it belongs to.
    pub fn section(&self) -> Section {
        match self {
            Self::More { of, .. } => of.section(),
            other => other.kind().section(),
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
