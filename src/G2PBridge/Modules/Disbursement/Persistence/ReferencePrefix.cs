using G2PBridge.Platform.Persistence;

namespace G2PBridge.Modules.Disbursement.Persistence;

/// <summary>The installation's prefix, read once: it never changes.</summary>
internal sealed class ReferencePrefix(BridgeDatabase source)
{
    private string? _prefix;

    public async ValueTask<string> ReadAsync(CancellationToken cancellationToken)
    {
        if (_prefix is { } known)
        {
            return known;
        }

        var rows = await source.QueryAsync("select prefix from disbursement.installation", [], reader => reader.GetString(0), cancellationToken);
        return _prefix = rows is [var prefix] && PaymentReference.IsPrefix(prefix)
            ? prefix
            : throw new InvalidOperationException("disbursement.installation does not hold this installation's reference prefix; restore it, do not draw another.");
    }
}
