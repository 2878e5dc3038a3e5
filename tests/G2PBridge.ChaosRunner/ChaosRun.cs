using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace G2PBridge.ChaosRunner;

/// <summary>One run: hosts pay while they are killed, stopped and starved; then everything calms down and is judged.</summary>
internal sealed class ChaosRun(ChaosSettings settings)
{
    public const int NotRun = 2;
    private const int Breach = 1;

    private static readonly TimeSpan Boot = TimeSpan.FromMinutes(2);
    private static readonly string[] ShutDowns = ["INT", "QUIT", "KILL"];

    private readonly Random _chance = new(settings.Seed);
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly List<string> _envelopes = [];
    private int _kills;
    private int _stops;
    private int _restarts;

    private enum Blow
    {
        Kill,
        Stop,
        RestartDatabase,
    }

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        Say($"Seed {settings.Seed}: {settings.Kills} kills, {settings.Stops} stops, {settings.DatabaseRestarts} restarts of PostgreSQL, {settings.Replicas} hosts, {settings.Lines} lines in orders of {settings.ChunkSize}.");
        await using var stage = new Stage(settings);
        Say($"Logs are in {stage.Folder}.");
        await stage.StartAsync(cancellationToken);
        var programme = new ProgrammeSystem(stage, settings);
        await programme.LinkAsync(cancellationToken);
        await stage.FaultsAsync(cancellationToken);
        using var calm = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var supervision = stage.SuperviseAsync(calm.Token);
        await NextEnvelopeAsync(programme, cancellationToken);
        await StrikeAsync(stage, programme, cancellationToken);
        Say("Everybody is left in peace.");
        await stage.NoFaultsAsync(cancellationToken);
        var isDone = await EndAsync(stage, programme, cancellationToken);
        await calm.CancelAsync();
        await supervision;
        return await JudgeAsync(stage, new Judge(stage, programme, settings), isDone, cancellationToken);
    }

    private async Task StrikeAsync(Stage stage, ProgrammeSystem programme, CancellationToken cancellationToken)
    {
        List<Blow> blows = [.. Enumerable.Repeat(Blow.Kill, settings.Kills), .. Enumerable.Repeat(Blow.Stop, settings.Stops), .. Enumerable.Repeat(Blow.RestartDatabase, settings.DatabaseRestarts)];
        var order = blows.ToArray();
        _chance.Shuffle(order);
        var sending = Task.CompletedTask;
        var said = _watch.Elapsed;
        var asleep = new List<Task>();
        var began = _watch.Elapsed;
        foreach (var blow in order.TakeWhile(_ => _watch.Elapsed - began < settings.MostTime))
        {
            await Stage.UntilAsync("a host is up again", () => Task.FromResult(stage.Replicas.Any(replica => replica.IsReady)), Boot, cancellationToken);
            await Task.Delay(_chance.Next(20, 1500), cancellationToken);
            if (sending.IsCompleted)
            {
                await sending;
                if (await IsSentAsync(programme, cancellationToken))
                {
                    sending = NextEnvelopeAsync(programme, cancellationToken);
                }
            }

            await StrikeAsync(stage, blow, asleep, cancellationToken);
            if (_watch.Elapsed - said > TimeSpan.FromSeconds(10))
            {
                said = _watch.Elapsed;
                await SayProgressAsync(programme, cancellationToken);
            }
        }

        await Task.WhenAll(asleep);
        await sending;
    }

    private async Task StrikeAsync(Stage stage, Blow blow, List<Task> asleep, CancellationToken cancellationToken)
    {
        switch (blow)
        {
            case Blow.RestartDatabase:
                _restarts++;
                await stage.Database.RestartAsync(ShutDowns[_restarts % ShutDowns.Length], TimeSpan.FromMilliseconds(_chance.Next(0, 3000)), cancellationToken);
                break;
            case Blow.Stop when Some(stage) is { } replica:
                _stops++;
                replica.IsStopped = true;
                replica.Process!.Signal("STOP");
                asleep.Add(ContinueAsync(replica, ChaosSettings.Lease + TimeSpan.FromMilliseconds(_chance.Next(0, 4000)), cancellationToken));
                break;
            case Blow.Kill when Anybody(stage) is { } replica:
                _kills++;
                replica.Process!.Kill();
                break;
            default:
                break;
        }
    }

    private static async Task ContinueAsync(Replica replica, TimeSpan after, CancellationToken cancellationToken)
    {
        await Task.Delay(after, cancellationToken);
        replica.Process!.Signal("CONT");
        replica.IsStopped = false;
    }

    private Replica? Some(Stage stage)
    {
        var ready = stage.Replicas.Where(replica => replica.IsReady).ToArray();
        return ready.Length == 0 ? null : ready[_chance.Next(ready.Length)];
    }

    /// <summary>Hosts that only begin to live are killed too, as long as another one works.</summary>
    private Replica? Anybody(Stage stage)
    {
        var alive = stage.Replicas.Where(replica => replica.Process is { HasExited: false } && !replica.IsStopped && (replica.IsReady || stage.Replicas.Any(other => other != replica && other.IsReady))).ToArray();
        return alive.Length == 0 ? null : alive[_chance.Next(alive.Length)];
    }

    private async Task NextEnvelopeAsync(ProgrammeSystem programme, CancellationToken cancellationToken)
    {
        var cycle = (_envelopes.Count + 1).ToString(CultureInfo.InvariantCulture);
        var envelope = $"CHAOS-{settings.Seed}-{cycle}";
        await programme.SendAsync(envelope, cycle, cancellationToken);
        _envelopes.Add(envelope);
        Say($"{envelope} is received.");
    }

    /// <summary>Nothing is left to send, so that further blows would hit nobody at work.</summary>
    private async Task<bool> IsSentAsync(ProgrammeSystem programme, CancellationToken cancellationToken) =>
        (string?)(await programme.SeeAsync($"v1/envelopes/{_envelopes[^1]}", cancellationToken))?["stage"] is "AWAITING_STATEMENT" or "DONE";

    private async Task<bool> EndAsync(Stage stage, ProgrammeSystem programme, CancellationToken cancellationToken)
    {
        await Stage.UntilAsync("every host serves", () => Task.FromResult(stage.Replicas.All(replica => replica.IsReady)), Boot, cancellationToken);
        for (var since = _watch.Elapsed; _watch.Elapsed - since < settings.Patience; await Task.Delay(1000, cancellationToken))
        {
            var stages = new List<string?>();
            foreach (var envelope in _envelopes)
            {
                stages.Add((string?)(await programme.SeeAsync($"v1/envelopes/{envelope}", cancellationToken))?["stage"]);
            }

            if (stages.TrueForAll(stage => stage == "DONE"))
            {
                Say("Every envelope is done.");
                return true;
            }

            if ((int)(_watch.Elapsed - since).TotalSeconds % 10 == 0)
            {
                await SayProgressAsync(programme, cancellationToken);
            }
        }

        return false;
    }

    private async Task<int> JudgeAsync(Stage stage, Judge judge, bool isDone, CancellationToken cancellationToken)
    {
        var verdict = await judge.CompareAsync(_envelopes, cancellationToken);
        var (byHost, interrupted, sentAgain) = await judge.OrdersAsync(cancellationToken);
        foreach (var replica in stage.Replicas)
        {
            replica.Process!.Signal("TERM");
        }

        var (code, looked, broken) = await judge.VerifyAsync();
        var breaches = verdict.Breaches.Concat(broken).ToList();
        if (!isDone)
        {
            breaches.Insert(0, $"not every envelope was done {settings.Patience} after the last blow");
        }

        if (settings.Kills + settings.DatabaseRestarts == 0 && byHost.Count < settings.Replicas)
        {
            breaches.Add($"only {byHost.Count} of {settings.Replicas} hosts sent anything");
        }

        var table = new Table().Border(TableBorder.Ascii).AddColumn("What").AddColumn(new TableColumn("How many").RightAligned());
        void Row(string what, long count) => table.AddRow(Markup.Escape(what), count.ToString("#,0", CultureInfo.InvariantCulture));
        Row("seed", settings.Seed);
        Row("seconds", (long)_watch.Elapsed.TotalSeconds);
        Row("hosts killed with SIGKILL", _kills);
        Row("hosts stopped until their leases were over", _stops);
        Row("restarts of PostgreSQL", _restarts);
        Row("envelopes", _envelopes.Count);
        Row("lines", _envelopes.Count * (long)settings.Lines);
        Row("orders sent", byHost.Sum());
        Row("processes that sent some of them", byHost.Count);
        Row("orders interrupted on their way", interrupted);
        Row("orders that went out again, the same", sentAgain);
        foreach (var (kind, count) in verdict.Lines)
        {
            Row(kind, count);
        }

        Row("invariants that 'g2pbridge verify' checked", looked);
        Row("of these broken", broken.Count);
        Row("breaches", breaches.Count);
        AnsiConsole.Write(table);
        if (settings.Kills == 0)
        {
            Say($"Orders by host: {string.Join(", ", byHost)}.");
        }

        foreach (var breach in breaches.Take(20))
        {
            Say($"BREACH: {breach}");
        }

        Say(breaches.Count == 0 && code == 0 ? "Each line was paid exactly once or is proved unpaid." : $"BROKEN; run again with --seed {settings.Seed} --keep.");
        return breaches.Count == 0 && code == 0 ? 0 : Breach;
    }

    private async Task SayProgressAsync(ProgrammeSystem programme, CancellationToken cancellationToken)
    {
        var funnel = _envelopes.Count == 0 ? null : (await programme.SeeAsync($"v1/envelopes/{_envelopes[^1]}", cancellationToken))?["funnel"];
        string Lines(string part) => funnel?[part]?["lines"]?.ToString() ?? "?";
        Say($"{_kills} kills, {_stops} stops, {_restarts} restarts; envelope {Math.Max(1, _envelopes.Count)}: sent {Lines("sent")}, unknown {Lines("unknown")}, paid {Lines("paid")}, returned {Lines("returned")}, refused {Lines("refused")}.");
    }

    private void Say(string text) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_watch.Elapsed.TotalSeconds,6:0.0} {text}"));
}
