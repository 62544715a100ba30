//! Given a merge queue and features around it, what is owed to both: each stage on the way
//! upstream, and each way back.

use super::*;
use crate::feature::event as f;
use crate::holder::Holder;
use crate::id::{Digest, Epoch, Sha, Timestamp};
use crate::merge_queue::event as q;
use crate::merge_queue::{Candidate, Changes, Fault, MOVES_MAX};
use crate::policy::tests::at;
use crate::policy::{AnyCommand, BACKOFF_MS_MAX, Tell, backoff_ms};
use crate::project::event as p;
use crate::scene::{Scene, feature, session, sha};
use crate::settings::Settings;
use crate::verdict::{self, Judgement};

const NONE: [&str; 0] = [];

impl Scene {
    /// Ann's work under this claim of a feature, handed in.
    pub(crate) fn handed_in(&mut self, id: &str, epoch: u64) -> &mut Self {
        let epoch = Epoch(epoch);
        let principal = "ann".to_owned();
        let holder = Holder::Outside { principal };
        let base = Some(sha('0'));

        self.of(id, f::Claimed { epoch, holder });
        let sha = sha('5');
        self.of(id, f::Submitted { epoch, sha, base })
    }

    /// The same, and found good.
    pub(crate) fn approved(&mut self, id: &str, epoch: u64) -> &mut Self {
        let verdict = verdict::Verdict {
            judgement: Judgement::Pass,
            findings: vec![],
            ran: vec![],
        };
        let session = session(9);
        self.handed_in(id, epoch)
            .of(id, f::ReviewPassed { session, verdict })
    }

    /// An entry with the work of this claim.
    pub(crate) fn entered(&mut self, entry: u64, id: &str, epoch: u64) -> &mut Self {
        let kind = EntryKind::Feature {
            feature: feature(id),
            epoch: Epoch(epoch),
            sha: sha('5'),
            title: id.to_owned(),
        };
        let priority = 2;
        self.queue(q::Queued {
            entry,
            kind,
            priority,
        })
    }

    pub(crate) fn built(&mut self, entry: u64, base: char, to: char) -> &mut Self {
        self.built_with(entry, base, to, Changes::default())
    }

    pub(crate) fn built_with(
        &mut self,
        entry: u64,
        base: char,
        to: char,
        changes: Changes,
    ) -> &mut Self {
        let candidate = Candidate {
            base: Some(sha(base)),
            sha: sha(to),
            tree: sha('e'),
        };
        self.queue(q::CandidateBuilt {
            entry,
            candidate,
            changes,
        })
    }

    pub(crate) fn settings(&mut self, settings: Settings) -> &mut Self {
        let settings = Box::new(settings);
        self.project(p::SettingsChanged { settings })
    }

    /// The bare head was verified, and is red.
    pub(crate) fn red_head(&mut self, terms: Digest) -> &mut Self {
        let head = sha('0');
        self.queue(q::HeadVerificationStarted {
            head: head.clone(),
            slot_session: crate::holder::SlotSession {
                n: crate::id::SlotNo(1),
                session: session(8),
            },
            terms,
        });
        let evidence = ran(1);
        self.queue(q::HeadFailed { head, evidence })
    }
}

pub(crate) fn ran(exit: i32) -> Evidence {
    Evidence::Ran {
        tree: sha('e'),
        command: Digest::of(b"make test"),
        exit,
        log: Digest::of(b"log"),
        session: session(8),
        tail: "last line".into(),
    }
}

/// An approved feature `a`, alone.
fn scene() -> Scene {
    let mut scene = Scene::running(1);
    scene.feature("a", 2).approved("a", 1);
    scene
}

fn named(scene: &Scene) -> Vec<String> {
    scene.named("integrate", &at(1_000))
}

fn verified(scene: &mut Scene, entry: u64) {
    let evidence = ran(0);
    scene.queue(q::Verified { entry, evidence });
}

fn begun(scene: &mut Scene, id: &str, candidate: char) {
    let candidate = sha(candidate);
    scene.of(id, f::MergeBegun { candidate });
}

