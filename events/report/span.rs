//! A span of the log, folded into a report event by event.

use std::collections::BTreeMap;

use crate::codec::{CodecError, EventCodec};
use crate::envelope::Envelope;
use crate::id::{ProjectName, Timestamp};
use crate::report::account::Account;
use crate::report::figures::Figures;
use crate::report::said::Said;
use crate::report::shown::{Sentence, Shown};
use crate::stream::{Position, StreamId};
use crate::view::{ProjectView, Projections, Tallied};

/// What a report is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every project.
    All,
    /// One of them.
    Project(ProjectName),
}

impl Scope {
    /// Whether an event is told about; of the server itself it always is.
    fn is_of(&self, envelope: &Envelope) -> bool {
        match (&envelope.stream, self) {
            (StreamId::Node(_), _) => true,
            (StreamId::Subscription(_), _) => false,
            (_, Self::All) => true,
            (stream, Self::Project(name)) => stream.project() == Some(name),
        }
    }
}

/// Where an event that is being read stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) position: Position,
    pub(super) at: Timestamp,
    /// The project as it is at the end of the span.
    pub(super) view: Option<&'a ProjectView>,
}

/// A span that is being read.
#[derive(Debug)]
pub struct Span {
    scope: Scope,
    from: Position,
    first: Option<(Position, Timestamp)>,
    last: Option<(Position, Timestamp)>,
    events: u64,
    server: Account,
    projects: BTreeMap<ProjectName, Account>,
    before: BTreeMap<ProjectName, Tallied>,
}

/// What a report tells of one project.
#[derive(Debug, Clone, PartialEq)]
pub struct OfProject {
    /// Its name.
    pub name: ProjectName,
    /// Its progress at the beginning; none before it was registered.
    pub before: Option<Tallied>,
    /// Its progress at the end; none where it is deleted.
    pub after: Option<Tallied>,
    /// Its figures.
    pub figures: Figures,
    /// Its sentences, in the order of their sections.
    pub sentences: Vec<Sentence>,
}

/// What happened between two instants.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The instant that it begins after.
    pub from: Position,
    /// The last one of it.
    pub to: Position,
    /// The first event that it is about, and when that was recorded.
    pub first: Option<(Position, Timestamp)>,
    /// The last one.
    pub last: Option<(Position, Timestamp)>,
    /// The number of events that it is about.
    pub events: u64,
    /// What is told of each project; those of which there is nothing are left out.
    pub projects: Vec<OfProject>,
    /// What is told of the server, and of the span where there is nothing else.
    pub server: Vec<Sentence>,
}

impl Report {
    /// Every sentence, of the projects in order and then of the server.
    pub fn sentences(&self) -> impl Iterator<Item = &Sentence> {
        let projects = self.projects.iter();
        projects
            .flat_map(|project| &project.sentences)
            .chain(&self.server)
    }

    /// The figures of all its projects together.
    pub fn figures(&self) -> Figures {
        let mut all = Figures::default();
        for project in &self.projects {
            all.add(&project.figures);
        }
        all
    }
}

impl Span {
    /// A span that begins after these projections.
    pub fn after(start: &Projections, scope: Scope) -> Self {
        let is_wanted = |name: &ProjectName| match &scope {
            Scope::All => true,
            Scope::Project(wanted) => name == wanted,
        };
        let (mut projects, mut before) = (BTreeMap::new(), BTreeMap::new());
        for (name, view) in &start.projects {
            if !is_wanted(name) || view.registered().is_none() {
                continue;
            }
            before.insert(name.clone(), view.tallied());
            let mut account = Account::default();
            account.begin(&view.merge_queue.state);
            projects.insert(name.clone(), account);
        }

        Self {
            scope,
            from: start.position,
            first: None,
            last: None,
            events: 0,
            server: Account::default(),
            projects,
            before,
        }
    }

    /// Takes the next event; `end` is the state at the end of the span.
    ///
    /// # Errors
    /// This build does not know the event.
    pub fn take(&mut self, envelope: &Envelope, end: &Projections) -> Result<(), CodecError> {
        if !self.scope.is_of(envelope) {
            return Ok(());
        }
        let here = Some((envelope.position, envelope.at));
        self.first = self.first.or(here);
        self.last = here;
        self.events += 1;

        let name = envelope.stream.project();
        let account = match name {
            Some(name) => self.projects.entry(name.clone()).or_default(),
            None => &mut self.server,
        };
        account.figures.events += 1;
        let place = Place {
            position: envelope.position,
            at: envelope.at,
            view: name.and_then(|name| end.projects.get(name)),
        };
        account.take(place, envelope)
    }

    /// The report: `waiting` is what waits for a person at the end, of each project.
    pub fn done(self, end: &Projections, mut waiting: Waiting) -> Report {
        let mut projects = Vec::new();
        for (name, account) in self.projects {
            let own = waiting.remove(&name).unwrap_or_default();
            let before = self.before.get(&name).copied();
            let told = OfProject::of(name, account, (before, end), own);

            let is_asked_for = self.scope != Scope::All;
            if is_asked_for || !told.sentences.is_empty() || told.figures.events > 0 {
                projects.push(told);
            }
        }

        let (_, server) = self.server.done();
        let mut report = Report {
            from: self.from,
            to: end.position,
            first: self.first,
            last: self.last,
            events: self.events,
            projects,
            server,
        };
        report.say_nothing();
        report
    }
}

/// What waits for a person, project by project.
pub type Waiting = BTreeMap<ProjectName, Vec<Sentence>>;

impl OfProject {
    fn of(
        name: ProjectName,
        account: Account,
        (before, end): (Option<Tallied>, &Projections),
        waiting: Vec<Sentence>,
    ) -> Self {
        let (figures, mut sentences) = account.done();
        sentences.extend(waiting);
        sentences.sort_by_key(|one| one.said.section());

        let view = end.projects.get(&name);
        let view = view.filter(|view| view.registered().is_some());
        Self {
            before,
            after: view.map(ProjectView::tallied),
            name,
            figures,
            sentences,
        }
    }
}

impl Report {
    /// Says that there is nothing to say, where that is so.
    fn say_nothing(&mut self) {
        if self.sentences().next().is_none() {
            let events = self.events;
            self.server.push(Sentence {
                said: Said::Nothing { events },
                shown: Shown::at(self.to),
            });
        }
    }
}

impl Account {
    /// Takes an event of a stream of it.
    fn take(&mut self, place: Place<'_>, envelope: &Envelope) -> Result<(), CodecError> {
        match &envelope.stream {
            StreamId::Project(_) => self.project(place, &read(envelope)?),
            StreamId::Feature(_, id) => self.feature(place, id, &read(envelope)?),
            StreamId::Container(_, n) => self.slot(place, *n, &read(envelope)?),
            StreamId::MergeQueue(_) => self.queue(place, &read(envelope)?),
            StreamId::Node(_) => self.node(place, &read(envelope)?),
            // Features tell what became of a backlog.
            StreamId::Backlog(_) | StreamId::Subscription(_) => {}
        }
        Ok(())
    }
}

fn read<E: EventCodec>(envelope: &Envelope) -> Result<E, CodecError> {
    E::decode(&envelope.kind, envelope.schema, &envelope.payload)
}
