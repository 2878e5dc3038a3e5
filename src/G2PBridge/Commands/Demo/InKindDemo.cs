using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using G2PBridge.Platform.Hosting;
using Spectre.Console;

namespace G2PBridge.Commands.Demo;

/// <summary>
/// <c>g2pbridge demo --in-kind</c>: goods and cash by hand for the same farmers, through the real HTTP API, with a registry, a programme system's tables, a bank and a Novu that are not
/// real. It ends well only when every beneficiary is served or named, everybody was told once, every agency is paid and reconciled, and the quantities are equal to the last unit.
/// </summary>
internal sealed class InKindDemo(IAnsiConsole console, BridgeApplication bridge, InKindRequests requests, TimeProvider clock, int farmers, int zones, TimeSpan patience)
{
    public const int Strangers = 5;
    private const int LinesPerCall = 2_000;
    private const decimal Kilos = 2.5m;
    private const decimal Dollars = 10m;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    private readonly string _cycle = clock.GetUtcNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);

    /// <summary>Settings that the demonstration runs with, before those of the person who starts it.</summary>
    public static IReadOnlyList<string> Settings(int farmers, int zones) =>
    [
        "--Features:InKind=true", string.Create(CultureInfo.InvariantCulture, $"--Simulators:InKind:Farmers={farmers - Strangers}"),
        string.Create(CultureInfo.InvariantCulture, $"--Simulators:InKind:SmallZones={zones}"), string.Create(CultureInfo.InvariantCulture, $"--Simulators:InKind:LargeZones={Math.Max(1, zones / 10)}"),
    ];

    /// <summary>Warehouses and agencies are told the cycle's id, beneficiaries its mnemonic; both tell this demonstration from an earlier one.</summary>
    private readonly int _cycleId = (int)(clock.GetUtcNow().ToUnixTimeSeconds() % int.MaxValue);

    private string Goods => $"GOODS-{_cycle}";

    private string Cash => $"CASH-{_cycle}";

    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Serving {farmers} farmers in {zones} zones, goods in envelope {Goods} and cash by hand in {Cash}, through {bridge.Address}"));
        var watch = Stopwatch.StartNew();
        await SendAsync(Goods, "COMMODITY", 990011, "KG", Kilos, cancellationToken);
        await SendAsync(Cash, "CASH_PHYSICAL", 990012, "USD", Dollars, cancellationToken);
        await WaitAsync("goods placed, served and told", Goods, envelope => (string?)envelope["stage"] is "DISTRIBUTING" or "DONE" && IsTold(envelope), cancellationToken);
        await WaitAsync("agencies paid and reconciled", Cash, envelope => (string?)envelope["stage"] == "DONE" && IsTold(envelope), cancellationToken);
        var delivered = await DeliverAsync(cancellationToken);
        watch.Stop();

        var checks = new List<(string Promise, bool Holds, string Figures)>();
        await JudgeGoodsAsync(checks, delivered, cancellationToken);
        await JudgeCashAsync(checks, cancellationToken);
        Write(checks, watch.Elapsed);
        return checks.TrueForAll(check => check.Holds);
    }

    private async Task SendAsync(string envelope, string type, int benefit, string unit, decimal each, CancellationToken cancellationToken)
    {
        await requests.AskAsync("create_disbursement_envelopes", $"{envelope}-envelope", null, new JsonArray(new JsonObject
        {
            ["id"] = envelope,
            ["benefit_program_id"] = 990001,
            ["benefit_program_mnemonic"] = "DEMO",
            ["benefit_program_description"] = "Demonstration programme",
            ["target_registry"] = "FARMER",
            ["benefit_code_id"] = benefit,
            ["benefit_code_mnemonic"] = $"DEMO_{unit}",
            ["benefit_code_description"] = unit == "KG" ? "Seed" : "Cash by hand",
            ["benefit_type"] = type,
            ["disbursement_cycle_id"] = _cycleId,
            ["disbursement_frequency"] = "OnDemand",
            ["cycle_code_mnemonic"] = envelope,
            ["number_of_beneficiaries"] = farmers,
            ["number_of_disbursements"] = farmers,
            ["total_disbursement_quantity"] = farmers * each,
            ["measurement_unit"] = unit,
            ["disbursement_schedule_date"] = clock.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        }), cancellationToken);
        foreach (var (call, some) in Enumerable.Range(1, farmers).Chunk(LinesPerCall).Index())
        {
            var batch = string.Create(CultureInfo.InvariantCulture, $"{envelope}-B{call}");
            await requests.AskAsync("create_disbursements", batch, batch, new JsonArray([.. some.Select(i => (JsonNode)new JsonObject
            {
                ["disbursement_id"] = Line(envelope, i),
                ["disbursement_envelope_id"] = envelope,
                ["beneficiary_id"] = Farmer(i),
                ["beneficiary_name"] = null,
                ["disbursement_quantity"] = each,
                ["disbursement_cycle_id"] = _cycleId,
                ["narrative"] = envelope,
            })]), cancellationToken);
        }
    }

    private async Task WaitAsync(string what, string id, Func<JsonNode, bool> isOver, CancellationToken cancellationToken)
    {
        var (last, since) = ("", Stopwatch.StartNew());
        while (true)
        {
            var envelope = await requests.GetAsync($"v1/envelopes/{id}", cancellationToken);
            if (isOver(envelope))
            {
                console.WriteLine($"{what}: {Figures(envelope)}");
                return;
            }

            if (Figures(envelope) is var now && now != last)
            {
                (last, since) = (now, Stopwatch.StartNew());
            }
            else if (since.Elapsed > patience)
            {
                throw new DemoFailedException($"Nothing has moved for {patience.TotalSeconds:0} s: {id} is at {now}. --patience waits longer.");
            }

            await Task.Delay(Look, cancellationToken);
        }
    }

    private static bool IsTold(JsonNode envelope) =>
        Count(envelope, "notifications_open") == 0 && Count(envelope, "beneficiaries_notified") + Count(envelope, "notifications_failed") >= Lines(envelope, "placed") - Lines(envelope, "unserved");

    private static string Figures(JsonNode envelope) => string.Create(
        CultureInfo.InvariantCulture,
        $"{envelope["stage"]}, {Lines(envelope, "placed")} placed in {Count(envelope, "places")} places, {Lines(envelope, "missing")} not in the registry, {Count(envelope, "warehouses")} warehouses and {Count(envelope, "agencies")} agencies, {Count(envelope, "notifications_open")} notifications to go, {envelope["funnel"]!["paid"]!["lines"]} agencies' payments on the statement");

    /// <summary>The agencies report the deliveries, for every line of a place that is served.</summary>
    private async Task<int> DeliverAsync(CancellationToken cancellationToken)
    {
        var unserved = (await ExceptionsAsync(Goods, "NOT_SERVED", cancellationToken)).Select(item => (string?)item["beneficiary_id"]).ToHashSet(StringComparer.Ordinal);
        var served = Enumerable.Range(1, farmers - Strangers).Where(i => !unserved.Contains(string.Create(CultureInfo.InvariantCulture, $"S{2001 + ((i - 1) % zones)}"))).ToList();
        foreach (var some in served.Chunk(LinesPerCall))
        {
            await requests.PostAsync("v1/proofs-of-delivery", new JsonObject
            {
                ["proofs"] = new JsonArray([.. some.Select(i => (JsonNode)new JsonObject
                {
                    ["proof_id"] = $"POD-{Line(Goods, i)}",
                    ["disbursement_id"] = Line(Goods, i),
                    ["delivered_at"] = clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
                    ["delivered_by"] = "Demonstration agent",
                })]),
            }, cancellationToken);
        }

        return served.Count;
    }

    private async Task JudgeGoodsAsync(List<(string, bool, string)> checks, int delivered, CancellationToken cancellationToken)
    {
        var view = (await requests.GetAsync($"v1/envelopes/{Goods}", cancellationToken))["placement"]!;
        var status = await StatusAsync(Goods, cancellationToken);
        var geos = status["disbursement_batch_control_geos"]!.AsArray();
        var (placed, missing, unserved) = (Share(view, "placed"), Share(view, "missing"), Share(view, "unserved"));
        var told = await ToldAsync(Goods, cancellationToken);
        var served = geos.Where(geo => geo!["agency_id"] is not null).ToList();
        checks.Add(("Goods: every beneficiary is placed or named", placed.Lines + missing.Lines == farmers && missing.Lines == Strangers, $"{placed.Lines} placed, {missing.Lines} named"));
        checks.Add(("Goods: the places add up to the last unit", geos.Sum(geo => (decimal)geo!["total_quantity"]!) == placed.Quantity && placed.Quantity + missing.Quantity == farmers * Kilos,
            string.Create(CultureInfo.InvariantCulture, $"{placed.Quantity} + {missing.Quantity} = {farmers * Kilos} KG")));
        checks.Add(("Goods: every place is served or named", served.Sum(geo => (decimal)geo!["total_quantity"]!) + unserved.Quantity == placed.Quantity,
            string.Create(CultureInfo.InvariantCulture, $"{served.Count} of {geos.Count} places served, {unserved.Lines} beneficiaries in the others")));
        AddTold(checks, "Goods", told, served.Count, placed.Lines - unserved.Lines, placed.Quantity - unserved.Quantity, withWarehouses: true);
        checks.Add(("Goods: every served beneficiary has his proof of delivery", (int)status["no_of_pods_received"]! == delivered && delivered == placed.Lines - unserved.Lines, $"{status["no_of_pods_received"]} proofs"));
    }

    private async Task JudgeCashAsync(List<(string, bool, string)> checks, CancellationToken cancellationToken)
    {
        var envelope = await requests.GetAsync($"v1/envelopes/{Cash}", cancellationToken);
        var (funnel, view) = (envelope["funnel"]!, envelope["placement"]!);
        var geos = (await StatusAsync(Cash, cancellationToken))["disbursement_batch_control_geos"]!.AsArray().ToDictionary(geo => (string)geo!["disbursement_batch_control_geo_id"]!, geo => (decimal)geo!["total_quantity"]!);
        var reconciled = 0m;
        var payments = 0;
        foreach (var some in geos.Keys.Chunk(LinesPerCall))
        {
            var answer = await requests.AskAsync("get_disbursement_status", $"{Cash}-status-{payments}", null, new JsonArray([.. some.Select(id => (JsonNode)JsonValue.Create(id))]), cancellationToken);
            foreach (var one in answer.AsArray().Where(one => one!["disbursement_recon_records"]!["disbursement_recon_payloads"]!.AsArray().Count == 1))
            {
                reconciled += geos[(string)one!["reconciliation_id"]!];
                payments++;
            }
        }

        var (placed, missing) = (Share(view, "placed"), Share(view, "missing"));
        var (paid, unresolved) = ((decimal)funnel["paid"]!["amount"]!, (decimal)funnel["unresolved"]!["amount"]!);
        var unserved = await ExceptionsAsync(Cash, "UNRESOLVED", cancellationToken);
        var withoutAgency = unserved.Count(item => (string?)item["reason_code"] == "NO_AGENCY_SERVES_THE_ZONE");
        var told = await ToldAsync(Cash, cancellationToken);
        checks.Add(("Cash: every beneficiary is placed or named", placed.Lines + missing.Lines == farmers && missing.Lines == Strangers, $"{placed.Lines} placed, {missing.Lines} named"));
        checks.Add(("Cash: every place is paid to its agency and on the statement, or named", payments + unserved.Count == geos.Count, $"{payments} payments, {unserved.Count} named: {string.Join(", ", unserved.CountBy(item => (string?)item["reason_code"] ?? "").Select(count => $"{count.Value} {count.Key}"))}"));
        checks.Add(("Cash: the amounts are equal to the last cent", paid == reconciled && paid + unresolved + missing.Quantity == farmers * Dollars,
            string.Create(CultureInfo.InvariantCulture, $"{paid} paid + {unresolved} unserved + {missing.Quantity} missing = {farmers * Dollars} USD")));
        var untold = unserved.Where(item => (string?)item["reason_code"] == "NO_AGENCY_SERVES_THE_ZONE").Sum(item => (decimal)item["amount"]!);
        AddTold(checks, "Cash", told, geos.Count - withoutAgency, (int)((placed.Quantity - untold) / Dollars), placed.Quantity - untold, withWarehouses: false);
    }

    private static void AddTold(List<(string, bool, string)> checks, string what, Dictionary<string, (int Messages, decimal Quantity)> told, int places, int people, decimal quantity, bool withWarehouses)
    {
        var (warehouses, agencies, beneficiaries) = (told.GetValueOrDefault("warehouse-notification"), told.GetValueOrDefault("agency-notification"), told.GetValueOrDefault("beneficiary-notification"));
        checks.Add((
            $"{what}: everybody is told once, of the same quantities", warehouses == (withWarehouses ? (places, quantity) : default) && agencies == (places, quantity) && beneficiaries == (people, quantity),
            $"{warehouses.Messages} to warehouses, {agencies.Messages} to agencies, {beneficiaries.Messages} to beneficiaries"));
    }

    private void Write(List<(string Promise, bool Holds, string Figures)> checks, TimeSpan elapsed)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn("Promise").AddColumn("Holds").AddColumn("Figures");
        foreach (var (promise, holds, figures) in checks)
        {
            table.AddRow(Markup.Escape(promise), holds ? "yes" : "NO", Markup.Escape(figures));
        }

        console.Write(table);
        console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{2 * farmers} disbursements in {elapsed.TotalSeconds:0.0} s. What Novu received: {bridge.Address}simulators/novu"));
        console.WriteLine(checks.TrueForAll(check => check.Holds) ? "Everybody is served or named, told once, and the quantities are equal to the last unit." : "NOT everything adds up; see the table.");
    }

    private async Task<JsonNode> StatusAsync(string id, CancellationToken cancellationToken) =>
        await requests.AskAsync("get_disbursement_envelope_status", Guid.CreateVersion7().ToString("N"), null, JsonValue.Create(id), cancellationToken);

    private async Task<List<JsonNode>> ExceptionsAsync(string id, string kind, CancellationToken cancellationToken) =>
        [.. (await requests.GetAsync($"v1/envelopes/{id}/exceptions?kind={kind}&limit=1000", cancellationToken))["items"]!.AsArray().OfType<JsonNode>()];

    /// <summary>Messages by workflow: what the Novu sink has under the envelope's ids, each transaction id once.</summary>
    private async Task<Dictionary<string, (int Messages, decimal Quantity)>> ToldAsync(string id, CancellationToken cancellationToken) =>
        (await requests.GetAsync($"simulators/novu/summary?cycle={id}&cycle={_cycleId}&benefit={(id == Goods ? 990011 : 990012)}", cancellationToken))["workflows"]!.AsArray()
            .ToDictionary(row => (string)row!["workflow"]!, row => ((int)row!["messages"]!, (decimal)row["total_quantity"]!), StringComparer.Ordinal);

    private static (int Lines, decimal Quantity) Share(JsonNode view, string name) => ((int)view[name]!["lines"]!, (decimal)view[name]!["amount"]!);

    private static int Lines(JsonNode envelope, string name) => (int?)envelope["placement"]?[name]?["lines"] ?? 0;

    private static int Count(JsonNode envelope, string name) => (int?)envelope["placement"]?[name] ?? 0;

    private static string Line(string envelope, int i) => string.Create(CultureInfo.InvariantCulture, $"{envelope}-{i}");

    /// <summary>The last few are people whom the registry does not know.</summary>
    private string Farmer(int i) => i > farmers - Strangers
        ? string.Create(CultureInfo.InvariantCulture, $"STRANGER_{i}")
        : string.Create(CultureInfo.InvariantCulture, $"FRM_{i:D7}");
}
