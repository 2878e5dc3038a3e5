using System.Globalization;
using G2PBridge.Platform.Hosting;

namespace G2PBridge.Commands.Bench;

/// <summary>What a measurement is asked to do.</summary>
/// <param name="Disbursements">Lines of the whole run, where every stage works at once.</param>
/// <param name="BatchSize">Lines of one <c>create_disbursements</c> call.</param>
/// <param name="Clients">Calls on their way at once.</param>
/// <param name="StageDisbursements">Lines of the second run, where each stage works alone; 0 leaves it out.</param>
/// <param name="Keep">The databases stay.</param>
/// <param name="Picture">Where a picture of the throughput is written; null: nowhere.</param>
/// <param name="Hosts">Bridges on the one database, the simulators in the first of them.</param>
/// <param name="RandomIds">Disbursements have UUIDs, not ids that count up.</param>
internal sealed record BenchPlan(int Disbursements, int BatchSize, int Clients, int StageDisbursements, bool Keep, FileInfo? Picture, int Hosts, bool RandomIds)
{
    /// <summary>Everybody is paid the same, so that sums can be known beforehand.</summary>
    public const decimal Amount = 10m;

    public const string Currency = "USD";
    public const string Account = "SPONSOR0001";

    public const string Counted = "counted";
    public const string Random = "random";

    private const int LinesPerEnvelope = 100_000;
    private const int MostEnvelopes = 100;

    public static BenchPlan Of(int disbursements, int batchSize, int clients, int? stageDisbursements, bool keep, FileInfo? picture, int hosts, string ids)
    {
        if (disbursements is < 1_000 or > 20_000_000)
        {
            throw new StartupRefusedException("--disbursements must be 1,000 to 20,000,000.");
        }

        if (batchSize is < 1 or > 100_000)
        {
            throw new StartupRefusedException("--batch-size must be 1 to 100,000.");
        }

        if (clients is < 1 or > 64)
        {
            throw new StartupRefusedException("--clients must be 1 to 64.");
        }

        if (hosts is < 1 or > 16)
        {
            throw new StartupRefusedException("--hosts must be 1 to 16.");
        }

        if (ids is not (Counted or Random))
        {
            throw new StartupRefusedException($"--ids must be {Counted} or {Random}.");
        }

        if (stageDisbursements is { } asked && asked != 0 && (asked < 1_000 || asked > disbursements))
        {
            throw new StartupRefusedException("--stage-disbursements must be 0 or from 1,000 to the number of --disbursements.");
        }

        return new BenchPlan(disbursements, Math.Min(batchSize, disbursements), clients, stageDisbursements ?? Math.Min(disbursements, 2 * LinesPerEnvelope), keep, picture, hosts, ids == Random);
    }

    /// <summary>The envelopes of so many lines: 100,000 each, more where there would be too many envelopes to watch.</summary>
    public IReadOnlyList<BenchEnvelope> Envelopes(string name, int lines)
    {
        var each = Math.Max(LinesPerEnvelope, (lines + MostEnvelopes - 1) / MostEnvelopes);
        var planned = new List<BenchEnvelope>();
        for (var from = 0; from < lines; from += each)
        {
            planned.Add(new BenchEnvelope(string.Create(CultureInfo.InvariantCulture, $"BENCH-{name}-{planned.Count + 1}"), from, Math.Min(each, lines - from), RandomIds));
        }

        return planned;
    }
}

/// <summary>An envelope for the people numbered from <paramref name="FirstPerson"/>.</summary>
internal sealed record BenchEnvelope(string Id, int FirstPerson, int Lines, bool RandomIds = false)
{
    public decimal Total => Lines * BenchPlan.Amount;

    public IEnumerable<BenchBatch> Batches(int size) =>
        from start in Enumerable.Range(0, (Lines + size - 1) / size)
        select new BenchBatch(this, string.Create(CultureInfo.InvariantCulture, $"{Id}-B{start + 1}"), FirstPerson + (start * size), Math.Min(size, Lines - (start * size)));
}

/// <summary>The lines of one call.</summary>
internal sealed record BenchBatch(BenchEnvelope Envelope, string Id, int FirstPerson, int Lines);
