using Microsoft.EntityFrameworkCore.Migrations;

namespace G2PBridge.Platform.Growth.Persistence;

/// <summary>What a module's migration calls: EF knows nothing of partitions, and need not.</summary>
internal static class PartitionedTables
{
    /// <summary>
    /// Cuts a table by a column of its primary key. The table that is there becomes the first partition, with its rows; keys, indexes, checks,
    /// foreign keys and triggers go to the new parent under their names.
    /// </summary>
    public static void Cut(MigrationBuilder migrations, string table, string column, long size) =>
        migrations.Sql(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"select growth.cut('{table}', '{column}', {size})"));
}
