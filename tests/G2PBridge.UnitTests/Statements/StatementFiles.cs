using System.Runtime.CompilerServices;
using System.Text;
using G2PBridge.Statements;

namespace G2PBridge.UnitTests.Statements;

/// <summary>Everything one input gave, kept for comparison.</summary>
internal sealed class ReadResult
{
    public List<StatementSummary> Statements { get; } = [];

    public List<ReadEntry> Entries { get; } = [];

    public List<ReadEntry> Bad { get; } = [];

    public List<PaymentStatus> Statuses { get; } = [];

    /// <summary>One line per event: what must not change with framing of the bytes.</summary>
    public List<string> Trace { get; } = [];

    public FileSummary File { get; set; } = null!;

    public Verdict Verdict => File.Verdict;
}

/// <summary>A copy of an entry; the reader reuses its own.</summary>
internal sealed record ReadEntry(
    int Statement, int Ordinal, int Detail, long Line, long Offset, DateOnly ValueDate, DateOnly? EntryDate, EntryMark Mark, decimal Signed, bool Booked, string? Type,
    string? CustomerReference, string? BankReference, string? Supplementary, string Narrative, EntryWarnings Warnings, string? Reason, string Raw, ReturnSignal Return,
    ReferenceCandidate? Reference, string? Beneficiary, string? Currency, Guid Fingerprint, IReadOnlyList<KeyValuePair<string, string>> Codes, string? EndToEndId)
{
    public string[] Lines => Narrative.Split('\n');
}

internal static class StatementFiles
{
    public static string Samples([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "Samples");

    /// <summary>The shared corpus beside the checkout, or null.</summary>
    public static string? Corpus([CallerFilePath] string here = "")
    {
        var configured = Environment.GetEnvironmentVariable("G2PBRIDGE_STATEMENT_CORPUS");
        if (!string.IsNullOrEmpty(configured)) return Directory.Exists(configured) ? configured : null;
        for (var folder = new DirectoryInfo(Path.GetDirectoryName(here)!); folder is not null; folder = folder.Parent)
        {
            var found = Path.Combine(folder.FullName, "shared", "statements");
            if (System.IO.File.Exists(Path.Combine(found, "MANIFEST.tsv"))) return found;
        }
        return null;
    }

    public static BankProfile Profile(string name) => BankProfile.Shipped(name)!;

    public static Task<ReadResult> ReadFileAsync(string path, BankProfile? profile = null) => ReadAsync(new MemoryStream(System.IO.File.ReadAllBytes(path)), profile);

    public static Task<ReadResult> ReadTextAsync(string text, BankProfile? profile = null) => ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes(text)), profile);

    public static Task<ReadResult> ReadBytesAsync(byte[] bytes, BankProfile? profile = null) => ReadAsync(new MemoryStream(bytes), profile);

    public static async Task<ReadResult> ReadAsync(Stream stream, BankProfile? profile = null, ReaderLimits? limits = null)
    {
        var result = new ReadResult();
        await using var reader = await StatementReader.OpenAsync(stream, profile, limits);
        while (await reader.ReadAsync())
        {
            switch (reader.Event)
            {
                case StatementEvent.StatementStart:
                    result.Trace.Add($"start {reader.Header}");
                    break;
                case StatementEvent.Entry or StatementEvent.Detail or StatementEvent.BadEntry:
                    var entry = Copy(reader);
                    (reader.Event == StatementEvent.BadEntry ? result.Bad : result.Entries).Add(entry);
                    result.Trace.Add($"{reader.Event} {entry with { Codes = [] }} {string.Join('|', entry.Codes)}");
                    break;
                case StatementEvent.PaymentStatus:
                    result.Statuses.Add(reader.Status);
                    result.Trace.Add($"status {reader.Status}");
                    break;
                case StatementEvent.StatementEnd:
                    result.Statements.Add(reader.Summary);
                    result.Trace.Add($"end {reader.Summary with { Findings = [] }} {string.Join('|', reader.Summary.Findings)}");
                    break;
                case StatementEvent.FileEnd:
                    result.File = reader.File;
                    result.Trace.Add($"file {reader.File with { Findings = [] }} {string.Join('|', reader.File.Findings)}");
                    break;
            }
        }
        return result;
    }

    private static ReadEntry Copy(StatementReader reader)
    {
        var e = reader.Entry;
        return new ReadEntry(
            reader.Header.Index, e.Ordinal, e.DetailOrdinal, e.Line, e.ByteOffset, e.ValueDate, e.EntryDate, e.Mark, e.SignedAmount, e.IsBooked, e.Type, e.CustomerReference,
            e.BankReference, e.Supplementary, e.NarrativeText(), e.Warnings, e.Reason, e.RawText(), e.Return, e.Reference, e.Beneficiary, e.Currency, e.Fingerprint(), e.Codes.All,
            e.Text(EntryField.EndToEndId));
    }
}

/// <summary>Hands out at most so many bytes per read: the cuts fall anywhere.</summary>
internal sealed class ChoppedStream(byte[] bytes, Func<int> next) : Stream
{
    private int _at;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        var take = Math.Min(Math.Min(buffer.Length, Math.Max(1, next())), bytes.Length - _at);
        bytes.AsSpan(_at, take).CopyTo(buffer);
        _at += take;
        return take;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
