//! What a person and the server's log hear of failures, and when it is over.

use super::going::SPELL;
use super::*;
use std::time::Duration;

fn zoo() -> ProjectName {
    "zoo".parse().expect("a name")
}

fn errand(name: &str) -> Errand {
    Errand {
        name: name.to_owned(),
        remedy: Remedy::Mend,
    }
}

#[test]
fn what_is_refused_for_good_is_shown_until_it_is_owed_no_more() {
    let faults = Faults::default();

    faults.note(
        &zoo(),
        &errand("building entry 1"),
        Kind::Refused,
        "too large",
    );
    faults.note(
        &zoo(),
        &errand("building entry 1"),
        Kind::Refused,
        "too large",
    );
    let shown = faults.needs_you(&zoo());
    assert!(
        shown.len() == 1
            && shown[0]
                .text
                .contains("building entry 1 was refused 2 times")
            && shown[0].text.contains("too large"),
        "{shown:?}"
    );
    faults.keep(&zoo(), &BTreeSet::from(["building entry 1".to_owned()]));
    assert_eq!(faults.needs_you(&zoo()).len(), 1, "still owed");
    faults.keep(&zoo(), &BTreeSet::new());
    assert!(faults.needs_you(&zoo()).is_empty());
}

#[test]
fn a_race_is_no_fault_and_one_that_never_ends_is() {
    let faults = Faults::default();
    for count in 1..=REFUSED_IN_A_ROW {
        assert!(faults.needs_you(&zoo()).is_empty(), "{count}");
        faults.note(&zoo(), &errand("claiming"), Kind::Overtaken, "held");
    }
    assert_eq!(faults.needs_you(&zoo()).len(), 1);
    for _ in 1..FAILED_IN_A_ROW {
        faults.note(&zoo(), &errand("copying"), Kind::Failed, "gone");
    }
    assert_eq!(faults.needs_you(&zoo()).len(), 1);
    faults.note(&zoo(), &errand("copying"), Kind::Failed, "gone");
    assert_eq!(faults.needs_you(&zoo()).len(), 2);
}

fn texts(faults: &Faults, name: &ProjectName) -> Vec<String> {
    let needs = faults.needs_you(name).into_iter();
    needs.map(|need| need.text).collect()
}

#[test]
fn what_a_chore_fails_at_is_shown_to_whom_it_concerns_until_it_works() {
    let faults = Faults::default();
    let other: ProjectName = "aquarium".parse().expect("a name");

    for count in 1..=Chore::List.heard_after() {
        assert!(faults.needs_you(&zoo()).is_empty(), "{count}");
        faults.failing(None, Chore::List, "no socket");
        faults.failing(Some(&zoo()), Chore::Watch, "no route");
    }

    let told = texts(&faults, &other);
    assert!(
        told.len() == 1
            && told[0].starts_with(
                "asking the container engine what runs failed 3 times: no socket; it is tried"
            ),
        "{told:?}"
    );
    assert_eq!(texts(&faults, &zoo()).len(), 2);
    faults.well(None, Chore::List);
    faults.well(Some(&zoo()), Chore::Watch);
    assert!(texts(&faults, &zoo()).is_empty());
}

#[test]
fn what_stops_everything_is_shown_at_once() {
    let faults = Faults::default();
    faults.failing(None, Chore::Record, "the disk is full");
    let told = texts(&faults, &zoo());
    assert!(
        told.len() == 1 && told[0].contains("the disk is full; nothing goes on meanwhile"),
        "{told:?}"
    );
}

#[test]
fn a_slot_that_is_not_tried_any_more_is_forgotten() {
    let faults = Faults::default();
    let tried: BTreeSet<_> = [(zoo(), SlotNo(2))].into();
    for _ in 0..3 {
        for n in [1, 2] {
            faults.failing(Some(&zoo()), Chore::Slot(SlotNo(n)), "no answer");
        }
    }

    faults.keep_slots(&tried);
    let told = texts(&faults, &zoo());
    assert!(
        told.len() == 1 && told[0].starts_with("the container of slot 2 failed 3 times"),
        "{told:?}"
    );
}

#[test]
fn slots_that_are_gone_are_not_counted_among_the_others_for_ever() {
    let faults = Faults::default();
    for n in 0..150 {
        faults.failing(Some(&zoo()), Chore::Slot(SlotNo(n)), "no answer");
    }
    faults.keep_slots(&BTreeSet::new());
    assert_eq!(texts(&faults, &zoo()), Vec::<String>::new());
    assert!(!faults.any_fails.load(Ordering::Acquire));
}

#[test]
fn a_chore_that_fails_and_works_in_turn_is_told_as_one_spell() {
    let faults = Faults::default();
    let begun = Instant::now();
    let (mut failed, mut worked) = (vec![], vec![]);
    for second in 0..200 {
        let now = begun + Duration::from_secs(second);
        failed.extend(faults.failed(None, Chore::AcceptAtDoors, "too many files", now));
        worked.extend(faults.worked(None, Chore::AcceptAtDoors, now));
    }
    let times: Vec<Told> = [1, 10, 100].map(Told::Times).into();
    assert_eq!((failed, worked), (times, vec![1, 10, 100]));

    let later = begun + Duration::from_secs(200) + SPELL;
    let anew = faults.failed(None, Chore::AcceptAtDoors, "too many files", later);
    assert_eq!(anew, Some(Told::Times(1)), "another spell");
}

#[test]
fn what_is_not_told_apart_is_counted_until_it_works() {
    let faults = Faults::default();
    let slots = |from: u16, to: u16| (from..to).map(|n| Chore::Slot(SlotNo(n)));
    for _ in 0..3 {
        for slot in slots(0, 150) {
            faults.failing(Some(&zoo()), slot, "no answer");
        }
    }
    let told = texts(&faults, &zoo());
    assert_eq!(told.len(), FAULTS_MAX + 1);
    assert!(
        told[FAULTS_MAX].starts_with("and 50 others fail as well"),
        "{told:?}"
    );
    for slot in slots(0, 30).chain(slots(140, 150)) {
        faults.well(Some(&zoo()), slot);
    }
    let told = texts(&faults, &zoo());
    assert!(
        told[70].starts_with("and 40 others fail as well"),
        "{told:?}"
    );

    // Those that work gave way: the others are told apart when they fail again.
    for slot in slots(100, 130) {
        faults.failing(Some(&zoo()), slot, "no answer");
    }
    let told = texts(&faults, &zoo());
    assert!(
        told[70].starts_with("and 10 others fail as well"),
        "{told:?}"
    );
    for slot in slots(0, 150) {
        faults.well(Some(&zoo()), slot);
    }
    assert!(texts(&faults, &zoo()).is_empty());
}

#[test]
fn faults_are_bounded_and_told_once_a_tenfold() {
    let faults = Faults::default();

    for n in 0..500 {
        faults.note(
            &zoo(),
            &errand(&format!("thing {n}")),
            Kind::Refused,
            &"w".repeat(100_000),
        );
    }

    let shown = faults.needs_you(&zoo());
    assert!(shown.iter().all(|line| line.text.len() < 5_000));
    assert_eq!(shown.len(), FAULTS_MAX + 1);
    let others = &shown[FAULTS_MAX].text;
    assert!(
        others.starts_with("and 400 others fail as well"),
        "{others}"
    );
    let told: Vec<u64> = (0..2000).filter(|count| is_power_of_ten(*count)).collect();
    assert_eq!(told, [1, 10, 100, 1000]);
}
