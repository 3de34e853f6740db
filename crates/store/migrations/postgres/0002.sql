-- What a group could not handle, with the bytes as they came. A letter with a `replay_at` waits to be handled again.

CREATE TABLE dead_letters (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    consumer_group TEXT NOT NULL,
    topic TEXT NOT NULL,
    partition BIGINT NOT NULL,
    event_id UUID NOT NULL,
    event_type TEXT,
    subject_id UUID,
    original BYTEA NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    died_at TIMESTAMPTZ NOT NULL,
    replay_at TIMESTAMPTZ,
    UNIQUE (consumer_group, event_id)
);
CREATE INDEX dead_letters_newest ON dead_letters (workspace_id, id);
CREATE INDEX dead_letters_replay ON dead_letters (consumer_group, topic, partition, replay_at)
    WHERE replay_at IS NOT NULL;

-- For every new table of a workspace: deskhand_app sees the workspace that its transaction names, and nothing where
-- none is named; deskhand_system sees all. It holds for the table's owner too.
CREATE PROCEDURE deskhand_keep_apart(name TEXT) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY workspace ON %I TO deskhand_app
        USING (workspace_id = deskhand_workspace()) WITH CHECK (workspace_id = deskhand_workspace())', name);
    EXECUTE format('CREATE POLICY system ON %I TO deskhand_system USING (true) WITH CHECK (true)', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO deskhand_app, deskhand_system', name);
END
$$;

-- Which relay sends a partition's events to a broker, and until when the others leave them to it.
ALTER TABLE bus_partitions ADD COLUMN relay TEXT;
ALTER TABLE bus_partitions ADD COLUMN relay_until TIMESTAMPTZ;
-- Which log positions count in: that of the database, or that of a broker.
ALTER TABLE bus_partitions ADD COLUMN home TEXT NOT NULL DEFAULT 'database:';

CALL deskhand_keep_apart('dead_letters');
