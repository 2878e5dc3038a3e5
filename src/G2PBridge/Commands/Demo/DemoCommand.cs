using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using G2PBridge.Platform.Hosting;
using Spectre.Console;

namespace G2PBridge.Commands.Demo;

/// <summary>
/// <c>g2pbridge demo</c>: the whole road with a private database, an example bank and a mapper, through the real HTTP API. Exit code 0 only
/// when every line is accounted for to the cent; 1 when not; 2 when it could not begin.
/// </summary>
internal static class DemoCommand
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(150);

    public static Command Create()
    {
        var file = new Option<FileInfo?>("--file") { Description = "People to pay: a CSV file (default: 25 people that come with the program)." };
        var beneficiaries = new Option<int?>("--beneficiaries") { Description = "Pay this many generated people instead (1 to 2,000,000)." };
        var stay = new Option<bool>("--stay") { Description = "Keep serving afterwards, until Ctrl-C." };
        var patience = new Option<int>("--patience") { Description = "Seconds without any progress after which the demonstration gives up.", DefaultValueFactory = _ => 120 };
        var inKind = new Option<bool>("--in-kind") { Description = "Goods and cash by hand in place of digital cash: farmers in zones, warehouses, agencies and notifications." };
        var zones = new Option<int>("--zones") { Description = "With --in-kind: small zones the farmers live in (2 to 10,000).", DefaultValueFactory = _ => 200 };
        var demo = new Command("demo", "Pays people in front of your eyes: starts everything, sends an envelope over HTTP, waits for the bank's statement and shows what became of every line. Settings may follow, such as --urls http://127.0.0.1:9000.")
        {
            file, beneficiaries, stay, patience, inKind, zones,
        };
        demo.TreatUnmatchedTokensAsErrors = false;
        demo.SetAction((parsed, cancellationToken) =>
        {
            var (wait, farmers, places) = (TimeSpan.FromSeconds(parsed.GetValue(patience)), parsed.GetValue(beneficiaries) ?? 10_000, parsed.GetValue(zones));
            if (!parsed.GetValue(inKind))
            {
                var people = People(parsed.GetValue(file), parsed.GetValue(beneficiaries));
                return RunAsync((console, bridge, token) => PayAsync(console, bridge, people, wait, token), parsed.GetValue(stay), parsed.UnmatchedTokens, cancellationToken);
            }

            if (farmers is <= InKindDemo.Strangers or > 200_000 || places is < 2 or > 10_000)
            {
                throw new StartupRefusedException($"--in-kind takes {InKindDemo.Strangers + 1} to 200,000 --beneficiaries and 2 to 10,000 --zones.");
            }

            return RunAsync((console, bridge, token) => ServeAsync(console, bridge, farmers, places, wait, token), parsed.GetValue(stay), [.. InKindDemo.Settings(farmers, places), .. parsed.UnmatchedTokens], cancellationToken);
        });
        return demo;
    }

    private static DemoPeople People(FileInfo? file, int? beneficiaries) => (file, beneficiaries) switch
    {
        (not null, not null) => throw new StartupRefusedException("Give either --file or --beneficiaries, not both."),
        (_, < 1 or > 2_000_000) => throw new StartupRefusedException("--beneficiaries must be 1 to 2,000,000."),
        (_, { } count) => DemoPeople.Generate(count),
        _ => DemoPeople.FromFile(file?.FullName ?? DemoPeople.ShippedFile),
    };

    private static async Task<int> RunAsync(
        Func<IAnsiConsole, BridgeApplication, CancellationToken, Task<bool>> play, bool stay, IReadOnlyList<string> settings, CancellationToken cancellationToken)
    {
        var console = AnsiConsole.Console;
        if (Console.IsOutputRedirected)
        {
            // A log has no width; a sentence stays on its line.
            console.Profile.Width = 400;
        }

        var environment = Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT") ?? Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT") ?? Environments.Development;
        if (environment == Environments.Production)
        {
            throw new StartupRefusedException("The demonstration has a bank and a mapper that are not real, so it does not run in Production; set ASPNETCORE_ENVIRONMENT to Development.");
        }

        await using var bridge = await BridgeApplication.BuildAsync(new BridgeStart(settings, CommandLine.Report) { EnvironmentName = environment, QuietLog = true }, cancellationToken);
        if (!bridge.HasSimulators)
        {
            throw new StartupRefusedException("The demonstration needs the simulators: set Simulators:Enabled to true and Simulators:ConnectionString to a database of their own, or leave ConnectionStrings:G2PBridge unset.");
        }

        await bridge.StartAsync(cancellationToken);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, bridge.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
        try
        {
            var agrees = await play(console, bridge, ending.Token);
            if (stay)
            {
                console.WriteLine($"Still serving at {bridge.Address}; press Ctrl-C to stop.");
                await bridge.Web.WaitForShutdownAsync(cancellationToken);
            }

            return agrees ? 0 : 1;
        }
        catch (Exception exception) when (exception is DemoFailedException or HttpRequestException)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 1;
        }
        catch (OperationCanceledException)
        {
            console.WriteLine("Stopped. Nothing is lost: the same command carries on where this one stopped.");
            return 130;
        }
    }

    private static async Task<bool> ServeAsync(IAnsiConsole console, BridgeApplication bridge, int farmers, int zones, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromMinutes(5) };
        var clock = bridge.Services.GetRequiredService<TimeProvider>();
        return await new InKindDemo(console, bridge, new InKindRequests(http, bridge.Address, clock), clock, farmers, zones, patience).RunAsync(cancellationToken);
    }

    private static async Task<bool> PayAsync(IAnsiConsole console, BridgeApplication bridge, DemoPeople people, TimeSpan patience, CancellationToken cancellationToken)
    {
        var clock = bridge.Services.GetRequiredService<TimeProvider>();
        var note = Path.Combine(bridge.DataFolder, "demo.json");
        var (run, isCarriedOn) = DemoRun.Begin(note, people, clock.GetUtcNow());
        console.WriteLine(isCarriedOn
            ? $"Carrying on with envelope {run.EnvelopeId}: {people.People.Count} people."
            : $"Paying {people.People.Count} people, {people.Total.ToString("#,0.00", CultureInfo.InvariantCulture)} {people.Currency}, in envelope {run.EnvelopeId}, through {bridge.Address}");

        using var http = new HttpClient { Timeout = TimeSpan.FromMinutes(5) };
        var client = new DemoClient(http, bridge.Address, run, people);
        if (!isCarriedOn)
        {
            try
            {
                await client.CheckTreasuryAsync(bridge.Web.Configuration["SponsorBanks:Default:AccountNumber"] ?? "SPONSOR0001", cancellationToken);
            }
            catch (DemoFailedException)
            {
                DemoRun.End(note);
                throw;
            }
        }

        var linkable = people.People.Count(person => person.IsLinked);
        var linked = 0;
        client.Linked += count => linked = count;
        var watch = new Stopwatch();
        var sending = SendAsync(client, watch, cancellationToken);
        await WatchAsync(console, client, clock, people, sending, patience, () => (linked, linkable), cancellationToken);
        await sending;
        watch.Stop();
        var agrees = await DemoReport.WriteAsync(console, client, people, watch.Elapsed, cancellationToken);
        DemoRun.End(note);
        return agrees;
    }

    private static async Task SendAsync(DemoClient client, Stopwatch watch, CancellationToken cancellationToken)
    {
        await client.LinkAsync(cancellationToken);
        watch.Start();
        await client.CreateEnvelopeAsync(cancellationToken);
        await client.CreateDisbursementsAsync(cancellationToken);
    }

    private static async Task WatchAsync(
        IAnsiConsole console, DemoClient client, TimeProvider clock, DemoPeople people, Task sending, TimeSpan patience, Func<(int Done, int Total)> linked, CancellationToken cancellationToken)
    {
        var (last, lastChange) = ((DemoStages?)null, clock.GetUtcNow());
        await DemoProgress.WatchAsync(console, clock, Look, async () =>
        {
            if (sending.IsFaulted || sending.IsCanceled)
            {
                await sending;
            }

            var envelope = await client.SeeEnvelopeAsync(cancellationToken);
            var (links, linkTotal) = linked();
            var stages = Stages(envelope, people, links, linkTotal);
            if (stages != last)
            {
                (last, lastChange) = (stages, clock.GetUtcNow());
            }
            else if (clock.GetUtcNow() - lastChange > patience)
            {
                throw new DemoFailedException(
                    $"Nothing has moved for {patience.TotalSeconds:0} s; the envelope is at {envelope["stage"]} ({envelope["funds"]?["available_error_code"] ?? envelope["funds"]?["blocked_error_code"] ?? "no error is on record"}). " +
                    "The same command carries on; --patience waits longer.");
            }

            return (stages, sending.IsCompletedSuccessfully && (string?)envelope["stage"] == "DONE");
        }, cancellationToken);
    }

    private static DemoStages Stages(JsonNode envelope, DemoPeople people, int linked, int linkTotal)
    {
        var funnel = envelope["funnel"];
        int Lines(string share) => funnel?[share]?["lines"]?.GetValue<int>() ?? 0;
        return new DemoStages(
            people.People.Count, linked, linkTotal, Lines("received"), Lines("resolved") + Lines("unresolved"),
            (string?)envelope["funds"]?["blocked"] == "FUNDS_BLOCK_SUCCESS", Lines("sent") + Lines("refused") + Lines("unknown"), Lines("paid") + Lines("returned"), linkTotal);
    }
}
