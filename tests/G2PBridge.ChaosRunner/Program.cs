using System.CommandLine;
using G2PBridge.ChaosRunner;
using G2PBridge.ChaosRunner.Fuzz;
using G2PBridge.LocalPostgres;

var kills = new Option<int>("--kills") { Description = "How often a host is killed with SIGKILL.", DefaultValueFactory = _ => 200 };
var lines = new Option<int>("--lines") { Description = "Lines of each envelope.", DefaultValueFactory = _ => 10_000 };
var replicas = new Option<int>("--replicas") { Description = "Hosts on one database.", DefaultValueFactory = _ => 2 };
var stops = new Option<int?>("--stops") { Description = "How often a host is stopped until its leases are over, and continued (default: a tenth of the kills)." };
var restarts = new Option<int?>("--database-restarts") { Description = "How often PostgreSQL is shut down fast, at once or with SIGKILL, and started again (default: a twentieth of the kills)." };
var honest = new Option<bool>("--honest") { Description = "Leaves bank and mapper without faults." };
var seed = new Option<int?>("--seed") { Description = "Decides all chances; the time that things take is not in its hands (default: drawn, and printed)." };
var minutes = new Option<int?>("--minutes") { Description = "Strikes for so long at most, for machines that have other things to do; the table says how often it did." };
var patience = new Option<int>("--patience") { Description = "Seconds that everything may take to end after the last blow.", DefaultValueFactory = _ => 300 };
var keep = new Option<bool>("--keep") { Description = "Keeps the folder with logs and databases." };
var root = new RootCommand("Kills, stops and starves real bridge hosts while they pay, and asks the bank's own ledger who was paid. Exit code 0: each line was paid exactly once or proved unpaid; 1: not; 2: it could not be run.")
{
    kills, lines, replicas, stops, restarts, honest, seed, minutes, patience, keep,
};
root.SetAction(async (parsed, cancellationToken) =>
{
    var settings = new ChaosSettings(
        parsed.GetValue(kills), parsed.GetValue(lines), parsed.GetValue(replicas),
        parsed.GetValue(stops) ?? parsed.GetValue(kills) / 10, parsed.GetValue(restarts) ?? parsed.GetValue(kills) / 20,
        parsed.GetValue(honest), parsed.GetValue(seed) ?? Random.Shared.Next(1, 1_000_000), parsed.GetValue(minutes) is { } most ? TimeSpan.FromMinutes(most) : TimeSpan.MaxValue, TimeSpan.FromSeconds(parsed.GetValue(patience)), parsed.GetValue(keep));
    if (settings.Problem is { } problem)
    {
        Console.Error.WriteLine(problem);
        return ChaosRun.NotRun;
    }

    try
    {
        return await new ChaosRun(settings).RunAsync(cancellationToken);
    }
    catch (Exception exception) when (exception is NotRunnableException or LocalPostgresException)
    {
        Console.Error.WriteLine(exception.Message);
        return ChaosRun.NotRun;
    }
});

var requests = new Option<int>("--requests") { Description = "How many requests.", DefaultValueFactory = _ => 100_000 };
var clients = new Option<int>("--clients") { Description = "Requests on their way at once.", DefaultValueFactory = _ => 8 };
var slow = new Option<int>("--slow") { Description = "Senders that send a byte now and then.", DefaultValueFactory = _ => 20 };
var only = new Option<int?>("--only") { Description = "Makes this request alone and shows it with its answer." };
var fuzz = new Command("fuzz", "Sends what nobody should send to every route of a real host. Exit code 0: no 5xx, nothing given away, nothing stored that was refused, memory flat, nothing left open; 1: not; 2: it could not be run.") { requests, clients, slow, only, seed, keep };
fuzz.SetAction(async (parsed, cancellationToken) =>
{
    var settings = new FuzzSettings(parsed.GetValue(requests), parsed.GetValue(seed) ?? Random.Shared.Next(1, 1_000_000), parsed.GetValue(clients), parsed.GetValue(slow), parsed.GetValue(only), parsed.GetValue(keep));
    if (settings.Problem is { } problem)
    {
        Console.Error.WriteLine(problem);
        return ChaosRun.NotRun;
    }

    try
    {
        return await new FuzzRun(settings).RunAsync(cancellationToken);
    }
    catch (Exception exception) when (exception is NotRunnableException or LocalPostgresException)
    {
        Console.Error.WriteLine(exception.Message);
        return ChaosRun.NotRun;
    }
});
root.Subcommands.Add(fuzz);
return await root.Parse(args).InvokeAsync();
