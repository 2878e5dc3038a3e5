using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace G2PBridge.Platform.Protection.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class InitialProtection : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.EnsureSchema(
                name: "protection");

            migrationBuilder.CreateTable(
                name: "data_key",
                schema: "protection",
                columns: table => new
                {
                    id = table.Column<int>(type: "integer", nullable: false),
                    is_fingerprints = table.Column<bool>(type: "boolean", nullable: false),
                    is_current = table.Column<bool>(type: "boolean", nullable: false),
                    added_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    retired_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_data_key", x => x.id);
                    table.CheckConstraint("ck_data_key_current", "not is_current or (retired_at is null and not is_fingerprints)");
                });

            migrationBuilder.CreateIndex(
                name: "uq_data_key_current",
                schema: "protection",
                table: "data_key",
                column: "is_current",
                unique: true,
                filter: "is_current");

            migrationBuilder.CreateIndex(
                name: "uq_data_key_fingerprints",
                schema: "protection",
                table: "data_key",
                column: "is_fingerprints",
                unique: true,
                filter: "is_fingerprints");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "data_key",
                schema: "protection");
        }
    }
}
