//! A log written by hand, for tests: events of one project, one second apart, folded into the
//! projections. The tests of `actors` use this file as well.

use events::cause::{Cause, Principal};
use events::codec::EventCodec;
use events::envelope::Envelope;
use events::feature::{self, Content};
use events::holder::{Holder, Role};
use events::id::{CommandId, Digest, Epoch, FeatureId, SessionId, Sha, SlotNo, Timestamp};
use events::settings::Settings;
use events::stream::{Position, StreamId, Version};
use events::view::{ProjectView, Projections};
use events::{backlog, container, merge_queue, project};

/// What happened so far, and who does what comes next.
pub(crate) struct Scene {
    pub(crate) projections: Projections,
    pub(crate) position: u64,
    /// Every event, as it was recorded.
    pub(crate) log: Vec<Envelope>,
    by: Principal,
}

impl Scene {
    /// Nothing happened yet.
    pub(crate) fn new() -> Self {
        Self {
            projections: Projections::default(),
            position: 0,
            log: Vec::new(),
            by: Principal::Operator("me".into()),
        }
    }

    /// A project that runs, with an agent for verification and so many slots.
    pub(crate) fn running(target: u16) -> Self {
        let mut scene = Self::new();
        let settings = Settings {
            verify: Some("make test".into()),
            ..Settings::default()
        };
        let registered = project::event::Registered {
            git_url: "/up".into(),
            kind: project::ProjectKind::Existing,
        };
        let cloned = project::event::Cloned {
            branch: "main".into(),
            head: Some(sha('0')),
            setup: None,
        };
        let changed = project::event::SettingsChanged {
            settings: Box::new(settings),
        };
        let opened = merge_queue::event::Opened {
            branch: "main".into(),
            head: Some(sha('0')),
        };

        scene.project(registered).project(cloned).project(changed);
        scene.project(project::event::TargetSet { count: target });
        scene.project(project::event::Started { by: "me".into() });
        scene.queue(opened);
        for n in 1..=target {
            let stream = format!("container-z/{n}");
            scene.add::<container::Event>(&stream, container::event::Enlisted {});
        }
        scene
    }

    /// Adds an event of this stream, as it is named in the log.
    pub(crate) fn add<E: EventCodec>(&mut self, stream: &str, event: impl Into<E>) -> &mut Self {
        let event: E = event.into();
        let stream: StreamId = stream.parse().expect("stream");
        self.position += 1;
        let id = CommandId(u128::from(self.position).to_be_bytes());
        let envelope = Envelope {
            position: Position(self.position),
            version: Version(self.version(&stream).0 + 1),
            stream,
            kind: event.kind().name.into(),
            schema: event.kind().schema,
            at: self.now(),
            cause: Cause::first(self.by.clone(), id),
            command: id,
            trace: None,
            payload: event.encode(),
            digest: Digest::default(),
        };
        self.projections.apply(&envelope).expect("known event");
        self.log.push(envelope);

        self
    }

    /// Where a stream stands.
    pub(crate) fn version(&self, stream: &StreamId) -> Version {
        let view = stream
            .project()
            .and_then(|name| self.projections.projects.get(name));

        let version = match stream {
            StreamId::Project(_) => view.map(|view| view.project.version),
            StreamId::Backlog(_) => view.map(|view| view.backlog.version),
            StreamId::MergeQueue(_) => view.map(|view| view.merge_queue.version),
            StreamId::Feature(_, id) => view
                .and_then(|view| view.features.get(id))
                .map(|tracked| tracked.version),
            StreamId::Container(_, n) => view
                .and_then(|view| view.slots.get(n))
                .map(|tracked| tracked.version),
            StreamId::Node(_) | StreamId::Subscription(_) => None,
        };
        version.unwrap_or_default()
    }

    /// When the newest event was recorded.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp(i64::try_from(self.position).expect("small") * 1_000_000)
    }

    /// Whoever does what comes next.
    pub(crate) fn by(&mut self, by: Principal) -> &mut Self {
        self.by = by;
        self
    }

    /// Adds an event of the project.
    pub(crate) fn project(&mut self, event: impl Into<project::Event>) -> &mut Self {
        self.add::<project::Event>("project-z", event)
    }

    /// Adds an event of the merge queue.
    pub(crate) fn queue(&mut self, event: impl Into<merge_queue::Event>) -> &mut Self {
        self.add::<merge_queue::Event>("trunk-z", event)
    }

    /// Adds an event of a feature.
    pub(crate) fn of(&mut self, id: &str, event: impl Into<feature::Event>) -> &mut Self {
        self.add::<feature::Event>(&format!("feature-z/{id}"), event)
    }

    /// Adds an event of a slot.
    pub(crate) fn slot(&mut self, n: u16, event: impl Into<container::Event>) -> &mut Self {
        self.add::<container::Event>(&format!("container-z/{n}"), event)
    }

    /// A feature that is ready to be claimed.
    pub(crate) fn feature(&mut self, id: &str, priority: u8) -> &mut Self {
        let content = Content {
            priority,
            ..Content::titled(id)
        };
        self.admitted(id).of(
            id,
            feature::event::Created {
                content,
                batch: Digest::of(id.as_bytes()),
                blockers: vec![],
            },
        )
    }

    /// A feature that is in the backlog and does not exist yet.
    pub(crate) fn admitted(&mut self, id: &str) -> &mut Self {
        let admitted = backlog::event::Admitted {
            batch: Digest::of(id.as_bytes()),
            ids: vec![feature(id)],
            edges: vec![],
            more: false,
        };
        self.add::<backlog::Event>("backlog-z", admitted)
    }

    /// The first claim of a feature, by this session at slot 1.
    pub(crate) fn claimed(&mut self, id: &str, session: &SessionId) -> &mut Self {
        let holder = Holder::Slot {
            n: SlotNo(1),
            session: session.clone(),
        };
        let epoch = Epoch(1);
        self.of(id, feature::event::Claimed { epoch, holder })
    }

    /// The project.
    pub(crate) fn view(&self) -> &ProjectView {
        let mut all = self.projections.projects.values();
        all.next().expect("a project")
    }
}

/// A job of a role at the first claim of a feature.
pub(crate) fn job(session: &SessionId, role: Role, id: Option<&str>) -> container::Assignment {
    container::Assignment {
        session: session.clone(),
        role,
        feature: id.map(feature),
        epoch: id.map(|_| Epoch(1)),
        sha: None,
        agent: None,
        prompt_digest: Digest::of(b"p"),
    }
}

/// A feature's id.
pub(crate) fn feature(id: &str) -> FeatureId {
    id.parse().expect("a feature's id")
}

/// A commit of one digit.
pub(crate) fn sha(c: char) -> Sha {
    c.to_string().repeat(40).parse().expect("a commit")
}

/// A session.
pub(crate) fn session(n: u8) -> SessionId {
    SessionId::from_bytes([n; 10])
}
