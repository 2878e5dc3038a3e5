using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace G2PBridge.Commands.Demo;

/// <summary>
/// A programme system as the bridge sees one: it speaks HTTP and nothing else. Every request has an id that follows from the
/// envelope's, so that a demonstration that was interrupted may simply say everything again.
/// </summary>
internal sealed class DemoClient(HttpClient http, Uri bridge, DemoRun run, DemoPeople people)
{
    private const int LinesPerCall = 2_000;
    private const int LinksPerCall = 5_000;
    private const int CallsAtOnce = 4;

    public event Action<int>? Linked;

    /// <summary>Tells the mapper where everybody's money goes, but for those whom it is not to know.</summary>
    public async Task LinkAsync(CancellationToken cancellationToken)
    {
        var linked = 0;
        foreach (var some in people.People.Where(person => person.IsLinked).Chunk(LinksPerCall))
        {
            // Whoever is linked already stays linked: the mapper answers item by item.
            await PostAsync("simulators/spar/link", writer => WriteLinks(writer, some), cancellationToken);
            linked += some.Length;
            Linked?.Invoke(linked);
        }
    }

    /// <summary>Says before anything is sent when the example bank's treasury cannot bear it; the bridge itself would wait for money to come.</summary>
    public async Task CheckTreasuryAsync(string account, CancellationToken cancellationToken)
    {
        var treasury = await GetAsync($"simulators/example-bank/accounts/{account}?currency={people.Currency}", cancellationToken);
        var available = (string?)treasury["currency"] == people.Currency ? treasury["available"]?.GetValue<decimal>() : null;
        if (available is null)
        {
            throw new DemoFailedException($"The example bank keeps no account '{account}' in {people.Currency}; add one under Simulators:ExampleBank:Accounts, or pay in USD.");
        }

        if (available < people.Total)
        {
            throw new DemoFailedException(string.Create(CultureInfo.InvariantCulture,
                $"The example bank's treasury has {available} {people.Currency} left and this demonstration needs {people.Total}; delete the folder .data to begin anew."));
        }
    }

