//! The model: a log with its memory of commands, the projections folded from it, and what is
//! outside of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use events::aggregate::{Aggregate, Refusal};
use events::backlog::{Batch, BatchItem};
use events::cause::{Cause, Principal};
use events::codec::EventCodec;
use events::envelope::Envelope;
use events::feature::Content;
use events::id::{CommandId, Digest, Epoch, FeatureId, ProjectName, SessionId, Sha, Timestamp};
use events::policy::{AnyCommand, Owed};
use events::project::{self, ProjectKind};
use events::settings::{AgentSpec, Dialect, Settings};
use events::stream::{Position, StreamId, Version};
use events::view::{ProjectView, Projections, Tracked};

use super::random::Chance;
use crate::admissions::admission;
use crate::liveness::Liveness;
use crate::ports::engine::{ContainerName, Status};

/// When every run begins, in microseconds: a date in 2023.
const START: i64 = 1_700_000_000_000_000;

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is recorded, now or before.
    Recorded,
    /// It was turned down.
    Refused(String),
}

/// What was really bad about the sessions of a feature since its last fresh start.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bad {
    pub(super) tries: u32,
    pub(super) full: u32,
    pub(super) spent: u32,
    pub(super) lost: u32,
    pub(super) rejected: u32,
    pub(super) conflicts: u32,
    pub(super) reviewers: u32,
}

/// How the engine is, until it is mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Health {
    /// It does what it is asked for.
    Well,
    /// It starts no container.
    Barren,
    /// What it starts ends before its session began.
    Fleeting,
    /// It answers nobody.
    Away,
}

pub(crate) struct Model {
    pub(super) chance: Chance,
    pub(crate) projections: Projections,
    pub(super) now: Timestamp,
    remembered: HashMap<CommandId, Digest>,
    /// What the engine has.
    pub(super) engine: BTreeMap<ContainerName, Status>,
    /// The commit that upstream has.
    pub(super) upstream: Option<Sha>,
    /// Commits drawn so far.
    commits: u64,
    commands: u64,
    pub(super) batches: HashMap<Digest, Batch>,
    /// What was pushed under each claim.
    pub(super) pushed: BTreeMap<(FeatureId, Epoch), Sha>,
    pub(super) liveness: Liveness,
    /// What was turned down, and where the project was then.
    pub(super) refused: BTreeMap<String, Position>,
    /// Things owed that are performed later than they were found.
    pub(super) late: Vec<(Owed, Position)>,
    /// Whether everybody behaves well and nothing fails.
    pub(super) calm: bool,
    /// How the engine is.
    pub(super) health: Health,
    /// How every verification ends, while what it needs is broken or upstream itself is.
    pub(super) broken: Option<i32>,
    /// How often that began.
    pub(super) outages: usize,
    /// Trees that were red once without a reason.
    pub(super) flaked: BTreeSet<Sha>,
    /// Why trees were red that are good: each outage, and a reason of its own for no reason.
    pub(super) mishaps: BTreeMap<Sha, BTreeSet<usize>>,
    /// The tree that was judged red last.
    pub(super) last_red: Option<Sha>,
    /// Claims whose work is really red.
    pub(super) rotten: BTreeSet<(FeatureId, Epoch)>,
    /// What was really bad, by feature.
    pub(super) bad: BTreeMap<FeatureId, Bad>,
    /// Sessions that a person's stop was about to end.
    pub(super) stopped: BTreeSet<SessionId>,
    /// Everything recorded, a line each.
    pub(super) said: Vec<String>,
    /// Everything recorded.
    pub(crate) recorded: Vec<Envelope>,
    /// What must never happen, and did.
    pub(super) fault: Option<String>,
}

pub(crate) fn name() -> ProjectName {
    "z".parse().expect("name")
}

impl Model {
    pub(super) fn new(seed: u64) -> Self {
        let now = Timestamp(START);
        let mut model = Self {
            chance: Chance::new(seed),
            projections: Projections::default(),
            now,
            remembered: HashMap::new(),
            engine: BTreeMap::new(),
            upstream: None,
            commits: 0,
            commands: 0,
            batches: HashMap::new(),
            pushed: BTreeMap::new(),
            liveness: Liveness::new(now),
            refused: BTreeMap::new(),
            late: vec![],
            calm: false,
            health: Health::Well,
            broken: None,
            outages: 0,
            last_red: None,
            mishaps: BTreeMap::new(),
            flaked: BTreeSet::new(),
            rotten: BTreeSet::new(),
            bad: BTreeMap::new(),
            stopped: BTreeSet::new(),
            said: vec![],
            recorded: vec![],
            fault: None,
        };
        model.upstream = Some(model.commit("root"));

        model
    }

