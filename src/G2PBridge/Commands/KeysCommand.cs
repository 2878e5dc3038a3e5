using System.CommandLine;
using System.Globalization;
using G2PBridge.Platform.Hosting;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;

namespace G2PBridge.Commands;

/// <summary><c>g2pbridge keys</c>: shows, makes and changes the keys that people's data is encrypted under. No key is ever printed.</summary>
internal static class KeysCommand
{
    /// <summary>Exit code of a rotation that could not open everything.</summary>
    private const int Unreadable = 1;

    public static Command Create()
    {
        var keys = new Command("keys", "Shows which keys people's data is encrypted under, how many values are under each, and which are still needed.") { TreatUnmatchedTokensAsErrors = false };
        keys.SetAction((parsed, cancellationToken) => WithBridgeAsync(parsed.UnmatchedTokens, ShowAsync, cancellationToken));

        var file = new Option<string?>("--file") { Description = "The key file (default: DataProtection:KeyFile)." };
        var create = new Command("create", "Puts a new key into the key file, which is made where it is missing. Nothing is written under it before 'keys rotate'.") { file };
        create.TreatUnmatchedTokensAsErrors = false;
        create.SetAction(parsed => Make(parsed.GetValue(file), parsed.UnmatchedTokens));
        keys.Add(create);

        var rotate = new Command("rotate", "Makes the newest key of the key file the one in use, and writes everything older anew under it, while hosts go on working. May be stopped and repeated.");
        rotate.TreatUnmatchedTokensAsErrors = false;
        rotate.SetAction((parsed, cancellationToken) => WithBridgeAsync(parsed.UnmatchedTokens, RotateAsync, cancellationToken));
        keys.Add(rotate);
        return keys;
    }

    private static int Make(string? file, IReadOnlyList<string> settings)
    {
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables().AddCommandLine([.. settings]).Build();
        var isDevelopment = string.Equals(configuration["ASPNETCORE_ENVIRONMENT"] ?? configuration["DOTNET_ENVIRONMENT"], "Development", StringComparison.OrdinalIgnoreCase);
        var path = file ?? configuration["DataProtection:KeyFile"] ?? (isDevelopment ? BridgeApplication.DeveloperKeyFile(configuration) : null)
            ?? throw new StartupRefusedException("Say which file: g2pbridge keys create --file PATH, or set DataProtection__KeyFile.");
        var isNew = !File.Exists(path);
        try
        {
            KeyFile.AddKey(path, TimeProvider.System.GetUtcNow());
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartupRefusedException($"The key file {Path.GetFullPath(path)} cannot be written ({exception.Message.TrimEnd('.')}); choose a folder that this user may write to, with --file.", exception);
        }

        CommandLine.Report(isNew
            ? $"{Path.GetFullPath(path)} holds the first key. Set DataProtection__KeyFile to it on every host, and keep a copy where neither the database nor its back-ups are: without it the data cannot be read."
            : $"{Path.GetFullPath(path)} has a further key. Bring the file to every host, then run 'g2pbridge keys rotate'.");
        return 0;
    }

    private static async Task<int> WithBridgeAsync(IReadOnlyList<string> settings, Func<IServiceProvider, CancellationToken, Task<int>> run, CancellationToken cancellationToken)
    {
        await using var bridge = await BridgeApplication.BuildAsync(new BridgeStart(settings, CommandLine.Report) { QuietLog = true }, cancellationToken);
        if ((await bridge.Services.GetRequiredService<DatabaseMigrator>().PendingAsync(cancellationToken)).Count > 0)
        {
            throw new StartupRefusedException("The database is not at this version; run 'g2pbridge migrate' with the same settings first.");
        }

        await bridge.Services.GetRequiredService<KeyRegister>().EnterAsync(cancellationToken);
        return await run(bridge.Services, cancellationToken);
    }

    private static async Task<int> ShowAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var ring = services.GetRequiredService<KeyRing>();
        var known = await services.GetRequiredService<KeyRegister>().ListAsync(cancellationToken);
        var counts = await services.GetRequiredService<KeyRotation>().CountAsync(cancellationToken);
        foreach (var key in known)
        {
            var role = key switch
            {
                { IsFingerprints: true } => "fingerprints; never changes",
                { IsCurrent: true } => "in use",
                { RetiredAt: not null } => "no longer needed",
                _ => "still needed; run 'g2pbridge keys rotate'",
            };
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{DataKey.Name(key.Id)}  since {key.AddedAt:yyyy-MM-dd}  {(key.IsFingerprints ? "" : $"{counts.GetValueOrDefault(key.Id)} values  ")}{role}"));
        }

        foreach (var key in ring.Keys.Where(key => known.TrueForAll(row => row.Id != key.Id)))
        {
            Console.WriteLine($"{DataKey.Name(key.Id)}  new in the key file; 'g2pbridge keys rotate' puts it to use");
        }

        return 0;
    }

    private static async Task<int> RotateAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        using var acting = Acting.AsCommand("keys rotate");
        var ring = services.GetRequiredService<KeyRing>();
        var result = await services.GetRequiredService<KeyRotation>().RunAsync(CommandLine.Report, cancellationToken);
        if (!result.WasChanged && result.Rewritten == 0 && result.Unreadable == 0 && result.Retired.Count == 0)
        {
            CommandLine.Report("Nothing to do: everything is under the newest key. 'g2pbridge keys create' makes another.");
        }

        foreach (var key in result.Retired)
        {
            CommandLine.Report($"No row is under key {DataKey.Name(key)} any more: its line may be taken out of {ring.File ?? "the environment"}. Keep it as long as back-ups from before this day, and as archives whose manifest names it.");
        }

        if (result.Unreadable > 0)
        {
            CommandLine.Report($"{result.Unreadable} values could not be opened and were left as they are; 'g2pbridge verify' names them.");
        }

        return result.Unreadable > 0 ? Unreadable : 0;
    }
}
