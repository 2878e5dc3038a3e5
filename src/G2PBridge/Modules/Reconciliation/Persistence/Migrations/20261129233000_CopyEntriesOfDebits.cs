using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace G2PBridge.Modules.Reconciliation.Persistence.Migrations;

/// <summary>A debit's match carries what a question about its payment asks of the entry. What was booked before stays without and is read by way of its entry.</summary>
[DbContext(typeof(ReconciliationDbContext))]
[Migration("20261129233000_CopyEntriesOfDebits")]
internal sealed class CopyEntriesOfDebits : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        alter table reconciliation.match
            add column statement integer, add column ordinal integer, add column entry_date date, add column value_date date, add column bank_reference text, add column sealed bytea
        """);
}
