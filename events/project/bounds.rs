//! Bounds of a project's events. Settings and addresses are never cut: `Settings::check` and the
//! registration refuse them.

use crate::bounds::{Bounded, cut, cut_name, cut_reason};
use crate::project::Thing;
use crate::project::command::{BRANCH_MAX, URL_MAX};
use crate::project::event::Event;
use crate::settings::COMMAND_MAX;

fn cut_thing(thing: &mut Thing) {
    match thing {
        Thing::Provider { name } | Thing::Tool { name } => cut_name(name),
        Thing::Setup | Thing::Engine => {}
    }
}

impl Bounded for Event {
    fn bounded(mut self) -> Self {
        match &mut self {
            Self::Registered(e) => cut(&mut e.git_url, URL_MAX),
            Self::Cloned(e) => {
                cut(&mut e.branch, BRANCH_MAX);
                // Half a command is another one.
                e.setup.take_if(|line| line.len() > COMMAND_MAX);
            }
            Self::CloneFailed(e) => cut_reason(&mut e.reason),
            Self::Started(e) => cut_name(&mut e.by),
            Self::Renewed(e) => cut_name(&mut e.by),
            Self::Relocated(e) => {
                cut(&mut e.git_url, URL_MAX);
                cut_name(&mut e.by);
            }
            Self::DrainRequested(e) => cut_name(&mut e.by),
            Self::Stopped(e) => cut_name(&mut e.by),
            Self::EditOpened(e) => cut_name(&mut e.by),
            Self::EditSaved(e) => cut_name(&mut e.by),
            Self::EditDiscarded(e) => cut_name(&mut e.by),
            Self::Resumed(e) => cut_reason(&mut e.why),
            Self::Deleted(e) => cut_name(&mut e.by),
            Self::TroubleReported(e) => {
                cut_thing(&mut e.thing);
                cut_reason(&mut e.detail);
            }
            Self::TroubleEnded(e) => {
                cut_thing(&mut e.thing);
                cut_reason(&mut e.why);
            }
            Self::ProbeAsked(e) => cut_name(&mut e.by),
            Self::SpecWritten(_)
            | Self::SettingsChanged(_)
            | Self::TargetSet(_)
            | Self::InitializationDue(_)
            | Self::InitializationStarted(_)
            | Self::InitializationLapsed(_)
            | Self::BacklogProposed(_)
            | Self::Initialized(_)
            | Self::MilestoneDue(_)
            | Self::OversightStarted(_)
            | Self::OversightLapsed(_)
            | Self::MilestoneSettled(_)
            | Self::FinalVerificationDue(_)
            | Self::Completed(_) => {}
        }

        self
    }
}
