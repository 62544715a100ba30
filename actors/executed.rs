//! What a command came to: where it is recorded, and the events that it recorded. Whoever sends one
//! learns from its answer what happened, also when the answer is to a repetition; nobody reads an
//! event of its own back off the log.

use events::aggregate::Aggregate;
use events::codec::EventCodec;
use events::id::{CommandId, Digest};
use events::log::{EVENTS_PER_APPEND_MAX, EventLog, ReadError, Receipt};
use events::stream::Version;

/// A command that was carried out, now or when it was sent before.
#[derive(Debug, Clone, PartialEq)]
pub struct Executed<A: Aggregate> {
    /// Where the last of its events is recorded; where the stream stands when there was nothing
    /// left to record.
    pub receipt: Receipt,
    /// The events that it recorded.
    pub events: Vec<A::Event>,
}

/// A command that was carried out before.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered<A: Aggregate> {
    /// What it came to.
    pub executed: Executed<A>,
    /// The digest of what was asked.
    pub body: Digest,
}

/// What was carried out under this id; none when nothing was.
pub async fn answered<A: Aggregate>(
    log: &dyn EventLog,
    command: CommandId,
) -> Result<Option<Answered<A>>, ReadError> {
    let Some(known) = log.remembered(command).await? else {
        return Ok(None);
    };

    let executed = again(log, command, known.receipt).await?;
    let body = known.body;
    Ok(Some(Answered { executed, body }))
}

/// The answer to a repeated command: its events are one append, which ends where the receipt says.
/// Those that are not of this aggregate are nobody's answer, and are left out.
pub(crate) async fn again<A: Aggregate>(
    log: &dyn EventLog,
    command: CommandId,
    receipt: Receipt,
) -> Result<Executed<A>, ReadError> {
    let before = receipt
        .version
        .0
        .saturating_sub(EVENTS_PER_APPEND_MAX as u64);
    let recorded = log
        .read_stream(&receipt.stream, Version(before), EVENTS_PER_APPEND_MAX)
        .await?;

    let mut events = Vec::new();
    for envelope in recorded {
        if envelope.command != command {
            continue;
        }
        let event = A::Event::decode(&envelope.kind, envelope.schema, &envelope.payload);
        events.extend(event.ok());
    }
    Ok(Executed { receipt, events })
}

#[cfg(test)]
mod tests {
    use events::backlog::Backlog;
    use events::cause::{Cause, Principal};
    use events::feature::{Feature, event};
    use events::id::Timestamp;
    use events::log::{Append, NewEvent};
    use events::memory::MemoryLog;
    use events::stream::StreamId;

    use super::*;

    fn id(n: u8) -> CommandId {
        CommandId([n; 16])
    }

    fn comment(text: &str) -> event::Event {
        let (by, text) = ("ann".to_owned(), text.to_owned());
        event::Commented { by, text }.into()
    }

    /// Records these comments under one command.
    async fn record(log: &MemoryLog, command: u8, expected: u64, texts: &[&str]) -> Receipt {
        let stream: StreamId = "feature-z/a".parse().expect("a stream");

        let append = Append {
            stream,
            expected: Version(expected),
            also_expect: vec![],
            events: texts
                .iter()
                .map(|text| NewEvent::of(&comment(text)))
                .collect(),
            command: id(command),
            body: Digest::of(&[command]),
            cause: Cause::first(Principal::Operator("ann".into()), id(command)),
            trace: None,
            at: Timestamp(1),
        };
        log.append(append).await.expect("recorded")
    }

    #[tokio::test]
    async fn a_repetition_is_answered_with_its_own_events_and_no_others() {
        let log = MemoryLog::new("l");
        record(&log, 1, 0, &["before"]).await;
        let receipt = record(&log, 2, 1, &["one", "two"]).await;
        record(&log, 3, 3, &["after"]).await;

        let answered = answered::<Feature>(&log, id(2)).await.expect("read");
        let answered = answered.expect("known");
        let events = vec![comment("one"), comment("two")];
        assert_eq!(answered.executed, Executed { receipt, events });
        assert_eq!(answered.body, Digest::of(&[2]));
    }

    #[tokio::test]
    async fn the_longest_append_is_answered_whole() {
        let log = MemoryLog::new("l");
        record(&log, 1, 0, &["before"]).await;
        record(&log, 2, 1, &["x"; EVENTS_PER_APPEND_MAX]).await;
        let answered = answered::<Feature>(&log, id(2)).await.expect("read");
        let count = answered.map(|answered| answered.executed.events.len());
        assert_eq!(count, Some(EVENTS_PER_APPEND_MAX));
    }

    #[tokio::test]
    async fn what_nobody_asked_or_another_aggregate_answered_has_no_events() {
        let log = MemoryLog::new("l");
        record(&log, 1, 0, &["one"]).await;
        let unknown = answered::<Feature>(&log, id(9)).await.expect("read");
        assert_eq!(unknown, None);
        let other = answered::<Backlog>(&log, id(1)).await.expect("read");
        assert_eq!(other.map(|other| other.executed.events), Some(vec![]));
    }
}
