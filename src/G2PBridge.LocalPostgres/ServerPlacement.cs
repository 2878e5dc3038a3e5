namespace G2PBridge.LocalPostgres;

/// <summary>Brings data, programs and the user they run as together, which only takes thought when the present user is root.</summary>
internal static class ServerPlacement
{
    // Not below the temporary folder by preference: what cleans that up by age would take files from under a server.
    private static readonly string[] SharedParents = ["/var/lib/g2p-bridge", "/var/tmp/g2p-bridge"];
    private static readonly TimeSpan CopyTimeout = TimeSpan.FromMinutes(1);

    public static async Task<(PostgresBinaries Binaries, ServerIdentity Identity)> ChooseAsync(
        ClusterFolder folder, PostgresBinaries binaries, LocalPostgresOptions options, Action<string> report, CancellationToken cancellationToken)
    {
        var candidates = await ServerIdentity.CandidatesAsync(folder.Data, options.AllowUserNamespace, cancellationToken);
        if (candidates is [var only] && only == ServerIdentity.Myself)
        {
            return (binaries, only);
        }

        foreach (var identity in candidates)
        {
            if (identity.Account is not null)
            {
                folder.LetOthersPass();
            }

            if (await identity.CanEnterAsync(folder.Actual, cancellationToken)
                && await ReachableAsync(binaries, identity, report, cancellationToken) is { } reachable)
            {
                return (reachable, identity);
            }
        }

        if (folder.HasData)
        {
            throw new LocalPostgresException($"PostgreSQL does not run as root, and run {candidates[^1].Description} it cannot enter {folder.Actual}: open the way to that folder (chmod o+x), run as its owner, or delete it to start with an empty cluster.");
        }

        foreach (var identity in candidates)
        {
            foreach (var parent in await SharedParentsAsync(cancellationToken))
            {
                folder.MoveTo(parent);
                folder.LetOthersPass();
                if (await identity.CanEnterAsync(folder.Actual, cancellationToken)
                    && await ReachableAsync(binaries, identity, report, cancellationToken) is { } reachable)
                {
                    report($"PostgreSQL, run {identity.Description}, cannot enter {folder.Wanted}; the cluster is in {folder.Actual} instead (the file `location` says so).");
                    return (reachable, identity);
                }
            }
        }

        throw new LocalPostgresException($"PostgreSQL does not run as root, and no other user could be found that can use {binaries.Directory} and a data folder: run as an ordinary user, or give a connection string.");
    }

    private static async Task<PostgresBinaries?> ReachableAsync(PostgresBinaries binaries, ServerIdentity identity, Action<string> report, CancellationToken cancellationToken)
    {
        if (await identity.CanRunAsync(binaries, cancellationToken))
        {
            return binaries;
        }

        if (!NpmPostgres.IsPackage(binaries.Directory))
        {
            return null;
        }

        foreach (var parent in await SharedParentsAsync(cancellationToken))
        {
            var copy = Path.Combine(parent, $"postgresql-{binaries.Version}");
            var moved = binaries with { Directory = Path.Combine(copy, "native", "bin") };
            if (!Directory.Exists(copy))
            {
                var unfinished = $"{copy}.{Environment.ProcessId}";
                Directory.CreateDirectory(unfinished);
                var run = await ChildProcess.RunAsync(
                    ChildProcess.Command("cp", "-R", "-P", Path.GetDirectoryName(binaries.Directory)!, Path.Combine(unfinished, "native")), CopyTimeout, cancellationToken);
                if (!run.Succeeded)
                {
                    throw new LocalPostgresException($"PostgreSQL's programs could not be copied to {parent} ({run.LastLine}): make room there or run as an ordinary user instead of root.");
                }

                await OpenToAllAsync(unfinished, cancellationToken);
                try
                {
                    Directory.Move(unfinished, copy);
                }
                catch (IOException) when (Directory.Exists(copy))
                {
                    Directory.Delete(unfinished, recursive: true);
                }
            }

            if (await identity.CanRunAsync(moved, cancellationToken))
            {
                report($"PostgreSQL, run {identity.Description}, cannot use the programs in {binaries.Directory}; it uses a copy in {moved.Directory}.");
                return moved;
            }
        }

        return null;
    }

    private static Task<ChildProcess> OpenToAllAsync(string path, CancellationToken cancellationToken) =>
        ChildProcess.RunAsync(ChildProcess.Command("chmod", "-R", "a+rX", path), CopyTimeout, cancellationToken);

    private static async Task<IReadOnlyList<string>> SharedParentsAsync(CancellationToken cancellationToken)
    {
        var usable = new List<string>();
        foreach (var parent in SharedParents)
        {
            try
            {
                Directory.CreateDirectory(parent);

                // Anyone may make folders in /var/tmp: one that another user prepared could hold programs of theirs.
                if (await ServerIdentity.OwnerAsync(parent, cancellationToken) == "root")
                {
                    usable.Add(parent);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The next one may do.
            }
        }

        return usable;
    }
}
