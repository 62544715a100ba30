//! The outside of another course: effects, the engine and sessions, each as it was recorded.

use events::cause::{Cause, Principal};
use events::claims::pick::{Pick, pick};
use events::container;
use events::feature;
use events::id::{Epoch, FeatureId, SlotNo};
use events::merge_queue;
use events::policy::{AnyCommand, Effect, Owed};
use events::project;
use events::stream::{StreamId, Version};
use events::view::Grant;

use super::free::Free;
use super::ledger::Letter;
use crate::claims::queue::Asking;
use crate::containers::plan::Step;
use crate::containers::reconciler::step_id;
use crate::effects::ids::act_id;
use crate::ports::engine::{ContainerName, Status};
use crate::prompt_context::prompt_context;

impl Free<'_> {
    /// How long something owed takes, in microseconds.
    pub(super) fn takes(&self, owed: &Owed) -> i64 {
        let Owed::Do(effect) = owed else {
            return 0;
        };

        match effect {
            Effect::Clone { .. } => self.record.usual("project.cloned"),
            Effect::Build { .. } => self.record.usual("trunk.candidate_built"),
            Effect::Publish { .. } => self.record.usual("trunk.advanced"),
            Effect::Probe { .. } => self.record.usual("trunk.probed"),
            Effect::Admit { .. }
            | Effect::Create { .. }
            | Effect::ClaimFor { .. }
            | Effect::Assign { .. }
            | Effect::Secure { .. } => 0,
        }
    }

    /// How long a step of the reconciler takes, in microseconds.
    pub(super) fn step_takes(&self, step: &Step) -> i64 {
        match step {
            Step::Start(_) => self.record.usual("container.started"),
            Step::Remove { .. } => self.record.usual("container.removed"),
            Step::RecordStarted { .. }
            | Step::RecordExited { .. }
            | Step::RecordLost { .. }
            | Step::Stop { .. }
            | Step::RemoveOrphan { .. } => 0,
        }
    }

    /// Sends what an effect came to.
    fn did(&mut self, stream: StreamId, command: AnyCommand, key: &[&str]) {
        let id = act_id(&stream, key);
        let cause = Cause::first(Principal::Policy("effects".into()), id);
        self.send(&Letter {
            stream,
            command,
            id,
            cause,
            preconditions: vec![],
        });
    }

    /// Performs an effect.
    pub(super) fn act(&mut self, effect: Effect) {
        let project = self.record.project.clone();

        match effect {
            Effect::Clone { attempt, .. } => self.clone_upstream(attempt),
            Effect::Admit { batch } => {
                let known = self.record.acts.iter().find_map(|act| match &act.command {
                    Some(command @ AnyCommand::Backlog(_)) if admits(command, batch) => {
                        Some(command.clone())
                    }
                    _ => None,
                });
                if let Some(command) = known {
                    let key = ["admit", &batch.to_string()];
                    self.did(StreamId::Backlog(project), command, &key);
                }
            }
            Effect::Create { id, blockers, .. } => {
                if let Some(command) = self.creation(&id, blockers) {
                    let stream = StreamId::Feature(project, id);
                    self.did(stream, AnyCommand::Feature(command), &["create"]);
                }
            }
            Effect::ClaimFor {
                n,
                version,
                feature,
            } => self.claim_for(n, version, feature.as_ref()),
            Effect::Assign { grant, version } => self.assign(&grant, version),
            Effect::Secure {
                feature,
                epoch,
                reported,
            } => self.secure(&feature, epoch, reported),
            Effect::Build { entry, .. } => self.build(entry),
            Effect::Probe { base } => {
                let version = self.queue_version();
                let key = ["probe", base.as_str(), &version];
                let command = merge_queue::Command::RecordProbe {
                    base: base.clone(),
                    collisions: vec![],
                };
                let stream = StreamId::MergeQueue(project);
                self.did(stream, AnyCommand::MergeQueue(command), &key);
            }
            Effect::Publish { entry, .. } => {
                let command = self
                    .view()
                    .and_then(|view| super::git::publish(view, entry));
                if let Some(command) = command {
                    let version = self.queue_version();
                    let key = ["publish", &entry.to_string(), &version];
                    self.did(StreamId::MergeQueue(project), command, &key);
                }
            }
        }
    }

    fn queue_version(&self) -> String {
        let version = self.view().map(|view| view.merge_queue.version);
        version.unwrap_or_default().to_string()
    }

    fn clone_upstream(&mut self, attempt: u32) {
        let copied = self.record.acts.iter().find_map(|act| match &act.command {
            Some(AnyCommand::Project(command @ project::Command::RecordClone { .. })) => {
                Some(command.clone())
            }
            _ => None,
        });
        let command = copied.unwrap_or_else(|| project::Command::FailClone {
            reason: "it was never copied".to_owned(),
        });
        let stream = StreamId::Project(self.record.project.clone());
        let key = ["clone", &attempt.to_string()];
        self.did(stream, AnyCommand::Project(command), &key);
    }

    fn creation(&self, id: &FeatureId, waits_for: Vec<FeatureId>) -> Option<feature::Command> {
        match self.record.made.get(id)?.clone() {
            feature::Command::Create {
                content,
                batch,
                born,
                comments,
                ..
            } => Some(feature::Command::Create {
                content,
                batch,
                blockers: waits_for,
                born,
                comments,
            }),

            _ => None,
        }
    }

    fn claim_for(&mut self, n: SlotNo, version: Version, wanted: Option<&FeatureId>) {
        let project = self.record.project.clone();
        let Some(view) = self.view() else { return };
        let none = std::collections::BTreeSet::new();
        let Ok(Pick::Feature(picked)) = pick(view, wanted, &none, self.ledger.now) else {
            return;
        };

        let asking = Asking::of_slot(&project, (n, version), wanted.cloned());
        let claiming = asking.claiming(&picked);
        self.send(&Letter {
            stream: claiming.stream,
            command: AnyCommand::Feature(claiming.command),
            id: claiming.request.id,
            cause: claiming.request.cause,
            preconditions: claiming.request.preconditions,
        });
    }

    fn assign(&mut self, grant: &Grant, version: Version) {
        let context = self.view().and_then(|view| prompt_context(view, grant));
        let Some((_, assignment)) = context else {
            return;
        };
        let session = grant.slot_session.session.to_string();
        let key = ["assign", session.as_str(), &version.0.to_string()];
        let stream = StreamId::Container(self.record.project.clone(), grant.slot_session.n);
        let command = container::Command::Assign {
            assignment: Box::new(assignment),
        };
        self.did(stream, AnyCommand::Container(command), &key);
    }

    pub(super) fn secure(&mut self, feature: &FeatureId, epoch: Epoch, reported: bool) {
        let sha = self.pushed.get(feature).cloned();
        let command = match reported {
            true => feature::Command::SecureWork { epoch, sha },
            false => feature::Command::LoseWork {
                epoch,
                last_sha: sha,
                why: "the session vanished before it reported; what it had pushed is kept"
                    .to_owned(),
            },
        };
        let stream = StreamId::Feature(self.record.project.clone(), feature.clone());
        let key = ["secure", &epoch.to_string()];

        self.did(stream, AnyCommand::Feature(command), &key);
    }

    fn build(&mut self, entry: u64) {
        let (record, now, version) = (self.record, self.ledger.now, self.queue_version());
        let mut built = std::mem::take(&mut self.built);
        let command = self
            .view()
            .and_then(|view| record.build(view, entry, (now, &mut built)));
        self.built = built;

        if let Some(command) = command {
            let key = ["build", &entry.to_string(), &version];
            let stream = StreamId::MergeQueue(record.project.clone());
            self.did(stream, AnyCommand::MergeQueue(command), &key);
        }
    }

    /// Takes a step of the reconciler.
    pub(super) fn reconcile(&mut self, step: Step) {
        let generation = step.name().generation;

        match step {
            Step::Start(spec) => {
                self.engine.insert(spec.name.clone(), Status::Running);
                let command = container::Command::RecordStarted {
                    generation,
                    engine_id: format!("e-{}", spec.name),
                };
                self.observed(&spec.name, "start", command);
                let started = self.ledger.now;
                self.play(&spec.name, &spec.session, started, None);
            }
            Step::RecordStarted { name, engine_id } => {
                let command = container::Command::RecordStarted {
                    generation,
                    engine_id,
                };
                self.observed(&name, "start", command);
            }
            Step::RecordExited { name, exit } => {
                let command = container::Command::RecordExited { generation, exit };
                self.observed(&name, "end", command);
            }
            Step::RecordLost { name } => {
                let command = container::Command::RecordLost {
                    generation,
                    reason: "it is not there any more".to_owned(),
                };
                self.observed(&name, "end", command);
            }
            Step::Stop { name, .. } => self.stop(&name),
            Step::Remove { name } => {
                self.engine.remove(&name);
                let command = container::Command::RecordRemoved { generation };
                self.observed(&name, "remove", command);
            }
            Step::RemoveOrphan { name } => drop(self.engine.remove(&name)),
        }
    }

    fn observed(&mut self, name: &ContainerName, what: &str, command: container::Command) {
        let id = step_id(&self.ledger.projections, name, what);
        self.send(&Letter {
            stream: StreamId::Container(name.project.clone(), name.n),
            command: AnyCommand::Container(command),
            id,
            cause: Cause::first(Principal::Node("engine".into()), id),
            preconditions: vec![],
        });
    }
}

fn admits(command: &AnyCommand, wanted: events::id::Digest) -> bool {
    match command {
        AnyCommand::Backlog(events::backlog::Command::Admit { batch, .. }) => *batch == wanted,
        _ => false,
    }
}
