using G2PBridge.Platform.Persistence;

namespace G2PBridge.Platform.Audit;

/// <summary>The newest block of the trail.</summary>
/// <param name="Hash">In hexadecimal.</param>
internal sealed record AuditHeadBlock(long Number, string Hash, DateTimeOffset At);

/// <summary>For whoever names it to the outside.</summary>
internal sealed class AuditHead(BridgeDatabase database)
{
    /// <summary>Null when there is no trail.</summary>
    public async Task<AuditHeadBlock?> ReadAsync(CancellationToken cancellationToken) => (await database.QueryAsync(
        "select number, encode(hash, 'hex'), at from audit.block order by number desc limit 1", [],
        reader => new AuditHeadBlock(reader.GetInt64(0), reader.GetString(1), reader.GetFieldValue<DateTimeOffset>(2)), cancellationToken)).SingleOrDefault();
}
