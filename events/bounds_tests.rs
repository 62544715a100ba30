//! Every event with every field as large as anybody could make it: it fits the log, or its own
//! check refuses it. The samples are those of the golden files, so an event that is new is looked
//! at by itself.

use rmpv::Value;

use crate::aggregate::Aggregate;
use crate::backlog::batch::{COMMENTS_MAX, IMPORT_MAX};
use crate::backlog::{self, Born, Edge, Remark};
use crate::bounds::Bounded;
use crate::codec::EventCodec;
use crate::container::{self, Assignment};
use crate::egress::{EgressRule, RULES_MAX};
use crate::envelope::PAYLOAD_MAX;
use crate::feature::command::COMMENT_MAX;
use crate::feature::content::{DESCRIPTION_MAX, LABELS_MAX, STEPS_COUNT_MAX, STEPS_MAX, TITLE_MAX};
use crate::feature::{self, Content, Feature};
use crate::golden;
use crate::grid::given;
use crate::holder::Role;
use crate::id::{Digest, FeatureId, SessionId, Timestamp};
use crate::settings::{AgentSpec, COMMAND_MAX, Dialect, Settings};
use crate::verdict::{Finding, ITEMS_MAX, Judgement, Ran, TEXT_MAX, Verdict};

/// What is not cut because its meaning would change: the tests below hold that it is refused.
const REFUSED: [&str; 5] = [
    "project.settings_changed",
    "feature.created",
    "feature.edited",
    "backlog.admitted",
    "container.assigned",
];

/// Entries of a list within a list: the product is what counts.
const NESTED_MAX: usize = 40;

/// A place in a value: the way to it, by number of the member or element, and whether a list is on
/// that way.
#[derive(Clone, Default)]
struct Place {
    at: Vec<usize>,
    nested: bool,
}

fn places(value: &Value, here: &Place, found: &mut Vec<Place>) {
    found.push(here.clone());
    let (inner, nested): (Vec<&Value>, bool) = match value {
        Value::Array(elements) => (elements.iter().collect(), true),
        Value::Map(members) => (members.iter().map(|(_, value)| value).collect(), false),
        _ => (vec![], false),
    };
    for (n, value) in inner.into_iter().enumerate() {
        let mut there = here.clone();
        there.at.push(n);
        there.nested |= nested;
        places(value, &there, found);
    }
}

fn place<'a>(value: &'a mut Value, at: &[usize]) -> Option<&'a mut Value> {
    let Some((first, rest)) = at.split_first() else {
        return Some(value);
    };
    match value {
        Value::Array(elements) => place(elements.get_mut(*first)?, rest),
        Value::Map(members) => place(&mut members.get_mut(*first)?.1, rest),
        _ => None,
    }
}

/// Pieces in each text (none leaves it as it is) and entries in each list.
const SIZES: [(Option<usize>, usize); 4] = [
    (Some(25_000), 3),
    (Some(1_000), 300),
    (None, 3_000),
    (Some(0), 5_000),
];

/// The event with each text and each list of such a size, as far as its fields take that.
fn blown_up<E: EventCodec>(event: &E, (pieces, entries): (Option<usize>, usize)) -> E {
    let kind = event.kind();
    let read = |value: &Value| {
        let mut bytes = Vec::new();
        rmpv::encode::write_value(&mut bytes, value).expect("memory");
        E::decode(kind.name, kind.schema, &bytes).ok()
    };
    let mut whole = rmpv::decode::read_value(&mut event.encode().as_slice()).expect("a sample");
    let mut found = Vec::new();
    places(&whole, &Place::default(), &mut found);

    // Texts first, so that lists repeat what is large already.
    for lists in [false, true] {
        for Place { at, nested } in found.iter().rev() {
            let mut tried = whole.clone();
            let Some(value) = place(&mut tried, at) else {
                continue;
            };
            match value {
                Value::String(_) if !lists && pieces.is_some() => {
                    *value = "x/ä".repeat(pieces.unwrap_or_default()).into();
                }
                Value::Array(elements) if lists && !elements.is_empty() => {
                    let entries = if *nested {
                        entries.min(NESTED_MAX)
                    } else {
                        entries
                    };
                    let many = elements.iter().cycle().take(entries).cloned();
                    *elements = many.collect();
                }
                _ => continue,
            }
            if read(&tried).is_some() {
                whole = tried;
            }
        }
    }

    read(&whole).expect("what was read before")
}

