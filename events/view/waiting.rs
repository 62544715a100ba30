//! Waiting: work that nobody does. A project may be so set up, or so taken out of service, that
//! nothing goes on although nothing fails.

use std::collections::BTreeMap;

use crate::container::{Duty, SlotState};
use crate::feature::{FeatureType, Known, Stage};
use crate::holder::{Holder, Role};
use crate::id::FeatureId;
use crate::merge_queue;
use crate::policy::integrate::verification;
use crate::project::{Initialization, Registered};
use crate::view::need::{Need, NeedKind, Remedy};
use crate::view::projections::ProjectView;

impl ProjectView {
    /// What waits for hands that a person took away, or never gave.
    pub(super) fn needs_of_hands(&self, registered: &Registered, needs: &mut Vec<Need>) {
        if !registered.is_running() || self.merge_queue.state.head.is_none() {
            return;
        }

        if self.was_withdrawn_whole(registered) {
            let text =
                "nothing is left to do, for every feature was withdrawn: add some, or stop it";
            needs.push(Need::new(NeedKind::Idle, text, Remedy::Stop));
            return;
        }

        let Some((_, waits)) = self.waits_for_slots(registered) else {
            return;
        };

        if registered.target == 0 {
            let text = format!("{waits}, and the project has no agent of its own: its target is 0");
            needs.push(Need::new(NeedKind::Target, text, Remedy::SetTarget));
            return;
        }

        let wanted = || self.enlisted().filter(|(n, ..)| n.0 <= registered.target);
        let out = |slot: &crate::container::Slot| {
            matches!(slot.duty, Duty::Withhold { .. })
                || matches!(slot.state, SlotState::Quarantined { .. })
        };
        let first = wanted().find(|(_, slot, _)| matches!(slot.duty, Duty::Withhold { .. }));

        let all = wanted().count() == usize::from(registered.target)
            && wanted().all(|(_, slot, _)| out(slot));
        if let (Some((slot, ..)), true) = (first, all) {
            let text = format!("{waits}, and every slot is out of service");
            needs.push(Need::new(NeedKind::Slot, text, Remedy::Reinstate { slot }));
        }
    }

    /// Whether there were features, and none of them is left.
    fn was_withdrawn_whole(&self, registered: &Registered) -> bool {
        let backlog = &self.backlog.state;
        let left = self
            .known()
            .any(|(_, known, _)| known.stage != Stage::Withdrawn);
        registered.has_backlog()
            && !backlog.withdrawn.is_empty()
            && backlog.ids.keys().all(|id| backlog.withdrawn.contains(id))
            && !left
    }

    /// What only a session in a slot can do next: its role, and the work in words.
    pub(crate) fn waits_for_slots(&self, registered: &Registered) -> Option<(Role, String)> {
        let merge_queue = &self.merge_queue.state;
        let is_submitted = |known: &Known| matches!(known.stage, Stage::Submitted { .. });
        let known = self.known();
        let unreviewed = known.filter(|(_, known, _)| is_submitted(known)).count();
        let ready = self.ready().count();

        let (role, work) = if unreviewed > 0 {
            let work = format!("handed-in work ({unreviewed}) waits for a reviewer");
            (Role::Reviewer, work)
        } else if merge_queue.health.red.is_some() || merge_queue.is_head_in_doubt() {
            let work = "the trunk waits for its own verification".to_owned();
            (Role::Verifier, work)
        } else if self.waits_for_verification(registered) {
            let work = "a merge waits for its verification".to_owned();
            (Role::Verifier, work)
        } else if matches!(registered.initialization, Initialization::Due { .. }) {
            let work = "the spec waits for an initializer".to_owned();
            (Role::Initializer, work)
        } else if registered.next_oversight().is_some() {
            let work = "the project waits for its overseer".to_owned();
            (Role::Overseer, work)
        } else if ready > 0 && (registered.target > 0 || !self.has_help_from_outside()) {
            let work = format!("features ({ready}) wait for somebody to do them");
            (Role::Coder, work)
        } else {
            return None;
        };

        Some((role, work))
    }

    /// Whether a candidate is built, and a session has to run its command.
    fn waits_for_verification(&self, registered: &Registered) -> bool {
        match self.merge_queue.state.tip() {
            Some(tip) => {
                matches!(tip.stage, merge_queue::Stage::Built { .. })
                    && verification(registered, tip).is_some()
            }
            None => false,
        }
    }

    /// Whether somebody outside works on a feature.
    fn has_help_from_outside(&self) -> bool {
        self.known().any(|(_, known, _)| {
            matches!(
                known.stage,
                Stage::Claimed {
                    holder: Holder::Outside { .. },
                    ..
                }
            )
        })
    }

    /// Features that wait for a heading: nobody works on an epic, so that only a person closes it.
    pub(super) fn needs_of_epics(&self, needs: &mut Vec<Need>) {
        let is_open_epic = |known: &Known| {
            known.content.kind == FeatureType::Epic && matches!(known.stage, Stage::Open { .. })
        };
        let open = self.known().filter(|(_, known, _)| is_open_epic(known));
        let mut epics: BTreeMap<&FeatureId, u32> = open.map(|(id, ..)| (id, 0)).collect();

        // Once over all features, and not once for each epic: whoever looks at a project asks this.
        if !epics.is_empty() {
            for on in self.known().flat_map(|(_, other, _)| &other.blockers) {
                if let Some(waiting) = epics.get_mut(on) {
                    *waiting += 1;
                }
            }
        }

        for (id, waiting) in epics {
            if waiting > 0 {
                let text =
                    format!("{waiting} features wait for the epic {id}, which nobody works on");
                let feature = id.clone();
                needs.push(Need::new(NeedKind::Epic, text, Remedy::Close { feature }));
            }
        }
    }
}
