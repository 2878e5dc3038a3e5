using System.CommandLine;
using G2PBridge.Platform.Identity;

namespace G2PBridge.Commands;

/// <summary><c>g2pbridge api-key ACTOR --role ROLE</c>: makes a key for the native API and prints the settings that make it known.</summary>
internal static class ApiKeyCommand
{
    public static Command Create()
    {
        var actor = new Argument<string>("ACTOR") { Description = "Who will act with the key, as it will stand in the histories." };
        var role = new Option<Role[]>("--role")
        {
            Description = $"What the key may do; several are given after each other. One of {string.Join(", ", Enum.GetNames<Role>())}.",
            Required = true,
            AllowMultipleArgumentsPerToken = true,
        };
        var command = new Command("api-key", "Makes an API key for /v1 and shows the settings that make it known. The key itself is shown once and kept nowhere.") { actor, role };
        command.SetAction(parsed => Print(parsed.GetValue(actor)!, parsed.GetValue(role)!));
        return command;
    }

    private static int Print(string actor, IReadOnlyList<Role> roles)
    {
        var key = ApiKey.Create();
        CommandLine.Report($"Give this key to {actor}, and to nobody else; it is not shown again:");
        Console.WriteLine(key);
        CommandLine.Report("Settings of the bridge (n is the first free number):");
        CommandLine.Report($"OperatorAccess__ApiKeys__n__Actor={actor}");
        CommandLine.Report($"OperatorAccess__ApiKeys__n__Sha256={ApiKey.Hash(key)}");
        foreach (var (role, index) in roles.Distinct().Select((role, index) => (role, index)))
        {
            CommandLine.Report($"OperatorAccess__ApiKeys__n__Roles__{index}={role}");
        }

        return 0;
    }
}
