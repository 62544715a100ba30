//! The person and the outside: what an operator may do at any time, what may go away under a
//! server, and what is done about a need.

use events::backlog;
use events::codec::EventCodec;
use events::container::{self, SlotState};
use events::envelope::Envelope;
use events::evidence::Evidence;
use events::feature::{self, Stage};
use events::holder::Holder;
use events::id::{FeatureId, SlotNo};
use events::merge_queue;
use events::outcome::Outcome;
use events::policy::{AnyCommand, integrate};
use events::project::{self};
use events::stream::StreamId;
use events::view::{Need, Remedy};

use super::model::{Answer, Bad, Health, Model, name};
use crate::liveness::Liveness;
use crate::ports::engine::Status;
use events::container::Exit;

impl Model {
    /// One thing happens.
    pub(super) fn step(&mut self) {
        match self.chance.below(100) {
            0..45 => self.policy(),
            45..65 => {
                let steps = self.steps().0;
                if let Some(step) = self.chance.pick(&steps).cloned() {
                    self.reconcile(step);
                }
            }
            65..83 => {
                let at_work = self.at_work();
                if let Some((container, session)) = self.chance.pick(&at_work).cloned() {
                    self.agent(&container, &session);
                }
            }
            83..90 => self.operate(),
            90..92 => self.outsider(),
            92..94 => self.taken_away(),
            94..99 => {
                let ms = [200, 5_000, 20_000, 70_000]
                    [usize::try_from(self.chance.below(4)).unwrap_or_default()];
                self.now = self.now.plus_ms(ms);
            }
            _ => self.restart(),
        }
    }

    fn policy(&mut self) {
        let late = !self.late.is_empty() && self.chance.percent(30);
        if late {
            let (owed, looked) = self.late.remove(0);
            self.perform(owed, looked);
            return;
        }

        let due = self.due();
        let Some(owed) = self.chance.pick(&due.owed).cloned() else {
            return;
        };

        if self.chance.percent(15) {
            self.late.push((owed, due.looked));
        } else {
            self.perform(owed, due.looked);
        }
    }

    /// The server ends at once and starts again: what was not recorded is not known.
    fn restart(&mut self) {
        self.late.clear();
        self.refused.clear();
        self.liveness = Liveness::new(self.now);
    }

    /// A container ends or vanishes by itself.
    fn taken_away(&mut self) {
        let at_work = self.at_work();
        let Some((container, session)) = self.chance.pick(&at_work).cloned() else {
            return;
        };

        let slot = self.view().slot(container.n);

        // Before its session began it is a start that failed.
        let (works, stopped) = slot.map_or((false, false), |b| {
            let begun = matches!(b.state, SlotState::Running { begun: true, .. });
            (begun && b.works_for(&session), b.is_interrupted())
        });
        let job = slot.and_then(|b| b.job().cloned());
        let running = self.view().registered().is_some_and(|r| r.is_running());

        if let Some(id) = job
            .and_then(|j| j.feature)
            .filter(|_| works && !stopped && running)
        {
            self.bad.entry(id).or_default().lost += 1;
        }
        if self.chance.percent(50) {
            self.engine.remove(&container);
        } else {
            let exit = Exit::with_code(Some(137));
            self.engine.insert(container, Status::Exited(exit));
        }
    }

    fn slot(&mut self) -> StreamId {
        let n = 1 + u16::try_from(self.chance.below(3)).unwrap_or_default();
        StreamId::Container(name(), SlotNo(n))
    }

    fn a_feature(&mut self) -> Option<FeatureId> {
        let ids: Vec<_> = self.view().known().map(|(id, ..)| id.clone()).collect();
        self.chance.pick(&ids).cloned()
    }

    /// Something that an operator may do.
    fn operate(&mut self) {
        let by = || "me".to_owned();

        match self.chance.below(16) {
            0..3 => drop(self.start()),
            3..5 => drop(self.tell_project(project::Command::Stop { by: by() })),
            5 => drop(self.tell_project(project::Command::Drain { by: by() })),
            6 => {
                let count = u16::try_from(self.chance.below(4)).unwrap_or_default();
                self.tell_project(project::Command::SetTarget { count });
            }
            7 => {
                let slot = self.slot();
                let command = container::Command::Withhold { by: by() };
                self.request(&slot, AnyCommand::Container(command));
            }
            8 => {
                let slot = self.slot();
                let command = container::Command::Reinstate { by: by() };
                self.request(&slot, AnyCommand::Container(command));
            }
            9 => {
                let slot = self.slot();
                let command = container::Command::Interrupt { by: by() };
                self.request(&slot, AnyCommand::Container(command));
            }
            10 => self.undo_something(),
            11 => drop(self.tell_project(project::Command::AskInitialization)),
            12 => {
                if let Some(id) = self.a_feature() {
                    self.tell_feature(&id, feature::Command::Requeue { by: by() });
                }
            }
            13 => self.withdraw_something(),
            _ => {
                if self.view().known().count() < 12 {
                    self.add_features(1);
                }
            }
        }
    }

