//! Runs the policies: looks at the books when they changed, when a deadline passed, when something pending ended, and at start.
//!
//! Its only memory is what is pending. A reservation is dropped when the books hold what the command recorded, or when it was
//! refused and the project has moved since it was found to be owed: a refusal is never repeated against the same books.

use std::collections::BTreeMap;

use events::id::{ProjectName, Timestamp};
use events::policy::{Observed, Owed, Reserves, owed};
use events::stream::Position;
use tokio::sync::mpsc;

use crate::effects::{Effects, Performed};
use crate::signs::Signs;

/// Owed things that may be under way at once.
const PENDING_MAX: usize = 256;
/// Pause before something that failed technically is owed again.
const RETRY_MS: u64 = 1_000;

enum Pending {
    /// Under way.
    Underway,
    /// Recorded here; dropped when folded.
    Recorded(Position),
    /// Turned down; dropped when the project has moved since the look that found it owed.
    Refused,
    /// Failed technically; dropped at this time.
    Failed(Timestamp),
}

struct Reservation {
    reserves: Reserves,
    /// Where the project was when this was found to be owed. What was turned down was turned down on that ground: when the books have moved
    /// by the time the refusal is heard, it says nothing about them.
    looked: Position,
    pending: Pending,
}

/// What a look found.
struct Found {
    owed: Owed,
    reserves: Reserves,
    looked: Position,
}

/// The task that runs all policies of all projects.
pub struct Policies {
    effects: Effects,
    signs: std::sync::Arc<Signs>,
    reservations: BTreeMap<(ProjectName, String), Reservation>,
}

type Done = (ProjectName, String, Performed);

impl Policies {
    /// Policies that have not looked yet.
    pub fn new(effects: Effects, signs: std::sync::Arc<Signs>) -> Self {
        Self { effects, signs, reservations: BTreeMap::new() }
    }

    /// Looks and acts until its task is ended.
    pub async fn run(mut self) {
        let clock = self.effects.directory.kernel().clock.clone();
        let mut changes = self.effects.projector.changes();
        let (done, mut ended) = mpsc::channel::<Done>(PENDING_MAX);
        loop {
            changes.mark_unchanged();
            let wake = self.look(clock.now(), &done);
            tokio::select! {
                () = changes.changed() => {}
                Some(performed) = ended.recv() => {
                    self.note(performed, clock.now());
                    while let Ok(more) = ended.try_recv() {
                        self.note(more, clock.now());
                    }
                }
                () = sleep_until(&*clock, wake) => {}
            }
        }
    }

    fn note(&mut self, (project, key, performed): Done, now: Timestamp) {
        if let Some(reservation) = self.reservations.get_mut(&(project, key)) {
            reservation.pending = match performed {
                Performed::Recorded(position) => Pending::Recorded(position),
                Performed::Refused => Pending::Refused,
                Performed::Failed => Pending::Failed(now.plus_ms(RETRY_MS)),
            };
        }
    }

    /// Drops what is over, computes what is owed, and begins what is not pending. Answers the next deadline.
    fn look(&mut self, now: Timestamp, done: &mpsc::Sender<Done>) -> Option<Timestamp> {
        let mut wake: Option<Timestamp> = None;
        let mut soonest = |at: Option<Timestamp>| wake = [wake, at].into_iter().flatten().min();
        let base = self.signs.observed(now);
        let projector = self.effects.projector.clone();
        projector.read(|books| {
            self.reservations.retain(|(project, _), reservation| {
                let position = books.projects.get(project).map_or(Position(0), |book| book.position);
                match reservation.pending {
                    Pending::Underway => true,
                    Pending::Recorded(at) => books.position < at,
                    Pending::Refused => position <= reservation.looked,
                    Pending::Failed(until) => now < until,
                }
            });
            for (name, book) in &books.projects {
                let observed = self.observed(&base, name);
                let agenda = owed(book, &observed);
                soonest(agenda.wake);
                for (owed, reserves) in agenda.owed {
                    self.begin(name, Found { owed, reserves, looked: book.position }, done);
                }
            }
        });
        for reservation in self.reservations.values() {
            if let Pending::Failed(until) = reservation.pending {
                soonest(Some(until));
            }
        }
        wake
    }

    fn observed(&self, base: &Observed, project: &ProjectName) -> Observed {
        let mut observed = base.clone();
        let of_project = self.reservations.iter().filter(|((name, _), _)| name == project);
        for (_, reservation) in of_project.filter(|(_, r)| matches!(r.pending, Pending::Underway | Pending::Recorded(_))) {
            observed.busy.extend(reservation.reserves.berth);
            observed.taken.extend(reservation.reserves.feature.clone());
        }
        observed.taken.extend(self.effects.lane.reserved(project));
        observed
    }

    fn begin(&mut self, project: &ProjectName, found: Found, done: &mpsc::Sender<Done>) {
        let Found { owed, reserves, looked } = found;
        let key = (project.clone(), owed.key());
        if self.reservations.contains_key(&key) || self.reservations.len() >= PENDING_MAX {
            return;
        }
        self.reservations.insert(key.clone(), Reservation { reserves, looked, pending: Pending::Underway });
        let (effects, done) = (self.effects.clone(), done.clone());
        tokio::spawn(async move {
            let performed = effects.perform(&key.0, owed).await;
            if done.send((key.0, key.1, performed)).await.is_err() {
                tracing::debug!("the policies ended before something owed did");
            }
        });
    }
}

async fn sleep_until(clock: &dyn crate::ports::clock::Clock, wake: Option<Timestamp>) {
    match wake {
        Some(at) => clock.sleep_until(at).await,
        None => std::future::pending().await,
    }
}
