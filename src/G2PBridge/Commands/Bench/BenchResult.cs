using System.Diagnostics;

namespace G2PBridge.Commands.Bench;

/// <summary>One stage as measured.</summary>
/// <param name="Name">As it stands in the table and, in snake case, in the JSON.</param>
/// <param name="Alone">Nothing else ran; otherwise the window from this stage's first movement to its last, all stages at once.</param>
/// <param name="HostCpu">Seconds of processor; null where the stages overlap and cannot be told apart.</param>
internal sealed record StageResult(string Name, bool Alone, int Rows, double Seconds, double? HostCpu, double? PostgresCpu, double? ClientCpu, double? LogBytesPerRow)
{
    public double PerSecond => Seconds > 0 ? Rows / Seconds : 0;

    public static StageResult Between(string name, bool alone, int rows, Usage from, Usage to) => new(
        name, alone, rows, Stopwatch.GetElapsedTime(from.At, to.At).TotalSeconds, to.Host - from.Host, to.Postgres - from.Postgres, to.Client - from.Client,
        (to.Log - from.Log) / (double)Math.Max(1, rows));

    /// <summary>Seconds of processor for a million rows.</summary>
    public double? PerMillion(double? seconds) => seconds * 1_000_000 / Math.Max(1, Rows);
}

/// <summary>Answer times in milliseconds.</summary>
internal sealed record Latency(int Count, double P50, double P99)
{
    public static Latency Of(List<double> milliseconds)
    {
        milliseconds.Sort();
        double At(double share) => milliseconds.Count == 0 ? double.NaN : milliseconds[Math.Min(milliseconds.Count - 1, (int)(milliseconds.Count * share))];
        return new Latency(milliseconds.Count, At(0.5), At(0.99));
    }
}

/// <summary>Rows so far, at a moment of the whole run; for the picture.</summary>
internal sealed record Moment(double Seconds, int Received, int Resolved, int Sent, int Debited);

/// <summary>All stages at once, as in production.</summary>
internal sealed record WholeResult(
    StageResult EndToEnd, IReadOnlyList<StageResult> Windows, double IntakePerSecond, double CreateToPaidPerSecond, int Returned,
    UnderLoad Load, IReadOnlyList<Moment> Course);

/// <summary>Answer times while the pipeline runs.</summary>
/// <param name="Status">Of 1,000 ids.</param>
/// <param name="LongStatus">Of 10,000 ids.</param>
internal sealed record UnderLoad(Latency Status, Latency LongStatus, Latency EnvelopeStatus);

/// <summary>What waits on a quiet bridge.</summary>
/// <param name="FirstLook">Of 1,000 ids about which nobody has asked yet; where there are many, their pages lie where the pay-day has left them.</param>
/// <param name="Status">Of 1,000 ids, when all envelopes have been asked about.</param>
internal sealed record QuietResult(Latency FirstLook, Latency Status, Latency LongStatus, Latency EnvelopeStatus, double CreateToPaidSeconds, double CreateToReconciledSeconds);

/// <summary>Each stage alone.</summary>
/// <param name="ReconcileColdPerSecond">The first statement of a freshly started host; the stage itself is the second one.</param>
internal sealed record StagedResult(IReadOnlyList<StageResult> Stages, double ReconcileColdPerSecond);

/// <summary>Pages of 2 MiB for PostgreSQL's shared memory, for which an administrator has to set memory aside.</summary>
/// <param name="Wanted">As many would hold it.</param>
internal sealed record HugePages(bool AreUsed, long Wanted);

internal sealed record BenchResult(
    BenchPlan Plan, string Machine, double CeilingBefore, double CeilingAfter, WholeResult Whole, QuietResult Quiet, StagedResult? Staged,
    double HostPeak, double? PostgresPeak, bool AllAccountedFor, HugePages? HugePages)
{
    /// <summary>What every rate is compared with.</summary>
    public double Ceiling => (CeilingBefore + CeilingAfter) / 2;

    public StageResult? Stage(string name) => Staged?.Stages.FirstOrDefault(stage => stage.Name == name);
}
