using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace G2PBridge.Modules.Disbursement.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.EnsureSchema(
                name: "disbursement");

            migrationBuilder.CreateTable(
                name: "chunk",
                schema: "disbursement",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    envelope_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    envelope_number = table.Column<long>(type: "bigint", nullable: false),
                    bank_code = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    batch_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    slice_id = table.Column<long>(type: "bigint", nullable: false),
                    round = table.Column<int>(type: "integer", nullable: false),
                    first_seq = table.Column<long>(type: "bigint", nullable: false),
                    last_seq = table.Column<long>(type: "bigint", nullable: false),
                    resolved_lines = table.Column<int>(type: "integer", nullable: false),
                    lines = table.Column<int>(type: "integer", nullable: false),
                    amount = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false),
                    unknown_lines = table.Column<int>(type: "integer", nullable: false),
                    state = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    inquiries = table.Column<int>(type: "integer", nullable: false),
                    fence = table.Column<long>(type: "bigint", nullable: false),
                    lease_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    due_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    idempotency_key = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    payload_hash = table.Column<byte[]>(type: "bytea", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    prepared_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    sent_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    unknown_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    settled_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    last_error_code = table.Column<string>(type: "text", nullable: true),
                    last_error = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_chunk", x => x.id);
                    table.CheckConstraint("ck_chunk_bank", "state = 'Waiting' or bank_code is not null");
                    table.CheckConstraint("ck_chunk_intent", "state not in ('Prepared', 'Sending', 'Sent', 'Unknown', 'Refused') or (lines > 0 and prepared_at is not null and idempotency_key is not null and payload_hash is not null)");
                    table.CheckConstraint("ck_chunk_lease", "(state not in ('Claimed', 'Sending') or lease_until is not null) and (state <> 'Unknown' or unknown_at is not null)");
                    table.CheckConstraint("ck_chunk_lines", "last_seq >= first_seq and lines >= 0 and unknown_lines between 0 and lines");
                    table.CheckConstraint("ck_chunk_state", "state in ('Waiting', 'Pending', 'Claimed', 'Prepared', 'Sending', 'Sent', 'Unknown', 'Refused', 'Empty')");
                });

            migrationBuilder.CreateTable(
                name: "chunk_history",
                schema: "disbursement",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    chunk_id = table.Column<long>(type: "bigint", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    from_state = table.Column<string>(type: "text", nullable: true),
                    to_state = table.Column<string>(type: "text", nullable: false),
                    fence = table.Column<long>(type: "bigint", nullable: false),
                    cause = table.Column<string>(type: "text", nullable: false),
                    actor = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_chunk_history", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "envelope",
                schema: "disbursement",
                columns: table => new
                {
                    envelope_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    envelope_number = table.Column<long>(type: "bigint", nullable: false),
                    bank_code = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    account_number = table.Column<string>(type: "text", nullable: false),
                    account_type = table.Column<string>(type: "text", nullable: true),
                    branch_code = table.Column<string>(type: "text", nullable: true),
                    currency = table.Column<string>(type: "character varying(3)", maxLength: 3, nullable: false),
                    block_reference = table.Column<string>(type: "text", nullable: false),
                    blocked_amount = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false),
                    programme_mnemonic = table.Column<string>(type: "text", nullable: true),
                    cycle_mnemonic = table.Column<string>(type: "text", nullable: true),
                    sent_lines = table.Column<int>(type: "integer", nullable: false),
                    sent_amount = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false),
                    unknown_lines = table.Column<int>(type: "integer", nullable: false),
                    unknown_amount = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false),
                    refused_lines = table.Column<int>(type: "integer", nullable: false),
                    refused_amount = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false),
                    in_flight_lines = table.Column<int>(type: "integer", nullable: false),
                    in_flight_amount = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false),
                    nothing_to_pay_lines = table.Column<int>(type: "integer", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    finish_due_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    complete_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    released = table.Column<bool>(type: "boolean", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_envelope", x => x.envelope_id);
                    table.CheckConstraint("ck_envelope_counts", "sent_lines >= 0 and unknown_lines >= 0 and refused_lines >= 0 and in_flight_lines >= 0 and nothing_to_pay_lines >= 0 and sent_amount >= 0 and unknown_amount >= 0 and refused_amount >= 0 and in_flight_amount >= 0");
                    table.CheckConstraint("ck_envelope_within_block", "sent_amount + unknown_amount + in_flight_amount <= blocked_amount");
                });

            migrationBuilder.CreateTable(
                name: "installation",
                schema: "disbursement",
                columns: table => new
                {
                    id = table.Column<short>(type: "smallint", nullable: false),
                    prefix = table.Column<string>(type: "char(4)", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_installation", x => x.id);
                    table.CheckConstraint("ck_installation_single", "id = 1");
                });

            migrationBuilder.CreateTable(
                name: "line_history",
                schema: "disbursement",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    line = table.Column<long>(type: "bigint", nullable: false),
                    generation = table.Column<short>(type: "smallint", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    from_state = table.Column<string>(type: "text", nullable: true),
                    to_state = table.Column<string>(type: "text", nullable: false),
                    cause = table.Column<string>(type: "text", nullable: false),
                    actor = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_line_history", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "line_state",
                schema: "disbursement",
                columns: table => new
                {
                    line = table.Column<long>(type: "bigint", nullable: false),
                    generation = table.Column<short>(type: "smallint", nullable: false),
                    chunk_id = table.Column<long>(type: "bigint", nullable: false),
                    envelope_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    state = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    reason_code = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    reason = table.Column<string>(type: "text", nullable: true),
                    not_found = table.Column<short>(type: "smallint", nullable: false),
                    since = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_line_state", x => x.line);
                    table.CheckConstraint("ck_line_state_state", "state in ('Prepared', 'Sending', 'Sent', 'Unknown', 'Refused', 'Returned', 'NothingToPay')");
                });

            migrationBuilder.CreateTable(
                name: "failure",
                schema: "disbursement",
                columns: table => new
                {
                    line = table.Column<long>(type: "bigint", nullable: false),
                    generation = table.Column<short>(type: "smallint", nullable: false),
                    reason_code = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    reason = table.Column<string>(type: "text", nullable: true),
                    proof = table.Column<string>(type: "text", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_failure", x => new { x.line, x.generation });
                });

            migrationBuilder.CreateTable(
                name: "instruction",
                schema: "disbursement",
                columns: table => new
                {
                    line = table.Column<long>(type: "bigint", nullable: false),
                    generation = table.Column<short>(type: "smallint", nullable: false),
                    prior_generation = table.Column<short>(type: "smallint", nullable: true),
                    chunk_id = table.Column<long>(type: "bigint", nullable: false),
                    amount = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false),
                    payload_hash = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_instruction", x => new { x.line, x.generation });
                    table.CheckConstraint("ck_instruction_amount", "amount > 0");
                    table.CheckConstraint("ck_instruction_generation", "generation between 1 and 15 and prior_generation is not distinct from nullif(generation - 1, 0)");
                    table.CheckConstraint("ck_instruction_hash", "octet_length(payload_hash) = 16");
                    table.ForeignKey(
                        name: "fk_instruction_prior_failed",
                        columns: x => new { x.line, x.prior_generation },
                        principalSchema: "disbursement",
                        principalTable: "failure",
                        principalColumns: new[] { "line", "generation" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateIndex(
                name: "ix_chunk_batch",
                schema: "disbursement",
                table: "chunk",
                column: "batch_id");

            migrationBuilder.CreateIndex(
                name: "ix_chunk_envelope",
                schema: "disbursement",
                table: "chunk",
                column: "envelope_id");

            migrationBuilder.CreateIndex(
                name: "ix_chunk_first_seq",
                schema: "disbursement",
                table: "chunk",
                column: "first_seq");

            migrationBuilder.CreateIndex(
                name: "ix_chunk_lease",
                schema: "disbursement",
                table: "chunk",
                column: "lease_until",
                filter: "state in ('Claimed', 'Sending')");

            migrationBuilder.CreateIndex(
                name: "ix_chunk_ready",
                schema: "disbursement",
                table: "chunk",
                columns: new[] { "bank_code", "id" },
                filter: "state in ('Pending', 'Prepared')");

            migrationBuilder.CreateIndex(
                name: "ix_chunk_unknown",
                schema: "disbursement",
                table: "chunk",
                column: "due_at",
                filter: "unknown_lines > 0");

            migrationBuilder.CreateIndex(
                name: "ix_chunk_waiting",
                schema: "disbursement",
                table: "chunk",
                column: "envelope_id",
                filter: "state = 'Waiting'");

            migrationBuilder.CreateIndex(
                name: "uq_chunk_idempotency_key",
                schema: "disbursement",
                table: "chunk",
                column: "idempotency_key",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "uq_chunk_set",
                schema: "disbursement",
                table: "chunk",
                columns: new[] { "slice_id", "round", "first_seq" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_chunk_history_chunk",
                schema: "disbursement",
                table: "chunk_history",
                column: "chunk_id");

            migrationBuilder.CreateIndex(
                name: "ix_envelope_open",
                schema: "disbursement",
                table: "envelope",
                column: "finish_due_at",
                filter: "complete_at is null");

            migrationBuilder.CreateIndex(
                name: "ix_envelope_to_release",
                schema: "disbursement",
                table: "envelope",
                column: "complete_at",
                filter: "complete_at is not null and not released");

            migrationBuilder.CreateIndex(
                name: "ix_instruction_prior",
                schema: "disbursement",
                table: "instruction",
                columns: new[] { "line", "prior_generation" },
                filter: "prior_generation is not null");

            migrationBuilder.CreateIndex(
                name: "ix_line_history_line",
                schema: "disbursement",
                table: "line_history",
                column: "line");

            migrationBuilder.CreateIndex(
                name: "ix_line_state_chunk",
                schema: "disbursement",
                table: "line_state",
                column: "chunk_id");

            migrationBuilder.CreateIndex(
                name: "ix_line_state_envelope",
                schema: "disbursement",
                table: "line_state",
                columns: new[] { "envelope_id", "line" });

            migrationBuilder.AddForeignKey(
                name: "fk_failure_instruction",
                schema: "disbursement",
                table: "failure",
                columns: new[] { "line", "generation" },
                principalSchema: "disbursement",
                principalTable: "instruction",
                principalColumns: new[] { "line", "generation" },
                onDelete: ReferentialAction.Restrict);

            // The alphabet of a payment reference's prefix: no I, L, O, U. Drawn from the random bytes of a version 4 UUID.
            migrationBuilder.Sql("""
                insert into disbursement.installation (id, prefix)
                select 1, string_agg(substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + (get_byte(drawn.bytes, place) & 31), 1), '')
                from (select uuid_send(gen_random_uuid()) as bytes) drawn, generate_series(0, 3) as place;
                """);
            migrationBuilder.Sql("""
                create function disbursement.refuse_change() returns trigger language plpgsql as $$
                begin
                    raise exception '%.% is append-only', tg_table_schema, tg_table_name using errcode = 'restrict_violation';
                end $$;
                create trigger instruction_append_only before update or delete on disbursement.instruction
                    for each row execute function disbursement.refuse_change();
                create trigger chunk_history_append_only before update or delete on disbursement.chunk_history
                    for each row execute function disbursement.refuse_change();
                create trigger line_history_append_only before update or delete on disbursement.line_history
                    for each row execute function disbursement.refuse_change();
                create trigger installation_for_ever before update or delete on disbursement.installation
                    for each row execute function disbursement.refuse_change();
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropForeignKey(
                name: "fk_failure_instruction",
                schema: "disbursement",
                table: "failure");

            migrationBuilder.DropTable(
                name: "chunk",
                schema: "disbursement");

            migrationBuilder.DropTable(
                name: "chunk_history",
                schema: "disbursement");

            migrationBuilder.DropTable(
                name: "envelope",
                schema: "disbursement");

            migrationBuilder.DropTable(
                name: "installation",
                schema: "disbursement");

            migrationBuilder.DropTable(
                name: "line_history",
                schema: "disbursement");

            migrationBuilder.DropTable(
                name: "line_state",
                schema: "disbursement");

            migrationBuilder.DropTable(
                name: "instruction",
                schema: "disbursement");

            migrationBuilder.DropTable(
                name: "failure",
                schema: "disbursement");
        }
    }
}
