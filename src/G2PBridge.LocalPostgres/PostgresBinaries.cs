using System.Globalization;
using System.Text.RegularExpressions;

namespace G2PBridge.LocalPostgres;

/// <summary>A folder with <c>initdb</c>, <c>pg_ctl</c> and a <c>postgres</c> that runs here, and the version it gives.</summary>
internal sealed partial record PostgresBinaries(string Directory, string Version, int Major)
{
    public const int OldestMajor = 15;
    public const string EnvironmentVariable = "POSTGRES_BIN";

    private static readonly string[] Needed = ["postgres", "initdb", "pg_ctl"];
    private static readonly TimeSpan VersionTimeout = TimeSpan.FromSeconds(20);

    public string InitDb => Executable(Directory, "initdb");

    public string PgCtl => Executable(Directory, "pg_ctl");

    public string Postgres => Executable(Directory, "postgres");

    /// <summary>
    /// Finds binaries in this order: the folder asked for; PATH and the usual places, newest first; npm's packages; <c>npm ci</c>.
    /// </summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="dataMajor">The major version that made the data folder, since no other can open it; null when there is no data yet.</param>
    /// <param name="report">Receives progress that takes long enough to wonder about.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="LocalPostgresUnavailableException">Nothing fits.</exception>
    public static async Task<PostgresBinaries> FindAsync(LocalPostgresOptions options, int? dataMajor, Action<string> report, CancellationToken cancellationToken)
    {
        if ((options.BinDirectory ?? Environment.GetEnvironmentVariable(EnvironmentVariable)) is { Length: > 0 } asked)
        {
            return await ReadAskedAsync(options, asked, dataMajor, cancellationToken);
        }

        var others = new List<string>();
        foreach (var directory in options.SearchDirectories ?? UsualDirectories())
        {
            if (await TryFitAsync(directory, dataMajor, others, cancellationToken) is { } found)
            {
                return found;
            }
        }

        foreach (var directory in NpmPostgres.Installed(options))
        {
            if (await TryFitAsync(directory, dataMajor, others, cancellationToken) is { } found)
            {
                return found;
            }
        }

        var root = NpmPostgres.FindRepositoryRoot(options);
        string? npmFailure = null;
        if (root is not null && (dataMajor is null || dataMajor == NpmPostgres.LockedMajor(root)))
        {
            npmFailure = await NpmPostgres.InstallAsync(root, report, cancellationToken);
            foreach (var directory in NpmPostgres.Installed(options))
            {
                if (await TryFitAsync(directory, dataMajor, others, cancellationToken) is { } found)
                {
                    return found;
                }
            }
        }

        throw new LocalPostgresUnavailableException(dataMajor is { } major
            ? NoneForData(options, major, others)
            : NoneAtAll(root, others, npmFailure));
    }

    public static string Executable(string directory, string program) =>
        Path.Combine(directory, OperatingSystem.IsWindows() ? program + ".exe" : program);

    /// <summary>Reads the version by running the server; when that is impossible, says why instead.</summary>
    public static async Task<(PostgresBinaries? Binaries, string Problem)> ReadAsync(string directory, CancellationToken cancellationToken)
    {
        foreach (var program in Needed)
        {
            if (!File.Exists(Executable(directory, program)))
            {
                return (null, $"{directory} has no {program}");
            }
        }

        NpmPostgres.CompleteLinks(directory);
        var run = await ServerIdentity.Myself.RunAsync(Executable(directory, "postgres"), ["--version"], VersionTimeout, cancellationToken);
        if (!run.Succeeded || VersionText().Match(run.Output) is not { Success: true } version)
        {
            return (null, $"the PostgreSQL in {directory} does not run here ({run.LastLine.TrimEnd('.')})");
        }

        var major = int.Parse(version.Groups["major"].ValueSpan, CultureInfo.InvariantCulture);
        return major < OldestMajor
            ? (null, $"the PostgreSQL in {directory} is version {version.Groups["full"].Value}, older than {OldestMajor}")
            : (new PostgresBinaries(directory, version.Groups["full"].Value, major), "");
    }

