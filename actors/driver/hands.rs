//! The hands: what is owed is performed against the model's git, and the steps of the reconciler
//! against its engine.

use events::cause::{Cause, Principal};
use events::claims::pick::{Pick, pick};
use events::container::{self, Class, Exit};
use events::feature;
use events::id::{Digest, Epoch, FeatureId, Sha};
use events::merge_queue::{self, Candidate, Changes};
use events::policy::{AnyCommand, Effect, Owed, owed};
use events::project;
use events::stream::{Position, StreamId};

use super::model::{Answer, Health, Model, name};
use crate::admissions::admission;
use crate::claims::queue::Asking;
use crate::containers::plan::{Step, plan};
use crate::containers::reconciler::step_id;
use crate::effects::ids::{act_id, build_key, publish_key};
use crate::effects::merge_plan::{answered, halt, moved, publication, spec};
use crate::ports::PortError;
use crate::ports::engine::{ContainerName, Seen, Status};
use crate::ports::repo::{Base, Built, Looked, MergeSpec};
use crate::prompt_context::prompt_context;

/// What a look at the projections found.
pub(super) struct Due {
    pub(super) owed: Vec<Owed>,
    pub(super) looked: Position,
    pub(super) wake: Option<events::id::Timestamp>,
}

impl Model {
    /// What is owed now and was not turned down on this very ground.
    pub(super) fn due(&mut self) -> Due {
        let observed = self.liveness.observed(self.now, &[], &[]);
        let agenda = owed(self.view(), &observed);
        let position = self.view().position;
        let fresh = agenda
            .owed
            .into_iter()
            .map(|(owed, _)| owed)
            .filter(|owed| self.refused.get(&owed.key()) != Some(&position));

        Due {
            owed: fresh.collect(),
            looked: position,
            wake: agenda.wake,
        }
    }

