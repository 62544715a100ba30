//! cqrs-es on SQLite and on PostgreSQL: its event repositories, which write the events of one
//! decision in one transaction.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use cqrs_es::persist::{PersistedEventRepository, SerializedEvent};
use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::runtime::Runtime;

use crate::{BATCH, BATCHES, Commented, Figures, event, many, one, rate};

#[derive(Debug, Default, Serialize, Deserialize)]
struct Feature;

impl PartialEq for Commented {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl DomainEvent for Commented {
    fn event_type(&self) -> String {
        "commented".into()
    }
    fn event_version(&self) -> String {
        "1".into()
    }
}

impl Aggregate for Feature {
    const TYPE: &'static str = "feature";
    type Command = ();
    type Event = Commented;
    type Error = std::fmt::Error;
    type Services = ();

    async fn handle(
        &mut self,
        _command: Self::Command,
        _services: &Self::Services,
        _sink: &cqrs_es::event_sink::EventSink<Self>,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    fn apply(&mut self, _event: Self::Event) {}
}

fn made(stream: u64, n: u64) -> SerializedEvent {
    let payload = serde_json::to_value(event(n)).expect("plain data");
    let sequence = usize::try_from(n + 1).expect("small");
    let (id, kind) = (format!("f{stream}"), "commented".to_owned());
    SerializedEvent::new(id, sequence, Feature::TYPE.into(), kind, "1".into(), payload, serde_json::json!({}))
}

fn figures<R>(peer: &str, runtime: &Runtime, repository: R) -> anyhow::Result<Figures>
where
    R: PersistedEventRepository + Send + Sync + 'static,
{
    let handle = runtime.handle().clone();
    let repository = Arc::new(repository);
    let persist = {
        let (handle, repository) = (handle.clone(), repository.clone());
        move |events: Vec<SerializedEvent>| handle.block_on(repository.persist::<Feature>(&events, None)).expect("recorded")
    };
    let mut figures = Figures { peer: peer.to_owned(), ..Figures::default() };
    figures.one = one(|n| persist(vec![made(1_000, n)]));
    let shared = persist.clone();
    figures.many = many(move |client, n| shared(vec![made(client, n)]));
    let batches: Vec<Vec<_>> = (0..BATCHES).map(|b| (0..BATCH).map(|n| made(2_000, b * BATCH + n)).collect()).collect();
    let began = Instant::now();
    for batch in batches {
        persist(batch);
    }
    figures.batch = rate(BATCH * BATCHES, began);
    let began = Instant::now();
    let read = handle.block_on(repository.get_events::<Feature>("f2000"))?;
    anyhow::ensure!(read.len() as u64 == BATCH * BATCHES, "read {}", read.len());
    figures.read = rate(read.len() as u64, began);
    Ok(figures)
}

pub fn sqlite(folder: &Path) -> anyhow::Result<Figures> {
    let runtime = Runtime::new()?;
    // Its own pool sets synchronous=NORMAL, which loses acknowledged commits with the power; here
    // both are durable.
    let options = SqliteConnectOptions::new()
        .filename(folder.join("events.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(std::time::Duration::from_secs(60));
    let pool = runtime.block_on(SqlitePoolOptions::new().max_connections(1).connect_with(options))?;
    let table = "CREATE TABLE events (aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence integer CHECK (sequence >= 0) NOT NULL,
        event_type text NOT NULL, event_version text NOT NULL, payload text NOT NULL, metadata text NOT NULL,
        PRIMARY KEY (aggregate_type, aggregate_id, sequence)) STRICT";
    runtime.block_on(sqlx::query(table).execute(&pool))?;

    figures("sqlite-es 0.5 (cqrs-es)", &runtime, sqlite_es::SqliteEventRepository::new(pool))
}

pub fn postgres(url: &str) -> anyhow::Result<Figures> {
    let runtime = Runtime::new()?;
    let pool = runtime.block_on(postgres_es::default_postgress_pool(url));
    let table = "CREATE TABLE events (aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence bigint CHECK (sequence >= 0) NOT NULL,
        event_type text NOT NULL, event_version text NOT NULL, payload json NOT NULL, metadata json NOT NULL,
        PRIMARY KEY (aggregate_type, aggregate_id, sequence))";
    runtime.block_on(sqlx::query(table).execute(&pool))?;
    figures("postgres-es 0.5 (cqrs-es)", &runtime, postgres_es::PostgresEventRepository::new(pool))
}
