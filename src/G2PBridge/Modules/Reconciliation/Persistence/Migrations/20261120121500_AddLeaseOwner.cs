using G2PBridge.Platform.Persistence;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace G2PBridge.Modules.Reconciliation.Persistence.Migrations;

/// <summary>Outside of the model: no code of the module reads the column, its trigger fills it.</summary>
[DbContext(typeof(ReconciliationDbContext))]
[Migration("20261120121500_AddLeaseOwner")]
internal sealed class AddLeaseOwner : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => LeasedTable.AddOwner(migrationBuilder, ReconciliationModule.Schema, "statement_file");
}
