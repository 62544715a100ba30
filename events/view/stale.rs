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
        let settled = |id: &FeatureId| {
            self.feature(id)
                .is_none_or(|known| matches!(known.stage, Stage::Closed { .. } | Stage::Withdrawn))
        };

        if !self.feature(id).is_some_and(|known| known.is_closed()) {
            return vec![];
        }

        let rests = self
            .backlog
            .state
            .dependencies(id)
            .filter(|on| !settled(on))
            .map(|on| format!("it rests on {on}, which is open again"));
        rests.chain(self.changed_since(id)).collect()
    }

    fn changed_since(&self, id: &FeatureId) -> Option<String> {
        let merge_queue = &self.merge_queue.state;
        let landed = merge_queue.landed.get(id)?;
        let since = self.registered().map_or(landed.at, |registered| {
            registered.progress.looked.max(landed.at)
        });
        let newer = |path: &&String| merge_queue.touched.get(*path).is_some_and(|at| *at > since);
        let changed: Vec<&str> = landed
            .files
            .iter()
            .filter(newer)
            .map(String::as_str)
            .collect();
        let named = changed
            .iter()
            .take(NAMED_MAX)
            .copied()
            .collect::<Vec<_>>()
            .join(", ");
        let more = changed.len().saturating_sub(NAMED_MAX);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };

        (!changed.is_empty()).then(|| format!("later work changed {named}{more}"))
    }
}