    public Task CreateEnvelopeAsync(CancellationToken cancellationToken) => AskAsync("create_disbursement_envelopes", $"{run.EnvelopeId}-envelope", null, writer =>
    {
        writer.WriteStartArray();
        writer.WriteStartObject();
        writer.WriteString("id", run.EnvelopeId);
        writer.WriteNumber("benefit_program_id", 990001);
        writer.WriteString("benefit_program_mnemonic", "DEMO");
        writer.WriteString("benefit_program_description", "Demonstration programme");
        writer.WriteString("target_registry", "FARMER");
        writer.WriteNumber("benefit_code_id", 990002);
        writer.WriteString("benefit_code_mnemonic", $"DEMO_{people.Currency}");
        writer.WriteString("benefit_code_description", people.Currency);
        writer.WriteString("benefit_type", "CASH_DIGITAL");
        writer.WriteNumber("disbursement_cycle_id", 1);
        writer.WriteString("disbursement_frequency", "OnDemand");
        writer.WriteString("cycle_code_mnemonic", run.Cycle);
        writer.WriteNumber("number_of_beneficiaries", people.People.Count);
        writer.WriteNumber("number_of_disbursements", people.People.Count);
        writer.WriteNumber("total_disbursement_quantity", people.Total);
        writer.WriteString("measurement_unit", people.Currency);
        writer.WriteString("disbursement_schedule_date", run.ScheduleDate.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        writer.WriteEndObject();
        writer.WriteEndArray();
    }, cancellationToken);

    public Task CreateDisbursementsAsync(CancellationToken cancellationToken) => Parallel.ForEachAsync(
        people.People.Chunk(LinesPerCall).Index(), new ParallelOptions { MaxDegreeOfParallelism = CallsAtOnce, CancellationToken = cancellationToken },
        async (call, token) =>
        {
            var batch = string.Create(CultureInfo.InvariantCulture, $"{run.EnvelopeId}-B{call.Index}");
            await AskAsync("create_disbursements", batch, batch, writer => WriteLines(writer, call.Item), token);
        });

    /// <summary>The envelope as <c>/v1/envelopes/{id}</c> shows it.</summary>
    public async Task<JsonNode> SeeEnvelopeAsync(CancellationToken cancellationToken) => await GetAsync($"v1/envelopes/{run.EnvelopeId}", cancellationToken);

    /// <summary>Groups and the first exceptions of one kind, as <c>/v1/envelopes/{id}/exceptions</c> shows them.</summary>
    public async Task<JsonNode> SeeExceptionsAsync(string kind, int limit, CancellationToken cancellationToken) =>
        await GetAsync(string.Create(CultureInfo.InvariantCulture, $"v1/envelopes/{run.EnvelopeId}/exceptions?kind={kind}&limit={limit}"), cancellationToken);

    /// <summary>Asks the partner API about every line: how many a statement shows as debited, and how many of those as returned.</summary>
    public async Task<(int Debited, int Returned)> CountOnStatementsAsync(CancellationToken cancellationToken)
    {
        var (debited, returned) = (0, 0);
        foreach (var ids in people.People.Select(Id).Chunk(LinesPerCall))
        {
            var answer = await AskAsync("get_disbursement_status", Guid.CreateVersion7().ToString("N"), null, writer =>
            {
                writer.WriteStartArray();
                foreach (var id in ids)
                {
                    writer.WriteStringValue(id);
                }

                writer.WriteEndArray();
            }, cancellationToken);
            foreach (var status in answer["response_body"]!["response_payload"]!.AsArray())
            {
                var entries = status!["disbursement_recon_records"]!["disbursement_recon_payloads"]!.AsArray();
                debited += entries.Count;
                returned += entries.Count(entry => entry!["reversal_found"]!.GetValue<bool>());
            }
        }

        return (debited, returned);
    }

    private string Id(DemoPerson person) => $"{run.EnvelopeId}-{person.Id}";

    private void WriteLines(Utf8JsonWriter writer, DemoPerson[] some)
    {
        writer.WriteStartArray();
        foreach (var person in some)
        {
            writer.WriteStartObject();
            writer.WriteString("disbursement_id"u8, Id(person));
            writer.WriteString("disbursement_envelope_id"u8, run.EnvelopeId);
            writer.WriteString("beneficiary_id"u8, person.Id);
            writer.WriteString("beneficiary_name"u8, person.Name);
            writer.WriteNumber("disbursement_quantity"u8, person.Amount);
            writer.WriteNumber("disbursement_cycle_id"u8, 1);
            writer.WriteString("narrative"u8, $"Demonstration {run.Cycle}");
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteLinks(Utf8JsonWriter writer, DemoPerson[] some)
    {
        var now = "2026-01-01T00:00:00";
        writer.WriteStartObject();
        writer.WriteStartObject("request_header");
        WriteHeader(writer, Guid.CreateVersion7().ToString("N"));
        writer.WriteEndObject();
        writer.WriteStartObject("request_body");
        writer.WriteStartObject("request_payload");
        writer.WriteString("transaction_id", Guid.CreateVersion7().ToString("N"));
        writer.WriteStartArray("link_request");
        foreach (var person in some)
        {
            writer.WriteStartObject();
            writer.WriteString("reference_id"u8, person.Id);
            writer.WriteString("timestamp"u8, now);
            writer.WriteString("id"u8, person.Id);
            writer.WriteStartObject("fa"u8);
            writer.WriteNumber("strategy_id"u8, 5);
            writer.WriteString("fa_type"u8, "BANK_ACCOUNT");
            writer.WriteString("bank_name"u8, person.Bank);
            writer.WriteString("bank_code"u8, person.Bank);
            writer.WriteString("branch_name"u8, person.Branch);
            writer.WriteString("branch_code"u8, person.Branch);
            writer.WriteString("account_number"u8, person.Account);
            writer.WriteEndObject();
            writer.WriteString("name"u8, person.Name);
            writer.WriteString("phone_number"u8, person.Mobile);
            writer.WriteStartArray("additional_info"u8);
            writer.WriteStartObject();
            writer.WriteNumber("strategy_id"u8, 5);
            writer.WriteEndObject();
            writer.WriteEndArray();
            writer.WriteString("locale"u8, "en");
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteHeader(Utf8JsonWriter writer, string requestId)
    {
        writer.WriteString("sender_app_mnemonic", "DEMO_PBMS");
        writer.WriteString("sender_app_url", "");
        writer.WriteString("request_id", requestId);
        writer.WriteString("request_timestamp", "2026-01-01T00:00:00Z");
        writer.WriteNull("instance_id");
    }

    /// <summary>Asks the partner API and insists on SUCCESS.</summary>
    private async Task<JsonNode> AskAsync(string path, string requestId, string? batchId, Action<Utf8JsonWriter> payload, CancellationToken cancellationToken)
    {
        var answer = await PostAsync(path, writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartObject("request_header");
            WriteHeader(writer, requestId);
            writer.WriteEndObject();
            writer.WriteStartObject("request_body");
            if (batchId is not null)
            {
                writer.WriteString("disbursement_batch_control_id", batchId);
            }

            writer.WritePropertyName("request_payload");
            payload(writer);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }, cancellationToken);
        var header = answer["response_header"];
        return (string?)header?["response_status"] == "SUCCESS"
            ? answer
            : throw new DemoFailedException($"The bridge refused {path} with {header?["response_error_code"] ?? answer["errors"]?[0]?["code"]}: {header?["response_error_detail"] ?? answer["errors"]?[0]?["message"]}");
    }

    private async Task<JsonNode> PostAsync(string path, Action<Utf8JsonWriter> write, CancellationToken cancellationToken)
    {
        using var buffer = new MemoryStream();
        await using (var writer = new Utf8JsonWriter(buffer))
        {
            write(writer);
        }

        using var content = new ByteArrayContent(buffer.GetBuffer(), 0, (int)buffer.Length);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await http.PostAsync(new Uri(bridge, path), content, cancellationToken);
        return await ReadAsync(path, response, cancellationToken);
    }

    private async Task<JsonNode> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await http.GetAsync(new Uri(bridge, path), cancellationToken);
        return await ReadAsync(path, response, cancellationToken);
    }

    private static async Task<JsonNode> ReadAsync(string path, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if ((int)response.StatusCode >= 500)
        {
            throw new DemoFailedException($"{path} answered {(int)response.StatusCode}; the lines above say why. The same command carries on.");
        }

        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        try
        {
            return await JsonNode.ParseAsync(body, cancellationToken: cancellationToken)
                ?? throw new DemoFailedException($"{path} answered with nothing ({(int)response.StatusCode}).");
        }
        catch (JsonException exception)
        {
            throw new DemoFailedException($"{path} answered {(int)response.StatusCode} with something that is not JSON ({exception.Message}).");
        }
    }
}

/// <summary>The demonstration did not work; the message says where.</summary>
internal sealed class DemoFailedException(string message) : Exception(message);
