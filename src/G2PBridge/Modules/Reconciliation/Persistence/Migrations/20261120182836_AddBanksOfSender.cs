using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace G2PBridge.Modules.Reconciliation.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class AddBanksOfSender : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string[]>(
                name: "banks",
                schema: "reconciliation",
                table: "statement_file",
                type: "text[]",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "banks",
                schema: "reconciliation",
                table: "statement_file");
        }
    }
}
