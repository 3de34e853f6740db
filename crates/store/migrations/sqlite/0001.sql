-- The first schema. Every table of a workspace has workspace_id first in its keys; times are UTC instants in microseconds.

CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000000));

-- People and how they get in ---------------------------------------------------------------------------------

CREATE TABLE workspaces (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    zone TEXT NOT NULL,
    hand_enabled BOOLEAN NOT NULL,
    greeting TEXT NOT NULL,
    handoff_text TEXT NOT NULL,
    reply_minutes INTEGER NOT NULL,
    articles_revision INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL
);

CREATE TABLE counters (
    workspace_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, kind)
);

CREATE TABLE members (
    id BLOB PRIMARY KEY,
    workspace_id BLOB NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    role TEXT NOT NULL,
    zone TEXT NOT NULL,
    state TEXT NOT NULL,
    password_hash TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    last_seen_at INTEGER,
    version INTEGER NOT NULL
);
CREATE UNIQUE INDEX members_email ON members (workspace_id, email);
CREATE INDEX members_sign_in ON members (email);

-- One-time links: the first owner's (without a member), invitations and new passwords.
CREATE TABLE links (
    token_hash BLOB PRIMARY KEY,
    workspace_id BLOB,
    member_id BLOB,
    expires_at INTEGER NOT NULL
);
CREATE INDEX links_member ON links (member_id);

CREATE TABLE sessions (
    id BLOB PRIMARY KEY,
    workspace_id BLOB NOT NULL,
    member_id BLOB NOT NULL,
    token_hash BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX sessions_token ON sessions (token_hash);
CREATE INDEX sessions_member ON sessions (workspace_id, member_id);

CREATE TABLE tokens (
    id BLOB PRIMARY KEY,
    workspace_id BLOB NOT NULL,
    member_id BLOB NOT NULL,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    token_hash BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    expires_at INTEGER
);
CREATE UNIQUE INDEX tokens_hash ON tokens (token_hash);
CREATE INDEX tokens_member ON tokens (workspace_id, member_id);

-- The customers' side ----------------------------------------------------------------------------------------

CREATE TABLE channels (
    id BLOB PRIMARY KEY,
    workspace_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    allowed_origins TEXT NOT NULL,
    color TEXT NOT NULL,
    greeting TEXT NOT NULL,
    position TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL
);
CREATE UNIQUE INDEX channels_key ON channels (key);
CREATE INDEX channels_workspace ON channels (workspace_id, id);

CREATE TABLE contacts (
    id BLOB PRIMARY KEY,
    workspace_id BLOB NOT NULL,
    name TEXT NOT NULL,
    email TEXT,
    phone TEXT,
    notes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    version INTEGER NOT NULL
);
CREATE INDEX contacts_recent ON contacts (workspace_id, last_seen_at, id);

-- What a visitor's browser holds; it opens this contact's conversations and nothing else.
CREATE TABLE visitors (
    token_hash BLOB PRIMARY KEY,
    workspace_id BLOB NOT NULL,
    channel_id BLOB NOT NULL,
    contact_id BLOB NOT NULL,
    created_at INTEGER NOT NULL
);

CREATE TABLE conversations (
    id BLOB PRIMARY KEY,
    workspace_id BLOB NOT NULL,
    number INTEGER NOT NULL,
    channel_id BLOB NOT NULL,
    contact_id BLOB NOT NULL,
    subject TEXT NOT NULL,
    state TEXT NOT NULL,
    fence INTEGER NOT NULL,
    claimed_by BLOB,
    reason TEXT,
    summary TEXT,
    deadline INTEGER,
    ticket_id BLOB,
    messages INTEGER NOT NULL,
    last_text TEXT,
    last_author TEXT,
    last_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL
);
CREATE UNIQUE INDEX conversations_number ON conversations (workspace_id, number);
CREATE INDEX conversations_state ON conversations (workspace_id, state, last_at, id);
CREATE INDEX conversations_recent ON conversations (workspace_id, last_at, id);
CREATE INDEX conversations_contact ON conversations (workspace_id, contact_id);

CREATE TABLE conversation_reads (
    workspace_id BLOB NOT NULL,
    conversation_id BLOB NOT NULL,
    member_id BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, member_id)
);

