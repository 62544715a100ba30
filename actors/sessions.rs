//! What a session may ask of the server through its door. The runner speaks on the control voice
//! (`runner.rs`), the agent on the other (`agent.rs`). Identity is the socket: the session is known
//! before the first byte.

mod agent;
pub mod allowance;
pub mod asked;
mod clues;
mod outside;
mod runner;
pub mod tallies;
pub mod wire;

use std::collections::BTreeSet;
use std::sync::Arc;

use events::cause::{Cause, Principal};
use events::container::{self, Assignment, SlotState};
use events::egress::EgressRule;
use events::holder::Holder;
use events::id::{CommandId, ProjectName, SessionId, SlotNo, Timestamp};
use events::log::Receipt;
use events::own_time::OwnTime;
use events::policy::AnyCommand;
use events::settings::Settings;
use events::stream::{StreamId, Version};
use events::view::{Grant, ProjectView, Projections};

use crate::directory::Directory;
use crate::liveness::Liveness;
use crate::ports::blobs::Blobs;
use crate::ports::models::Models;
use crate::ports::repo::ClaimWork;
use crate::ports::transcripts::Transcripts;
use crate::projector::Projector;
use crate::rejection::Rejection;
use allowance::Allowance;
use tallies::Tallies;

/// Serves sessions. Clones share everything.
#[derive(Clone)]
pub struct Sessions {
    /// The way to the hosts of all streams.
    pub directory: Directory,
    /// The projections of all projects.
    pub projector: Projector,
    /// The work that claims pushed.
    pub work: Arc<dyn ClaimWork>,
    /// The store of large content.
    pub blobs: Arc<dyn Blobs>,
    /// The transcripts of what sessions print.
    pub transcripts: Arc<dyn Transcripts>,
    /// Providers of models.
    pub models: Arc<dyn Models>,
    /// Who was heard of.
    pub liveness: Arc<Liveness>,
    /// The tallies of what sessions used.
    pub tallies: Arc<Tallies>,
    /// What they asked for.
    pub allowance: Arc<Allowance>,
}

/// What a session may reach beyond its repository and its model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leave {
    /// What its project allows.
    pub rules: Vec<EgressRule>,
    /// Bytes it may still move.
    pub bytes_left: u64,
}

/// Where a session works, by the projections.
#[derive(Debug, Clone)]
struct Place {
    project: ProjectName,
    n: SlotNo,
    slot: StreamId,
    job: Assignment,
    grant: Option<Grant>,
    running_since: Option<Timestamp>,
    wall_ms: u64,
}

impl Place {
    /// The session, as the holder of a claim.
    fn holder(&self) -> Holder {
        Holder::Slot {
            n: self.n,
            session: self.job.session.clone(),
        }
    }
}

fn place(projections: &Projections, session: &SessionId) -> Option<Place> {
    projections.projects.values().find_map(|view| {
        let registered = view.registered()?;
        let (n, slot, _) = view
            .enlisted()
            .find(|(_, slot, _)| slot.job().is_some_and(|job| job.session == *session))?;
        let running_since = match &slot.state {
            SlotState::Running { at, .. } => Some(*at),
            SlotState::Idle
            | SlotState::Assigned { .. }
            | SlotState::Requested { .. }
            | SlotState::Ended(_)
            | SlotState::Quarantined { .. } => None,
        };

        Some(Place {
            project: view.name.clone(),
            n,
            slot: StreamId::Container(view.name.clone(), n),
            job: slot.job()?.clone(),
            grant: view.grant_of(session),
            running_since,
            wall_ms: registered.settings.session_wall_ms,
        })
    })
}

impl Sessions {
    /// Forgets whatever is held of sessions that are over. What is kept of a session anywhere in
    /// here has to end with this: it is called whenever doors are looked at, so that what a late
    /// word left behind goes with the next look.
    pub fn keep_only(&self, at_work: &BTreeSet<SessionId>) {
        self.liveness.keep_only(at_work);
        self.tallies.keep_only(at_work);
        self.allowance.keep_only(at_work);
    }

