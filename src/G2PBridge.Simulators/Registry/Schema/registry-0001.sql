create schema registry;

-- The columns that a bridge reads; a real registry has many more.
create table registry.g2p_farmer_registry (
    link_registry_id text primary key,
    large_area_id int,
    large_area_code text,
    small_area_id int,
    small_area_code text,
    name text,
    email text,
    phone text
);
