using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace G2PBridge.Modules.Disbursement.Persistence.Migrations;

[DbContext(typeof(DisbursementDbContext))]
[Migration("20261120125000_AddVerification")]
internal sealed class AddVerification : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.CreateTable(
        name: "verification",
        schema: "disbursement",
        columns: table => new
        {
            night = table.Column<DateOnly>(type: "date", nullable: false),
            started_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
            ended_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
            holds = table.Column<bool>(type: "boolean", nullable: true),
            results = table.Column<string>(type: "jsonb", nullable: true),
        },
        constraints: table => table.PrimaryKey("pk_verification", x => x.night));
}
