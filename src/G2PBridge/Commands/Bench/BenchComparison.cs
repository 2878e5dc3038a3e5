using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using G2PBridge.Platform.Hosting;

namespace G2PBridge.Commands.Bench;

/// <param name="What"><see cref="BenchComparison.Signatures"/> or <see cref="BenchComparison.Audit"/>.</param>
/// <param name="Rounds">Turns of each side.</param>
internal sealed record ComparisonPlan(string What, int Rounds)
{
    private const int MostRounds = 100;

    /// <summary>Null when nothing is to be compared.</summary>
    public static ComparisonPlan? Of(string? what, int rounds)
    {
        if (what is not (null or BenchComparison.Signatures or BenchComparison.Audit))
        {
            throw new StartupRefusedException($"--compare must be {BenchComparison.Signatures} or {BenchComparison.Audit}.");
        }

        if (rounds is < 1 or > MostRounds)
        {
            throw new StartupRefusedException($"--rounds must be 1 to {MostRounds}.");
        }

        return what is null ? null : new(what, rounds);
    }
}

/// <summary>A body with its detached signature.</summary>
internal sealed record SignedCall(ReadOnlyMemory<byte> Body, string Signature);

/// <summary>Turns of equal work, with the protection and without; the first of each side is for warming up and not among them.</summary>
internal sealed record ComparisonResult(ComparisonPlan Comparison, BenchPlan Plan, string Machine, IReadOnlyList<StageResult> With, IReadOnlyList<StageResult> Without)
{
    public double ThroughputRatio => Rate(With) / Rate(Without);

    /// <summary>Each round's own, ordered: how much the machine's other work disturbed.</summary>
    public IReadOnlyList<double> RoundRatios => [.. With.Zip(Without, (with, without) => with.PerSecond / without.PerSecond).Order()];

    /// <summary>Seconds of processor of host and database together; null where the database's cannot be seen.</summary>
    public double? ProcessorRatio => Processor(With) / Processor(Without);

    public static double Rate(IReadOnlyList<StageResult> turns) => turns.Sum(turn => turn.Rows) / turns.Sum(turn => turn.Seconds);

    public static double? PerMillion(IReadOnlyList<StageResult> turns, Func<StageResult, double?> of) =>
        turns.All(turn => of(turn) is not null) ? turns.Sum(of) * 1_000_000 / turns.Sum(turn => turn.Rows) : null;

    private static double? Processor(IReadOnlyList<StageResult> turns) => PerMillion(turns, turn => turn.HostCpu + turn.PostgresCpu);
}

/// <summary>
/// What a protection costs: two hosts of this same program, one with it and one without, do the same work in turns, so that whatever else the machine does
/// meets both. Who begins a round changes.
/// </summary>
internal sealed class BenchComparison(ComparisonPlan comparison, BenchPlan plan, BenchDatabases databases)
{
    public const string Signatures = "signatures";
    public const string Audit = "audit";

    private const int KeyBits = 2048;

    private readonly ProcessMeter _meter = new(databases);

    public async Task<ComparisonResult> RunAsync(BenchProgress progress, CancellationToken cancellationToken)
    {
        if (databases.Settings.ContainsKey("urls"))
        {
            throw new StartupRefusedException("--urls does not go with --compare: there are two hosts.");
        }

        return comparison.What == Signatures ? await SignaturesAsync(progress, cancellationToken) : await AuditAsync(progress, cancellationToken);
    }

    /// <summary>Both hosts on one database, taking lines in and doing nothing else.</summary>
    private async Task<ComparisonResult> SignaturesAsync(BenchProgress progress, CancellationToken cancellationToken)
    {
        using var key = RSA.Create(KeyBits);
        using var http = new HttpClient { Timeout = TimeSpan.FromMinutes(10) };
        Dictionary<string, string?> Settings(bool isRequired) => new()
        {
            ["Jobs:Enabled"] = "false",
            ["PartnerSignatures:Required"] = isRequired ? "true" : "false",
            ["PartnerSignatures:Keys:0:Partner"] = "PARTNER_" + BenchBodies.Sender,
            ["PartnerSignatures:Keys:0:PublicKey"] = key.ExportSubjectPublicKeyInfoPem(),
        };
        await using var without = await BenchHost.StartAsync(databases, null, Settings(isRequired: false), cancellationToken);
        await using var with = await BenchHost.StartAsync(databases, null, Settings(isRequired: true), cancellationToken);
        return await TakeTurnsAsync(progress, async (isWith, name, lines) =>
        {
            var host = isWith ? with : without;
            var envelopes = plan.Envelopes(name, lines);
            // Envelopes go in where nothing has to be signed.
            await new BenchClient(http, without.Address, without.Address).CreateEnvelopesAsync(envelopes, cancellationToken);
            var calls = envelopes.SelectMany(envelope => envelope.Batches(plan.BatchSize)).Select(batch => Sign(BenchBodies.Lines(batch, Now()), key)).ToList();
            var from = await _meter.ReadAsync(host, cancellationToken);
            await new BenchClient(http, host.Address, host.Address).SendAsync(calls, plan.Clients, cancellationToken);
            return StageResult.Between(name, true, lines, from, await _meter.ReadAsync(host, cancellationToken));
        });
    }

