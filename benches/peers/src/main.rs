//! One peer a run: durable appends of one client and of 64 at once, batches of 512 events, and
//! reading everything back. Prints one line of JSON with events per second; what a peer does not
//! have is null. `peers NAME FOLDER [POSTGRES_URL]`

mod cqrs;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde::Serialize;

/// How long clients append.
const RUN: Duration = Duration::from_secs(2);
/// Clients at once.
const CLIENTS: u64 = 64;
/// Events of a batch, and how many batches.
pub const BATCH: u64 = 512;
pub const BATCHES: u64 = 200;

/// What a run measured, in events per second.
#[derive(Debug, Default, Serialize)]
pub struct Figures {
    pub peer: String,
    pub one: Option<f64>,
    pub many: Option<f64>,
    pub batch: Option<f64>,
    pub read: Option<f64>,
    pub verify: Option<f64>,
}

/// The event of all of them: what an agent says in a sentence or two.
#[derive(Debug, Clone, Serialize, serde::Deserialize)]
pub struct Commented {
    pub by: String,
    pub text: String,
}

pub fn event(n: u64) -> Commented {
    let text =
        format!("a comment of the length that comments have when an agent says in a sentence or two what it found, {n:>12}");
    Commented { by: "agent".into(), text }
}

pub fn bytes(n: u64) -> Vec<u8> {
    serde_json::to_vec(&event(n)).expect("plain data")
}

pub fn rate(count: u64, began: Instant) -> Option<f64> {
    Some(count as f64 / began.elapsed().as_secs_f64())
}

/// Appends by one client after the other event, for [`RUN`].
pub fn one(mut append: impl FnMut(u64)) -> Option<f64> {
    let began = Instant::now();
    let mut count = 0;
    while began.elapsed() < RUN {
        append(count);
        count += 1;
    }
    rate(count, began)
}

/// Appends by [`CLIENTS`] threads at once, for [`RUN`].
pub fn many(append: impl Fn(u64, u64) + Send + Sync + 'static) -> Option<f64> {
    let append = Arc::new(append);
    let began = Instant::now();
    let threads: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let append = append.clone();
            std::thread::spawn(move || {
                let mut count = 0;
                while began.elapsed() < RUN {
                    append(client, count);
                    count += 1;
                }
                count
            })
        })
        .collect();
    let count = threads.into_iter().map(|thread| thread.join().expect("a client")).sum();

    rate(count, began)
}

fn tephra(folder: &Path) -> anyhow::Result<Figures> {
    use tephra::{Event, EventType, Position, Query, SegmentConfig, SegmentSet, Tag, Tags, WriteCoordinator, WriterConfig};
    let open = |name: &str| -> anyhow::Result<_> {
        let set = SegmentSet::open(folder.join(name), SegmentConfig::new(256 * 1024 * 1024))?;
        Ok(WriteCoordinator::start(set, WriterConfig::default())?)
    };

    fn made(stream: u64, n: u64) -> Event {
        let tags = Tags::new([Tag::new(format!("feature:{stream}")).expect("a tag")]).expect("tags");
        Event::new(&EventType::new("Commented").expect("a type"), &tags, &bytes(n)).expect("an event")
    }
    let mut figures = Figures { peer: "tephra 0.4.1".into(), ..Figures::default() };
    let (coordinator, handle) = open("one")?;
    figures.one = one(|n| {
        handle.append(vec![made(0, n)], None).expect("recorded");
    });
    coordinator.shutdown();
    let (coordinator, handle) = open("many")?;
    let shared = handle.clone();
    figures.many = many(move |client, n| {
        shared.append(vec![made(client, n)], None).expect("recorded");
    });
    drop(handle);
    coordinator.shutdown();
    let (_coordinator, handle) = open("batch")?;
    let batches: Vec<Vec<Event>> = (0..BATCHES).map(|b| (0..BATCH).map(|n| made(n % 2, b * BATCH + n)).collect()).collect();
    let began = Instant::now();

    for batch in batches {
        handle.append(batch, None)?;
    }

    figures.batch = rate(BATCH * BATCHES, began);
    let began = Instant::now();
    let query = Query::all();
    let mut reads = handle.read(&query, Position::ZERO, None);
    let (mut count, mut total) = (0, 0);

    while let Some(item) = reads.next() {
        total += item?.event.data().len();
        count += 1;
    }

    anyhow::ensure!(count == BATCH * BATCHES && total > 0, "read {count}");
    figures.read = rate(count, began);

    Ok(figures)
}

