-- What the bank calls back about a batch: that it has it, and later what became of its payments. Owed until it is delivered.
create table example_bank.callbacks (
    id           bigint generated always as identity primary key,
    batch_id     bigint not null,
    kind         text not null check (kind in ('ACCEPTED', 'OUTCOME')),
    held         boolean not null default false,
    due_at       timestamptz not null,
    attempts     int not null default 0,
    last_error   text,
    delivered_at timestamptz,
    unique (batch_id, kind)
);
create index callbacks_due on example_bank.callbacks (due_at) where delivered_at is null;
alter table example_bank.payments add column refused_later boolean not null default false;
