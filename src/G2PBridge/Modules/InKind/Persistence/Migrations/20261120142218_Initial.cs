using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace G2PBridge.Modules.InKind.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.EnsureSchema(
                name: "in_kind");

            migrationBuilder.CreateTable(
                name: "batch",
                schema: "in_kind",
                columns: table => new
                {
                    batch_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    envelope_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    envelope_number = table.Column<long>(type: "bigint", nullable: false),
                    first_seq = table.Column<long>(type: "bigint", nullable: false),
                    last_seq = table.Column<long>(type: "bigint", nullable: false),
                    needs_warehouse = table.Column<bool>(type: "boolean", nullable: false),
                    is_cash = table.Column<bool>(type: "boolean", nullable: false),
                    programme_id = table.Column<int>(type: "integer", nullable: true),
                    benefit_code_id = table.Column<int>(type: "integer", nullable: true),
                    cycle_id = table.Column<int>(type: "integer", nullable: true),
                    target_registry = table.Column<string>(type: "text", nullable: true),
                    taken_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_batch", x => x.batch_id);
                });

            migrationBuilder.CreateTable(
                name: "beneficiary",
                schema: "in_kind",
                columns: table => new
                {
                    seq = table.Column<long>(type: "bigint", nullable: false),
                    geo_id = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    beneficiary_id = table.Column<string>(type: "text", nullable: false),
                    quantity = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false),
                    name = table.Column<string>(type: "text", nullable: true),
                    email = table.Column<string>(type: "text", nullable: true),
                    phone = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_beneficiary", x => x.seq);
                });

            migrationBuilder.CreateTable(
                name: "geo",
                schema: "in_kind",
                columns: table => new
                {
                    id = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    number = table.Column<long>(type: "bigint", nullable: false),
                    batch_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    envelope_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    round = table.Column<short>(type: "smallint", nullable: false),
                    large_id = table.Column<string>(type: "text", nullable: false),
                    large_mnemonic = table.Column<string>(type: "text", nullable: true),
                    small_id = table.Column<string>(type: "text", nullable: false),
                    small_mnemonic = table.Column<string>(type: "text", nullable: true),
                    beneficiaries = table.Column<int>(type: "integer", nullable: false),
                    quantity = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false),
                    warehouse_id = table.Column<string>(type: "text", nullable: true),
                    warehouse_mnemonic = table.Column<string>(type: "text", nullable: true),
                    warehouse_name = table.Column<string>(type: "text", nullable: true),
                    warehouse_additional_attributes = table.Column<string>(type: "text", nullable: true),
                    warehouse_admin_name = table.Column<string>(type: "text", nullable: true),
                    warehouse_admin_email = table.Column<string>(type: "text", nullable: true),
                    warehouse_admin_phone = table.Column<string>(type: "text", nullable: true),
                    warehouse_benefit_description = table.Column<string>(type: "text", nullable: true),
                    warehouse_reason = table.Column<string>(type: "text", nullable: true),
                    warehouse_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    agency_id = table.Column<string>(type: "text", nullable: true),
                    agency_mnemonic = table.Column<string>(type: "text", nullable: true),
                    agency_name = table.Column<string>(type: "text", nullable: true),
                    agency_additional_attributes = table.Column<string>(type: "text", nullable: true),
                    agency_admin_name = table.Column<string>(type: "text", nullable: true),
                    agency_admin_email = table.Column<string>(type: "text", nullable: true),
                    agency_admin_phone = table.Column<string>(type: "text", nullable: true),
                    agency_benefit_description = table.Column<string>(type: "text", nullable: true),
                    agency_reason = table.Column<string>(type: "text", nullable: true),
                    agency_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    payout_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    noticed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_geo", x => x.id);
                    table.CheckConstraint("ck_geo_agency", "agency_id is null or agency_reason is null or agency_reason = 'AGENCY_WITHOUT_ACCOUNT'");
                    table.CheckConstraint("ck_geo_counts", "beneficiaries > 0 and quantity >= 0");
                    table.CheckConstraint("ck_geo_warehouse", "warehouse_id is null or warehouse_reason is null");
                });

            migrationBuilder.CreateTable(
                name: "missing",
                schema: "in_kind",
                columns: table => new
                {
                    seq = table.Column<long>(type: "bigint", nullable: false),
                    batch_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    envelope_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    quantity = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false),
                    reason_code = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    last_attempt_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_missing", x => x.seq);
                });

            migrationBuilder.CreateTable(
                name: "proof",
                schema: "in_kind",
                columns: table => new
                {
                    seq = table.Column<long>(type: "bigint", nullable: false),
                    proof_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    envelope_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    disbursement_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    quantity = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false),
                    delivered_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    delivered_by = table.Column<string>(type: "character varying(256)", maxLength: 256, nullable: false),
                    received_by = table.Column<string>(type: "character varying(256)", maxLength: 256, nullable: true),
                    evidence = table.Column<string>(type: "character varying(2000)", maxLength: 2000, nullable: true),
                    recorded_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_proof", x => x.seq);
                });

            migrationBuilder.CreateTable(
                name: "task",
                schema: "in_kind",
                columns: table => new
                {
                    batch_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    kind = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    state = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    failed_attempts = table.Column<int>(type: "integer", nullable: false),
                    rounds = table.Column<short>(type: "smallint", nullable: false),
                    due_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    lease_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    fence = table.Column<long>(type: "bigint", nullable: false),
                    last_error_code = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    last_error = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: true),
                    settled_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_task", x => new { x.batch_id, x.kind });
                    table.CheckConstraint("ck_task_kind", "kind in ('GeoResolution', 'WarehouseAllocation', 'AgencyAllocation', 'Payout')");
                    table.CheckConstraint("ck_task_lease", "(state = 'Working') = (lease_until is not null)");
                    table.CheckConstraint("ck_task_state", "state in ('Pending', 'Working', 'Done', 'Incomplete', 'Exhausted')");
                });

            migrationBuilder.CreateTable(
                name: "task_history",
                schema: "in_kind",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    batch_id = table.Column<string>(type: "text", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    from_state = table.Column<string>(type: "text", nullable: true),
                    to_state = table.Column<string>(type: "text", nullable: false),
                    cause = table.Column<string>(type: "text", nullable: false),
                    actor = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_task_history", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "ix_batch_envelope",
                schema: "in_kind",
                table: "batch",
                column: "envelope_id");

            migrationBuilder.CreateIndex(
                name: "ix_batch_programme",
                schema: "in_kind",
                table: "batch",
                columns: new[] { "programme_id", "benefit_code_id" });

            migrationBuilder.CreateIndex(
                name: "ix_beneficiary_geo",
                schema: "in_kind",
                table: "beneficiary",
                column: "geo_id");

            migrationBuilder.CreateIndex(
                name: "ix_geo_envelope",
                schema: "in_kind",
                table: "geo",
                column: "envelope_id");

            migrationBuilder.CreateIndex(
                name: "ix_geo_to_notice",
                schema: "in_kind",
                table: "geo",
                column: "number",
                filter: "agency_id is not null and noticed_at is null");

            migrationBuilder.CreateIndex(
                name: "uq_geo_number",
                schema: "in_kind",
                table: "geo",
                column: "number",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "uq_geo_place",
                schema: "in_kind",
                table: "geo",
                columns: new[] { "batch_id", "round", "large_id", "small_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_missing_envelope",
                schema: "in_kind",
                table: "missing",
                columns: new[] { "envelope_id", "seq" });

            migrationBuilder.CreateIndex(
                name: "ix_proof_disbursement",
                schema: "in_kind",
                table: "proof",
                column: "disbursement_id");

            migrationBuilder.CreateIndex(
                name: "ix_proof_envelope",
                schema: "in_kind",
                table: "proof",
                column: "envelope_id");

            migrationBuilder.CreateIndex(
                name: "uq_proof_id",
                schema: "in_kind",
                table: "proof",
                column: "proof_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_task_due",
                schema: "in_kind",
                table: "task",
                columns: new[] { "kind", "due_at" },
                filter: "state in ('Pending', 'Incomplete')");

            migrationBuilder.CreateIndex(
                name: "ix_task_leased",
                schema: "in_kind",
                table: "task",
                column: "lease_until",
                filter: "state = 'Working'");

            migrationBuilder.CreateIndex(
                name: "ix_task_history_batch",
                schema: "in_kind",
                table: "task_history",
                column: "batch_id");

            Platform.Persistence.LeasedTable.AddOwner(migrationBuilder, InKindModule.Schema, "task");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "batch",
                schema: "in_kind");

            migrationBuilder.DropTable(
                name: "beneficiary",
                schema: "in_kind");

            migrationBuilder.DropTable(
                name: "geo",
                schema: "in_kind");

            migrationBuilder.DropTable(
                name: "missing",
                schema: "in_kind");

            migrationBuilder.DropTable(
                name: "proof",
                schema: "in_kind");

            migrationBuilder.DropTable(
                name: "task",
                schema: "in_kind");

            migrationBuilder.DropTable(
                name: "task_history",
                schema: "in_kind");
        }
    }
}