fn umadb(folder: &Path) -> anyhow::Result<Figures> {
    use umadb_core::db::UmaDb;
    use umadb_core::mvcc::{Mvcc, StorageOptions};
    use umadb_dcb::{DcbEvent, DcbEventStoreSync};
    let open = |name: &str| -> anyhow::Result<UmaDb> {
        let options = StorageOptions::default().db_path(folder.join(name));
        Ok(UmaDb::from_arc(Arc::new(Mvcc::new(false, options).map_err(|e| anyhow::anyhow!("{e}"))?)))
    };
    let made = |stream: u64, n: u64| DcbEvent {
        event_type: "Commented".into(),
        tags: vec![format!("feature:{stream}")],
        data: bytes(n),
        ..DcbEvent::default()
    };
    let mut figures = Figures { peer: "umadb-core 0.7.8".into(), ..Figures::default() };
    let db = open("one.db")?;
    figures.one = one(|n| {
        db.append(vec![made(0, n)], None, None).expect("recorded");
    });

    // Many clients at once are its server's business: the core commits each append by itself.
    let db = open("batch.db")?;
    let batches: Vec<Vec<DcbEvent>> = (0..BATCHES).map(|b| (0..BATCH).map(|n| made(n % 2, b * BATCH + n)).collect()).collect();
    let began = Instant::now();

    for batch in batches {
        db.append(batch, None, None).map_err(|e| anyhow::anyhow!("{e}"))?;
    }

    figures.batch = rate(BATCH * BATCHES, began);
    let began = Instant::now();
    let read = db.read(None, None, false, None).map_err(|e| anyhow::anyhow!("{e}"))?;
    let count = read.filter(|event| event.as_ref().is_ok_and(|e| !e.event.data.is_empty())).count() as u64;
    anyhow::ensure!(count == BATCH * BATCHES, "read {count}");
    figures.read = rate(count, began);

    Ok(figures)
}

fn batpak(folder: &Path) -> anyhow::Result<Figures> {
    use ::batpak::prelude::*;
    use ::batpak::store::{BatchAppendItem, CausationRef, Store, StoreConfig};
    let open = |name: &str| -> anyhow::Result<Store> {
        let path = folder.join(name);
        std::fs::create_dir_all(&path)?;
        Ok(Store::open(StoreConfig::new(&path).with_sync_every_n_events(1).with_batch_max_size(1024))?)
    };
    let kind = EventKind::custom(0xF, 1);
    let place = |stream: u64| Coordinate::new(format!("feature:{stream}"), "bench").expect("a coordinate");
    let mut figures = Figures { peer: "batpak 0.10.0".into(), ..Figures::default() };
    let store = open("one")?;
    let at = place(0);
    figures.one = one(|n| drop(store.append(&at, kind, &event(n)).expect("recorded")));
    store.close()?;
    let store = Arc::new(open("many")?);
    let shared = store.clone();
    figures.many = many(move |client, n| drop(shared.append(&place(client), kind, &event(n)).expect("recorded")));
    drop(store);
    let store = open("batch")?;
    let item = |n: u64| BatchAppendItem::new(place(n % 2), kind, &event(n), AppendOptions::default(), CausationRef::None);
    let half = BATCH / 2;
    let batches: Vec<Vec<_>> =
        (0..2 * BATCHES).map(|b| (0..half).map(|n| item(b * half + n).expect("an item")).collect()).collect();
    let began = Instant::now();

    for batch in batches {
        store.append_batch(batch)?;
    }

    figures.batch = rate(BATCH * BATCHES, began);
    let began = Instant::now();
    let mut count = 0;

    for entry in store.query(&Region::all()) {
        store.get(entry.event_id())?;
        count += 1;
    }

    anyhow::ensure!(count >= BATCH * BATCHES, "read {count}");
    figures.read = rate(count, began);
    let began = Instant::now();
    store.verify_chain()?;
    figures.verify = rate(count, began);
    store.close()?;

    Ok(figures)
}

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let (peer, folder) = (args.next().context("which peer?")?, args.next().context("which folder?")?);
    let folder = Path::new(&folder);
    let figures = match (peer.as_str(), args.next()) {
        ("tephra", _) => tephra(folder)?,
        ("umadb", _) => umadb(folder)?,
        ("batpak", _) => batpak(folder)?,
        ("sqlite-es", _) => cqrs::sqlite(folder)?,
        ("postgres-es", Some(url)) => cqrs::postgres(&url)?,
        _ => bail!("no such peer: {peer}"),
    };
    println!("{}", serde_json::to_string(&figures)?);

    Ok(())
}
