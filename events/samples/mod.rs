//! One sample of every kind of event, for tests that walk them all: golden bytes, bounds, the
//! audit.

mod of_container;
mod of_feature;
mod of_merge_queue;
mod of_project;

pub(crate) use of_container::containers;
pub(crate) use of_feature::features;
pub(crate) use of_merge_queue::merge_queues;
pub(crate) use of_project::projects;

use crate::container::event as c;
use crate::egress::EgressRule;
use crate::evidence::Evidence;
use crate::feature::Content;
use crate::feature::event as f;
use crate::holder::{Holder, Role, SlotSession};
use crate::id::{Digest, Epoch, FeatureId, Generation, SessionId, Sha, SlotNo, Timestamp};
use crate::merge_queue::event as t;
use crate::outcome::Outcome;
use crate::own_time::Gap;
use crate::project::event as p;
use crate::seal::Statement;
use crate::settings::{AgentSpec, ContainerLimits, Dialect, RoleAgents, Settings};
use crate::stream::Position;
use crate::usage::Usage;
use crate::verdict::{Finding, Judgement, Ran, Verdict};
use crate::{backlog, container, feature, merge_queue, node, project, subscription};

fn text(word: &str) -> String {
    word.to_owned()
}

fn id(word: &str) -> FeatureId {
    word.parse().expect("feature id")
}

fn sha(c: char) -> Sha {
    c.to_string().repeat(40).parse().expect("sha")
}

fn session() -> SessionId {
    SessionId::from_bytes([7; 10])
}

fn slot_session() -> SlotSession {
    SlotSession {
        n: SlotNo(3),
        session: session(),
    }
}

fn digest() -> Digest {
    Digest::of(b"sample")
}

fn content() -> Content {
    Content {
        title: text("Sign in"),
        description: text("A form."),
        steps: vec![text("open it")],
        category: text("web"),
        labels: vec![text("auth")],
        priority: 1,
        rank: -4,
        kind: feature::FeatureType::Bug,
    }
}

fn verdict(judgement: Judgement) -> Verdict {
    let finding = Finding {
        path: Some(text("src/a")),
        line: Some(9),
        why: text("no test"),
    };

    Verdict {
        judgement,
        findings: vec![finding],
        ran: vec![Ran {
            command: text("make"),
            exit: 0,
        }],
    }
}

fn settings() -> Settings {
    let agent = AgentSpec {
        dialect: Dialect::Command,
        command: Some(text("agent -p")),
        model: Some(text("m-1")),
        provider: Some(text("local")),
    };
    let rule = EgressRule {
        host: text("*.example.org"),
        port: 80,
        methods: vec![text("GET")],
        path_prefix: Some(text("/pool")),
        private: true,
    };
    let agents = RoleAgents {
        reviewer: Some(AgentSpec::of(Dialect::Script)),
        ..RoleAgents::default()
    };
    let container = ContainerLimits {
        image: Some(text("agents:7")),
        ..ContainerLimits::default()
    };
    let egress = vec![rule];

    Settings {
        agent,
        agents,
        egress,
        container,
        setup: Some(text("npm ci")),
        verify: Some(text("npm test")),
        allow_unverified: true,
        ..Settings::default()
    }
}

fn used() -> c::ModelUsage {
    let usage = Usage {
        requests: 3,
        limited: 1,
        input: 1200,
        output: 80,
        cache_read: 7,
        cache_write: 5,
        micro_usd: 4900,
        unpriced: 0,
    };

    c::ModelUsage {
        provider: text("anthropic"),
        model: text("claude-x"),
        usage,
    }
}

fn denied() -> c::DeniedTarget {
    c::DeniedTarget {
        target: text("example.org:443"),
        count: 2,
    }
}

pub(crate) fn backlogs() -> Vec<backlog::Event> {
    let edge = || backlog::Edge {
        feature: id("feat-b"),
        on: id("feat-a"),
    };

    vec![
        backlog::event::Admitted {
            batch: digest(),
            ids: vec![id("feat-a"), id("feat-b")],
            edges: vec![edge()],
            more: false,
        }
        .into(),
        backlog::event::DependencyAdded { edge: edge() }.into(),
        backlog::event::DependencyRemoved { edge: edge() }.into(),
        backlog::event::Withdrawn { id: id("feat-a") }.into(),
    ]
}

pub(crate) fn nodes() -> Vec<node::Event> {
    let statement = Statement {
        first: Position(1),
        last: Position(4096),
        root: digest(),
        digest: digest(),
    };

    vec![
        node::Started {
            epoch: 3,
            build: text("supercargo 0.1.0"),
            last: None,
        }
        .into(),
        node::Stopped { epoch: 3 }.into(),
        node::Sealed {
            statement,
            key: "ab".repeat(32),
            signature: "cd".repeat(64),
        }
        .into(),
        node::Diverged {
            at: Position(7),
            through: Position(99),
            kept: digest(),
            folded: Digest::of(b"other"),
        }
        .into(),
        node::StoodStill {
            epoch: 3,
            gap: Gap {
                before: Timestamp(5),
                after: Timestamp(90),
            },
        }
        .into(),
    ]
}

pub(crate) fn subscriptions() -> Vec<subscription::Event> {
    let filter = subscription::Filter {
        project: "zoo".parse().ok(),
        kinds: vec![text("feature.closed")],
    };

    vec![
        subscription::Created {
            filter,
            after: Position(5),
        }
        .into(),
        subscription::Acknowledged {
            position: Position(9),
        }
        .into(),
        subscription::Parked {
            position: Position(8),
            why: text("exit 1"),
        }
        .into(),
        subscription::Replayed {
            position: Position(8),
        }
        .into(),
        subscription::Deleted {}.into(),
    ]
}