    /// A project with features or a spec, started by a person.
    pub(super) fn open(&mut self) {
        let new = self.chance.percent(30);
        let kind = if new {
            ProjectKind::New
        } else {
            ProjectKind::Existing
        };

        self.tell_project(project::Command::Register {
            git_url: "/up".into(),
            kind,
        });
        let settings = Settings {
            agent: AgentSpec::of(Dialect::Script),
            verify: Some("make test".into()),
            batch_max: 1 + u16::try_from(self.chance.below(3)).unwrap_or_default(),
            ..Settings::default()
        };
        self.tell_project(project::Command::ChangeSettings {
            settings: Box::new(settings),
        });
        if self.chance.percent(30) {
            self.breaks();
        }

        let count = 1 + u16::try_from(self.chance.below(3)).unwrap_or_default();
        self.tell_project(project::Command::SetTarget { count });
        if new {
            let digest = Digest::of(b"spec");
            self.tell_project(project::Command::WriteSpec { digest, bytes: 4 });
        } else {
            let items = 1 + self.chance.below(4);
            self.add_features(items);
        }

        self.tell_project(project::Command::Start {
            by: "me".into(),
            has_features: !new,
        });
    }

    /// A project of so many features on which everybody behaves well, started by a person.
    pub(crate) fn well_behaved(features: u64, slots: u16) -> Self {
        let mut model = Self::new(1);
        model.calm = true;
        model.tell_project(project::Command::Register {
            git_url: "/up".into(),
            kind: ProjectKind::Existing,
        });
        let settings = Settings {
            agent: AgentSpec::of(Dialect::Script),
            verify: Some("make test".into()),
            ..Settings::default()
        };
        model.tell_project(project::Command::ChangeSettings {
            settings: Box::new(settings),
        });

        model.tell_project(project::Command::SetTarget { count: slots });
        for _ in 0..features / 10 {
            model.add_features(10);
        }
        let by = "me".into();
        model.tell_project(project::Command::Start {
            by,
            has_features: true,
        });
        model
    }

    /// Upstream is broken, or what the verification calls goes away.
    pub(super) fn breaks(&mut self) {
        self.broken = self.chance.pick(&[1, 127]).copied();
        self.outages += 1;
    }

    pub(super) fn batch(&mut self, items: u64) -> Batch {
        let of = self.commands;
        let titled = (0..items).map(|n| BatchItem {
            key: Some(format!("k{n}")),
            depends_on: if n > 0 && n % 2 == 0 {
                vec![format!("k{}", n - 1)]
            } else {
                vec![]
            },
            ..BatchItem::of(Content::titled(&format!("Feature {of} {n}")))
        });

        Batch {
            prefix: "feat".into(),
            items: titled.collect(),
        }
    }

    /// Keeps a batch where its digest finds it again.
    pub(super) fn keep(&mut self, batch: Batch) -> Digest {
        let digest = Digest::of(&serde_json::to_vec(&batch).expect("json"));
        self.batches.insert(digest, batch);
        digest
    }

    pub(super) fn add_features(&mut self, items: u64) {
        let batch = self.batch(items);
        let digest = self.keep(batch.clone());
        let fresh = ProjectView::new(name());
        let view = self.projections.projects.get(&name()).unwrap_or(&fresh);
        if let Ok(command) = admission(view, digest, &batch, digest) {
            let stream = StreamId::Backlog(name());
            self.request(&stream, AnyCommand::Backlog(command));
        }
    }

    pub(super) fn view(&self) -> &ProjectView {
        self.projections
            .projects
            .get(&name())
            .expect("the project is registered first")
    }

    pub(super) fn commit(&mut self, what: &str) -> Sha {
        self.commits += 1;
        let digest = Digest::of(format!("{what} {}", self.commits).as_bytes()).to_string();
        let hex: String = digest.chars().take(40).collect();
        hex.parse().expect("40 hex digits")
    }

    /// A person's command: its id is drawn.
    pub(super) fn request(&mut self, stream: &StreamId, command: AnyCommand) -> Answer {
        self.commands += 1;
        let id = CommandId::derived(&["person", &self.commands.to_string()]);
        let cause = Cause::first(Principal::Operator("me".into()), id);
        self.send(stream, command, id, cause, &[])
    }

