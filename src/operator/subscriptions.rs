//! Subscriptions: readers outside of us whose place in the log we keep.

use actors::follower::Follower;
use actors::ring::Batch;
use events::id::{CommandId, ReaderId, SubscriptionName, Timestamp};
use events::log::ReadError;
use events::policy::AnyCommand;
use events::stream::{Position, StreamId};
use events::subscription::{Command, Filter, Open};
use events::view::Tracked;
use tracing::instrument;

use super::{Done, Operator, RequestContext, written};
use crate::api::{Delivery, EventShape, NewSubscription, SetAside, SubscriptionShape, Written};
use actors::host::ExecuteError;
use actors::rejection::Rejection;

/// Events looked at for one answer: a filter that wants little goes on from `next`.
const SCAN_MAX: usize = 20_000;

fn unknown() -> Rejection {
    ExecuteError::refused(&events::subscription::Refusal::Unknown).into()
}

/// What a reader asks for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The reader that asks.
    pub reader: ReaderId,
    /// Go on looking after this position.
    pub from: Option<Position>,
    /// At most this many.
    pub limit: usize,
    /// Whether it waits for its turn and for an event.
    pub wait: bool,
}

fn unavailable(error: ReadError) -> Rejection {
    actors::host::ExecuteError::Unavailable(error.to_string()).into()
}

impl Operator {
    fn reader<T>(
        &self,
        name: &str,
        read: impl FnOnce(&Tracked<events::subscription::Subscription>, &Open, Position) -> T,
    ) -> Done<T> {
        let name: SubscriptionName = name.parse().map_err(|_| unknown())?;
        let found = self.core.projector.read(|projections| {
            let tracked = projections.subscriptions.get(&name)?;
            Some(read(tracked, tracked.state.open()?, projections.position))
        });
        found.ok_or_else(unknown)
    }

    async fn tell_reader(
        &self,
        context: &RequestContext,
        id: CommandId,
        name: &str,
        command: Command,
    ) -> Done<Written> {
        let stream = StreamId::Subscription(name.parse().map_err(|_| unknown())?);
        Ok(written(
            &self
                .tell(context, id, stream, AnyCommand::Subscription(command))
                .await?,
        ))
    }

    /// All subscriptions.
    pub fn subscriptions(&self) -> Vec<SubscriptionShape> {
        let mut all: Vec<SubscriptionShape> = self.core.projector.read(|projections| {
            let open = projections
                .subscriptions
                .iter()
                .filter_map(|(name, tracked)| Some((name, tracked, tracked.state.open()?)));
            open.map(|(name, tracked, open)| {
                SubscriptionShape::of(name.as_str(), tracked, open, projections.position.0)
            })
            .collect()
        });
        for one in &mut all {
            one.read_by = self.reader_of(&one.name);
        }

        all
    }

    /// One subscription.
    pub fn subscription(&self, name: &str) -> Done<SubscriptionShape> {
        let mut one = self.reader(name, |tracked, open, head| {
            SubscriptionShape::of(name, tracked, open, head.0)
        })?;
        one.read_by = self.reader_of(name);
        Ok(one)
    }

    fn reader_of(&self, name: &str) -> Option<String> {
        let reader = self.read_by(&name.parse().ok()?)?;
        Some(reader.to_string())
    }

