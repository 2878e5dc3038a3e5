using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace G2PBridge.ChaosRunner;

/// <summary>A real process of one of our programs, with its output in a file.</summary>
internal sealed class Child : IDisposable
{
    private readonly Process _process;
    private readonly StreamWriter _log;
    private readonly string _readyWord;
    private volatile bool _isReady;

    private Child(ProcessStartInfo start, string logFile, string readyWord)
    {
        _readyWord = readyWord;
        _log = new StreamWriter(logFile, append: true) { AutoFlush = true };
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>It said that it serves, and nobody has ended it since.</summary>
    public bool IsReady => _isReady && !_process.HasExited;

    public bool HasExited => _process.HasExited;

    public int ProcessId => _process.Id;

    public int ExitCode => _process.ExitCode;

    public static Child Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, string logFile, string readyWord)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add(program);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new Child(start, logFile, readyWord);
    }

    /// <summary>A program of this checkout, as it was built with us.</summary>
    public static string Find(string project, string assembly)
    {
        var configuration = AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Release{Path.DirectorySeparatorChar}", StringComparison.Ordinal) ? "Release" : "Debug";
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "G2PBridge.sln")))
            {
                var program = Path.Combine(folder.FullName, "src", project, "bin", configuration, "net10.0", assembly);
                return File.Exists(program) ? program : throw new NotRunnableException($"{program} is missing: build the solution first.");
            }
        }

        throw new NotRunnableException("The runner has to lie inside the checkout whose hosts it starts.");
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>SIGKILL: the process does not learn of it.</summary>
    public void Kill()
    {
        _isReady = false;
        _process.Kill();
        _process.WaitForExit();
    }

    public void Signal(string name) => Signal(_process.Id, name);

    public static void Signal(int processId, string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", processId.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    public async Task<bool> ExitAsync(TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
        lock (_log)
        {
            _log.Dispose();
        }
    }

    private void Take(string? line)
    {
        if (line is null)
        {
            return;
        }

        if (line.Contains(_readyWord, StringComparison.Ordinal))
        {
            _isReady = true;
        }

        lock (_log)
        {
            if (_log.BaseStream is not null)
            {
                _log.WriteLine(line);
            }
        }
    }
}
