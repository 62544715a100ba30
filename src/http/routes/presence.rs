//! A reader of a subscription that is there: while its connection stands and answers it keeps its
//! turn, however long its work on an event takes; when the connection ends the turn is the next
//! one's at once.

use ::events::id::{ReaderId, SubscriptionName, Timestamp};
use ::events::subscription::lease::LEASE_MS;
use actix_ws::{CloseCode, Message, MessageStream, Session};
use futures::StreamExt;

use super::live::Life;
use crate::operator::Operator;

/// Time between pings: a third of a lease, so that two may be lost.
const PING_EVERY_MS: i64 = LEASE_MS / 3;

/// One reader, and the connection that says that it lives.
pub(super) struct Presence {
    pub(super) operator: Operator,
    pub(super) name: SubscriptionName,
    pub(super) reader: ReaderId,
    pub(super) session: Session,
}

impl Presence {
    /// Follows a reader until it is gone, and gives its turn away.
    pub(super) async fn run(mut self, mut messages: MessageStream) {
        let is_silent = self.follow(&mut messages).await;
        self.operator.reader_left(&self.name, &self.reader);
        let why = is_silent.then(|| (CloseCode::Policy, "no ping was answered").into());
        if let Err(error) = self.session.close(why).await {
            tracing::debug!(%error, "a reader left without a word");
        }
    }

    /// Returns when the connection ended, or when nothing comes over it: then it is silent.
    async fn follow(&mut self, messages: &mut MessageStream) -> bool {
        let clock = self.operator.core.directory.kernel().clock.clone();
        let mut life = Life::default();
        let mut ping_at = clock.now();

        loop {
            tokio::select! {
                said = messages.next() => match said {
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return false,
                    Some(Ok(said)) => {
                        if let Message::Ping(bytes) = said
                            && self.session.pong(&bytes).await.is_err()
                        {
                            return false;
                        }
                        life.heard();
                        self.operator.hear_reader(&self.name, &self.reader);
                    }
                },
                () = clock.sleep_until(ping_at) => {
                    if !life.ping() {
                        return true;
                    }
                    if self.session.ping(b"").await.is_err() {
                        return false;
                    }
                    ping_at = Timestamp(clock.now().0.saturating_add(PING_EVERY_MS * 1_000));
                }
            }
        }
    }
}
