using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace G2PBridge.Modules.Envelopes.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class AddFollowUps : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "follow_up_of",
                schema: "envelopes",
                table: "envelope",
                type: "character varying(128)",
                maxLength: 128,
                nullable: true);

            migrationBuilder.CreateTable(
                name: "follow_up_line",
                schema: "envelopes",
                columns: table => new
                {
                    seq = table.Column<long>(type: "bigint", nullable: false),
                    next_seq = table.Column<long>(type: "bigint", nullable: false),
                    envelope_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    next_envelope_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    kind = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    reason_code = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_follow_up_line", x => x.seq);
                    table.CheckConstraint("ck_follow_up_line_kind", "kind in ('Refused', 'Returned', 'Unresolved', 'TooLate')");
                });

            migrationBuilder.CreateIndex(
                name: "IX_envelope_follow_up_of",
                schema: "envelopes",
                table: "envelope",
                column: "follow_up_of",
                filter: "follow_up_of is not null");

            migrationBuilder.CreateIndex(
                name: "uq_follow_up_line_next",
                schema: "envelopes",
                table: "follow_up_line",
                column: "next_seq",
                unique: true);

            migrationBuilder.Sql(
                """
                create trigger follow_up_line_append_only before update or delete on envelopes.follow_up_line
                    for each row execute function envelopes.refuse_change();
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "follow_up_line",
                schema: "envelopes");

            migrationBuilder.DropIndex(
                name: "IX_envelope_follow_up_of",
                schema: "envelopes",
                table: "envelope");

            migrationBuilder.DropColumn(
                name: "follow_up_of",
                schema: "envelopes",
                table: "envelope");
        }
    }
}