fn hold<E: EventCodec + Bounded>(samples: &[E], looked: &mut usize) {
    for sample in samples {
        let name = sample.kind().name;
        assert_eq!(
            sample.clone().bounded(),
            *sample,
            "{name} is cut though it is small"
        );
        if REFUSED.contains(&name) {
            continue;
        }
        for size in SIZES {
            let bounded = blown_up(sample, size).bounded();
            let bytes = bounded.encode().len();
            assert!(bytes <= PAYLOAD_MAX, "{name} of {size:?} has {bytes} bytes");
            let again = bounded.clone().bounded();
            assert_eq!(again.encode().len(), bytes, "{name} is cut twice");
        }
        *looked += 1;
    }
}

#[test]
fn every_event_fits_the_log_whatever_its_fields_hold() {
    let mut looked = 0;
    hold(&golden::projects(), &mut looked);
    hold(&golden::backlogs(), &mut looked);
    hold(&golden::features(), &mut looked);
    hold(&golden::containers(), &mut looked);
    hold(&golden::merge_queues(), &mut looked);
    hold(&golden::nodes(), &mut looked);
    hold(&golden::subscriptions(), &mut looked);
    let kinds = crate::registry::registry().expect("no name twice").len();
    assert_eq!(looked + REFUSED.len(), kinds, "a kind was not looked at");
}

fn largest_content() -> Content {
    Content {
        title: "\u{1f980}".repeat(TITLE_MAX),
        description: "d".repeat(DESCRIPTION_MAX),
        steps: vec!["s".repeat(STEPS_MAX / STEPS_COUNT_MAX); STEPS_COUNT_MAX],
        category: "c".repeat(TITLE_MAX),
        labels: vec!["l".repeat(TITLE_MAX); LABELS_MAX],
        ..Content::default()
    }
}

fn remark() -> Remark {
    Remark {
        by: "b".repeat(TITLE_MAX),
        text: "c".repeat(COMMENT_MAX),
    }
}

fn long_id(n: usize) -> FeatureId {
    format!("{n:064}").parse().expect("an id")
}

/// The events of one append, all of which fit.
fn fitting<A: Aggregate>(state: &A, command: &A::Command) -> Result<usize, A::Refusal> {
    let events = state.decide(command, Timestamp(0))?;
    assert!(events.len() <= crate::log::EVENTS_PER_APPEND_MAX);
    for event in &events {
        let size = event.encode().len();
        assert!(
            size <= PAYLOAD_MAX,
            "{} has {size} bytes",
            event.kind().name
        );
    }
    Ok(events.len())
}

#[test]
fn a_feature_at_every_bound_exists_and_one_beyond_is_refused_at_once() {
    let create = |content: Content| feature::Command::Create {
        content,
        batch: Digest::default(),
        blockers: (0..600).map(long_id).collect(),
        born: Born::Closed,
        comments: vec![remark(); COMMENTS_MAX],
    };
    fitting(&Feature::Unknown, &create(largest_content())).expect("within every bound");

    let beyond: [fn(&mut Content); 6] = [
        |c| c.title.push('x'),
        |c| c.description.push('x'),
        |c| c.steps.push(String::new()),
        |c| c.steps = vec!["s".repeat(STEPS_MAX), "s".into()],
        |c| c.labels.push(String::new()),
        |c| c.category.push('x'),
    ];
    for (n, grow) in beyond.iter().enumerate() {
        let mut content = largest_content();
        grow(&mut content);
        assert!(
            fitting(&Feature::Unknown, &create(content.clone())).is_err(),
            "bound {n}"
        );
        let batch = backlog::Batch::single(content, vec![]);
        assert!(
            batch.check().is_err(),
            "bound {n} is told to whoever adds it"
        );
    }
}

