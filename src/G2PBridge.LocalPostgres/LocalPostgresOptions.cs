namespace G2PBridge.LocalPostgres;

/// <summary>Where the private cluster lies and how its server is set.</summary>
public sealed record LocalPostgresOptions
{
    /// <summary>
    /// The folder that belongs to the cluster, made when it is missing. It holds PostgreSQL's own files in <c>data</c> (with
    /// <c>server.log</c> in it), the superuser's <c>password</c>, the last <c>port</c> and the <c>start.lock</c>. Deleting the folder
    /// deletes the cluster. When PostgreSQL may not enter it, it only holds <c>location</c>, the path where the cluster is.
    /// </summary>
    public required string Folder { get; init; }

    /// <summary>
    /// The <c>bin</c> folder of the PostgreSQL to use. When set, nothing else is tried; when not, the environment variable
    /// <c>POSTGRES_BIN</c> counts in the same way, and after that the places where PostgreSQL usually is.
    /// </summary>
    public string? BinDirectory { get; init; }

    /// <summary>
    /// The folder with <c>package-lock.json</c>, below which npm's PostgreSQL is looked for and, as the last resort, installed. When not
    /// set, it is looked for above the program and above the current folder.
    /// </summary>
    public string? RepositoryRoot { get; init; }

    /// <summary>The port on 127.0.0.1; when not set, the port of the last start if it is free, else any free one.</summary>
    public int? Port { get; init; }

    /// <summary>
    /// Server settings, name to value, that win over ours, from the next start of the server on (an adopted server keeps what it has).
    /// The ones that decide who can reach the server (<c>listen_addresses</c>, <c>port</c>, the files) are refused.
    /// </summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>How long a start may take, recovery after a crash included.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Trades safety against power cuts for a quicker initialisation; only for clusters that are thrown away.</summary>
    internal bool Throwaway { get; init; }

    /// <summary>Lets a test take the path of a root user whose kernel or container has no user namespaces.</summary>
    internal bool AllowUserNamespace { get; init; } = true;

    /// <summary>Lets a test name the places that are searched, instead of the machine's own.</summary>
    internal IReadOnlyList<string>? SearchDirectories { get; init; }
}
