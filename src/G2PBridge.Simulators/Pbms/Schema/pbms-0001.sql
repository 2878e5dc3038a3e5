create schema pbms;

create table pbms.g2p_warehouse (id int primary key, name text, warehouse_mnemonic text, admin_name text, admin_email text, admin_mobile text);
create table pbms.g2p_warehouse_program_benefit_codes (
    warehouse_id int not null, program_id int not null, benefit_code_id int not null, warehouse_mnemonic text, warehouse_name text, program_mnemonic text, program_description text,
    target_registry text, program_status text, benefit_mnemonic text, benefit_type text, measurement_unit text, additional_info text, benefit_description text,
    primary key (warehouse_id, program_id, benefit_code_id)
);
create table pbms.g2p_administrative_area_large_g2p_warehouse_rel (
    g2p_warehouse_id int not null, g2p_administrative_area_large_id int not null, primary key (g2p_administrative_area_large_id, g2p_warehouse_id)
);
create table pbms.g2p_agency (id int primary key, name text, agency_mnemonic text, admin_name text, admin_email text, admin_mobile text);
create table pbms.g2p_agency_program_benefit_codes (
    agency_id int not null, program_id int not null, benefit_code_id int not null, agency_mnemonic text, agency_name text, program_mnemonic text, program_description text,
    target_registry text, program_status text, benefit_mnemonic text, benefit_type text, measurement_unit text, additional_info text, benefit_description text,
    primary key (agency_id, program_id, benefit_code_id)
);
create table pbms.g2p_administrative_area_small_g2p_agency_rel (
    g2p_agency_id int not null, g2p_administrative_area_small_id int not null, primary key (g2p_administrative_area_small_id, g2p_agency_id)
);
