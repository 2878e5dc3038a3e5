using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace G2PBridge.Modules.Reconciliation.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.EnsureSchema(
                name: "reconciliation");

            migrationBuilder.CreateTable(
                name: "entry",
                schema: "reconciliation",
                columns: table => new
                {
                    file = table.Column<long>(type: "bigint", nullable: false),
                    no = table.Column<int>(type: "integer", nullable: false),
                    statement = table.Column<int>(type: "integer", nullable: false),
                    ordinal = table.Column<int>(type: "integer", nullable: false),
                    detail_ordinal = table.Column<int>(type: "integer", nullable: false),
                    kind = table.Column<short>(type: "smallint", nullable: false),
                    mark = table.Column<string>(type: "character varying(2)", maxLength: 2, nullable: true),
                    type = table.Column<string>(type: "text", nullable: true),
                    value_date = table.Column<DateOnly>(type: "date", nullable: true),
                    entry_date = table.Column<DateOnly>(type: "date", nullable: true),
                    amount = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: true),
                    currency = table.Column<string>(type: "character varying(3)", maxLength: 3, nullable: true),
                    line = table.Column<long>(type: "bigint", nullable: true),
                    generation = table.Column<short>(type: "smallint", nullable: true),
                    envelope = table.Column<int>(type: "integer", nullable: true),
                    problem = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    cause = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: true),
                    detail = table.Column<string>(type: "text", nullable: true),
                    reference_texts = table.Column<string[]>(type: "text[]", nullable: true),
                    bank_reference = table.Column<string>(type: "text", nullable: true),
                    name = table.Column<string>(type: "text", nullable: true),
                    reason_code = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    reason = table.Column<string>(type: "text", nullable: true),
                    narrative = table.Column<string>(type: "text", nullable: true),
                    fingerprint = table.Column<Guid>(type: "uuid", nullable: false),
                    tell = table.Column<bool>(type: "boolean", nullable: false),
                    file_line = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_entry", x => new { x.file, x.no });
                    table.CheckConstraint("ck_entry_kind", "kind between 0 and 8 and (kind > 1 or (line is not null and generation is not null and envelope is not null and amount is not null))");
                });

            migrationBuilder.CreateTable(
                name: "envelope_progress",
                schema: "reconciliation",
                columns: table => new
                {
                    id = table.Column<int>(type: "integer", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    envelope_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    reconciled = table.Column<int>(type: "integer", nullable: false),
                    reconciled_amount = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false),
                    returned = table.Column<int>(type: "integer", nullable: false),
                    returned_amount = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_envelope_progress", x => x.id);
                    table.CheckConstraint("ck_envelope_progress", "returned between 0 and reconciled and returned_amount between 0 and reconciled_amount");
                });

            migrationBuilder.CreateTable(
                name: "match",
                schema: "reconciliation",
                columns: table => new
                {
                    line = table.Column<long>(type: "bigint", nullable: false),
                    generation = table.Column<short>(type: "smallint", nullable: false),
                    kind = table.Column<short>(type: "smallint", nullable: false),
                    file = table.Column<long>(type: "bigint", nullable: false),
                    entry_no = table.Column<int>(type: "integer", nullable: false),
                    envelope = table.Column<int>(type: "integer", nullable: false),
                    amount = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false),
                    reason_code = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    fingerprint = table.Column<Guid>(type: "uuid", nullable: false),
                    booked_by = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_match", x => new { x.line, x.generation, x.kind });
                    table.CheckConstraint("ck_match", "kind >= 0 and generation >= 1 and amount >= 0 and (kind = 0 or reason_code is not null)");
                });

            migrationBuilder.CreateTable(
                name: "statement",
                schema: "reconciliation",
                columns: table => new
                {
                    file = table.Column<long>(type: "bigint", nullable: false),
                    no = table.Column<int>(type: "integer", nullable: false),
                    state = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    format = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false),
                    account = table.Column<string>(type: "text", nullable: true),
                    sponsor_account = table.Column<string>(type: "text", nullable: true),
                    reference = table.Column<string>(type: "text", nullable: true),
                    number = table.Column<string>(type: "text", nullable: true),
                    sequence = table.Column<string>(type: "text", nullable: true),
                    currency = table.Column<string>(type: "text", nullable: true),
                    opening = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: true),
                    opening_date = table.Column<DateOnly>(type: "date", nullable: true),
                    opening_intermediate = table.Column<bool>(type: "boolean", nullable: true),
                    closing = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: true),
                    closing_date = table.Column<DateOnly>(type: "date", nullable: true),
                    closing_intermediate = table.Column<bool>(type: "boolean", nullable: true),
                    entries = table.Column<int>(type: "integer", nullable: false),
                    bad_entries = table.Column<int>(type: "integer", nullable: false),
                    credits = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false),
                    debits = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false),
                    verdict = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false),
                    findings = table.Column<string>(type: "jsonb", nullable: false),
                    content_fingerprint = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    bookings_fingerprint = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    duplicate_of_file = table.Column<long>(type: "bigint", nullable: true),
                    duplicate_of_no = table.Column<int>(type: "integer", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_statement", x => new { x.file, x.no });
                    table.CheckConstraint("ck_statement_duplicate", "(state = 'Duplicate') = (duplicate_of_file is not null)");
                    table.CheckConstraint("ck_statement_state", "state in ('Read', 'Booked', 'Duplicate', 'Held', 'Rejected', 'UnknownAccount')");
                });

            migrationBuilder.CreateTable(
                name: "statement_file",
                schema: "reconciliation",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    number = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    file_name = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: true),
                    content_type = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: true),
                    channel = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    profile = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    sha256 = table.Column<byte[]>(type: "bytea", nullable: true),
                    bytes = table.Column<long>(type: "bigint", nullable: false),
                    received_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    state = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    duplicate_of = table.Column<Guid>(type: "uuid", nullable: true),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    fence = table.Column<long>(type: "bigint", nullable: false),
                    lease_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    due_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    error_code = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    error_text = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: true),
                    format = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: true),
                    verdict = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: true),
                    findings = table.Column<string>(type: "jsonb", nullable: true),
                    statements = table.Column<int>(type: "integer", nullable: false),
                    entries = table.Column<int>(type: "integer", nullable: false),
                    matched = table.Column<int>(type: "integer", nullable: false),
                    returned = table.Column<int>(type: "integer", nullable: false),
                    classified = table.Column<int>(type: "integer", nullable: false),
                    unmatched = table.Column<int>(type: "integer", nullable: false),
                    repeated = table.Column<int>(type: "integer", nullable: false),
                    processed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    told_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_statement_file", x => x.id);
                    table.CheckConstraint("ck_statement_file_duplicate", "(state = 'Duplicate') = (duplicate_of is not null)");
                    table.CheckConstraint("ck_statement_file_hash", "state = 'Uploading' or octet_length(sha256) = 32");
                    table.CheckConstraint("ck_statement_file_lease", "state not in ('Uploading', 'Reading') or lease_until is not null");
                    table.CheckConstraint("ck_statement_file_state", "state in ('Uploading', 'Received', 'Reading', 'Processed', 'Error', 'Duplicate')");
                });

            migrationBuilder.CreateTable(
                name: "statement_file_history",
                schema: "reconciliation",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    file_id = table.Column<Guid>(type: "uuid", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    from_state = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: true),
                    to_state = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    cause = table.Column<string>(type: "text", nullable: false),
                    actor = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_statement_file_history", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "unmatched",
                schema: "reconciliation",
                columns: table => new
                {
                    file = table.Column<long>(type: "bigint", nullable: false),
                    entry_no = table.Column<int>(type: "integer", nullable: false),
                    statement = table.Column<int>(type: "integer", nullable: false),
                    state = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    account = table.Column<string>(type: "text", nullable: true),
                    line = table.Column<long>(type: "bigint", nullable: true),
                    generation = table.Column<short>(type: "smallint", nullable: true),
                    error_reason = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    cause = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    detail = table.Column<string>(type: "text", nullable: false),
                    reference_texts = table.Column<string[]>(type: "text[]", nullable: false),
                    fingerprint = table.Column<Guid>(type: "uuid", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    closed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_unmatched", x => new { x.file, x.entry_no });
                    table.CheckConstraint("ck_unmatched_state", "state in ('Open', 'Matched', 'Closed')");
                });

            migrationBuilder.CreateTable(
                name: "statement_file_part",
                schema: "reconciliation",
                columns: table => new
                {
                    file_id = table.Column<Guid>(type: "uuid", nullable: false),
                    no = table.Column<int>(type: "integer", nullable: false),
                    content = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_statement_file_part", x => new { x.file_id, x.no });
                    table.ForeignKey(
                        name: "fk_statement_file_part_file",
                        column: x => x.file_id,
                        principalSchema: "reconciliation",
                        principalTable: "statement_file",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_entry_tell",
                schema: "reconciliation",
                table: "entry",
                columns: new[] { "file", "no" },
                filter: "tell");

            migrationBuilder.CreateIndex(
                name: "uq_envelope_progress",
                schema: "reconciliation",
                table: "envelope_progress",
                column: "envelope_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_match_returned",
                schema: "reconciliation",
                table: "match",
                columns: new[] { "envelope", "line" },
                filter: "kind > 0");

            migrationBuilder.CreateIndex(
                name: "ix_match_returned_by",
                schema: "reconciliation",
                table: "match",
                column: "booked_by",
                filter: "kind > 0");

            migrationBuilder.CreateIndex(
                name: "ix_statement_account",
                schema: "reconciliation",
                table: "statement",
                columns: new[] { "account", "closing_date" });

            migrationBuilder.CreateIndex(
                name: "ix_statement_bookings",
                schema: "reconciliation",
                table: "statement",
                column: "bookings_fingerprint",
                filter: "state = 'Booked' and entries > 0");

            migrationBuilder.CreateIndex(
                name: "uq_statement_content",
                schema: "reconciliation",
                table: "statement",
                column: "content_fingerprint",
                unique: true,
                filter: "state = 'Booked'");

            migrationBuilder.CreateIndex(
                name: "ix_statement_file_due",
                schema: "reconciliation",
                table: "statement_file",
                columns: new[] { "due_at", "number" },
                filter: "state = 'Received'");

            migrationBuilder.CreateIndex(
                name: "ix_statement_file_leased",
                schema: "reconciliation",
                table: "statement_file",
                column: "lease_until",
                filter: "state in ('Uploading', 'Reading')");

            migrationBuilder.CreateIndex(
                name: "ix_statement_file_untold",
                schema: "reconciliation",
                table: "statement_file",
                column: "number",
                filter: "state in ('Processed', 'Error') and told_at is null");

            migrationBuilder.CreateIndex(
                name: "uq_statement_file_number",
                schema: "reconciliation",
                table: "statement_file",
                column: "number",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "uq_statement_file_sha256",
                schema: "reconciliation",
                table: "statement_file",
                column: "sha256",
                unique: true,
                filter: "state not in ('Uploading', 'Duplicate')");

            migrationBuilder.CreateIndex(
                name: "ix_statement_file_history_file",
                schema: "reconciliation",
                table: "statement_file_history",
                column: "file_id");

            migrationBuilder.CreateIndex(
                name: "ix_unmatched_fingerprint",
                schema: "reconciliation",
                table: "unmatched",
                column: "fingerprint");

            migrationBuilder.CreateIndex(
                name: "ix_unmatched_line",
                schema: "reconciliation",
                table: "unmatched",
                column: "line",
                filter: "line is not null");

            migrationBuilder.CreateIndex(
                name: "ix_unmatched_reference_texts",
                schema: "reconciliation",
                table: "unmatched",
                column: "reference_texts")
                .Annotation("Npgsql:IndexMethod", "gin");

            migrationBuilder.CreateIndex(
                name: "ix_unmatched_waiting_return",
                schema: "reconciliation",
                table: "unmatched",
                columns: new[] { "file", "entry_no" },
                filter: "state = 'Open' and cause = 'ReturnWithoutDebit'");

            // Statements are read once or twice: compressing a mebibyte would cost more than its place.
            migrationBuilder.Sql("alter table reconciliation.statement_file_part alter column content set storage external");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "entry",
                schema: "reconciliation");

            migrationBuilder.DropTable(
                name: "envelope_progress",
                schema: "reconciliation");

            migrationBuilder.DropTable(
                name: "match",
                schema: "reconciliation");

            migrationBuilder.DropTable(
                name: "statement",
                schema: "reconciliation");

            migrationBuilder.DropTable(
                name: "statement_file_history",
                schema: "reconciliation");

            migrationBuilder.DropTable(
                name: "statement_file_part",
                schema: "reconciliation");

            migrationBuilder.DropTable(
                name: "unmatched",
                schema: "reconciliation");

            migrationBuilder.DropTable(
                name: "statement_file",
                schema: "reconciliation");
        }
    }
}
