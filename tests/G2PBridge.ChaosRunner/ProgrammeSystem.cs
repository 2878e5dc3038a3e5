using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace G2PBridge.ChaosRunner;

/// <summary>A programme system that repeats each request, word for word, at any host, until it is answered.</summary>
internal sealed class ProgrammeSystem(Stage stage, ChaosSettings settings)
{
    private const int LinesPerCall = 1_000;
    private const decimal Each = 10m;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private int _next;

    /// <summary>Every hundredth person is a stranger to the mapper, every seventh has an account elsewhere, from which money may come back.</summary>
    public async Task LinkAsync(CancellationToken cancellationToken)
    {
        foreach (var people in Enumerable.Range(1, settings.Lines).Where(number => number % 100 != 0).Chunk(5_000))
        {
            var links = new JsonArray([.. people.Select(number => (JsonNode)new JsonObject
            {
                ["reference_id"] = Person(number),
                ["timestamp"] = "2026-01-01T00:00:00",
                ["id"] = Person(number),
                ["fa"] = new JsonObject
                {
                    ["strategy_id"] = 5,
                    ["fa_type"] = "BANK_ACCOUNT",
                    ["bank_name"] = Bank(number),
                    ["bank_code"] = Bank(number),
                    ["branch_name"] = "0001",
                    ["branch_code"] = "0001",
                    ["account_number"] = Account(number),
                },
                ["name"] = Person(number),
                ["phone_number"] = "",
                ["additional_info"] = new JsonArray(new JsonObject { ["strategy_id"] = 5 }),
                ["locale"] = "en",
            })]);
            var body = new JsonObject
            {
                ["request_header"] = Header($"link-{people[0]}"),
                ["request_body"] = new JsonObject { ["request_payload"] = new JsonObject { ["transaction_id"] = $"link-{people[0]}", ["link_request"] = links } },
            };
            await stage.PostAsync(new Uri(stage.Mapper, "link"), body.ToJsonString(), cancellationToken);
        }
    }

    public static string Account(int number) => string.Create(CultureInfo.InvariantCulture, $"ACC-{number:D6}");

    public static string Line(string envelope, int number) => string.Create(CultureInfo.InvariantCulture, $"{envelope}-{number:D6}");

    /// <summary>One envelope a cycle.</summary>
    public async Task SendAsync(string envelope, string cycle, CancellationToken cancellationToken)
    {
        await AskAsync("create_disbursement_envelopes", envelope, null, new JsonArray(new JsonObject
        {
            ["id"] = envelope,
            ["benefit_program_id"] = 1,
            ["benefit_program_mnemonic"] = "CHAOS",
            ["benefit_program_description"] = "Chaos",
            ["target_registry"] = "FARMER",
            ["benefit_code_id"] = 1,
            ["benefit_code_mnemonic"] = "CHAOS_USD",
            ["benefit_code_description"] = "USD",
            ["benefit_type"] = "CASH_DIGITAL",
            ["disbursement_cycle_id"] = 1,
            ["disbursement_frequency"] = "OnDemand",
            ["cycle_code_mnemonic"] = cycle,
            ["number_of_beneficiaries"] = settings.Lines,
            ["number_of_disbursements"] = settings.Lines,
            ["total_disbursement_quantity"] = settings.Lines * Each,
            ["measurement_unit"] = "USD",
            ["disbursement_schedule_date"] = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        }), cancellationToken);
        foreach (var numbers in Enumerable.Range(1, settings.Lines).Chunk(LinesPerCall))
        {
            var batch = string.Create(CultureInfo.InvariantCulture, $"{envelope}-B{numbers[0]}");
            await AskAsync("create_disbursements", batch, batch, new JsonArray([.. numbers.Select(number => (JsonNode)new JsonObject
            {
                ["disbursement_id"] = Line(envelope, number),
                ["disbursement_envelope_id"] = envelope,
                ["beneficiary_id"] = Person(number),
                ["beneficiary_name"] = Person(number),
                ["disbursement_quantity"] = Each,
                ["disbursement_cycle_id"] = 1,
                // The bank keeps it with the payment: its books then say for which envelope it paid.
                ["narrative"] = envelope,
            })]), cancellationToken);
        }
    }

    /// <summary>What some host answers to a question; null when none does.</summary>
    public async Task<JsonNode?> SeeAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return JsonNode.Parse(await stage.Http.GetStringAsync(new Uri(Next(), path), cancellationToken));
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task AskAsync(string path, string requestId, string? batch, JsonNode payload, CancellationToken cancellationToken)
    {
        var body = new JsonObject { ["request_payload"] = payload };
        if (batch is not null)
        {
            body["disbursement_batch_control_id"] = batch;
        }

        var text = new JsonObject { ["request_header"] = Header(requestId), ["request_body"] = body }.ToJsonString();
        while (true)
        {
            try
            {
                using var content = new StringContent(text, Encoding.UTF8, "application/json");
                using var response = await stage.Http.PostAsync(new Uri(Next(), path), content, cancellationToken);
                var answer = await response.Content.ReadAsStringAsync(cancellationToken);
                if ((int)response.StatusCode < 500)
                {
                    if ((string?)JsonNode.Parse(answer)!["response_header"]?["response_status"] != "SUCCESS")
                    {
                        throw new NotRunnableException($"{path} was refused: {answer}");
                    }

                    return;
                }
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
            {
                // The host died, or its answer got lost: the same again, elsewhere.
            }

            await Task.Delay(Pause, cancellationToken);
        }
    }

    private Uri Next()
    {
        var ready = stage.Replicas.Where(replica => replica.IsReady).ToList();
        var some = ready.Count > 0 ? ready : [.. stage.Replicas];
        return some[(Interlocked.Increment(ref _next) & int.MaxValue) % some.Count].Address;
    }

    private static string Person(int number) => string.Create(CultureInfo.InvariantCulture, $"P{number:D6}");

    private static string Bank(int number) => number % 7 == 0 ? "OTHER-BANK" : "EXAMPLE-BANK";

    private static JsonObject Header(string requestId) => new()
    {
        ["sender_app_mnemonic"] = "CHAOS",
        ["sender_app_url"] = "",
        ["request_id"] = requestId,
        ["request_timestamp"] = "2026-01-01T00:00:00Z",
        ["instance_id"] = null,
    };
}
