-- The log: append-only. Stream names and event types are interned; rows of `events` never change.
CREATE TABLE log_meta (
    log_id TEXT NOT NULL,
    format INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE streams (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE event_types (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE principals (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    stream_id INTEGER NOT NULL REFERENCES streams (id),
    version INTEGER NOT NULL,
    type_id INTEGER NOT NULL REFERENCES event_types (id),
    schema INTEGER NOT NULL,
    at INTEGER NOT NULL,
    principal_id INTEGER NOT NULL REFERENCES principals (id),
    correlation BLOB NOT NULL,
    causation INTEGER,
    command BLOB NOT NULL,
    trace TEXT,
    payload BLOB NOT NULL,
    digest BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX events_by_stream ON events (stream_id, version);

-- The stored answers to accepted commands, written in the commit of their events.
CREATE TABLE commands (
    id BLOB PRIMARY KEY,
    stream_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    position INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
