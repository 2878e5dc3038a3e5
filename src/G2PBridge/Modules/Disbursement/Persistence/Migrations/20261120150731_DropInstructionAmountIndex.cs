using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace G2PBridge.Modules.Disbursement.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class DropInstructionAmountIndex : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_instruction_amount",
                schema: "disbursement",
                table: "instruction");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateIndex(
                name: "ix_instruction_amount",
                schema: "disbursement",
                table: "instruction",
                columns: new[] { "amount", "line" });
        }
    }
}
