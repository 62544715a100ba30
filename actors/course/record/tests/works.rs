//! Given what building came to, when it is read, then it is found by the work, and moved to other
//! bases.

use events::merge_queue::{Changes, event as q};

use super::*;

fn work_of(epoch: u64, c: char) -> EntryKind {
    EntryKind::Feature {
        feature: feature("a"),
        epoch: Epoch(epoch),
        sha: sha(c),
        title: "a".into(),
    }
}

fn revert(c: char) -> EntryKind {
    EntryKind::Revert {
        feature: feature("a"),
        commit: sha(c),
        title: "a".into(),
        restores: false,
    }
}

fn candidate(base: char, c: char) -> Candidate {
    Candidate {
        base: Some(sha(base)),
        sha: sha(c),
        tree: sha(c),
    }
}

#[test]
fn what_came_of_a_work_is_kept_by_the_work_in_its_order() {
    let mut scene = Scene::running(0);
    let kinds = [
        revert('8'),
        work_of(1, '5'),
        work_of(2, '5'),
        work_of(3, '6'),
    ];
    for (entry, kind) in (1..).zip(kinds) {
        let priority = 2;
        scene.queue(q::Queued {
            entry,
            kind,
            priority,
        });
    }
    let base = Some(sha('0'));
    let dequeued = |entry, base: char, paths: &[&str]| q::Dequeued {
        entry,
        base: Some(sha(base)),
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        why: "why".into(),
    };
    let built = |base, c| q::CandidateBuilt {
        entry: 3,
        candidate: candidate(base, c),
        changes: Changes::default(),
    };

    scene.queue(q::FoundEmpty { entry: 1, base });
    scene.queue(dequeued(2, '0', &["x"])).queue(built('0', 'a'));
    scene.queue(q::UpstreamMoved {
        entry: 3,
        seen: Some(sha('7')),
        files: vec![],
    });
    scene.queue(built('7', 'b'));
    // Somebody took it out: that says nothing of the work.
    scene
        .queue(dequeued(3, '7', &[]))
        .queue(dequeued(4, '7', &[]));

    let record = read(&scene.log);
    let candidates = [('0', 'a'), ('7', 'b')];
    let candidates =
        candidates.map(|(base, c)| Built::Candidate(candidate(base, c), Changes::default()));
    let conflict = Built::Conflict {
        paths: vec!["x".into()],
        why: "why".into(),
    };
    let of_work: Vec<_> = std::iter::once(conflict).chain(candidates).collect();
    let expected = [
        (format!("revert {}", sha('8')), vec![Built::Nothing]),
        (sha('5').to_string(), of_work),
    ];
    let expected: BTreeMap<_, _> = expected.into_iter().collect();
    let found: BTreeMap<_, _> = record.built.into_iter().collect();
    assert_eq!(format!("{found:#?}"), format!("{expected:#?}"));
}

#[test]
fn a_commit_that_nobody_made_has_a_name_of_its_own() {
    let (five, six) = (sha('5'), sha('6'));
    let all = [
        candidate_of(five.as_str(), Some(&sha('0'))),
        candidate_of(five.as_str(), Some(&sha('1'))),
        candidate_of(six.as_str(), Some(&sha('0'))),
        candidate_of(five.as_str(), None),
    ];
    let names: BTreeSet<_> = all.iter().flatten().map(|one| one.sha.clone()).collect();
    assert_eq!(names.len(), 4);
    assert_eq!(all[0], candidate_of(five.as_str(), Some(&sha('0'))));

    let kept = candidate('0', 'a');
    for (base, is_kept) in [(Some('0'), true), (Some('1'), false), (None, false)] {
        let base = base.map(sha);
        let moved = rebased(&kept, base.as_ref()).expect("a commit");
        assert_eq!(moved == kept, is_kept, "{base:?}");
        assert_eq!(moved.base, base);
    }
    let names = [EntryKind::Scaffold, work_of(1, '5'), revert('5')];
    let names = names.map(|kind| work(&kind));
    let expected = [
        "scaffold".into(),
        five.to_string(),
        format!("revert {five}"),
    ];
    assert_eq!(names, expected);
}
