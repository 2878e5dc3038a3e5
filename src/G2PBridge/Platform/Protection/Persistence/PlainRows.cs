using G2PBridge.Platform.Persistence;
using Microsoft.EntityFrameworkCore.Migrations;

namespace G2PBridge.Platform.Protection.Persistence;

/// <summary>
/// Before the first release people's data was stored in plain text for some weeks. A migration cannot encrypt what it finds, because the database does not know the keys, and
/// leaving it would break the promise; so it refuses to go on, with nothing changed.
/// </summary>
internal static class PlainRows
{
    public static void Refuse(MigrationBuilder migrations, params IEnumerable<string> tables) => EarlierRows.Refuse(migrations, "holds people's data in plain text, from", tables);
}
