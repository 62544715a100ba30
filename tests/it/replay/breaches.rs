//! The first place at which a log breaks an invariant.

use std::sync::Arc;

use actors::instants::Instants;
use events::cause::{Cause, Principal};
use events::feature::{Content, event as f};
use events::holder::Holder;
use events::id::{CommandId, Digest, Epoch, FeatureId, Timestamp};
use events::log::{Append, EventLog, NewEvent};
use events::memory::MemoryLog;
use events::project::{ProjectKind, event as p};
use events::stream::{Position, StreamId, Version};
use supercargo::replay::Recorded;

/// A log into which events are written that no rules decided.
struct Forged {
    log: Arc<MemoryLog>,
    events: u64,
}

impl Forged {
    async fn add(&mut self, stream: &StreamId, version: u64, event: NewEvent) {
        self.events += 1;
        let id = CommandId::derived(&["forged", &self.events.to_string()]);
        let appended = self.log.append(Append {
            stream: stream.clone(),
            expected: Version(version - 1),
            also_expect: vec![],
            events: vec![event],
            command: id,
            body: Digest::of(b"forged"),
            cause: Cause::first(Principal::Operator("ann".into()), id),
            trace: None,
            at: Timestamp(1_700_000_000_000_000 + i64::try_from(self.events).expect("few")),
        });
        appended.await.expect("recorded");
    }
}

fn claimed(epoch: u64, principal: &str) -> NewEvent {
    let principal = principal.to_owned();
    NewEvent::of(&events::feature::Event::from(f::Claimed {
        epoch: Epoch(epoch),
        holder: Holder::Outside { principal },
    }))
}

#[tokio::test]
async fn the_first_breach_is_found_and_those_before_an_instant_are_left_out() {
    let log = Arc::new(MemoryLog::new("forged"));
    let mut forged = Forged {
        log: log.clone(),
        events: 0,
    };
    let zoo: events::id::ProjectName = "zoo".parse().expect("a name");
    let id: FeatureId = "feat-aaaaa".parse().expect("an id");
    let (project, feature) = (StreamId::Project(zoo.clone()), StreamId::Feature(zoo, id));
    let registered = events::project::Event::from(p::Registered {
        git_url: "/srv/zoo.git".into(),
        kind: ProjectKind::Existing,
    });
    forged.add(&project, 1, NewEvent::of(&registered)).await;
    let created = events::feature::Event::from(f::Created {
        content: Content::titled("Feed the lions"),
        batch: Digest::of(b"batch"),
        blockers: vec![],
    });
    forged.add(&feature, 1, NewEvent::of(&created)).await;
    forged.add(&feature, 2, claimed(1, "ann")).await;
    // Two hold it at once, and then a third one.
    forged.add(&feature, 3, claimed(2, "bob")).await;
    forged.add(&feature, 4, claimed(3, "cid")).await;

    let recorded = Recorded::of(log, Instants::default());
    let head = recorded.head().await.expect("a head");
    let all = recorded
        .breach(None, (Position(0), head))
        .await
        .expect("looked");
    let first = all.first.expect("it is broken");
    let of_claims = first.id;
    let at = |from: u64, to: u64| (Position(from), Position(to));

    let twice = recorded
        .breach(Some(of_claims), at(3, 5))
        .await
        .expect("looked");
    assert_eq!(twice.first.map(|breach| breach.position), Some(4));
    let later = recorded
        .breach(Some(of_claims), at(4, 5))
        .await
        .expect("looked");
    assert_eq!(later.first.map(|breach| breach.position), Some(5));
    let other = recorded.breach(Some("X9"), at(0, 5)).await.expect("looked");
    assert!(other.first.is_none() && other.all.contains(of_claims));
}
