//! When something outside is looked after that nobody tells about: upstreams while nothing is
//! queued, and gates.

use std::collections::BTreeSet;

use crate::feature::Stage;
use crate::id::{Digest, FeatureId, Timestamp};
use crate::policy::BACKOFF_MS_MAX;
use crate::project::Registered;
use crate::trunk::Trunk;
use crate::view::books::ProjectBook;

/// Time between two looks at one upstream, before a fifth is added or taken away.
const LOOK_EVERY_MS: u64 = 60_000;
/// Shortest pause before an upstream in trouble is looked at again.
const TROUBLE_MS_MIN: u64 = 15_000;
/// What was seen of upstream counts for so long.
const SEEN_FOR_MS: u64 = 2_000;
/// Candidates of so many newest entries stay: people look at what was just refused.
const CANDIDATES_KEPT: u64 = 50;

/// Whether an upstream is looked at by itself: an entry on its way looks for its own sake.
pub fn is_watched(book: &ProjectBook) -> bool {
    let trunk = &book.trunk.state;
    book.registered().is_some_and(Registered::is_running)
        && trunk.branch.is_some()
        && trunk.is_idle()
}

/// Milliseconds until the next look after one at `now`. Trouble is looked at after as long as it
/// has lasted, within bounds; everything else around the usual time, so that no two servers or
/// projects ask one host in step.
pub fn look_again_ms(book: &ProjectBook, now: Timestamp) -> u64 {
    match &book.trunk.state.halt {
        Some(halt) => now.ms_since(halt.at).clamp(TROUBLE_MS_MIN, BACKOFF_MS_MAX),
        None => {
            let drawn = Digest::of(format!("{} {}", book.name, now.0).as_bytes()).0[0];
            LOOK_EVERY_MS * 4 / 5 + LOOK_EVERY_MS * 2 / 5 * u64::from(drawn) / 255
        }
    }
}

/// Whether upstream was seen so recently that it need not be asked again before something is built
/// on it: that it moved since would be seen at the publication.
pub fn was_just_seen(trunk: &Trunk, now: Timestamp) -> bool {
    trunk.halt.is_none() && now.ms_since(trunk.moved) < SEEN_FOR_MS
}

/// Features that were over for long enough: what claims left of them may go. Commits that were
/// handed in stay pinned.
pub fn let_go(book: &ProjectBook, now: Timestamp) -> BTreeSet<FeatureId> {
    let kept = book
        .registered()
        .map_or(u64::MAX, |registered| registered.settings.keep_work_ms);
    let over = book.known().filter(|(_, known, tracked)| {
        matches!(known.stage, Stage::Closed { .. } | Stage::Withdrawn)
            && now.ms_since(tracked.changed) >= kept
    });
    over.map(|(id, ..)| id.clone()).collect()
}

/// The first entry whose candidate stays in the gate.
pub fn first_candidate_kept(trunk: &Trunk) -> u64 {
    let waiting = trunk.waiting().map(|entry| entry.number).min();
    trunk
        .entries
        .saturating_sub(CANDIDATES_KEPT)
        .min(waiting.unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trunk::{self, Entry, EntryKind, Fault, Halt};

    #[test]
    fn trouble_is_looked_at_less_and_less_often() {
        let mut book = ProjectBook::new("zoo".parse().expect("name"));
        for at in [0, 1_000_000, 77_000_000] {
            let usual = look_again_ms(&book, Timestamp(at));
            assert!((48_000..=72_000).contains(&usual), "{usual}");
        }
        book.trunk.state.halt = Some(Halt {
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
                look_again_ms(&book, Timestamp(seconds * 1_000_000)),
                wanted,
                "{seconds} s"
            );
        }
    }

    #[test]
    fn what_was_seen_counts_for_a_moment_and_not_in_trouble() {
        let mut trunk = Trunk {
            moved: Timestamp(10_000_000),
            ..Trunk::default()
        };
        let seen = |trunk: &Trunk| {
            [10_000_000, 11_999_999, 12_000_000].map(|at| was_just_seen(trunk, Timestamp(at)))
        };
        assert_eq!(seen(&trunk), [true, true, false]);
        trunk.halt = Some(Halt {
            reason: "away".into(),
            fault: Fault::Unreachable,
            attempts: 1,
            at: Timestamp(0),
        });
        assert_eq!(seen(&trunk), [false; 3]);
    }

    #[test]
    fn candidates_of_what_waits_stay_however_old_they_are() {
        let mut trunk = Trunk {
            entries: 20,
            ..Trunk::default()
        };
        assert_eq!(first_candidate_kept(&trunk), 0);
        trunk.entries = 200;
        assert_eq!(first_candidate_kept(&trunk), 150);
        trunk.held.push(Entry {
            number: 7,
            kind: EntryKind::Scaffold,
            priority: 2,
            at: Timestamp(0),
            stage: trunk::Stage::Queued,
            moves: 0,
            lapses: crate::lapses::Lapses::default(),
            builds: 1,
            changes: crate::trunk::Changes::default(),
            approved: vec![],
            reds: vec![],
            cleared: false,
            proof: None,
        });
        assert_eq!(first_candidate_kept(&trunk), 7);
    }
}
