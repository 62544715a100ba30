-- The log: append-only. Stream names and event types are interned; rows of `events` never change.
--
-- `log_head` has one row and is the sequencer: a batch locks it first, so positions are gapless, become visible in their order, and a
-- transaction that is rolled back burns none. Its epoch is the right to write.
CREATE TABLE log_head (
    log_id TEXT PRIMARY KEY,
    format INTEGER NOT NULL,
    epoch BIGINT NOT NULL,
    position BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    at BIGINT NOT NULL,
    singleton BOOLEAN NOT NULL DEFAULT TRUE UNIQUE CHECK (singleton)
) WITH (fillfactor = 10);

CREATE TABLE streams (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE event_types (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE principals (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

-- Names are foreign keys in all but enforcement: the one writer draws their numbers, and a check per event would cost a lookup each.
CREATE TABLE events (
    position BIGINT PRIMARY KEY,
    stream_id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    type_id BIGINT NOT NULL,
    schema BIGINT NOT NULL,
    at BIGINT NOT NULL,
    principal_id BIGINT NOT NULL,
    correlation BYTEA NOT NULL,
    causation BIGINT,
    command BYTEA NOT NULL,
    trace TEXT,
    payload BYTEA NOT NULL,
    digest BYTEA NOT NULL,
    UNIQUE (stream_id, version)
);

-- The stored answers to accepted commands, written in the commit of their events. They are not part of the chain: each row has its sum.
CREATE TABLE commands (
    id BYTEA PRIMARY KEY,
    stream_id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    position BIGINT NOT NULL,
    body BYTEA NOT NULL,
    sum BIGINT NOT NULL
);

CREATE FUNCTION events_are_never_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are never changed and never deleted';
END $$;
CREATE TRIGGER events_are_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION events_are_never_changed();
