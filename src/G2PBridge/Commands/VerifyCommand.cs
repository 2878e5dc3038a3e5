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
        var certificate = new Option<string?>("--certificate") { Description = "Check a closure certificate (the JSON file) instead, without any database." };
        var keys = new Option<string?>("--keys") { Description = "With --certificate: the file with the keys that the bridge publishes at /.well-known/jwks.json." };
        verify.Add(certificate);
        verify.Add(keys);
        verify.TreatUnmatchedTokensAsErrors = false;
        verify.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(certificate) is { } file)
            {
                return await CheckCertificateAsync(file, parsed.GetValue(keys), Console.Out, cancellationToken);
            }

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

    /// <summary>Whether a certificate is what the bridge signed, from two files alone. Exit code 0: it is; 1: it is not.</summary>
    public static async Task<int> CheckCertificateAsync(string file, string? keys, TextWriter output, CancellationToken cancellationToken)
    {
        if (keys is null)
        {
            throw new StartupRefusedException("Name the bridge's published keys with --keys; they are what GET /.well-known/jwks.json answers, kept as a file.");
        }

        string document, jwks;
        try
        {
            document = await File.ReadAllTextAsync(file, cancellationToken);
            jwks = await File.ReadAllTextAsync(keys, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartupRefusedException($"The certificate or the keys cannot be read ({exception.Message.TrimEnd('.')}).", exception);
        }

        if (BridgeHost.SignedDocuments.Check(document, "certificate", jwks) is { Refusal: { } refusal })
        {
            await output.WriteLineAsync($"NOT GENUINE: {refusal.Detail}");
            return Broken;
        }

        using var json = JsonDocument.Parse(document);
        var certificate = json.RootElement.GetProperty("certificate");
        string Of(string name) => certificate.TryGetProperty(name, out var part) ? $"{part.GetProperty("lines").GetRawText()} lines, {part.GetProperty("amount").GetRawText()}" : "–";
        await output.WriteLineAsync($"Genuine: signed with the key '{json.RootElement.GetProperty("key_id").GetString()}'.");
        await output.WriteLineAsync($"Envelope {certificate.GetProperty("envelope_id").GetString()}: approved {Of("approved")}; paid {Of("paid")}; returned {Of("returned")}; unclaimed {Of("unclaimed")}.");
        await output.WriteLineAsync($"Audit block {certificate.GetProperty("audit_block").GetProperty("number").GetRawText()}, {certificate.GetProperty("audit_block").GetProperty("hash").GetString()}.");
        return 0;
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
