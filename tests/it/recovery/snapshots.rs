//! F18, L5: a snapshot is a cache. Whatever is done to it, the next start has the same projections;
//! and projections that are not what the log says are found, named and replaced while the server
//! runs.

use std::sync::Arc;

use actors::ports::snapshots::Snapshots;
use actors::rebuild::{fold, restored};
use events::log::EventLog;
use events::memory::MemoryLog;
use events::stream::Position;
use events::view::{Projections, snapshot};
use supercargo::api::ProjectChange;

use crate::world::{World, ZOO, context, scripted, story};

fn one_feature() -> Vec<events::backlog::BatchItem> {
    vec![scripted(
        "Feed the lions",
        "write lions fed\ncommit Feed the lions\nsubmit",
        &[],
    )]
}

async fn from_the_beginning(log: &Arc<dyn EventLog>) -> Projections {
    let head = log.head().await.expect("head").position;
    fold(log, Projections::default(), head)
        .await
        .expect("folded")
}

/// A whole story, whose projections are kept every few events; ended in order.
async fn told() -> World {
    let world = World::new();
    let server = world.start().await;
    server
        .open_zoo(&world, 1, one_feature())
        .await
        .expect("opened");
    server.completed().await;
    world.stop(server).await;
    world
}

#[test]
fn a_snapshot_is_used_and_whatever_is_odd_about_one_is_not() {
    story(|| async {
        let world = told().await;
        let (log, snapshots): (Arc<dyn EventLog>, _) = (world.log.clone(), world.snapshots());
        let whole = from_the_beginning(&log).await;
        let kept = restored(&log, &snapshots).await.expect("restored");
        assert!(
            kept.position.0 + 3 > whole.position.0,
            "it was kept at the stop: {} of {}",
            kept.position,
            whole.position
        );
        assert_eq!(
            fold(&log, kept.clone(), whole.position)
                .await
                .expect("folded"),
            whole,
            "L5: snapshot and tail"
        );
        assert_eq!(
            fold(&log, Projections::default(), kept.position)
                .await
                .expect("folded"),
            kept,
            "L5: a prefix"
        );

        let sound = snapshots.load().await.expect("loaded").expect("there");
        let foreign = snapshot::encode("another-log", &kept);
        let mut ahead = kept.clone();
        ahead.position = Position(whole.position.0 + 5);
        let mut other_chain = kept.clone();
        other_chain.digest = events::id::Digest::of(b"another chain");
        let mut flipped = sound.clone();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 1;
        let mut newer = sound.clone();
        let at = newer
            .windows(32)
            .position(|w| w == snapshot::FINGERPRINT.as_bytes())
            .expect("the fingerprint is in it");
        newer[at..at + 32].copy_from_slice(&[b'0'; 32]);
        let odd: Vec<(&str, Vec<u8>)> = vec![
            ("empty", vec![]),
            ("cut", sound[..sound.len() - 7].to_vec()),
            ("flipped", flipped),
            ("longer", [sound.clone(), vec![0]].concat()),
            ("of another log", foreign),
            ("ahead of the log", snapshot::encode(&log.id(), &ahead)),
            (
                "of another chain",
                snapshot::encode(&log.id(), &other_chain),
            ),
            ("of other rules", newer),
        ];
        for (what, bytes) in odd {
            snapshots.store(bytes).await.expect("stored");
            assert_eq!(
                restored(&log, &snapshots).await,
                Ok(Projections::default()),
                "a snapshot that is {what} is not used"
            );
        }
        snapshots.discard().await.expect("deleted");
        let server = world.start().await;
        let served = server.core.projector.read(Projections::clone);
        assert!(served.position >= whole.position && served.projects == whole.projects);
        world.end(server).await;
    });
}

/// A snapshot that is whole and wrong: nothing about it is odd but what it says.
#[test]
fn books_that_are_not_what_the_log_says_are_found_and_replaced() {
    story(|| async {
        let world = told().await;
        let (log, snapshots): (Arc<dyn EventLog>, _) = (world.log.clone(), world.snapshots());
        let mut wrong = restored(&log, &snapshots).await.expect("restored");
        let view = wrong
            .projects
            .get_mut(&ZOO.parse().expect("name"))
            .expect("the zoo");
        let (id, feature) = view
            .features
            .iter()
            .next()
            .map(|(id, f)| (id.clone(), f.clone()))
            .expect("a feature");
        let other = "feat-zzzzz".parse().expect("id");
        view.features.insert(other, feature.clone());
        snapshots
            .store(snapshot::encode(&log.id(), &wrong))
            .await
            .expect("stored");

        let server = world.start().await;
        server
            .core
            .projector
            .wait_until(|projections| projections.node.state.diverged)
            .await;
        assert_eq!(
            server
                .core
                .projector
                .read(|projections| projections.node.state.diverged),
            Some(feature.position),
            "names where"
        );
        assert_eq!(
            server.zoo(|view| view.features.keys().cloned().collect::<Vec<_>>()),
            [id],
            "the log is right"
        );
        assert_eq!(world.count("node.books_diverged").await, 1);
        // The server goes on, on projections that follow the log.
        let change = ProjectChange {
            target: Some(2),
            ..ProjectChange::default()
        };
        server
            .operator
            .change_project(&context(), ZOO, &change)
            .await
            .expect("changed");
        let served = server.core.projector.read(Projections::clone);
        assert_eq!(
            fold(&log, Projections::default(), served.position)
                .await
                .expect("folded"),
            served
        );
        world.crash(server);
        let breaches = world.breaches().await;
        assert_eq!(
            breaches.iter().map(|breach| breach.id).collect::<Vec<_>>(),
            ["L5"],
            "the audit tells of the alarm: {breaches:?}"
        );
    });
}

#[tokio::test]
async fn a_log_with_a_hole_is_not_folded() {
    struct Holed(MemoryLog);
    #[async_trait::async_trait]
    impl EventLog for Holed {
        fn id(&self) -> String {
            self.0.id()
        }
        async fn append(
            &self,
            append: events::log::Append,
        ) -> Result<events::log::Receipt, events::log::AppendError> {
            self.0.append(append).await
        }
        async fn read_stream(
            &self,
            stream: &events::stream::StreamId,
            after: events::stream::Version,
            limit: usize,
        ) -> Result<Vec<events::envelope::Envelope>, events::log::ReadError> {
            self.0.read_stream(stream, after, limit).await
        }
        async fn read_all(
            &self,
            after: Position,
            limit: usize,
        ) -> Result<Vec<events::envelope::Envelope>, events::log::ReadError> {
            let mut found = self.0.read_all(after, limit).await?;
            found.retain(|envelope| envelope.position != Position(2));
            Ok(found)
        }
        async fn head(&self) -> Result<events::log::Head, events::log::ReadError> {
            self.0.head().await
        }
        async fn remembered(
            &self,
            command: events::id::CommandId,
        ) -> Result<Option<events::log::Remembered>, events::log::ReadError> {
            self.0.remembered(command).await
        }
    }
    let log = Holed(MemoryLog::new("holed"));

    for n in 0..3 {
        log.append(crate::log::append("feature-p/a", n, 1, n))
            .await
            .expect("recorded");
    }

    let log: Arc<dyn EventLog> = Arc::new(log);
    let refused = fold(&log, Projections::default(), Position(3))
        .await
        .expect_err("a hole");
    assert!(refused.to_string().contains("missing"), "{refused}");
}
