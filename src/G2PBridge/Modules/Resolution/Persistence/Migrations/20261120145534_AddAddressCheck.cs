using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace G2PBridge.Modules.Resolution.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class AddAddressCheck : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "awaits_check",
                schema: "resolution",
                table: "resolved_set",
                type: "character varying(16)",
                maxLength: 16,
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "ix_resolved_set_to_check",
                schema: "resolution",
                table: "resolved_set",
                column: "envelope_id",
                filter: "awaits_check is not null");

            migrationBuilder.AddCheckConstraint(
                name: "ck_resolved_set_awaits_check",
                schema: "resolution",
                table: "resolved_set",
                sql: "awaits_check in ('Warn', 'Hold')");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_resolved_set_to_check",
                schema: "resolution",
                table: "resolved_set");

            migrationBuilder.DropCheckConstraint(
                name: "ck_resolved_set_awaits_check",
                schema: "resolution",
                table: "resolved_set");

            migrationBuilder.DropColumn(
                name: "awaits_check",
                schema: "resolution",
                table: "resolved_set");
        }
    }
}
