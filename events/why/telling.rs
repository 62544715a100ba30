//! An answer in the making: each sentence with the events that show it.

use crate::codec::EventCodec;
use crate::id::{FeatureId, SlotNo, Timestamp};
use crate::policy::{Agenda, Owed, owed};
use crate::stream::{Position, StreamId};
use crate::view::{ProjectView, Remedy};
use crate::why::kind::Kind;
use crate::why::owing;
use crate::why::record::Record;
use crate::why::sentence::{Sentence, Shown};

/// Sentences about one project, and what they are told from.
pub(super) struct Telling<'a> {
    pub(super) record: Record<'a>,
    pub(super) view: &'a ProjectView,
    /// What is owed to the project at the instant.
    pub(super) agenda: Agenda,
    pub(super) said: Vec<Sentence>,
}

impl<'a> Telling<'a> {
    pub(super) fn new(record: Record<'a>, view: &'a ProjectView) -> Self {
        Self {
            record,
            view,
            agenda: owed(view, record.observed),
            said: Vec::new(),
        }
    }

    /// The whole answer. A moment that is past is none until which something waits.
    pub(super) fn done(mut self) -> Vec<Sentence> {
        let now = self.now();
        for sentence in &mut self.said {
            sentence.until = sentence.until.filter(|until| *until > now);
        }
        self.said
    }

    /// Adds a sentence that these events show; where there are none, the newest event of the stream
    /// stands for what is not there.
    pub(super) fn say(
        &mut self,
        kind: Kind,
        text: impl Into<String>,
        stream: &StreamId,
        shown_by: impl IntoIterator<Item = Position>,
    ) -> &mut Sentence {
        let sentence = sentence(self.record, kind, text.into(), (stream, shown_by));
        let place = self.said.len();
        self.said.push(sentence);
        &mut self.said[place]
    }

    /// The position of the newest event of a stream that has one of these names.
    pub(super) fn seen(&self, stream: &StreamId, names: &[&str]) -> Option<Position> {
        let newest = self.record.newest(stream, names)?;
        Some(newest.position)
    }

    /// The same of one that fits, with what it says.
    pub(super) fn found<E: EventCodec>(
        &self,
        stream: &StreamId,
        names: &[&str],
        fits: impl Fn(&E) -> bool,
    ) -> Option<(Position, E)> {
        self.record.newest_that(stream, names, fits)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.record.observed.now
    }

    pub(super) fn project(&self) -> StreamId {
        StreamId::Project(self.view.name.clone())
    }

    pub(super) fn backlog(&self) -> StreamId {
        StreamId::Backlog(self.view.name.clone())
    }

    pub(super) fn merge_queue(&self) -> StreamId {
        StreamId::MergeQueue(self.view.name.clone())
    }

    pub(super) fn feature(&self, id: &FeatureId) -> StreamId {
        StreamId::Feature(self.view.name.clone(), id.clone())
    }

    pub(super) fn slot(&self, n: SlotNo) -> StreamId {
        StreamId::Container(self.view.name.clone(), n)
    }

    /// Says what a person has to do, after an event of a stream.
    pub(super) fn ask(
        &mut self,
        remedy: Remedy,
        text: impl Into<String>,
        stream: &StreamId,
        shown_by: impl IntoIterator<Item = Position>,
    ) {
        let text = text.into();
        let text = match remedy.command(&self.view.name) {
            Some(command) => format!("{text}: `{command}` lets it go on"),
            None => text,
        };
        self.say(Kind::AwaitsPerson, text, stream, shown_by).remedy = Some(remedy);
    }

    /// Says what is owed next that fits; answers whether there was any.
    pub(super) fn due(&mut self, about: &StreamId, fits: impl Fn(&Owed) -> bool) -> bool {
        let owed = self.agenda.owed.iter().map(|(owed, _)| owed);
        let fitting = owed.filter(|owed| fits(owed));
        let found: Vec<_> = fitting.map(|owed| self.told(owed)).collect();
        for (text, after) in &found {
            self.say(Kind::Due, text.clone(), about, *after);
        }
        !found.is_empty()
    }

    /// What is owed in words, and the event that made it so.
    fn told(&self, owed: &Owed) -> (String, Option<Position>) {
        match owed {
            Owed::Tell(tell) => {
                let (stream, by) = (&tell.stream, &tell.cause.principal);
                let command = tell.command.name();
                let text = format!(
                    "the server is about to give {stream} the command \"{command}\" ({by})"
                );
                (text, owing::made_owed(self, tell))
            }
            Owed::Do(effect) => {
                let text = format!("the server is about to begin {}", effect.name());
                (text, None)
            }
        }
    }
}

/// A sentence of a record, with the positions that show it.
pub(super) fn sentence(
    record: Record<'_>,
    kind: Kind,
    text: String,
    (stream, shown_by): (&StreamId, impl IntoIterator<Item = Position>),
) -> Sentence {
    let mut positions: Vec<_> = shown_by.into_iter().collect();
    positions.sort_unstable();
    positions.dedup();
    let shown = match positions.is_empty() {
        true => Shown::Newest,
        false => Shown::Events,
    };
    if positions.is_empty() {
        positions.push(record.end_of(stream));
    }

    Sentence {
        kind,
        part: kind.part(),
        text,
        positions,
        shown,
        until: None,
        remedy: None,
    }
}

#[cfg(test)]
mod tests;
