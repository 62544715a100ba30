//! One sample of every kind of event, for tests that walk them all: golden bytes, bounds, the
//! audit.

mod of_container;
mod of_feature;
mod of_merge_queue;
mod of_project;
mod of_the_rest;
mod parts;

pub(crate) use of_container::containers;
pub(crate) use of_feature::features;
pub(crate) use of_merge_queue::merge_queues;
pub(crate) use of_project::projects;
pub(crate) use of_the_rest::{backlogs, nodes, subscriptions};
