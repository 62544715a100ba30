//! When the issues of a repository are exchanged by themselves: soon after the last of several
//! changes, and not put off for ever by changes that go on. Time is that of the events.

use crate::id::Timestamp;
use crate::project::Registered;
use crate::stream::Position;
use crate::view::ProjectView;

/// An exchange waits until nothing has changed for so long: one commit for what belongs together.
const QUIET_MS: u64 = 20_000;
/// No change waits longer than this, whatever follows it.
const PUT_OFF_MS_MAX: u64 = 300_000;

/// Whether this project's repository holds issues that are kept in step with its backlog.
pub fn are_kept(view: &ProjectView) -> bool {
    let asked = |registered: &Registered| registered.settings.sync_issues == Some(true);
    view.registered().is_some_and(asked) && view.merge_queue.state.branch.is_some()
}

/// When the next exchange is due, after one that took everything through `done`; none while nothing
/// has changed since.
pub fn due(view: &ProjectView, done: Position) -> Option<Timestamp> {
    if !are_kept(view) {
        return None;
    }

    let backlog = (view.backlog.position, view.backlog.changed);
    let features = view.features.values();
    let streams = features.map(|feature| (feature.position, feature.changed));
    let since = streams.chain([backlog]).filter(|(at, _)| *at > done);
    let since: Vec<Timestamp> = since.map(|(_, changed)| changed).collect();
    let quiet = since.iter().max()?.plus_ms(QUIET_MS);
    let put_off = since.iter().min()?.plus_ms(PUT_OFF_MS_MAX);

    Some(quiet.min(put_off))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::{self, Project};
    use crate::settings::Settings;

    fn at(seconds: u64) -> Timestamp {
        Timestamp(0).plus_ms(seconds * 1_000)
    }

    /// A project with changes of features at these seconds; the nth is at position n.
    fn view(kept: Option<bool>, changes: &[u64]) -> ProjectView {
        let mut view = ProjectView::new("zoo".parse().expect("name"));
        let registered = project::event::Registered {
            git_url: "/up".to_owned(),
            kind: project::ProjectKind::Existing,
        };
        let settings = Settings {
            sync_issues: kept,
            ..Settings::default()
        };

        view.project.state = crate::grid::given::<Project>(&[
            registered.into(),
            project::event::SettingsChanged {
                settings: Box::new(settings),
            }
            .into(),
        ]);
        view.merge_queue.state.branch = Some("main".to_owned());
        for (n, seconds) in (1..).zip(changes) {
            let id = format!("feat-{n}").parse().expect("id");
            let feature = view.features.entry(id).or_default();
            (feature.position, feature.changed) = (Position(n), at(*seconds));
        }

        view
    }

    #[test]
    fn an_exchange_follows_the_last_change_and_is_not_put_off_for_ever() {
        let many: Vec<u64> = (0..100).map(|n| n * 10).collect();

        for (kept, changes, done, wanted) in [
            (None, &[100][..], 0, None),
            (Some(false), &[100], 0, None),
            (Some(true), &[], 0, None),
            (Some(true), &[100], 0, Some(120)),
            (Some(true), &[100, 110], 0, Some(130)),
            (Some(true), &[100, 110], 1, Some(130)),
            (Some(true), &[100, 110], 2, None),
            (Some(true), &many, 0, Some(300)),
        ] {
            let due = due(&view(kept, changes), Position(done));
            assert_eq!(due, wanted.map(at), "{kept:?} {changes:?} after {done}");
        }
    }

    #[test]
    fn nothing_is_exchanged_before_upstream_was_copied() {
        let mut early = view(Some(true), &[100]);
        early.merge_queue.state.branch = None;
        assert!(!are_kept(&early));
        assert_eq!(due(&early, Position(0)), None);
    }
}
