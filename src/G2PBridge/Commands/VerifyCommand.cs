using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using G2PBridge.Platform.Hosting;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Verification;
using G2PBridge.Simulators;
using Microsoft.Extensions.Options;
using Npgsql;
using Spectre.Console;

namespace G2PBridge.Commands;

/// <summary><c>g2pbridge verify</c>: checks every invariant over the whole database. Exit code 0: all hold; 1: one is broken; 2: it could not be checked.</summary>
internal static class VerifyCommand
{
    private const int Broken = 1;

    private static readonly JsonSerializerOptions JsonText = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Print JSON for a program instead of a table." };
        var ledger = new Option<string?>("--bank-ledger") { Description = "Connection to the example bank's own database, to compare with its books (default: the simulators' database, where there is one)." };
        var verify = new Command("verify", "Checks every invariant over the whole database, line by line, and names what breaks one. Exit code 1 on any breach. Changes nothing.") { json, ledger };
        verify.TreatUnmatchedTokensAsErrors = false;
        verify.SetAction(async (parsed, cancellationToken) =>
        {
            await using var bridge = await BridgeApplication.BuildAsync(new BridgeStart(parsed.UnmatchedTokens, CommandLine.Report) { QuietLog = true }, cancellationToken);
            var connection = parsed.GetValue(ledger) ?? (bridge.HasSimulators ? bridge.Services.GetRequiredService<IOptions<SimulatorsOptions>>().Value.ConnectionString : null);
            return await RunAsync(bridge.Services, connection, parsed.GetValue(ledger) is not null, parsed.GetValue(json), Console.Out, cancellationToken);
        });
        return verify;
    }

    /// <param name="isAsked">Somebody named the ledger, so that not finding its books is an error and not only nothing to compare with.</param>
    public static async Task<int> RunAsync(IServiceProvider services, string? ledger, bool isAsked, bool json, TextWriter output, CancellationToken cancellationToken)
    {
        if ((await services.GetRequiredService<DatabaseMigrator>().PendingAsync(cancellationToken)).Count > 0)
        {
            throw new StartupRefusedException("The database is not at this version; run 'g2pbridge migrate' with the same settings, then verify.");
        }

        var results = new List<InvariantResult>(await services.GetRequiredService<InvariantVerification>().RunAsync(cancellationToken));
        if (ledger is { Length: > 0 })
        {
            try
            {
                results.AddRange(await services.GetRequiredService<IBankLedgerCheck>().CompareAsync(ledger, cancellationToken));
            }
            catch (PostgresException exception) when (!isAsked && exception.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
            {
                // The simulators have never run here.
            }
            catch (Exception exception) when (exception is NpgsqlException or ArgumentException)
            {
                throw new StartupRefusedException($"The bank's books cannot be read ({exception.Message.TrimEnd('.')}); check --bank-ledger.", exception);
            }
        }

        if (json)
        {
            await output.WriteLineAsync(JsonSerializer.Serialize(new { holds = !results.Exists(result => result.IsBroken), invariants = results }, JsonText));
        }
        else
        {
            Write(output, results);
        }

        return results.Exists(result => result.IsBroken) ? Broken : 0;
    }

    private static void Write(TextWriter output, List<InvariantResult> results)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output), ColorSystem = Console.IsOutputRedirected ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect });
        if (Console.IsOutputRedirected)
        {
            console.Profile.Width = 400;
        }

        var table = new Table().Border(TableBorder.Rounded)
            .AddColumn("").AddColumn("Promise").AddColumn("Where").AddColumn(new TableColumn("Looked at").RightAligned()).AddColumn(new TableColumn("Breaches").RightAligned()).AddColumn("First offenders");
        foreach (var result in results)
        {
            table.AddRow(
                result.Id, Markup.Escape(result.Promise), result.Place, result.Looked.ToString("#,0", CultureInfo.InvariantCulture),
                result.NotApplicable is not null ? "–" : result.IsBroken ? $"[red]{result.Breaches.ToString("#,0", CultureInfo.InvariantCulture)}[/]" : "[green]0[/]",
                Markup.Escape(result.NotApplicable ?? string.Join(", ", result.Offenders)));
        }

        console.Write(table);
        var broken = results.Where(result => result.IsBroken).Select(result => result.Id).Distinct().ToList();
        console.WriteLine(broken.Count == 0 ? "Every invariant that was checked holds." : $"BROKEN: {string.Join(", ", broken)}.");
    }
}
