-- The SPAR mapper: which person is reached at which financial address.
create schema spar_mapper;

create table spar_mapper.links (
    id              text primary key,
    fa              text not null,
    name            text,
    phone           text,
    additional_info jsonb,
    linked_at       timestamptz not null,
    updated_at      timestamptz
);
