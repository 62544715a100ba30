//! Progress → milestones due; everything closed → final verification due; new work after completion
//! → resumed.

use crate::policy::{Agenda, Teller};
use crate::project::{self, Initialization, Intent, Registered};
use crate::stream::StreamId;
use crate::view::projections::ProjectView;

pub(super) fn owed(view: &ProjectView, registered: &Registered, agenda: &mut Agenda) {
    let teller = Teller {
        policy: "milestone",
        project: &view.name,
    };
    let tallied = view.tallied();
    let counting = matches!(
        registered.initialization,
        Initialization::NotDue | Initialization::Done
    ) && view.is_complete_backlog();
    if !counting || tallied.total == 0 {
        return;
    }
    let (closed, total, as_of) = (tallied.closed, tallied.total, view.position);
    let all_closed = closed == total;
    let merge_queue = &view.merge_queue.state;
    let underway = merge_queue.waiting().next().is_some();
    if registered.intent == Intent::Completed && (!all_closed || underway) {
        let why = match total - closed {
            0 => "a merge is under way".to_owned(),
            open => format!("{open} of {total} features are open again"),
        };
        agenda.tell(teller.project(view, "resume", project::Command::Resume { why }));
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
        agenda.tell(teller.project(view, &format!("due {step}"), command));
    }
    if all_closed && !underway && progress.last.is_none() && progress.oversight.is_none() {
        let command = project::Command::DueFinal {
            as_of,
            trunk_head: merge_queue.head.clone(),
            closed,
        };
        let tell = teller.project(view, "due final", command);
        let tell = tell.given(StreamId::Backlog(view.name.clone()), view.backlog.version);
        agenda.tell(tell.given(
            StreamId::MergeQueue(view.name.clone()),
            view.merge_queue.version,
        ));
    }
}
