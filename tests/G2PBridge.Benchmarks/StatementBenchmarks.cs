using BenchmarkDotNet.Attributes;
using G2PBridge.Statements;

namespace G2PBridge.Benchmarks;

/// <summary>Reading from memory, every event consumed, fingerprints on. One operation is one entry.</summary>
[MemoryDiagnoser]
[InProcess]
[WarmupCount(3), IterationCount(8)]
public class StatementBenchmarks
{
    private const int MtEntries = 1_000_000;
    private const int CamtEntries = 200_000;

    private byte[] _mt = [];
    private byte[] _camt = [];

    [GlobalSetup]
    public void Setup()
    {
        _mt = StatementSource.Mt940(MtEntries);
        _camt = StatementSource.Camt053(CamtEntries);
    }

    [Benchmark(OperationsPerInvoke = MtEntries)]
    public Task<int> Mt940() => ReadAsync(_mt, "example-bank");

    [Benchmark(OperationsPerInvoke = CamtEntries)]
    public Task<int> Camt053() => ReadAsync(_camt, "generic");

    [Benchmark(OperationsPerInvoke = CamtEntries)]
    public Task<int> Camt053OverXmlReader() => ReadAsync(_camt, "generic", alwaysPlatform: true);

    internal static async Task<int> ReadAsync(byte[] bytes, string profile, bool fingerprints = true, bool alwaysPlatform = false)
    {
        var entries = 0;
        var limits = new ReaderLimits { Fingerprints = fingerprints };
        await using var reader = alwaysPlatform
            ? new Iso20022Reader(new MemoryStream(bytes), ReadOnlyMemory<byte>.Empty, BankProfile.Shipped(profile)!, limits, alwaysPlatform: true)
            : await StatementReader.OpenAsync(new MemoryStream(bytes), BankProfile.Shipped(profile), limits);
        while (await reader.ReadAsync())
            if (reader.Event == StatementEvent.Entry) entries++;
        if (reader.File.Verdict != Verdict.Accept) throw new InvalidOperationException(string.Join('\n', reader.File.Findings));
        return entries;
    }
}
