using System.Text.Json;

namespace G2PBridge.Platform.Growth;

/// <summary>What stands in <c>manifest.json</c> of an archive. Its SHA-256 stands in the database, whose audit trail vouches for it.</summary>
/// <param name="Format">Of files and manifest.</param>
/// <param name="DataKeys">Ids of the keys that values in the files are encrypted under, and which must be kept as long as the archive.</param>
internal sealed record ArchiveManifest(
    int Format, string Series, long No, long First, long Last, DateOnly Before, DateTimeOffset WrittenAt, IReadOnlyList<string> DataKeys, IReadOnlyList<string> Envelopes, IReadOnlyList<ArchivedTable> Tables)
{
    public const string FileName = "manifest.json";

    public const int CurrentFormat = 1;

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, Json);

    /// <summary>Null when it is not one.</summary>
    public static ArchiveManifest? Read(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return JsonSerializer.Deserialize<ArchiveManifest>(bytes, Json) is { Format: CurrentFormat, Tables: not null } manifest ? manifest : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>What is wrong with the files beside a manifest, a sentence each.</summary>
    public async Task<IReadOnlyList<string>> CheckAsync(string folder, bool deeply, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        foreach (var table in Tables)
        {
            var path = Path.Combine(folder, table.File);
            if (!File.Exists(path))
            {
                problems.Add($"{table.File} is missing");
            }
            else if (await ArchiveFile.HashAsync(path, cancellationToken) != table.FileHash || (deeply && await ArchiveFile.RowsHashAsync(path, cancellationToken) != table.RowsHash))
            {
                problems.Add($"{table.File} is not the file that was written");
            }
        }

        return problems;
    }
}
