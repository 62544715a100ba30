//! Whether anything may be begun that needs a thing outside: everything while it works, one probe
//! at a time while it is in trouble.

use std::collections::BTreeSet;

use crate::container::SlotState;
use crate::holder::Role;
use crate::id::{FeatureId, SlotNo, Timestamp};
use crate::policy::{Agenda, Observed, at_work};
use crate::project::{Registered, Thing, Trouble};
use crate::view::grants::Grant;
use crate::view::projections::ProjectView;

/// How much may be begun for a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Leave {
    /// As much as there is room for.
    All,
    /// One session, which shows whether the thing works again; not the feature that the last one
    /// worked on, nor the slot that saw the engine fail, where there is another.
    Probe(Option<FeatureId>, Option<SlotNo>),
    /// Nothing now.
    Nothing,
}

/// Things in trouble that a role needs.
pub(super) struct Troubled {
    pub(super) things: Vec<Thing>,
    /// When the next probe may begin.
    pub(super) next: Timestamp,
    /// A session of another project asks one of them now.
    pub(super) elsewhere: bool,
}

/// The gate of one look at one project.
pub(super) struct Gate<'a> {
    view: &'a ProjectView,
    registered: &'a Registered,
    observed: &'a Observed,
    /// A probe is owed already.
    pub(super) probing: bool,
}

impl<'a> Gate<'a> {
    pub(super) fn new(
        view: &'a ProjectView,
        registered: &'a Registered,
        observed: &'a Observed,
    ) -> Self {
        Self {
            view,
            registered,
            observed,
            probing: false,
        }
    }

    /// What may be begun for this role. Before the next probe is due nothing is, and the agenda
    /// wakes for it.
    pub(super) fn leave(&self, role: Role, agenda: &mut Agenda) -> Leave {
        let Some(troubled) = self.troubled(role) else {
            return Leave::All;
        };

        let due = agenda.reached(self.observed.now, troubled.next);
        if !due || troubled.elsewhere || self.probing || self.is_at_work(&troubled.things) {
            return Leave::Nothing;
        }
        let needed = Thing::needed_by(&self.registered.settings, role);
        let last = self.troubles(&needed).find_map(|t| t.feature.clone());
        Leave::Probe(last, self.last_slot())
    }

    /// What of the things that a role needs is in trouble; none while everything works.
    pub(super) fn troubled(&self, role: Role) -> Option<Troubled> {
        let needed = Thing::needed_by(&self.registered.settings, role);
        let (mut next, mut elsewhere): (Option<Timestamp>, bool) = (None, false);
        let mut things = vec![];
        for trouble in self.troubles(&needed) {
            next = next.max(Some(trouble.next_probe(&self.observed.own)));
            things.push(trouble.thing.clone());
        }
        for thing in &needed {
            if let Thing::Provider { name } = thing
                && let Some(account) = self.observed.accounts.get(name)
            {
                next = next.max(Some(account.next_probe));
                elsewhere |= account.at_work;
                things.push(thing.clone());
            }
        }

        Some(Troubled {
            things,
            next: next?,
            elsewhere,
        })
    }

    fn troubles<'b>(&'b self, needed: &'b [Thing]) -> impl Iterator<Item = &'b Trouble> {
        let troubles = self.registered.troubles.iter();
        troubles.filter(|trouble| needed.contains(&trouble.thing))
    }

    /// The slot that saw the engine's trouble last.
    fn last_slot(&self) -> Option<SlotNo> {
        let trouble = self.registered.trouble_of(&Thing::Engine)?;
        let record = self.view.sessions.get(&trouble.session)?;
        Some(record.n)
    }

    /// Whether a session that needs one of these things is at work, or about to be: it shows as
    /// well as a probe how they are. Of the engine only the beginning of a session says anything,
    /// and sessions that are at work do not.
    fn is_at_work(&self, troubled: &[Thing]) -> bool {
        let pending = self.observed.busy.values().copied();
        let roles = at_work::roles(self.view).into_iter().chain(pending);
        let settings = &self.registered.settings;
        let needed: BTreeSet<_> = roles
            .flat_map(|role| Thing::needed_by(settings, role))
            .filter(|thing| *thing != Thing::Engine)
            .collect();
        troubled.iter().any(|thing| match thing {
            Thing::Engine => self.is_starting(),
            Thing::Provider { .. } | Thing::Tool { .. } | Thing::Setup => needed.contains(thing),
        })
    }

