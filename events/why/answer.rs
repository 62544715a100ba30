//! The answer to a question of why.

use crate::why::question::{About, Question};
use crate::why::record::Record;
use crate::why::sentence::Sentence;
use crate::why::telling::Telling;
use crate::why::{feature, merge, project, session, slot};

/// Says in which state something is, why, and what it waits for: the state first, then the waits in
/// the order in which the rules ask. There is at least one sentence.
pub fn why(question: &Question, record: Record<'_>) -> Vec<Sentence> {
    let Some(view) = record.projections.projects.get(&question.project) else {
        return vec![project::unknown(record, &question.project)];
    };

    let mut telling = Telling::new(record, view);
    match &question.about {
        About::Project => project::tell(&mut telling),
        About::Feature(id) => feature::tell(&mut telling, id),
        About::Slot(n) => slot::tell(&mut telling, *n),
        About::Merge(number) => merge::tell(&mut telling, *number),
        About::Session(session) => session::tell(&mut telling, session),
    }
    telling.done()
}

#[cfg(test)]
pub(super) mod tests;
