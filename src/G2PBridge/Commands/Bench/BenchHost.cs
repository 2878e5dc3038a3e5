using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace G2PBridge.Commands.Bench;

/// <summary>
/// The bridge that is measured: <c>serve</c> of this same program, as a process of its own, so that its processor time and memory are
/// its own and the client's are not counted.
/// </summary>
internal sealed class BenchHost : IAsyncDisposable
{
    private const int LinesKept = 20;
    private static readonly TimeSpan MostToStart = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan MostToStop = TimeSpan.FromSeconds(40);

    private readonly Queue<string> _written = new();

    private BenchHost(Process process, Uri address)
    {
        Process = process;
        Address = address;
    }

    public Process Process { get; }

    public Uri Address { get; }

    /// <summary>What the process said last; for the message when it ends too early.</summary>
    public string Words
    {
        get
        {
            lock (_written)
            {
                return string.Join('\n', _written);
            }
        }
    }

    public static Task<BenchHost> StartAsync(BenchDatabases databases, string? simulators, IReadOnlyDictionary<string, string?> changes, CancellationToken cancellationToken) =>
        StartAsync(databases, simulators, databases.Settings.GetValueOrDefault("urls") is { Length: > 0 } given ? new Uri(given) : FreeAddress(), changes, cancellationToken);

    /// <summary>So many bridges on the one database: the first holds the simulators, unless they run elsewhere; the others call them there.</summary>
    public static async Task<IReadOnlyList<BenchHost>> StartAllAsync(BenchDatabases databases, string? simulators, int hosts, CancellationToken cancellationToken)
    {
        var changes = new Dictionary<string, string?>();
        var started = new List<BenchHost> { await StartAsync(databases, simulators, changes, cancellationToken) };
        try
        {
            while (started.Count < hosts)
            {
                started.Add(await StartAsync(databases, simulators ?? started[0].Address.ToString(), FreeAddress(), changes, cancellationToken));
            }

            return started;
        }
        catch
        {
            await StopAllAsync(started);
            throw;
        }
    }

    public static async Task StopAllAsync(IReadOnlyList<BenchHost> hosts)
    {
        // The first holds the simulators, which the others need to the end.
        foreach (var host in hosts.Reverse())
        {
            await host.DisposeAsync();
        }
    }

    private static async Task<BenchHost> StartAsync(BenchDatabases databases, string? simulators, Uri address, IReadOnlyDictionary<string, string?> changes, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath!).Equals("dotnet", StringComparison.OrdinalIgnoreCase))
        {
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "g2pbridge.dll"));
        }

        start.ArgumentList.Add("serve");
        // As in the image (deploy/Dockerfile), unless whoever measures wants to know what another size does.
        start.Environment.TryAdd("DOTNET_GCgen0size", "0x2000000");
        // Passwords stay out of the list of processes: settings travel in the environment.
        foreach (var (key, value) in Defaults(databases, simulators, address).Concat(databases.Settings.Where(IsPassedOn)).Concat(changes))
        {
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        var host = new BenchHost(Process.Start(start) ?? throw new BenchFailedException("The bridge could not be started."), address);
        host.Listen();
        try
        {
            await host.WaitUntilReadyAsync(cancellationToken);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!Process.HasExited)
        {
            await StopAsync();
        }

        Process.Dispose();
    }

    private async Task StopAsync()
    {
        // In good order where the system has a way to ask for it.
        if (!OperatingSystem.IsWindows())
        {
            using var ask = Process.Start("kill", ["-TERM", Process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
            await ask.WaitForExitAsync();
            using var limit = new CancellationTokenSource(MostToStop);
            try
            {
                await Process.WaitForExitAsync(limit.Token);
                return;
            }
            catch (OperationCanceledException)
            {
                CommandLine.Report("The measured bridge did not stop in good order and is ended.");
            }
        }

        Process.Kill(entireProcessTree: true);
        await Process.WaitForExitAsync();
    }

    private static Dictionary<string, string?> Defaults(BenchDatabases databases, string? simulators, Uri address)
    {
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["urls"] = address.ToString().TrimEnd('/'),
            ["Serilog:MinimumLevel:Default"] = "Warning",
            ["Statements:MaxUploadBytes"] = "2147483648",
            ["SponsorBanks:Default:AccountNumber"] = BenchPlan.Account,
            ["ConnectionStrings:G2PBridge"] = databases.Bridge,
        };
        if (simulators is null)
        {
            settings["Simulators:Enabled"] = "true";
            settings["Simulators:ConnectionString"] = databases.Simulators;
            settings["Simulators:ExampleBank:Accounts:0:Number"] = BenchPlan.Account;
            settings["Simulators:ExampleBank:Accounts:0:Currency"] = BenchPlan.Currency;
            settings["Simulators:ExampleBank:Accounts:0:OpeningBalance"] = "100000000000";
        }
        else
        {
            settings["Simulators:Enabled"] = "false";
            settings["Spar:Url"] = simulators.TrimEnd('/') + "/simulators/spar/resolve";
            settings["SponsorBanks:Banks:EXAMPLE-BANK:BaseUrl"] = simulators.TrimEnd('/') + "/simulators/example-bank";
        }

        return settings;
    }

    private static bool IsPassedOn(KeyValuePair<string, string?> setting) =>
        setting.Value is not null && !setting.Key.Equals("ConnectionStrings:G2PBridge", StringComparison.OrdinalIgnoreCase) && !setting.Key.Equals("urls", StringComparison.OrdinalIgnoreCase);

    private static Uri FreeAddress()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
    }

    private void Listen()
    {
        void Keep(object sender, DataReceivedEventArgs line)
        {
            lock (_written)
            {
                if (line.Data is not null)
                {
                    _written.Enqueue(line.Data);
                }

                if (_written.Count > LinesKept)
                {
                    _written.Dequeue();
                }
            }
        }

        Process.OutputDataReceived += Keep;
        Process.ErrorDataReceived += Keep;
        Process.BeginOutputReadLine();
        Process.BeginErrorReadLine();
        Process.StandardInput.Close();
    }

    private async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        for (var since = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(since) < MostToStart;)
        {
            if (Process.HasExited)
            {
                throw new BenchFailedException($"The measured bridge ended at its start with code {Process.ExitCode}: {Words}");
            }

            try
            {
                using var answer = await http.GetAsync(new Uri(Address, "ping"), cancellationToken);
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }

            await Task.Delay(50, cancellationToken);
        }

        throw new BenchFailedException($"The measured bridge did not answer within {MostToStart.TotalSeconds:0} seconds: {Words}");
    }
}
