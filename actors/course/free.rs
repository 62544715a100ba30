//! The other course, from the instant at which it parts from the record: what is owed is performed
//! in simulated time, and whatever is outside takes as long as it did and comes to what it came to.

use std::collections::{BTreeMap, HashMap};

use events::codec::CodecError;
use events::container::{Exit, SlotState};
use events::envelope::Envelope;
use events::id::{FeatureId, SessionId, Sha, Timestamp};
use events::own_time::OwnTime;
use events::policy::{Owed, Reserves, owed};
use events::stream::Position;
use events::view::{ProjectView, Projections};

use super::change::Change;
use super::follow::{Followed, Parting, letter};
use super::git::Times;
use super::ledger::{Answer, Ledger, Letter};
use super::record::{Record, Source};
use super::sessions::Key;
use crate::containers::plan::{Step, plan};
use crate::ports::engine::{ContainerName, Seen, Status};

/// Events of another course, for each of the recorded one: a course that never comes to rest ends.
const EVENTS_TIMES: usize = 4;
/// Events that a short record may be gone beyond by.
const EVENTS_MORE: usize = 20_000;
/// Time that a course may go on beyond the record, in microseconds: thirty days.
const BEYOND: i64 = 30 * 24 * 3_600 * 1_000_000;

/// How a course ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It never parted from the record, and ends with it.
    Recorded,
    /// Nothing is left that would happen by itself.
    Quiet,
    /// It went on beyond every measure.
    Endless,
}

/// A course that a project might have taken.
pub struct Course {
    /// Where it parts from the record; nowhere, where nothing made a difference.
    pub parting: Option<Parting>,
    /// Its events after the instant at which the record begins. Up to the parting they are those
    /// of the record.
    pub events: Vec<Envelope>,
    /// The projections at its end.
    pub projections: Projections,
    /// The way in which it ended.
    pub ending: Ending,
    /// Sessions for which no recorded one did the same work, so that another one of their role was
    /// taken.
    pub guessed: u32,
    /// Positions of the record that came from a policy or an effect although nothing owed them.
    pub unexplained: Vec<Position>,
}

/// Something that happens at a time.
pub(super) enum Happening {
    Owed(Owed),
    Step(Step),
    /// A session does what this act says.
    Deed {
        session: SessionId,
        donor: SessionId,
        act: usize,
    },
    /// A container goes.
    Gone(ContainerName, Status),
    /// Somebody outside does what was recorded.
    Given(usize),
}

/// What waits for its time, and what of it a look found.
struct Waiting {
    happening: Happening,
    found: Option<Found>,
}

/// Something that a look at the projections found to be due.
pub(super) struct Found {
    /// What it is known by.
    key: String,
    /// Where the project was then. What is turned down was turned down on that ground.
    looked: Position,
}

/// A course on its way.
pub(super) struct Free<'a> {
    pub(super) record: &'a Record,
    pub(super) ledger: Ledger,
    pub(super) engine: BTreeMap<ContainerName, Status>,
    pub(super) pushed: BTreeMap<FeatureId, Sha>,
    pub(super) built: Times,
    pub(super) used: BTreeMap<Key, usize>,
    pub(super) done: HashMap<usize, usize>,
    pub(super) guessed: u32,
    pub(super) events: Vec<Envelope>,
    waiting: BTreeMap<(Timestamp, u64), Waiting>,
    pending: BTreeMap<String, Reserves>,
    turned_down: BTreeMap<String, Position>,
    numbers: u64,
}

impl Record {
    /// The course with something otherwise.
    ///
    /// # Errors
    /// An event of the record cannot be read.
    pub fn course(&self, change: &Change) -> Result<Course, CodecError> {
        let followed = self.follow(change)?;
        self.course_from(followed, change)
    }

