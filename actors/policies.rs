//! Runs the policies: looks at the projections when they changed, when a deadline passed, when
//! something pending ended, and at start.
//!
//! Its only memory is what is pending. A reservation is dropped when the projections hold what the
//! command recorded, or when it was refused and the project has moved since it was found to be
//! owed: a refusal is never repeated against the same projections. What is refused although nothing
//! moved, and what fails again and again, is a fault: counted, told and shown (`faults`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use events::id::{ProjectName, Timestamp};
use events::policy::room::{Promised, room};
use events::policy::{Account, Agenda, Errand, Observed, Owed, Reserves, accounts, owed, provider};
use events::project::Registered;
use events::stream::Position;
use events::view::{ProjectView, Projections};
use tokio::sync::mpsc;

use crate::effects::{Effects, Performed};
use crate::faults::{Faults, Kind};
use crate::liveness::Liveness;
use crate::ports::engine::Engine;

/// Owed things that may be under way at once.
const PENDING_MAX: usize = 256;
/// Pause before something that failed technically is owed again.
const RETRY_MS: u64 = 1_000;
/// Pause before the host's memory is looked at again when there was no room in it: nobody tells
/// when it is freed.
const ROOM_RETRY_MS: u64 = 5_000;

enum Pending {
    /// Under way.
    Underway,
    /// Recorded here; dropped when folded.
    Recorded(Position),
    /// Nothing to do; dropped when the project has moved since the look that found it owed.
    Nothing,
    /// Turned down; dropped like that. When the projections hold all that was recorded until then
    /// and it is still owed, it is a fault.
    Refused {
        /// What the rules said.
        why: String,
        /// Where the log was when they said it.
        head: Position,
        /// Counted as a fault.
        counted: bool,
    },
    /// Failed technically; dropped at this time.
    Failed(Timestamp),
}

struct Reservation {
    reserves: Reserves,
    /// Where the project was when this was found to be owed. What was turned down was turned down
    /// on that ground: when the projections have moved by the time the refusal is heard, it says
    /// nothing about them.
    looked: Position,
    pending: Pending,
    /// The errand, the same for every try.
    errand: Errand,
}

impl Reservation {
    /// When something that failed technically is owed again.
    fn retry(&self) -> Option<Timestamp> {
        match self.pending {
            Pending::Failed(until) => Some(until),
            Pending::Underway
            | Pending::Recorded(_)
            | Pending::Nothing
            | Pending::Refused { .. } => None,
        }
    }

    /// What the rules said, the first time that the projections hold everything recorded by then.
    fn refusal(&mut self, seen: Position) -> Option<String> {
        match &mut self.pending {
            Pending::Refused { why, head, counted } if !*counted && seen >= *head => {
                *counted = true;
                Some(why.clone())
            }
            Pending::Underway
            | Pending::Recorded(_)
            | Pending::Nothing
            | Pending::Refused { .. }
            | Pending::Failed(_) => None,
        }
    }
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
    liveness: Arc<Liveness>,
    engine: Arc<dyn Engine>,
    faults: Arc<Faults>,
    reservations: BTreeMap<(ProjectName, String), Reservation>,
}

type Done = (ProjectName, String, Performed);

/// What the containers of all projects are promised.
fn promised(projections: &Projections) -> Promised {
    let mut promised = Promised::default();
    for view in projections.projects.values() {
        for (_, slot, _) in view.enlisted() {
            if slot.job().is_some() {
                promised.one(limit(view));
            }
        }
    }
    promised
}

/// MiB that a container of this project is promised.
fn limit(view: &ProjectView) -> u64 {
    match view.registered() {
        Some(registered) => u64::from(registered.settings.container.memory_mib),
        None => 0,
    }
}

fn is_running(view: &ProjectView) -> bool {
    view.registered().is_some_and(Registered::is_running)
}

