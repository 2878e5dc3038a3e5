using System.Diagnostics;
using System.Globalization;

namespace G2PBridge.IntegrationTests.Safety;

/// <summary>
/// Many small worlds, each from one seed. A failing seed prints its story and is lived again with <c>G2PBRIDGE_SEEDS=17</c>;
/// <c>G2PBRIDGE_SEEDS=1000-9999</c> looks at others than the usual ones.
/// </summary>
internal sealed class SeededWorldTests : IntegrationTest
{
    private const string Variable = "G2PBRIDGE_SEEDS";
    private const int MostFailures = 3;

    private static readonly (int First, int Last) Usual = (1, 30);

    [Test]
    public async Task In_every_seeded_world_each_line_is_paid_once_or_proved_unpaid()
    {
        var (first, last) = Seeds();
        var failures = new List<string>();
        ThreadPool.GetMinThreads(out var workers, out var ports);
        // Whoever is killed or stopped holds a thread until the seed lets go of it.
        ThreadPool.SetMinThreads(Math.Max(workers, 24), ports);
        var deaths = new Dictionary<string, int>();
        var watch = Stopwatch.StartNew();
        try
        {
            await using var world = new SeededWorld();
            deaths = world.Deaths;
            for (var seed = first; seed <= last && failures.Count < MostFailures; seed++)
            {
                var findings = await world.RunAsync(seed);
                if (findings.Count > 0)
                {
                    failures.Add($"Seed {seed} ({Variable}={seed} lives it again):{Lines(findings)}{Environment.NewLine}Its story:{Lines(world.Trace)}");
                }
            }
        }
        finally
        {
            ThreadPool.SetMinThreads(workers, ports);
        }

        TestContext.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{last - first + 1} seeds in {watch.Elapsed.TotalSeconds:0.0} s"));
        TestContext.Out.WriteLine("Killed at: " + string.Join(", ", deaths.OrderByDescending(point => point.Value).Select(point => $"{point.Key} {point.Value}")));
        Assert.That(failures, Is.Empty, string.Join(Environment.NewLine + Environment.NewLine, failures));
    }

    private static string Lines(IEnumerable<string> lines) => string.Concat(lines.Select(line => Environment.NewLine + "  " + line));

    private static (int First, int Last) Seeds()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } text)
        {
            return Usual;
        }

        var ends = text.Split('-');
        var first = int.Parse(ends[0], CultureInfo.InvariantCulture);
        return (first, ends.Length > 1 ? int.Parse(ends[1], CultureInfo.InvariantCulture) : first);
    }
}
