using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace G2PBridge.Modules.Envelopes.Persistence.Migrations;

/// <summary>A line's number stands in the index of its id too: once vacuum has seen a page of the table, a question about the id reads the index alone.</summary>
[DbContext(typeof(EnvelopesDbContext))]
[Migration("20261129234500_NumbersBesideKeys")]
internal sealed class NumbersBesideKeys : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        alter table envelopes.disbursement_key drop constraint pk_disbursement_key;
        alter table envelopes.disbursement_key add constraint pk_disbursement_key primary key (key) include (seq);
        """);
}
