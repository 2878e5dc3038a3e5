using Microsoft.EntityFrameworkCore.Migrations;

namespace G2PBridge.Platform.Persistence;

/// <summary>Rows of a version before the first release that no migration can bring up to date: it refuses to go on, in one sentence, with nothing changed.</summary>
internal static class EarlierRows
{
    /// <summary>The code under which the migrator recognises the refusal.</summary>
    public const string SqlState = "G2P01";

    /// <param name="migrations">Of the module.</param>
    /// <param name="fault">What the table has, up to "a version before the first release".</param>
    /// <param name="tables">With their schemas; each may be there only without a row.</param>
    public static void Refuse(MigrationBuilder migrations, string fault, params IEnumerable<string> tables)
    {
        foreach (var table in tables)
        {
            migrations.Sql(
                $"""
                do $$ begin
                    if exists (select from {table}) then
                        raise exception using errcode = '{SqlState}', message = 'The table {table} {fault.Replace("'", "''", StringComparison.Ordinal)} a version before the first release; start with an empty database (in Development: delete the folder .data).';
                    end if;
                end $$
                """);
        }
    }
}
