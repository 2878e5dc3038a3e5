using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace G2PBridge.Modules.Resolution.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class AddUnresolvedQuantity : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<decimal>(
                name: "quantity",
                schema: "resolution",
                table: "unresolved",
                type: "numeric(19,4)",
                precision: 19,
                scale: 4,
                nullable: false,
                defaultValue: 0m);

            migrationBuilder.AddColumn<decimal>(
                name: "unresolved_quantity",
                schema: "resolution",
                table: "slice",
                type: "numeric(19,4)",
                precision: 19,
                scale: 4,
                nullable: false,
                defaultValue: 0m);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "quantity",
                schema: "resolution",
                table: "unresolved");

            migrationBuilder.DropColumn(
                name: "unresolved_quantity",
                schema: "resolution",
                table: "slice");
        }
    }
}
