using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace G2PBridge.LocalPostgres;

/// <summary>The settings file that every start writes anew and that <c>postgresql.conf</c> includes last.</summary>
internal static partial class ServerSettings
{
    public const string FileName = "g2p-bridge.conf";

    /// <summary>How pages that are logged whole are made smaller. Not every build has it; <see cref="SlowLogCompression"/> stands in.</summary>
    public const string LogCompression = "lz4";

    public const string LogCompressionName = "wal_compression";

    /// <summary>PostgreSQL's own method, in every build; a vacuum that freezes ten million payments takes nearly three times the processor time with it.</summary>
    public const string SlowLogCompression = "on";

    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "listen_addresses", "port", "unix_socket_directories", "data_directory", "hba_file", "ident_file", "config_file", "external_pid_file",
    };

    private static readonly (string Name, string Value, string Reason)[] Ours =
    [
        ("listen_addresses", "127.0.0.1", "never reachable from another machine"),
        ("unix_socket_directories", "", "one way in only, the same on every system"),
        ("cluster_name", "g2p-bridge", "shows whose server this is in the list of processes"),
        ("max_connections", "200", "host, simulators and tests side by side"),
        ("shared_buffers", SharedBuffers(), "a quarter of the memory, taken up as it fills: the busy part of ten million rows on a machine with 24 GB"),
        ("effective_cache_size", "4GB", "what the system's file cache is likely to hold, so that index scans are costed fairly"),
        ("work_mem", "16MB", "sorts and hashes of a batch stay in memory"),
        ("maintenance_work_mem", "256MB", "index builds and vacuum of large tables in one pass"),
        ("random_page_cost", "1.1", "solid state disks"),
        ("max_wal_size", "8GB", "bulk loads are not interrupted by forced checkpoints, after each of which whole pages are logged again"),
        ("min_wal_size", "256MB", "log files are reused, yet an idle cluster stays small"),
        ("checkpoint_timeout", "15min", "fewer page images; recovery after a crash takes longer, but not long"),
        ("fsync", "on", "what is committed survives a power cut: crash safety is proved on this server"),
        ("synchronous_commit", "on", "an acknowledged commit is on disk"),
        ("full_page_writes", "on", "a page torn by a crash is repaired"),
        ("jit", "off", "compiling costs more than it gains on statements of milliseconds"),
        ("timezone", "UTC", "the server has no time zone of its own; the programme's is applied by the host"),
        ("log_timezone", "UTC", "log and database speak of the same clock"),
        ("lc_messages", "C", "the log is read for the reason of a failed start"),
        ("log_line_prefix", "%m [%p] %a ", "when, which process, which program"),
        ("logging_collector", "off", "one file, server.log, written by the starter"),
    ];

    private static readonly (string Name, string Value, string Reason)[] ThrowawayOnly =
    [
        ("fsync", "off", "thrown away with the folder; commits survive a killed server, not a power cut"),
        ("shared_buffers", "64MB", "several run at once"),
        ("max_wal_size", "1GB", "the temporary folder may be small"),
        ("autovacuum_naptime", "10min", "no background noise in short tests"),
    ];

    /// <exception cref="LocalPostgresException">A name is not a setting's name, or is one that we keep.</exception>
    public static void Check(IReadOnlyDictionary<string, string> settings)
    {
        foreach (var (name, value) in settings)
        {
            if (!SettingName().IsMatch(name) || value.AsSpan().ContainsAny('\n', '\r'))
            {
                throw new LocalPostgresException($"'{name}' is not a setting of the local PostgreSQL with a value of one line: write a name and a value as in postgresql.conf.");
            }

            if (Reserved.Contains(name))
            {
                throw new LocalPostgresException($"The setting {name} of the local PostgreSQL is fixed, as it decides who can reach the server: leave it out.");
            }
        }
    }

    public static void Write(string dataDirectory, int port, LocalPostgresOptions options, string logCompression)
    {
        var text = new StringBuilder("# Written at each start; changes are lost. Other settings: LocalPostgres:Settings of the bridge, or ALTER SYSTEM.\n");
        text.Append(CultureInfo.InvariantCulture, $"port = {port}\n");
        foreach (var (name, value, reason) in (options.Throwaway ? Ours.Concat(ThrowawayOnly) : Ours).Append((LogCompressionName, logCompression, "smaller page images after a checkpoint")))
        {
            text.Append(CultureInfo.InvariantCulture, $"{name} = {Quote(value)}  # {reason}\n");
        }

        foreach (var (name, value) in options.Settings)
        {
            text.Append(CultureInfo.InvariantCulture, $"{name} = {Quote(value)}\n");
        }

        File.WriteAllText(Path.Combine(dataDirectory, FileName), text.ToString());
    }

    private static string SharedBuffers() =>
        string.Create(CultureInfo.InvariantCulture, $"{Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4 / 1024 / 1024, 256, 8192)}MB");

    private static string Quote(string value) => $"'{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'";

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_.$]*$")]
    private static partial Regex SettingName();
}
