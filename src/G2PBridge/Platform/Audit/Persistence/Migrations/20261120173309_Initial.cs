using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;
using NpgsqlTypes;

#nullable disable

namespace G2PBridge.Platform.Audit.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.EnsureSchema(
                name: "audit");

            migrationBuilder.CreateSequence(
                name: "transaction_number",
                schema: "audit");

            migrationBuilder.CreateTable(
                name: "block",
                schema: "audit",
                columns: table => new
                {
                    number = table.Column<long>(type: "bigint", nullable: false),
                    transaction = table.Column<long>(type: "bigint", nullable: false),
                    changes = table.Column<int>(type: "integer", nullable: false),
                    digest = table.Column<byte[]>(type: "bytea", nullable: false),
                    actor = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    follows = table.Column<long>(type: "bigint", nullable: false),
                    key_id = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false),
                    seal = table.Column<byte[]>(type: "bytea", nullable: false),
                    hash = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_block", x => x.number);
                });

            migrationBuilder.CreateTable(
                name: "change",
                schema: "audit",
                columns: table => new
                {
                    no = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    transaction = table.Column<long>(type: "bigint", nullable: false),
                    table_name = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    operation = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false),
                    key = table.Column<string>(type: "jsonb", nullable: true),
                    before = table.Column<string>(type: "jsonb", nullable: true),
                    after = table.Column<string>(type: "jsonb", nullable: true),
                    scope = table.Column<string>(type: "jsonb", nullable: true),
                    line = table.Column<long>(type: "bigint", nullable: true),
                    lines = table.Column<NpgsqlRange<long>[]>(type: "int8multirange", nullable: true),
                    rows = table.Column<int>(type: "integer", nullable: true),
                    digest = table.Column<byte[]>(type: "bytea", nullable: true),
                    tags = table.Column<byte[]>(type: "bytea", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_change", x => x.no);
                    table.CheckConstraint("ck_change_operation", "operation in ('shape', 'set', 'insert', 'update', 'delete', 'archive')");
                });

            migrationBuilder.CreateIndex(
                name: "uq_block_transaction",
                schema: "audit",
                table: "block",
                column: "transaction",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_change_line",
                schema: "audit",
                table: "change",
                columns: new[] { "table_name", "line" },
                filter: "line is not null");

            migrationBuilder.CreateIndex(
                name: "ix_change_shape",
                schema: "audit",
                table: "change",
                columns: new[] { "table_name", "no" },
                filter: "operation = 'shape'");

            migrationBuilder.CreateIndex(
                name: "ix_change_transaction",
                schema: "audit",
                table: "change",
                columns: new[] { "transaction", "no" });

            migrationBuilder.Sql(
                """
                create function audit.current_transaction() returns bigint language plpgsql as $f$
                declare
                    state text := current_setting('g2p.audit', true);
                    number bigint;
                begin
                    if state is null or state = '' then
                        number := nextval('audit.transaction_number');
                        perform set_config('g2p.audit', number::text, true);
                        return number;
                    end if;
                    if state = 'sealed' then
                        raise exception 'A change came after the audit block of its transaction.' using errcode = 'integrity_constraint_violation';
                    end if;
                    return state::bigint;
                end
                $f$;

                -- Every column by name: one that is added later does not change what was sealed.
                create function audit.image(c audit.change) returns bytea language sql stable as $f$
                    select record_send(row(c.no, c.transaction, c.table_name, c.operation, c.key, c.before, c.after, c.scope, c.line, c.lines, c.rows, c.digest, c.tags))
                $f$;

                create function audit.unsealed(out transaction bigint, out changes integer, out digest bytea, out head bigint, out head_hash bytea) language plpgsql as $f$
                begin
                    transaction := nullif(nullif(current_setting('g2p.audit', true), ''), 'sealed')::bigint;
                    if transaction is null then
                        return;
                    end if;
                    select count(*), sha256(string_agg(audit.image(c), '' order by c.no)) into changes, digest from audit.change c where c.transaction = unsealed.transaction;
                    select b.number, b.hash into head, head_hash from audit.block b order by b.number desc limit 1;
                    head := coalesce(head, 0);
                    head_hash := coalesce(head_hash, ''::bytea);
                end
                $f$;

                -- The lock is taken last and held until the commit that follows at once, so that it can wait for nothing.
                create function audit.seal(transaction bigint, changes integer, digest bytea, actor text, at timestamptz, follows bigint, key_id text, seal bytea) returns bigint language plpgsql as $f$
                declare
                    head bigint;
                    head_hash bytea;
                begin
                    perform pg_advisory_xact_lock(7454402894517333831);
                    select b.number, b.hash into head, head_hash from audit.block b order by b.number desc limit 1;
                    head := coalesce(head, 0) + 1;
                    insert into audit.block (number, transaction, changes, digest, actor, at, follows, key_id, seal, hash)
                    values (head, transaction, changes, digest, actor, at, follows, key_id, seal, sha256(coalesce(head_hash, ''::bytea) || int8send(head) || seal));
                    perform set_config('g2p.audit', 'sealed', true);
                    return head;
                end
                $f$;

                create function audit.require_block() returns trigger language plpgsql as $f$
                begin
                    if not exists (select from audit.block b where b.transaction = new.transaction) then
                        raise exception 'The changes of this transaction have no audit block.'
                            using errcode = 'integrity_constraint_violation', hint = 'Whoever writes to an audited table commits through BridgeDatabase or a module context.';
                    end if;
                    return null;
                end
                $f$;
                create constraint trigger change_has_block after insert on audit.change deferrable initially deferred for each row execute function audit.require_block();

                create function audit.refuse_change() returns trigger language plpgsql as $f$
                begin
                    raise exception 'The audit trail is only ever added to.' using errcode = 'integrity_constraint_violation';
                end
                $f$;
                create trigger block_append_only before update or delete on audit.block for each row execute function audit.refuse_change();
                create trigger change_append_only before update or delete on audit.change for each row execute function audit.refuse_change();
                create trigger block_stays before truncate on audit.block for each statement execute function audit.refuse_change();
                create trigger change_stays before truncate on audit.change for each statement execute function audit.refuse_change();

                create function audit.refuse_truncate() returns trigger language plpgsql as $f$
                begin
                    raise exception 'An audited table is not truncated: %.%.', tg_table_schema, tg_table_name using errcode = 'integrity_constraint_violation';
                end
                $f$;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "block",
                schema: "audit");

            migrationBuilder.DropTable(
                name: "change",
                schema: "audit");

            migrationBuilder.DropSequence(
                name: "transaction_number",
                schema: "audit");
        }
    }
}
