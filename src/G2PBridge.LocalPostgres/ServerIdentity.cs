using System.Diagnostics;

namespace G2PBridge.LocalPostgres;

/// <summary>
/// As whom PostgreSQL's programs run. They refuse to run as root. For root there are two ways round: a user namespace, in which root's own
/// files belong to an ordinary user, so that the data stays where it was wanted, even below a folder that only root may enter; or, where
/// containers forbid namespaces, the account <c>nobody</c>, which needs the data to be its own and the way there to be open.
/// </summary>
/// <param name="Account">The account to run as; null for the present user.</param>
/// <param name="InUserNamespace">Whether to run in a user namespace of its own.</param>
internal sealed record ServerIdentity(string? Account, bool InUserNamespace)
{
    public static readonly ServerIdentity Myself = new(null, false);

    private static readonly ServerIdentity UserNamespace = new(null, true);
    private static readonly ServerIdentity Nobody = new("nobody", false);
    private static readonly TimeSpan ShortTimeout = TimeSpan.FromSeconds(20);

    // 65534 is `nobody` nearly everywhere: initdb insists on a user id that has a name.
    private static readonly string[] NamespaceArguments = ["--user", "--map-user=65534", "--map-group=65534", "--"];

    public string Description => Account is not null ? $"as {Account}" : InUserNamespace ? "in a user namespace" : "as the present user";

    /// <summary>Who may be tried, best first. Data that another user's server made stays with that user.</summary>
    public static async Task<IReadOnlyList<ServerIdentity>> CandidatesAsync(string dataDirectory, bool allowUserNamespace, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows() || !Environment.IsPrivilegedProcess)
        {
            return [Myself];
        }

        if (Directory.Exists(dataDirectory) && await OwnerAsync(dataDirectory, cancellationToken) is { } owner and not "root" and not "UNKNOWN")
        {
            return [new ServerIdentity(owner, false)];
        }

        if (!allowUserNamespace)
        {
            return [Nobody];
        }

        var probe = await UserNamespace.RunAsync("id", ["-un"], ShortTimeout, cancellationToken);
        return probe.Succeeded ? [UserNamespace, Nobody] : [Nobody];
    }

    public Task<ChildProcess> RunAsync(string program, IEnumerable<string> arguments, TimeSpan timeout, CancellationToken cancellationToken) =>
        ChildProcess.RunAsync(Prepare(program, arguments), timeout, cancellationToken);

    public Task<ChildProcess> RunStarterAsync(string program, IEnumerable<string> arguments, TimeSpan timeout, CancellationToken cancellationToken) =>
        ChildProcess.RunStarterAsync(Prepare(program, arguments), timeout, cancellationToken);

    public async Task<bool> CanEnterAsync(string folder, CancellationToken cancellationToken) =>
        this == Myself || (await RunAsync("test", ["-x", folder], ShortTimeout, cancellationToken)).Succeeded;

    public async Task<bool> CanRunAsync(PostgresBinaries binaries, CancellationToken cancellationToken) =>
        this == Myself || (await RunAsync(binaries.InitDb, ["--version"], ShortTimeout, cancellationToken)).Succeeded;

    /// <summary>Hands the folder and what is in it to whom the server runs as, who must own what it serves.</summary>
    public async Task TakeOwnershipAsync(string path, CancellationToken cancellationToken)
    {
        if (this == Myself)
        {
            return;
        }

        var owner = Account ?? "root";
        var run = await ChildProcess.RunAsync(ChildProcess.Command("chown", "-R", owner, path), ShortTimeout, cancellationToken);
        if (!run.Succeeded)
        {
            throw new LocalPostgresException($"{path} could not be handed to the account {owner} ({run.LastLine}): run as an ordinary user instead of root.");
        }
    }

    public static async Task<string?> OwnerAsync(string path, CancellationToken cancellationToken)
    {
        var format = OperatingSystem.IsLinux() ? "-c" : "-f";
        var run = await ChildProcess.RunAsync(ChildProcess.Command("stat", format, OperatingSystem.IsLinux() ? "%U" : "%Su", path), ShortTimeout, cancellationToken);
        return run.Succeeded ? run.Output.Trim() : null;
    }

    private ProcessStartInfo Prepare(string program, IEnumerable<string> arguments)
    {
        var start = InUserNamespace
            ? ChildProcess.Command("unshare", [.. NamespaceArguments, program, .. arguments])
            : ChildProcess.Command(program, arguments);
        if (Account is not null)
        {
            start.UserName = Account;
        }

        // The present folder may be one that the account cannot enter.
        start.WorkingDirectory = OperatingSystem.IsWindows() ? Environment.SystemDirectory : "/";

        // PGPORT, PGDATA and their like would override what is meant here; the log must be in English; a time zone saves initdb a search.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("PG", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["LC_ALL"] = "C";
        start.Environment["TZ"] = "UTC";
        return start;
    }
}
