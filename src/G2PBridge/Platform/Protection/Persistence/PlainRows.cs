using Microsoft.EntityFrameworkCore.Migrations;

namespace G2PBridge.Platform.Protection.Persistence;

/// <summary>
/// Before the first release people's data was stored in plain text for some weeks. A migration cannot encrypt what it finds, because the database does not know the keys, and
/// leaving it would break the promise; so it refuses to go on, with nothing changed.
/// </summary>
internal static class PlainRows
{
    /// <summary>The code under which the migrator recognises the refusal.</summary>
    public const string SqlState = "G2P01";

    public static void Refuse(MigrationBuilder migrations, params IEnumerable<string> tables)
    {
        foreach (var table in tables)
        {
            migrations.Sql(
                $"""
                do $$ begin
                    if exists (select from {table}) then
                        raise exception using errcode = '{SqlState}', message = 'The table {table} holds people''s data in plain text, from a version before the first release; start with an empty database (in Development: delete the folder .data).';
                    end if;
                end $$
                """);
        }
    }
}
