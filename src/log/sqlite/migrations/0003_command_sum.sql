-- A checksum of each stored answer, because answers are not part of the chain. Those from before have none and are forgotten, as answers
-- are after their time anyway.
DELETE FROM commands;
ALTER TABLE commands ADD COLUMN sum INTEGER NOT NULL DEFAULT 0;
