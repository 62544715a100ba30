//! Commands that policies owe, and how one is made: its id is derived from its purpose, its subject
//! and the version that it was decided on.

use serde::Serialize;

use crate::cause::{Cause, Principal};
use crate::id::{CommandId, FeatureId, ProjectName, SlotNo};
use crate::stream::{Position, StreamId, Version};
use crate::view::projections::{ProjectView, Tracked};
use crate::{backlog, container, feature, merge_queue, node, project, subscription};

/// A command to one of the aggregates.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "one variant per aggregate")]
pub enum AnyCommand {
    Project(project::Command),
    Backlog(backlog::Command),
    Feature(feature::Command),
    Container(container::Command),
    MergeQueue(merge_queue::Command),
    Node(node::Command),
    Subscription(subscription::Command),
}

impl AnyCommand {
    /// The name of the command, in words: `begin merge`.
    pub fn name(&self) -> String {
        let shown = match self {
            Self::Project(command) => format!("{command:?}"),
            Self::Backlog(command) => format!("{command:?}"),
            Self::Feature(command) => format!("{command:?}"),
            Self::Container(command) => format!("{command:?}"),
            Self::MergeQueue(command) => format!("{command:?}"),
            Self::Node(command) => format!("{command:?}"),
            Self::Subscription(command) => format!("{command:?}"),
        };

        let mut name = String::new();
        for letter in shown.chars().take_while(char::is_ascii_alphanumeric) {
            if letter.is_ascii_uppercase() && !name.is_empty() {
                name.push(' ');
            }
            name.push(letter.to_ascii_lowercase());
        }
        name
    }
}

impl AnyCommand {
    /// The feature whose work it puts into the merge queue, if it does.
    pub(crate) fn enqueues(&self) -> Option<&FeatureId> {
        match self {
            Self::MergeQueue(merge_queue::Command::Enqueue { kind, .. }) => match kind {
                merge_queue::EntryKind::Feature { feature, .. }
                | merge_queue::EntryKind::Revert { feature, .. } => Some(feature),
                merge_queue::EntryKind::Scaffold => None,
            },
            _ => None,
        }
    }
}

/// A command that a policy owes.
#[derive(Debug, Clone)]
pub struct Tell {
    /// Derived: the same owed command has the same id.
    pub id: CommandId,
    /// The stream that it concerns.
    pub stream: StreamId,
    /// The command that is owed.
    pub command: AnyCommand,
    /// What must still hold.
    pub preconditions: Vec<(StreamId, Version)>,
    /// Which policy, after what.
    pub cause: Cause,
}

/// Builds the commands of one policy over one view.
pub(super) struct Teller<'a> {
    pub(super) policy: &'static str,
    pub(super) project: &'a ProjectName,
}

impl<'a> Teller<'a> {
    /// Commands of this policy to the aggregates of one project.
    pub(super) fn of(policy: &'static str, view: &'a ProjectView) -> Self {
        Self {
            policy,
            project: &view.name,
        }
    }

    /// A command to `stream`, decided on `tracked`: its id holds the policy, the stream, its
    /// version and the purpose.
    fn tell<A>(
        &self,
        stream: StreamId,
        tracked: &Tracked<A>,
        purpose: &str,
        command: AnyCommand,
    ) -> Tell {
        let (name, version) = (stream.to_string(), tracked.version.to_string());
        let id =
            CommandId::derived(&[self.policy, self.project.as_str(), &name, &version, purpose]);
        let (causation, correlation) = match tracked.position {
            Position(0) => (None, id),
            position => (Some(position), tracked.correlation),
        };

        let cause = Cause {
            principal: Principal::Policy(self.policy.into()),
            correlation,
            causation,
        };

        Tell {
            id,
            stream,
            command,
            preconditions: vec![],
            cause,
        }
    }

    pub(super) fn project(
        &self,
        view: &ProjectView,
        purpose: &str,
        command: project::Command,
    ) -> Tell {
        self.tell(
            StreamId::Project(self.project.clone()),
            &view.project,
            purpose,
            AnyCommand::Project(command),
        )
    }

    pub(super) fn feature(
        &self,
        view: &ProjectView,
        id: &FeatureId,
        purpose: &str,
        command: feature::Command,
    ) -> Tell {
        let unknown = Tracked::default();
        let tracked = view.features.get(id).unwrap_or(&unknown);

        self.tell(
            StreamId::Feature(self.project.clone(), id.clone()),
            tracked,
            purpose,
            AnyCommand::Feature(command),
        )
    }

    pub(super) fn container(
        &self,
        view: &ProjectView,
        n: SlotNo,
        purpose: &str,
        command: container::Command,
    ) -> Tell {
        let unknown = Tracked::default();
        let tracked = view.slots.get(&n).unwrap_or(&unknown);

        self.tell(
            StreamId::Container(self.project.clone(), n),
            tracked,
            purpose,
            AnyCommand::Container(command),
        )
    }

    pub(super) fn merge_queue(
        &self,
        view: &ProjectView,
        purpose: &str,
        command: merge_queue::Command,
    ) -> Tell {
        self.tell(
            StreamId::MergeQueue(self.project.clone()),
            &view.merge_queue,
            purpose,
            AnyCommand::MergeQueue(command),
        )
    }
}

impl Tell {
    /// The same command, as what follows from the newest event of another stream than its own.
    pub(super) fn follows<A>(mut self, tracked: &Tracked<A>) -> Self {
        self.cause.causation = Some(tracked.position);
        self.cause.correlation = tracked.correlation;
        self
    }

    pub(super) fn given(mut self, stream: StreamId, version: Version) -> Self {
        self.preconditions.push((stream, version));
        self
    }

    pub(super) fn given_project(self, view: &ProjectView) -> Self {
        self.given(StreamId::Project(view.name.clone()), view.project.version)
    }
}
