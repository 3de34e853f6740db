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

ALTER TABLE dead_letters ENABLE ROW LEVEL SECURITY;
ALTER TABLE dead_letters FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON dead_letters TO deskhand_app
    USING (workspace_id = deskhand_workspace()) WITH CHECK (workspace_id = deskhand_workspace());
CREATE POLICY system ON dead_letters TO deskhand_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON dead_letters TO deskhand_app, deskhand_system;
