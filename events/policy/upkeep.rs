//! When something outside is looked after that nobody tells about: upstreams while nothing is
//! queued, and gates.

use std::collections::BTreeSet;

use crate::feature::Stage;
use crate::id::{Digest, FeatureId, Timestamp};
use crate::merge_queue::MergeQueue;
use crate::policy::BACKOFF_MS_MAX;
use crate::project::Registered;
use crate::view::projections::ProjectView;

/// Time between two looks at one upstream, before a fifth is added or taken away.
const LOOK_EVERY_MS: u64 = 60_000;
/// Shortest pause before an upstream in trouble is looked at again.
const TROUBLE_MS_MIN: u64 = 15_000;
/// What was seen of upstream counts for so long.
const SEEN_FOR_MS: u64 = 2_000;
/// Candidates of so many newest entries stay: people look at what was just refused.
const CANDIDATES_KEPT: u64 = 50;

/// Whether an upstream is looked at by itself: an entry on its way looks for its own sake.
pub fn is_watched(view: &ProjectView) -> bool {
    let merge_queue = &view.merge_queue.state;
    view.registered().is_some_and(Registered::is_running)
        && merge_queue.branch.is_some()
        && merge_queue.is_idle()
}

/// Milliseconds until the next look after one at `now`. Trouble is looked at after as long as it
/// has lasted, within bounds; everything else around the usual time, so that no two servers or
/// projects ask one host in step.
pub fn look_again_ms(view: &ProjectView, now: Timestamp) -> u64 {
    match &view.merge_queue.state.halt {
        Some(halt) => now.ms_since(halt.at).clamp(TROUBLE_MS_MIN, BACKOFF_MS_MAX),
        None => {
            let drawn = Digest::of(format!("{} {}", view.name, now.0).as_bytes()).0[0];
            LOOK_EVERY_MS * 4 / 5 + LOOK_EVERY_MS * 2 / 5 * u64::from(drawn) / 255
        }
    }
}

/// Whether upstream was seen so recently that it need not be asked again before something is built
/// on it: that it moved since would be seen at the publication.
pub fn was_just_seen(merge_queue: &MergeQueue, now: Timestamp) -> bool {
    merge_queue.halt.is_none() && now.ms_since(merge_queue.moved) < SEEN_FOR_MS
}

/// Features that were over for long enough: what claims left of them may go. Commits that were
/// handed in stay pinned.
pub fn let_go(view: &ProjectView, now: Timestamp) -> BTreeSet<FeatureId> {
    let kept = view
        .registered()
        .map_or(u64::MAX, |registered| registered.settings.keep_work_ms);
    let over = view.known().filter(|(_, known, tracked)| {
        matches!(known.stage, Stage::Closed { .. } | Stage::Withdrawn)
            && now.ms_since(tracked.changed) >= kept
    });
    over.map(|(id, ..)| id.clone()).collect()
}

/// The first entry whose candidate stays in the gate.
pub fn first_candidate_kept(merge_queue: &MergeQueue) -> u64 {
    let waiting = merge_queue.waiting().map(|entry| entry.number).min();
    merge_queue
        .entries
        .saturating_sub(CANDIDATES_KEPT)
        .min(waiting.unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge_queue::{self, Entry, EntryKind, Fault, Halt};

    #[test]
    fn trouble_is_looked_at_less_and_less_often() {
        let mut view = ProjectView::new("zoo".parse().expect("name"));

        for at in [0, 1_000_000, 77_000_000] {
            let usual = look_again_ms(&view, Timestamp(at));
            assert!((48_000..=72_000).contains(&usual), "{usual}");
        }

        view.merge_queue.state.halt = Some(Halt {
            reason: "away".into(),
            fault: Fault::Unreachable,
            attempts: 1,
            at: Timestamp(0),
        });
        for (seconds, wanted) in [
            (0, 15_000),
            (20, 20_000),
            (100, 100_000),
            (3_600, BACKOFF_MS_MAX),
        ] {
            assert_eq!(
                look_again_ms(&view, Timestamp(seconds * 1_000_000)),
                wanted,
                "{seconds} s"
            );
        }
    }

    #[test]
    fn what_was_seen_counts_for_a_moment_and_not_in_trouble() {
        let mut merge_queue = MergeQueue {
            moved: Timestamp(10_000_000),
            ..MergeQueue::default()
        };
        let seen = |merge_queue: &MergeQueue| {
            [10_000_000, 11_999_999, 12_000_000].map(|at| was_just_seen(merge_queue, Timestamp(at)))
        };
        assert_eq!(seen(&merge_queue), [true, true, false]);

        merge_queue.halt = Some(Halt {
            reason: "away".into(),
            fault: Fault::Unreachable,
            attempts: 1,
            at: Timestamp(0),
        });
        assert_eq!(seen(&merge_queue), [false; 3]);
    }

    #[test]
    fn candidates_of_what_waits_stay_however_old_they_are() {
        let mut merge_queue = MergeQueue {
            entries: 20,
            ..MergeQueue::default()
        };
        assert_eq!(first_candidate_kept(&merge_queue), 0);
        merge_queue.entries = 200;
        assert_eq!(first_candidate_kept(&merge_queue), 150);

        merge_queue.held.push(Entry {
            number: 7,
            kind: EntryKind::Scaffold,
            priority: 2,
            at: Timestamp(0),
            stage: merge_queue::Stage::Queued,
            moves: 0,
            lapses: crate::lapses::Lapses::default(),
            builds: 1,
            changes: crate::merge_queue::Changes::default(),
            approved: vec![],
            reds: vec![],
            cleared: false,
            proof: None,
            newest: None,
        });
        assert_eq!(first_candidate_kept(&merge_queue), 7);
    }

    #[test]
    fn an_upstream_is_watched_while_work_is_wanted_and_none_is_queued() {
        use crate::project::event as p;
        use crate::scene::Scene;

        let mut scene = Scene::running(1);
        assert!(is_watched(scene.view()));
        scene.queue(merge_queue::event::Queued {
            entry: 1,
            kind: EntryKind::Scaffold,
            priority: 0,
        });
        assert!(!is_watched(scene.view()), "the entry looks by itself");

        let mut stopped = Scene::running(1);
        stopped.project(p::Stopped { by: "me".into() });
        assert!(!is_watched(stopped.view()));

        let mut early = Scene::new();
        early.project(p::Registered {
            git_url: "/up".into(),
            kind: p::ProjectKind::Existing,
        });
        early.project(p::Started { by: "me".into() });
        assert!(!is_watched(early.view()), "it was not copied yet");
    }
}
