using G2PBridge.Platform.Persistence;

namespace G2PBridge.Modules.Reconciliation.Persistence;

/// <summary>
/// Envelope ids in four bytes. A key is made outside the booking's transaction, so that two files about one envelope do not wait
/// for each other; a key that is never used is a row of zeros.
/// </summary>
internal sealed class EnvelopeKeys(BridgeDatabase source)
{
    private readonly Dictionary<string, int> _keys = new(StringComparer.Ordinal);

    public async Task<IReadOnlyDictionary<string, int>> FindAsync(IEnumerable<string> envelopeIds, CancellationToken cancellationToken)
    {
        string[] missing = [.. envelopeIds.Where(id => !_keys.ContainsKey(id)).Order(StringComparer.Ordinal)];
        if (missing.Length > 0)
        {
            await source.ExecuteAsync(
                """
                insert into reconciliation.envelope_progress (envelope_id, reconciled, reconciled_amount, returned, returned_amount)
                select id, 0, 0, 0, 0 from unnest($1) as n(id) on conflict do nothing
                """,
                [missing], cancellationToken);
            foreach (var (id, key) in await source.QueryAsync(
                "select envelope_id, id from reconciliation.envelope_progress where envelope_id = any($1)", [missing],
                reader => (reader.GetString(0), reader.GetInt32(1)), cancellationToken))
            {
                _keys[id] = key;
            }
        }

        return _keys;
    }
}
