using G2PBridge.Platform.Persistence;

namespace G2PBridge.Modules.Access.Persistence;

/// <summary>Remembers signatures for as long as their requests are fresh; the primary key decides between two hosts that see one at the same time.</summary>
internal sealed class SeenSignatures(BridgeDatabase source)
{
    private const int MostAtOnce = 10_000;

    /// <summary>One row and one index entry for each request; false when it was here before.</summary>
    public async Task<bool> TryRememberAsync(byte[] digest, DateTimeOffset forgetAt, CancellationToken cancellationToken) => await source.ExecuteAsync(
        "insert into access.seen_signature (digest, forget_at) values ($1, $2) on conflict do nothing", [digest, forgetAt], cancellationToken) == 1;

    public Task<int> ForgetAsync(DateTimeOffset now, CancellationToken cancellationToken) => source.ExecuteAsync(
        """
        delete from access.seen_signature
         where digest in (select digest from access.seen_signature where forget_at < $1 order by forget_at limit $2 for update skip locked)
        """,
        [now, MostAtOnce], cancellationToken);
}
