-- The oldest stored answers are forgotten first.
CREATE INDEX commands_by_position ON commands (position);