    pub(super) fn start(&mut self) -> Answer {
        let has_features = !self.view().backlog.state.ids.is_empty();
        self.tell_project(project::Command::Start {
            by: "me".into(),
            has_features,
        })
    }

    fn tell_feature(&mut self, id: &FeatureId, command: feature::Command) -> Answer {
        let stream = StreamId::Feature(name(), id.clone());
        self.request(&stream, AnyCommand::Feature(command))
    }

    /// Takes a feature out of the backlog, more often than not one that does not exist yet.
    fn withdraw_something(&mut self) {
        let ids = self.view().backlog.state.ids.keys().cloned();
        let unborn: Vec<_> = ids.filter(|id| self.view().feature(id).is_none()).collect();
        let unborn = self.chance.pick(&unborn).cloned();
        let chosen = match self.chance.percent(80) {
            true => unborn,
            false => self.a_feature(),
        };
        let Some(id) = chosen else { return };
        let admitted = self.view().feature(&id).is_none();

        let left = self.tell_feature(&id, feature::Command::Withdraw { by: "me".into() });
        if admitted || left == Answer::Recorded {
            let command = backlog::Command::Withdraw { id };
            self.request(&StreamId::Backlog(name()), AnyCommand::Backlog(command));
        }
    }

    fn undo_something(&mut self) {
        if let Some(id) = self.a_feature() {
            self.undo(&id);
        }
    }

    fn undo(&mut self, id: &FeatureId) -> Answer {
        let Some(kind) = integrate::undoing(self.view(), id) else {
            return Answer::Refused("not_merged".into());
        };
        let command = merge_queue::Command::Enqueue { kind, priority: 0 };
        self.request(
            &StreamId::MergeQueue(name()),
            AnyCommand::MergeQueue(command),
        )
    }

    /// Somebody outside claims, hands in, gives back or goes silent; or pushes to upstream.
    fn outsider(&mut self) {
        if self.chance.percent(30) {
            self.upstream = Some(self.commit("theirs"));
            return;
        }

        if self.chance.percent(30) {
            match self.broken {
                Some(_) => self.broken = None,
                None => self.breaks(),
            }
            return;
        }

        if self.chance.percent(10) {
            let ill = [Health::Barren, Health::Fleeting, Health::Away];
            self.health = match self.health {
                Health::Well => self.chance.pick(&ill).copied().unwrap_or(Health::Well),
                Health::Barren | Health::Fleeting | Health::Away => Health::Well,
            };
            return;
        }

        let Some(id) = self.a_feature() else { return };
        let Some(known) = self.view().feature(&id) else {
            return;
        };

        let epoch = known.epoch;
        let mine = matches!(
            &known.stage,
            Stage::Claimed {
                holder: Holder::Outside { .. },
                ..
            }
        );
        let running = self.view().registered().is_some_and(|r| r.is_running());
        let command = match (mine, self.chance.below(3)) {
            (true, 0) => {
                self.bad.entry(id.clone()).or_default().tries += 1;
                feature::Command::Release {
                    epoch,
                    outcome: Outcome::GivenBack,
                    detail: "no".into(),
                }
            }
            (true, _) => {
                let sha = self.commit("outside");
                let base = self.view().merge_queue.state.head.clone();
                feature::Command::Submit { epoch, sha, base }
            }
            (false, _) if running && self.view().ready().any(|ready| *ready == id) => {
                let holder = Holder::Outside {
                    principal: "ann".into(),
                };
                feature::Command::Claim { holder }
            }
            (false, _) => return,
        };
        self.tell_feature(&id, command);
    }

