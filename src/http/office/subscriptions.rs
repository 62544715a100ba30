//! Subscriptions: readers outside of us whose place in the log we keep.

use actors::follower::Follower;
use events::id::{CommandId, ProjectName};
use events::policy::AnyCommand;
use events::stream::{Position, StreamId};
use events::subscription::{Command, Filter, Open};
use events::view::Tracked;

use super::{Done, Office, Wish, written};
use crate::http::problem::ApiProblem;
use crate::http::shapes::{Delivery, EventShape, NewSubscription, SubscriptionShape, Written};

/// Events looked at for one answer: a filter that wants little goes on from `next`.
const SCAN_MAX: usize = 20_000;

fn unknown() -> ApiProblem {
    let refusal = events::subscription::Refusal::Unknown;
    ApiProblem::not_found(
        events::aggregate::Refusal::code(&refusal),
        &refusal.to_string(),
    )
}

fn unavailable(error: events::log::ReadError) -> ApiProblem {
    actors::host::ExecuteError::Unavailable(error.to_string()).into()
}

impl Office {
    fn reader<T>(
        &self,
        name: &str,
        read: impl FnOnce(&Tracked<events::subscription::Subscription>, &Open, Position) -> T,
    ) -> Done<T> {
        let name: ProjectName = name.parse().map_err(|_| unknown())?;
        let found = self.core.projector.read(|books| {
            let tracked = books.subscriptions.get(&name)?;
            Some(read(tracked, tracked.state.open()?, books.position))
        });
        found.ok_or_else(unknown)
    }

    async fn tell_reader(
        &self,
        wish: &Wish,
        id: CommandId,
        name: &str,
        command: Command,
    ) -> Done<Written> {
        let stream = StreamId::Subscription(name.parse().map_err(|_| unknown())?);
        Ok(written(
            &self
                .tell(wish, id, stream, AnyCommand::Subscription(command))
                .await?,
        ))
    }

    /// All subscriptions.
    pub fn subscriptions(&self) -> Vec<SubscriptionShape> {
        self.core.projector.read(|books| {
            let open = books
                .subscriptions
                .iter()
                .filter_map(|(name, tracked)| Some((name, tracked, tracked.state.open()?)));
            open.map(|(name, tracked, open)| {
                SubscriptionShape::of(name.as_str(), tracked, open, books.position.0)
            })
            .collect()
        })
    }

    /// One subscription.
    pub fn subscription(&self, name: &str) -> Done<SubscriptionShape> {
        self.reader(name, |tracked, open, head| {
            SubscriptionShape::of(name, tracked, open, head.0)
        })
    }

    /// Gives a reader a name and a place.
    pub async fn subscribe(&self, wish: &Wish, new: &NewSubscription) -> Done<Written> {
        let name: ProjectName = new.name.parse().map_err(|_| {
            ApiProblem::invalid(format!(
                "\"{}\" is no name for a subscription: use a-z, 0-9 and '-', 1 to 50 characters",
                new.name
            ))
        })?;
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
            return Err(ApiProblem::invalid(format!(
                "there is no event named \"{kind}\"; `log tail` shows names"
            )));
        }
        let head = self.core.projector.read(|books| books.position);
        let after = new.after.map_or(head, Position);
        if after > head {
            return Err(ApiProblem::invalid(format!(
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
        self.tell_reader(wish, wish.id, name.as_str(), command)
            .await
    }

    /// What a reader gets next: at least one event when it waits, except when `SCAN_MAX` events
    /// hold none that it wants.
    pub async fn deliver(
        &self,
        name: &str,
        from: Option<u64>,
        limit: usize,
        wait: bool,
    ) -> Done<Delivery> {
        let (filter, after, due) = self.reader(name, |_, open, _| {
            let after = open.checkpoint.max(from.map_or(Position(0), Position));
            (
                open.filter.clone(),
                after,
                open.due().take(limit).collect::<Vec<_>>(),
            )
        })?;
        let log = &self.core.world.log;
        let mut events = Vec::new();
        for position in due {
            let found = log
                .read_all(Position(position.0.saturating_sub(1)), 1)
                .await
                .map_err(unavailable)?;
            events.extend(found.iter().map(EventShape::from));
        }
        if !events.is_empty() {
            return Ok(Delivery {
                events,
                next: after.0,
            });
        }
        let kernel = self.core.directory.kernel();
        let mut follower = Follower::new(log.clone(), &kernel.feed, after);
        let (mut next, mut scanned) = (after, 0);
        while events.len() < limit && scanned < SCAN_MAX {
            let batch = if wait && events.is_empty() {
                follower.next().await.map_err(unavailable)?
            } else {
                Some(follower.poll().await.map_err(unavailable)?)
            };
            let Some(batch) = batch.filter(|batch| !batch.is_empty()) else {
                break;
            };
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
        Ok(Delivery {
            events,
            next: next.0,
        })
    }

    /// Notes that a reader took an event and all before it.
    pub async fn acknowledge(&self, wish: &Wish, name: &str, position: u64) -> Done<Written> {
        self.within(name, position)?;
        self.tell_reader(
            wish,
            wish.id,
            name,
            Command::Acknowledge {
                position: Position(position),
            },
        )
        .await
    }

    /// Sets an event aside that a reader cannot take.
    pub async fn park(&self, wish: &Wish, name: &str, position: u64, why: &str) -> Done<Written> {
        self.within(name, position)?;
        self.tell_reader(
            wish,
            wish.id,
            name,
            Command::Park {
                position: Position(position),
                why: why.to_owned(),
            },
        )
        .await
    }

    /// Lets what was set aside be delivered again: one event, or all.
    pub async fn replay(&self, wish: &Wish, name: &str, position: Option<u64>) -> Done<Written> {
        if let Some(position) = position {
            return self
                .tell_reader(
                    wish,
                    wish.id,
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
                    wish,
                    wish.part(&position.to_string()),
                    name,
                    Command::Replay { position },
                )
                .await?;
        }
        Ok(last)
    }

    /// Ends a subscription.
    pub async fn unsubscribe(&self, wish: &Wish, name: &str) -> Done<Written> {
        self.tell_reader(wish, wish.id, name, Command::Delete).await
    }

    /// Nobody has seen what is not there yet.
    fn within(&self, name: &str, position: u64) -> Done<()> {
        let head = self.reader(name, |_, _, head| head)?;
        if position > head.0 {
            return Err(ApiProblem::invalid(format!(
                "the log ends at position {head}, {position} is not there yet"
            )));
        }
        Ok(())
    }
}
