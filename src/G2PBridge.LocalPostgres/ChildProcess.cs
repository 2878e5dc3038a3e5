using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace G2PBridge.LocalPostgres;

/// <summary>A program run to its end, with what it wrote.</summary>
internal sealed record ChildProcess(int ExitCode, string Output)
{
    public bool Succeeded => ExitCode == 0;

    /// <summary>The last line with text in it, for a message of one sentence.</summary>
    public string LastLine => Output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? $"exit code {ExitCode}";

    /// <summary>Runs the program; one that cannot be started at all comes back as exit code -1 with the reason as output.</summary>
    public static async Task<ChildProcess> RunAsync(ProcessStartInfo start, TimeSpan timeout, CancellationToken cancellationToken)
    {
        start.UseShellExecute = false;
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.CreateNoWindow = true;
        var output = new StringBuilder();
        using var process = new Process { StartInfo = start };
        void Collect(object sender, DataReceivedEventArgs line)
        {
            if (line.Data is null)
            {
                return;
            }

            lock (output)
            {
                output.Append(line.Data).Append('\n');
            }
        }

        process.OutputDataReceived += Collect;
        process.ErrorDataReceived += Collect;
        try
        {
            process.Start();
        }
        catch (Exception e) when (e is Win32Exception or UnauthorizedAccessException or DirectoryNotFoundException or FileNotFoundException)
        {
            return new ChildProcess(-1, e.Message);
        }

        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }

            cancellationToken.ThrowIfCancellationRequested();
            return new ChildProcess(-1, $"no answer within {timeout.TotalSeconds:0} s");
        }

        lock (output)
        {
            return new ChildProcess(process.ExitCode, output.ToString());
        }
    }

    /// <summary>
    /// Runs a program whose children outlive it. On Windows they inherit its output handles, and reading those to the end would wait for
    /// the server itself, so there the output is not read.
    /// </summary>
    public static async Task<ChildProcess> RunStarterAsync(ProcessStartInfo start, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsWindows())
        {
            return await RunAsync(start, timeout, cancellationToken);
        }

        start.UseShellExecute = false;
        start.CreateNoWindow = true;
        using var process = Process.Start(start) ?? throw new LocalPostgresException($"{start.FileName} could not be started.");
        await process.WaitForExitAsync(cancellationToken).WaitAsync(timeout, cancellationToken);
        return new ChildProcess(process.ExitCode, "");
    }

    public static ProcessStartInfo Command(string program, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }
}
