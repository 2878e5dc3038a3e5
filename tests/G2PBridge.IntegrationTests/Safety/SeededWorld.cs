using System.Globalization;
using System.Text.Json.Nodes;
using G2PBridge.Connectors;
using G2PBridge.Modules.Disbursement;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Funds;
using G2PBridge.Modules.Funds.Contracts;
using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Verification;
using G2PBridge.SharedKernel;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace G2PBridge.IntegrationTests.Safety;

/// <summary>
/// Three hosts on one database, a bank and a mapper that lie, and one envelope. A seed decides what the bank can do, who does what next,
/// where each stops, who dies there, which connections break, when time passes, and what people and statements do meanwhile. Afterwards
/// everybody is honest, and every line has to be paid exactly once or proved unpaid.
/// </summary>
internal sealed class SeededWorld : IAsyncDisposable
{
    private const string Envelope = "E";
    private const string Application = "g2p-seeded-world";
    private const int Hosts = 3;
    private const int MostAtOnce = 4;

    private static readonly string[] Ways =
    [
        Work.TakeBatches, Work.ResolveSlices, Work.TakeEnvelopesDue, Work.FundEnvelopes, Work.TakeFundedWork, Work.SendChunks, Work.SendChunks, Work.SendChunks, Work.SendChunks, Work.SendChunks, Work.SendChunks, Work.SendChunks, Work.SendChunks,
        Work.InquireUnknown, Work.InquireUnknown, Work.FinishEnvelopes, DisbursementModule.Recover, DisbursementModule.Recover, FundsModule.Recover, FundsModule.ReleaseFunds, FundsModule.CloseCancelled,
    ];

    private static readonly string[] ToTheEnd = [.. Ways.Distinct()];

    private readonly List<WebApplication> _hosts = [];
    private readonly HttpClient _http = new();
    private readonly string[] _leased;
    private readonly SeededBank _bank;
    private readonly SeededMapper _mapper;
    private Turnstile? _turnstile;
    private Random _chance = null!;
    private int _lines;
    private int _started;

    public SeededWorld()
    {
        _bank = new SeededBank(() => Turns);
        _mapper = new SeededMapper(() => Turns);
        var connection = new NpgsqlConnectionStringBuilder(TestHost.ConnectionString) { ApplicationName = Application }.ConnectionString;
        for (var host = 0; host < Hosts; host++)
        {
            // Hosts disagree about the time by some seconds.
            var clock = new LateClock(TestHost.Clock, TimeSpan.FromSeconds(host * 3));
            _hosts.Add(TestHost.Build(connection, services =>
            {
                services.AddSingleton<TimeProvider>(clock);
                services.AddSingleton<IMapperConnector>(_mapper);
                _bank.Register(services);
                services.AddSingleton<ISendObserver>(new CurrentTurnstile(() => Turns));
            }, ("Disbursement:ChunkSize", "2"), ("Resolution:SliceSize", "4"), ("Resolution:RetryDelays:0", "01:00:00")));
        }

        _leased = [.. _hosts[0].Services.GetServices<LeasedTable>().Select(table => table.Name)];
    }

    /// <summary>How often somebody was killed at which point, over all seeds.</summary>
    public Dictionary<string, int> Deaths { get; } = new(StringComparer.Ordinal);

    private Turnstile Turns => _turnstile ?? throw new InvalidOperationException("No seed is being lived through.");

    public IEnumerable<string> Trace => Turns.Trace;

    /// <summary>Lives through one seed; gives what went wrong.</summary>
    public async Task<IReadOnlyList<string>> RunAsync(int seed)
    {
        await TestHost.ResetAsync();
        _turnstile?.Dispose();
        _turnstile = new Turnstile(TestHost.Source);
        _chance = new Random(seed);
        _started = 0;
        await BeginAsync();
        Turns.Close(0.2 + (_chance.NextDouble() * 0.5));
        for (var steps = _chance.Next(25, 55); steps > 0; steps--)
        {
            await StepAsync();
            await Turns.QuietAsync();
        }

        await EndAsync();
        foreach (var point in Turns.Deaths)
        {
            Deaths[point] = Deaths.GetValueOrDefault(point) + 1;
        }

        return [.. Turns.Faults, .. await JudgeAsync()];
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.DisposeAsync();
        }

