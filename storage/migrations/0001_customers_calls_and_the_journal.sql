-- Runs on Postgres 15 and newer, without any extension. All times are UTC.

CREATE TABLE customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    company text NOT NULL DEFAULT '',
    note text NOT NULL DEFAULT '',
    language text NOT NULL DEFAULT '',
    changed_at timestamptz NOT NULL DEFAULT now()
);

-- `number` is E.164 (+49301234567). Several people may share one: a family, a switchboard.
CREATE TABLE customer_numbers (
    number text NOT NULL,
    customer bigint NOT NULL REFERENCES customers ON DELETE CASCADE,
    PRIMARY KEY (number, customer)
);
CREATE INDEX customer_numbers_customer ON customer_numbers (customer);

-- Callers' numbers and names as the switch gave them. Erased by deleting the row: nothing refers
-- to it by a foreign key, and no other table holds a caller's number or name.
CREATE TABLE parties (
    key text PRIMARY KEY,
    number text NOT NULL,
    name text NOT NULL
);

-- The copy of the local journals; `journal` is the id of the file, of which a site may have had
-- several.
CREATE TABLE journal (
    journal text NOT NULL,
    position bigint NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    body jsonb NOT NULL,
    core_version text NOT NULL,
    policy_version text NOT NULL,
    PRIMARY KEY (journal, position)
);
CREATE INDEX journal_at ON journal (at);

-- How far each journal was copied. `fold_from` is the first position of the oldest call that is
-- not yet in the call log: from there its record is folded anew after a restart.
CREATE TABLE shipping (
    journal text PRIMARY KEY,
    position bigint NOT NULL,
    fold_from bigint NOT NULL,
    shipped_at timestamptz NOT NULL DEFAULT now()
);

-- Records that could not be copied or folded, as bytes, with the reason.
CREATE TABLE shipping_failures (
    journal text NOT NULL,
    position bigint NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    body bytea NOT NULL,
    reason text NOT NULL,
    failed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (journal, position)
);

-- The call log: one final record for each call. `waited` and `talked` are sums over all waits and
-- talks of the call.
CREATE TABLE calls (
    call text PRIMARY KEY,
    service text,
    party text,
    arrived_at timestamptz NOT NULL,
    answered_at timestamptz,
    talk_ended_at timestamptz,
    cleared_at timestamptz NOT NULL,
    outcome text NOT NULL,
    queue text,
    agent text,
    hung_up_by text NOT NULL,
    clear_reason text,
    cause integer NOT NULL,
    waited interval NOT NULL,
    talked interval NOT NULL,
    path jsonb NOT NULL,
    queues jsonb NOT NULL,
    offers jsonb NOT NULL,
    journal text NOT NULL,
    position bigint NOT NULL
);
CREATE INDEX calls_arrived_at ON calls (arrived_at);
CREATE INDEX calls_party ON calls (party, arrived_at);
CREATE INDEX calls_agent ON calls (agent, arrived_at);