    private static async Task<PostgresBinaries> ReadAskedAsync(LocalPostgresOptions options, string asked, int? dataMajor, CancellationToken cancellationToken)
    {
        var (binaries, problem) = await ReadAsync(Path.GetFullPath(asked), cancellationToken);
        if (binaries is null)
        {
            var source = options.BinDirectory is null ? $"The environment variable {EnvironmentVariable}" : "The folder given for PostgreSQL's programs";
            throw new LocalPostgresUnavailableException($"{source} does not help: {problem}; name the bin folder of PostgreSQL {OldestMajor} or newer, or leave it out.");
        }

        return dataMajor is null || dataMajor == binaries.Major
            ? binaries
            : throw new LocalPostgresUnavailableException(NoneForData(options, dataMajor.Value, [Describe(binaries)]));
    }

    private static async Task<PostgresBinaries?> TryFitAsync(string directory, int? dataMajor, List<string> others, CancellationToken cancellationToken)
    {
        if (!File.Exists(Executable(directory, "postgres")))
        {
            return null;
        }

        var (binaries, problem) = await ReadAsync(directory, cancellationToken);
        if (binaries is not null && (dataMajor is null || dataMajor == binaries.Major))
        {
            return binaries;
        }

        var found = binaries is null ? problem : Describe(binaries);
        if (!others.Contains(found))
        {
            others.Add(found);
        }

        return null;
    }

    private static string Describe(PostgresBinaries binaries) => $"PostgreSQL {binaries.Version} in {binaries.Directory}";

    private static string NoneForData(LocalPostgresOptions options, int major, List<string> others) =>
        $"The data in {options.Folder} was made by PostgreSQL {major}, which was not found (found: {(others.Count == 0 ? "nothing" : string.Join("; ", others))}): "
        + $"install PostgreSQL {major} or name its bin folder in {EnvironmentVariable}, or delete {options.Folder} to start with an empty cluster.";

    private static string NoneAtAll(string? root, List<string> others, string? npmFailure)
    {
        var npm = root is null ? "" : $", or run `npm ci` in {root} (it needs Node.js; just now {npmFailure ?? "it brought nothing that runs here, perhaps for want of a network"})";
        var tried = others.Count == 0 ? "" : $" (tried: {string.Join("; ", others)})";
        return $"PostgreSQL {OldestMajor} or newer was not found on this machine{tried}: install it (Debian and Ubuntu: `apt-get install postgresql`, "
            + $"macOS: `brew install postgresql@18`, Windows: `winget install PostgreSQL.PostgreSQL.18`), or name its bin folder in {EnvironmentVariable}{npm}, "
            + "or give the connection string of a server that you run yourself.";
    }

    private static IEnumerable<string> UsualDirectories()
    {
        foreach (var entry in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var postgres = Executable(entry, "postgres");
            if (File.Exists(postgres))
            {
                // A link on the PATH leads to the folder where initdb and pg_ctl are, which may have no links of their own.
                yield return Path.GetDirectoryName(File.ResolveLinkTarget(postgres, returnFinalTarget: true)?.FullName ?? postgres)!;
            }
        }

        (string Parent, string Pattern, string Below)[] places = OperatingSystem.IsWindows()
            ? [(Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "PostgreSQL"), "*", "bin")]
            : OperatingSystem.IsMacOS()
                ? [("/opt/homebrew/opt", "postgresql*", "bin"), ("/usr/local/opt", "postgresql*", "bin"), ("/Applications/Postgres.app/Contents/Versions", "*", "bin")]
                : [("/usr/lib/postgresql", "*", "bin"), ("/usr", "pgsql-*", "bin"), ("/home/linuxbrew/.linuxbrew/opt", "postgresql*", "bin")];
        foreach (var (parent, pattern, below) in places)
        {
            if (System.IO.Directory.Exists(parent))
            {
                foreach (var version in System.IO.Directory.GetDirectories(parent, pattern).OrderByDescending(NumberIn))
                {
                    yield return Path.Combine(version, below);
                }
            }
        }
    }

    private static decimal NumberIn(string directory) =>
        decimal.TryParse(Number().Match(Path.GetFileName(directory)).ValueSpan, CultureInfo.InvariantCulture, out var number) ? number : 0;

    [GeneratedRegex(@"\(PostgreSQL\) (?<full>(?<major>\d+)[\w.]*)")]
    private static partial Regex VersionText();

    [GeneratedRegex(@"\d+(\.\d+)?")]
    private static partial Regex Number();
}
