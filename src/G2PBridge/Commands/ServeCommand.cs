using System.CommandLine;
using G2PBridge.Platform.Hosting;

namespace G2PBridge.Commands;

/// <summary><c>g2pbridge serve</c>, and what happens without a command.</summary>
internal static class ServeCommand
{
    public static void Configure(RootCommand root)
    {
        root.SetAction((parsed, cancellationToken) => RunAsync(parsed.UnmatchedTokens, cancellationToken));
        var serve = new Command("serve", "Serves the APIs and works until it is stopped (the default). Settings may follow, such as --urls http://127.0.0.1:9000.")
        {
            TreatUnmatchedTokensAsErrors = false,
        };
        serve.SetAction((parsed, cancellationToken) => RunAsync(parsed.UnmatchedTokens, cancellationToken));
        root.Add(serve);
    }

    private static async Task<int> RunAsync(IReadOnlyList<string> settings, CancellationToken cancellationToken)
    {
        await using var bridge = await BridgeApplication.BuildAsync(new BridgeStart(settings, CommandLine.Report), cancellationToken);
        await bridge.StartAsync(cancellationToken);
        CommandLine.Report($"G2P Bridge is ready at {bridge.Address} (documentation at {new Uri(bridge.Address, "/docs")}). Press Ctrl-C to stop.");
        await bridge.Web.WaitForShutdownAsync(cancellationToken);
        return 0;
    }
}
