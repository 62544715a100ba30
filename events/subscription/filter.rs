//! Which events a subscription is about.

use serde::{Deserialize, Serialize};

use crate::bounds::NAME_MAX;
use crate::envelope::Envelope;
use crate::id::ProjectName;
use crate::stream::StreamId;

/// Kinds of event that one filter may name.
pub const KINDS_MAX: usize = 32;

/// Which events are wanted. Those of subscriptions themselves never are: acknowledging would bring
/// the next.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Filter {
    /// Only those of this project.
    pub project: Option<ProjectName>,
    /// Only these names, `noun.verb`; empty for all.
    pub kinds: Vec<String>,
}

impl Filter {
    pub(super) fn is_large(&self) -> bool {
        self.kinds.len() > KINDS_MAX || self.kinds.iter().any(|kind| kind.len() > NAME_MAX)
    }

    /// Whether an event is wanted.
    pub fn wants(&self, envelope: &Envelope) -> bool {
        let project = self.project.is_none() || envelope.stream.project() == self.project.as_ref();
        let kind = self.kinds.is_empty() || self.kinds.iter().any(|kind| *kind == envelope.kind);
        project && kind && !matches!(envelope.stream, StreamId::Subscription(_))
    }
}