    /// Does what a need asks for.
    pub(super) fn remedy(&mut self, need: &Need) -> Result<(), String> {
        let by = || "me".to_owned();

        let answer = match &need.remedy {
            // Where nothing is left to do it is all the same whether the project runs.
            Remedy::Mend | Remedy::Stop => Answer::Recorded,
            Remedy::Start => self.start(),
            Remedy::ResumeQueue => self.request(
                &StreamId::MergeQueue(name()),
                AnyCommand::MergeQueue(merge_queue::Command::Unhalt),
            ),
            Remedy::Retry => self.tell_project(project::Command::AskProbe { by: by() }),
            Remedy::SetTarget => self.tell_project(project::Command::SetTarget { count: 1 }),
            Remedy::Initialize => self.tell_project(project::Command::AskInitialization),
            Remedy::Approve { entry } => {
                let command = merge_queue::Command::ApproveChange {
                    entry: *entry,
                    by: by(),
                };
                self.request(
                    &StreamId::MergeQueue(name()),
                    AnyCommand::MergeQueue(command),
                )
            }
            Remedy::Undo { feature } => self.undo(feature),
            Remedy::Requeue { feature } => {
                self.bad.remove(feature);
                self.tell_feature(feature, feature::Command::Requeue { by: by() })
            }
            Remedy::Answer { feature } => self.tell_feature(
                feature,
                feature::Command::Answer {
                    by: by(),
                    text: "That one.".into(),
                },
            ),
            Remedy::Reinstate { slot } => {
                let stream = StreamId::Container(name(), *slot);
                let command = container::Command::Reinstate { by: by() };
                self.request(&stream, AnyCommand::Container(command))
            }
            other => Answer::Refused(format!("this model does not know {other:?}")),
        };
        match answer {
            Answer::Recorded => Ok(()),
            Answer::Refused(why) => Err(why),
        }
    }

    /// Looks at every fact as it is recorded: quarantine is right only where that feature's own
    /// agents were bad, and no agent that is bad in one way is given the feature for ever.
    pub(super) fn judge(&mut self, envelope: &Envelope) {
        let StreamId::Feature(_, id) = &envelope.stream else {
            self.note_red(envelope);
            return;
        };

        let bad = self.bad.get(id).copied().unwrap_or_default();

        match &*envelope.kind {
            "feature.requeued" | "feature.reopened" => drop(self.bad.remove(id)),
            "feature.submitted" => self.bad.entry(id.clone()).or_default().reviewers = 0,
            "feature.merge_rejected" => self.judge_rejection(id, envelope),
            "feature.quarantined" if !is_deserved(bad) => {
                self.fault = Some("a feature is quarantined whose own agents were not bad".into());
            }
            "feature.claimed" if bad.full > 3 => {
                self.fault = Some("a feature is claimed again after 4 full contexts".into());
            }
            "feature.claimed" if bad.spent > 1 => {
                self.fault = Some("a feature is claimed again after 2 spent budgets".into());
            }
            "feature.claimed" if bad.lost > 5 => {
                self.fault = Some("a feature is claimed again after 6 lost sessions".into());
            }
            _ => {}
        }
    }

    /// Keeps the tree of the newest red judgement: the rejection of its feature follows.
    fn note_red(&mut self, envelope: &Envelope) {
        let decoded =
            merge_queue::Event::decode(&envelope.kind, envelope.schema, &envelope.payload);
        if let (StreamId::MergeQueue(_), Ok(merge_queue::Event::VerificationFailed(failed))) =
            (&envelope.stream, decoded)
            && let Evidence::Ran { tree, .. } = failed.evidence
        {
            self.last_red = Some(tree);
        }
    }

    /// Only work that is really red is sent back as red: no single outage and no single mishap is
    /// charged to good work.
    fn judge_rejection(&mut self, id: &FeatureId, envelope: &Envelope) {
        let decoded = feature::Event::decode(&envelope.kind, envelope.schema, &envelope.payload);
        let Ok(feature::Event::MergeRejected(rejected)) = decoded else {
            return;
        };

        let rotten = self.rotten.contains(&(id.clone(), rejected.epoch));
        let unlucky = self
            .last_red
            .as_ref()
            .and_then(|tree| self.mishaps.get(tree));

        let excused = rotten || unlucky.is_some_and(|mishaps| mishaps.len() > 1);
        if rejected.fault == feature::event::MergeFault::Red && !excused {
            self.fault = Some("good work is sent back as red".into());
        }

        self.bad.entry(id.clone()).or_default().conflicts += 1;
    }
}

fn is_deserved(bad: Bad) -> bool {
    bad.tries >= 3
        || bad.full >= 3
        || bad.spent >= 1
        || bad.lost >= 3
        || bad.rejected + bad.conflicts >= 5
        || bad.reviewers >= 3
}
