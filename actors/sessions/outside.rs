//! Trouble of things outside, as sessions see it: recorded in every project that needs the thing
//! before the session's end is, so that nothing else is begun with it; and ended when a session
//! shows that the thing works.

use events::cause::Principal;
use events::holder::Role;
use events::id::{ProjectName, SessionId, Timestamp};
use events::outcome::Outcome;
use events::policy::AnyCommand;
use events::project::{self, Thing, Trouble};
use events::stream::StreamId;
use events::view::Projections;

use super::clues::{Clues, Found};
use super::wire::Ending;
use super::{Place, Sessions};
use crate::chores::Chore;
use crate::rejection::Rejection;

/// Roles that have an agent.
const AGENTS: [Role; 4] = [
    Role::Initializer,
    Role::Coder,
    Role::Reviewer,
    Role::Overseer,
];

impl Sessions {
    /// The thing outside whose fault a session's end was, if it was one's.
    pub(super) async fn outside(
        &self,
        session: &SessionId,
        place: &Place,
        ending: &Ending,
    ) -> Result<Option<Found>, Rejection> {
        let Some(agent) = &place.job.agent else {
            return Ok(None);
        };

        let printed = self.transcripts.spoken(session).await?.is_some();
        let provider = agent.provider();
        let clues = Clues {
            agent,
            ending,
            asked: &self.tallies.asked(session),
            no_key: provider.and_then(|name| self.models.protocol(name).err()),
            left_a_trace: printed || self.did_something(session, place),
        };

        Ok(clues
            .outside()
            .filter(|found| !self.is_of_the_feature(found, place)))
    }

    /// Whether a tool or a setup that came to nothing works beside this feature: the end is the
    /// feature's then, which is tried as often as any, and holds nobody else up.
    fn is_of_the_feature(&self, found: &Found, place: &Place) -> bool {
        let Some(feature) = &place.job.feature else {
            return false;
        };
        found.outcome == Outcome::ToolBroken
            && self.projector.read(|projections| {
                let view = projections.projects.get(&place.project);
                view.is_some_and(|view| view.sessions.worked_beside(feature))
            })
    }

    /// Whether the session used a verb, or pushed something of its own.
    fn did_something(&self, session: &SessionId, place: &Place) -> bool {
        self.projector.read(|projections| {
            let Some(view) = projections.projects.get(&place.project) else {
                return false;
            };
            if let Some(record) = view.sessions.get(session)
                && (record.said.is_some() || record.brought > 0)
            {
                return true;
            }

            let Some((feature, epoch)) = place.job.claim() else {
                return false;
            };
            match view.feature(feature) {
                Some(known) => matches!(known.secured.get(&epoch), Some(Some(_))),
                None => false,
            }
        })
    }

    /// Records the trouble in every project that needs the thing.
    pub(super) async fn report_trouble(
        &self,
        session: &SessionId,
        place: &Place,
        found: &Found,
    ) -> Result<(), Rejection> {
        let since = self.assigned(session, place).unwrap_or_default();
        let feature = place.job.feature.clone();
        let feature = feature.filter(|_| place.job.role == Role::Coder);

        for project in self.concerned(place, &found.thing) {
            let command = project::Command::ReportTrouble {
                thing: found.thing.clone(),
                detail: found.detail.clone(),
                retry_at: found.retry_at,
                session: session.clone(),
                feature: feature.clone().filter(|_| project == place.project),
                since,
            };
            let key = ["trouble", project.as_str()];
            self.to_project(session, &project, command, &key).await?;
        }

        Ok(())
    }

