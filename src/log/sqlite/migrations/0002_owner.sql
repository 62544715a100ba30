-- Says what this file is, to us and to `file`.
PRAGMA application_id = 0x53504c47;

-- Counts the servers that ever wrote: whoever raised it last owns the log, and every transaction checks that.
CREATE TABLE log_owner (
    epoch INTEGER NOT NULL
) STRICT;
INSERT INTO log_owner VALUES (0);
