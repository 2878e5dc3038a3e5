using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace G2PBridge.Modules.Envelopes.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class AddHolds : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "hold_decision",
                schema: "envelopes",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    envelope_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    action = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    state = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    reason = table.Column<string>(type: "text", nullable: false),
                    proposed_by = table.Column<string>(type: "text", nullable: false),
                    proposed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    confirmed_by = table.Column<string>(type: "text", nullable: true),
                    confirmed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_hold_decision", x => x.id);
                    table.CheckConstraint("ck_hold_decision_action", "action in ('Release', 'Drop')");
                    table.CheckConstraint("ck_hold_decision_second_person", "(state = 'Confirmed') = (confirmed_by is not null and confirmed_at is not null) and lower(confirmed_by) is distinct from lower(proposed_by)");
                    table.CheckConstraint("ck_hold_decision_state", "state in ('Proposed', 'Confirmed')");
                });

            migrationBuilder.CreateTable(
                name: "hold_decision_line",
                schema: "envelopes",
                columns: table => new
                {
                    decision_id = table.Column<Guid>(type: "uuid", nullable: false),
                    seq = table.Column<long>(type: "bigint", nullable: false),
                    kind = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_hold_decision_line", x => new { x.decision_id, x.seq, x.kind });
                    table.CheckConstraint("ck_hold_decision_line_kind", "kind in ('DuplicatePayment', 'SharedAddress')");
                });

            migrationBuilder.CreateTable(
                name: "line_hold",
                schema: "envelopes",
                columns: table => new
                {
                    seq = table.Column<long>(type: "bigint", nullable: false),
                    kind = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    envelope_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    quantity = table.Column<decimal>(type: "numeric(19,4)", precision: 19, scale: 4, nullable: false),
                    state = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    other_seq = table.Column<long>(type: "bigint", nullable: true),
                    since = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    taken_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_line_hold", x => new { x.seq, x.kind });
                    table.CheckConstraint("ck_line_hold_kind", "kind in ('DuplicatePayment', 'SharedAddress')");
                    table.CheckConstraint("ck_line_hold_state", "state in ('Held', 'Released', 'Dropped', 'Noted')");
                });

            migrationBuilder.CreateTable(
                name: "line_hold_history",
                schema: "envelopes",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    seq = table.Column<long>(type: "bigint", nullable: false),
                    kind = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    from_state = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: true),
                    to_state = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    cause = table.Column<string>(type: "text", nullable: false),
                    actor = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_line_hold_history", x => x.id);
                    table.CheckConstraint("ck_line_hold_history_kind", "kind in ('DuplicatePayment', 'SharedAddress')");
                    table.CheckConstraint("ck_line_hold_history_to_state", "to_state in ('Held', 'Released', 'Dropped', 'Noted')");
                });

            migrationBuilder.CreateIndex(
                name: "IX_hold_decision_envelope_id",
                schema: "envelopes",
                table: "hold_decision",
                column: "envelope_id");

            migrationBuilder.CreateIndex(
                name: "IX_hold_decision_line_seq",
                schema: "envelopes",
                table: "hold_decision_line",
                column: "seq");

            migrationBuilder.CreateIndex(
                name: "IX_line_hold_envelope_id_seq",
                schema: "envelopes",
                table: "line_hold",
                columns: new[] { "envelope_id", "seq" });

            migrationBuilder.CreateIndex(
                name: "ix_line_hold_released",
                schema: "envelopes",
                table: "line_hold",
                columns: new[] { "seq", "kind" },
                filter: "state = 'Released' and taken_at is null");

            migrationBuilder.CreateIndex(
                name: "ix_line_hold_stops",
                schema: "envelopes",
                table: "line_hold",
                column: "seq",
                filter: "state in ('Held', 'Dropped')");

            migrationBuilder.CreateIndex(
                name: "IX_line_hold_history_seq",
                schema: "envelopes",
                table: "line_hold_history",
                column: "seq");

            migrationBuilder.Sql(
                """
                create function envelopes.refuse_change() returns trigger language plpgsql as $$
                begin
                    raise exception '%.% is append-only', tg_table_schema, tg_table_name using errcode = 'restrict_violation';
                end $$;
                create trigger line_hold_history_append_only before update or delete on envelopes.line_hold_history
                    for each row execute function envelopes.refuse_change();
                create trigger envelope_history_append_only before update or delete on envelopes.envelope_history
                    for each row execute function envelopes.refuse_change();
                create function envelopes.entitlement_key(programme_id integer, programme text, cycle text, benefit_code_id integer, benefit_code text, beneficiary text)
                    returns bytea language sql immutable as $$
                    select substr(sha256(convert_to(concat(
                        'P', chr(31), coalesce('#' || programme_id, programme), chr(31), cycle, chr(31), coalesce('#' || benefit_code_id, benefit_code), chr(31), beneficiary), 'UTF8')), 1, 16)
                    $$;
                """);

            // Places were one person in one envelope; now they are over all envelopes, and the first line that is not cancelled has them.
            migrationBuilder.Sql(
                """
                delete from envelopes.entitlement;
                insert into envelopes.entitlement (key, seq)
                select distinct on (1) envelopes.entitlement_key(e.programme_id, e.programme_mnemonic, e.cycle_mnemonic, e.benefit_code_id, e.benefit_code_mnemonic, d.beneficiary_id), d.seq
                from envelopes.envelope e
                join envelopes.batch b on b.envelope_id = e.id
                join envelopes.disbursement d on d.seq between b.first_seq and b.last_seq
                where e.status <> 'Cancelled' and not exists (select from envelopes.cancellation c where c.seq = d.seq)
                order by 1, 2;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql(
                """
                drop trigger envelope_history_append_only on envelopes.envelope_history;
                drop trigger line_hold_history_append_only on envelopes.line_hold_history;
                drop function envelopes.refuse_change();
                drop function envelopes.entitlement_key(integer, text, text, integer, text, text);
                """);

            migrationBuilder.DropTable(
                name: "hold_decision",
                schema: "envelopes");

            migrationBuilder.DropTable(
                name: "hold_decision_line",
                schema: "envelopes");

            migrationBuilder.DropTable(
                name: "line_hold",
                schema: "envelopes");

            migrationBuilder.DropTable(
                name: "line_hold_history",
                schema: "envelopes");
        }
    }
}
