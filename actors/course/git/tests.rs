//! The tables of git in another course: which effect may come to which event, and what is built and
//! published of the same work.

use std::collections::{BTreeMap, BTreeSet};

use events::backlog::Origin;
use events::holder::SlotSession;
use events::id::{Digest, Epoch, Sha, SlotNo};
use events::merge_queue::{Candidate, Command, EntryKind, event as q};
use events::project::event as p;
use events::settings::Settings;
use events::stream::{Position, Version};
use events::view::{Grant, Subject};

use super::*;
use crate::course::record::imagined;
use crate::scene::{Scene, feature, session, sha};

/// Long after upstream was seen.
const LATER: Timestamp = Timestamp(1_000_000_000_000);

fn effects() -> BTreeMap<&'static str, Effect> {
    let version = Version(3);
    let slot_session = SlotSession {
        n: SlotNo(1),
        session: session(1),
    };
    let grant = Grant {
        subject: Subject::Initialization,
        slot_session,
    };
    let origin = Origin {
        batch: Digest::of(b"b"),
        admitted: Position(1),
        index: 0,
    };
    let url = "/up".to_owned();
    let batch = Digest::of(b"b");

    BTreeMap::from([
        ("clone", Effect::Clone { url, attempt: 0 }),
        ("admit", Effect::Admit { batch }),
        (
            "create",
            Effect::Create {
                id: feature("a"),
                origin,
                blockers: vec![],
            },
        ),
        (
            "claim",
            Effect::ClaimFor {
                n: SlotNo(1),
                version,
                feature: None,
            },
        ),
        ("assign", Effect::Assign { grant, version }),
        (
            "secure",
            Effect::Secure {
                feature: feature("a"),
                epoch: Epoch(1),
                reported: true,
            },
        ),
        (
            "build",
            Effect::Build {
                entry: 1,
                attempt: 0,
            },
        ),
        ("probe", Effect::Probe { base: sha('0') }),
        (
            "publish",
            Effect::Publish {
                entry: 1,
                attempt: 0,
            },
        ),
    ])
}

#[test]
fn an_effect_may_come_to_its_own_events_and_to_no_others() {
    let known = effects();

    // Each row names all effects that may end with it.
    for (stream, kind, by) in [
        ("project-z", "project.cloned", "clone"),
        ("project-z", "project.clone_failed", "clone"),
        ("project-z", "project.started", ""),
        ("feature-z/a", "project.cloned", ""),
        ("backlog-z", "backlog.admitted", "admit"),
        ("backlog-z", "backlog.withdrawn", ""),
        ("project-z", "backlog.admitted", ""),
        ("feature-z/a", "feature.created", "create"),
        ("feature-z/b", "feature.created", ""),
        ("feature-z/a", "feature.claimed", "claim"),
        ("feature-z/b", "feature.claimed", "claim"),
        ("feature-z/a", "feature.released", ""),
        ("container-z/1", "container.assigned", "assign"),
        ("container-z/2", "container.assigned", ""),
        ("container-z/1", "container.enlisted", ""),
        ("feature-z/a", "feature.work_secured", "secure"),
        ("feature-z/a", "feature.work_lost", "secure"),
        ("feature-z/b", "feature.work_secured", ""),
        ("feature-z/a", "feature.submitted", ""),
        ("trunk-z", "trunk.candidate_built", "build"),
        ("trunk-z", "trunk.dequeued", "build"),
        ("trunk-z", "trunk.found_empty", "build"),
        ("trunk-z", "trunk.batch_closed", "build"),
        ("trunk-z", "trunk.upstream_moved", "build, publish"),
        ("trunk-z", "trunk.halted", "build, publish"),
        ("trunk-z", "trunk.advanced", "publish"),
        ("trunk-z", "trunk.probed", "probe"),
        ("trunk-z", "trunk.verified", ""),
        ("trunk-z", "trunk.publish_intended", ""),
        ("backlog-z", "trunk.probed", ""),
        ("node-n", "trunk.halted", ""),
        ("trunk-z", "", ""),
    ] {
        let of: StreamId = stream.parse().expect("a stream");
        let may = known
            .iter()
            .filter(|(_, effect)| may_record(effect, &of, kind))
            .map(|(name, _)| *name)
            .collect::<Vec<_>>();
        assert_eq!(may.join(", "), by, "{kind} of {stream}");
    }
}

