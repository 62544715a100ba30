//! Removes transcripts that are beyond their time: recorded first, removed after. What was recorded
//! and not removed, because the server ended in between, is removed at the next start.

use std::sync::Arc;

use events::cause::{Cause, Principal};
use events::container::Command;
use events::id::{CommandId, SessionId};
use events::log::EventLog;
use events::policy::AnyCommand;
use events::policy::retain::{Overdue, Retention, overdue};
use events::stream::StreamId;
use events::view::Transcript;

use crate::chores::Chore;
use crate::directory::Directory;
use crate::follower::Follower;
use crate::ports::transcripts::Transcripts;
use crate::projector::Projector;

/// Pause after a transcript that could not be dropped, and after a log that could not be read.
const RETRY_MS: u64 = 60_000;

/// The retention of one installation's transcripts.
#[derive(Clone)]
pub struct TranscriptRetention {
    /// Tells when a transcript is kept.
    pub log: Arc<dyn EventLog>,
    /// Knows them all.
    pub projector: Projector,
    /// Takes what is dropped.
    pub directory: Directory,
    /// The store of the transcripts.
    pub transcripts: Arc<dyn Transcripts>,
    /// The bounds.
    pub retention: Retention,
}

impl TranscriptRetention {
    /// Drops and removes until its task is ended. Woken by every transcript that is kept, and by
    /// age.
    pub async fn run(self) {
        let kernel = self.directory.kernel().clone();
        let mut follower = Follower::new(
            self.log.clone(),
            &kernel.feed,
            self.projector.read(|projections| projections.position),
        );
        self.finish().await;

        loop {
            let (over, mut until) = self
                .projector
                .read(|projections| overdue(projections, self.retention, kernel.clock.now()));
            for one in over {
                if !self.drop_one(&one).await {
                    until = Some(kernel.clock.now().plus_ms(RETRY_MS));
                }
            }
            tokio::select! {
                () = kernel.clock.sleep_until_some(until) => {}
                more = self.kept(&mut follower) => if !more { return },
            }
            let seen = follower.position();
            self.projector.wait_for(seen).await;
        }
    }

    /// Removes what was recorded as dropped.
    async fn finish(&self) {
        let dropped: Vec<SessionId> = self.projector.read(|projections| {
            let sessions = projections
                .projects
                .values()
                .flat_map(|view| view.sessions.iter());
            sessions
                .filter(|(_, record)| record.transcript == Some(Transcript::Dropped))
                .map(|(id, _)| id.clone())
                .collect()
        });

        for session in dropped {
            self.remove(&session).await;
        }
    }

    async fn drop_one(&self, one: &Overdue) -> bool {
        let stream = StreamId::Container(one.project.clone(), one.n);
        let id = CommandId::derived(&["retain", one.session.as_str()]);
        let cause = Cause::first(Principal::Policy("retain".into()), id);
        let command = AnyCommand::Container(Command::DropTranscript {
            session: one.session.clone(),
        });
        let done = self
            .directory
            .execute(&stream, command, id, cause, vec![])
            .await;
        let faults = &self.directory.kernel().faults;

        match done {
            Ok(receipt) => {
                faults.well(Some(&one.project), Chore::DropTranscripts);
                self.projector.wait_for(receipt.position).await;
                self.remove(&one.session).await;
                true
            }
            Err(error) => {
                let why = format!("session {}: {error}", one.session);
                faults.failing(Some(&one.project), Chore::DropTranscripts, &why);
                false
            }
        }
    }

    async fn remove(&self, session: &SessionId) {
        let removed = self.transcripts.remove(session).await;
        let removed = removed.map_err(|error| format!("session {session}: {error}"));
        let faults = &self.directory.kernel().faults;
        faults.went(None, Chore::RemoveTranscripts, removed);
    }

    /// Returns when another transcript is kept; false when the log is not followed any more.
    async fn kept(&self, follower: &mut Follower) -> bool {
        let kernel = self.directory.kernel();

        loop {
            match follower.next().await {
                Ok(Some(batch)) => {
                    kernel.faults.well(None, Chore::FollowTranscripts);
                    let mut kinds = batch.iter().map(|envelope| &*envelope.kind);
                    if kinds.any(|kind| kind == "container.transcript_kept") {
                        return true;
                    }
                }
                Ok(None) => return false,
                Err(error) => {
                    let why = error.to_string();
                    kernel.faults.failing(None, Chore::FollowTranscripts, &why);
                    let again = kernel.clock.now().plus_ms(RETRY_MS);
                    kernel.clock.sleep_until(again).await;
                }
            }
        }
    }
}
