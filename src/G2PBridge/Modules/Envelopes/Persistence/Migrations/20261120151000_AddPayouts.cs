using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace G2PBridge.Modules.Envelopes.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class AddPayouts : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "payouts_closed_at",
                schema: "envelopes",
                table: "batch",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "payout",
                schema: "envelopes",
                columns: table => new
                {
                    seq = table.Column<long>(type: "bigint", nullable: false),
                    id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    envelope_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    batch_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    payee = table.Column<string>(type: "character varying(256)", maxLength: 256, nullable: false),
                    quantity = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_payout", x => x.seq);
                    table.CheckConstraint("ck_payout_quantity", "quantity >= 0");
                });

            migrationBuilder.CreateTable(
                name: "payout_set",
                schema: "envelopes",
                columns: table => new
                {
                    first_seq = table.Column<long>(type: "bigint", nullable: false),
                    last_seq = table.Column<long>(type: "bigint", nullable: false),
                    envelope_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    batch_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    quantity = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    taken_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_payout_set", x => x.first_seq);
                    table.CheckConstraint("ck_payout_set", "last_seq >= first_seq and quantity >= 0");
                });

            migrationBuilder.CreateIndex(
                name: "uq_payout_id",
                schema: "envelopes",
                table: "payout",
                column: "id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_payout_set_envelope",
                schema: "envelopes",
                table: "payout_set",
                column: "envelope_id");

            migrationBuilder.CreateIndex(
                name: "ix_payout_set_new",
                schema: "envelopes",
                table: "payout_set",
                column: "first_seq",
                filter: "taken_at is null");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "payout",
                schema: "envelopes");

            migrationBuilder.DropTable(
                name: "payout_set",
                schema: "envelopes");

            migrationBuilder.DropColumn(
                name: "payouts_closed_at",
                schema: "envelopes",
                table: "batch");
        }
    }
}
