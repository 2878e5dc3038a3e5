using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace G2PBridge.Modules.Reconciliation.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class AddDecisions : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropCheckConstraint(
                name: "ck_unmatched_state",
                schema: "reconciliation",
                table: "unmatched");

            migrationBuilder.CreateTable(
                name: "decision",
                schema: "reconciliation",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    file = table.Column<long>(type: "bigint", nullable: false),
                    entry_no = table.Column<int>(type: "integer", nullable: false),
                    kind = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    state = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    reason = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: false),
                    proposed_by = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: false),
                    proposed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    confirmed_by = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: true),
                    confirmed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    told_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    due_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_decision", x => x.id);
                    table.CheckConstraint("ck_decision_confirmed", "(state = 'Confirmed') = (confirmed_by is not null and confirmed_at is not null)");
                    table.CheckConstraint("ck_decision_kind", "kind in ('Match', 'Split', 'Classify', 'WriteOff')");
                    table.CheckConstraint("ck_decision_second_person", "confirmed_by is null or lower(confirmed_by) <> lower(proposed_by)");
                    table.CheckConstraint("ck_decision_state", "state in ('Proposed', 'Confirmed', 'Superseded')");
                    table.ForeignKey(
                        name: "fk_decision_unmatched",
                        columns: x => new { x.file, x.entry_no },
                        principalSchema: "reconciliation",
                        principalTable: "unmatched",
                        principalColumns: new[] { "file", "entry_no" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "decision_history",
                schema: "reconciliation",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    decision_id = table.Column<Guid>(type: "uuid", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    from_state = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: true),
                    to_state = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    cause = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: false),
                    actor = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_decision_history", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "decision_part",
                schema: "reconciliation",
                columns: table => new
                {
                    decision_id = table.Column<Guid>(type: "uuid", nullable: false),
                    no = table.Column<int>(type: "integer", nullable: false),
                    @class = table.Column<string>(name: "class", type: "character varying(32)", maxLength: 32, nullable: false),
                    line = table.Column<long>(type: "bigint", nullable: true),
                    generation = table.Column<short>(type: "smallint", nullable: true),
                    envelope = table.Column<int>(type: "integer", nullable: true),
                    amount = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_decision_part", x => new { x.decision_id, x.no });
                    table.CheckConstraint("ck_decision_part_class", "class in ('Payment', 'Fee', 'Interest', 'TopUp', 'Other', 'WrittenOff')");
                    table.CheckConstraint("ck_decision_part_payment", "(class = 'Payment') = (line is not null and generation is not null and envelope is not null)");
                    table.ForeignKey(
                        name: "fk_decision_part_decision",
                        column: x => x.decision_id,
                        principalSchema: "reconciliation",
                        principalTable: "decision",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateIndex(
                name: "ix_unmatched_open",
                schema: "reconciliation",
                table: "unmatched",
                columns: new[] { "file", "entry_no" },
                filter: "state = 'Open'");

            migrationBuilder.AddCheckConstraint(
                name: "ck_unmatched_state",
                schema: "reconciliation",
                table: "unmatched",
                sql: "state in ('Open', 'Matched', 'Closed', 'Decided', 'Classified', 'WrittenOff')");

            migrationBuilder.CreateIndex(
                name: "ix_statement_sponsor_account",
                schema: "reconciliation",
                table: "statement",
                column: "sponsor_account");

            migrationBuilder.CreateIndex(
                name: "ix_decision_entry",
                schema: "reconciliation",
                table: "decision",
                columns: new[] { "file", "entry_no" });

            migrationBuilder.CreateIndex(
                name: "ix_decision_untold",
                schema: "reconciliation",
                table: "decision",
                column: "due_at",
                filter: "state = 'Confirmed' and told_at is null");

            migrationBuilder.CreateIndex(
                name: "uq_decision_live",
                schema: "reconciliation",
                table: "decision",
                columns: new[] { "file", "entry_no" },
                unique: true,
                filter: "state <> 'Superseded'");

            migrationBuilder.CreateIndex(
                name: "ix_decision_history_decision",
                schema: "reconciliation",
                table: "decision_history",
                column: "decision_id");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "decision_history",
                schema: "reconciliation");

            migrationBuilder.DropTable(
                name: "decision_part",
                schema: "reconciliation");

            migrationBuilder.DropTable(
                name: "decision",
                schema: "reconciliation");

            migrationBuilder.DropIndex(
                name: "ix_unmatched_open",
                schema: "reconciliation",
                table: "unmatched");

            migrationBuilder.DropCheckConstraint(
                name: "ck_unmatched_state",
                schema: "reconciliation",
                table: "unmatched");

            migrationBuilder.DropIndex(
                name: "ix_statement_sponsor_account",
                schema: "reconciliation",
                table: "statement");

            migrationBuilder.AddCheckConstraint(
                name: "ck_unmatched_state",
                schema: "reconciliation",
                table: "unmatched",
                sql: "state in ('Open', 'Matched', 'Closed')");
        }
    }
}
