using System.Diagnostics;
using System.Globalization;
using G2PBridge.LocalPostgres;

namespace G2PBridge.ProcessTests.LocalPostgres;

/// <summary>
/// A host in a process of its own that starts a cluster and waits: for a line on its input, upon which it stops in order, or to be
/// killed. <see cref="Main"/> is the other side of it.
/// </summary>
internal sealed class SeparateHost : IDisposable
{
    private readonly Process _process;

    private SeparateHost(Process process, string[] started)
    {
        _process = process;
        Port = int.Parse(started[1], CultureInfo.InvariantCulture);
        Adopted = bool.Parse(started[2]);
        Milliseconds = int.Parse(started[3], CultureInfo.InvariantCulture);
    }

    public int Port { get; }

    public bool Adopted { get; }

    /// <summary>How long the start took, the first use of every class included.</summary>
    public int Milliseconds { get; }

    public static async Task<SeparateHost> StartAsync(string folder, string? binDirectory = null)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet")
        {
            ArgumentList = { "exec", typeof(SeparateHost).Assembly.Location, folder, binDirectory ?? "" },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var process = Process.Start(start)!;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.Split(' ') is ["started", ..] started)
            {
                return new SeparateHost(process, started);
            }

            await TestContext.Progress.WriteLineAsync($"separate host: {line}");
        }

        process.Dispose();
        throw new InvalidOperationException("The separate host ended without starting its cluster; its last lines are above.");
    }

    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Has the host stop in order; true when that shut the server down.</summary>
    public async Task<bool> StopAsync()
    {
        await _process.StandardInput.WriteLineAsync("stop");
        var stopped = false;
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            stopped |= line == "stopped True";
        }

        await _process.WaitForExitAsync();
        return stopped;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private static async Task<int> Main(string[] args)
    {
        try
        {
            var since = TimeProvider.System.GetTimestamp();
            var options = new LocalPostgresOptions
            {
                Folder = args[0],
                BinDirectory = args.ElementAtOrDefault(1) is { Length: > 0 } bin ? bin : null,
                AllowUserNamespace = args.ElementAtOrDefault(2) != "without-namespace",
            };
            var cluster = await LocalPostgresCluster.StartAsync(options, Console.WriteLine, CancellationToken.None);
            var elapsed = TimeProvider.System.GetElapsedTime(since).TotalMilliseconds;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"started {cluster.Port} {cluster.Adopted} {elapsed:0} {cluster.ServerVersion} {cluster.DataDirectory} {cluster.BinDirectory}"));
            await Console.In.ReadLineAsync();
            Console.WriteLine($"stopped {await cluster.StopAsync()}");
            return 0;
        }
        catch (LocalPostgresException e)
        {
            Console.WriteLine(e.Message);
            return 1;
        }
    }
}
