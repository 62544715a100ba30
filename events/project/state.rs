//! What a project is at a point of the log, and how each event changes it.

use serde::{Deserialize, Serialize};

use crate::aggregate::Moment;
use crate::holder::SlotSession;
use crate::id::{Digest, Sha, Timestamp};
use crate::lapses::Lapses;
use crate::project::Trouble;
use crate::project::event::{
    CloneFailed, Cloned, Event, FinalVerificationDue, MilestoneDue, OversightKind, OversightLapsed,
    OversightStarted, ProjectKind,
};
use crate::settings::{AgentSpec, Dialect, Settings};
use crate::stream::Position;

/// The state of a project stream.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub enum Project {
    /// A stream that has no event yet.
    #[default]
    Unknown,
    /// It is there.
    Registered(Box<Registered>),
    /// It was; the name stays taken.
    Deleted,
}

/// A registered project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Registered {
    /// Upstream.
    pub git_url: String,
    /// The kind: new, or with a life of its own.
    pub kind: ProjectKind,
    /// What the gate holds.
    pub repository: Repository,
    /// Digest of the spec, once written.
    pub spec: Option<Digest>,
    /// What a person decided.
    pub settings: Settings,
    /// The number of slots that are wanted.
    pub target: u16,
    /// The intent of whoever runs it.
    pub intent: Intent,
    /// Who edits the backlog, if somebody does.
    pub editing: Option<String>,
    /// From spec to backlog.
    pub initialization: Initialization,
    /// Milestones and the final verification.
    pub progress: Progress,
    /// Things outside that are in trouble.
    pub troubles: Vec<Trouble>,
}

/// What the gate holds of upstream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Repository {
    /// Nothing yet.
    Pending,
    /// The last try failed.
    Failed {
        /// The reason, in words for people.
        reason: String,
        /// How often in a row.
        attempts: u32,
        /// The time when it happened.
        at: Timestamp,
    },
    /// A copy.
    Cloned {
        /// The name of upstream's branch.
        branch: String,
        /// Its commit then; none when upstream was empty.
        head: Option<Sha>,
    },
}

/// What is wanted of the project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Intent {
    /// Nothing.
    Stopped,
    /// Work.
    Running {
        /// The time since when it holds.
        since: Timestamp,
    },
    /// End in order.
    Draining {
        /// The time since when it holds.
        since: Timestamp,
    },
    /// It is done.
    Completed,
}

/// From spec to backlog.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Initialization {
    /// Not wanted or not yet.
    NotDue,
    /// Waiting for a slot.
    Due {
        /// Initializers that ended without a backlog.
        lapses: Lapses,
    },
    /// An initializer works.
    Underway {
        /// The slot and session that work on it.
        slot_session: SlotSession,
        /// As before.
        lapses: Lapses,
    },
    /// A backlog was handed in.
    Proposed {
        /// Its batch.
        digest: Digest,
        /// The number of its features.
        count: u32,
    },
    /// All its features exist.
    Done,
}

/// Something an overseer owes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The highest step that is due, or 100.
    pub step: u8,
    /// True at this position.
    pub as_of: Position,
    /// Upstream's commit then, for the final verification.
    pub trunk_head: Option<Sha>,
    /// Overseers that ended without a report since it is due.
    pub lapses: Lapses,
}

/// An overseer at work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Oversight {
    /// The slot and session that work on it.
    pub slot_session: SlotSession,
    /// The purpose: a milestone or the end.
    pub kind: OversightKind,
    /// Position the due fact spoke of.
    pub as_of: Position,
    /// Upstream's commit then.
    pub trunk_head: Option<Sha>,
}

/// Milestones and the final verification.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// Highest settled step.
    pub settled: u8,
    /// A milestone that is due.
    pub milestone: Option<Due>,
    /// A final verification that is due.
    pub last: Option<Due>,
    /// The overseer at work; one at a time.
    pub oversight: Option<Oversight>,
    /// Final verifications with findings.
    pub rounds: u32,
    /// When the newest of all runs of the overseer settled: what was upstream then was looked at.
    pub looked: Position,
}

