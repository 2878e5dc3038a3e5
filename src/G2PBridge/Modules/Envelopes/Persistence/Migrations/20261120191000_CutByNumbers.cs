using G2PBridge.Platform.Growth;
using G2PBridge.Platform.Growth.Persistence;
using G2PBridge.Platform.Persistence;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace G2PBridge.Modules.Envelopes.Persistence.Migrations;

/// <summary>Cuts the lines into partitions, and keeps their ids apart from them (ADR 0030). Entitlements get keys that lie together by cycle.</summary>
[DbContext(typeof(EnvelopesDbContext))]
[Migration("20261120191000_CutByNumbers")]
internal sealed class CutByNumbers : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        EarlierRows.Refuse(migrationBuilder, "has keys of", "envelopes.entitlement");
        migrationBuilder.CreateTable(
            name: "disbursement_key",
            schema: EnvelopesModule.Schema,
            columns: table => new { key = table.Column<Guid>(type: "uuid", nullable: false), seq = table.Column<long>(type: "bigint", nullable: false) },
            constraints: table => table.PrimaryKey("pk_disbursement_key", x => x.key));
        migrationBuilder.DropIndex(name: "uq_disbursement_id", schema: EnvelopesModule.Schema, table: "disbursement");
        migrationBuilder.Sql(
            """
            create function envelopes.disbursement_key_of(id text) returns uuid language sql immutable as $$
                select encode(substr(sha256(convert_to(id, 'UTF8')), 1, 16), 'hex')::uuid
                $$;
            insert into envelopes.disbursement_key (key, seq) select envelopes.disbursement_key_of(disbursement_id), seq from envelopes.disbursement order by 1;

            create or replace function envelopes.entitlement_key(programme_id integer, programme text, cycle text, benefit_code_id integer, benefit_code text, beneficiary text)
                returns bytea language sql immutable as $$
                select substr(sha256(convert_to(scope, 'UTF8')), 1, 4) || substr(sha256(convert_to(scope || beneficiary, 'UTF8')), 1, 12)
                  from concat('P', chr(31), coalesce('#' || programme_id, programme), chr(31), cycle, chr(31), coalesce('#' || benefit_code_id, benefit_code), chr(31)) scope
                $$;
            """);
        migrationBuilder.Sql("select growth.settle('envelopes.disbursement_key'), growth.settle('envelopes.entitlement'), growth.settle_counts('envelopes.envelope')");
        PartitionedTables.Cut(migrationBuilder, "envelopes.disbursement", "seq", NumberSeries.LinesOfPartition);
        migrationBuilder.Sql(string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"""
            -- A run of numbers lies in one partition, and the first number of a partition is never given.
            create or replace function envelopes.take_numbers(count integer) returns bigint language plpgsql as $$
            declare
                first bigint;
                size constant bigint := {NumberSeries.LinesOfPartition};
            begin
                perform pg_advisory_xact_lock(hashtextextended('envelopes.line_number', 0));
                first := nextval('envelopes.line_number');
                if first % size = 0 then
                    first := first + 1;
                elsif first / size <> (first + count - 1) / size then
                    first := (first / size + 1) * size + 1;
                end if;
                perform setval('envelopes.line_number', first + count - 1);
                return first;
            end
            $$;

            create function envelopes.begin_numbers(first bigint) returns void language plpgsql as $$
            begin
                perform pg_advisory_xact_lock(hashtextextended('envelopes.line_number', 0));
                perform setval('envelopes.line_number', greatest(last_value, first)) from envelopes.line_number;
            end
            $$;
            """));
    }
}