        _turnstile?.Dispose();
        _http.Dispose();
    }

    private async Task BeginAsync()
    {
        var keys = _chance.NextDouble() < 0.6;
        var capabilities = new BankCapabilities(
            CanInquire: _chance.NextDouble() < 0.85, CanRelease: true, IdempotentBlock: true, IdempotentPayments: keys, PerLineOutcome: _chance.NextDouble() < 0.7,
            NotFoundIsFinalAfter: _chance.NextDouble() < 0.9 ? TimeSpan.FromMinutes(2) : null, MostPaymentsPerOrder: 10_000);
        var lies = _chance.NextDouble() * 0.6;
        _lines = _chance.Next(1, 8);
        Turns.Say(string.Create(CultureInfo.InvariantCulture, $"{_lines} lines, lies {lies:0.00}, {capabilities}"));
        // The first steps happen in an honest world most of the time, so that the others meet something to do.
        var begun = _chance.NextDouble() < 0.75;
        _bank.Reset(capabilities, begun ? 0 : lies);
        _mapper.Reset(begun ? 0 : lies);
        if (_chance.NextDouble() < 0.3)
        {
            _mapper.Strangers.Add($"B{_chance.Next(1, _lines + 1)}");
        }

        await Journey.ReceiveAsync(Envelope, _lines, 10m);
        if (begun)
        {
            foreach (var job in new[] { Work.TakeBatches, Work.ResolveSlices, Work.TakeEnvelopesDue, Work.FundEnvelopes, Work.TakeFundedWork })
            {
                await TestHost.WorkAsync(job, _hosts[0].Services);
            }
        }

        _bank.Reset(capabilities, lies, keepBooks: true);
        _mapper.Lie(lies);
    }

    private async Task StepAsync()
    {
        var standing = Turns.Standing;
        switch (_chance.Next(100))
        {
            case < 36 when Turns.Alive < MostAtOnce:
                var (host, job) = (_hosts[_chance.Next(Hosts)], Ways[_chance.Next(Ways.Length)]);
                Start($"{job} on host {_hosts.IndexOf(host)}", actor => NextAsync(host.Services, job, actor.Life.Token));
                break;
            case < 64 when standing.Count > 0:
                Turns.Resume(standing[_chance.Next(standing.Count)]);
                break;
            case < 76 when standing.Count > 0:
                Turns.Kill(standing[_chance.Next(standing.Count)]);
                break;
            case < 82:
                await PassTimeAsync(TimeSpan.FromSeconds(_chance.Next(1, 400)));
                break;
            case < 87:
                await EndLeasesAsync();
                break;
            case < 89:
                await PassSettlingTimeAsync();
                break;
            case < 91:
                Turns.Say("late orders arrive");
                _bank.DeliverLate();
                break;
            case < 93:
                Statement();
                break;
            case < 95:
                await CutConnectionsAsync();
                break;
            case < 96 when Turns.Alive < MostAtOnce:
                Start("pause", _ => PostAsync("v1/pauses", new JsonObject { ["scope"] = "ENVELOPE", ["value"] = Envelope, ["reason"] = "seed" }));
                break;
            case < 98:
                await LiftPausesAsync();
                break;
            case 98 when Turns.Alive < MostAtOnce:
                Start("cancel", _ => PostAsync("cancel_disbursement_envelope", Wire.Request(new JsonArray(new JsonObject { ["id"] = Envelope }))));
                break;
            default:
                break;
        }
    }

    private void Start(string name, Func<Actor, Task> work) => Turns.Start($"{++_started} {name}", _chance.Next(), work);

    private static async Task NextAsync(IServiceProvider services, string job, CancellationToken cancellationToken)
    {
        await using var scope = services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<IMediator>().Send(services.GetRequiredService<PollingJobRegistry>().Jobs[job].NextItem(), cancellationToken);
    }

    private async Task PostAsync(string path, JsonNode body)
    {
        using var content = new StringContent(body.ToJsonString(), System.Text.Encoding.UTF8, "application/json");
        using var response = await _http.PostAsync(new Uri(TestHost.Address, path), content);
        var text = await response.Content.ReadAsStringAsync();
        Turns.Say($"{path}: {(int)response.StatusCode}");
        if ((int)response.StatusCode >= 500)
        {
            throw new InvalidOperationException(text);
        }
    }

    private void Statement()
    {
        string[] taken;
        lock (_bank.Books)
        {
            taken = [.. _bank.Books.Keys.Order(StringComparer.Ordinal).Where(_ => _chance.NextDouble() < 0.5)];
        }

        var comesBack = taken.Length > 0 && _chance.NextDouble() < 0.3;
        if (comesBack)
        {
            _bank.Returned.Add(taken[0]);
        }

        Start(comesBack ? $"statement with {taken.Length} and a return" : $"statement with {taken.Length}", async _ =>
        {
            var references = await ReferencesAsync(taken);
            await TestHost.SendAsync(new ConfirmSent(references, "statement"), _hosts[0].Services);
            if (comesBack)
            {
                await TestHost.SendAsync(new RecordReturned([new ReturnedPayment(references[0], "AC04", "statement")]), _hosts[0].Services);
            }
        });
    }

    private async Task<PaymentReference[]> ReferencesAsync(IEnumerable<string> texts)
    {
        var prefix = await TestHost.SendAsync(new ReadReferencePrefix(), _hosts[0].Services);
        return [.. texts.Select(text => PaymentReference.TryParse(text, prefix, out var reference) ? reference : throw new InvalidOperationException(text))];
    }

    private async Task PassTimeAsync(TimeSpan by)
    {
        Turns.Say($"{by} pass");
        TestHost.Clock.Advance(by);
        await Task.CompletedTask;
    }

    /// <summary>
    /// As if everybody had been asleep for minutes. Not while somebody is about to call a bank without keys: there the sender's own look at
    /// the time, just before the call, is the only thing between a stopped host and a second payment, and this world cannot move that time.
    /// </summary>
    private async Task EndLeasesAsync()
    {
        if (_bank.Capabilities.IdempotentPayments || !Turns.Standing.Any(actor => actor.StandsAt!.StartsWith(nameof(SendStep.IntentCommitted), StringComparison.Ordinal)
            || actor.StandsAt.StartsWith(nameof(SendStep.BeforeCall), StringComparison.Ordinal) || actor.StandsAt == "before payment"))
        {
            Turns.Say("leases end");
            foreach (var table in _leased)
            {
                await ExecuteAsync($"update {table} set lease_until = now() - interval '1 second' where ctid in (select ctid from {table} where lease_until is not null for update skip locked)");
            }
        }
    }

    private async Task PassSettlingTimeAsync()
    {
        Turns.Say("the bank's settling time is over");
        _bank.DeliverLate();
        await ExecuteAsync("update disbursement.chunk set unknown_at = now() - interval '1 day' where ctid in (select ctid from disbursement.chunk where unknown_at is not null for update skip locked)");
    }

    /// <summary>What a restart of the database, a failover or a network does to whoever is in the middle of something.</summary>
    private async Task CutConnectionsAsync()
    {
        Turns.Say("connections break");
        Turns.ConnectionsAreCut = true;
        await ExecuteAsync($"select pg_terminate_backend(pid) from pg_stat_activity where application_name = '{Application}' and datname = current_database() and state <> 'idle'");
    }

    private async Task LiftPausesAsync()
    {
        Turns.Say("pauses are lifted");
        var pauses = JsonNode.Parse(await _http.GetStringAsync(new Uri(TestHost.Address, "v1/pauses")))!["items"]!.AsArray();
        foreach (var pause in pauses)
        {
            using var response = await _http.DeleteAsync(new Uri(TestHost.Address, $"v1/pauses/{pause!["id"]}"));
        }
    }

    /// <summary>Everybody who stands goes on, nobody lies or dies any more, and days pass.</summary>
    private async Task EndAsync()
    {
        Turns.Say("the end begins");
        await Turns.OpenAsync();
        _bank.BeHonest();
        _mapper.BeHonest();
        await LiftPausesAsync();
        for (var round = 0; round < 20; round++)
        {
            await EndLeasesAsync();
            await PassSettlingTimeAsync();
            if (await WorkToTheEndAsync() == 0 && round > 0)
            {
                break;
            }

            TestHost.Clock.Advance(TimeSpan.FromHours(7));
        }

        // The last statement shows everything that was ever taken.
        await TestHost.SendAsync(new ConfirmSent(await ReferencesAsync(_bank.Books.Keys), "last statement"), _hosts[0].Services);
        await WorkToTheEndAsync();
    }

    private async Task<int> WorkToTheEndAsync()
    {
        var (all, done) = (0, 0);
        do
        {
            done = 0;
            foreach (var job in ToTheEnd)
            {
                // A finisher that looks at an envelope which may still grow says so each time; it is not work.
                var items = await TestHost.WorkAsync(job, _hosts[0].Services);
                done += job == Work.FinishEnvelopes ? 0 : items;
            }

            all += done;
        }
        while (done > 0);
        return all;
    }

    private async Task<List<string>> JudgeAsync()
    {
        var services = _hosts[0].Services;
        var findings = (await services.GetRequiredService<InvariantVerification>().RunAsync(CancellationToken.None)).Where(result => result.IsBroken)
            .Select(result => $"{result.Id} of {result.Place}: {string.Join(", ", result.Offenders)}").ToList();
        var envelope = (await TestHost.SendAsync(new ReadEnvelopes([Envelope]), services)).Single();
        var lines = await TestHost.SendAsync(new FindLinesById([.. Enumerable.Range(1, _lines).Select(line => $"{Envelope}-D{line}")]), services);
        long[] seqs = [.. lines.Select(line => line.Seq)];
        var instructions = (await TestHost.SendAsync(new FindInstructionsOfLines(seqs), services)).ToDictionary(line => line.Line);
        var unresolved = (await TestHost.SendAsync(new FindUnresolved(seqs), services)).Select(line => line.Seq).ToHashSet();
        var prefix = await TestHost.SendAsync(new ReadReferencePrefix(), services);
        var paid = _bank.Books.ToLookup(entry => PaymentReference.TryParse(entry.Key, prefix, out var reference) ? reference.Line : -1);
        foreach (var line in lines)
        {
            var taken = paid[line.Seq].Sum(entry => entry.Value.Times);
            var back = paid[line.Seq].Any(entry => _bank.Returned.Contains(entry.Key));
            var state = instructions.GetValueOrDefault(line.Seq)?.State;
            var allowed = (taken, state) switch
            {
                (1, LineState.Sent) => !back,
                (1, LineState.Returned) => back,
                (0, LineState.Refused) => true,
                (0, null) => envelope.Status == EnvelopeStatus.Cancelled || unresolved.Contains(line.Seq),
                // A bank that cannot prove a "no" leaves it to a person, and the screen says so.
                (0, LineState.Unknown) => !_bank.Capabilities.CanInquire || _bank.Capabilities.NotFoundIsFinalAfter is null,
                _ => false,
            };
            if (!allowed)
            {
                findings.Add($"line {line.Seq} ({line.DisbursementId}) was taken {taken} times by the bank{(back ? " and came back" : "")}, and we call it {state?.ToString() ?? "not instructed"}");
            }
        }

        if (paid.Contains(-1))
        {
            findings.Add("the bank has a payment that is not ours");
        }

        if (await ScalarAsync<long>("select count(*) from disbursement.chunk where state in ('Claimed', 'Sending', 'Prepared', 'Pending') or (lease_until is not null and state <> 'Unknown')") is > 0 and var stuck)
        {
            findings.Add($"{stuck} chunks are stuck: {await ScalarAsync<string>("select string_agg(id || ' ' || state || ' ' || coalesce(last_error_code, ''), ', ') from disbursement.chunk")}");
        }

        var open = instructions.Values.Any(line => line.State == LineState.Unknown);
        if (envelope.Status != EnvelopeStatus.Cancelled && !(await TestHost.SendAsync(new ReadDispatchProgress([Envelope]), services)).Single().Complete && !open)
        {
            findings.Add("the envelope is not complete");
        }

        var block = (await TestHost.SendAsync(new ReadFundsStatus([Envelope]), services)).SingleOrDefault()?.BlockReference;
        if (_bank.Blocks.Keys.Where(name => name != block || envelope.Status == EnvelopeStatus.Cancelled).ToList() is { Count: > 0 } lost)
        {
            findings.Add($"money stays blocked under {string.Join(", ", lost)}");
        }

        return findings;
    }

    private static Task<int> ExecuteAsync(string sql) => BridgeTables.ExecuteAsync(TestHost.Services, sql);

    private static async Task<T?> ScalarAsync<T>(string sql)
    {
        await using var command = TestHost.Source.CreateCommand(sql);
        return await command.ExecuteScalarAsync() is T value ? value : default;
    }

    /// <summary>The hosts outlive a seed; its turnstile does not.</summary>
    private sealed class CurrentTurnstile(Func<Turnstile> current) : ISendObserver
    {
        public void Reached(SendStep step, long chunkId) => current().Reached(step, chunkId);
    }

    private sealed class LateClock(FakeClock clock, TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => clock.GetUtcNow() - by;
    }
}
