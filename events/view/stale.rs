//! Verdicts age: what was reviewed and merged rests on files and on other features, and both may
//! change afterwards.

use crate::feature::Stage;
use crate::id::FeatureId;
use crate::view::projections::ProjectView;

/// Most paths that a reason names.
const NAMED_MAX: usize = 5;

impl ProjectView {
    /// Why what was found about a closed feature may not hold any more; empty while it does. What
    /// an overseer looked at since is fresh.
    pub fn stale(&self, id: &FeatureId) -> Vec<String> {
        match self.feature(id) {
            Some(known) if known.is_closed() => {}
            Some(_) | None => return vec![],
        }

        let mut reasons = vec![];
        for on in self.backlog.state.dependencies(id) {
            if let Some(known) = self.feature(on)
                && !matches!(known.stage, Stage::Closed { .. } | Stage::Withdrawn)
            {
                reasons.push(format!("it rests on {on}, which is open again"));
            }
        }
        reasons.extend(self.changed_since(id));
        reasons
    }

    fn changed_since(&self, id: &FeatureId) -> Option<String> {
        let merge_queue = &self.merge_queue.state;
        let landed = merge_queue.landed.get(id)?;
        let since = match self.registered() {
            Some(registered) => registered.progress.looked.max(landed.at),
            None => landed.at,
        };

        let mut changed: Vec<&str> = vec![];
        for path in &landed.files {
            if let Some(at) = merge_queue.touched.get(path)
                && *at > since
            {
                changed.push(path);
            }
        }
        if changed.is_empty() {
            return None;
        }

        let named = changed[..changed.len().min(NAMED_MAX)].join(", ");
        Some(match changed.len().saturating_sub(NAMED_MAX) {
            0 => format!("later work changed {named}"),
            more => format!("later work changed {named} and {more} more"),
        })
    }
}
