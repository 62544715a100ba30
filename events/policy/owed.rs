//! All policies over one project, one after the other.

use crate::policy::agenda::{Agenda, Observed};
use crate::policy::{
    admit, assign, dispatch, engine, expire, fleet, foresee, integrate, milestone, supervise,
    unblock,
};
use crate::view::projections::ProjectView;

/// Everything that is owed to one project.
pub fn owed(view: &ProjectView, observed: &Observed) -> Agenda {
    let mut agenda = Agenda::default();
    let Some(registered) = view.registered() else {
        return agenda;
    };

    fleet::owed(view, registered, observed, &mut agenda);
    admit::owed(view, registered, observed, &mut agenda);
    unblock::owed(view, &mut agenda);
    integrate::owed(view, registered, observed, &mut agenda);
    foresee::owed(view, &mut agenda);
    milestone::owed(view, registered, &mut agenda);
    engine::owed(view, registered, observed.up_since, &mut agenda);
    assign::owed(view, registered, &mut agenda);
    supervise::owed(view, registered, observed, &mut agenda);
    expire::owed(view, registered, observed, &mut agenda);
    dispatch::owed(view, registered, observed, &mut agenda);

    agenda
}