    /// The course that goes on from where the record was followed to.
    ///
    /// # Errors
    /// An event of the record cannot be read.
    pub fn course_from(&self, followed: Followed, change: &Change) -> Result<Course, CodecError> {
        let common = self.acts[..followed.next].iter();
        let events: Vec<Envelope> = common.flat_map(|act| act.events.clone()).collect();
        if followed.parting.is_none() {
            return Ok(Course {
                parting: None,
                events,
                projections: followed.ledger.projections,
                ending: Ending::Recorded,
                guessed: 0,
                unexplained: followed.unexplained,
            });
        }

        let mut free = Free {
            record: self,
            ledger: followed.ledger,
            engine: BTreeMap::new(),
            pushed: BTreeMap::new(),
            built: Times::new(),
            used: BTreeMap::new(),
            done: HashMap::new(),
            guessed: 0,
            events,
            waiting: BTreeMap::new(),
            pending: BTreeMap::new(),
            turned_down: BTreeMap::new(),
            numbers: 0,
        };
        free.begin(followed.next, change);
        let ending = free.run()?;

        Ok(Course {
            parting: followed.parting,
            events: free.events,
            projections: free.ledger.projections,
            ending,
            guessed: free.guessed,
            unexplained: followed.unexplained,
        })
    }
}

