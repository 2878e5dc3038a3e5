using System.Globalization;

namespace G2PBridge.Platform.Growth;

/// <summary>How far the archive of a range has come.</summary>
internal enum ArchiveState
{
    /// <summary>Nothing new may be written under its numbers; files are being written.</summary>
    Closed,

    /// <summary>The files were read back and are the rows.</summary>
    Verified,

    /// <summary>On record in the audit trail; partitions are being taken out.</summary>
    Removing,
    Removed,
}

/// <summary>A range of numbers that is over.</summary>
/// <param name="State">Null: nothing was begun.</param>
/// <param name="Objections">Why it may not be archived.</param>
internal sealed record ArchiveRange(string Series, long No, SeqRange Numbers, ArchiveState? State, string? Folder, long Rows, IReadOnlyList<string> Objections)
{
    public string Name => string.Create(CultureInfo.InvariantCulture, $"{Series}-{No:D5}");
}

/// <summary>An archive as it stands in the database.</summary>
internal sealed record KnownArchive(string Series, long No, SeqRange Numbers, ArchiveState State, DateOnly Before, string Folder, long? Rows, long? Bytes, byte[]? ManifestHash, DateTimeOffset BegunAt, DateTimeOffset? RemovedAt);

/// <summary>The archive cannot go on; nothing was taken out that was not in good files.</summary>
internal sealed class ArchiveException(string message) : Exception(message);

/// <summary>Where an archive is, for who watches, and for tests that end the process there.</summary>
internal interface IArchiveObserver
{
    /// <param name="step">What begins.</param>
    /// <param name="total">Rows to come, as far as is known.</param>
    void Begin(string step, long total);

    void Report(long done);
}