fn dequeued(scene: &mut Scene, paths: &[&str]) {
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    scene.queue(q::Dequeued {
        entry: 1,
        base: Some(sha('0')),
        paths,
        why: "so".into(),
    });
}

fn advanced(scene: &mut Scene, entry: u64, to: char) {
    let (from, to) = (Some(sha('0')), sha(to));
    scene.queue(q::Advanced { entry, from, to });
}

fn halted(scene: &mut Scene) -> Timestamp {
    scene.queue(q::Halted {
        reason: "away".into(),
        fault: Fault::Unreachable,
    });
    scene.now()
}

/// Brings the entry of `a` to an end that is its judgement.
type End = fn(&mut Scene);
/// An end with its name, and what is owed after it: a command, and a part of what it says.
type Case = (&'static str, End, Option<(&'static str, &'static str)>);

const CONFLICT: End = |scene| dequeued(scene, &["src/x"]);
const DROPPED: End = |scene| dequeued(scene, &[]);
const NOTHING: End = |scene| {
    let base = Some(sha('0'));
    scene.queue(q::FoundEmpty { entry: 1, base });
};
const RED: End = |scene| {
    let evidence = ran(7);
    scene.built(1, '0', 'c');
    scene.queue(q::VerificationFailed { entry: 1, evidence });
};
const REFUSED: End = |scene| {
    let changes = Changes {
        protected: vec!["Makefile".into()],
        ..Changes::default()
    };
    let (by, why) = ("me".to_owned(), "not this way".to_owned());
    scene.built_with(1, '0', 'c', changes);
    scene.queue(q::Held { entry: 1 });
    scene.queue(q::ChangeRefused { entry: 1, by, why });
};
const MERGED: End = |scene| {
    scene.built(1, '0', 'c');
    advanced(scene, 1, 'c');
};

#[test]
fn approved_work_joins_the_queue_or_goes_back_with_what_became_of_it() {
    let judged: [Case; 6] = [
        ("conflict", CONFLICT, Some(("RejectMerge", "src/x"))),
        ("red", RED, Some(("RejectMerge", "Exit code 7"))),
        ("refused", REFUSED, Some(("RejectMerge", "not this way"))),
        ("nothing", NOTHING, Some(("Close", "DoneElsewhere"))),
        ("dropped", DROPPED, Some(("Enqueue", "\"a\""))),
        ("merged", MERGED, None),
    ];

    for (name, end, expected) in judged {
        let mut scene = scene();
        end(scene.entered(1, "a", 1));
        let told = scene.told("integrate", &at(1_000));
        let Some((command, part)) = expected else {
            assert_eq!(told, NONE, "{name}");
            continue;
        };
        assert_eq!(told.len(), 1, "{name}: {told:?}");
        assert!(told[0].contains(command), "{name}: {told:?}");
        assert!(told[0].contains(part), "{name}: {told:?}");

        // What became of an earlier claim's work says nothing about this one's.
        let mut again = self::scene();
        end(again.entered(1, "a", 1));
        let outcome = crate::outcome::Outcome::Failed;
        let session = session(9);
        again.of("a", f::ReviewLapsed { session, outcome });
        again.approved("a", 2);
        assert_eq!(named(&again), ["trunk-z Enqueue"], "{name}");
    }
}

#[test]
fn work_is_queued_once_for_each_claim_and_says_what_it_follows() {
    let mut scene = scene();
    assert_eq!(named(&scene), ["trunk-z Enqueue"]);
    let tell = scene.tells("integrate", &at(1_000)).remove(0);
    let tracked = &scene.view().features[&feature("a")];
    assert_eq!(tell.cause.causation, Some(tracked.position));
    assert_eq!(tell.cause.correlation, tracked.correlation);

    scene.entered(1, "a", 1);
    assert_eq!(named(&scene), NONE, "it is queued");

    // Another feature's entry, and one of an earlier claim.
    let mut other = self::scene();
    other.feature("b", 2).approved("b", 1).entered(1, "b", 1);
    assert_eq!(named(&other), ["trunk-z Enqueue"]);
    let mut earlier = Scene::running(1);
    earlier.feature("a", 2).approved("a", 2).entered(1, "a", 1);
    assert_eq!(named(&earlier), ["trunk-z Enqueue", "trunk-z Drop"]);
}

#[test]
fn nothing_is_owed_to_a_queue_that_is_not_open() {
    let mut scene = Scene::new();
    scene.project(p::Registered {
        git_url: "/up".into(),
        kind: crate::project::ProjectKind::Existing,
    });
    scene.feature("a", 2).approved("a", 1);
    assert_eq!(named(&scene), NONE);
}

/// Features that are locked for publishing: `a` with this candidate.
fn locked(candidate: char) -> Scene {
    let mut scene = scene();
    scene.entered(1, "a", 1);
    begun(&mut scene, "a", candidate);
    scene
}

#[test]
fn a_lock_stands_as_long_as_its_candidate_does() {
    let abort = "feature-z/a AbortMerge";
    let mut stands = locked('c');
    stands.built(1, '0', 'c');
    assert_eq!(named(&stands), [abort], "it is not verified any more");
    verified(&mut stands, 1);
    assert_eq!(named(&stands), ["trunk-z IntendPublish"]);
    stands.queue(q::PublishIntended {
        entry: 1,
        from: Some(sha('0')),
        to: sha('c'),
    });
    assert_eq!(named(&stands), NONE, "it is being published");

    let unbuilt = locked('c');
    assert_eq!(named(&unbuilt), [abort], "nothing is built");

    let mut other = locked('d');
    other.built(1, '0', 'c');
    verified(&mut other, 1);
    assert_eq!(named(&other), [abort], "another candidate");

    let mut neighbours = scene();
    neighbours.feature("b", 2).approved("b", 1);
    neighbours.entered(1, "b", 1).built(1, '0', 'c');
    verified(&mut neighbours, 1);
    begun(&mut neighbours, "a", 'c');
    let begin = "feature-z/b BeginMerge";
    assert_eq!(named(&neighbours), [abort, begin], "another's candidate");
}

#[test]
fn a_lock_ends_with_the_merge_of_its_own_claim() {
    let mut merged = locked('c');
    merged.built(1, '0', 'c');
    advanced(&mut merged, 1, 'c');
    let told = merged.told("integrate", &at(1_000));
    let close = feature::Command::Close {
        closing: Closing::Merged { sha: sha('c') },
        by: "trunk".into(),
    };
    assert_eq!(told, [format!("feature-z/a Feature({close:?})")]);

    let mut earlier = Scene::running(1);
    earlier.feature("a", 2).approved("a", 2);
    begun(&mut earlier, "a", 'd');
    MERGED(earlier.entered(1, "a", 1));
    assert_eq!(named(&earlier), ["feature-z/a AbortMerge"]);
}

fn builds(scene: &Scene, now: Timestamp) -> Vec<Effect> {
    let observed = Observed { now, ..at(0) };
    let effects = scene.effects(&observed).into_iter();
    effects
        .filter(|effect| matches!(effect, Effect::Build { .. } | Effect::Publish { .. }))
        .collect()
}

/// What is tried again after a pause: not a moment before `end`.
fn tried_from(scene: &Scene, end: Timestamp, effect: &Effect) {
    assert_eq!(builds(scene, Timestamp(end.0 - 1)), []);
    assert_eq!(builds(scene, end), std::slice::from_ref(effect));
}

#[test]
fn the_front_is_built_and_after_trouble_when_its_pause_is_over() {
    let mut scene = scene();
    scene.entered(1, "a", 1);
    let build = |attempt| Effect::Build { entry: 1, attempt };
    assert_eq!(builds(&scene, Timestamp(0)), [build(0)]);

    for attempts in 1..=3 {
        let halted = halted(&mut scene);
        let end = halted.plus_ms(backoff_ms(attempts));
        tried_from(&scene, end, &build(attempts));
    }

    // Every move and every candidate is another try.
    scene.built(1, '0', 'c');
    let moved = |seen| q::UpstreamMoved {
        entry: 1,
        seen: Some(sha(seen)),
        files: vec![],
    };
    scene.queue(moved('1'));
    assert_eq!(builds(&scene, scene.now()), [build(2)]);

    // Under one that moves again and again the pause is the longest.
    for n in 1..MOVES_MAX {
        scene.queue(moved(if n % 2 == 0 { '1' } else { '2' }));
    }
    let end = halted(&mut scene).plus_ms(BACKOFF_MS_MAX);
    tried_from(&scene, end, &build(1 + MOVES_MAX + 1));
}

#[test]
fn a_publication_is_tried_again_after_its_pause() {
    let mut scene = scene();
    scene.entered(1, "a", 1).built(1, '0', 'c');
    verified(&mut scene, 1);
    begun(&mut scene, "a", 'c');
    let (from, to) = (Some(sha('0')), sha('c'));
    scene.queue(q::PublishIntended { entry: 1, from, to });
    let publish = |attempt| Effect::Publish { entry: 1, attempt };
    assert_eq!(builds(&scene, Timestamp(0)), [publish(0)]);
    let end = halted(&mut scene).plus_ms(backoff_ms(1));
    tried_from(&scene, end, &publish(1));
}

#[test]
fn what_is_built_is_held_joined_or_waits_for_its_verification() {
    let protected = Changes {
        protected: vec!["Makefile".into()],
        ..Changes::default()
    };
    let mut held = scene();
    held.entered(1, "a", 1).built_with(1, '0', 'c', protected);
    assert_eq!(named(&held), ["trunk-z Hold"]);

    let mut joined = scene();
    joined.feature("b", 2).approved("b", 1);
    joined.entered(1, "a", 1).entered(2, "b", 1);
    let build = |entry| Effect::Build { entry, attempt: 0 };
    assert_eq!(builds(&joined, Timestamp(0)), [build(1)]);
    joined.built(1, '0', 'c');
    assert_eq!(builds(&joined, Timestamp(0)), [], "one by one");
    joined.settings(Settings {
        verify: Some("make test".into()),
        batch_max: 2,
        ..Settings::default()
    });
    assert_eq!(builds(&joined, Timestamp(0)), [build(2)]);
    joined.built(2, 'c', 'd');
    assert_eq!(builds(&joined, Timestamp(0)), []);
    assert_eq!(named(&joined), NONE);
}

#[test]
fn what_nothing_verifies_is_let_through_only_where_that_was_accepted() {
    let own = Some("make test");

    for (verify, detected, allowed, expected) in [
        (None, None, true, true),
        (None, None, false, false),
        (own, None, true, false),
        (None, own, true, false),
    ] {
        let mut scene = scene();
        scene.settings(Settings {
            verify: verify.map(str::to_owned),
            allow_unverified: allowed,
            ..Settings::default()
        });
        let changes = Changes {
            detected: detected.map(str::to_owned),
            ..Changes::default()
        };
        scene.entered(1, "a", 1).built_with(1, '0', 'c', changes);
        let told = scene.tells("integrate", &at(1_000));
        let records = |tell: &Tell| {
            matches!(
                &tell.command,
                AnyCommand::MergeQueue(merge_queue::Command::RecordVerification {
                    entry: 1,
                    session: None,
                    evidence: Evidence::NoneConfigured,
                })
            )
        };
        let let_through = told.iter().any(records);
        assert_eq!(let_through, expected, "{verify:?} {detected:?} {allowed}");
        for tell in told {
            let project = StreamId::Project("z".parse().expect("name"));
            let given = (project, scene.view().project.version);
            assert_eq!(tell.preconditions, [given], "on these settings");
        }
    }
}

#[test]
fn a_verification_that_began_is_waited_for_whatever_the_settings_become() {
    let mut scene = unverified();
    let slot_session = crate::holder::SlotSession {
        n: crate::id::SlotNo(1),
        session: session(8),
    };
    scene.queue(q::VerificationStarted {
        entry: 2,
        slot_session,
        terms: None,
    });
    scene.settings(Settings {
        allow_unverified: true,
        ..Settings::default()
    });
    assert_eq!(named(&scene), NONE);
}

/// A batch of `a` and `b` that is built.
fn unverified() -> Scene {
    let mut scene = scene();
    scene.feature("b", 2).approved("b", 1);
    scene.entered(1, "a", 1).entered(2, "b", 1);
    scene.built(1, '0', 'c').built(2, 'c', 'd');
    scene
}

/// The same, verified together.
fn batch() -> Scene {
    let mut scene = unverified();
    verified(&mut scene, 2);
    scene
}

#[test]
fn upstream_is_moved_when_every_feature_of_the_batch_is_locked() {
    let mut scene = batch();
    let begin = |id: &str| format!("feature-z/{id} BeginMerge");
    assert_eq!(named(&scene), [begin("a"), begin("b")]);
    begun(&mut scene, "b", 'd');
    assert_eq!(named(&scene), [begin("a")]);
    begun(&mut scene, "a", 'c');

    let tells = scene.tells("integrate", &at(1_000));
    assert_eq!(tells.len(), 1);
    let AnyCommand::MergeQueue(command) = &tells[0].command else {
        panic!("{tells:?}");
    };
    let tip = matches!(command, merge_queue::Command::IntendPublish { entry: 2 });
    assert!(tip, "{command:?}");
    let view = scene.view();
    let given = ["a", "b"].map(|id| {
        let stream: StreamId = format!("feature-z/{id}").parse().expect("stream");
        (stream, view.features[&feature(id)].version)
    });
    assert_eq!(tells[0].preconditions, given, "while both are locked");
}

#[test]
fn a_batch_waits_for_a_feature_that_is_not_its_own_any_more() {
    let mut reopened = batch();
    begun(&mut reopened, "a", 'c');
    let (why, by) = ("no".to_owned(), "me".to_owned());
    reopened.of("b", f::Reopened { why, by });
    assert_eq!(named(&reopened), ["trunk-z Drop"], "it has no work");
    reopened.approved("b", 2);
    let named = named(&reopened);
    assert_eq!(
        named,
        ["trunk-z Enqueue", "trunk-z Drop"],
        "it has other work"
    );
}

#[test]
fn a_red_trunk_counts_as_long_as_something_is_verified() {
    let terms = Digest::of(b"make test");
    let mut scene = Scene::running(1);
    scene.red_head(terms);
    assert_eq!(named(&scene), NONE);
    scene.settings(Settings::default());
    assert_eq!(named(&scene), ["trunk-z EndRed"]);
    let tell = scene.tells("integrate", &at(1_000)).remove(0);
    let project = StreamId::Project("z".parse().expect("name"));
    let given = (project, scene.view().project.version);
    assert_eq!(tell.preconditions, [given]);

    let mut green = Scene::running(1);
    green.settings(Settings::default());
    assert_eq!(named(&green), NONE);
}

#[test]
fn an_entry_leaves_when_nothing_waits_for_it_unless_it_is_being_published() {
    let mut scaffold = Scene::running(1);
    let priority = 0;
    scaffold.queue(q::Queued {
        entry: 1,
        kind: EntryKind::Scaffold,
        priority,
    });
    assert_eq!(named(&scaffold), NONE);

    let mut gone = scene();
    gone.entered(1, "a", 1).built(1, '0', 'c');
    verified(&mut gone, 1);
    let withdrawn = f::Withdrawn { by: "me".into() };
    gone.of("a", withdrawn.clone());
    assert_eq!(named(&gone), ["trunk-z Drop"]);
    let (from, to) = (Some(sha('0')), sha('c'));
    gone.queue(q::PublishIntended { entry: 1, from, to });
    assert_eq!(named(&gone), NONE, "its end has to be seen first");

    let mut unknown = Scene::running(1);
    unknown.entered(1, "nobody", 1);
    assert_eq!(named(&unknown), ["trunk-z Drop"]);
}

/// `a` was merged as `c`.
fn done() -> Scene {
    let mut scene = locked('c');
    scene.built(1, '0', 'c');
    advanced(&mut scene, 1, 'c');
    let (closing, by) = (Closing::Merged { sha: sha('c') }, "trunk".to_owned());
    scene.of("a", f::Closed { closing, by });
    scene
}

fn revert(scene: &mut Scene, entry: u64, commit: char, restores: bool) {
    let kind = EntryKind::Revert {
        feature: feature("a"),
        commit: sha(commit),
        title: "a".into(),
        restores,
    };
    let priority = 0;
    scene.queue(q::Queued {
        entry,
        kind,
        priority,
    });
}

fn reverted(scene: &mut Scene, entry: u64, from: char, to: char) {
    scene.built(entry, from, to);
    advanced(scene, entry, to);
}

fn reopened(scene: &mut Scene) {
    let (why, by) = ("undone".to_owned(), "trunk".to_owned());
    scene.of("a", f::Reopened { why, by });
}

#[test]
fn merged_work_is_taken_out_and_brought_back_once_each() {
    let mut scene = done();
    assert_eq!(named(&scene), NONE);
    revert(&mut scene, 2, 'c', false);
    assert_eq!(named(&scene), NONE, "it is queued");
    reverted(&mut scene, 2, 'c', 'd');
    let told = scene.told("integrate", &at(1_000));
    let take_out = feature::Command::TakeOut {
        why: format!("undone as {}", sha('d')),
        by: "trunk".into(),
    };
    assert_eq!(told, [format!("feature-z/a Feature({take_out:?})")]);
    reopened(&mut scene);
    assert_eq!(named(&scene), NONE, "it is open");

    revert(&mut scene, 3, 'd', true);
    assert_eq!(named(&scene), NONE);
    reverted(&mut scene, 3, 'd', 'f');
    let told = scene.told("integrate", &at(1_000));
    let closing = Closing::Restored { commit: sha('f') };
    let by = "trunk".to_owned();
    let close = feature::Command::Close {
        closing: closing.clone(),
        by: by.clone(),
    };
    assert_eq!(told, [format!("feature-z/a Feature({close:?})")]);
    scene.of("a", f::Closed { closing, by });
    assert_eq!(named(&scene), NONE, "it is done");
    reopened(&mut scene);
    assert_eq!(named(&scene), NONE, "once for each time");
}

#[test]
fn a_revert_concerns_the_commit_that_the_feature_is_closed_with() {
    let mut other = done();
    revert(&mut other, 2, 'b', false);
    assert_eq!(named(&other), ["trunk-z Drop"]);
    reverted(&mut other, 2, 'c', 'd');
    assert_eq!(named(&other), NONE, "another commit was taken out");

    let mut early = done();
    revert(&mut early, 2, 'c', true);
    assert_eq!(named(&early), ["trunk-z Drop"], "it is not out");

    let mut open = done();
    revert(&mut open, 2, 'c', false);
    reopened(&mut open);
    assert_eq!(named(&open), ["trunk-z Drop"], "it is open already");

    let mut refused = done();
    revert(&mut refused, 2, 'c', false);
    refused.queue(q::Dequeued {
        entry: 2,
        base: None,
        paths: vec!["x".into()],
        why: "so".into(),
    });
    assert_eq!(named(&refused), NONE, "it did not merge");
}

#[test]
fn what_can_be_undone_is_what_a_commit_brought() {
    let entry = |scene: &Scene| -> Option<(Sha, bool)> {
        match undoing(scene.view(), &feature("a"))? {
            EntryKind::Revert {
                commit, restores, ..
            } => Some((commit, restores)),
            EntryKind::Scaffold | EntryKind::Feature { .. } => None,
        }
    };
    let mut scene = done();
    assert_eq!(entry(&scene), Some((sha('c'), false)));
    revert(&mut scene, 2, 'c', false);
    reopened(&mut scene);
    assert_eq!(entry(&scene), None, "it is not out yet");
    reverted(&mut scene, 2, 'c', 'd');
    assert_eq!(entry(&scene), Some((sha('d'), true)));
    revert(&mut scene, 3, 'd', true);
    reverted(&mut scene, 3, 'd', 'f');
    assert_eq!(entry(&scene), None, "it is back, and opened by hand");

    let mut refused = done();
    revert(&mut refused, 2, 'c', false);
    NOTHING(&mut refused);
    reopened(&mut refused);
    assert_eq!(entry(&refused), None, "nothing was taken out");

    let mut elsewhere = Scene::running(1);
    let (closing, by) = (Closing::DoneElsewhere, "me".to_owned());
    elsewhere.feature("a", 2).of("a", f::Closed { closing, by });
    assert_eq!(entry(&elsewhere), None, "no commit brought it");
    assert_eq!(entry(&self::scene()), None, "it is not merged");
}
