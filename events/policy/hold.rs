//! Why nothing of a role is begun: what `dispatch` asks before it grants a slot, each with a name.

use crate::holder::Role;
use crate::id::Timestamp;
use crate::policy::gate::{Gate, Leave};
use crate::policy::{Agenda, Observed, dispatch};
use crate::project::Thing;
use crate::view::projections::ProjectView;

/// A premise of a grant that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// The project is not running, or its backlog is being edited.
    NotRunning,
    /// Upstream has no commit that work could stand on, as far as is known.
    NoHead,
    /// The spec is no backlog yet.
    NoBacklog,
    /// The trunk is red by itself.
    RedTrunk,
    /// Things that the role needs are in trouble.
    Trouble {
        /// Those.
        things: Vec<Thing>,
        /// When one session may try them.
        next: Timestamp,
    },
    /// No slot may be granted anything.
    NoSlot,
}

/// Every premise that keeps work of a role from being begun now, in the order in which `dispatch`
/// asks; none where a free slot would be granted such work if there is some.
pub fn holds(view: &ProjectView, observed: &Observed, role: Role) -> Vec<Hold> {
    let Some(registered) = view.registered() else {
        return vec![Hold::NotRunning];
    };
    let mut holds = Vec::new();
    holds.extend(dispatch::shut(view, registered));

    if role == Role::Coder {
        holds.extend(dispatch::no_code(view, registered));
    }

    let gate = Gate::new(view, registered, observed);
    if let Some(troubled) = gate.troubled(role)
        && gate.leave(role, &mut Agenda::default()) == Leave::Nothing
    {
        let (things, next) = (troubled.things, troubled.next);
        holds.push(Hold::Trouble { things, next });
    }

    if dispatch::free_slots(view, registered, observed).is_empty() {
        holds.push(Hold::NoSlot);
    }
    holds
}
