//! What roles are at work in a project, or are about to be: their sessions show how the things are
//! that they need, as well as a probe would.
//!
//! What is over shows nothing any more, however long its container, its work or its grant takes to
//! go: a slot that hangs in its stop keeps no probe away.

use crate::container::Berth;
use crate::holder::Role;
use crate::view::books::ProjectBook;
use crate::view::grants::Grant;

/// The roles of grants and jobs whose sessions are not over.
pub(super) fn roles(book: &ProjectBook) -> Vec<Role> {
    let granted = book.grants().into_iter();
    let granted = granted
        .filter(|grant| !is_over(book, grant))
        .map(|grant| grant.subject.role());
    let jobs = book.enlisted().filter_map(|(_, berth, _)| job(berth));
    granted.chain(jobs).collect()
}

/// Whether the session of a grant ended, and only its grant is left.
pub(super) fn is_over(book: &ProjectBook, grant: &Grant) -> bool {
    let last = book.berth(grant.seat.n).and_then(|b| b.last.as_ref());
    last.is_some_and(|(session, _)| *session == grant.seat.session)
}

fn job(berth: &Berth) -> Option<Role> {
    let job = berth.job()?;
    berth.works_for(&job.session).then_some(job.role)
}
