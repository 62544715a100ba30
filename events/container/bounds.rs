//! Bounds of a slot's events. The command line of an agent is never cut: an assignment with one
//! that is too long is refused.

use crate::bounds::{Bounded, cut, cut_name, cut_reason};
use crate::container::class::Class;
use crate::container::event::Event;

/// Models that one record of use tells apart. A session is assigned one; its tools may ask for a
/// few more.
pub const MODELS_MAX: usize = 50;
/// Targets that one record tells apart.
pub const TARGETS_MAX: usize = 51;
/// Longest target, in bytes.
const TARGET_BYTES_MAX: usize = 480;

impl Bounded for Event {
    fn bounded(mut self) -> Self {
        match &mut self {
            Self::Started(e) => cut_name(&mut e.engine_id),
            Self::StartFailed(e) => {
                if let Class::Other(word) = &mut e.class {
                    cut_name(word);
                }
                cut_reason(&mut e.detail);
            }
            Self::SessionEnded(e) => cut_reason(&mut e.detail),
            Self::Lost(e) => cut_reason(&mut e.reason),
            Self::Quarantined(e) => cut_reason(&mut e.why),
            Self::Withheld(e) => cut_name(&mut e.by),
            Self::InterruptRequested(e) => cut_name(&mut e.by),
            Self::Reinstated(e) => cut_name(&mut e.by),
            Self::UsageMetered(e) => {
                e.models.truncate(MODELS_MAX);
                for used in &mut e.models {
                    cut_name(&mut used.provider);
                    cut_name(&mut used.model);
                }
            }
            Self::EgressRecorded(e) => {
                e.denied.truncate(TARGETS_MAX);
                for denied in &mut e.denied {
                    cut(&mut denied.target, TARGET_BYTES_MAX);
                }
            }
            Self::Enlisted(_)
            | Self::Assigned(_)
            | Self::StartRequested(_)
            | Self::SessionStarted(_)
            | Self::Exited(_)
            | Self::Removed(_)
            | Self::Idle(_)
            | Self::Dismissed(_)
            | Self::TranscriptKept(_)
            | Self::TranscriptDropped(_) => {}
        }

        self
    }
}
