using System.Diagnostics;
using System.Globalization;

namespace G2PBridge.LocalPostgres;

/// <summary>What the server says of itself in <c>postmaster.pid</c>; the file stays behind when the server is killed.</summary>
internal sealed record PostmasterFile(int ProcessId, int Port, string Status)
{
    private const int PortLine = 3;
    private const int StatusLine = 7;

    public bool IsReady => Status == "ready";

    public static string PathIn(string dataDirectory) => Path.Combine(dataDirectory, "postmaster.pid");

    /// <summary>Null when there is none, or when it is just being written.</summary>
    public static PostmasterFile? Read(string dataDirectory)
    {
        try
        {
            using var file = new FileStream(PathIn(dataDirectory), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(file);
            var lines = reader.ReadToEnd().Split('\n');
            return int.TryParse(lines[0], CultureInfo.InvariantCulture, out var processId)
                ? new PostmasterFile(Math.Abs(processId), PortOf(lines), lines.ElementAtOrDefault(StatusLine)?.Trim() ?? "")
                : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (IOException) when (OperatingSystem.IsWindows())
        {
            return null;
        }
    }

    public bool IsProcessAlive()
    {
        try
        {
            using var process = Process.GetProcessById(ProcessId);
            return !process.HasExited;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>
    /// True when the process is alive and is the server of this folder: process ids are used again, in containers even at once, so the
    /// number alone says nothing. A server's current folder is its data folder; where the system does not show that, its name must do.
    /// </summary>
    public bool IsServerOf(string dataDirectory)
    {
        if (OperatingSystem.IsLinux())
        {
            return WorksIn($"/proc/{ProcessId}", RealPath(dataDirectory));
        }

        try
        {
            using var process = Process.GetProcessById(ProcessId);
            return !process.HasExited && process.ProcessName.StartsWith("postgres", StringComparison.OrdinalIgnoreCase);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>
    /// True while children of a killed server are still about, as far as the system shows it. A server that nobody buries keeps its
    /// process id, and then its own check for such children cannot be had.
    /// </summary>
    public static bool IsAnyoneWorkingIn(string dataDirectory)
    {
        var real = RealPath(dataDirectory);
        return OperatingSystem.IsLinux() && Directory.EnumerateDirectories("/proc").Any(process => char.IsAsciiDigit(process[^1]) && WorksIn(process, real));
    }

    // A dead process that nobody has buried yet has no folder any more, and so counts as gone.
    private static bool WorksIn(string process, string folder)
    {
        try
        {
            return File.ResolveLinkTarget(Path.Combine(process, "cwd"), returnFinalTarget: false)?.FullName == folder;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static int PortOf(string[] lines) =>
        int.TryParse(lines.ElementAtOrDefault(PortLine), CultureInfo.InvariantCulture, out var port) ? port : 0;

    private static string RealPath(string path)
    {
        var real = "/";
        foreach (var part in Path.GetFullPath(path).Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            var next = Path.Combine(real, part);
            real = new DirectoryInfo(next).ResolveLinkTarget(returnFinalTarget: true) is { } target ? RealPath(target.FullName) : next;
        }

        return real;
    }
}
