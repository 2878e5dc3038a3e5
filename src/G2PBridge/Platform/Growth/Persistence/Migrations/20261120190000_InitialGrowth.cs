using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace G2PBridge.Platform.Growth.Persistence.Migrations;

[DbContext(typeof(GrowthDbContext))]
[Migration("20261120190000_InitialGrowth")]
internal sealed class InitialGrowth : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        create table growth.range (
            series varchar(16) not null, no bigint not null, begun_at timestamptz not null,
            constraint pk_range primary key (series, no));

        create table growth.archive (
            series varchar(16) not null, no bigint not null, first bigint not null, last bigint not null,
            state varchar(16) not null, before date not null, folder text not null, manifest_hash bytea, rows bigint, bytes bigint,
            begun_at timestamptz not null, verified_at timestamptz, removed_at timestamptz,
            constraint pk_archive primary key (series, no),
            constraint ck_archive_state check (state in ('Closed', 'Verified', 'Removing', 'Removed')),
            -- Nothing is taken away before its export was read back and found equal.
            constraint ck_archive_verified check (state = 'Closed' or (manifest_hash is not null and octet_length(manifest_hash) = 32 and verified_at is not null)));

        create table growth.archived_envelope (
            envelope_id varchar(128) not null, series varchar(16) not null, no bigint not null,
            constraint pk_archived_envelope primary key (envelope_id, series, no));

        -- A table of its own that is attached takes no lock that stops readers or writers of the parent; "partition of" would.
        -- Rows come once and stay: vacuumed by the million, frozen while they are in memory, so that no later pass writes them again.
        create function growth.add_partition(parent text, no bigint, size bigint) returns boolean language plpgsql as $f$
        declare
            part text := parent || '_p' || no;
        begin
            if exists (select from pg_inherits where inhrelid = to_regclass(part) and inhparent = to_regclass(parent)) then
                return false;
            end if;
            if to_regclass(part) is null then
                execute format('create table %s (like %s including defaults including constraints including storage including compression)', part, parent);
            end if;
            perform growth.settle(part);
            execute format('alter table %s attach partition %s for values from (%s) to (%s)', parent, part, no * size, (no + 1) * size);
            return true;
        end
        $f$;

        create function growth.settle(part text) returns void language plpgsql as $f$
        begin
            execute format(
                'alter table %s set (autovacuum_vacuum_insert_threshold = 1000000, autovacuum_vacuum_insert_scale_factor = 0, autovacuum_freeze_min_age = 0,
                    autovacuum_analyze_threshold = 20000, autovacuum_analyze_scale_factor = 0.05)', part);
        end
        $f$;

        -- Few rows, each updated for every batch or chunk: the next version finds room on its own page.
        create function growth.settle_counts(counts text) returns void language plpgsql as $f$
        begin
            execute format('alter table %s set (fillfactor = 50, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0.01)', counts);
        end
        $f$;

        create function growth.cut(parent text, by_column text, size bigint) returns void language plpgsql as $f$
        declare
            part text := parent || '_p0';
            keys text[]; foreign_keys text[]; indexes text[]; triggers text[];
            found record; statement text;
        begin
            select array_agg(format('alter table %s add constraint %I %s', parent, conname, pg_get_constraintdef(oid))) filter (where contype in ('p', 'u')),
                   array_agg(format('alter table %s add constraint %I %s', parent, conname, pg_get_constraintdef(oid))) filter (where contype = 'f')
              into keys, foreign_keys from pg_constraint where conrelid = parent::regclass;
            select array_agg(pg_get_indexdef(i.indexrelid)) into indexes
              from pg_index i where i.indrelid = parent::regclass and not exists (select from pg_constraint c where c.conindid = i.indexrelid and c.contype in ('p', 'u'));
            select array_agg(pg_get_triggerdef(oid)) into triggers from pg_trigger where tgrelid = parent::regclass and not tgisinternal;

            for found in select tgname from pg_trigger where tgrelid = parent::regclass and not tgisinternal loop
                execute format('drop trigger %I on %s', found.tgname, parent);
            end loop;
            for found in select conname from pg_constraint where conrelid = parent::regclass and contype = 'f' loop
                execute format('alter table %s drop constraint %I', parent, found.conname);
            end loop;
            for found in select n.nspname, c.relname from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace where i.indrelid = parent::regclass loop
                execute format('alter index %I.%I rename to %I', found.nspname, found.relname, found.relname || '_p0');
            end loop;
            execute format('alter table %s rename to %I', parent, split_part(part, '.', 2));
            execute format('create table %s (like %s including defaults including constraints including storage including compression) partition by range (%I)', parent, part, by_column);
            foreach statement in array coalesce(keys, '{}') || coalesce(indexes, '{}') loop
                execute statement;
            end loop;
            perform growth.settle(part);
            execute format('alter table %s attach partition %s for values from (0) to (%s)', parent, part, size);
            foreach statement in array coalesce(foreign_keys, '{}') || coalesce(triggers, '{}') loop
                execute statement;
            end loop;
        end
        $f$;
        """);
}
