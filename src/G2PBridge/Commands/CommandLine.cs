using System.CommandLine;
using G2PBridge.Commands.Bench;
using G2PBridge.Commands.Demo;
using G2PBridge.Platform.Hosting;
using G2PBridge.Platform.Protection;

namespace G2PBridge.Commands;

/// <summary>The one binary's commands. Without any it serves.</summary>
internal static class CommandLine
{
    /// <summary>Exit code of a start that was refused, after one sentence on standard error.</summary>
    public const int Refused = 2;

    public static async Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand("G2P Bridge pays a ministry's people: it finds each account, blocks the money, pays, and proves from the bank's statement what happened.");
        ServeCommand.Configure(root);
        root.Add(MigrateCommand.Create());
        root.Add(DemoCommand.Create());
        root.Add(BenchCommand.Create());
        root.Add(StatementCommand.Create());
        root.Add(VerifyCommand.Create());
        root.Add(ApiKeyCommand.Create());
        root.Add(KeysCommand.Create());
        root.Add(ArchiveCommand.Create());
        foreach (var command in PauseCommand.Create())
        {
            root.Add(command);
        }

        root.TreatUnmatchedTokensAsErrors = false;
        try
        {
            return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (StartupRefusedException refused)
        {
            await Console.Error.WriteLineAsync(refused.Message);
            return Refused;
        }
        catch (ProtectionException refused)
        {
            await Console.Error.WriteLineAsync(refused.Message);
            return Refused;
        }
        catch (OperationCanceledException)
        {
            return 130;
        }
    }

    /// <summary>One line on standard error, where it does not mix with what a command prints.</summary>
    public static void Report(string sentence) => Console.Error.WriteLine(sentence);
}
