//! The tables of merging: what is asked of the repository for each kind of entry, and what each of
//! its answers tells the merge queue.

use events::merge_queue::event as q;
use events::merge_queue::{Changes, Command, Fault};
use events::project::event as p;
use events::settings::Settings;

use super::*;
use crate::scene::{Scene, feature, sha};

fn kind(id: &str, c: char) -> EntryKind {
    EntryKind::Feature {
        feature: feature(id),
        epoch: Epoch(2),
        sha: sha(c),
        title: format!("Feed {id}"),
    }
}

fn queued(entry: u64, kind: EntryKind) -> q::Queued {
    let priority = 2;
    q::Queued {
        entry,
        kind,
        priority,
    }
}

fn candidate(base: char, c: char) -> Candidate {
    Candidate {
        base: Some(sha(base)),
        sha: sha(c),
        tree: sha(c),
    }
}

fn built(entry: u64, base: char, c: char) -> q::CandidateBuilt {
    q::CandidateBuilt {
        entry,
        candidate: candidate(base, c),
        changes: Changes::default(),
    }
}

/// The first entry is built on the head, and two wait behind it, where batches may have three.
fn scene() -> Scene {
    let mut scene = Scene::running(1);
    let settings = Settings {
        batch_max: 3,
        protected: vec!["ci/**".into()],
        verify: Some("make check".into()),
        hold_checks: true,
        ..Settings::default()
    };
    let settings = Box::new(settings);
    scene.project(p::SettingsChanged { settings });
    for (entry, id, c) in [(1, "a", '1'), (2, "b", '2'), (3, "c", '3')] {
        scene.queue(queued(entry, kind(id, c)));
    }

    scene.queue(built(1, '0', 'a'));
    scene
}

/// Long after upstream was seen.
const LATER: Timestamp = Timestamp(1_000_000_000_000);

#[test]
fn the_front_stands_on_upstream_and_what_joins_it_on_its_candidate() {
    let scene = scene();
    let spec = |entry| spec(scene.view(), entry, LATER).map(|(spec, ..)| (spec.on, spec.base));
    assert_eq!(spec(1), Some((Base::Upstream, Some(sha('0')))));
    assert_eq!(spec(2), Some((Base::Candidate, Some(sha('a')))));
    assert_eq!(spec(3), None, "it joins after the second");
    assert_eq!(spec(9), None, "there is no such entry");
}

#[test]
fn upstream_is_asked_again_unless_it_was_seen_a_moment_ago() {
    let scene = scene();
    let moved = scene.view().merge_queue.state.moved;
    let on = |now| spec(scene.view(), 1, now).map(|(spec, ..)| spec.on);
    assert_eq!(on(moved), Some(Base::Seen));
    assert_eq!(on(LATER), Some(Base::Upstream));

    let mut halted = self::scene();
    let reason = "gone".to_owned();
    let fault = Fault::BranchGone;
    halted.queue(q::Halted { reason, fault });
    let on = spec(halted.view(), 1, moved).map(|(spec, ..)| spec.on);
    assert_eq!(on, Some(Base::Upstream), "it could not be used");
}

#[test]
fn an_entry_says_in_its_commit_what_it_is() {
    let revert = EntryKind::Revert {
        feature: feature("a"),
        commit: sha('7'),
        title: "Feed a".into(),
        restores: false,
    };

    for (kind, work, lines) in [
        (
            EntryKind::Scaffold,
            Work::Scaffold,
            vec!["Scaffold the project", "", "Supercargo-Scaffold: 1"],
        ),
        (
            kind("a", '1'),
            Work::Merge(sha('1')),
            vec!["Feed a", "", "Supercargo-Feature: a", "Supercargo-Claim: 2"],
        ),
        (
            revert,
            Work::Revert(sha('7')),
            vec![
                "Undo \"Feed a\"",
                "",
                "This takes out what 7777777777777777777777777777777777777777 brought.",
                "",
                "Supercargo-Feature: a",
            ],
        ),
    ] {
        let mut scene = Scene::running(1);
        scene.queue(queued(1, kind));
        let at = scene.view().merge_queue.state.front().expect("queued").at;
        let (spec, url, branch) = spec(scene.view(), 1, LATER).expect("a spec");
        assert_eq!(spec.message.lines().collect::<Vec<_>>(), lines);
        assert_eq!(spec.work, work);
        assert_eq!(spec.at, at, "built again it is the same commit");
        assert_eq!((url.as_str(), branch.as_str()), ("/up", "main"));
    }
}

#[test]
fn a_merge_is_watched_as_the_settings_say() {
    let scene = scene();
    let (spec, ..) = spec(scene.view(), 1, LATER).expect("a spec");
    assert_eq!(spec.protected, ["ci/**"]);
    assert_eq!(spec.verify.as_deref(), Some("make check"));
    assert!(spec.hold_checks);
    assert_eq!(spec.entry, 1);
}

