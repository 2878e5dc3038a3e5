using G2PBridge.Modules.Funds.Contracts;
using G2PBridge.Modules.Funds.Domain;
using G2PBridge.Platform.Persistence;

namespace G2PBridge.Modules.Funds.Persistence;

/// <summary>How the money of envelopes stands, by primary key and without the context: putting one together costs more than the look-up.</summary>
internal sealed class FundsReads(BridgeDatabase source)
{
    public Task<List<FundsStatus>> StatusAsync(IReadOnlyCollection<string> envelopeIds, CancellationToken cancellationToken) => source.QueryAsync(
        """
        select envelope_id, state, checked_at, check_error_code, check_attempts, blocked_at, block_error_code, block_attempts, block_reference, blocked_amount, released_amount, overdue
        from funds.envelope_funds where envelope_id = any($1)
        """,
        [envelopeIds.ToArray()],
        reader =>
        {
            var (state, blockError) = (Enum.Parse<FundsState>(reader.GetString(1)), reader.TextOrNull(6));
            return new FundsStatus(
                reader.GetString(0),
                FundsSpelling.Available(state), reader.TimeOrNull(2), reader.TextOrNull(3), reader.GetInt32(4),
                FundsSpelling.Blocked(state, blockError is not null), reader.TimeOrNull(5), blockError, reader.GetInt32(7), reader.TextOrNull(8),
                reader.GetDecimal(9), reader.GetDecimal(10), reader.GetBoolean(11));
        },
        cancellationToken);
}
