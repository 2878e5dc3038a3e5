using G2PBridge.Platform.Growth;
using G2PBridge.Platform.Growth.Persistence;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace G2PBridge.Modules.Reconciliation.Persistence.Migrations;

/// <summary>Cuts what has a row per entry or payment into partitions (ADR 0030).</summary>
[DbContext(typeof(ReconciliationDbContext))]
[Migration("20261120191000_CutByNumbers")]
internal sealed class CutByNumbers : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql("select growth.settle_counts('reconciliation.envelope_progress')");
        PartitionedTables.Cut(migrationBuilder, "reconciliation.match", "line", NumberSeries.LinesOfPartition);
        PartitionedTables.Cut(migrationBuilder, "reconciliation.entry", "file", NumberSeries.FilesOfPartition);
        PartitionedTables.Cut(migrationBuilder, "reconciliation.batch_part", "file", NumberSeries.FilesOfPartition);
    }
}
