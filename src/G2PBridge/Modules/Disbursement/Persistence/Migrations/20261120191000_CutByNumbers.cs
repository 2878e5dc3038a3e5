using G2PBridge.Platform.Growth;
using G2PBridge.Platform.Growth.Persistence;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace G2PBridge.Modules.Disbursement.Persistence.Migrations;

/// <summary>Cuts the instructions into partitions (ADR 0030).</summary>
[DbContext(typeof(DisbursementDbContext))]
[Migration("20261120191000_CutByNumbers")]
internal sealed class CutByNumbers : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql(
            """
            alter table disbursement.failure drop constraint if exists fk_failure_instruction;
            create function disbursement.require_instruction() returns trigger language plpgsql as $$
            begin
                if exists (select from new_rows n where not exists (select from disbursement.instruction i where i.line = n.line and i.generation = n.generation)) then
                    raise exception using errcode = 'foreign_key_violation', constraint = 'fk_failure_instruction', message = 'A failure names a payment that was never ordered.';
                end if;
                return null;
            end $$;
            create trigger failure_of_instruction after insert on disbursement.failure referencing new table as new_rows for each statement execute function disbursement.require_instruction();
            """);
        migrationBuilder.Sql("select growth.settle_counts('disbursement.envelope')");
        PartitionedTables.Cut(migrationBuilder, "disbursement.instruction", "line", NumberSeries.LinesOfPartition);
    }
}