impl Free<'_> {
    /// Takes over what is under way: who is outside goes on as recorded, and so do sessions that
    /// are at work.
    fn begin(&mut self, next: usize, change: &Change) {
        let record = self.record;
        for script in record.begun_before(next) {
            // What was done before they part is not done again.
            *self.used.entry(script.key.clone()).or_default() += 1;
        }
        for (place, act) in record.acts.iter().enumerate().skip(next) {
            let is_outside = matches!(act.source, Source::Given | Source::Foreign);
            if is_outside && !change.without.contains(&act.position) {
                self.at(act.at, Happening::Given(place), None);
            }
        }

        let Some(view) = self.ledger.projections.projects.get(&record.project) else {
            return;
        };
        let mut sessions = vec![];
        for (n, slot, _) in view.enlisted() {
            let name = ContainerName {
                project: view.name.clone(),
                n,
                generation: slot.generation,
            };
            match &slot.state {
                SlotState::Running { job, at, .. } => {
                    sessions.push((name, job.session.clone(), *at));
                }
                SlotState::Ended(_) => {
                    let ended = Status::Exited(Exit::default());
                    self.engine.insert(name, ended);
                }
                SlotState::Idle
                | SlotState::Assigned { .. }
                | SlotState::Requested { .. }
                | SlotState::Quarantined { .. } => {}
            }
        }

        for (name, session, started) in sessions {
            self.engine.insert(name.clone(), Status::Running);
            self.play(&name, &session, started, Some(next));
        }
    }

    /// Lets something happen at a time.
    pub(super) fn at(&mut self, time: Timestamp, happening: Happening, found: Option<Found>) {
        self.numbers += 1;
        let waiting = Waiting { happening, found };
        self.waiting.insert((time, self.numbers), waiting);
    }

    fn run(&mut self) -> Result<Ending, CodecError> {
        let most = self.record.acts.len() * EVENTS_TIMES + EVENTS_MORE;
        let limit = Timestamp(self.record.last().0 + BEYOND);

        loop {
            let wake = self.look();
            let first = self.waiting.keys().next().map(|(at, _)| *at);
            let Some(at) = [first, wake].into_iter().flatten().min() else {
                return Ok(Ending::Quiet);
            };
            if at > limit || self.events.len() > most {
                return Ok(Ending::Endless);
            }

            self.ledger.now = self.ledger.now.max(at);
            while let Some(entry) = self.waiting.first_entry()
                && entry.key().0 <= self.ledger.now
            {
                let waiting = entry.remove();
                self.perform(waiting)?;
            }
        }
    }

    pub(super) fn view(&self) -> Option<&ProjectView> {
        self.ledger.projections.projects.get(&self.record.project)
    }

    /// Finds what is owed and planned, and lets each happen when it takes its time. Answers when to
    /// look again though nothing happens.
    fn look(&mut self) -> Option<Timestamp> {
        let now = self.ledger.now;
        let view = self.view()?;
        let position = view.position;
        let mut observed = self.record.observed(&self.ledger.projections, now);
        for reserves in self.pending.values() {
            observed.busy.extend(reserves.slot);
            observed.taken.extend(reserves.feature.clone());
        }

        let agenda = owed(view, &observed);
        let mut wakes = vec![agenda.wake];
        for (owed, reserves) in agenda.owed {
            let key = owed.key();
            if !self.is_free(&key, position) {
                continue;
            }
            let time = Timestamp(now.0 + self.takes(&owed));
            self.pending.insert(key.clone(), reserves);
            let looked = position;
            self.at(time, Happening::Owed(owed), Some(Found { key, looked }));
        }

        let steps = self.steps();
        wakes.push(steps.1);
        for step in steps.0 {
            let key = format!("{} {}", step.verb(), step.name());
            if !self.is_free(&key, position) {
                continue;
            }
            let time = Timestamp(now.0 + self.step_takes(&step));
            self.pending.insert(key.clone(), Reserves::default());
            let looked = position;
            self.at(time, Happening::Step(step), Some(Found { key, looked }));
        }

        wakes.into_iter().flatten().filter(|at| *at > now).min()
    }

    /// Whether something is not under way, and was not turned down on this very ground.
    fn is_free(&self, key: &str, position: Position) -> bool {
        !self.pending.contains_key(key) && self.turned_down.get(key) != Some(&position)
    }

    fn steps(&self) -> (Vec<Step>, Option<Timestamp>) {
        let seen = self.engine.iter().map(|(name, status)| Seen {
            name: name.clone(),
            engine_id: format!("e-{name}"),
            status: status.clone(),
        });
        let seen: Vec<Seen> = seen.collect();
        let gaps = &self.ledger.projections.node.state.gaps;
        let own = OwnTime::new(self.ledger.now, gaps, &[]);
        let plan = plan(&self.ledger.projections, &seen, &own);

        let mine = |step: &Step| step.name().project == self.record.project;
        (plan.steps.into_iter().filter(mine).collect(), plan.wake)
    }

    fn perform(&mut self, waiting: Waiting) -> Result<(), CodecError> {
        let Waiting { happening, found } = waiting;
        let before = self.ledger.projections.position;

        match happening {
            Happening::Owed(Owed::Tell(tell)) => {
                self.send(&Letter {
                    stream: tell.stream,
                    command: tell.command,
                    id: tell.id,
                    cause: tell.cause,
                    preconditions: tell.preconditions,
                });
            }
            Happening::Owed(Owed::Do(effect)) => self.act(effect),
            Happening::Step(step) => self.reconcile(step),
            Happening::Deed {
                session,
                donor,
                act,
            } => self.deed(&session, &donor, act),
            Happening::Gone(name, status) => {
                if let Some(running) = self.engine.get_mut(&name) {
                    *running = status;
                }
            }
            Happening::Given(place) => self.given(place)?,
        }

        if let Some(Found { key, looked }) = found {
            self.pending.remove(&key);
            match self.ledger.projections.position == before {
                true => self.turned_down.insert(key, looked),
                false => self.turned_down.remove(&key),
            };
        }
        Ok(())
    }

    /// Sends a command; what it recorded is part of the course.
    pub(super) fn send(&mut self, letter: &Letter) -> bool {
        match self.ledger.send(letter) {
            Answer::Recorded(events) => {
                self.events.extend(events);
                true
            }
            Answer::Nothing | Answer::Refused(_) => false,
        }
    }

    /// What was recorded of somebody outside.
    fn given(&mut self, place: usize) -> Result<(), CodecError> {
        let act = &self.record.acts[place];
        if act.source != Source::Foreign {
            if let Some(letter) = letter(act) {
                self.send(&letter);
            }
            return Ok(());
        }

        for envelope in &act.events {
            let mut envelope = envelope.clone();
            envelope.position = Position(self.ledger.projections.position.0 + 1);
            envelope.at = envelope.at.max(self.ledger.now);
            self.ledger.take(&envelope)?;
            self.events.push(envelope);
        }
        Ok(())
    }
}
