using System.Collections.Concurrent;
using System.Text.Json;
using G2PBridge.Modules.Access.Domain;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Access.Keys;

/// <summary>
/// A folder with one JSON Web Key Set (RFC 7517, section 5) per partner. A file that changed is read at the next request; one that was taken
/// away ends its partner's keys at once; one that cannot be read counts as empty, since it may have been changed to take a key away.
/// </summary>
internal sealed partial class KeyFolder(IOptions<PartnerSignatureOptions> options, ILogger<KeyFolder> logger) : IPartnerKeySource
{
    private const int MostBytes = 1024 * 1024;

    private readonly ConcurrentDictionary<string, Known> _known = new(StringComparer.Ordinal);

    public ValueTask<IReadOnlyList<PartnerKey>> FindAsync(string partner, string? keyId, CancellationToken cancellationToken) => ValueTask.FromResult(Find(partner));

    private IReadOnlyList<PartnerKey> Find(string partner)
    {
        if (options.Value.KeysFolder is not { } folder)
        {
            return [];
        }

        var file = new FileInfo(Path.Combine(folder, partner + ".json"));
        if (!file.Exists)
        {
            _known.TryRemove(partner, out _);
            return [];
        }

        if (_known.TryGetValue(partner, out var known) && known.Written == file.LastWriteTimeUtc && known.Length == file.Length)
        {
            return known.Keys;
        }

        var keys = Read(partner, file);
        _known[partner] = new(file.LastWriteTimeUtc, file.Length, keys);
        LogRead(partner, keys.Count);
        return keys;
    }

    private List<PartnerKey> Read(string partner, FileInfo file)
    {
        try
        {
            if (file.Length > MostBytes)
            {
                throw new InvalidDataException("it is too long");
            }

            using var document = JsonDocument.Parse(File.ReadAllBytes(file.FullName));
            return PartnerKey.FromSet(document.RootElement, (index, problem) => LogUnusable(partner, index, problem));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException or JsonException or InvalidOperationException or KeyNotFoundException)
        {
            LogUnreadable(partner, exception.Message);
            return [];
        }
    }

    private sealed record Known(DateTime Written, long Length, IReadOnlyList<PartnerKey> Keys);

    [LoggerMessage(901, LogLevel.Information, "{Count} keys of {Partner} were read")]
    private partial void LogRead(string partner, int count);

    [LoggerMessage(902, LogLevel.Warning, "Key {Index} of {Partner} cannot be used: {Problem}")]
    private partial void LogUnusable(string partner, int index, string problem);

    [LoggerMessage(903, LogLevel.Error, "The keys of {Partner} cannot be read, so its requests are refused: {Problem}")]
    private partial void LogUnreadable(string partner, string problem);
}
