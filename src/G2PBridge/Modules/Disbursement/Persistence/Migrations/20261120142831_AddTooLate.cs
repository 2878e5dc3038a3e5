using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace G2PBridge.Modules.Disbursement.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class AddTooLate : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropCheckConstraint(
                name: "ck_line_state_state",
                schema: "disbursement",
                table: "line_state");

            migrationBuilder.AddColumn<decimal>(
                name: "too_late_amount",
                schema: "disbursement",
                table: "envelope",
                type: "numeric(19,4)",
                precision: 19,
                scale: 4,
                nullable: false,
                defaultValue: 0m);

            migrationBuilder.AddColumn<int>(
                name: "too_late_lines",
                schema: "disbursement",
                table: "envelope",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddCheckConstraint(
                name: "ck_line_state_state",
                schema: "disbursement",
                table: "line_state",
                sql: "state in ('Prepared', 'Sending', 'Sent', 'Unknown', 'Refused', 'Returned', 'NothingToPay', 'TooLate')");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropCheckConstraint(
                name: "ck_line_state_state",
                schema: "disbursement",
                table: "line_state");

            migrationBuilder.DropColumn(
                name: "too_late_amount",
                schema: "disbursement",
                table: "envelope");

            migrationBuilder.DropColumn(
                name: "too_late_lines",
                schema: "disbursement",
                table: "envelope");

            migrationBuilder.AddCheckConstraint(
                name: "ck_line_state_state",
                schema: "disbursement",
                table: "line_state",
                sql: "state in ('Prepared', 'Sending', 'Sent', 'Unknown', 'Refused', 'Returned', 'NothingToPay')");
        }
    }
}
