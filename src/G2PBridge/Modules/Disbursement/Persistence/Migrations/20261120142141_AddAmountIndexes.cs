using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace G2PBridge.Modules.Disbursement.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class AddAmountIndexes : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateIndex(
                name: "ix_instruction_amount",
                schema: "disbursement",
                table: "instruction",
                columns: new[] { "amount", "line" });

            migrationBuilder.CreateIndex(
                name: "ix_chunk_amount",
                schema: "disbursement",
                table: "chunk",
                column: "amount",
                filter: "prepared_at is not null");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_instruction_amount",
                schema: "disbursement",
                table: "instruction");

            migrationBuilder.DropIndex(
                name: "ix_chunk_amount",
                schema: "disbursement",
                table: "chunk");
        }
    }
}
