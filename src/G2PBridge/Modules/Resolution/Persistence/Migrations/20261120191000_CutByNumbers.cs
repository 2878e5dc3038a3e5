using G2PBridge.Platform.Growth;
using G2PBridge.Platform.Growth.Persistence;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace G2PBridge.Modules.Resolution.Persistence.Migrations;

/// <summary>Cuts what has a row per line into partitions (ADR 0030).</summary>
[DbContext(typeof(ResolutionDbContext))]
[Migration("20261120191000_CutByNumbers")]
internal sealed class CutByNumbers : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        PartitionedTables.Cut(migrationBuilder, $"{ResolutionModule.Schema}.address", "seq", NumberSeries.LinesOfPartition);
    }
}
