-- Webhooks: addresses of other programs that are told of events. Secrets are sealed with the installation's key. Who
-- delivers has the lease, and writes only under its fence.

CREATE TABLE webhooks (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    url TEXT NOT NULL,
    description TEXT NOT NULL,
    event_types JSONB NOT NULL,
    ordered BOOLEAN NOT NULL,
    enabled BOOLEAN NOT NULL,
    disabled_reason TEXT,
    secret BYTEA NOT NULL,
    former_secret BYTEA,
    former_until TIMESTAMPTZ,
    failures BIGINT NOT NULL DEFAULT 0,
    failing_since TIMESTAMPTZ,
    rest_until TIMESTAMPTZ,
    fence BIGINT NOT NULL DEFAULT 0,
    lease_until TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX webhooks_workspace ON webhooks (workspace_id, id);

-- One event for one webhook, as it is sent. Positions are given in the order in which events were handled.
CREATE TABLE webhook_deliveries (
    position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id UUID NOT NULL,
    workspace_id UUID NOT NULL,
    webhook_id UUID NOT NULL,
    event_type TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    tried BIGINT NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX webhook_deliveries_id ON webhook_deliveries (id);
CREATE INDEX webhook_deliveries_newest ON webhook_deliveries (webhook_id, position);
CREATE INDEX webhook_deliveries_state ON webhook_deliveries (webhook_id, state, position);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, due_at) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_ended ON webhook_deliveries (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE webhook_attempts (
    delivery_id UUID NOT NULL,
    number BIGINT NOT NULL,
    workspace_id UUID NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    duration_ms BIGINT NOT NULL,
    status BIGINT,
    failure TEXT,
    excerpt TEXT NOT NULL,
    PRIMARY KEY (delivery_id, number)
);

CALL deskhand_keep_apart('webhooks');
CALL deskhand_keep_apart('webhook_deliveries');
CALL deskhand_keep_apart('webhook_attempts');
