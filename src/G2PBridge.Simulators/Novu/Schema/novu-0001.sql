create schema novu;

create table novu.message (
    transaction_id text primary key,
    workflow text not null,
    recipient text not null,
    payload jsonb not null,
    calls int not null,
    received_at timestamptz not null default now()
);
create index ix_message_workflow on novu.message (workflow, received_at desc);
