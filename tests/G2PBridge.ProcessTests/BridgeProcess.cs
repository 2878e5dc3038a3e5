using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace G2PBridge.ProcessTests;

/// <summary>The real program in a process of its own, as a newcomer or an operator runs it.</summary>
internal sealed class BridgeProcess : IDisposable
{
    /// <summary>Ends a test whose program hangs; nothing is measured by it, so it is long enough for a machine that is busy with much else.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly SemaphoreSlim _printed = new(0);

    private BridgeProcess(Process process)
    {
        _process = process;
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Output => string.Join('\n', _lines);

    public int Id => _process.Id;

    public static BridgeProcess Start(IReadOnlyDictionary<string, string?> environment, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false };
        start.ArgumentList.Add(Program());
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Development";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new BridgeProcess(new Process { StartInfo = start });
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Waits until a line of the output satisfies the condition, or the process ends.</summary>
    public async Task<bool> UntilAsync(Func<string, bool> condition, TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        while (!_lines.Any(condition))
        {
            if (_process.HasExited)
            {
                await _process.WaitForExitAsync(limit.Token);
                return _lines.Any(condition);
            }

            await _printed.WaitAsync(TimeSpan.FromMilliseconds(200), limit.Token);
        }

        return true;
    }

    public async Task<int> ExitAsync(TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    /// <summary>kill -9: nothing of the program runs any more.</summary>
    public void KillHard() => _process.Kill();

    /// <summary>Ctrl-C.</summary>
    public void Interrupt()
    {
        using var kill = Process.Start("kill", ["-INT", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
        _printed.Dispose();
    }

    private static string Program()
    {
        var configuration = AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Release{Path.DirectorySeparatorChar}", StringComparison.Ordinal) ? "Release" : "Debug";
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "G2PBridge.sln")))
            {
                return Path.Combine(folder.FullName, "src", "G2PBridge", "bin", configuration, "net10.0", "g2pbridge.dll");
            }
        }

        throw new InvalidOperationException("The tests do not run inside the checkout.");
    }

    private void Take(string? line)
    {
        if (line is not null)
        {
            _lines.Enqueue(line);
            _printed.Release();
        }
    }
}