fn of_feature(id: &str, c: char) -> EntryKind {
    EntryKind::Feature {
        feature: feature(id),
        epoch: Epoch(1),
        sha: sha(c),
        title: id.into(),
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

fn changes(file: &str) -> Changes {
    Changes {
        files: vec![file.into()],
        ..Changes::default()
    }
}

/// Two features wait on the head `0`.
fn scene() -> Scene {
    let mut scene = Scene::running(1);
    let settings = Box::new(Settings {
        batch_max: 2,
        verify: Some("make test".into()),
        ..Settings::default()
    });
    scene.project(p::SettingsChanged { settings });
    scene.queue(queued(1, of_feature("a", '1')));
    scene.queue(queued(2, of_feature("b", '2')));
    scene
}

fn built(scene: &mut Scene, entry: u64, candidate: Candidate) {
    let changes = Changes::default();
    scene.queue(q::CandidateBuilt {
        entry,
        candidate,
        changes,
    });
}

/// A record in which work was built with these results, in order.
fn record(results: &[(&str, Vec<Built>)]) -> Record {
    let start = Scene::new().projections;
    let reading = Record::read("z".parse().expect("a name"), start, Timestamp(0));
    let mut record = reading.end().expect("it is empty");
    for (work, built) in results {
        record.built.insert((*work).to_owned(), built.clone());
    }
    record
}

fn conflict() -> Built {
    Built::Conflict {
        paths: vec!["x".into()],
        why: "both changed it".into(),
    }
}

/// What building an entry comes to, as many times one after the other.
fn build(record: &Record, scene: &Scene, entry: u64, times: usize) -> Vec<Option<Command>> {
    let mut done = Times::new();
    let once = |_| record.build(scene.view(), entry, (LATER, &mut done));
    (0..times).map(once).collect()
}

fn word(command: Option<&Command>) -> String {
    match command {
        Some(Command::RecordCandidate { candidate, .. }) => {
            let base = candidate.base.as_ref().map_or("-", Sha::as_str);
            format!("{} on {}", &candidate.sha.as_str()[..1], &base[..1])
        }
        Some(Command::RecordConflict { .. }) => "conflict".to_owned(),
        Some(Command::RecordNothing { .. }) => "nothing".to_owned(),
        Some(Command::CloseBatch { entry, .. }) => format!("batch {entry} closed"),
        Some(other) => format!("{other:?}"),
        None => "none".to_owned(),
    }
}

#[test]
fn what_is_built_for_the_nth_time_comes_to_the_nth_result_and_then_to_the_last() {
    let merges = |c| Built::Candidate(candidate('0', c), Changes::default());

    for (results, expected) in [
        (vec![merges('a')], "a on 0, a on 0, a on 0"),
        (vec![merges('a'), merges('b')], "a on 0, b on 0, b on 0"),
        (vec![conflict()], "conflict, conflict, conflict"),
        (vec![conflict(), merges('c')], "conflict, c on 0, c on 0"),
        (
            vec![merges('d'), Built::Nothing],
            "d on 0, nothing, nothing",
        ),
    ] {
        let record = record(&[(sha('1').as_str(), results), (sha('2').as_str(), vec![])]);
        let told = build(&record, &scene(), 1, 3);
        let words: Vec<_> = told.iter().map(|one| word(one.as_ref())).collect();
        assert_eq!(words.join(", "), expected);
    }
}

#[test]
fn times_are_counted_for_each_work() {
    let results = vec![conflict(), Built::Nothing];
    let record = record(&[(sha('1').as_str(), results)]);
    let (scene, mut done) = (scene(), Times::new());
    record.build(scene.view(), 1, (LATER, &mut done));
    assert_eq!(done, Times::from([(sha('1').to_string(), 1)]));

    record.build(scene.view(), 2, (LATER, &mut done));
    assert_eq!(done.len(), 1, "the second cannot be built yet");
    let told = record.build(scene.view(), 1, (LATER, &mut done));
    assert_eq!(word(told.as_ref()), "nothing");
}

#[test]
fn a_conflict_stays_one_with_its_paths_on_the_base_of_now() {
    let record = record(&[(sha('1').as_str(), vec![conflict()])]);
    let told = build(&record, &scene(), 1, 1);
    let Some(Command::RecordConflict {
        entry,
        base,
        paths,
        why,
    }) = &told[0]
    else {
        panic!("{told:?}");
    };
    assert_eq!((*entry, base), (1, &Some(sha('0'))));
    assert_eq!(
        (paths, why.as_str()),
        (&vec!["x".into()], "both changed it")
    );
}

#[test]
fn a_candidate_is_moved_to_the_base_of_now() {
    let of = |base| Built::Candidate(candidate(base, 'a'), changes("f"));
    let mut shas = BTreeSet::new();

    for (base, moved) in [('0', false), ('7', true), ('8', true)] {
        let record = record(&[(sha('1').as_str(), vec![of(base)])]);
        let told = build(&record, &scene(), 1, 2);
        let [once, again] = [&told[0], &told[1]].map(|one| format!("{one:?}"));
        assert_eq!(once, again, "built again it is the same");
        let Some(Command::RecordCandidate {
            candidate: stands,
            changes: of,
            asked,
            ..
        }) = &told[0]
        else {
            panic!("{told:?}");
        };
        assert_eq!(stands.base, Some(sha('0')));
        assert_eq!(stands.sha != sha('a'), moved, "recorded on {base}");
        assert_eq!(stands.sha, stands.tree);
        assert_eq!((of, *asked), (&changes("f"), true));
        shas.insert(stands.sha.clone());
    }
    assert_eq!(shas.len(), 2, "on one base it is one commit");
}

#[test]
fn work_that_nobody_built_merges() {
    let record = record(&[]);
    let told = build(&record, &scene(), 1, 1);
    let Some(Command::RecordCandidate {
        entry,
        candidate,
        changes,
        ..
    }) = &told[0]
    else {
        panic!("{told:?}");
    };
    let expected = imagined(&format!("{} {}", sha('0'), sha('1')));
    assert_eq!((*entry, Some(&candidate.sha)), (1, expected.as_ref()));
    assert_eq!(candidate.base, Some(sha('0')));
    assert_eq!(changes, &Changes::default());
}

#[test]
fn an_entry_that_joins_a_batch_stands_on_its_tip() {
    let merges = Built::Candidate(candidate('0', 'b'), changes("f"));
    let mut scene = scene();
    let early = build(&record(&[]), &scene, 2, 1);
    assert!(early[0].is_none(), "no batch yet");
    built(&mut scene, 1, candidate('0', 'a'));

    for (results, expected) in [
        (vec![], "on a"),
        (vec![merges], "on a"),
        (vec![conflict()], "batch 1 closed"),
        (vec![Built::Nothing], "batch 1 closed"),
    ] {
        let record = record(&[(sha('2').as_str(), results)]);
        let told = build(&record, &scene, 2, 1);
        let said = word(told[0].as_ref());
        assert!(said.ends_with(expected), "{said}, not {expected}");
        assert_ne!(said, "b on a", "it is another commit there");
    }
}

#[test]
fn what_does_not_wait_is_not_built() {
    let record = record(&[]);
    for entry in [0, 3, 9] {
        let told = build(&record, &scene(), entry, 1);
        assert!(told[0].is_none(), "{entry}");
    }
}

#[test]
fn only_what_is_built_up_to_the_tip_is_published() {
    let mut batch = scene();
    built(&mut batch, 1, candidate('0', 'a'));
    let single = batch.view().clone();
    built(&mut batch, 2, candidate('a', 'b'));
    let queued = scene();

    for (name, view, entry, is_published) in [
        ("not built", queued.view(), 1, false),
        ("built", &single, 1, true),
        ("behind it", &single, 2, false),
        ("below the tip", batch.view(), 1, false),
        ("the tip", batch.view(), 2, true),
        ("not there", batch.view(), 7, false),
    ] {
        let command = publish(view, entry);
        let advanced = Command::RecordAdvanced { entry };
        let expected = is_published.then_some(AnyCommand::MergeQueue(advanced));
        assert_eq!(format!("{command:?}"), format!("{expected:?}"), "{name}");
    }
}
