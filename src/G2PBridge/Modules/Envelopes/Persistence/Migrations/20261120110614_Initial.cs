using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace G2PBridge.Modules.Envelopes.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.EnsureSchema(
                name: "envelopes");

            migrationBuilder.CreateTable(
                name: "batch",
                schema: "envelopes",
                columns: table => new
                {
                    id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    number = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    envelope_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    cycle_id = table.Column<int>(type: "integer", nullable: true),
                    first_seq = table.Column<long>(type: "bigint", nullable: false),
                    last_seq = table.Column<long>(type: "bigint", nullable: false),
                    quantity = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false),
                    received_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    taken_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_batch", x => x.id);
                    table.CheckConstraint("ck_batch_lines", "last_seq >= first_seq");
                });

            migrationBuilder.CreateTable(
                name: "cancellation",
                schema: "envelopes",
                columns: table => new
                {
                    seq = table.Column<long>(type: "bigint", nullable: false),
                    envelope_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    quantity = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    actor = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_cancellation", x => x.seq);
                });

            migrationBuilder.CreateTable(
                name: "disbursement",
                schema: "envelopes",
                columns: table => new
                {
                    seq = table.Column<long>(type: "bigint", nullable: false),
                    disbursement_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    beneficiary_id = table.Column<string>(type: "character varying(256)", maxLength: 256, nullable: false),
                    beneficiary_name = table.Column<string>(type: "text", nullable: true),
                    quantity = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false),
                    narrative = table.Column<string>(type: "text", nullable: true),
                    cycle_id = table.Column<int>(type: "integer", nullable: true),
                    compute_elements = table.Column<string>(type: "jsonb", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_disbursement", x => x.seq);
                });

            migrationBuilder.CreateTable(
                name: "entitlement",
                schema: "envelopes",
                columns: table => new
                {
                    key = table.Column<byte[]>(type: "bytea", nullable: false),
                    seq = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_entitlement", x => x.key);
                });

            migrationBuilder.CreateTable(
                name: "envelope",
                schema: "envelopes",
                columns: table => new
                {
                    id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    number = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    programme_id = table.Column<int>(type: "integer", nullable: true),
                    programme_mnemonic = table.Column<string>(type: "text", nullable: true),
                    programme_description = table.Column<string>(type: "text", nullable: true),
                    target_registry = table.Column<string>(type: "text", nullable: true),
                    benefit_code_id = table.Column<int>(type: "integer", nullable: true),
                    benefit_code_mnemonic = table.Column<string>(type: "text", nullable: true),
                    benefit_code_description = table.Column<string>(type: "text", nullable: true),
                    benefit_type = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    cycle_id = table.Column<int>(type: "integer", nullable: true),
                    cycle_mnemonic = table.Column<string>(type: "text", nullable: true),
                    frequency = table.Column<string>(type: "text", nullable: true),
                    unit = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    number_of_beneficiaries = table.Column<int>(type: "integer", nullable: false),
                    number_of_disbursements = table.Column<int>(type: "integer", nullable: false),
                    total_quantity = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false),
                    disbursements_received = table.Column<int>(type: "integer", nullable: false),
                    quantity_received = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false),
                    schedule_date = table.Column<DateOnly>(type: "date", nullable: false),
                    status = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    received_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    sealed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    cancelled_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    funding_taken_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    sender = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_envelope", x => x.id);
                    table.CheckConstraint("ck_envelope_benefit_type", "benefit_type in ('Commodity', 'Service', 'CashDigital', 'CashPhysical', 'Combination')");
                    table.CheckConstraint("ck_envelope_received", "disbursements_received between 0 and number_of_disbursements and quantity_received between 0 and total_quantity");
                    table.CheckConstraint("ck_envelope_status", "status in ('Open', 'Sealed', 'Cancelled')");
                });

            migrationBuilder.CreateTable(
                name: "envelope_history",
                schema: "envelopes",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    envelope_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    from_status = table.Column<string>(type: "text", nullable: false),
                    to_status = table.Column<string>(type: "text", nullable: false),
                    cause = table.Column<string>(type: "text", nullable: false),
                    actor = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_envelope_history", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "request",
                schema: "envelopes",
                columns: table => new
                {
                    sender = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    request_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    endpoint = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    body_hash = table.Column<byte[]>(type: "bytea", nullable: false),
                    answered_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    given_ids = table.Column<string[]>(type: "text[]", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_request", x => new { x.sender, x.request_id });
                });

            migrationBuilder.CreateIndex(
                name: "IX_batch_envelope_id",
                schema: "envelopes",
                table: "batch",
                column: "envelope_id");

            migrationBuilder.CreateIndex(
                name: "IX_batch_first_seq",
                schema: "envelopes",
                table: "batch",
                column: "first_seq",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_batch_new",
                schema: "envelopes",
                table: "batch",
                column: "number",
                filter: "taken_at is null");

            migrationBuilder.CreateIndex(
                name: "IX_cancellation_envelope_id",
                schema: "envelopes",
                table: "cancellation",
                column: "envelope_id");

            migrationBuilder.CreateIndex(
                name: "uq_disbursement_id",
                schema: "envelopes",
                table: "disbursement",
                column: "disbursement_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_envelope_due",
                schema: "envelopes",
                table: "envelope",
                column: "schedule_date",
                filter: "funding_taken_at is null and status <> 'Cancelled'");

            migrationBuilder.CreateIndex(
                name: "IX_envelope_number",
                schema: "envelopes",
                table: "envelope",
                column: "number",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_envelope_history_envelope_id",
                schema: "envelopes",
                table: "envelope_history",
                column: "envelope_id");

            // A call takes its line numbers in one run. The lock lasts for this one statement, which is its own transaction;
            // a rolled back call leaves a gap and nothing else.
            migrationBuilder.Sql(
                """
                create sequence envelopes.line_number as bigint minvalue 1 start 1;
                create function envelopes.take_numbers(count integer) returns bigint language plpgsql as $$
                declare
                    first bigint;
                begin
                    perform pg_advisory_xact_lock(hashtextextended('envelopes.line_number', 0));
                    first := nextval('envelopes.line_number');
                    perform setval('envelopes.line_number', first + count - 1);
                    return first;
                end
                $$;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "batch",
                schema: "envelopes");

            migrationBuilder.DropTable(
                name: "cancellation",
                schema: "envelopes");

            migrationBuilder.DropTable(
                name: "disbursement",
                schema: "envelopes");

            migrationBuilder.DropTable(
                name: "entitlement",
                schema: "envelopes");

            migrationBuilder.DropTable(
                name: "envelope",
                schema: "envelopes");

            migrationBuilder.DropTable(
                name: "envelope_history",
                schema: "envelopes");

            migrationBuilder.DropTable(
                name: "request",
                schema: "envelopes");
        }
    }
}