    /// Gives a reader a name and a place.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn subscribe(
        &self,
        context: &RequestContext,
        new: &NewSubscription,
    ) -> Done<Written> {
        let name: SubscriptionName = new.name.parse().map_err(Rejection::invalid)?;
        let project = new.project.as_deref().map(Self::name).transpose()?;
        if let Some(project) = &project {
            self.project(project.as_str())?;
        }

        let known = events::registry::registry().unwrap_or_default();

        if let Some(kind) = new
            .types
            .iter()
            .find(|kind| !known.contains_key(kind.as_str()))
        {
            return Err(Rejection::invalid(format!(
                "there is no event named \"{kind}\"; `log tail` shows names"
            )));
        }
        let head = self.core.projector.read(|projections| projections.position);

        let after = new.after.map_or(head, Position);
        if after > head {
            return Err(Rejection::invalid(format!(
                "the log ends at position {head}, it cannot be read from {after} on"
            )));
        }

        let command = Command::Create {
            filter: Filter {
                project,
                kinds: new.types.clone(),
            },
            after,
        };
        self.tell_reader(context, context.id, name.as_str(), command)
            .await
    }

    /// What a reader gets next, once it is its turn: at least one event when it waits, except when
    /// `SCAN_MAX` events hold none that it wants, or none came in time.
    pub async fn deliver(&self, name: &str, asked: Asked) -> Done<Delivery> {
        let name: SubscriptionName = name.parse().map_err(|_| unknown())?;
        self.reader(name.as_str(), |_, _, _| ())?;
        let until = asked.wait.then(|| self.patience());
        self.turn(&name, &asked.reader, until).await?;

        let (filter, after, due) = self.reader(name.as_str(), |_, open, _| {
            let after = open.checkpoint.max(asked.from.unwrap_or_default());
            let due: Vec<_> = open.due().take(asked.limit).collect();
            (open.filter.clone(), after, due)
        })?;
        let again = self.at(due).await?;
        let delivery = if again.is_empty() {
            let sought = self.seek(&filter, after, asked.limit, until).await;
            sought.map_err(unavailable)?
        } else {
            Delivery {
                events: again,
                next: after.0,
            }
        };

        self.hear_reader(&name, &asked.reader);
        Ok(delivery)
    }

    /// The events at these positions.
    async fn at(&self, positions: Vec<Position>) -> Done<Vec<EventShape>> {
        let log = &self.core.world.log;
        let mut events = Vec::new();
        for position in positions {
            let before = Position(position.0.saturating_sub(1));
            let found = log.read_all(before, 1).await.map_err(unavailable)?;
            events.extend(found.iter().map(EventShape::from));
        }
        Ok(events)
    }

    /// Looks for events that a filter wants; with a time to wait until, for at least one.
    async fn seek(
        &self,
        filter: &Filter,
        after: Position,
        limit: usize,
        wait_until: Option<Timestamp>,
    ) -> Result<Delivery, ReadError> {
        let kernel = self.core.directory.kernel();
        let mut follower = Follower::new(self.core.world.log.clone(), &kernel.feed, after);
        let (mut events, mut next, mut scanned) = (Vec::new(), after, 0);
        while events.len() < limit && scanned < SCAN_MAX {
            let batch = match wait_until.filter(|_| events.is_empty()) {
                None => follower.poll().await?,
                Some(end) => tokio::select! {
                    batch = follower.next() => batch?.unwrap_or_default(),
                    () = kernel.clock.sleep_until(end) => Batch::default(),
                },
            };
            if batch.is_empty() {
                break;
            }

            scanned += batch.len();
            for envelope in batch.iter() {
                if events.len() == limit {
                    break;
                }
                next = envelope.position;
                if filter.wants(envelope) {
                    events.push(EventShape::from(envelope));
                }
            }
        }
        let next = next.0;
        Ok(Delivery { events, next })
    }

    /// Notes that a reader took an event and all before it.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn acknowledge(
        &self,
        context: &RequestContext,
        name: &str,
        reader: &ReaderId,
        position: u64,
    ) -> Done<Written> {
        self.may_tell(name, reader, position)?;
        let position = Position(position);
        let command = Command::Acknowledge { position };
        self.tell_reader(context, context.id, name, command).await
    }

    /// Sets an event aside that a reader cannot take.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn park(
        &self,
        context: &RequestContext,
        name: &str,
        reader: &ReaderId,
        aside: &SetAside,
    ) -> Done<Written> {
        self.may_tell(name, reader, aside.position)?;
        let command = Command::Park {
            position: Position(aside.position),
            why: aside.why.clone(),
        };
        self.tell_reader(context, context.id, name, command).await
    }

    /// Lets what was set aside be delivered again: one event, or all.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn replay(
        &self,
        context: &RequestContext,
        name: &str,
        position: Option<u64>,
    ) -> Done<Written> {
        if let Some(position) = position {
            return self
                .tell_reader(
                    context,
                    context.id,
                    name,
                    Command::Replay {
                        position: Position(position),
                    },
                )
                .await;
        }

        let (parked, mut last) = self.reader(name, |tracked, open, _| {
            let unchanged = Written {
                position: tracked.position.0,
                version: tracked.version.0,
                ids: vec![],
                notes: vec![],
            };
            (open.parked.keys().copied().collect::<Vec<_>>(), unchanged)
        })?;
        for position in parked {
            last = self
                .tell_reader(
                    context,
                    context.part(&position.to_string()),
                    name,
                    Command::Replay { position },
                )
                .await?;
        }

        Ok(last)
    }

    /// Ends a subscription.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn unsubscribe(&self, context: &RequestContext, name: &str) -> Done<Written> {
        let ended = self
            .tell_reader(context, context.id, name, Command::Delete)
            .await?;
        if let Ok(name) = name.parse() {
            self.nobody_reads(&name);
        }
        Ok(ended)
    }

    /// Whether a reader may say what became of an event: nobody has seen what is not there yet,
    /// and who lost the turn speaks for nobody.
    fn may_tell(&self, name: &str, reader: &ReaderId, position: u64) -> Done<()> {
        let head = self.reader(name, |_, _, head| head)?;
        if position > head.0 {
            return Err(Rejection::invalid(format!(
                "the log ends at position {head}, {position} is not there yet"
            )));
        }
        let name: SubscriptionName = name.parse().map_err(|_| unknown())?;
        self.keep_turn(&name, reader)
    }
}
