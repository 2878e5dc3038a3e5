using System.CommandLine;
using G2PBridge.Platform.Hosting;

namespace G2PBridge.Commands;

/// <summary><c>g2pbridge migrate</c>: brings the database to this version and ends.</summary>
internal static class MigrateCommand
{
    public static Command Create()
    {
        var migrate = new Command("migrate", "Brings the database to this version and ends. Safe to repeat and to run beside a serving bridge.") { TreatUnmatchedTokensAsErrors = false };
        migrate.SetAction(async (parsed, cancellationToken) =>
        {
            using var acting = Acting.AsCommand("migrate");
            await using var bridge = await BridgeApplication.BuildAsync(new BridgeStart(parsed.UnmatchedTokens, CommandLine.Report) { QuietLog = true }, cancellationToken);
            await bridge.MigrateAsync(cancellationToken);
            CommandLine.Report("The database is at this version.");
            return 0;
        });
        return migrate;
    }
}
