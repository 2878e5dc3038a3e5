using System.CommandLine;
using G2PBridge.Statements;

namespace G2PBridge.Commands;

/// <summary><c>g2pbridge statement inspect FILE</c>: shows what is in a statement without importing it. Needs no database.</summary>
internal static class StatementCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "An MT940, MT942, camt.05x, pain.002 or CSV file." };
        var profile = new Option<string>("--profile") { Description = "How the bank writes: example-bank, generic, german-gvc, sepa-slash, or one of Statements:Profiles.", DefaultValueFactory = _ => "generic" };
        var json = new Option<bool>("--json") { Description = "Print JSON for a program instead of a table." };
        var inspect = new Command("inspect", "Shows what is in a statement file without importing it. Exit code 0: accept or warn, 1: hold, 2: reject or unreadable.") { file, profile, json };
        inspect.SetAction((parsed, cancellationToken) => InspectStatement.RunAsync(
            parsed.GetValue(file)!, parsed.GetValue(profile)!, parsed.GetValue(json), Console.Out, Console.Error, cancellationToken, Profiles()));
        return new Command("statement", "Works with bank statements.") { inspect };
    }

    /// <summary>The installation's own profiles, read without building a host.</summary>
    private static Dictionary<string, BankProfile> Profiles() => new ConfigurationBuilder()
        .SetBasePath(AppContext.BaseDirectory)
        .AddJsonFile("appsettings.json", optional: true)
        .AddEnvironmentVariables()
        .Build()
        .GetSection("Statements:Profiles").Get<Dictionary<string, BankProfile>>() ?? [];
}
