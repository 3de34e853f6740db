-- What a group could not handle, with the bytes as they came. A letter with a `replay_at` waits to be handled again.

CREATE TABLE dead_letters (
    id BLOB PRIMARY KEY,
    workspace_id BLOB NOT NULL,
    consumer_group TEXT NOT NULL,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    event_id BLOB NOT NULL,
    event_type TEXT,
    subject_id BLOB,
    original BLOB NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    died_at INTEGER NOT NULL,
    replay_at INTEGER,
    UNIQUE (consumer_group, event_id)
);
CREATE INDEX dead_letters_newest ON dead_letters (workspace_id, id);
CREATE INDEX dead_letters_replay ON dead_letters (consumer_group, topic, partition, replay_at)
    WHERE replay_at IS NOT NULL;

-- Which relay sends a partition's events to a broker, and until when the others leave them to it.
ALTER TABLE bus_partitions ADD COLUMN relay TEXT;
ALTER TABLE bus_partitions ADD COLUMN relay_until INTEGER;
-- Which log positions count in: that of the database, or that of a broker.
ALTER TABLE bus_partitions ADD COLUMN home TEXT NOT NULL DEFAULT 'database:';
