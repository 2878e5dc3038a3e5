using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

namespace G2PBridge.Modules.Disbursement.Persistence.Migrations;

[DbContext(typeof(DisbursementDbContext))]
[Migration("20261120124000_AddPause")]
internal sealed class AddPause : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            name: "pause",
            schema: "disbursement",
            columns: table => new
            {
                id = table.Column<long>(type: "bigint", nullable: false)
                    .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                scope = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                value = table.Column<string>(type: "text", nullable: false),
                reason = table.Column<string>(type: "text", nullable: false),
                actor = table.Column<string>(type: "text", nullable: false),
                state = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                since = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                acknowledged_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                acknowledged_after = table.Column<long>(type: "bigint", nullable: true),
                lifted_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                lifted_after = table.Column<long>(type: "bigint", nullable: true),
            },
            constraints: table =>
            {
                table.PrimaryKey("pk_pause", x => x.id);
                table.CheckConstraint("ck_pause_scope", "scope in ('All', 'Bank', 'Programme', 'Envelope')");
                table.CheckConstraint("ck_pause_state", "state in ('Stopping', 'Paused', 'Lifted')");
                table.CheckConstraint("ck_pause_value", "(scope = 'All') = (value = '')");
            });
        migrationBuilder.CreateTable(
            name: "pause_history",
            schema: "disbursement",
            columns: table => new
            {
                id = table.Column<long>(type: "bigint", nullable: false)
                    .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                pause_id = table.Column<long>(type: "bigint", nullable: false),
                at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                from_state = table.Column<string>(type: "text", nullable: true),
                to_state = table.Column<string>(type: "text", nullable: false),
                cause = table.Column<string>(type: "text", nullable: false),
                actor = table.Column<string>(type: "text", nullable: false),
            },
            constraints: table => table.PrimaryKey("pk_pause_history", x => x.id));
        migrationBuilder.CreateIndex(name: "uq_pause_holding", schema: "disbursement", table: "pause", columns: ["scope", "value"], unique: true, filter: "state <> 'Lifted'");
        migrationBuilder.CreateIndex(name: "ix_pause_history_pause", schema: "disbursement", table: "pause_history", column: "pause_id");
        migrationBuilder.Sql(
            """
            create trigger pause_history_append_only before update or delete on disbursement.pause_history
                for each row execute function disbursement.refuse_change();
            """);
    }
}
