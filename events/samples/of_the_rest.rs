//! Samples of the events of backlogs, nodes and subscriptions.

use super::parts::*;
use crate::id::{Digest, Timestamp};
use crate::own_time::Gap;
use crate::seal::Statement;
use crate::stream::Position;
use crate::{backlog, node, subscription};

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
