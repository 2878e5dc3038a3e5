using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace G2PBridge.Modules.Funds.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.EnsureSchema(
                name: "funds");

            migrationBuilder.CreateTable(
                name: "envelope_funds",
                schema: "funds",
                columns: table => new
                {
                    envelope_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    envelope_number = table.Column<long>(type: "bigint", nullable: false),
                    programme_id = table.Column<int>(type: "integer", nullable: true),
                    benefit_code_id = table.Column<int>(type: "integer", nullable: true),
                    currency = table.Column<string>(type: "character varying(3)", maxLength: 3, nullable: false),
                    amount = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false),
                    schedule_date = table.Column<DateOnly>(type: "date", nullable: false),
                    overdue = table.Column<bool>(type: "boolean", nullable: false),
                    bank_code = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    account_number = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    account_type = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    branch_code = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    state = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    fence = table.Column<long>(type: "bigint", nullable: false),
                    lease_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    due_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    check_attempts = table.Column<int>(type: "integer", nullable: false),
                    check_failures = table.Column<int>(type: "integer", nullable: false),
                    check_error_code = table.Column<string>(type: "text", nullable: true),
                    check_error = table.Column<string>(type: "text", nullable: true),
                    checked_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    block_attempts = table.Column<int>(type: "integer", nullable: false),
                    block_failures = table.Column<int>(type: "integer", nullable: false),
                    block_error_code = table.Column<string>(type: "text", nullable: true),
                    block_error = table.Column<string>(type: "text", nullable: true),
                    blocked_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    block_key = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    block_reference = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    blocked_amount = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false),
                    release_state = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    release_used = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false),
                    released_amount = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false),
                    release_attempts = table.Column<int>(type: "integer", nullable: false),
                    release_error_code = table.Column<string>(type: "text", nullable: true),
                    release_due_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    watch_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    acknowledged_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_envelope_funds", x => x.envelope_id);
                    table.CheckConstraint("ck_envelope_funds_amount", "amount >= 0 and blocked_amount >= 0 and released_amount between 0 and blocked_amount");
                    table.CheckConstraint("ck_envelope_funds_blocked", "state <> 'Blocked' or (blocked_amount >= amount and block_reference is not null and bank_code is not null)");
                    table.CheckConstraint("ck_envelope_funds_key", "state not in ('Blocking', 'BlockUnknown') or block_key is not null");
                    table.CheckConstraint("ck_envelope_funds_lease", "(lease_until is not null) = (state in ('Checking', 'Blocking') or release_state = 'Releasing')");
                    table.CheckConstraint("ck_envelope_funds_release_state", "release_state in ('None', 'Requested', 'Releasing', 'Released', 'Impossible')");
                    table.CheckConstraint("ck_envelope_funds_state", "state in ('CheckPending', 'Checking', 'NotAvailable', 'CheckError', 'BlockPending', 'Blocking', 'BlockFailed', 'BlockUnknown', 'Short', 'Blocked', 'Withdrawn')");
                });

            migrationBuilder.CreateTable(
                name: "envelope_funds_history",
                schema: "funds",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    envelope_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    from_state = table.Column<string>(type: "text", nullable: true),
                    to_state = table.Column<string>(type: "text", nullable: false),
                    cause = table.Column<string>(type: "text", nullable: false),
                    actor = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_envelope_funds_history", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "ix_envelope_funds_due",
                schema: "funds",
                table: "envelope_funds",
                column: "due_at",
                filter: "due_at is not null");

            migrationBuilder.CreateIndex(
                name: "ix_envelope_funds_lease",
                schema: "funds",
                table: "envelope_funds",
                column: "lease_until",
                filter: "lease_until is not null");

            migrationBuilder.CreateIndex(
                name: "ix_envelope_funds_new",
                schema: "funds",
                table: "envelope_funds",
                column: "envelope_number",
                filter: "state = 'Blocked' and acknowledged_at is null");

            migrationBuilder.CreateIndex(
                name: "ix_envelope_funds_release",
                schema: "funds",
                table: "envelope_funds",
                column: "release_due_at",
                filter: "release_due_at is not null");

            migrationBuilder.CreateIndex(
                name: "ix_envelope_funds_watch",
                schema: "funds",
                table: "envelope_funds",
                column: "watch_at",
                filter: "watch_at is not null");

            migrationBuilder.CreateIndex(
                name: "ix_envelope_funds_history_envelope",
                schema: "funds",
                table: "envelope_funds_history",
                column: "envelope_id");

            migrationBuilder.Sql("""
                create function funds.refuse_change() returns trigger language plpgsql as $$
                begin
                    raise exception '%.% is append-only', tg_table_schema, tg_table_name using errcode = 'restrict_violation';
                end $$;
                create trigger envelope_funds_history_append_only before update or delete on funds.envelope_funds_history
                    for each row execute function funds.refuse_change();
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "envelope_funds",
                schema: "funds");

            migrationBuilder.DropTable(
                name: "envelope_funds_history",
                schema: "funds");
        }
    }
}
