//! What the slots that a project wants are doing, counted so that the parts make up the whole.

use std::collections::BTreeMap;

use crate::container::{Duty, Slot, SlotState};
use crate::id::SlotNo;
use crate::stream::Position;
use crate::view::grants::Grant;
use crate::why::given;
use crate::why::telling::Telling;

/// What one slot does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Doing {
    /// It has a job.
    AtWork,
    /// Work was granted to it that it has not got as its job yet.
    Granted,
    /// It takes nothing until a person says so.
    Out,
    /// It is wanted, and in no service yet.
    NotYet,
    /// It serves and has nothing.
    Idle,
}

impl Doing {
    fn words(self) -> &'static str {
        match self {
            Self::AtWork => "at work",
            Self::Granted => "about to begin",
            Self::Out => "out of service",
            Self::NotYet => "not in service yet",
            Self::Idle => "idle",
        }
    }
}

/// Slots of a project by what they do, and the events that show it.
pub(super) struct Counted {
    wanted: BTreeMap<Doing, usize>,
    /// Those beyond the target that are still at work.
    beyond: usize,
    pub(super) seen: Vec<Position>,
}

impl Counted {
    pub(super) fn of(telling: &Telling<'_>, target: u16) -> Self {
        let grants = telling.view.grants();
        let mut counted = Self {
            wanted: BTreeMap::new(),
            beyond: 0,
            seen: Vec::new(),
        };

        for n in (1..=target).map(SlotNo) {
            let grant = grants.iter().find(|grant| grant.slot_session.n == n);
            let (doing, at) = doing(telling, n, grant);
            *counted.wanted.entry(doing).or_default() += 1;
            counted.seen.extend(at);
        }

        for (n, slot, _) in telling.view.enlisted() {
            if n.0 > target && slot.job().is_some() {
                counted.beyond += 1;
                counted.seen.push(slot.assigned_at);
            }
        }
        counted
    }

    /// The counts in words, none of them zero.
    pub(super) fn words(&self, target: u16) -> String {
        let wanted = self.wanted.iter();
        let parts: Vec<_> = wanted
            .map(|(doing, count)| format!("{count} {}", doing.words()))
            .collect();
        let of = format!("of {target}, {}", parts.join(", "));
        match self.beyond {
            0 => of,
            beyond => format!("{of}; {beyond} beyond the target still at work"),
        }
    }
}

fn doing(telling: &Telling<'_>, n: SlotNo, grant: Option<&Grant>) -> (Doing, Option<Position>) {
    let Some(slot) = telling.view.slot(n) else {
        let names = ["project.target_set", "project.registered"];
        return (Doing::NotYet, telling.seen(&telling.project(), &names));
    };

    if is_out(slot) && slot.job().is_none() {
        let names = ["container.quarantined", "container.withheld"];
        return (Doing::Out, telling.seen(&telling.slot(n), &names));
    }
    if slot.job().is_some() {
        return (Doing::AtWork, Some(slot.assigned_at));
    }

    match grant {
        Some(grant) => (Doing::Granted, given::recorded(telling, grant).2),
        None => (Doing::Idle, None),
    }
}

/// Whether a slot takes nothing until a person says so.
fn is_out(slot: &Slot) -> bool {
    let is_withheld = matches!(slot.duty, Duty::Withhold { .. });
    is_withheld || matches!(slot.state, SlotState::Quarantined { .. })
}
