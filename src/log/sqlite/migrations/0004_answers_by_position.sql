-- Stored answers in the order of their events. Ids of commands are random: a table ordered by them touched a page of its own for every
-- append. Which command has its answer where is kept in memory, for as long as answers are kept. Stream and version are those of the event.
CREATE TABLE answers (
    position INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    body BLOB NOT NULL,
    sum INTEGER NOT NULL
) STRICT;
INSERT INTO answers SELECT position, id, body, sum FROM commands ORDER BY position;
DROP TABLE commands;
