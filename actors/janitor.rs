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

use crate::directory::Directory;
use crate::follower::Follower;
use crate::ports::transcripts::Transcripts;
use crate::projector::Projector;

/// Pause after a transcript that could not be dropped.
const RETRY_MS: u64 = 60_000;

/// The janitor of one installation's transcripts.
#[derive(Clone)]
pub struct Janitor {
    /// Tells when a transcript is kept.
    pub log: Arc<dyn EventLog>,
    /// Knows them all.
    pub projector: Projector,
    /// Takes what is dropped.
    pub directory: Directory,
    /// Where they are.
    pub transcripts: Arc<dyn Transcripts>,
    /// The bounds.
    pub retention: Retention,
}

impl Janitor {
    /// Drops and removes until its task is ended. Woken by every transcript that is kept, and by
    /// age.
    pub async fn run(self) {
        let kernel = self.directory.kernel().clone();
        let mut follower = Follower::new(
            self.log.clone(),
            &kernel.feed,
            self.projector.read(|books| books.position),
        );
        self.finish().await;
        loop {
            let (over, mut until) = self
                .projector
                .read(|books| overdue(books, self.retention, kernel.clock.now()));
            for one in over {
                if !self.drop_one(&one).await {
                    until = Some(kernel.clock.now().plus_ms(RETRY_MS));
                }
            }
            tokio::select! {
                () = kernel.clock.sleep_until_some(until) => {}
                more = kept(&mut follower) => if !more { return },
            }
            let seen = follower.position();
            self.projector.wait_for(seen).await;
        }
    }

    /// Removes what was recorded as dropped.
    async fn finish(&self) {
        let dropped: Vec<SessionId> = self.projector.read(|books| {
            let sessions = books
                .projects
                .values()
                .flat_map(|book| book.sessions.iter());
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
        match self
            .directory
            .execute(&stream, command, id, cause, vec![])
            .await
        {
            Ok(receipt) => {
                self.projector.wait_for(receipt.position).await;
                self.remove(&one.session).await;
                true
            }
            Err(error) => {
                tracing::warn!(session = %one.session, %error, "the transcript is not dropped; it \
                    is tried again");
                false
            }
        }
    }

    async fn remove(&self, session: &SessionId) {
        if let Err(error) = self.transcripts.remove(session).await {
            tracing::warn!(%session, %error, "the transcript is not removed; the next start does \
                                              it");
        }
    }
}

/// Returns when another transcript is kept; false when the log is not followed any more.
async fn kept(follower: &mut Follower) -> bool {
    loop {
        match follower.next().await {
            Ok(Some(batch))
                if batch
                    .iter()
                    .any(|envelope| envelope.kind == "container.transcript_kept") =>
            {
                return true;
            }
            Ok(Some(_)) => {}
            Ok(None) => return false,
            Err(error) => {
                tracing::error!(%error, "the janitor cannot read the log");
                return false;
            }
        }
    }
}