    /// The provider that a session at work asks its model of; none when its agent has no model.
    pub fn provider_of(&self, session: &SessionId) -> Result<Option<String>, Rejection> {
        let place = self.at_work(session)?;
        let Some(agent) = &place.job.agent else {
            return Ok(None);
        };
        Ok(agent.provider().map(str::to_owned))
    }

    /// Looks at the view of the project that a session at work serves, and at its assignment.
    pub fn look<T>(
        &self,
        session: &SessionId,
        read: impl FnOnce(&ProjectView, &Assignment) -> T,
    ) -> Result<T, Rejection> {
        let place = self.at_work(session)?;
        Ok(self
            .projector
            .view(&place.project, |view| read(view, &place.job))?)
    }

    /// What a session at work may reach.
    pub fn leave(&self, session: &SessionId) -> Result<Leave, Rejection> {
        let place = self.at_work(session)?;
        let settings = self.settings(&place.project);
        let bytes_left = settings
            .egress_bytes_max
            .saturating_sub(self.moved_bytes(session));
        Ok(Leave {
            rules: settings.egress,
            bytes_left,
        })
    }

    fn settings(&self, project: &ProjectName) -> Settings {
        let settings = self.projector.read(|projections| {
            let registered = projections.projects.get(project)?.registered()?;
            Some(registered.settings.clone())
        });
        settings.unwrap_or_default()
    }

    /// The place of a session that is not over.
    fn at_work(&self, session: &SessionId) -> Result<Place, Rejection> {
        let place = self.place(session)?;
        if place.running_since.is_some() {
            Ok(place)
        } else {
            Err(Rejection::refused(&container::Refusal::SessionOver))
        }
    }

    fn place(&self, session: &SessionId) -> Result<Place, Rejection> {
        let found = self
            .projector
            .read(|projections| place(projections, session));
        found.ok_or_else(|| Rejection::refused(&container::Refusal::SessionOver))
    }

    fn now(&self) -> Timestamp {
        self.directory.kernel().clock.now()
    }

    /// Now, and what passed of this server's own time.
    fn own_time(&self) -> OwnTime {
        let clock = &self.directory.kernel().clock;
        let (now, noticed) = (clock.now(), clock.gaps());
        self.projector
            .read(|projections| OwnTime::new(now, &projections.node.state.gaps, &noticed))
    }

    /// The id of a session's command: the same request has the same id.
    fn id(session: &SessionId, key: &[&str]) -> CommandId {
        let parts: Vec<&str> = ["session", session.as_str()]
            .into_iter()
            .chain(key.iter().copied())
            .collect();
        CommandId::derived(&parts)
    }

    /// In whose name a session's command is recorded: it belongs to the story of its slot.
    fn cause(&self, session: &SessionId, id: CommandId) -> Cause {
        let started = self.projector.read(|projections| {
            let place = place(projections, session)?;
            let view = projections.projects.get(&place.project)?;
            view.slots
                .get(&place.n)
                .map(|t| (t.position, t.correlation))
        });
        let (causation, correlation) = match started {
            Some((position, correlation)) => (Some(position), correlation),
            None => (None, id),
        };

        Cause {
            principal: Principal::Session(session.clone()),
            correlation,
            causation,
        }
    }

    /// Sends a command in the name of the session. `key` makes its id: the same request is answered
    /// as the first time.
    async fn command(
        &self,
        session: &SessionId,
        stream: StreamId,
        command: AnyCommand,
        key: &[&str],
    ) -> Result<Receipt, Rejection> {
        let id = Self::id(session, key);
        let cause = self.cause(session, id);
        let none: Vec<(StreamId, Version)> = vec![];
        let receipt = self
            .directory
            .execute(&stream, command, id, cause, none)
            .await?;
        self.projector.wait_for(receipt.position).await;

        Ok(receipt)
    }
}
