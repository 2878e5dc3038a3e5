using G2PBridge.Modules.Access.Contracts;
using G2PBridge.Modules.Access.Domain;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Access.Signing;

/// <summary>Signs with the keys of the settings, which are read once.</summary>
internal sealed class BridgeSigner(IOptions<SigningOptions> options, TimeProvider clock) : IBridgeSigner
{
    private readonly Lazy<Turn[]> _keys = new(() => [.. options.Value.Keys.Select(key => new Turn(key.Read(clock.GetUtcNow()), key.SignFrom ?? DateTimeOffset.MinValue))]);

    /// <summary>Those that sign, those whose turn has not come, and those whose turn is over.</summary>
    public IEnumerable<SigningKey> Published => _keys.Value.Select(turn => turn.Key);

    public bool CanSign(string? algorithm = null) => Present(algorithm) is not null;

    public BridgeSignature? Sign(ReadOnlyMemory<byte> json, string? algorithm = null) =>
        Present(algorithm) is { } key ? new(key.Sign(json), key.Id, key.Algorithm.ToString()) : null;

    public bool IsOurs(ReadOnlyMemory<byte> json, string signature) =>
        DetachedSignature.Parse(signature) is { } detached && Published.Any(key => key.Id == detached.KeyId && key.Verify(json, detached));

    private SigningKey? Present(string? algorithm)
    {
        var now = clock.GetUtcNow();
        return _keys.Value.Where(turn => turn.From <= now && (algorithm is null || turn.Key.Algorithm.ToString() == algorithm)).MaxBy(turn => turn.From)?.Key;
    }

    private sealed record Turn(SigningKey Key, DateTimeOffset From);
}