    /// Whether a session is to begin in a container for work that was given out.
    fn is_starting(&self) -> bool {
        let waits = |state: &SlotState| {
            matches!(
                state,
                SlotState::Assigned { .. }
                    | SlotState::Requested { .. }
                    | SlotState::Running { begun: false, .. }
            )
        };
        let mut slots = self.view.enlisted();
        let unassigned = |grant: &Grant| {
            let slot = self.view.slot(grant.slot_session.n);
            let bare = slot.is_none_or(|slot| slot.job().is_none());
            bare && !at_work::is_over(self.view, grant)
        };

        !self.observed.busy.is_empty()
            || slots.any(|(_, slot, _)| waits(&slot.state))
            || self.view.grants().iter().any(unassigned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::{Assignment, Event, event};
    use crate::id::{Digest, Generation, SessionId};
    use crate::outcome::Outcome;
    use crate::project::event as p;
    use crate::scene::{Scene, job, session};
    use crate::settings::Settings;

    fn add(scene: &mut Scene, event: impl Into<Event>) {
        scene.add::<Event>("container-z/1", event);
    }

    /// A project whose setup is in trouble, and whose first slot works in a role that needs it or
    /// not.
    fn troubled(role: Role) -> Scene {
        let mut scene = Scene::running(2);
        let settings = Settings {
            setup: Some("npm ci".into()),
            ..Settings::default()
        };
        let settings = Box::new(settings);
        scene.add::<p::Event>("project-z", p::SettingsChanged { settings });
        let session = SessionId::from_bytes([7; 10]);
        let reported = p::TroubleReported {
            thing: Thing::Setup,
            detail: "exit code 1".into(),
            retry_at: None,
            session: session.clone(),
            feature: None,
            probe: false,
        };
        scene.add::<p::Event>("project-z", reported);
        let assignment = Assignment {
            session,
            role,
            feature: None,
            epoch: None,
            sha: None,
            agent: None,
            prompt_digest: Digest::of(b"p"),
        };
        add(&mut scene, event::Assigned { assignment });

        scene
    }

    fn leave(scene: &Scene, busy: &[(u16, Role)]) -> Leave {
        leave_of(Role::Coder, scene, busy)
    }

    fn leave_of(role: Role, scene: &Scene, busy: &[(u16, Role)]) -> Leave {
        let busy = busy.iter().map(|(n, role)| (SlotNo(*n), *role));
        let busy = busy.collect();
        asked(role, scene, Observed { busy, ..late() })
    }

    /// Every pause is over.
    fn late() -> Observed {
        let now = Timestamp(1_000_000_000_000);
        Observed {
            now,
            own: crate::own_time::OwnTime::new(now, &[], &[]),
            ..Observed::default()
        }
    }

    fn asked(role: Role, scene: &Scene, observed: Observed) -> Leave {
        let registered = scene.view().registered().expect("registered");
        let mut agenda = Agenda::default();
        Gate::new(scene.view(), registered, &observed).leave(role, &mut agenda)
    }

    /// Only what can show how the thing is keeps a probe away.
    #[test]
    fn a_probe_waits_for_those_who_show_the_same_and_for_nobody_else() {
        let probe = Leave::Probe(None, None);
        let mut scene = troubled(Role::Coder);
        assert_eq!(leave(&scene, &[]), Leave::Nothing, "its session will show");
        let ended = event::SessionEnded {
            session: SessionId::from_bytes([7; 10]),
            outcome: Outcome::Stopped,
            exit_code: None,
            evidence: None,
            detail: String::new(),
        };
        add(&mut scene, ended);
        assert_eq!(
            leave(&scene, &[]),
            probe,
            "it is over, and hangs in its stop"
        );
        assert_eq!(leave(&scene, &[(2, Role::Coder)]), Leave::Nothing);
        assert_eq!(
            leave(&scene, &[(2, Role::Verifier)]),
            probe,
            "needs no setup"
        );

        let verifying = troubled(Role::Verifier);
        assert_eq!(leave(&verifying, &[]), probe);
    }

    #[test]
    fn who_does_not_need_the_thing_is_let_through() {
        let scene = troubled(Role::Verifier);
        assert_eq!(leave_of(Role::Verifier, &scene, &[]), Leave::All);
        assert_ne!(leave_of(Role::Reviewer, &scene, &[]), Leave::All);
    }

    /// Trouble of an account that only another project saw: our own sessions show how it is.
    #[test]
    fn a_probe_of_an_account_waits_for_those_who_ask_it() {
        use crate::agent::{AgentSpec, Dialect};
        use crate::policy::Account;

        let account = |at_work| Observed {
            accounts: [(
                "acme".to_owned(),
                Account {
                    next_probe: Timestamp(1),
                    at_work,
                },
            )]
            .into(),
            ..late()
        };
        let asks = |role, scene: &Scene| asked(role, scene, account(false));
        let agent = AgentSpec {
            provider: Some("acme".into()),
            ..AgentSpec::of(Dialect::Claude)
        };
        let mut scene = Scene::running(2);
        scene.settings(Settings {
            agent,
            ..Settings::default()
        });

        let probe = Leave::Probe(None, None);
        assert_eq!(asks(Role::Coder, &scene), probe);
        let elsewhere = asked(Role::Coder, &scene, account(true));
        assert_eq!(elsewhere, Leave::Nothing);
        let assignment = job(&session(1), Role::Verifier, None);
        add(&mut scene, event::Assigned { assignment });
        assert_eq!(asks(Role::Coder, &scene), probe, "a verifier asks nobody");
        let assignment = job(&session(1), Role::Coder, None);
        add(&mut scene, event::Assigned { assignment });
        assert_eq!(asks(Role::Coder, &scene), Leave::Nothing);
    }

    /// The trouble of the engine, and what slot 1 does then.
    fn engine(steps: &[Step]) -> Scene {
        let mut scene = Scene::running(2);
        let session = session(7);
        scene.feature("a", 2);
        for step in steps {
            step(&mut scene);
        }
        scene.project(p::TroubleReported {
            thing: Thing::Engine,
            detail: "so".into(),
            retry_at: None,
            session,
            feature: None,
            probe: false,
        });
        scene
    }

    type Step = fn(&mut Scene);

    /// A job at slot 1, step by step from its grant to an idle slot.
    const STEPS: [Step; 7] = [
        |scene| {
            scene.claimed("a", &session(1));
        },
        |scene| {
            let assignment = job(&session(1), Role::Coder, Some("a"));
            add(scene, event::Assigned { assignment });
        },
        |scene| {
            let generation = Generation(1);
            add(scene, event::StartRequested { generation });
        },
        |scene| {
            let (generation, engine_id) = (Generation(1), "e".to_owned());
            let started = event::Started {
                generation,
                engine_id,
            };
            add(scene, started);
        },
        |scene| {
            let session = session(1);
            add(scene, event::SessionStarted { session });
        },
        |scene| {
            let ended = event::SessionEnded {
                session: session(1),
                outcome: Outcome::Failed,
                exit_code: None,
                evidence: None,
                detail: String::new(),
            };
            add(scene, ended);
        },
        |scene| add(scene, event::Idle {}),
    ];

    #[test]
    fn of_the_engine_only_a_session_that_is_to_begin_shows_anything() {
        for (done, starting) in [
            (0, false),
            (1, true),
            (2, true),
            (3, true),
            (4, true),
            (5, false),
            (6, false),
            (7, false),
        ] {
            let scene = engine(&STEPS[..done]);
            let probes = matches!(leave(&scene, &[]), Leave::Probe(..));
            assert_eq!(!probes, starting, "after {done} steps");
        }

        let bare = engine(&[]);
        let pending = leave(&bare, &[(2, Role::Verifier)]);
        assert_eq!(pending, Leave::Nothing, "whatever it is for");
        let ungranted = engine(&STEPS[1..4]);
        assert_eq!(leave(&ungranted, &[]), Leave::Nothing);
    }
}
