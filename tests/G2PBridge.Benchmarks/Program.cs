using System.Diagnostics;
using System.Globalization;
using BenchmarkDotNet.Running;
using G2PBridge.Benchmarks;

// "quick" is a stopwatch for a first look; everything else goes to BenchmarkDotNet.
if (args is not ["quick", ..])
{
    BenchmarkSwitcher.FromAssembly(typeof(StatementBenchmarks).Assembly).Run(args);
    return;
}
// The same file through the platform's XmlReader, to compare with.
const string PlatformXml = "camt.053 over XmlReader";
var only = args.Length > 1 ? args[1] : "";
if ("protection".Contains(only, StringComparison.OrdinalIgnoreCase))
{
    ProtectionQuick.Run();
}

foreach (var (name, make, profile) in new (string, Func<byte[]>, string)[] { ("MT940", () => StatementSource.Mt940(1_000_000), "example-bank"), ("camt.053", () => StatementSource.Camt053(200_000), "generic"), (PlatformXml, () => StatementSource.Camt053(200_000), "generic") })
{
    if (!name.Contains(only, StringComparison.OrdinalIgnoreCase)) continue;
    var bytes = make();
    foreach (var fingerprints in new[] { true, true, true, true, false, false, false })
    {
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var cpu = Environment.CpuUsage.TotalTime;
        var watch = Stopwatch.StartNew();
        var entries = await StatementBenchmarks.ReadAsync(bytes, profile, fingerprints, alwaysPlatform: name == PlatformXml);
        var seconds = watch.Elapsed.TotalSeconds;
        var busy = (Environment.CpuUsage.TotalTime - cpu).TotalSeconds;
        var allocated = (GC.GetTotalAllocatedBytes(precise: true) - before) / 1024.0 / 1024.0;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-23} {entries / seconds,12:N0} entries/s ({entries / busy,10:N0} per CPU second)  {bytes.Length / seconds / 1e6,8:N0} MB/s  {allocated,8:N2} MiB allocated"));
    }
}
