using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Verification;

namespace G2PBridge.Platform.Growth;

/// <summary>What was archived is gone whole: no row is left under its numbers, and the audit trail has as many rows on record as the files.</summary>
internal sealed class ArchiveInvariants(BridgeDatabase source, IEnumerable<PartitionedTable> tables) : IInvariantCheck
{
    public async Task<IReadOnlyList<InvariantResult>> CheckAsync(CancellationToken cancellationToken)
    {
        var archives = await source.QueryAsync(
            "select series, no, first, last from growth.archive where state = 'Removed' order by series, no", [],
            reader => (Series: reader.GetString(0), No: reader.GetInt64(1), Numbers: new SeqRange(reader.GetInt64(2), reader.GetInt64(3))), cancellationToken);
        var tally = new Tally();
        foreach (var archive in archives)
        {
            foreach (var table in tables.Where(table => table.Series == archive.Series))
            {
                var isLeft = (await source.QueryAsync(
                    $"select exists (select from {table.Name} where {table.Column} between $1 and $2)", [archive.Numbers.First, archive.Numbers.Last], reader => reader.GetBoolean(0), cancellationToken))[0];
                tally.Add(isLeft, $"{table.Name}, numbers {archive.Numbers.First} to {archive.Numbers.Last}");
            }
        }

        return archives.Count == 0
            ? [new("I7", "archives", "What was archived is gone whole", 0, 0, [], "nothing was archived")]
            : [tally.Result("I7", "archives", "What was archived is gone whole")];
    }
}
