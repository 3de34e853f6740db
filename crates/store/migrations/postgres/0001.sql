-- The first schema. Every table of a workspace has workspace_id first in its keys; times are UTC instants.

CREATE TABLE schema_version (version BIGINT PRIMARY KEY, applied_at TIMESTAMPTZ NOT NULL DEFAULT now());

-- People and how they get in ---------------------------------------------------------------------------------

CREATE TABLE workspaces (
    id UUID PRIMARY KEY,
    name TEXT NOT NULL,
    zone TEXT NOT NULL,
    hand_enabled BOOLEAN NOT NULL,
    greeting TEXT NOT NULL,
    handoff_text TEXT NOT NULL,
    reply_minutes BIGINT NOT NULL,
    articles_revision BIGINT NOT NULL DEFAULT 0,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE counters (
    workspace_id UUID NOT NULL,
    kind TEXT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, kind)
);

CREATE TABLE members (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    role TEXT NOT NULL,
    zone TEXT NOT NULL,
    state TEXT NOT NULL,
    password_hash TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX members_email ON members (workspace_id, email);
CREATE INDEX members_sign_in ON members (email);

-- One-time links: the first owner's (without a member), invitations and new passwords.
CREATE TABLE links (
    token_hash BYTEA PRIMARY KEY,
    workspace_id UUID,
    member_id UUID,
    expires_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX links_member ON links (member_id);

CREATE TABLE sessions (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    member_id UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX sessions_token ON sessions (token_hash);
CREATE INDEX sessions_member ON sessions (workspace_id, member_id);

CREATE TABLE tokens (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    member_id UUID NOT NULL,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    token_hash BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ,
    expires_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX tokens_hash ON tokens (token_hash);
CREATE INDEX tokens_member ON tokens (workspace_id, member_id);

-- The customers' side ----------------------------------------------------------------------------------------

CREATE TABLE channels (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    allowed_origins JSONB NOT NULL,
    color TEXT NOT NULL,
    greeting TEXT NOT NULL,
    position TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX channels_key ON channels (key);
CREATE INDEX channels_workspace ON channels (workspace_id, id);

CREATE TABLE contacts (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    name TEXT NOT NULL,
    email TEXT,
    phone TEXT,
    notes TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX contacts_recent ON contacts (workspace_id, last_seen_at, id);

-- What a visitor's browser holds; it opens this contact's conversations and nothing else.
CREATE TABLE visitors (
    token_hash BYTEA PRIMARY KEY,
    workspace_id UUID NOT NULL,
    channel_id UUID NOT NULL,
    contact_id UUID NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE conversations (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    number BIGINT NOT NULL,
    channel_id UUID NOT NULL,
    contact_id UUID NOT NULL,
    subject TEXT NOT NULL,
    state TEXT NOT NULL,
    fence BIGINT NOT NULL,
    claimed_by UUID,
    reason TEXT,
    summary TEXT,
    deadline TIMESTAMPTZ,
    ticket_id UUID,
    messages BIGINT NOT NULL,
    last_text TEXT,
    last_author TEXT,
    last_at TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX conversations_number ON conversations (workspace_id, number);
CREATE INDEX conversations_state ON conversations (workspace_id, state, last_at, id);
CREATE INDEX conversations_recent ON conversations (workspace_id, last_at, id);
CREATE INDEX conversations_contact ON conversations (workspace_id, contact_id);

CREATE TABLE conversation_reads (
    workspace_id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    member_id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, member_id)
);

CREATE TABLE messages (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    author TEXT NOT NULL,
    author_id UUID,
    author_name TEXT NOT NULL,
    text TEXT NOT NULL,
    note BOOLEAN NOT NULL,
    sources JSONB NOT NULL,
    client_id TEXT,
    created_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX messages_sequence ON messages (conversation_id, sequence);
CREATE UNIQUE INDEX messages_client ON messages (conversation_id, client_id) WHERE client_id IS NOT NULL;

CREATE TABLE tickets (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    number BIGINT NOT NULL,
    subject TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT,
    summary TEXT,
    conversation_id UUID NOT NULL,
    contact_id UUID NOT NULL,
    assignee_id UUID,
    created_at TIMESTAMPTZ NOT NULL,
    closed_at TIMESTAMPTZ,
    updated_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX tickets_number ON tickets (workspace_id, number);
CREATE INDEX tickets_status ON tickets (workspace_id, status, id);
CREATE INDEX tickets_conversation ON tickets (conversation_id);

-- The staff's side -------------------------------------------------------------------------------------------

CREATE TABLE projects (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    name TEXT NOT NULL,
    -- The name in lower case, by the program: the databases do not agree on letters beyond ASCII.
    name_key TEXT NOT NULL,
    color TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    deleted_at TIMESTAMPTZ,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX projects_name ON projects (workspace_id, name_key) WHERE deleted_at IS NULL;

CREATE TABLE tasks (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    number BIGINT NOT NULL,
    title TEXT NOT NULL,
    notes TEXT NOT NULL,
    status TEXT NOT NULL,
    rank BIGINT NOT NULL,
    due_date TEXT,
    due_time TEXT,
    due_at TIMESTAMPTZ,
    due_key BIGINT NOT NULL,
    zone TEXT NOT NULL,
    priority BIGINT,
    labels JSONB NOT NULL,
    project_id UUID,
    assignee_id UUID,
    parent_id UUID,
    ticket_id UUID,
    rule TEXT,
    counts_from TEXT,
    rule_revision BIGINT NOT NULL,
    series_id UUID,
    series_start TEXT,
    comments BIGINT NOT NULL,
    completed_at TIMESTAMPTZ,
    created_by TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    deleted_at TIMESTAMPTZ,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX tasks_number ON tasks (workspace_id, number);
CREATE INDEX tasks_due ON tasks (workspace_id, due_key, id) WHERE status <> 'done' AND deleted_at IS NULL;
CREATE INDEX tasks_column ON tasks (workspace_id, status, rank, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_parent ON tasks (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX tasks_project ON tasks (project_id) WHERE project_id IS NOT NULL AND status <> 'done' AND deleted_at IS NULL;
CREATE INDEX tasks_ticket ON tasks (ticket_id) WHERE ticket_id IS NOT NULL;

CREATE TABLE task_labels (
    workspace_id UUID NOT NULL,
    label TEXT NOT NULL,
    task_id UUID NOT NULL,
    PRIMARY KEY (workspace_id, label, task_id)
);
CREATE INDEX task_labels_task ON task_labels (task_id);

CREATE TABLE comments (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    task_id UUID NOT NULL,
    author_id UUID,
    author_name TEXT NOT NULL,
    text TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX comments_task ON comments (task_id, id);

CREATE TABLE reminders (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    task_id UUID NOT NULL,
    occurrence TEXT NOT NULL,
    member_id UUID NOT NULL,
    channel TEXT NOT NULL,
    spec TEXT NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    state TEXT NOT NULL,
    fence BIGINT NOT NULL DEFAULT 0,
    lease_until TIMESTAMPTZ,
    fired_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX reminders_key ON reminders (task_id, occurrence, member_id, channel, spec);
CREATE INDEX reminders_due ON reminders (due_at) WHERE state = 'pending';

CREATE TABLE articles (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    number BIGINT NOT NULL,
    slug TEXT NOT NULL,
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    body TEXT NOT NULL,
    labels JSONB NOT NULL,
    status TEXT NOT NULL,
    updated_by TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    deleted_at TIMESTAMPTZ,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX articles_slug ON articles (workspace_id, slug) WHERE deleted_at IS NULL;

-- The sections of published articles, which answers are made of.
CREATE TABLE passages (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id UUID NOT NULL,
    article_id UUID NOT NULL,
    heading TEXT,
    body TEXT NOT NULL
);
CREATE INDEX passages_article ON passages (article_id);

-- What is kept beside the records ----------------------------------------------------------------------------

CREATE TABLE search_docs (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id UUID NOT NULL,
    kind TEXT NOT NULL,
    record_id UUID NOT NULL,
    conversation_id UUID,
    number BIGINT,
    slug TEXT,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    words TSVECTOR NOT NULL
);
CREATE UNIQUE INDEX search_docs_record ON search_docs (record_id);
-- Every search reads what waits to be put into the index, so little may wait.
CREATE INDEX search_docs_words ON search_docs USING gin (words) WITH (gin_pending_list_limit = 256);
CREATE INDEX search_docs_newest ON search_docs (workspace_id, kind, id);

CREATE TABLE notifications (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    member_id UUID NOT NULL,
    event_id UUID NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    task_id UUID,
    task_number BIGINT,
    conversation_id UUID,
    ticket_id UUID,
    ticket_number BIGINT,
    created_at TIMESTAMPTZ NOT NULL,
    read_at TIMESTAMPTZ,
    mail_due_at TIMESTAMPTZ,
    mail_attempts BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX notifications_event ON notifications (event_id, member_id);
CREATE INDEX notifications_member ON notifications (workspace_id, member_id, id);
CREATE INDEX notifications_mail ON notifications (mail_due_at) WHERE mail_due_at IS NOT NULL;

CREATE TABLE audit (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    occurred_at TIMESTAMPTZ NOT NULL,
    action TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id UUID NOT NULL,
    subject_number BIGINT,
    subject_title TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id UUID,
    actor_name TEXT NOT NULL,
    via TEXT NOT NULL,
    address TEXT,
    changes JSONB NOT NULL
);
CREATE INDEX audit_subject ON audit (workspace_id, subject_id, id);
CREATE INDEX audit_recent ON audit (workspace_id, id);

CREATE TABLE undo (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    member_id UUID NOT NULL,
    text TEXT NOT NULL,
    operation JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    done_at TIMESTAMPTZ
);
CREATE INDEX undo_member ON undo (workspace_id, member_id, id);

CREATE TABLE idempotency (
    workspace_id UUID NOT NULL,
    actor TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    answer TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (workspace_id, actor, key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);

CREATE TABLE chats (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    member_id UUID NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE chat_items (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    chat_id UUID NOT NULL,
    said TEXT NOT NULL,
    status TEXT NOT NULL,
    text TEXT NOT NULL,
    undo_id UUID,
    records JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX chat_items_chat ON chat_items (chat_id, id);

-- Events -----------------------------------------------------------------------------------------------------

CREATE TABLE outbox (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id UUID NOT NULL,
    event_id UUID NOT NULL,
    topic TEXT NOT NULL,
    partition BIGINT NOT NULL,
    envelope TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE bus_partitions (
    topic TEXT NOT NULL,
    partition BIGINT NOT NULL,
    next_position BIGINT NOT NULL,
    PRIMARY KEY (topic, partition)
);

CREATE TABLE bus_log (
    topic TEXT NOT NULL,
    partition BIGINT NOT NULL,
    position BIGINT NOT NULL,
    workspace_id UUID NOT NULL,
    event_id UUID NOT NULL,
    envelope TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (topic, partition, position)
);
CREATE INDEX bus_log_age ON bus_log (created_at);

CREATE TABLE bus_consumers (
    consumer_group TEXT NOT NULL,
    topic TEXT NOT NULL,
    partition BIGINT NOT NULL,
    position BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    owner TEXT,
    lease_until TIMESTAMPTZ,
    PRIMARY KEY (consumer_group, topic, partition)
);

CREATE TABLE bus_members (
    consumer_group TEXT NOT NULL,
    owner TEXT NOT NULL,
    lease_until TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (consumer_group, owner)
);

CREATE TABLE inbox_ledger (
    consumer_group TEXT NOT NULL,
    event_id UUID NOT NULL,
    workspace_id UUID NOT NULL,
    handled_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (consumer_group, event_id)
);
CREATE INDEX inbox_ledger_age ON inbox_ledger (handled_at);

-- Who may see what -------------------------------------------------------------------------------------------
-- Security is forced, so that it holds for the tables' owner too. deskhand_app sees the workspace that its
-- transaction names; where none is named it sees nothing. deskhand_system sees all.

CREATE FUNCTION deskhand_workspace() RETURNS UUID LANGUAGE sql STABLE PARALLEL SAFE
    RETURN NULLIF(current_setting('deskhand.workspace_id', true), '')::uuid;

DO $$
DECLARE
    name TEXT;
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO deskhand_app, deskhand_system', current_schema());
    FOREACH name IN ARRAY ARRAY[
        'counters', 'members', 'links', 'sessions', 'tokens', 'channels', 'contacts', 'visitors',
        'conversations', 'conversation_reads', 'messages', 'tickets', 'projects', 'tasks', 'task_labels', 'comments',
        'reminders', 'articles', 'passages', 'search_docs', 'notifications', 'audit', 'undo', 'idempotency',
        'chats', 'chat_items', 'outbox', 'bus_log', 'inbox_ledger'
    ] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY workspace ON %I TO deskhand_app
            USING (workspace_id = deskhand_workspace()) WITH CHECK (workspace_id = deskhand_workspace())', name);
        EXECUTE format('CREATE POLICY system ON %I TO deskhand_system USING (true) WITH CHECK (true)', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO deskhand_app, deskhand_system', name);
    END LOOP;
END
$$;

ALTER TABLE workspaces ENABLE ROW LEVEL SECURITY;
ALTER TABLE workspaces FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON workspaces TO deskhand_app
    USING (id = deskhand_workspace()) WITH CHECK (id = deskhand_workspace());
CREATE POLICY system ON workspaces TO deskhand_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON workspaces TO deskhand_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON workspaces TO deskhand_system;

-- Positions and leases belong to no workspace.
GRANT SELECT, INSERT, UPDATE, DELETE ON bus_partitions, bus_consumers, bus_members TO deskhand_system;
GRANT SELECT ON bus_consumers TO deskhand_app;

-- Search -----------------------------------------------------------------------------------------------------

-- What the index of a document says. Texts are indexed by their stems and as they are, so that names
-- and other languages are found too; scope holds words such as the workspace's, which no text has.
CREATE FUNCTION deskhand_words(scope TEXT, title TEXT, body TEXT) RETURNS TSVECTOR LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN setweight(to_tsvector('pg_catalog.english', title) || to_tsvector('pg_catalog.simple', title), 'A')
        || to_tsvector('pg_catalog.english', body) || to_tsvector('pg_catalog.simple', body)
        || array_to_tsvector(string_to_array(scope, ' '));

-- The query for all of words, which hold letters and digits only; the last one may be a beginning.
CREATE FUNCTION deskhand_query(words TEXT[], beginning BOOLEAN) RETURNS TSQUERY
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    word TEXT;
    whole TSQUERY := ''::tsquery;
BEGIN
    FOR place IN 1 .. cardinality(words) LOOP
        word := quote_literal(words[place]) || CASE WHEN beginning AND place = cardinality(words) THEN ':*' ELSE '' END;
        whole := whole && (to_tsquery('pg_catalog.english', word) || to_tsquery('pg_catalog.simple', word));
    END LOOP;
    RETURN whole;
END
$$;

-- The match operator may not use an index before row level security has been checked, which would mean to read
-- every row. This one therefore runs as deskhand_system, and checks the workspace itself.

-- The newest documents, of each kind in kinds, that have the word in scopes at the same place, and all of terms.
CREATE FUNCTION deskhand_search_docs(kinds TEXT[], scopes TEXT[], terms TEXT[], beginning BOOLEAN, most BIGINT)
    RETURNS TABLE (id BIGINT, kind TEXT, record_id UUID, conversation_id UUID, number BIGINT, slug TEXT, title TEXT,
        updated_at TIMESTAMPTZ)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET client_min_messages = 'warning' SET plan_cache_mode = 'force_custom_plan'
AS $$
#variable_conflict use_column
DECLARE
    workspace CONSTANT UUID := deskhand_workspace();
    near CONSTANT BIGINT := 1000;
    wanted CONSTANT TSQUERY := deskhand_query(terms, beginning);
    scoped TSQUERY;
    found BIGINT[];
    walked BIGINT;
    chosen BIGINT[] := '{}';
BEGIN
    IF numnode(wanted) = 0 AND cardinality(terms) > 0 THEN
        RETURN;
    END IF;
    -- A kind at a time, so that each is planned for how many there are of it.
    FOR place IN 1 .. cardinality(kinds) LOOP
        found := NULL;
        walked := near;
        IF cardinality(terms) > 0 THEN
            -- A common word is among the newest often enough; the index would name thousands to choose from.
            SELECT array_agg(doc.id ORDER BY doc.id DESC) FILTER (WHERE doc.words @@ wanted), count(*)
            INTO found, walked FROM (
                SELECT newest.id, newest.words FROM search_docs newest
                WHERE newest.workspace_id = workspace AND newest.kind = kinds[place]
                ORDER BY newest.id DESC LIMIT near
            ) AS doc;
        END IF;
        -- Half of what is ranked is still more than a page: then the index need not be asked.
        IF walked = near AND COALESCE(cardinality(found), 0) < most / 2 THEN
            scoped := quote_literal(scopes[place])::tsquery && wanted;
            -- The sum keeps the planner from walking the whole table backwards for a word that is hardly there.
            SELECT array_agg(doc.id) INTO found FROM (
                SELECT match.id FROM search_docs match
                WHERE match.words @@ scoped AND match.workspace_id = workspace ORDER BY match.id + 0 DESC LIMIT most
            ) AS doc;
        END IF;
        chosen := chosen || found[:most];
    END LOOP;
    RETURN QUERY
        SELECT doc.id, doc.kind, doc.record_id, doc.conversation_id, doc.number, doc.slug, doc.title, doc.updated_at
        FROM search_docs doc WHERE doc.id = ANY (chosen) AND doc.workspace_id = workspace;
END
$$;

DO $$
DECLARE
    search CONSTANT TEXT := 'deskhand_search_docs(TEXT[], TEXT[], TEXT[], BOOLEAN, BIGINT)';
BEGIN
    EXECUTE format('GRANT CREATE ON SCHEMA %I TO deskhand_system', current_schema());
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', search, current_schema());
    EXECUTE format('ALTER FUNCTION %s OWNER TO deskhand_system', search);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', search);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO deskhand_app, deskhand_system', search);
    EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM deskhand_system', current_schema());
END
$$;
