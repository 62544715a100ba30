//! Sessions of another course: each does what a recorded one did, until somebody stops it.

use events::cause::{Cause, Principal};
use events::container::{self, Exit};
use events::feature;
use events::holder::Role;
use events::id::{CommandId, SessionId, Timestamp};
use events::outcome::Outcome;
use events::policy::AnyCommand;
use events::stream::StreamId;

use super::deeds::Actor;
use super::free::{Free, Happening};
use super::ledger::Letter;
use super::sessions::{Key, Script};
use crate::containers::plan::session_at;
use crate::ports::engine::{ContainerName, Status};

impl Free<'_> {
    /// A session that is stopped brings its work to safety and ends.
    pub(super) fn stop(&mut self, name: &ContainerName) {
        if let Some(session) = session_at(&self.ledger.projections, name) {
            let job = self
                .view()
                .and_then(|view| view.slot(name.n)?.job().cloned());
            let claim = job.filter(|job| job.role == Role::Coder);
            if let Some((feature, epoch)) = claim.as_ref().and_then(|job| job.claim()) {
                let known = self.view().and_then(|view| view.feature(feature));
                if known.is_some_and(|known| !known.secured.contains_key(&epoch)) {
                    self.secure(&feature.clone(), epoch, true);
                }
            }

            let command = container::Command::EndSession {
                session: session.clone(),
                outcome: Outcome::Interrupted,
                exit_code: None,
                evidence: None,
                detail: "it was stopped".to_owned(),
            };
            let id = CommandId::derived(&["course", session.as_str(), "stopped"]);
            self.send(&Letter {
                stream: StreamId::Container(name.project.clone(), name.n),
                command: AnyCommand::Container(command),
                id,
                cause: Cause::first(Principal::Session(session), id),
                preconditions: vec![],
            });
        }
        let exit = Status::Exited(Exit::default());
        self.engine.insert(name.clone(), exit);
    }

    /// Lets a session do what a recorded one did, from a time on. Where it was at work already when
    /// the courses parted, what it had done by then is done.
    pub(super) fn play(
        &mut self,
        name: &ContainerName,
        session: &SessionId,
        started: Timestamp,
        done_before: Option<usize>,
    ) {
        let donor = self.donor(name, session);
        if done_before.is_none() {
            self.counts(name);
        }
        let Some((donor, script)) = donor else {
            return;
        };

        for deed in &script.deeds {
            let is_its_own = done_before.filter(|_| donor == *session);
            if is_its_own.is_some_and(|next| deed.act < next) {
                continue;
            }
            let happening = Happening::Deed {
                session: session.clone(),
                donor: donor.clone(),
                act: deed.act,
            };
            let time = Timestamp(started.0 + deed.after).max(self.ledger.now);
            self.at(time, happening, None);
        }

        let end = match script.deeds.last() {
            Some(last) => last.after,
            None => 0,
        };
        let (after, status) = match &script.gone {
            Some(gone) => (gone.after, gone_as(&gone.command)),
            None => (end, Status::Exited(Exit::with_code(Some(0)))),
        };
        let time = Timestamp(started.0 + after.max(end)).max(self.ledger.now);
        self.at(time, Happening::Gone(name.clone(), status), None);
    }

    /// Counts a session that begins, among those of its kind.
    fn counts(&mut self, name: &ContainerName) {
        let key = self.key(name);
        if let Some(key) = key {
            *self.used.entry(key).or_default() += 1;
        }
    }

    /// The kind of work that a slot has.
    fn key(&self, name: &ContainerName) -> Option<Key> {
        let job = self.view()?.slot(name.n)?.job()?;
        Some(Key {
            role: job.role,
            feature: job.feature.clone(),
        })
    }

    /// The recorded session that this one does as: itself, one that did the same work, or any of
    /// its role.
    fn donor(&mut self, name: &ContainerName, session: &SessionId) -> Option<(SessionId, Script)> {
        let record = self.record;
        let key = self.key(name)?;
        let used = self.used.get(&key).copied().unwrap_or(0);
        if let Some(own) = record.scripts.get(session).filter(|own| own.is_whole()) {
            return Some((session.clone(), own.clone()));
        }
        if let Some(found) = record.donor(&key, used) {
            return Some(found);
        }
        self.guessed += 1;
        record.any_of(key.role, used)
    }

    /// A session does something.
    pub(super) fn deed(&mut self, session: &SessionId, donor: &SessionId, place: usize) {
        let record = self.record;
        let act = &record.acts[place];
        let Some(view) = self.view() else { return };
        let at_work = view.enlisted().find(|(_, slot, _)| {
            let job = slot.job();
            job.is_some_and(|job| job.session == *session)
        });
        let Some((n, ..)) = at_work else { return };

        let actor = Actor {
            view,
            n,
            session,
            of: record
                .scripts
                .get(donor)
                .and_then(|script| script.key.feature.as_ref()),
            times: self.done.get(&place).copied().unwrap_or(0),
        };
        let Some((stream, command)) = actor.does(act) else {
            return;
        };
        let id = CommandId::derived(&["course", session.as_str(), &place.to_string()]);
        let cause = Cause::first(actor.principal(), id);
        if let AnyCommand::Feature(feature::Command::Submit { sha, .. }) = &command
            && let StreamId::Feature(_, feature) = &stream
        {
            let (feature, sha) = (feature.clone(), sha.clone());
            self.pushed.insert(feature, sha);
        }

        *self.done.entry(place).or_default() += 1;
        self.send(&Letter {
            stream,
            command,
            id,
            cause,
            preconditions: vec![],
        });
    }
}

fn gone_as(command: &container::Command) -> Status {
    match command {
        container::Command::RecordExited { exit, .. } => Status::Exited(exit.clone()),
        // It is not listed any more: as good as ended, for whoever asks.
        _ => Status::Exited(Exit::default()),
    }
}
