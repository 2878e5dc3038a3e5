using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace G2PBridge.Modules.Reconciliation.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class AddStatementDecisions : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropCheckConstraint(
                name: "ck_statement_state",
                schema: "reconciliation",
                table: "statement");

            migrationBuilder.DropCheckConstraint(
                name: "ck_entry_kind",
                schema: "reconciliation",
                table: "entry");

            migrationBuilder.CreateTable(
                name: "batch_part",
                schema: "reconciliation",
                columns: table => new
                {
                    file = table.Column<long>(type: "bigint", nullable: false),
                    entry_no = table.Column<int>(type: "integer", nullable: false),
                    line = table.Column<long>(type: "bigint", nullable: false),
                    generation = table.Column<short>(type: "smallint", nullable: false),
                    envelope = table.Column<int>(type: "integer", nullable: false),
                    amount = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false),
                    tell = table.Column<bool>(type: "boolean", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_batch_part", x => new { x.file, x.entry_no, x.line, x.generation });
                    table.CheckConstraint("ck_batch_part_amount", "amount > 0");
                });

            migrationBuilder.CreateTable(
                name: "rejection",
                schema: "reconciliation",
                columns: table => new
                {
                    line = table.Column<long>(type: "bigint", nullable: false),
                    generation = table.Column<short>(type: "smallint", nullable: false),
                    file = table.Column<long>(type: "bigint", nullable: false),
                    entry_no = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_rejection", x => new { x.line, x.generation });
                });

            migrationBuilder.CreateTable(
                name: "statement_decision",
                schema: "reconciliation",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    file = table.Column<long>(type: "bigint", nullable: false),
                    kind = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    state = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    statements = table.Column<int[]>(type: "integer[]", nullable: false),
                    fingerprints = table.Column<string[]>(type: "text[]", nullable: false),
                    reason = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: false),
                    proposed_by = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: false),
                    proposed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    confirmed_by = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: true),
                    confirmed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_statement_decision", x => x.id);
                    table.CheckConstraint("ck_statement_decision_confirmed", "(state = 'Confirmed') = (confirmed_by is not null and confirmed_at is not null)");
                    table.CheckConstraint("ck_statement_decision_kind", "kind in ('Release', 'Discard')");
                    table.CheckConstraint("ck_statement_decision_second_person", "confirmed_by is null or lower(confirmed_by) <> lower(proposed_by)");
                    table.CheckConstraint("ck_statement_decision_state", "state in ('Proposed', 'Confirmed', 'Superseded')");
                    table.CheckConstraint("ck_statement_decision_statements", "cardinality(statements) > 0 and cardinality(statements) = cardinality(fingerprints)");
                });

            migrationBuilder.CreateIndex(
                name: "ix_unmatched_rejected",
                schema: "reconciliation",
                table: "unmatched",
                columns: new[] { "line", "generation" },
                filter: "state = 'Open' and cause = 'RejectedAfterDebit'");

            migrationBuilder.AddCheckConstraint(
                name: "ck_statement_state",
                schema: "reconciliation",
                table: "statement",
                sql: "state in ('Read', 'Booked', 'Duplicate', 'Held', 'Discarded', 'Rejected', 'UnknownAccount')");

            migrationBuilder.AddCheckConstraint(
                name: "ck_entry_kind",
                schema: "reconciliation",
                table: "entry",
                sql: "kind between 0 and 9 and (kind > 1 or (line is not null and generation is not null and envelope is not null and amount is not null))");

            migrationBuilder.CreateIndex(
                name: "ix_statement_decision_file",
                schema: "reconciliation",
                table: "statement_decision",
                column: "file");

            migrationBuilder.CreateIndex(
                name: "uq_statement_decision_proposed",
                schema: "reconciliation",
                table: "statement_decision",
                column: "file",
                unique: true,
                filter: "state = 'Proposed'");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "batch_part",
                schema: "reconciliation");

            migrationBuilder.DropTable(
                name: "rejection",
                schema: "reconciliation");

            migrationBuilder.DropTable(
                name: "statement_decision",
                schema: "reconciliation");

            migrationBuilder.DropIndex(
                name: "ix_unmatched_rejected",
                schema: "reconciliation",
                table: "unmatched");

            migrationBuilder.DropCheckConstraint(
                name: "ck_statement_state",
                schema: "reconciliation",
                table: "statement");

            migrationBuilder.DropCheckConstraint(
                name: "ck_entry_kind",
                schema: "reconciliation",
                table: "entry");

            migrationBuilder.AddCheckConstraint(
                name: "ck_statement_state",
                schema: "reconciliation",
                table: "statement",
                sql: "state in ('Read', 'Booked', 'Duplicate', 'Held', 'Rejected', 'UnknownAccount')");

            migrationBuilder.AddCheckConstraint(
                name: "ck_entry_kind",
                schema: "reconciliation",
                table: "entry",
                sql: "kind between 0 and 8 and (kind > 1 or (line is not null and generation is not null and envelope is not null and amount is not null))");
        }
    }
}
