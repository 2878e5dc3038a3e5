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
        var programme = new Option<string[]>("--programme") { Description = "Mnemonic of a programme that the key is for; without one it is for all.", AllowMultipleArgumentsPerToken = true };
        var bank = new Option<string[]>("--bank") { Description = "Code of a sponsor bank that the key is for; without one it is for all.", AllowMultipleArgumentsPerToken = true };
        var command = new Command("api-key", "Makes an API key for /v1 and shows the settings that make it known. The key itself is shown once and kept nowhere.") { actor, role, programme, bank };
        command.SetAction(parsed => Print(parsed.GetValue(actor)!, parsed.GetValue(role)!, parsed.GetValue(programme) ?? [], parsed.GetValue(bank) ?? []));
        return command;
    }

    private static int Print(string actor, IReadOnlyList<Role> roles, IReadOnlyList<string> programmes, IReadOnlyList<string> banks)
    {
        var key = ApiKey.Create();
        CommandLine.Report($"Give this key to {actor}, and to nobody else; it is not shown again:");
        Console.WriteLine(key);
        CommandLine.Report("Settings of the bridge (n is the first free number):");
        CommandLine.Report($"OperatorAccess__ApiKeys__n__Actor={actor}");
        CommandLine.Report($"OperatorAccess__ApiKeys__n__Sha256={ApiKey.Hash(key)}");
        foreach (var (name, values) in new[] { ("Roles", roles.Select(role => role.ToString())), ("Programmes", programmes), ("Banks", banks) })
        {
            foreach (var (value, index) in values.Distinct(StringComparer.Ordinal).Select((value, index) => (value, index)))
            {
                CommandLine.Report($"OperatorAccess__ApiKeys__n__{name}__{index}={value}");
            }
        }

        return 0;
    }
}