CREATE TABLE messages (
    id BLOB PRIMARY KEY,
    workspace_id BLOB NOT NULL,
    conversation_id BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    author TEXT NOT NULL,
    author_id BLOB,
    author_name TEXT NOT NULL,
    text TEXT NOT NULL,
    note BOOLEAN NOT NULL,
    sources TEXT NOT NULL,
    client_id TEXT,
    created_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX messages_sequence ON messages (conversation_id, sequence);
CREATE UNIQUE INDEX messages_client ON messages (conversation_id, client_id) WHERE client_id IS NOT NULL;

CREATE TABLE tickets (
    id BLOB PRIMARY KEY,
    workspace_id BLOB NOT NULL,
    number INTEGER NOT NULL,
    subject TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT,
    summary TEXT,
    conversation_id BLOB NOT NULL,
    contact_id BLOB NOT NULL,
    assignee_id BLOB,
    created_at INTEGER NOT NULL,
    closed_at INTEGER,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL
);
CREATE UNIQUE INDEX tickets_number ON tickets (workspace_id, number);
CREATE INDEX tickets_status ON tickets (workspace_id, status, id);
CREATE INDEX tickets_conversation ON tickets (conversation_id);

-- The staff's side -------------------------------------------------------------------------------------------

CREATE TABLE projects (
    id BLOB PRIMARY KEY,
    workspace_id BLOB NOT NULL,
    name TEXT NOT NULL,
    -- The name in lower case, by the program: the databases do not agree on letters beyond ASCII.
    name_key TEXT NOT NULL,
    color TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    deleted_at INTEGER,
    version INTEGER NOT NULL
);
CREATE UNIQUE INDEX projects_name ON projects (workspace_id, name_key) WHERE deleted_at IS NULL;

CREATE TABLE tasks (
    id BLOB PRIMARY KEY,
    workspace_id BLOB NOT NULL,
    number INTEGER NOT NULL,
    title TEXT NOT NULL,
    notes TEXT NOT NULL,
    status TEXT NOT NULL,
    rank INTEGER NOT NULL,
    due_date TEXT,
    due_time TEXT,
    due_at INTEGER,
    due_key INTEGER NOT NULL,
    zone TEXT NOT NULL,
    priority INTEGER,
    labels TEXT NOT NULL,
    project_id BLOB,
    assignee_id BLOB,
    parent_id BLOB,
    ticket_id BLOB,
    rule TEXT,
    counts_from TEXT,
    rule_revision INTEGER NOT NULL,
    series_id BLOB,
    series_start TEXT,
    comments INTEGER NOT NULL,
    completed_at INTEGER,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER,
    version INTEGER NOT NULL
);
CREATE UNIQUE INDEX tasks_number ON tasks (workspace_id, number);
CREATE INDEX tasks_due ON tasks (workspace_id, due_key, id) WHERE status <> 'done' AND deleted_at IS NULL;
CREATE INDEX tasks_column ON tasks (workspace_id, status, rank, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_parent ON tasks (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX tasks_project ON tasks (project_id) WHERE project_id IS NOT NULL AND status <> 'done' AND deleted_at IS NULL;
CREATE INDEX tasks_ticket ON tasks (ticket_id) WHERE ticket_id IS NOT NULL;

CREATE TABLE task_labels (
    workspace_id BLOB NOT NULL,
    label TEXT NOT NULL,
    task_id BLOB NOT NULL,
    PRIMARY KEY (workspace_id, label, task_id)
);
CREATE INDEX task_labels_task ON task_labels (task_id);

CREATE TABLE comments (
    id BLOB PRIMARY KEY,
    workspace_id BLOB NOT NULL,
    task_id BLOB NOT NULL,
    author_id BLOB,
    author_name TEXT NOT NULL,
    text TEXT NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE INDEX comments_task ON comments (task_id, id);

CREATE TABLE reminders (
    id BLOB PRIMARY KEY,
    workspace_id BLOB NOT NULL,
    task_id BLOB NOT NULL,
    occurrence TEXT NOT NULL,
    member_id BLOB NOT NULL,
    channel TEXT NOT NULL,
    spec TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    fence INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER,
    fired_at INTEGER
);
CREATE UNIQUE INDEX reminders_key ON reminders (task_id, occurrence, member_id, channel, spec);
CREATE INDEX reminders_due ON reminders (due_at) WHERE state = 'pending';

CREATE TABLE articles (
    id BLOB PRIMARY KEY,
    workspace_id BLOB NOT NULL,
    number INTEGER NOT NULL,
    slug TEXT NOT NULL,
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    body TEXT NOT NULL,
    labels TEXT NOT NULL,
    status TEXT NOT NULL,
    updated_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER,
    version INTEGER NOT NULL
);
CREATE UNIQUE INDEX articles_slug ON articles (workspace_id, slug) WHERE deleted_at IS NULL;

-- The sections of published articles, which answers are made of. An id is never given again: whoever remembers
-- that of a section that was rewritten finds nothing.
CREATE TABLE passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id BLOB NOT NULL,
    article_id BLOB NOT NULL,
    heading TEXT,
    body TEXT NOT NULL
);
CREATE INDEX passages_article ON passages (article_id);

-- What is kept beside the records ----------------------------------------------------------------------------

CREATE TABLE search_docs (
    id INTEGER PRIMARY KEY,
    workspace_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    record_id BLOB NOT NULL,
    conversation_id BLOB,
    number INTEGER,
    slug TEXT,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    updated_at INTEGER NOT NULL
);
-- The index alone is kept here; rows have the rowid of their document.
CREATE VIRTUAL TABLE search_words USING fts5 (
    scope, title, body, content = '', contentless_delete = 1, tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE UNIQUE INDEX search_docs_record ON search_docs (record_id);

CREATE TABLE notifications (
    id BLOB PRIMARY KEY,
    workspace_id BLOB NOT NULL,
    member_id BLOB NOT NULL,
    event_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    task_id BLOB,
    task_number INTEGER,
    conversation_id BLOB,
    ticket_id BLOB,
    ticket_number INTEGER,
    created_at INTEGER NOT NULL,
    read_at INTEGER,
    mail_due_at INTEGER,
    mail_attempts INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX notifications_event ON notifications (event_id, member_id);
CREATE INDEX notifications_member ON notifications (workspace_id, member_id, id);
CREATE INDEX notifications_mail ON notifications (mail_due_at) WHERE mail_due_at IS NOT NULL;

CREATE TABLE audit (
    id BLOB PRIMARY KEY,
    workspace_id BLOB NOT NULL,
    occurred_at INTEGER NOT NULL,
    action TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id BLOB NOT NULL,
    subject_number INTEGER,
    subject_title TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id BLOB,
    actor_name TEXT NOT NULL,
    via TEXT NOT NULL,
    address TEXT,
    changes TEXT NOT NULL
);
CREATE INDEX audit_subject ON audit (workspace_id, subject_id, id);
CREATE INDEX audit_recent ON audit (workspace_id, id);

CREATE TABLE undo (
    id BLOB PRIMARY KEY,
    workspace_id BLOB NOT NULL,
    member_id BLOB NOT NULL,
    text TEXT NOT NULL,
    operation TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    done_at INTEGER
);
CREATE INDEX undo_member ON undo (workspace_id, member_id, id);

CREATE TABLE idempotency (
    workspace_id BLOB NOT NULL,
    actor TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    answer TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, actor, key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);

CREATE TABLE chats (
    id BLOB PRIMARY KEY,
    workspace_id BLOB NOT NULL,
    member_id BLOB NOT NULL,
    created_at INTEGER NOT NULL
);

CREATE TABLE chat_items (
    id BLOB PRIMARY KEY,
    workspace_id BLOB NOT NULL,
    chat_id BLOB NOT NULL,
    said TEXT NOT NULL,
    status TEXT NOT NULL,
    text TEXT NOT NULL,
    undo_id BLOB,
    records TEXT NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE INDEX chat_items_chat ON chat_items (chat_id, id);

-- Events -----------------------------------------------------------------------------------------------------

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id BLOB NOT NULL,
    event_id BLOB NOT NULL,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    envelope TEXT NOT NULL,
    created_at INTEGER NOT NULL
);

CREATE TABLE bus_partitions (
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    next_position INTEGER NOT NULL,
    PRIMARY KEY (topic, partition)
);

CREATE TABLE bus_log (
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    position INTEGER NOT NULL,
    workspace_id BLOB NOT NULL,
    event_id BLOB NOT NULL,
    envelope TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (topic, partition, position)
);
CREATE INDEX bus_log_age ON bus_log (created_at);

CREATE TABLE bus_consumers (
    consumer_group TEXT NOT NULL,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    position INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    owner TEXT,
    lease_until INTEGER,
    PRIMARY KEY (consumer_group, topic, partition)
);

CREATE TABLE bus_members (
    consumer_group TEXT NOT NULL,
    owner TEXT NOT NULL,
    lease_until INTEGER NOT NULL,
    PRIMARY KEY (consumer_group, owner)
);

CREATE TABLE inbox_ledger (
    consumer_group TEXT NOT NULL,
    event_id BLOB NOT NULL,
    workspace_id BLOB NOT NULL,
    handled_at INTEGER NOT NULL,
    PRIMARY KEY (consumer_group, event_id)
);
CREATE INDEX inbox_ledger_age ON inbox_ledger (handled_at);