#[test]
fn a_batch_of_the_longest_ids_is_recorded_in_parts() {
    let ids: Vec<FeatureId> = (0..IMPORT_MAX).map(long_id).collect();
    let edge = |n: usize, on: usize| Edge {
        feature: long_id(n),
        on: long_id(on),
    };
    let chain = (1..IMPORT_MAX).map(|n| edge(n, n - 1));
    let skips = (2..IMPORT_MAX).map(|n| edge(n, n - 2));
    let edges: Vec<Edge> = chain.chain(skips).collect();

    let admit = |ids: &[FeatureId], edges: &[Edge]| backlog::Command::Admit {
        batch: Digest::default(),
        ids: ids.to_vec(),
        edges: edges.to_vec(),
    };
    let none = backlog::Backlog::default();
    assert_eq!(fitting(&none, &admit(&ids[..400], &[])), Ok(1));
    let parts = fitting(&none, &admit(&ids, &edges)).expect("parts that fit");
    assert_eq!(parts, edges.len().div_ceil(200));
}

#[test]
fn settings_that_are_too_large_together_are_refused() {
    let rule = |n: usize| EgressRule {
        host: format!("h{n}.example.org"),
        port: 80,
        methods: vec![],
        path_prefix: Some(format!("/{}", "p".repeat(1000))),
        private: false,
    };
    let command = |length| AgentSpec {
        command: Some("c".repeat(length)),
        ..AgentSpec::of(Dialect::Command)
    };
    let mut settings = Settings {
        egress: (0..RULES_MAX).map(rule).collect(),
        protected: vec!["p".repeat(200); 200],
        ..Settings::default()
    };
    let why = settings.check().expect_err("200 KiB");
    assert!(why.contains("together"), "{why}");

    settings.egress.clear();
    settings.protected.truncate(100);
    settings.agent = command(COMMAND_MAX);
    settings.check().expect("within every bound");
    let event = crate::project::event::SettingsChanged {
        settings: Box::new(settings.clone()),
    };
    let size = crate::codec::to_named(&event).len();
    assert!(size <= PAYLOAD_MAX, "{size}");

    settings.agents.reviewer = Some(command(COMMAND_MAX + 1));
    assert!(
        settings.check().is_err(),
        "an agent of a role has the same bound"
    );
}

#[test]
fn an_assignment_with_a_command_line_that_is_too_long_is_refused() {
    let slot: container::Container = given(&[container::event::Enlisted {}.into()]);

    let assign = |length: usize| {
        let agent = AgentSpec {
            command: Some("c".repeat(length)),
            ..AgentSpec::of(Dialect::Command)
        };
        let assignment = Assignment {
            session: SessionId::from_bytes([1; 10]),
            role: Role::Coder,
            feature: Some(long_id(1)),
            epoch: None,
            sha: None,
            agent: Some(agent),
            prompt_digest: Digest::default(),
        };
        container::Command::Assign {
            assignment: Box::new(assignment),
        }
    };
    fitting(&slot, &assign(COMMAND_MAX)).expect("as long as settings take");
    assert!(fitting(&slot, &assign(PAYLOAD_MAX)).is_err());
}

#[test]
fn a_verdict_is_bounded_as_a_whole() {
    let finding = |why: usize| Finding {
        path: Some("p".repeat(TEXT_MAX)),
        line: Some(1),
        why: "w".repeat(why),
    };
    let ran = Ran {
        command: "c".repeat(TEXT_MAX),
        exit: 0,
    };
    let verdict = |findings: Vec<Finding>, ran: Vec<Ran>| Verdict {
        judgement: Judgement::Reject,
        findings,
        ran,
    };
    let long = finding(TEXT_MAX);
    assert!(
        verdict(vec![long.clone(); ITEMS_MAX], vec![])
            .check()
            .is_err()
    );

    assert!(
        verdict(vec![long.clone()], vec![ran.clone(); 11])
            .check()
            .is_err()
    );
    let fits = verdict(vec![long], vec![ran; 8]);
    fits.check().expect("some long ones");
    let mut same = fits.clone();
    same.cut();
    assert_eq!(same, fits, "what the check takes is not cut");
    let path = Finding {
        path: Some("p".repeat(TEXT_MAX + 1)),
        ..finding(1)
    };
    assert!(verdict(vec![path], vec![]).check().is_err());
}