impl Project {
    /// The registered project, if it is there.
    pub fn registered(&self) -> Option<&Registered> {
        match self {
            Self::Registered(registered) => Some(registered),
            Self::Unknown | Self::Deleted => None,
        }
    }
}

impl Initialization {
    /// Initializers that ended without a backlog so far.
    fn lapses(&self) -> Lapses {
        match self {
            Self::Due { lapses } | Self::Underway { lapses, .. } => *lapses,
            Self::NotDue | Self::Proposed { .. } | Self::Done => Lapses::default(),
        }
    }

    fn due(&mut self, lapses: Lapses) {
        *self = Self::Due { lapses };
    }

    fn started(&mut self, slot_session: &SlotSession) {
        *self = Self::Underway {
            slot_session: slot_session.clone(),
            lapses: self.lapses(),
        };
    }
}

impl Progress {
    /// The unsettled steps up to `step`, ascending.
    pub fn covered_by(&self, step: u8) -> Vec<u8> {
        (1..=10u8)
            .map(|tenth| tenth * 10)
            .filter(|s| *s > self.settled && *s <= step)
            .collect()
    }

    fn due_mut(&mut self, kind: OversightKind) -> Option<&mut Due> {
        match kind {
            OversightKind::Milestone { .. } => self.milestone.as_mut(),
            OversightKind::Final => self.last.as_mut(),
        }
    }

    fn milestone_due(&mut self, event: &MilestoneDue) {
        self.milestone = Some(Due {
            step: event.step,
            as_of: event.as_of,
            trunk_head: None,
            lapses: Lapses::default(),
        });
    }

    fn final_due(&mut self, event: &FinalVerificationDue) {
        self.last = Some(Due {
            step: 100,
            as_of: event.as_of,
            trunk_head: event.trunk_head.clone(),
            lapses: Lapses::default(),
        });
    }

    /// An overseer begins, at what was due.
    fn started(&mut self, event: &OversightStarted) {
        let (as_of, trunk_head) = match self.due_mut(event.oversight) {
            Some(due) => (due.as_of, due.trunk_head.clone()),
            None => (Position(0), None),
        };
        self.oversight = Some(Oversight {
            slot_session: event.slot_session.clone(),
            kind: event.oversight,
            as_of,
            trunk_head,
        });
    }

    /// It ended without a report: what was due still is.
    fn lapsed(&mut self, event: &OversightLapsed, moment: Moment) {
        let Some(run) = self.oversight.take() else {
            return;
        };
        if let Some(due) = self.due_mut(run.kind) {
            due.lapses = due.lapses.with(event.outcome, moment.at);
        }
    }

    fn settle(&mut self, covers: &[u8], findings: u32) {
        let run = self.oversight.take();
        let highest = covers.iter().copied().max().unwrap_or(self.settled);
        self.settled = self.settled.max(highest.min(90));
        self.milestone.take_if(|due| due.step <= self.settled);
        if let Some(run) = run
            && run.kind == OversightKind::Final
        {
            self.last = None;
            self.rounds += u32::from(findings > 0);
        }
    }
}

impl Registered {
    pub(super) fn new(git_url: &str, kind: ProjectKind) -> Self {
        Self {
            git_url: git_url.to_owned(),
            kind,
            repository: Repository::Pending,
            spec: None,
            settings: Settings::default(),
            target: 1,
            intent: Intent::Stopped,
            editing: None,
            initialization: Initialization::NotDue,
            progress: Progress::default(),
            troubles: Vec::new(),
        }
    }

    /// Whether the backlog is whole: nobody codes while a spec is still to be made one.
    pub fn has_backlog(&self) -> bool {
        match self.initialization {
            Initialization::NotDue => self.kind == ProjectKind::Existing || self.spec.is_none(),
            Initialization::Due { .. }
            | Initialization::Underway { .. }
            | Initialization::Proposed { .. } => false,
            Initialization::Done => true,
        }
    }