    pub(super) fn tell_project(&mut self, command: project::Command) -> Answer {
        self.request(&StreamId::Project(name()), AnyCommand::Project(command))
    }

    /// What the host of a stream does with a command, and the log with what was decided.
    pub(super) fn send(
        &mut self,
        stream: &StreamId,
        command: AnyCommand,
        id: CommandId,
        cause: Cause,
        preconditions: &[(StreamId, Version)],
    ) -> Answer {
        let letter = Letter {
            stream,
            id,
            cause,
            preconditions,
        };
        let view = self.projections.projects.get(&name()).cloned();
        let view = view.unwrap_or_else(|| ProjectView::new(name()));

        match (&command, stream) {
            (AnyCommand::Project(c), _) => self.decide(&letter, &view.project, c),
            (AnyCommand::Backlog(c), _) => self.decide(&letter, &view.backlog, c),
            (AnyCommand::MergeQueue(c), _) => self.decide(&letter, &view.merge_queue, c),
            (AnyCommand::Feature(c), StreamId::Feature(_, id)) => {
                let tracked = view.features.get(id).cloned().unwrap_or_default();
                self.decide(&letter, &tracked, c)
            }
            (AnyCommand::Container(c), StreamId::Container(_, n)) => {
                let tracked = view.slots.get(n).cloned().unwrap_or_default();
                self.decide(&letter, &tracked, c)
            }
            _ => Answer::Refused("no such stream in this model".into()),
        }
    }

    fn version(&self, stream: &StreamId) -> Version {
        let Some(view) = self.projections.projects.get(&name()) else {
            return Version(0);
        };

        match stream {
            StreamId::Project(_) => view.project.version,
            StreamId::Backlog(_) => view.backlog.version,
            StreamId::MergeQueue(_) => view.merge_queue.version,
            StreamId::Feature(_, id) => {
                view.features.get(id).map(|t| t.version).unwrap_or_default()
            }
            StreamId::Container(_, n) => view.slots.get(n).map(|t| t.version).unwrap_or_default(),
            StreamId::Node(_) | StreamId::Subscription(_) => Version(0),
        }
    }

    fn decide<A: Aggregate>(
        &mut self,
        letter: &Letter<'_>,
        tracked: &Tracked<A>,
        command: &A::Command,
    ) -> Answer {
        let body = Digest::of(&events::codec::to_named(command));
        let before = self.remembered.get(&letter.id).copied();

        let events = match (tracked.state.decide(command, self.now), before) {
            (Ok(events), None) => events,
            (Ok(events), Some(_)) if events.is_empty() => events,
            (_, Some(known)) if known == body => return Answer::Recorded,
            (_, Some(_)) => return Answer::Refused("id_reused".into()),
            (Err(refusal), None) => return Answer::Refused(refusal.code().into()),
        };
        if events.is_empty() {
            return Answer::Recorded;
        }

        for (stream, version) in letter.preconditions {
            if self.version(stream) != *version {
                return Answer::Refused(format!("stale {stream}"));
            }
        }

        self.remembered.insert(letter.id, body);
        for (event, n) in events.iter().zip(1..) {
            self.record(letter, Version(tracked.version.0 + n), event);
        }

        Answer::Recorded
    }

    fn record<E: EventCodec + std::fmt::Debug>(
        &mut self,
        letter: &Letter<'_>,
        version: Version,
        event: &E,
    ) {
        let envelope = Envelope {
            position: Position(self.projections.position.0 + 1),
            stream: letter.stream.clone(),
            version,
            kind: event.kind().name.into(),
            schema: event.kind().schema,
            at: self.now,
            cause: letter.cause.clone(),
            command: letter.id,
            trace: None,
            payload: event.encode(),
            digest: Digest::default(),
        };

        self.said.push(format!(
            "{} {} {} {event:?}",
            envelope.position,
            (self.now.0 - START) / 1_000_000,
            letter.stream
        ));
        self.projections.apply(&envelope).expect("our own event");
        self.judge(&envelope);
        self.recorded.push(envelope);

        // The log takes no two events at one instant.
        self.now = Timestamp(self.now.0 + 1);
    }
}

struct Letter<'a> {
    stream: &'a StreamId,
    id: CommandId,
    cause: Cause,
    preconditions: &'a [(StreamId, Version)],
}
