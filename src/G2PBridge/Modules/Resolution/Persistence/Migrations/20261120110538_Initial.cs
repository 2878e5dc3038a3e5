using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace G2PBridge.Modules.Resolution.Persistence.Migrations
{
    /// <inheritdoc />
    internal sealed partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.EnsureSchema(
                name: "resolution");

            migrationBuilder.CreateTable(
                name: "address",
                schema: "resolution",
                columns: table => new
                {
                    seq = table.Column<long>(type: "bigint", nullable: false),
                    round = table.Column<short>(type: "smallint", nullable: false),
                    kind = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false),
                    bank_code = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    branch_code = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    account_number = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    mobile_number = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: true),
                    mobile_wallet_provider = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: true),
                    email_address = table.Column<string>(type: "character varying(254)", maxLength: 254, nullable: true),
                    email_wallet_provider = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: true),
                    resolved_name = table.Column<string>(type: "character varying(256)", maxLength: 256, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_address", x => x.seq);
                    table.CheckConstraint("ck_address_kind", "kind in ('BANK_ACCOUNT', 'MOBILE_WALLET', 'EMAIL_WALLET')");
                });

            migrationBuilder.CreateTable(
                name: "resolved_set",
                schema: "resolution",
                columns: table => new
                {
                    slice_id = table.Column<long>(type: "bigint", nullable: false),
                    round = table.Column<short>(type: "smallint", nullable: false),
                    envelope_id = table.Column<string>(type: "text", nullable: false),
                    batch_id = table.Column<string>(type: "text", nullable: false),
                    first_seq = table.Column<long>(type: "bigint", nullable: false),
                    last_seq = table.Column<long>(type: "bigint", nullable: false),
                    lines = table.Column<int>(type: "integer", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    handed_over_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_resolved_set", x => new { x.slice_id, x.round });
                    table.CheckConstraint("ck_resolved_set_lines", "lines > 0");
                });

            migrationBuilder.CreateTable(
                name: "slice",
                schema: "resolution",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    envelope_id = table.Column<string>(type: "text", nullable: false),
                    batch_id = table.Column<string>(type: "text", nullable: false),
                    batch_number = table.Column<long>(type: "bigint", nullable: false),
                    first_seq = table.Column<long>(type: "bigint", nullable: false),
                    last_seq = table.Column<long>(type: "bigint", nullable: false),
                    status = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    failed_attempts = table.Column<int>(type: "integer", nullable: false),
                    rounds = table.Column<short>(type: "smallint", nullable: false),
                    due_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    lease_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    fence = table.Column<long>(type: "bigint", nullable: false),
                    lines = table.Column<int>(type: "integer", nullable: false),
                    resolved = table.Column<int>(type: "integer", nullable: false),
                    resolved_quantity = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false),
                    unresolved = table.Column<int>(type: "integer", nullable: false),
                    last_error_code = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    last_error = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: true),
                    asked_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_slice", x => x.id);
                    table.CheckConstraint("ck_slice_counts", "resolved >= 0 and unresolved >= 0 and resolved + unresolved <= lines and lines <= last_seq - first_seq + 1");
                    table.CheckConstraint("ck_slice_lease", "(status = 'Resolving') = (lease_until is not null)");
                    table.CheckConstraint("ck_slice_status", "status in ('Pending', 'Resolving', 'Resolved', 'Incomplete', 'Exhausted')");
                });

            migrationBuilder.CreateTable(
                name: "slice_history",
                schema: "resolution",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    slice_id = table.Column<long>(type: "bigint", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    from_status = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: true),
                    to_status = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    cause = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: false),
                    actor = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_slice_history", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "unresolved",
                schema: "resolution",
                columns: table => new
                {
                    seq = table.Column<long>(type: "bigint", nullable: false),
                    slice_id = table.Column<long>(type: "bigint", nullable: false),
                    envelope_id = table.Column<string>(type: "text", nullable: false),
                    reason_code = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    reason = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: true),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    last_attempt_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_unresolved", x => x.seq);
                });

            migrationBuilder.CreateIndex(
                name: "ix_resolved_set_new",
                schema: "resolution",
                table: "resolved_set",
                columns: new[] { "created_at", "slice_id", "round" },
                filter: "handed_over_at is null");

            migrationBuilder.CreateIndex(
                name: "IX_slice_batch_id_first_seq",
                schema: "resolution",
                table: "slice",
                columns: new[] { "batch_id", "first_seq" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_slice_due",
                schema: "resolution",
                table: "slice",
                columns: new[] { "due_at", "id" },
                filter: "status in ('Pending', 'Incomplete')");

            migrationBuilder.CreateIndex(
                name: "IX_slice_envelope_id",
                schema: "resolution",
                table: "slice",
                column: "envelope_id");

            migrationBuilder.CreateIndex(
                name: "ix_slice_leased",
                schema: "resolution",
                table: "slice",
                column: "lease_until",
                filter: "status = 'Resolving'");

            migrationBuilder.CreateIndex(
                name: "IX_slice_history_slice_id",
                schema: "resolution",
                table: "slice_history",
                column: "slice_id");

            migrationBuilder.CreateIndex(
                name: "IX_unresolved_envelope_id_seq",
                schema: "resolution",
                table: "unresolved",
                columns: new[] { "envelope_id", "seq" });

            // A line belongs to one slice, whoever cuts batches with whatever slice size at the same time.
            migrationBuilder.Sql("alter table resolution.slice add constraint ex_slice_lines exclude using gist (int8range(first_seq, last_seq, '[]') with &&)");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "address",
                schema: "resolution");

            migrationBuilder.DropTable(
                name: "resolved_set",
                schema: "resolution");

            migrationBuilder.DropTable(
                name: "slice",
                schema: "resolution");

            migrationBuilder.DropTable(
                name: "slice_history",
                schema: "resolution");

            migrationBuilder.DropTable(
                name: "unresolved",
                schema: "resolution");
        }
    }
}
