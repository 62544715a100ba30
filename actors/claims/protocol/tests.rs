//! What a holder does under its claim, over hosts, a log and a gate in memory.

use std::sync::Mutex;

use async_trait::async_trait;
use events::feature::Event;
use events::feature::event as f;
use events::id::{Epoch, FeatureId};
use events::log::EventLog;
use events::stream::Position;

use super::*;
use crate::ports::PortError;
use crate::ports::repo::Handed;
use crate::scene::{feature, sha};
use crate::testbed_tests::{Testbed, cause, command_id, holder, with_hosts, zoo};

/// A gate that holds one commit of every claim, and remembers what was pinned.
#[derive(Default)]
struct Gate {
    head: Option<Sha>,
    adds_nothing: bool,
    pinned: Mutex<Vec<Sha>>,
}

#[async_trait]
impl ClaimWork for Gate {
    async fn work_head(
        &self,
        _project: &ProjectName,
        _feature: &FeatureId,
        _epoch: Epoch,
    ) -> Result<Option<Sha>, PortError> {
        Ok(self.head.clone())
    }
    async fn pin(
        &self,
        _project: &ProjectName,
        _feature: &FeatureId,
        _epoch: Epoch,
        sha: &Sha,
    ) -> Result<Handed, PortError> {
        self.pinned.lock().expect("free").push(sha.clone());
        Ok(Handed {
            base: Some(crate::scene::sha('0')),
            adds_nothing: self.adds_nothing,
        })
    }
    async fn tidy(
        &self,
        _project: &ProjectName,
        _feature: &FeatureId,
        _epoch: Epoch,
    ) -> Result<(), PortError> {
        Ok(())
    }
}

/// A claim of Ann's on `a`, and a gate.
async fn claimed(gate: Gate) -> (Testbed, Protocol, Arc<Gate>) {
    let bed = Testbed::with(&["a", "b"]).await;
    let (epoch, holder) = (Epoch(1), holder("ann"));
    bed.of("a", f::Claimed { epoch, holder }).await;
    bed.seen().await;
    let gate = Arc::new(gate);
    let protocol = Protocol::new(bed.directory.clone(), bed.projector.clone(), gate.clone());
    (bed, protocol, gate)
}

fn asked(id: u8, by: &str) -> UnderClaim {
    UnderClaim {
        project: zoo(),
        holder: holder(by),
        claim: Claim {
            feature: feature("a"),
            epoch: Epoch(1),
        },
        cause: cause(),
        id: command_id(id),
        secure: command_id(id + 100),
    }
}

fn code<T: std::fmt::Debug>(answer: Done<T>) -> String {
    match answer {
        Ok(done) => format!("{done:?}"),
        Err(rejection) => rejection.code.into_owned(),
    }
}

/// What was recorded of `a` since its claim.
async fn recorded(bed: &Testbed) -> Vec<Event> {
    use events::codec::EventCodec;
    let all = bed.log.read_all(Position(0), 1_000).await.expect("read");
    let own = all
        .iter()
        .filter(|envelope| envelope.stream.to_string() == "feature-z/a")
        .skip(2);
    own.map(|e| Event::decode(&e.kind, e.schema, &e.payload).expect("an event"))
        .collect()
}

#[test]
fn what_was_pushed_is_safe_before_a_claim_is_given_back() {
    for asks in [false, true] {
        with_hosts(async move {
            let head = Some(sha('a'));
            let (bed, protocol, _) = claimed(Gate {
                head: head.clone(),
                ..Gate::default()
            })
            .await;
            let text = "why not".to_owned();
            let done = match asks {
                true => protocol.ask(&asked(1, "ann"), text).await,
                false => protocol.release(&asked(1, "ann"), text).await,
            };
            done.expect("accepted");
            let events = recorded(&bed).await;
            let (epoch, sha) = (Epoch(1), head);
            assert_eq!(events[0], f::WorkSecured { epoch, sha }.into());
            let Some(Event::Released(released)) = events.last() else {
                panic!("{events:?}");
            };
            assert_eq!(released.detail, "why not");
            assert_eq!(events.len(), if asks { 3 } else { 2 });
        });
    }
}

#[test]
fn a_claim_of_somebody_else_is_touched_by_nobody() {
    with_hosts(async {
        let (bed, protocol, gate) = claimed(Gate::default()).await;
        let why = || "so".to_owned();
        let bob = asked(1, "bob");
        assert_eq!(code(protocol.release(&bob, why()).await), "held");
        assert_eq!(code(protocol.ask(&bob, why()).await), "held");
        assert_eq!(code(protocol.submit(&bob, sha('a')).await), "held");
        assert_eq!(recorded(&bed).await, []);
        assert_eq!(gate.pinned.lock().expect("free").len(), 0);
    });
}

#[test]
fn a_claim_that_is_over_is_refused_by_the_features_rules() {
    with_hosts(async {
        let (bed, protocol, gate) = claimed(Gate::default()).await;
        let why = || "so".to_owned();
        protocol
            .release(&asked(1, "ann"), why())
            .await
            .expect("accepted");
        let before = recorded(&bed).await.len();
        let late = asked(2, "ann");
        assert_eq!(code(protocol.release(&late, why()).await), "no_claim");
        assert_eq!(code(protocol.submit(&late, sha('a')).await), "no_claim");
        assert_eq!(recorded(&bed).await.len(), before, "nothing is secured");
        assert_eq!(gate.pinned.lock().expect("free").len(), 0);
        let again = protocol.release(&asked(1, "ann"), why()).await;
        again.expect("as the first time");
    });
}

#[test]
fn a_commit_is_pinned_before_it_is_handed_in() {
    with_hosts(async {
        let (bed, protocol, gate) = claimed(Gate::default()).await;
        let first = protocol.submit(&asked(1, "ann"), sha('a')).await;
        let first = first.expect("accepted");
        assert_eq!(*gate.pinned.lock().expect("free"), [sha('a')]);
        let submitted = f::Submitted {
            epoch: Epoch(1),
            sha: sha('a'),
            base: Some(sha('0')),
        };
        assert_eq!(recorded(&bed).await, [submitted.into()]);

        // A repetition names the same commit, of the same claim.
        let again = protocol.submit(&asked(1, "ann"), sha('a')).await;
        assert_eq!(again, Ok(first));
        let other = protocol.submit(&asked(1, "ann"), sha('b')).await;
        assert_eq!(code(other), "id_reused");
        let elsewhere = UnderClaim {
            claim: Claim {
                feature: feature("b"),
                epoch: Epoch(1),
            },
            ..asked(1, "ann")
        };
        let elsewhere = protocol.submit(&elsewhere, sha('a')).await;
        assert_eq!(code(elsewhere), "id_reused");
        let late = protocol.submit(&asked(2, "ann"), sha('a')).await;
        assert_eq!(code(late), "no_claim");
    });
}

#[test]
fn what_adds_nothing_is_not_handed_in() {
    with_hosts(async {
        let gate = Gate {
            adds_nothing: true,
            ..Gate::default()
        };
        let (bed, protocol, _) = claimed(gate).await;
        let answer = protocol.submit(&asked(1, "ann"), sha('a')).await;
        assert_eq!(code(answer), "nothing_to_submit");
        assert_eq!(recorded(&bed).await, []);
    });
}