    /// A session worked: what it needed and what was in trouble when it was given its work is in
    /// trouble no more.
    pub(super) async fn worked(
        &self,
        session: &SessionId,
        place: &Place,
        outcome: Outcome,
    ) -> Result<(), Rejection> {
        let unheard = matches!(
            outcome,
            Outcome::Interrupted | Outcome::Lost | Outcome::NeverStarted | Outcome::EngineRefused
        );
        let Some(assigned) = self.assigned(session, place).filter(|_| !unheard) else {
            return Ok(());
        };

        let seen = self.projector.read(|projections| {
            let registered = projections.projects.get(&place.project)?.registered()?;
            let needed = Thing::needed_by(&registered.settings, place.job.role);
            let over = |t: &&Trouble| t.at <= assigned && needed.contains(&t.thing);
            let seen: Vec<Trouble> = registered.troubles.iter().filter(over).cloned().collect();
            Some(seen)
        });
        for trouble in seen.unwrap_or_default() {
            self.end_trouble(session, &place.project, &trouble).await?;
        }

        Ok(())
    }

    /// A provider answered: everybody who waits for it goes on.
    pub(super) fn provider_works(&self, session: &SessionId, provider: &str) {
        let waiting: Vec<(ProjectName, Trouble)> = self.projector.read(|projections| {
            let registered = registered(projections);
            let troubles = registered.flat_map(|(project, registered)| {
                let troubles = registered.troubles.iter();
                troubles.map(move |trouble| (project.clone(), trouble.clone()))
            });
            let name = provider.to_owned();
            let thing = Thing::Provider { name };
            troubles.filter(|(_, known)| known.thing == thing).collect()
        });
        if waiting.is_empty() {
            return;
        }

        let (sessions, session) = (self.clone(), session.clone());

        tokio::spawn(async move {
            for (project, trouble) in waiting {
                let ended = sessions.end_trouble(&session, &project, &trouble).await;
                let faults = &sessions.directory.kernel().faults;
                faults.went(Some(&project), Chore::EndTrouble, ended);
            }
        });
    }

    async fn end_trouble(
        &self,
        session: &SessionId,
        project: &ProjectName,
        trouble: &Trouble,
    ) -> Result<(), Rejection> {
        let command = project::Command::EndTrouble {
            thing: trouble.thing.clone(),
            why: format!("session {session} worked with it"),
        };
        let (at, thing) = (trouble.at.to_string(), format!("{:?}", trouble.thing));
        let key = ["trouble ended", project.as_str(), &thing, &at];
        self.to_project(session, project, command, &key).await
    }

    /// The session's own project, and for an account all others that ask it.
    fn concerned(&self, place: &Place, thing: &Thing) -> Vec<ProjectName> {
        let mut concerned = vec![place.project.clone()];

        if matches!(thing, Thing::Provider { .. }) {
            self.projector.read(|projections| {
                let others = registered(projections).filter(|(project, registered)| {
                    let needs = |role| Thing::needed_by(&registered.settings, role).contains(thing);
                    **project != place.project
                        && registered.is_running()
                        && AGENTS.into_iter().any(needs)
                });
                concerned.extend(others.map(|(project, _)| project.clone()));
            });
        }

        concerned
    }

    /// When the session was given its work.
    fn assigned(&self, session: &SessionId, place: &Place) -> Option<Timestamp> {
        self.projector.read(|projections| {
            let view = projections.projects.get(&place.project)?;
            view.sessions.get(session).map(|record| record.assigned)
        })
    }

    /// Tells a project something in the session's name; what it turns down is nothing to it any
    /// more.
    async fn to_project(
        &self,
        session: &SessionId,
        project: &ProjectName,
        command: project::Command,
        key: &[&str],
    ) -> Result<(), Rejection> {
        let stream = StreamId::Project(project.clone());
        let told = self.command(session, stream, AnyCommand::Project(command), key);

        match told.await {
            Ok(_) => Ok(()),
            Err(rejection) if rejection.is_passing() => Err(rejection),
            Err(rejection) => {
                let by = Principal::Session(session.clone());
                let Rejection { code, message, .. } = rejection;
                tracing::debug!(%project, ?by, %code, message, "not recorded");
                Ok(())
            }
        }
    }
}

fn registered(
    projections: &Projections,
) -> impl Iterator<Item = (&ProjectName, &project::Registered)> {
    let projections = projections.projects.values();
    projections.filter_map(|view| Some((&view.name, view.registered()?)))
}
