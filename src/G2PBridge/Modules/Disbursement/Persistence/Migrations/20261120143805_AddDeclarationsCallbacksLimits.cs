using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

namespace G2PBridge.Modules.Disbursement.Persistence.Migrations;

[DbContext(typeof(DisbursementDbContext))]
[Migration("20261120143805_AddDeclarationsCallbacksLimits")]
internal sealed class AddDeclarationsCallbacksLimits : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.DropPrimaryKey(
            name: "pk_line_state",
            schema: "disbursement",
            table: "line_state");

        migrationBuilder.AddColumn<long>(
            name: "outcomes_seen",
            schema: "disbursement",
            table: "pause",
            type: "bigint",
            nullable: true);

        migrationBuilder.AddColumn<bool>(
            name: "is_retry",
            schema: "disbursement",
            table: "chunk",
            type: "boolean",
            nullable: false,
            defaultValue: false);

        migrationBuilder.AddColumn<DateOnly>(
            name: "ordered_for",
            schema: "disbursement",
            table: "chunk",
            type: "date",
            nullable: true);

        migrationBuilder.AddPrimaryKey(
            name: "pk_line_state",
            schema: "disbursement",
            table: "line_state",
            columns: new[] { "line", "generation" });

        migrationBuilder.CreateTable(
            name: "amount_per_day",
            schema: "disbursement",
            columns: table => new
            {
                scope = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                value = table.Column<string>(type: "text", nullable: false),
                day = table.Column<DateOnly>(type: "date", nullable: false),
                currency = table.Column<string>(type: "character varying(3)", maxLength: 3, nullable: false),
                amount = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false)
            },
            constraints: table =>
            {
                table.PrimaryKey("pk_amount_per_day", x => new { x.scope, x.value, x.day, x.currency });
                table.CheckConstraint("ck_amount_per_day", "amount >= 0");
                table.CheckConstraint("ck_amount_per_day_scope", "scope in ('Bank', 'Programme')");
            });

        migrationBuilder.CreateTable(
            name: "bank_callback",
            schema: "disbursement",
            columns: table => new
            {
                id = table.Column<long>(type: "bigint", nullable: false)
                    .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                bank_code = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                fingerprint = table.Column<byte[]>(type: "bytea", nullable: false),
                reference = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                status = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                reason_code = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                reason = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: true),
                amount = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: true),
                currency = table.Column<string>(type: "character varying(3)", maxLength: 3, nullable: true),
                line = table.Column<long>(type: "bigint", nullable: true),
                generation = table.Column<short>(type: "smallint", nullable: true),
                state = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                note = table.Column<string>(type: "text", nullable: true),
                received_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                last_received_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                times = table.Column<int>(type: "integer", nullable: false),
                due_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                settled_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
            },
            constraints: table =>
            {
                table.PrimaryKey("pk_bank_callback", x => x.id);
                table.CheckConstraint("ck_bank_callback_line", "(state = 'UnknownReference') = (line is null) and (line is null) = (generation is null) and (state <> 'Waiting' or due_at is not null)");
                table.CheckConstraint("ck_bank_callback_state", "state in ('Waiting', 'Applied', 'NoEffect', 'Conflict', 'UnknownReference')");
                table.CheckConstraint("ck_bank_callback_status", "status in ('Accepted', 'Paid', 'Refused', 'Returned')");
            });

        migrationBuilder.CreateTable(
            name: "bank_outcome",
            schema: "disbursement",
            columns: table => new
            {
                id = table.Column<long>(type: "bigint", nullable: false)
                    .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                bank_code = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                chunk_id = table.Column<long>(type: "bigint", nullable: false),
                at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                lines = table.Column<int>(type: "integer", nullable: false),
                refused = table.Column<int>(type: "integer", nullable: false),
                unknown = table.Column<int>(type: "integer", nullable: false)
            },
            constraints: table =>
            {
                table.PrimaryKey("pk_bank_outcome", x => x.id);
                table.CheckConstraint("ck_bank_outcome", "lines > 0 and refused >= 0 and unknown >= 0 and refused + unknown <= lines");
            });

        migrationBuilder.CreateTable(
            name: "declaration",
            schema: "disbursement",
            columns: table => new
            {
                id = table.Column<Guid>(type: "uuid", nullable: false),
                envelope_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                outcome = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                reason = table.Column<string>(type: "character varying(500)", maxLength: 500, nullable: false),
                proposed_by = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: false),
                proposed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
            },
            constraints: table =>
            {
                table.PrimaryKey("pk_declaration", x => x.id);
                table.UniqueConstraint("uq_declaration_proposer", x => new { x.id, x.proposed_by });
                table.CheckConstraint("ck_declaration_outcome", "outcome in ('Paid', 'NotPaid')");
                table.CheckConstraint("ck_declaration_said", "length(trim(reason)) > 0 and length(trim(proposed_by)) > 0");
            });

        migrationBuilder.CreateTable(
            name: "retry_line",
            schema: "disbursement",
            columns: table => new
            {
                line = table.Column<long>(type: "bigint", nullable: false),
                generation = table.Column<short>(type: "smallint", nullable: false),
                chunk_id = table.Column<long>(type: "bigint", nullable: false)
            },
            constraints: table =>
            {
                table.PrimaryKey("pk_retry_line", x => new { x.line, x.generation });
                table.CheckConstraint("ck_retry_line", "generation between 2 and 15");
                table.ForeignKey(
                    name: "fk_retry_line_chunk",
                    column: x => x.chunk_id,
                    principalSchema: "disbursement",
                    principalTable: "chunk",
                    principalColumn: "id",
                    onDelete: ReferentialAction.Restrict);
            });

        migrationBuilder.CreateTable(
            name: "declaration_confirmation",
            schema: "disbursement",
            columns: table => new
            {
                declaration_id = table.Column<Guid>(type: "uuid", nullable: false),
                proposed_by = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: false),
                confirmed_by = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: false),
                confirmed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                settled = table.Column<int>(type: "integer", nullable: false)
            },
            constraints: table =>
            {
                table.PrimaryKey("pk_declaration_confirmation", x => x.declaration_id);
                table.CheckConstraint("ck_declaration_confirmation_second", "length(trim(confirmed_by)) > 0 and lower(trim(confirmed_by)) <> lower(trim(proposed_by))");
                table.ForeignKey(
                    name: "fk_declaration_confirmation",
                    columns: x => new { x.declaration_id, x.proposed_by },
                    principalSchema: "disbursement",
                    principalTable: "declaration",
                    principalColumns: new[] { "id", "proposed_by" },
                    onDelete: ReferentialAction.Restrict);
            });

        migrationBuilder.CreateTable(
            name: "declaration_line",
            schema: "disbursement",
            columns: table => new
            {
                declaration_id = table.Column<Guid>(type: "uuid", nullable: false),
                line = table.Column<long>(type: "bigint", nullable: false),
                generation = table.Column<short>(type: "smallint", nullable: false)
            },
            constraints: table =>
            {
                table.PrimaryKey("pk_declaration_line", x => new { x.declaration_id, x.line });
                table.ForeignKey(
                    name: "fk_declaration_line",
                    column: x => x.declaration_id,
                    principalSchema: "disbursement",
                    principalTable: "declaration",
                    principalColumn: "id",
                    onDelete: ReferentialAction.Restrict);
                table.ForeignKey(
                    name: "fk_declaration_line_instruction",
                    columns: x => new { x.line, x.generation },
                    principalSchema: "disbursement",
                    principalTable: "instruction",
                    principalColumns: new[] { "line", "generation" },
                    onDelete: ReferentialAction.Restrict);
            });

        migrationBuilder.CreateIndex(
            name: "ix_bank_callback_line",
            schema: "disbursement",
            table: "bank_callback",
            columns: new[] { "line", "generation" });

        migrationBuilder.CreateIndex(
            name: "ix_bank_callback_state",
            schema: "disbursement",
            table: "bank_callback",
            columns: new[] { "bank_code", "state", "id" });

        migrationBuilder.CreateIndex(
            name: "ix_bank_callback_waiting",
            schema: "disbursement",
            table: "bank_callback",
            column: "due_at",
            filter: "state = 'Waiting'");

        migrationBuilder.CreateIndex(
            name: "uq_bank_callback",
            schema: "disbursement",
            table: "bank_callback",
            columns: new[] { "bank_code", "fingerprint" },
            unique: true);

        migrationBuilder.CreateIndex(
            name: "ix_bank_outcome_bank",
            schema: "disbursement",
            table: "bank_outcome",
            columns: new[] { "bank_code", "id" });

        migrationBuilder.CreateIndex(
            name: "ix_declaration_envelope",
            schema: "disbursement",
            table: "declaration",
            column: "envelope_id");

        migrationBuilder.CreateIndex(
            name: "ix_declaration_confirmation_proposer",
            schema: "disbursement",
            table: "declaration_confirmation",
            columns: new[] { "declaration_id", "proposed_by" });

        migrationBuilder.CreateIndex(
            name: "ix_declaration_line_instruction",
            schema: "disbursement",
            table: "declaration_line",
            columns: new[] { "line", "generation" });

        migrationBuilder.CreateIndex(
            name: "ix_retry_line_chunk",
            schema: "disbursement",
            table: "retry_line",
            column: "chunk_id");

        migrationBuilder.Sql(
            """
            create trigger declaration_append_only before update or delete on disbursement.declaration
                for each row execute function disbursement.refuse_change();
            create trigger declaration_line_append_only before update or delete on disbursement.declaration_line
                for each row execute function disbursement.refuse_change();
            create trigger declaration_confirmation_append_only before update or delete on disbursement.declaration_confirmation
                for each row execute function disbursement.refuse_change();
            """);
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.DropTable(
            name: "amount_per_day",
            schema: "disbursement");

        migrationBuilder.DropTable(
            name: "bank_callback",
            schema: "disbursement");

        migrationBuilder.DropTable(
            name: "bank_outcome",
            schema: "disbursement");

        migrationBuilder.DropTable(
            name: "declaration_confirmation",
            schema: "disbursement");

        migrationBuilder.DropTable(
            name: "declaration_line",
            schema: "disbursement");

        migrationBuilder.DropTable(
            name: "retry_line",
            schema: "disbursement");

        migrationBuilder.DropTable(
            name: "declaration",
            schema: "disbursement");

        migrationBuilder.DropPrimaryKey(
            name: "pk_line_state",
            schema: "disbursement",
            table: "line_state");

        migrationBuilder.DropColumn(
            name: "outcomes_seen",
            schema: "disbursement",
            table: "pause");

        migrationBuilder.DropColumn(
            name: "is_retry",
            schema: "disbursement",
            table: "chunk");

        migrationBuilder.DropColumn(
            name: "ordered_for",
            schema: "disbursement",
            table: "chunk");

        migrationBuilder.AddPrimaryKey(
            name: "pk_line_state",
            schema: "disbursement",
            table: "line_state",
            column: "line");
    }
}