/// Notes that work which is about to be taken on asks its provider.
fn is_asked(accounts: &mut BTreeMap<String, Account>, view: &ProjectView, reserves: &Reserves) {
    let Some((_, role)) = reserves.slot else {
        return;
    };
    let Some(name) = provider(view, role) else {
        return;
    };
    if let Some(account) = accounts.get_mut(&name) {
        account.at_work = true;
    }
}

/// Where the projections of a project are.
fn position(projections: &Projections, project: &ProjectName) -> Position {
    match projections.projects.get(project) {
        Some(view) => view.position,
        None => Position(0),
    }
}

impl Policies {
    /// Policies that have not looked yet.
    pub fn new(
        effects: Effects,
        liveness: Arc<Liveness>,
        engine: Arc<dyn Engine>,
        faults: Arc<Faults>,
    ) -> Self {
        Self {
            effects,
            liveness,
            engine,
            faults,
            reservations: BTreeMap::new(),
        }
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
                () = clock.sleep_until_some(wake) => {}
            }
        }
    }

    fn note(&mut self, (project, key, performed): Done, now: Timestamp) {
        let head = self.effects.directory.kernel().feed.newest();
        let Some(reservation) = self.reservations.get_mut(&(project.clone(), key)) else {
            return;
        };

        reservation.pending = match performed {
            Performed::Recorded(position) => Pending::Recorded(position),
            Performed::Nothing => Pending::Nothing,
            Performed::Refused(why) => Pending::Refused {
                why,
                head,
                counted: false,
            },
            Performed::Failed(why) => {
                let errand = &reservation.errand;
                self.faults.note(&project, errand, Kind::Failed, &why);
                Pending::Failed(now.plus_ms(RETRY_MS))
            }
        };
    }

    /// Drops what is over, computes what is owed, and begins what is not pending. Answers the next
    /// deadline.
    fn look(&mut self, now: Timestamp, done: &mpsc::Sender<Done>) -> Option<Timestamp> {
        let noticed = self.effects.directory.kernel().clock.gaps();
        let projector = self.effects.projector.clone();
        let mut wakes: Vec<Timestamp> = Vec::new();

        projector.read(|projections| {
            let mut refused = self.refused(projections);
            self.drop_what_is_over(projections, now);
            let gaps = &projections.node.state.gaps;
            let mut base = self.liveness.observed(now, gaps, &noticed);
            base.accounts = self.accounts(projections, &base);
            let memory = self.engine.host_memory();
            let mut promised = self.promised(projections);

            for (name, view) in &projections.projects {
                let mut observed = self.observed(&base, name);
                observed.room = memory.map(|memory| room(memory, promised, limit(view)));
                let agenda = owed(view, &observed);
                if observed.room == Some(0) && is_running(view) {
                    wakes.push(now.plus_ms(ROOM_RETRY_MS));
                }
                wakes.extend(agenda.wake);

                let reserved = agenda.owed.iter().map(|(_, reserves)| reserves);
                for reserves in reserved.filter(|reserves| reserves.slot.is_some()) {
                    promised.one(limit(view));
                    // Whether it is a probe is seen at the next look: two projects never probe one
                    // account at once.
                    is_asked(&mut base.accounts, view, reserves);
                }
                self.take_on(view, agenda, &mut refused, done);
            }
        });

        wakes.extend(self.reservations.values().filter_map(Reservation::retry));
        wakes.into_iter().min()
    }

    /// Begins what a project is owed, and counts what of it was turned down.
    fn take_on(
        &mut self,
        view: &ProjectView,
        agenda: Agenda,
        refused: &mut BTreeMap<(ProjectName, String), (Kind, String)>,
        done: &mpsc::Sender<Done>,
    ) {
        let name = &view.name;
        let subjects = agenda.owed.iter().map(|(owed, _)| owed.errand().name);
        let subjects: BTreeSet<String> = subjects.collect();
        self.faults.keep(name, &subjects);

        for (owed, reserves) in agenda.owed {
            let kind = refused.remove(&(name.clone(), owed.key()));
            self.count(name, &owed, kind);
            let found = Found {
                owed,
                reserves,
                looked: view.position,
            };
            self.begin(name, found, done);
        }
    }

    /// What containers are promised, those that are about to be made among them.
    fn promised(&self, projections: &Projections) -> Promised {
        let mut promised = promised(projections);

        for ((name, _), reservation) in &self.reservations {
            let Some(view) = projections.projects.get(name) else {
                continue;
            };
            if let Some((n, _)) = reservation.reserves.slot
                && let Some(slot) = view.slot(n)
                && slot.job().is_none()
            {
                promised.one(limit(view));
            }
        }
        promised
    }

    /// Accounts in trouble. One that somebody may be about to ask counts as asked.
    fn accounts(&self, projections: &Projections, base: &Observed) -> BTreeMap<String, Account> {
        let mut accounts = accounts(projections, &base.own);
        for ((name, _), reservation) in &self.reservations {
            let waits = matches!(
                reservation.pending,
                Pending::Underway | Pending::Recorded(_)
            );
            if let Some(view) = projections.projects.get(name).filter(|_| waits) {
                is_asked(&mut accounts, view, &reservation.reserves);
            }
        }
        accounts
    }

    /// What was turned down by rules that knew no more than these projections do.
    fn refused(
        &mut self,
        projections: &Projections,
    ) -> BTreeMap<(ProjectName, String), (Kind, String)> {
        let mut refused = BTreeMap::new();

        for (key, reservation) in &mut self.reservations {
            if let Some(why) = reservation.refusal(projections.position) {
                let kind = match position(projections, &key.0) <= reservation.looked {
                    true => Kind::Refused,
                    false => Kind::Overtaken,
                };
                refused.insert(key.clone(), (kind, why));
            }
        }

        refused
    }

    fn count(&self, project: &ProjectName, owed: &Owed, refused: Option<(Kind, String)>) {
        if let Some((kind, why)) = refused {
            self.faults.note(project, &owed.errand(), kind, &why);
        }
    }

    fn drop_what_is_over(&mut self, projections: &Projections, now: Timestamp) {
        self.reservations.retain(|(project, _), reservation| {
            let unmoved = position(projections, project) <= reservation.looked;
            match &reservation.pending {
                Pending::Underway => true,
                Pending::Recorded(at) => projections.position < *at,
                Pending::Nothing => unmoved,
                Pending::Refused { head, .. } => unmoved || projections.position < *head,
                Pending::Failed(until) => now < *until,
            }
        });
    }

    fn observed(&self, base: &Observed, project: &ProjectName) -> Observed {
        let mut observed = base.clone();
        let of_project = self
            .reservations
            .iter()
            .filter(|((name, _), _)| name == project);
        for (_, reservation) in of_project
            .filter(|(_, r)| matches!(r.pending, Pending::Underway | Pending::Recorded(_)))
        {
            observed.busy.extend(reservation.reserves.slot);
            observed.taken.extend(reservation.reserves.feature.clone());
        }
        observed
            .taken
            .extend(self.effects.claim_queue.reserved(project));

        observed
    }

    fn begin(&mut self, project: &ProjectName, found: Found, done: &mpsc::Sender<Done>) {
        let Found {
            owed,
            reserves,
            looked,
        } = found;
        let key = (project.clone(), owed.key());
        if self.reservations.contains_key(&key) || self.reservations.len() >= PENDING_MAX {
            return;
        }

        self.reservations.insert(
            key.clone(),
            Reservation {
                reserves,
                looked,
                errand: owed.errand(),
                pending: Pending::Underway,
            },
        );
        let (effects, done) = (self.effects.clone(), done.clone());

        tokio::spawn(async move {
            let performed = effects.perform(&key.0, owed).await;
            if done.send((key.0, key.1, performed)).await.is_err() {
                tracing::debug!("the policies ended before something owed did");
            }
        });
    }
}
