-- Webhooks: addresses of other programs that are told of events. Secrets are sealed with the installation's key. Who
-- delivers has the lease, and writes only under its fence.

CREATE TABLE webhooks (
    id BLOB PRIMARY KEY,
    workspace_id BLOB NOT NULL,
    url TEXT NOT NULL,
    description TEXT NOT NULL,
    event_types TEXT NOT NULL,
    ordered BOOLEAN NOT NULL,
    enabled BOOLEAN NOT NULL,
    disabled_reason TEXT,
    secret BLOB NOT NULL,
    former_secret BLOB,
    former_until INTEGER,
    failures INTEGER NOT NULL DEFAULT 0,
    failing_since INTEGER,
    rest_until INTEGER,
    fence INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL
);
CREATE INDEX webhooks_workspace ON webhooks (workspace_id, id);

-- One event for one webhook, as it is sent. Positions are given in the order in which events were handled.
CREATE TABLE webhook_deliveries (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL,
    workspace_id BLOB NOT NULL,
    webhook_id BLOB NOT NULL,
    event_type TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    tried INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    ended_at INTEGER
);
CREATE UNIQUE INDEX webhook_deliveries_id ON webhook_deliveries (id);
CREATE INDEX webhook_deliveries_newest ON webhook_deliveries (webhook_id, position);
CREATE INDEX webhook_deliveries_state ON webhook_deliveries (webhook_id, state, position);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, due_at) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_ended ON webhook_deliveries (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE webhook_attempts (
    delivery_id BLOB NOT NULL,
    number INTEGER NOT NULL,
    workspace_id BLOB NOT NULL,
    at INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    status INTEGER,
    failure TEXT,
    excerpt TEXT NOT NULL,
    PRIMARY KEY (delivery_id, number)
);
