//! `log tail|show|stats`: looks at a log.

use anyhow::bail;
use events::stream::Position;

use super::open;
use crate::api::shown;
use crate::api::{EventPage, EventShape};
use crate::cli::client::ask_server;
use crate::cli::{DataArgs, OutputArgs};
use crate::log::stats::stats;
use crate::terminal::{self, say};

/// One event, whole.
pub(super) async fn show(data: &DataArgs, position: u64) -> anyhow::Result<()> {
    let (_, stored) = open(data).await?;
    let log = stored.log();
    let found = log
        .read_all(Position(position.saturating_sub(1)), 1)
        .await?;
    match found.first().filter(|e| e.position.0 == position) {
        Some(envelope) => Ok(terminal::json(&EventShape::from(envelope))?),
        None => bail!(
            "there is no event at position {position}; the newest is at {}",
            log.head().await?.position
        ),
    }
}

/// What is in the log.
pub(super) async fn count(data: &DataArgs, output: &OutputArgs) -> anyhow::Result<()> {
    let (_, stored) = open(data).await?;
    let stats = stats(stored.log()).await?;

    if output.json {
        return Ok(terminal::json(&stats)?);
    }

    say!("log      {}", stats.log)?;
    say!(
        "events   {}, {} bytes of payload",
        stats.total.events,
        stats.total.bytes
    )?;
    if let (Some(first), Some(last)) = (&stats.first_at, &stats.last_at) {
        say!("time     {first} to {last}")?;
    }

    if let Some(ms) = stats.clock_behind_ms {
        say!(
            "clock    {ms} ms behind the newest event: it was set back, \
             and events carry that time until it has caught up"
        )?;
    }

    let streams: Vec<String> = stats
        .streams
        .iter()
        .map(|(category, count)| format!("{count} {category}"))
        .collect();
    say!("streams  {}", streams.join(", "))?;
    let mut kinds: Vec<_> = stats.kinds.iter().collect();
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(count.events));
    for (kind, count) in kinds {
        say!("{:>9} {:>12}  {kind}", count.events, count.bytes)?;
    }

    Ok(())
}

/// The newest events.
pub(super) async fn tail(
    data: &DataArgs,
    lines: u64,
    follow: bool,
    json: bool,
) -> anyhow::Result<()> {
    let (_, stored) = open(data).await?;
    let log = stored.log();
    let head = log.head().await?.position;
    let first = Position(head.0.saturating_sub(lines));
    let limit = usize::try_from(lines).unwrap_or(usize::MAX);
    let said = |event: &EventShape| match json {
        true => terminal::json_line(event),
        false => say!("{}", shown::line(event)),
    };
    let mut after = first.0;

    for envelope in log.read_all(first, limit).await? {
        said(&EventShape::from(&envelope))?;
        // What was printed, and not where the head was: the log grows meanwhile, and nothing is
        // said twice.
        after = envelope.position.0;
    }

    if !follow {
        return Ok(());
    }

    let mut unread = terminal::unread();

    loop {
        let more = format!("/api/v1/events?after={after}&wait=true");
        let page: EventPage = tokio::select! {
            page = ask_server(data, &more) => page?,
            _ = &mut unread => return Ok(()),
        };
        for event in &page.events {
            said(event)?;
        }
        after = page.next;
    }
}