    /// <summary>Each host on databases of its own, since what records is in the database; from the first request until the bank's statements have shown everything.</summary>
    private async Task<ComparisonResult> AuditAsync(BenchProgress progress, CancellationToken cancellationToken)
    {
        await using var others = await databases.BesideAsync(cancellationToken);
        using var http = new HttpClient { Timeout = TimeSpan.FromMinutes(10) };
        await using var with = await BenchHost.StartAsync(databases, null, new Dictionary<string, string?> { ["Audit:Enabled"] = "true" }, cancellationToken);
        await using var without = await BenchHost.StartAsync(others, null, new Dictionary<string, string?> { ["Audit:Enabled"] = "false" }, cancellationToken);
        foreach (var host in new[] { with, without })
        {
            await new BenchClient(http, host.Address, host.Address).LinkAsync(plan.Disbursements, _ => { }, cancellationToken);
        }

        return await TakeTurnsAsync(progress, async (isWith, name, lines) =>
        {
            var host = isWith ? with : without;
            var run = new WholeRun(name, plan with { Disbursements = lines }, new BenchClient(http, host.Address, host.Address), [host], _meter);
            var result = await run.RunAsync(progress, cancellationToken);
            return run.AllAccountedFor ? result.EndToEnd : throw new BenchFailedException($"Not every line is accounted for: {host.Words}");
        });
    }

    private async Task<ComparisonResult> TakeTurnsAsync(BenchProgress progress, Func<bool, string, int, Task<StageResult>> turn)
    {
        var (with, without) = (new List<StageResult>(), new List<StageResult>());
        for (var round = 0; round <= comparison.Rounds; round++)
        {
            // Neither always finds the fuller database.
            foreach (var isWith in round % 2 == 0 ? new[] { true, false } : [false, true])
            {
                var side = isWith ? "with" : "without";
                var name = string.Create(CultureInfo.InvariantCulture, $"{side.ToUpperInvariant()}-{round}");
                var step = progress.Begin(round == 0 ? $"Warm up, {side} {comparison.What}" : string.Create(CultureInfo.InvariantCulture, $"Round {round}, {side} {comparison.What}"));
                var result = await turn(isWith, name, plan.Disbursements);
                step.EndWithRate(result.Rows, result.PerSecond, "rows");
                if (round > 0)
                {
                    (isWith ? with : without).Add(result);
                }
            }
        }

        return new ComparisonResult(comparison, plan, BenchRun.Machine(), with, without);
    }

    private static string Now() => TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>As a partner does it, from the contract alone: the canonical form made from the parsed body.</summary>
    private static SignedCall Sign(ReadOnlyMemory<byte> body, RSA key)
    {
        using var document = JsonDocument.Parse(body);
        using var canonical = new MemoryStream(body.Length);
        using (var writer = new Utf8JsonWriter(canonical, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            WriteSorted(document.RootElement, writer);
        }

        var header = Base64Url.EncodeToString("{\"alg\":\"RS256\"}"u8);
        var signature = key.SignData(
            Encoding.ASCII.GetBytes($"{header}.{Base64Url.EncodeToString(canonical.GetBuffer().AsSpan(0, (int)canonical.Length))}"), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return new SignedCall(body, $"{header}..{Base64Url.EncodeToString(signature)}");
    }

    private static void WriteSorted(JsonElement element, Utf8JsonWriter writer)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in element.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(member.Name);
                    WriteSorted(member.Value, writer);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in element.EnumerateArray())
                {
                    WriteSorted(item, writer);
                }

                writer.WriteEndArray();
                break;
            default:
                writer.WriteRawValue(element.GetRawText());
                break;
        }
    }
}