    /// Whether new work may begin.
    pub fn is_running(&self) -> bool {
        matches!(self.intent, Intent::Running { .. }) && self.editing.is_none()
    }

    /// The agent of slots that have none: logs hold projects that worked although nobody chose an
    /// agent, and those ran the scripted one.
    fn settle_agent(&mut self) {
        let works = matches!(self.intent, Intent::Running { .. }) && self.target > 0;
        if works && !self.settings.agent.is_chosen() {
            self.settings.agent = AgentSpec::of(Dialect::Script);
        }
    }

    fn cloned(&mut self, event: &Cloned) {
        self.repository = Repository::Cloned {
            branch: event.branch.clone(),
            head: event.head.clone(),
        };
        // What a person set stays.
        if self.settings.setup.is_none() {
            self.settings.setup.clone_from(&event.setup);
        }
    }

    fn clone_failed(&mut self, event: &CloneFailed, moment: Moment) {
        let before = match self.repository {
            Repository::Failed { attempts, .. } => attempts,
            Repository::Pending | Repository::Cloned { .. } => 0,
        };
        self.repository = Repository::Failed {
            reason: event.reason.clone(),
            attempts: before + 1,
            at: moment.at,
        };
    }

    pub(super) fn evolve(&mut self, event: &Event, moment: Moment) {
        match event {
            Event::Registered(_) | Event::Deleted(_) => {}
            Event::Cloned(e) => self.cloned(e),
            Event::CloneFailed(e) => self.clone_failed(e, moment),
            Event::SpecWritten(e) => self.spec = Some(e.digest),
            Event::SettingsChanged(e) => {
                self.settings = (*e.settings).clone();
                self.try_at_once();
            }
            Event::TroubleReported(e) => self.trouble_reported(e, moment),
            Event::TroubleEnded(e) => self.trouble_ended(e),
            Event::ProbeAsked(_) => self.try_at_once(),
            Event::TargetSet(e) => {
                self.target = e.count;
                self.settle_agent();
            }
            Event::Started(_) | Event::Resumed(_) => {
                self.intent = Intent::Running { since: moment.at };
                self.settle_agent();
            }
            Event::DrainRequested(_) => self.intent = Intent::Draining { since: moment.at },
            Event::Stopped(_) => self.intent = Intent::Stopped,
            Event::EditOpened(e) => self.editing = Some(e.by.clone()),
            Event::EditSaved(_) | Event::EditDiscarded(_) => self.editing = None,
            Event::InitializationDue(_) => self.initialization.due(Lapses::default()),
            Event::InitializationStarted(e) => self.initialization.started(&e.slot_session),
            Event::InitializationLapsed(e) => {
                let lapses = self.initialization.lapses();
                self.initialization.due(lapses.with(e.outcome, moment.at));
            }
            Event::BacklogProposed(e) => {
                self.initialization = Initialization::Proposed {
                    digest: e.digest,
                    count: e.count,
                };
            }
            Event::Initialized(_) => self.initialization = Initialization::Done,
            Event::MilestoneDue(e) => self.progress.milestone_due(e),
            Event::FinalVerificationDue(e) => self.progress.final_due(e),
            Event::OversightStarted(e) => self.progress.started(e),
            Event::OversightLapsed(e) => self.progress.lapsed(e, moment),
            Event::Renewed(_) => self.renew(),
            Event::Relocated(e) => self.git_url.clone_from(&e.git_url),
            Event::MilestoneSettled(e) => {
                self.progress.looked = moment.position;
                self.progress.settle(&e.covers, e.findings);
            }
            Event::Completed(_) => self.intent = Intent::Completed,
        }
    }

    /// What was given up counts from nothing.
    fn renew(&mut self) {
        if let Initialization::Due { lapses } = &mut self.initialization {
            *lapses = Lapses::default();
        }
        let progress = &mut self.progress;
        progress.rounds = 0;
        for due in progress.last.iter_mut().chain(&mut progress.milestone) {
            due.lapses = Lapses::default();
        }
    }
}
