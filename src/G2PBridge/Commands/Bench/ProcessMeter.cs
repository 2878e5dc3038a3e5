using System.Diagnostics;
using System.Globalization;

namespace G2PBridge.Commands.Bench;

/// <summary>Processor time so far, in seconds.</summary>
/// <param name="Postgres">Of the whole server, all its processes; null where they cannot be seen (another machine, not Linux).</param>
/// <param name="Client">Of this program, which writes the requests and waits.</param>
/// <param name="Log">Bytes of the server's write-ahead log.</param>
internal sealed record Usage(long At, double Host, double? Postgres, double Client, long Log);

/// <summary>Reads what the processes have used. PostgreSQL's are found as the children of the server that answers, through /proc.</summary>
internal sealed class ProcessMeter(BenchDatabases databases)
{
    private const double TicksPerSecond = 100;
    private const int Parent = 1;
    private const int UserTime = 11;
    private const int SystemTime = 12;
    private const int EndedUserTime = 13;
    private const int EndedSystemTime = 14;

    private string? _server;

    public Task<Usage> ReadAsync(BenchHost host, CancellationToken cancellationToken) => ReadAsync([host], cancellationToken);

    public async Task<Usage> ReadAsync(IReadOnlyList<BenchHost> hosts, CancellationToken cancellationToken)
    {
        foreach (var host in hosts)
        {
            host.Process.Refresh();
        }

        using var own = Process.GetCurrentProcess();
        return new Usage(
            Stopwatch.GetTimestamp(), hosts.Sum(host => host.Process.TotalProcessorTime.TotalSeconds), await PostgresSecondsAsync(cancellationToken), own.TotalProcessorTime.TotalSeconds,
            await databases.LogPositionAsync(cancellationToken));
    }

    /// <summary>The most memory that the host has held, in MiB.</summary>
    public static double HostPeak(BenchHost host)
    {
        host.Process.Refresh();
        return host.Process.PeakWorkingSet64 / 1048576d;
    }

    /// <summary>What the server holds now, in MiB: each process' own memory, and once what they share. Null where it cannot be seen.</summary>
    public async Task<double?> PostgresMemoryAsync(CancellationToken cancellationToken)
    {
        if (await ServerAsync(cancellationToken) is not { } server)
        {
            return null;
        }

        var (own, shared, files) = (0L, 0L, 0L);
        foreach (var process in Members(server))
        {
            var held = Memory(process);
            own += held.Own;
            // The kernel does not count huge pages as shared memory.
            shared = Math.Max(shared, held.Shared + held.Huge);
            files = Math.Max(files, held.Files);
        }

        return (own + shared + files) / 1024d;
    }

    /// <summary>Whether the server's shared memory lies on huge pages. Null where it cannot be seen.</summary>
    public async Task<bool?> HasHugePagesAsync(CancellationToken cancellationToken) =>
        await ServerAsync(cancellationToken) is { } server ? Members(server).Any(process => Memory(process).Huge > 0) : null;

    private async Task<double?> PostgresSecondsAsync(CancellationToken cancellationToken)
    {
        if (await ServerAsync(cancellationToken) is not { } server || Stat(server) is not { } own)
        {
            return null;
        }

        var living = Members(server).Select(Stat).Where(stat => stat is not null).Sum(stat => Ticks(stat!, UserTime) + Ticks(stat!, SystemTime));
        return (living + Ticks(own, EndedUserTime) + Ticks(own, EndedSystemTime)) / TicksPerSecond;
    }

    /// <summary>The server's first process; empty once it is known that there is none to see.</summary>
    private async Task<string?> ServerAsync(CancellationToken cancellationToken)
    {
        if (_server is null)
        {
            _server = "";
            if (OperatingSystem.IsLinux())
            {
                await using var command = databases.Source.CreateCommand("select pg_backend_pid(), application_name from pg_stat_activity where pid = pg_backend_pid()");
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                await reader.ReadAsync(cancellationToken);
                // A number of another machine may be a process here too, but hardly one of PostgreSQL.
                if (Stat(reader.GetInt32(0).ToString(CultureInfo.InvariantCulture)) is { } backend && Name(backend[Parent]) is "postgres" or "postmaster")
                {
                    _server = backend[Parent];
                }
            }
        }

        return _server.Length == 0 ? null : _server;
    }

    private static IEnumerable<string> Members(string server) =>
        Directory.EnumerateDirectories("/proc").Select(path => Path.GetFileName(path)).Where(name => char.IsAsciiDigit(name[0]) && (name == server || Stat(name)?[Parent] == server));

    private static double Ticks(string[] stat, int field) => double.Parse(stat[field], CultureInfo.InvariantCulture);

    private static string? Name(string process) => Read($"/proc/{process}/comm")?.Trim();

    /// <summary>The fields after the name, which may hold anything.</summary>
    private static string[]? Stat(string process) => Read($"/proc/{process}/stat") is { } text ? text[(text.LastIndexOf(')') + 2)..].Split(' ') : null;

    private static (long Own, long Shared, long Files, long Huge) Memory(string process)
    {
        var lines = Read($"/proc/{process}/status")?.Split('\n') ?? [];
        return (Of("RssAnon:"), Of("RssShmem:"), Of("RssFile:"), Of("HugetlbPages:"));

        long Of(string name) => lines.FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) is { } line
            ? long.Parse(line.AsSpan(name.Length).Trim().TrimEnd(" kB"), CultureInfo.InvariantCulture)
            : 0;
    }

    private static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It has just ended.
            return null;
        }
    }
}
