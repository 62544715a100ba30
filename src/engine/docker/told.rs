//! What an engine tells without being asked: every event of a container of ours is a hint, and an
//! end that was told is remembered, for the engine's list learns of it later.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bollard::Docker;
use bollard::query_parameters::EventsOptions;
use futures::StreamExt;
use tokio::sync::watch;

use super::contract;

/// Pause before the engine's events are asked for again after they ended: the timer of the
/// reconciler looks meanwhile.
const EVENTS_PAUSE: Duration = Duration::from_secs(1);

/// Containers whose end was told, by id.
pub(super) type Died = Arc<Mutex<HashSet<String>>>;

/// The filter for our containers.
pub(super) fn ours(instance: &str) -> HashMap<String, Vec<String>> {
    HashMap::from([(
        "label".to_owned(),
        vec![format!("{}={instance}", contract::INSTANCE)],
    )])
}

/// Raises a hint at every event of a container of ours, and whenever events may have been missed.
pub(super) async fn follow(
    docker: Docker,
    filters: HashMap<String, Vec<String>>,
    hints: watch::Sender<u64>,
    died: Died,
) {
    loop {
        let options = EventsOptions {
            filters: Some(filters.clone()),
            ..EventsOptions::default()
        };
        let mut events = docker.events(Some(options));
        // What went meanwhile was not told: the list knows of those ends by now.
        died.lock().unwrap_or_else(PoisonError::into_inner).clear();
        hints.send_modify(|n| *n += 1);

        while let Some(Ok(event)) = events.next().await {
            let id = event.actor.and_then(|actor| actor.id).unwrap_or_default();
            let mut died = died.lock().unwrap_or_else(PoisonError::into_inner);
            match event.action.as_deref() {
                Some("die") => drop(died.insert(id)),
                Some("destroy") => drop(died.remove(&id)),
                _ => {}
            }
            drop(died);
            hints.send_modify(|n| *n += 1);
        }
        tokio::time::sleep(EVENTS_PAUSE).await;
    }
}