    /// Performs something owed.
    pub(super) fn perform(&mut self, owed: Owed, looked: Position) {
        let (key, position) = (owed.key(), self.view().position);

        let answer = match owed {
            Owed::Tell(tell) => self.send(
                &tell.stream.clone(),
                tell.command,
                tell.id,
                tell.cause,
                &tell.preconditions,
            ),
            Owed::Do(effect) => self.act(effect),
        };
        if answer != Answer::Recorded || self.view().position == position {
            self.refused.insert(key, looked);
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each effect")]
    fn act(&mut self, effect: Effect) -> Answer {
        match effect {
            Effect::Clone { attempt, .. } => {
                let command = if self.fails(10) {
                    let reason = "it does not answer".into();
                    project::Command::FailClone { reason }
                } else {
                    let (branch, head) = ("main".into(), self.upstream.clone());
                    project::Command::RecordClone {
                        branch,
                        head,
                        setup: None,
                    }
                };
                let key = ["clone", &attempt.to_string()];
                self.did(
                    StreamId::Project(name()),
                    AnyCommand::Project(command),
                    &key,
                )
            }
            Effect::Admit { batch } => {
                let Some(items) = self.batches.get(&batch) else {
                    return Answer::Refused("no batch".into());
                };
                match admission(self.view(), batch, items, batch) {
                    Ok(command) => self.did(
                        StreamId::Backlog(name()),
                        AnyCommand::Backlog(command),
                        &["admit", &batch.to_string()],
                    ),
                    Err(why) => Answer::Refused(why.to_string()),
                }
            }
            Effect::Create {
                id,
                origin,
                blockers,
            } => {
                let index = usize::try_from(origin.index).unwrap_or_default();
                let item = self.batches[&origin.batch].items[index].clone();
                let command = feature::Command::Create {
                    content: item.content,
                    batch: origin.batch,
                    blockers,
                    born: item.born,
                    comments: item.comments,
                };
                self.did(
                    StreamId::Feature(name(), id),
                    AnyCommand::Feature(command),
                    &["create"],
                )
            }
            Effect::ClaimFor {
                n,
                version,
                feature,
            } => self.claim_for(n, version, feature),
            Effect::Assign { grant, version } => {
                let Some((_, mut assignment)) = prompt_context(self.view(), &grant) else {
                    return Answer::Refused("no brief".into());
                };
                assignment.prompt_digest = Digest::of(b"prompt");
                let assignment = Box::new(assignment);
                let session = grant.slot_session.session.to_string();
                let key = ["assign", session.as_str(), &version.0.to_string()];
                let stream = StreamId::Container(name(), grant.slot_session.n);
                let command = container::Command::Assign { assignment };
                self.did(stream, AnyCommand::Container(command), &key)
            }
            Effect::Secure {
                feature,
                epoch,
                reported,
            } => self.secure(feature, epoch, reported),
            Effect::Build { entry, .. } => self.build(entry),
            Effect::Probe { base } => {
                let command = merge_queue::Command::RecordProbe {
                    base: base.clone(),
                    collisions: vec![],
                };
                self.did(
                    StreamId::MergeQueue(name()),
                    AnyCommand::MergeQueue(command),
                    &[
                        "probe",
                        base.as_str(),
                        &self.view().merge_queue.version.to_string(),
                    ],
                )
            }
            Effect::Publish { entry, .. } => self.publish(entry),
        }
    }

    /// Whether something outside fails now: never in quiet.
    pub(super) fn fails(&mut self, percent: u64) -> bool {
        self.chance.percent(percent) && !self.calm
    }

    /// Records the outcome of an effect, under the id that the real hands would give it.
    fn did(&mut self, stream: StreamId, command: AnyCommand, key: &[&str]) -> Answer {
        // The server may end between the act and its record.
        if self.fails(5) {
            return Answer::Refused("ended before the record".into());
        }
        let id = act_id(&stream, key);
        let cause = Cause::first(Principal::Policy("effects".into()), id);
        self.send(&stream, command, id, cause, &[])
    }

    fn claim_for(
        &mut self,
        n: events::id::SlotNo,
        version: events::stream::Version,
        wanted: Option<FeatureId>,
    ) -> Answer {
        let none = std::collections::BTreeSet::new();
        let picked = pick(self.view(), wanted.as_ref(), &none, self.now);
        let Ok(Pick::Feature(picked)) = picked else {
            return Answer::Refused("nothing is ready".into());
        };

        let claiming = Asking::of_slot(&name(), (n, version), wanted).claiming(&picked);
        let (command, request) = (AnyCommand::Feature(claiming.command), claiming.request);
        let (id, cause) = (request.id, request.cause);
        self.send(&claiming.stream, command, id, cause, &request.preconditions)
    }

    fn secure(&mut self, feature: FeatureId, epoch: Epoch, reported: bool) -> Answer {
        let sha = self.pushed.get(&(feature.clone(), epoch)).cloned();
        let command = if reported {
            feature::Command::SecureWork { epoch, sha }
        } else {
            feature::Command::LoseWork {
                epoch,
                last_sha: sha,
                why: "it vanished".into(),
            }
        };

        let key = ["secure", &epoch.to_string()];

        self.did(
            StreamId::Feature(name(), feature),
            AnyCommand::Feature(command),
            &key,
        )
    }

    fn built(&mut self, spec: &MergeSpec) -> Result<Built, PortError> {
        if self.fails(5) {
            return Err(PortError::Transient("Connection refused".into()));
        }

        if spec.on == Base::Upstream && spec.base != self.upstream {
            return Ok(Built::Moved(Looked::At(self.upstream.clone())));
        }

        if self.fails(8) && spec.base.is_some() {
            return Ok(Built::Conflict {
                paths: vec!["page".into()],
                why: "it does not merge".into(),
            });
        }

        let named = format!("{} {:?} {:?}", spec.entry, spec.base, spec.work);
        let hex: String = Digest::of(named.as_bytes())
            .to_string()
            .chars()
            .take(40)
            .collect();
        let sha: Sha = hex.parse().expect("40 hex digits");
        let protected = if self.fails(5) {
            vec!["Makefile".into()]
        } else {
            vec![]
        };

        let changes = Changes {
            files: vec!["page".into()],
            protected,
            ..Changes::default()
        };
        let (base, tree) = (spec.base.clone(), sha.clone());

        Ok(Built::Candidate(Candidate { base, sha, tree }, changes))
    }

    fn build(&mut self, entry: u64) -> Answer {
        let version = self.view().merge_queue.version;
        let Some((spec, _, _)) = spec(self.view(), entry, self.now) else {
            return Answer::Refused("nothing to build".into());
        };

        let built = self.built(&spec);
        let Some(command) = answered(self.view(), &spec, built) else {
            return Answer::Refused("no tip".into());
        };
        let key = build_key(&spec, version);
        let key: Vec<&str> = key.iter().map(String::as_str).collect();

        self.did(
            StreamId::MergeQueue(name()),
            AnyCommand::MergeQueue(command),
            &key,
        )
    }

    fn publish(&mut self, entry: u64) -> Answer {
        let Some(publication) = publication(self.view(), entry) else {
            return Answer::Refused("nothing to publish".into());
        };

        let (front, candidate) = (publication.front, publication.candidate);
        let command = if self.fails(10) {
            let error = PortError::Transient("Connection refused".into());
            halt("publishing", &error)
        } else if self.upstream.as_ref() == Some(&candidate.sha) {
            merge_queue::Command::RecordAdvanced { entry }
        } else if self.upstream != candidate.base {
            moved(
                front,
                candidate.base.clone(),
                Looked::At(self.upstream.clone()),
            )
        } else {
            self.upstream = Some(candidate.sha.clone());
            merge_queue::Command::RecordAdvanced { entry }
        };

        let key = publish_key(self.view().merge_queue.version, &candidate);
        let key: Vec<&str> = key.iter().map(String::as_str).collect();

        self.did(
            StreamId::MergeQueue(name()),
            AnyCommand::MergeQueue(command),
            &key,
        )
    }

    /// The steps that bring engine and projections together now.
    pub(super) fn steps(&self) -> (Vec<Step>, Option<events::id::Timestamp>) {
        if self.health == Health::Away {
            return (vec![], None);
        }

        let seen: Vec<Seen> = self
            .engine
            .iter()
            .map(|(name, status)| Seen {
                name: name.clone(),
                engine_id: format!("e-{name}"),
                status: status.clone(),
            })
            .collect();
        let own = events::own_time::OwnTime::new(self.now, &[], &[]);
        let plan = plan(&self.projections, &seen, &own);

        (plan.steps, plan.wake)
    }

    /// Takes one step of the reconciler; answers whether anything came of it.
    pub(super) fn reconcile(&mut self, step: Step) -> bool {
        let position = self.projections.position;
        let generation = step.name().generation;

        match step {
            _ if self.health == Health::Away => return false,
            Step::Start(spec) if self.health == Health::Barren || self.fails(10) => self.observed(
                &spec.name,
                "start",
                container::Command::RecordStartFailed {
                    generation,
                    class: Class::Image,
                    detail: "it is missing".into(),
                },
            ),
            Step::Start(spec) => {
                let status = match self.health {
                    Health::Fleeting => Status::Exited(Exit::with_code(Some(1))),
                    Health::Well | Health::Barren | Health::Away => Status::Running,
                };
                self.engine.insert(spec.name.clone(), status);
                let engine_id = format!("e-{}", spec.name);
                let command = container::Command::RecordStarted {
                    generation,
                    engine_id,
                };
                self.observed(&spec.name, "start", command);
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
                    reason: "not listed".into(),
                };
                self.observed(&name, "end", command);
            }
            Step::Stop { name, grace_ms } => self.end_container(&name, grace_ms > 0),
            Step::Remove { name } => {
                self.engine.remove(&name);
                let command = container::Command::RecordRemoved { generation };
                self.observed(&name, "remove", command);
                return self.projections.position != position;
            }
            Step::RemoveOrphan { name } => drop(self.engine.remove(&name)),
        }

        true
    }

    fn end_container(&mut self, container: &ContainerName, asked: bool) {
        let session = crate::containers::plan::session_at(&self.projections, container);
        if let Some(session) = session.filter(|_| asked) {
            self.stopped.insert(session.clone());
            if !self.chance.percent(30) {
                self.interrupted(&session);
            }
        }
        let exit = Exit::with_code(Some(0));
        self.engine.insert(container.clone(), Status::Exited(exit));
    }

    fn observed(&mut self, container: &ContainerName, what: &str, command: container::Command) {
        if self.fails(5) {
            return;
        }
        let stream = StreamId::Container(name(), container.n);
        let id = step_id(&self.projections, container, what);
        let cause = Cause::first(Principal::Node("engine".into()), id);
        self.send(&stream, AnyCommand::Container(command), id, cause, &[]);
    }
}
