//! Progress → milestones due; everything closed → final verification due; new work after completion
//! → resumed.

use crate::policy::{Agenda, Teller};
use crate::project::{self, Initialization, Intent, Registered};
use crate::stream::StreamId;
use crate::view::books::ProjectBook;

pub(super) fn owed(book: &ProjectBook, registered: &Registered, agenda: &mut Agenda) {
    let teller = Teller {
        policy: "milestone",
        project: &book.name,
    };
    let tallied = book.tallied();
    let counting = matches!(
        registered.initialization,
        Initialization::NotDue | Initialization::Done
    ) && book.is_complete_backlog();
    if !counting || tallied.total == 0 {
        return;
    }
    let (closed, total, as_of) = (tallied.closed, tallied.total, book.position);
    let all_closed = closed == total;
    let trunk = &book.trunk.state;
    let underway = trunk.waiting().next().is_some();
    if registered.intent == Intent::Completed && (!all_closed || underway) {
        let why = match total - closed {
            0 => "a merge is under way".to_owned(),
            open => format!("{open} of {total} features are open again"),
        };
        agenda.tell(teller.project(book, "resume", project::Command::Resume { why }));
    }
    if !registered.is_running() {
        return;
    }
    let progress = &registered.progress;
    let highest = progress
        .milestone
        .as_ref()
        .map_or(0, |due| due.step)
        .max(progress.settled);
    let step = tallied.step();
    if !all_closed && step > highest && step >= 10 {
        let command = project::Command::DueMilestone {
            step,
            as_of,
            closed,
            total,
        };
        agenda.tell(teller.project(book, &format!("due {step}"), command));
    }
    if all_closed && !underway && progress.last.is_none() && progress.oversight.is_none() {
        let command = project::Command::DueFinal {
            as_of,
            trunk_head: trunk.head.clone(),
            closed,
        };
        let tell = teller.project(book, "due final", command);
        let tell = tell.given(StreamId::Backlog(book.name.clone()), book.backlog.version);
        agenda.tell(tell.given(StreamId::Trunk(book.name.clone()), book.trunk.version));
    }
}
