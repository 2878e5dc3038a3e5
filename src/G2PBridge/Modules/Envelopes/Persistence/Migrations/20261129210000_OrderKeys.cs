using G2PBridge.Platform.Persistence;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace G2PBridge.Modules.Envelopes.Persistence.Migrations;

/// <summary>Ids that are counted up get keys that stand beside each other (ADR 0033).</summary>
[DbContext(typeof(EnvelopesDbContext))]
[Migration("20261129210000_OrderKeys")]
internal sealed class OrderKeys : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        EarlierRows.Refuse(migrationBuilder, "has keys of", "envelopes.disbursement_key");
        migrationBuilder.Sql(
            """
            create or replace function envelopes.disbursement_key_of(id text) returns uuid language sql immutable as $$
                select encode(substr(sha256(convert_to(coalesce(part[1] || '#' || length(part[2]) || '#' || part[3], id), 'UTF8')), 1, 11) || substr(int8send(coalesce(part[2], '0')::bigint), 4), 'hex')::uuid
                  from regexp_match(id, '^(.*?)([0-9]{1,12})([^0-9]*)$') part
                $$;
            """);
    }
}