#[test]
fn what_upstream_answers_is_told_as_it_is() {
    let (from, files) = (Some(sha('0')), vec!["a".to_owned()]);

    for (looked, expected) in [
        (
            Looked::At(Some(sha('5'))),
            format!("{:?}", record_moved(Some(sha('5')), vec![])),
        ),
        (
            Looked::At(None),
            format!("{:?}", record_moved(None, vec![])),
        ),
        (
            Looked::Further {
                seen: sha('5'),
                files: files.clone(),
            },
            format!("{:?}", record_moved(Some(sha('5')), files.clone())),
        ),
        (
            Looked::Gone,
            format!("{:?}", halted("its branch is gone", Fault::BranchGone)),
        ),
        (
            Looked::Rewritten {
                lost: sha('0'),
                seen: sha('5'),
            },
            format!(
                "{:?}",
                halted(
                    "its branch was rewritten",
                    Fault::Rewritten {
                        lost: sha('0'),
                        seen: sha('5'),
                    }
                )
            ),
        ),
    ] {
        let told = moved(4, from.clone(), looked);
        assert_eq!(format!("{told:?}"), expected);
    }
}

fn record_moved(seen: Option<Sha>, files: Vec<String>) -> Command {
    Command::RecordMoved {
        entry: 4,
        from: Some(sha('0')),
        seen,
        files,
    }
}

fn halted(reason: &str, fault: Fault) -> Command {
    let reason = reason.to_owned();
    Command::Halt { reason, fault }
}

#[test]
fn an_outside_that_did_not_do_it_is_named_with_its_fault() {
    let error = PortError::Transient("fatal: Authentication failed for 'x'".into());
    let Command::Halt { reason, fault } = halt("building", &error) else {
        panic!("no halt");
    };
    assert!(reason.starts_with("building: "), "{reason}");
    assert!(reason.contains("Authentication failed"), "{reason}");
    assert_eq!(fault, Fault::Credential);
}

#[test]
fn what_does_not_fit_on_the_batch_closes_it_and_is_judged_later() {
    let scene = scene();
    let conflict = Built::Conflict {
        paths: vec!["x".into(), "y".into()],
        why: "both".into(),
    };
    let changes = Changes::default();

    for (built, expected) in [
        (Ok(Built::Candidate(candidate('a', 'b'), changes)), None),
        (Ok(conflict), Some("entry 2 does not merge with it: x, y")),
        (Ok(Built::Nothing), Some("entry 2 brings nothing beside it")),
        (
            Ok(Built::Moved(Looked::Gone)),
            Some("entry 2 brings nothing beside it"),
        ),
        (
            Err(PortError::Transient("the disk is full".into())),
            Some("the disk is full"),
        ),
    ] {
        match (stacked(scene.view(), 2, built), expected) {
            (Some(Command::CloseBatch { entry, why }), Some(expected)) => {
                assert_eq!(entry, 1, "the batch is named by its tip");
                assert!(why.contains(expected), "{why}");
            }
            (
                Some(Command::RecordCandidate {
                    entry,
                    candidate: stands,
                    asked,
                    ..
                }),
                None,
            ) => {
                assert_eq!((entry, stands), (2, candidate('a', 'b')));
                assert!(!asked, "upstream was not asked for it");
            }
            (told, _) => panic!("{told:?}, expected {expected:?}"),
        }
    }

    let empty = Scene::running(1);
    assert!(stacked(empty.view(), 2, Ok(Built::Nothing)).is_none());
}

#[test]
fn a_batch_is_published_from_its_front_to_its_tip() {
    let mut scene = scene();
    scene.queue(built(2, 'a', 'b'));
    assert!(
        publication(scene.view(), 1).is_none(),
        "the tip alone is published"
    );
    let published = publication(scene.view(), 2).expect("the tip");
    assert_eq!(published.front, 1);
    assert_eq!(published.candidate.base, Some(sha('0')), "the front's base");
    assert_eq!(published.candidate.sha, sha('b'), "the tip's commit");
    let claims = vec![(feature("a"), Epoch(2)), (feature("b"), Epoch(2))];
    assert_eq!(published.claims, claims);
    assert_eq!(
        (published.url.as_str(), published.branch.as_str()),
        ("/up", "main")
    );

    let mut scaffold = Scene::running(1);
    scaffold.queue(queued(1, EntryKind::Scaffold));
    assert!(publication(scaffold.view(), 1).is_none(), "it is not built");
    scaffold.queue(built(1, '0', 'a'));
    let published = publication(scaffold.view(), 1).expect("built");
    assert_eq!(published.claims, vec![], "it is nobody's work");
}
